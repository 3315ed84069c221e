"""A forward pass as it is recorded: the program that torch.export makes, and the numbers that PyTorch computes."""

from __future__ import annotations

import inspect
import textwrap
import warnings
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cnncalc

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
nn, F = torch.nn, torch.nn.functional


class Attention(nn.Module):  # type: ignore[misc,name-defined]
    """Patches, a class token and PyTorch's own encoder layer."""

    def __init__(self) -> None:
        super().__init__()
        self.patch = nn.Conv2d(3, 16, 4, 4)
        self.token = nn.Parameter(torch.zeros(1, 1, 16))
        self.layer = nn.TransformerEncoderLayer(16, 2, 32, batch_first=True, norm_first=True)
        self.head = nn.Linear(16, 5)

    def forward(self, x: Any) -> Any:
        """Logits of the token."""
        x = self.patch(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.token.expand(x.shape[0], -1, -1), x], 1)
        return self.head(self.layer(x)[:, 0])


class Recurrent(nn.Module):  # type: ignore[misc,name-defined]
    """Rows of a map through an LSTM, whose state begins at zero, and positions that are counted."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.norm = nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8)
        self.rows = nn.LSTM(8, 6, 2, bidirectional=True, batch_first=True)
        self.register_buffer("scale", torch.arange(12.0))

    def forward(self, x: Any) -> dict[str, Any]:
        """Two outputs by name."""
        x = F.relu(self.norm(self.conv(x)), inplace=True).mean(3).transpose(1, 2)
        x, (state, _) = self.rows(x)
        positions = torch.arange(x.shape[1], device=x.device, dtype=x.dtype)[None, :, None] / 7
        return {"rows": x * self.scale + positions.sin(), "state": state}


class Shared(nn.Module):  # type: ignore[misc,name-defined]
    """One convolution at two places, a module in a list, and a table of positions kept from the first pass."""

    def __init__(self) -> None:
        super().__init__()
        conv = nn.Conv2d(3, 3, 3, padding=1)
        self.stages = nn.ModuleList([nn.Sequential(conv, nn.GELU()), nn.Sequential(conv, nn.Dropout(0.1))])
        self.kept: Any = None

    def forward(self, x: Any) -> Any:
        """Through both."""
        for stage in self.stages:
            x = x + stage(x)
        if self.kept is None:
            self.kept = torch.ones(12, device=x.device).cumsum(0)
        a, b = (x * self.kept).chunk(2, 2)
        return torch.einsum("bchw,bdhw->bcd", a, F.interpolate(b, scale_factor=1.0))


MODULES: Mapping[str, Callable[[], Any]] = {
    "attention": Attention,
    "recurrent": Recurrent,
    "shared": Shared,
    "weight norm": lambda: nn.utils.parametrizations.weight_norm(nn.Conv2d(3, 4, 3)),
    "squeezed": lambda: nn.Sequential(nn.Conv2d(3, 4, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 2)),
}


def _programs(module: Any) -> Iterator[dict[str, Any]]:
    """What is written down of a module on the meta device: by the recording, and by torch.export."""
    from cnncalc.formats.torch.traced.making import on_meta
    from cnncalc.formats.torch.traced.recording import recorded
    from cnncalc.formats.torch.traced.records import Records
    from cnncalc.formats.torch.traced.tracing import traced

    known, image = on_meta(module.eval()), torch.empty(1, 3, 12, 12, device="meta")
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield Records(module, traced(module, [image], {}), known).all()
        if hasattr(module, "kept"):
            module.kept = None
        yield Records(module, recorded(module, [image], {}), known).all()


def _unnamed(records: dict[str, Any]) -> list[object]:
    """Operators, arguments, shapes and places in the code; tensors by their order, those of the module by their paths."""
    order: dict[str, object] = {one["name"]: number for number, one in enumerate(records["inputs"])}

    def value(given: Any) -> object:
        if isinstance(given, list):
            return [value(one) for one in given]
        if isinstance(given, dict) and "tensor" in given:
            stored = records["tensors"].get(given["tensor"])
            if stored is None or given["tensor"] in order:
                return order.get(given["tensor"])
            return {key: one for key, one in stored.items() if key != "path" or stored["kind"] != "constant"}
        return given

    found: list[object] = []
    for node in records["nodes"]:
        given = [value(one) for key, one in node["given"].items() if not key.startswith("cudnn")]
        order |= {made["name"]: (len(found), place) for place, made in enumerate(node["outputs"])}
        outputs = [(made["shape"], made["dtype"]) for made in node["outputs"]]
        rest = {key: one for key, one in node.items() if key not in ("name", "given", "outputs")}
        found.append((given, outputs, rest))
    ends = [order[name] for name in records["outputs"]]
    return [*found, ends, records["parameters"], records["unread"], records["class"]]


@pytest.mark.parametrize("name", MODULES)
def test_a_recorded_pass_is_the_program_of_an_export(name: str) -> None:
    """Node by node: operator, arguments, shapes, module, line and function."""
    exported, recorded = _programs(MODULES[name]())

    assert _unnamed(recorded) == _unnamed(exported)
    assert recorded["nodes"]


@pytest.mark.parametrize("name", ["resnet18", "mobilenet_v3_large", "shufflenet_v2_x1_0", "efficientnet_b0"])
def test_a_recorded_network_of_torchvision_is_the_program_of_its_export(name: str) -> None:
    """Which writes over tensors, and takes some apart."""
    from other_tools import network

    exported, recorded = _programs(network(name))

    assert _unnamed(recorded) == _unnamed(exported)


def _computed(graph: cnncalc.Graph, image: Any) -> Any:
    """The numbers of the output, with the module's own weights."""
    assert graph.stored is not None
    weights = graph.stored.read(graph, np.float32)
    return np.ravel(cnncalc.run(graph, image[0].numpy(), weights).output)  # type: ignore[arg-type]


