"""Weights that a module makes of other tensors before its input comes: each parameter once, as PyTorch itself has them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib.util import find_spec
from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="torch is not installed")

from torch import nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402, N812
from torch.nn.utils import parametrizations, parametrize  # noqa: E402

import cnncalc  # noqa: E402
from cnncalc.recovery.write import recover  # noqa: E402

Module: Any = nn.Module
"""mypy knows no torch."""


class LowRank(Module):
    """w + b a, of which w is not trained."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = nn.Parameter(torch.zeros(2, 192)), nn.Parameter(torch.zeros(16, 2))

    def forward(self, weight: Any) -> Any:
        """The weight with what is learned beside it."""
        return weight + self.b @ self.a


def low_rank() -> Any:
    """A linear layer of which a difference is trained, as in LoRA."""
    layer = nn.Linear(192, 16)
    parametrize.register_parametrization(layer, "weight", LowRank())
    layer.parametrizations.weight.original.requires_grad_(False)
    return nn.Sequential(nn.Flatten(), layer)


class Standardised(nn.Conv2d):  # type: ignore[misc,name-defined]
    """A convolution whose weight has mean 0 and variance 1 a filter, times a gain (NFNet)."""

    def __init__(self, *given: Any, **more: Any) -> None:
        super().__init__(*given, **more)
        self.gain = nn.Parameter(torch.ones(self.out_channels, 1, 1, 1))

    def forward(self, x: Any) -> Any:
        """The convolution."""
        w = self.weight
        w = (w - w.mean((1, 2, 3), keepdim=True)) / (w.std((1, 2, 3), keepdim=True) + 1e-5)
        return self._conv_forward(x, self.gain * w, self.bias)


class Own(Module):
    """A module by its parts and its forward pass."""

    def __init__(self, forward: Callable[[Any, Any], Any], **parts: Any) -> None:
        super().__init__()
        self.does = forward
        for name, part in parts.items():
            if isinstance(part, torch.Tensor) and not isinstance(part, nn.Parameter):
                self.register_buffer(name, part)
            else:
                setattr(self, name, part)

    def forward(self, x: Any) -> Any:
        """What it was given to do."""
        return self.does(self, x)


def learned(*shape: int) -> Any:
    """A parameter."""
    return nn.Parameter(torch.zeros(*shape))


def repeated(m: Any, x: Any) -> Any:
    """A layer twice, its weight made once."""
    with parametrize.cached():
        return m.l(m.l(x))


def beit(m: Any, x: Any) -> Any:
    """Queries, keys and values, of which the keys have no bias."""
    bias = torch.cat([m.q, m.k, m.v])
    return F.linear(x.flatten(1), m.w, bias)


MODULES: Mapping[str, Callable[[], Any]] = {
    "weight norm": lambda: nn.Sequential(
        parametrizations.weight_norm(nn.Conv2d(3, 8, 3)), parametrizations.weight_norm(nn.Conv2d(8, 8, 3, groups=8))
    ),
    "weight norm of old": lambda: nn.Sequential(nn.Flatten(), nn.utils.weight_norm(nn.Linear(192, 5))),
    "weight norm of an lstm": lambda: Own(
        lambda m, x: m.l(x.permute(0, 2, 1, 3).flatten(2))[0],
        l=parametrizations.weight_norm(nn.LSTM(24, 8, batch_first=True), "weight_hh_l0"),
    ),
    "spectral norm": lambda: nn.Sequential(parametrizations.spectral_norm(nn.Conv2d(3, 8, 3))),
    "spectral norm of old": lambda: nn.Sequential(nn.utils.spectral_norm(nn.Conv2d(3, 8, 3))),
    "orthogonal": lambda: nn.Sequential(nn.Flatten(), parametrizations.orthogonal(nn.Linear(192, 16))),
    "low rank": low_rank,
    "standardised": lambda: nn.Sequential(Standardised(3, 8, 3), nn.ReLU(), Standardised(8, 8, 3, groups=2)),
    "a kernel that is a buffer": lambda: Own(
        lambda m, x: F.conv2d(m.c(x), m.k, groups=8), c=nn.Conv2d(3, 8, 3), k=torch.ones(8, 1, 3, 3)
    ),
    "a part each": lambda: Own(lambda m, x: F.conv2d(F.conv2d(x, m.w[:3]), m.w[3:]), w=learned(12, 3, 3, 3)),
    "made by a layer": lambda: Own(
        lambda m, x: F.conv2d(x, m.l(m.z).view(8, 3, 3, 3)), l=nn.Linear(4, 216), z=learned(1, 4)
    ),
    "turned": lambda: Own(lambda m, x: F.linear(m.e(x.flatten(1)), m.e.weight.t()), e=nn.Linear(192, 16, bias=False)),
    "branches in one": lambda: Own(
        lambda m, x: F.conv2d(x, m.a.weight + F.pad(m.b.weight, (1, 1, 1, 1)), m.a.bias + m.b.bias, padding=1),
        a=nn.Conv2d(3, 8, 3),
        b=nn.Conv2d(3, 8, 1),
    ),
    "twice": lambda: Own(repeated, l=parametrizations.weight_norm(nn.Conv2d(3, 3, 3, padding=1))),
    "a part that is a buffer": lambda: Own(
        beit, w=learned(12, 192), q=learned(4), k=torch.zeros(4), v=nn.Parameter(torch.zeros(4), requires_grad=False)
    ),
}


@pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::UserWarning")
@pytest.mark.parametrize("name", MODULES)
def test_each_parameter_is_counted_once(name: str) -> None:
    """In all, and those that are not trained; by PyTorch's own sum. What makes a weight is not in the MACs."""
    module = MODULES[name]().eval()
    owned = {id(one): one for one in module.parameters()}.values()

    found = cnncalc.params(cnncalc.from_torch(module, (3, 8, 8)))

    assert sum(one.numel() for one in owned) == found.total
    assert sum(one.numel() for one in owned if not one.requires_grad) == found.frozen


@pytest.mark.filterwarnings("ignore::FutureWarning")
@pytest.mark.parametrize(
    ("name", "macs"),
    [
        ("weight norm", 36 * 27 * 8 + 16 * 9 * 8),
        ("low rank", 192 * 16),
        ("made by a layer", 36 * 27 * 8),
        ("turned", 2 * 192 * 16),
    ],
)
def test_the_macs_are_those_of_the_layers(name: str, macs: int) -> None:
    """By hand: what is worked out before the input comes is no part of them."""
    assert macs == cnncalc.macs(cnncalc.from_torch(MODULES[name](), (3, 8, 8))).total


def test_what_is_said_of_them() -> None:
    """The tensors that are stored are named, and a kernel that is a buffer is one."""
    graph = cnncalc.from_torch(MODULES["standardised"](), (3, 8, 8))
    fixed = cnncalc.params(cnncalc.from_torch(MODULES["a kernel that is a buffer"](), (3, 8, 8)))

    assert [("weights-made", 2, 0)] == [change[:3] for change in graph.changes]
    assert {"0.gain": (8, 1, 1, 1), "0.weight": (8, 3, 3, 3), "0.bias": (8,)} == dict(graph.nodes[0].parameters)
    assert (8 * 27 + 8, 8 * 9) == (fixed.total, fixed.buffers)


def test_a_projection_of_positions_is_a_layer() -> None:
    """What is computed of constants on the way to an activation is work, as PyTorch counts it."""
    module = Own(lambda m, x: x + m.p(m.s), p=nn.Conv2d(40, 3, 1), s=torch.zeros(1, 40, 8, 8))

    assert 64 * 40 * 3 == cnncalc.macs(cnncalc.from_torch(module, (3, 8, 8))).total


@pytest.mark.parametrize(("name", "params"), [("nf_resnet50", 25_557_032), ("tresnet_m", 31_389_032)])
def test_networks_of_timm_with_such_weights(name: str, params: int) -> None:
    """Weight standardisation with gains; kernels of blurred pools, which are buffers."""
    if not find_spec("timm"):
        pytest.skip("timm is not installed")
    from other_tools import network

    with torch.device("meta"):
        module = network(name, "timm")
    graph = cnncalc.from_torch(module, (3, 224, 224))

    assert params == sum(one.numel() for one in module.parameters()) == cnncalc.params(graph).total


class Kernel(Module):
    """448 parameters, and a matrix of 16 x 4 that is a buffer."""

    def __init__(self, *sizes: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 16, 3)
        self.register_buffer("matrix", torch.rand(sizes))

    def forward(self, x: Any) -> Any:
        """Each pixel by the matrix."""
        return self.conv(x).flatten(2).transpose(1, 2) @ self.matrix


@pytest.mark.parametrize("sizes", [(16,), (16, 4)])
def test_a_matrix_that_is_a_buffer_is_counted_as_one_and_written_as_frozen(sizes: tuple[int, ...]) -> None:
    """As `named_buffers` has it; a spec has no word for a kernel that is not learned, and says that it is not trained."""
    module = Kernel(*sizes)
    buffers = sum(buffer.numel() for buffer in module.buffers())
    graph = cnncalc.from_torch(module, (3, 6, 6))
    counted = cnncalc.params(graph)
    assert (counted.total, counted.frozen, counted.buffers) == (448, 0, buffers)
    written = cnncalc.params(recover(graph).graph)
    assert (written.total, written.frozen) == (448 + buffers, buffers)


@pytest.mark.parametrize("kind", [nn.LSTMCell, nn.GRUCell, nn.RNNCell])
def test_states_of_zeros_are_no_buffers(kind: Any) -> None:
    """A cell that begins with none makes them in its code: the module has no buffers."""
    module = kind(6, 5)
    counted = cnncalc.params(cnncalc.from_torch(module, (6,)))
    assert counted.buffers == sum(buffer.numel() for buffer in module.buffers()) == 0
    assert counted.total == sum(parameter.numel() for parameter in module.parameters())


def test_the_places_of_a_grid_are_no_buffers() -> None:
    """`affine_grid` makes them of its size: 6 parameters turn a map, and nothing else is stored."""

    class Turned(Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.theta = nn.Linear(25, 6)

        def forward(self, x: Any) -> Any:
            turned = self.theta(x.flatten(1)).view(-1, 2, 3)
            return F.grid_sample(x, F.affine_grid(turned, list(x.shape), align_corners=False), align_corners=False)

    counted = cnncalc.params(cnncalc.from_torch(Turned(), (1, 5, 5)))
    assert (counted.total, counted.buffers) == (25 * 6 + 6, 0)
