"""Modules of `torch.nn`, one alone in a network: its parameters, MACs and numbers are PyTorch's own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import cnncalc
from cnncalc import counting
from cnncalc.errors import CnncalcError

torch = pytest.importorskip("torch", reason="torch is not installed")
nn, F = torch.nn, torch.nn.functional

ROW, MAP, BLOCK = (4, 12), (4, 12, 12), (4, 8, 8, 8)


def without(norm: Any, name: str) -> Any:
    """A norm that learns no `weight`, or no `bias`."""
    norm.register_parameter(name, None)
    return norm


NORMS = {
    "LayerNorm": (lambda: nn.LayerNorm((4, 12, 12), bias=False), MAP, "layernorm"),
    "LayerNorm of the last axis": (lambda: nn.LayerNorm(12, bias=False), MAP, "layernorm"),
    "LayerNorm without a scale": (lambda: without(nn.LayerNorm((4, 12)), "weight"), ROW, "layernorm"),
    "GroupNorm": (lambda: without(nn.GroupNorm(2, 4, eps=0.01), "bias"), MAP, "groupnorm"),
    "GroupNorm without a scale": (lambda: without(nn.GroupNorm(2, 4), "weight"), ROW, "groupnorm"),
    "BatchNorm3d": (lambda: without(nn.BatchNorm3d(4, eps=0.01), "bias"), BLOCK, "batchnorm"),
    "BatchNorm2d without a scale": (lambda: without(nn.BatchNorm2d(4), "weight"), MAP, "batchnorm"),
    "InstanceNorm1d": (lambda: without(nn.InstanceNorm1d(4, affine=True), "bias"), ROW, "instancenorm"),
}


def drawn(make: Callable[[], Any]) -> Any:
    """The module with numbers drawn for all that it learns and stores."""
    torch.manual_seed(0)
    module = make().eval()
    for parameter in module.parameters():
        parameter.data.uniform_(-1, 1)
    for buffer in module.buffers():
        if buffer.is_floating_point():
            buffer.uniform_(0.5, 1.5)
    return module


def agree(module: Any, shape: tuple[int, ...]) -> cnncalc.Graph:
    """The network of a module, whose parameters and output are PyTorch's."""
    image = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    with torch.no_grad():
        wanted = module(torch.from_numpy(image)[None])[0].numpy()
    graph = cnncalc.from_torch(module, shape)
    assert graph.stored is not None
    given = image.reshape(next(iter(graph.inputs.values())))
    output = cnncalc.run(graph, given, graph.stored.read(graph, np.float32)).output  # type: ignore[arg-type]

    assert sum(one.numel() for one in module.parameters()) == cnncalc.params(graph).total
    assert np.sort(np.ravel(output)) == pytest.approx(np.sort(np.ravel(wanted)), rel=1e-4, abs=1e-5)
    return graph


@pytest.mark.parametrize("name", NORMS)
def test_a_norm_with_a_scale_or_a_shift_alone_is_one_layer(name: str) -> None:
    """Not a norm that learns nothing and a layer behind it, which a tool would count twice."""
    make, shape, kind = NORMS[name]

    graph = agree(drawn(make), shape)

    assert kind in [node.kind for node in graph.nodes]
    assert {kind, "permute"}.issuperset(node.kind for node in graph.nodes)


class Function(nn.Module):  # type: ignore[misc,name-defined]
    """A function of a tensor, and of a learned one where it has a shape."""

    def __init__(self, function: Callable[..., Any], *shape: int) -> None:
        super().__init__()
        self.function = function
        self.weight = nn.Parameter(torch.zeros(shape)) if shape else None

    def forward(self, x: Any) -> Any:
        """Its value."""
        return self.function(x) if self.weight is None else self.function(x, self.weight)