class Program(nn.Module):  # type: ignore[misc,name-defined]
    """Steps on the tensors that are there; all that are left are its output."""

    def __init__(self, steps: list[tuple[str, int, int, int]]) -> None:
        super().__init__()
        self.conv, self.steps = nn.Conv2d(3, 4, 3, padding=1), steps

    def forward(self, x: Any) -> Any:
        """The last few, one behind the other."""
        live = [self.conv(x)]
        for name, which, along, by in self.steps:
            tensor = live[which % len(live)]
            axis = 1 + along % (tensor.dim() - 1)
            live = [*live, *STEPS[name](tensor, axis, tensor.shape[axis], by)][-6:]
        return torch.cat([tensor.reshape(1, -1) for tensor in live], 1)


def _nothing(_: object) -> list[Any]:
    return []


STEPS: Mapping[str, Callable[[Any, int, int, int], list[Any]]] = {
    "slice": lambda t, axis, size, by: [t.narrow(axis, size // 3, max(1, size // 2))],
    "select": lambda t, axis, size, by: [t.select(axis, by % size)] if t.dim() > 2 else [],
    "flat": lambda t, axis, size, by: [t.reshape(1, -1)],
    "wider": lambda t, axis, size, by: [t.unsqueeze(axis)] if t.dim() < 4 else [],
    "halves": lambda t, axis, size, by: list(t.chunk(2, axis)),
    "apart": lambda t, axis, size, by: list(t.unbind(axis))[:2] if t.dim() > 2 else [],
    "turned": lambda t, axis, size, by: [t.transpose(axis, t.dim() - 1)],
    "same": lambda t, axis, size, by: [F.dropout(t, 0.5, training=False)],
    "sigmoid": lambda t, axis, size, by: [t.sigmoid()],
    "relu_": lambda t, axis, size, by: [t.relu_()],
    "add_": lambda t, axis, size, by: _nothing(t.add_(by)),
    "mul_": lambda t, axis, size, by: _nothing(t.mul_(by / 2)),
    "copy_": lambda t, axis, size, by: _nothing(t[:, : -(-t.shape[1] // 2)].copy_(t[:, t.shape[1] // 2 :].clone())),
    "part": lambda t, axis, size, by: _nothing(t.narrow(axis, 0, max(1, size // 2)).mul_(by)),
}
"""A tensor, an axis, its size and a number -> new tensors, some of them views; names that end in _ write over it."""


@settings(deadline=None, max_examples=40)
@given(st.lists(st.tuples(st.sampled_from(sorted(STEPS)), *[st.integers(0, 9)] * 3), min_size=1, max_size=9))
def test_what_is_written_over_is_as_pytorch_computes_it(steps: list[tuple[str, int, int, int]]) -> None:
    """Views of views, written in any order: the numbers of the network are those of the module."""
    torch.manual_seed(0)
    module, image = Program(steps).eval(), torch.randn(1, 3, 6, 6)
    with torch.no_grad():
        wanted = module(image)[0].numpy()

    assert _computed(cnncalc.from_torch(module, (3, 6, 6)), image) == pytest.approx(wanted, rel=1e-4, abs=1e-5)


def test_a_pass_that_cannot_be_recorded_is_exported() -> None:
    """A tensor whose shape is changed where it lies is none that can be followed."""
    from cnncalc.formats.torch.traced.lying import Unlike
    from cnncalc.formats.torch.traced.making import on_meta
    from cnncalc.formats.torch.traced.recording import recorded

    class Turned(nn.Module):  # type: ignore[misc,name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(3, 4, 3)

        def forward(self, x: Any) -> Any:
            return self.conv(x).clone().transpose_(2, 3).transpose(2, 3)

    graph = cnncalc.from_torch(Turned(), (3, 10, 12))
    module = Turned().eval()
    on_meta(module)

    assert (graph.output_shape, cnncalc.params(graph).total) == ((4, 8, 10), 112)
    with torch.no_grad(), pytest.raises(Unlike):
        recorded(module, [torch.empty(1, 3, 10, 12, device="meta")], {})


def test_what_a_module_keeps_of_its_first_pass_is_not_left_in_it() -> None:
    """Nor are its tensors on the meta device afterwards."""
    module = Shared()
    before = {name: (id(tensor), tensor.device.type) for name, tensor in module.named_parameters()}
    cnncalc.from_torch(module, (3, 12, 12))

    assert module.kept is None
    assert module.training
    assert {name: (id(tensor), tensor.device.type) for name, tensor in module.named_parameters()} == before


class Made(nn.Module):  # type: ignore[misc,name-defined]
    """Makes a state, a ramp and a mask where tensors are made that nobody says a place of."""

    def __init__(self) -> None:
        super().__init__()
        self.rows, self.out = nn.GRU(6, 5, batch_first=True), nn.Linear(5, 3)

    def forward(self, x: Any) -> Any:
        """The last row."""
        mask = torch.ones(x.shape[1], x.shape[1]).tril()
        rows, _ = self.rows(mask @ x + torch.arange(x.shape[1])[None, :, None], torch.zeros(1, x.shape[0], 5))
        return self.out(rows[:, -1])


class Both(nn.Module):  # type: ignore[misc,name-defined]
    """An image and the numbers of words."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.words = nn.Conv2d(3, 8, 3), nn.Embedding(30, 8)

    def forward(self, image: Any, words: Any) -> Any:
        """Their sum."""
        return self.conv(image).mean((2, 3)) + self.words(words).mean(1)


def _in_a_file(folder: Path, *kinds: type) -> Path:
    """A file with the code of some modules."""
    path = folder / "net.py"
    code = [textwrap.dedent(inspect.getsource(kind)) for kind in kinds]
    path.write_text("from typing import Any\nimport torch\nfrom torch import nn\n" + "\n".join(code), encoding="utf-8")
    return path


@pytest.mark.parametrize(("kind", "inputs"), [(Made, (4, 6)), (Both, {"image": (3, 8, 8), "words": (7,)})])
def test_code_is_read_that_runs_on_the_processor(tmp_path: Path, kind: type, inputs: Any) -> None:
    """Whether it says where its tensors are, and which inputs are whole numbers, or not; params are PyTorch's sum."""
    path = _in_a_file(tmp_path, kind)
    module = kind()
    many = inputs if isinstance(inputs, dict) else {"x": inputs}
    given = [torch.zeros(1, *shape, dtype=torch.int64 if len(shape) == 1 else torch.float32) for shape in many.values()]
    graph = cnncalc.load(f"torch:{path}:{kind.__name__}", input=inputs)

    assert cnncalc.params(graph).total == sum(one.numel() for one in module.parameters())
    assert graph.output_shape == tuple(module(*given).shape[1:])


def test_an_image_in_a_batch_is_said_to_be_one(tmp_path: Path) -> None:
    """The sizes are those of one image."""
    path = _in_a_file(tmp_path, Attention)

    with pytest.raises(cnncalc.CnncalcError) as raised:
        cnncalc.load(f"torch:{path}:Attention", input=(1, 3, 8, 8))
    assert raised.value.help == "is --input of the size that it takes? 3,8,8 is one image"


class Several(nn.Module):  # type: ignore[misc,name-defined]
    """Takes as many maps as there are."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 1)

    def forward(self, *maps: Any) -> Any:
        """Their sum."""
        return sum(self.conv(one) for one in maps)


class Listed(Several):
    """Takes them in a list."""

    def forward(self, maps: Any) -> Any:
        """Their sum."""
        return sum(self.conv(one) for one in maps)


def test_inputs_without_names_are_taken_in_their_order(tmp_path: Path) -> None:
    """The convolution has 3 x 4 x 8 x 8 multiplications a map; a list is told to be none."""
    path, inputs = _in_a_file(tmp_path, Several, Listed), {"a": (3, 8, 8), "b": (3, 8, 8)}
    graph = cnncalc.load(f"torch:{path}:Several", input=inputs)

    assert (cnncalc.macs(graph).total, cnncalc.params(graph).total) == (2 * 3 * 4 * 8 * 8, 16)
    with pytest.raises(cnncalc.CnncalcError) as raised:
        cnncalc.load(f"torch:{path}:Listed", input=inputs)
    assert "is `maps` a list or a mapping of them?" in str(raised.value.help)


class Kernel(nn.Module):  # type: ignore[misc,name-defined]
    """A kernel whose numbers stand in the code, and a state of eighty halves that is made there."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.cell = nn.Conv2d(3, 1, 1), nn.LSTMCell(6, 80)

    def forward(self, x: Any) -> Any:
        """Over the rows of an edge map."""
        kernel = torch.tensor([[1.0, 0.0, -1.0], [2.0, 0.0, -2.0], [1.0, 0.0, -1.0]], device=x.device)
        rows = nn.functional.conv2d(self.conv(x), kernel[None, None]).flatten(1, 2)
        state = (torch.full((x.shape[0], 80), 0.5, device=x.device), x.new_zeros(x.shape[0], 80))
        for place in range(2):
            state = self.cell(rows[:, place], state)
        return state[0]


class Ramp(nn.Module):  # type: ignore[misc,name-defined]
    """Adds a wave of a hundred positions, and a kernel without a device."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv1d(3, 4, 1)

    def forward(self, x: Any) -> Any:
        """A sequence."""
        x = self.conv(x) + torch.linspace(0, 3, 100).sin()
        return nn.functional.conv1d(x, torch.tensor([[[0.25, 0.5, 0.25]]] * 4), groups=4)


@pytest.mark.parametrize(("kind", "shape"), [(Kernel, (3, 4, 8)), (Ramp, (3, 100))])
def test_numbers_that_code_makes_are_those_of_a_run(kind: type, shape: tuple[int, ...], tmp_path: Path) -> None:
    """By its name and in memory: the output is PyTorch's."""
    path = _in_a_file(tmp_path, kind)
    torch.manual_seed(0)
    module, image = kind().eval(), torch.randn(1, *shape)
    with torch.no_grad():
        wanted = module(image)[0].numpy().ravel()
    for graph in (cnncalc.load(f"torch:{path}:{kind.__name__}", input=shape), cnncalc.from_torch(module, shape)):
        assert _computed(graph, image) == pytest.approx(wanted, rel=1e-4, abs=1e-5)


def test_code_may_declare_the_operators_of_torchvision_for_itself(tmp_path: Path) -> None:
    """As one does where torchvision is built for another torch."""
    from importlib.util import find_spec

    if not find_spec("torchvision"):
        pytest.skip("torchvision is not installed")
    path = _in_a_file(tmp_path, Several)
    declared = (
        'kept = torch.library.Library("torchvision", "FRAGMENT")\n'
        'if not hasattr(torch.ops.torchvision, "nms"):\n'
        '    kept.define("nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")\n'
        "import torchvision\n"
    )
    path.write_text(path.read_text().replace("from torch import nn\n", f"from torch import nn\n{declared}"))

    assert cnncalc.params(cnncalc.load(f"torch:{path}:Several", input=(3, 8, 8))).total == 16


@pytest.mark.parametrize(("type_", "short"), [("float16", "fp16"), ("bfloat16", "bf16"), ("float64", "fp64")])
def test_a_module_of_other_floats_takes_such_inputs(type_: str, short: str) -> None:
    """And is read as the same module of 32 bits is."""
    graph = cnncalc.from_torch(nn.Conv2d(3, 4, 3).to(getattr(torch, type_)), (3, 8, 8))

    assert cnncalc.params(graph).total == 112
    assert list(graph.input_dtypes.values()) == [short]


def test_a_grid_of_positions_has_numbers() -> None:
    """Which several tensors of one operator are, beside what comes in."""

    class Grid(nn.Module):  # type: ignore[misc,name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(5, 4, 1)

        def forward(self, x: Any) -> Any:
            y, z = torch.meshgrid(torch.arange(9.0), torch.arange(11.0), indexing="ij")
            return self.conv(torch.cat([x, torch.stack([y, z]).expand(x.shape[0], -1, -1, -1)], 1))

    torch.manual_seed(0)
    module, image = Grid().eval(), torch.randn(1, 3, 9, 11)
    with torch.no_grad():
        wanted = module(image)[0].numpy().ravel()
    graph = cnncalc.from_torch(module, (3, 9, 11))

    assert cnncalc.params(graph).total == 24
    assert _computed(graph, image) == pytest.approx(wanted, rel=1e-4, abs=1e-4)


def test_a_layer_without_sizes_is_an_error_of_ours() -> None:
    """Its tensors have no number of entries."""
    module = nn.Sequential(nn.LazyConv2d(4, 3), nn.LazyBatchNorm2d())

    with pytest.raises(cnncalc.CnncalcError, match="no size before its first input"):
        cnncalc.from_torch(module, (3, 8, 8))