ALONE: dict[str, tuple[Callable[[], Any], tuple[int, ...], int]] = {
    # module, input, MACs: none where PyTorch's own counter has none
    "InstanceNorm2d by stored statistics": (lambda: nn.InstanceNorm2d(4, track_running_stats=True), MAP, 0),
    "BatchNorm2d that learns nothing, twice": (lambda: nn.Sequential(*[nn.BatchNorm2d(4, affine=False)] * 2), MAP, 0),
    "AvgPool2d by another divisor": (lambda: nn.AvgPool2d(2, divisor_override=3, padding=1), MAP, 0),
    "Fold": (lambda: nn.Fold((6, 4), (2, 1), stride=(2, 1)), (8, 12), 0),
    "Fold of windows that overlap": (lambda: nn.Fold((5, 7), (3, 2), padding=(1, 0), stride=(2, 1)), (12, 18), 0),
    "Fold of windows with gaps": (lambda: nn.Fold((8, 6), 2, stride=3, dilation=2), (8, 4), 0),
    "Hardshrink": (lambda: nn.Hardshrink(0.7), MAP, 0),
    "Softshrink": (lambda: nn.Softshrink(0.7), MAP, 0),
    "Threshold": (lambda: nn.Threshold(0.1, 20.0), MAP, 0),
    "Threshold to 0": (lambda: nn.Threshold(0.1, 0.0), MAP, 0),
    "RReLU": (lambda: nn.RReLU(0.2, 0.4), MAP, 0),
    "PReLU": (nn.PReLU, MAP, 0),
    "PReLU of channels": (lambda: nn.PReLU(4), MAP, 0),
    "PReLU of as many channels as columns": (lambda: nn.PReLU(12), (12, 12), 0),
    "CELU": (lambda: nn.CELU(0.5), MAP, 0),
    "Softplus with a threshold": (lambda: nn.Softplus(2.0, 1.0), MAP, 0),
    "Softplus": (lambda: nn.Softplus(0.5), MAP, 0),
    "cosine_similarity": (lambda: Function(lambda x: F.cosine_similarity(x, x.flip(1), 1)), MAP, 0),
    "pairwise_distance": (lambda: Function(lambda x: F.pairwise_distance(x, x.flip(1))), MAP, 0),
    "cdist": (lambda: Function(lambda x: torch.cdist(x, x.flip(1)[:, :3])), ROW, 0),
    "norm of order 3": (lambda: Function(lambda x: x.norm(3, dim=1)), MAP, 0),
    "argmax": (lambda: Function(lambda x: x.argmax(1)), MAP, 0),
    "tensordot": (lambda: Function(lambda x, w: torch.tensordot(x, w, dims=([1], [0])), 4, 7), MAP, 4 * 7 * 144),
    "addmv": (lambda: Function(lambda x: torch.addmv(x[0, 0, 0], x[0, 1], x[0, 2, 0], beta=2)[None]), (4, 6, 6), 36),
    "addbmm": (lambda: Function(lambda x: torch.addbmm(x[0, 0], x[0], x[0].mT)[None]), (4, 6, 6), 4 * 216),
    "addr": (lambda: Function(lambda x: torch.addr(x[0, 0], x[0, 1, 0], x[0, 2, 0])[None]), (4, 6, 6), 0),
}  # fmt: skip


@pytest.mark.parametrize("name", ALONE)
def test_a_module_alone_has_the_numbers_of_pytorch(name: str) -> None:
    """What it computes, and its MACs."""
    make, shape, macs = ALONE[name]

    assert macs == cnncalc.macs(agree(drawn(make), shape)).total


RESIZED: dict[str, dict[str, Any]] = {
    "bilinear": {"scale_factor": 1.5, "mode": "bilinear"},
    "nearest": {"scale_factor": 0.75},
    "area": {"scale_factor": 0.75, "mode": "area"},
    "the middle of the nearest": {"scale_factor": 2, "mode": "nearest-exact"},
    "bicubic to a size": {"size": (5, 17), "mode": "bicubic"},
}


@pytest.mark.parametrize("name", RESIZED)
def test_a_resized_map_has_the_numbers_of_pytorch(name: str) -> None:
    """By factors above and below one, and to sizes."""
    agree(Function(lambda x: F.interpolate(x, **RESIZED[name])), MAP)


@pytest.mark.parametrize(
    ("how", "why"),
    [
        ({"scale_factor": 1.5, "mode": "nearest-exact"}, "takes the nearest by `half_pixel` and `round_prefer_ceil`"),
        ({"scale_factor": 0.3, "mode": "bilinear"}, "has a scale that is no quotient of its sizes"),
        (
            {"scale_factor": 0.5, "mode": "bilinear", "antialias": True},
            "weighs more positions where a map gets smaller",
        ),
    ],
)
def test_no_run_is_begun_where_a_map_is_resized_otherwise(how: dict[str, Any], why: str) -> None:
    """Shapes and counts hold; an `upsample` reads between positions in one way alone."""
    module = Function(lambda x: F.interpolate(x, **how))

    with pytest.raises(CnncalcError) as refused:
        agree(module, MAP)

    assert why in refused.value.message
    assert module(torch.zeros(1, *MAP)).shape[1:] == cnncalc.from_torch(module, MAP).output_shape


def test_a_quotient_of_whole_numbers_is_one_of_floats() -> None:
    """In PyTorch, and not in ONNX: 7 / 2 is 3.5, and with a rounding 3."""
    agree(Function(lambda x: (9 * x).floor().long() / 2), MAP)
    agree(Function(lambda x: torch.div((9 * x).floor().long(), 2, rounding_mode="floor").float()), MAP)


CELLS = {"RNNCell": (1, 55), "GRUCell": (3, 165), "LSTMCell": (4, 220)}


@pytest.mark.parametrize("name", CELLS)
def test_a_cell_is_one_step_of_its_layer(name: str) -> None:
    """So many gates of 5 numbers, each with 4 numbers that come in, the 5 before, and two shifts."""
    gates, params = CELLS[name]

    class Step(nn.Module):  # type: ignore[misc,name-defined]
        """A step from a state that comes in."""

        def __init__(self) -> None:
            super().__init__()
            self.cell = getattr(nn, name)(4, 5)

        def forward(self, x: Any) -> Any:
            """The state after it."""
            state = x[:, :5]
            made = self.cell(x[:, 5:], (state, x[:, 1:6]) if name == "LSTMCell" else state)
            return made[0] if name == "LSTMCell" else made

    graph = agree(drawn(Step), (9,))

    assert (params, gates * 5 * (4 + 5)) == (cnncalc.params(graph).total, cnncalc.macs(graph).total)


@pytest.mark.parametrize(
    ("make", "macs"),
    [
        (lambda: nn.Conv2d(2, 2, (3, 1), padding=(1, 0), stride=2, groups=2), 2 * 2 * 36 * 3),
        (lambda: nn.Conv2d(2, 5, 3, padding="same", dilation=2), 2 * 5 * 144 * 18),
        (lambda: nn.Conv2d(2, 3, 1), 2 * 3 * 144 * 2),
        (lambda: nn.BatchNorm2d(2), 0),
        (lambda: nn.BatchNorm2d(2, track_running_stats=False), 0),
        (lambda: nn.AvgPool2d(2), 0),
    ],
)
def test_a_layer_of_maps_side_by_side_is_one_with_one_weight(make: Callable[[], Any], macs: int) -> None:
    """As of MViTv2, whose heads are maps, and of EfficientViT, whose windows are."""

    class Heads(nn.Module):  # type: ignore[misc,name-defined]
        """Two heads of two channels."""

        def __init__(self) -> None:
            super().__init__()
            self.conv = make()

        def forward(self, x: Any) -> Any:
            """The heads beside each other."""
            return self.conv(x.view(2, 2, 12, 12)).flatten()[None]

    assert macs == cnncalc.macs(agree(drawn(Heads), MAP)).total


COUNTED = {
    # norm -> what thop 0.1.1, torchinfo 1.8.0, fvcore 0.1.5 and torchprofile 0.1.0 say of it alone
    "LayerNorm": (lambda: nn.LayerNorm(8, bias=False), (4, 8), (128, 8, 160, 32)),
    "LayerNorm without a scale": (lambda: without(nn.LayerNorm(8), "weight"), (4, 8), (128, 8, 128, 0)),
    "GroupNorm": (lambda: without(nn.GroupNorm(2, 4), "bias"), (4, 6, 6), (0, 4, 720, 144)),
    "BatchNorm2d": (lambda: without(nn.BatchNorm2d(4), "bias"), (4, 6, 6), (576, 4, 288, 144)),
    "BatchNorm2d without a scale": (lambda: without(nn.BatchNorm2d(4), "weight"), (4, 6, 6), (576, 4, 144, 0)),
    "InstanceNorm2d": (lambda: without(nn.InstanceNorm2d(4, affine=True), "bias"), (4, 6, 6), (576, 4, 720, 144)),
}


@pytest.mark.parametrize("name", COUNTED)
def test_other_tools_count_a_norm_without_a_scale_or_a_shift_once(name: str) -> None:
    """As the tools say that were run on the module; traces go by the scale, modules by what they learn."""
    make, shape, figures = COUNTED[name]

    graph = cnncalc.from_torch(nn.Sequential(make()), shape)

    tools = ("thop", "torchinfo", "fvcore", "torchprofile")
    assert figures == tuple(counting.counted(graph, counting.tool(tool)).total for tool in tools)


TOKENS: dict[str, Callable[[Any, Any], Any]] = {
    "expand": lambda token, x: token.expand(x.shape[0], -1, -1),
    "repeat": lambda token, x: token.repeat(x.shape[0], 1, 1),
    "unsqueeze": lambda token, x: token.squeeze(0).unsqueeze(0),
    "view": lambda token, x: token.reshape(-1).view(1, 1, 5).clone(),
}


@pytest.mark.parametrize("name", TOKENS)
def test_a_parameter_that_is_only_reshaped_is_itself(name: str) -> None:
    """The numbers are PyTorch's, with a token that comes before the sequence."""

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.token, self.fc = nn.Parameter(torch.zeros(1, 1, 5)), nn.Linear(5, 3)

        def forward(self, x: Any) -> Any:
            return self.fc(torch.cat([TOKENS[name](self.token, x), x], 1))

    agree(drawn(Net), (4, 5))
