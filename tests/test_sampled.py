"""What reads or writes a map at places that another tensor says, against PyTorch, onnxruntime and the papers' formulas."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from layer_steps import SAMPLED, noise

import cnncalc
from cnncalc.formats.onnx.write import written
from cnncalc.kernels import KERNELS, Tally
from cnncalc.layers import KINDS

torch = pytest.importorskip("torch", reason="no PyTorch: pip install torch==2.13.0 (a CPU build)")
F = torch.nn.functional
DRAW = np.random.default_rng(7)


def agree(kind: str, arguments: dict[str, Any], arrays: list[Any], weights: Any, theirs: Any) -> None:
    """Ours equals theirs, forward and backward, for every tensor that comes in."""
    layer = KINDS[kind].read(arguments, arrays[0].ndim - 1)
    shapes = tuple(x.shape for x in arrays)
    assert [] == [need for need in layer.needs(*shapes) if not need.holds]
    tally = Tally()
    ours = KERNELS[kind].forward(layer, tuple(arrays), weights, tally)
    seen = [torch.tensor(x[None], requires_grad=True) for x in arrays]
    expected = theirs(*seen)
    np.testing.assert_allclose(ours, expected[0].detach().numpy(), rtol=1e-9, atol=1e-9)
    assert layer.output(*shapes) == ours.shape
    assert layer.macs(shapes, ours.shape) == tally.multiplications
    upstream = DRAW.normal(size=ours.shape)
    expected.backward(torch.tensor(upstream[None]))
    found = KERNELS[kind].backward(layer, tuple(arrays), ours, weights, upstream)
    for gradient, one in zip(found, seen, strict=True):
        wanted = np.zeros(one.shape[1:]) if one.grad is None else one.grad[0].numpy()
        np.testing.assert_allclose(gradient, wanted, rtol=1e-7, atol=1e-8)


GRIDS = [
    (mode, beyond, corners, sizes)
    for mode, beyond, corners, sizes in product(
        ("nearest", "bilinear", "bicubic"),
        ("zeros", "border", "reflection"),
        (False, True),
        ((5, 6), (1, 4), (3, 4, 5)),
    )
    if mode != "bicubic" or len(sizes) == 2
]


@pytest.mark.parametrize(("mode", "beyond", "corners", "sizes"), GRIDS)
def test_a_grid_reads_what_pytorch_reads(mode: str, beyond: str, corners: bool, sizes: tuple[int, ...]) -> None:
    """Places inside of the map, on its edges and beyond them; the gradient of the map and of the grid."""
    x, grid = DRAW.normal(size=(3, *sizes)), DRAW.uniform(-1.6, 1.6, (len(sizes), *(4, 3, 2)[: len(sizes)]))
    agree("grid_sample", {"mode": mode, "beyond": beyond, "align_corners": corners}, [x, grid], {}, lambda x, g:
        F.grid_sample(x, g.movedim(1, -1), mode=mode, padding_mode=beyond, align_corners=corners))  # fmt: skip


def deformed(x: Any, offsets: Any, mask: Any, weight: Any, bias: Any, how: dict[str, Any]) -> Any:
    """Equation 2 of Dai et al. and 1 of Zhu et al., tap by tap: what `grid_sample` reads at p0 + pn + offset."""
    (n, channels, height, width), (rows, columns) = x.shape, offsets.shape[2:]
    taps, groups = list(product(*map(range, how["kernel"]))), how["offset_groups"]
    read = []
    for tap, (i, j) in enumerate(taps):
        parts = []
        for g in range(groups):
            dy, dx = (offsets[:, 2 * (g * len(taps) + tap) + axis] for axis in (0, 1))
            y = torch.arange(rows)[:, None] * how["stride"][0] - how["padding"][0] + i * how["dilation"][0] + dy
            z = torch.arange(columns) * how["stride"][1] - how["padding"][1] + j * how["dilation"][1] + dx
            grid = torch.stack([(2 * z + 1) / width - 1, (2 * y + 1) / height - 1], -1)
            own = x[:, g * channels // groups : (g + 1) * channels // groups]
            values = F.grid_sample(own, grid, align_corners=False)
            parts.append(values if mask is None else values * mask[:, g * len(taps) + tap][:, None])
        read.append(torch.cat(parts, 1))
    under = torch.stack(read, 2).reshape(n, how["groups"], -1, len(taps), rows, columns)
    matrix = weight.reshape(how["groups"], -1, under.shape[2], len(taps))
    return torch.einsum("goct,ngctyx->ngoyx", matrix, under).flatten(1, 2) + bias[:, None, None]


DEFORMED = [
    # stride, padding, dilation, groups, groups of offsets, whether there is a mask
    ([1, 1], [1, 1], [1, 1], 1, 1, True),
    ([2, 1], [0, 2], [1, 2], 2, 1, False),
    ([1, 2], [1, 1], [2, 1], 1, 2, True),
    ([1, 1], [0, 0], [1, 1], 2, 4, True),
]


@pytest.mark.parametrize(("stride", "padding", "dilation", "groups", "offset_groups", "masked"), DEFORMED)
def test_a_deformable_convolution_is_its_equation(stride, padding, dilation, groups, offset_groups, masked) -> None:
    """Offsets that lead within the map and beyond it; the gradient of the map, the offsets and the mask."""
    how = {"kernel": [3, 2], "stride": stride, "padding": padding, "dilation": dilation}
    how |= {"groups": groups, "offset_groups": offset_groups}
    x = DRAW.normal(size=(4, 7, 8))
    sizes = KINDS["deform_conv"].read({"out": 6, **how}, 2).output(x.shape)[1:]
    arrays = [x, 1.5 * DRAW.normal(size=(offset_groups * 12, *sizes))]
    arrays += [DRAW.uniform(size=(offset_groups * 6, *sizes))] if masked else []
    weights = {"weight": DRAW.normal(size=(6, 4 // groups, 3, 2)), "bias": DRAW.normal(size=6)}
    learned = [torch.tensor(values) for values in weights.values()]
    agree("deform_conv", {"out": 6, **how}, arrays, weights, lambda x, offsets, mask=None:
        deformed(x, offsets, mask, *learned, how))  # fmt: skip


@pytest.mark.parametrize(
    ("sizes", "kernel", "stride", "padding", "ceil", "asked"),
    [
        ((8, 8), 2, 2, 0, False, None),
        ((7, 9), 2, 2, 0, False, (7, 9)),
        ((9, 9), 3, 2, 1, False, None),
        ((9,), 3, 2, 1, False, (9,)),
        ((4, 6, 4), 2, 2, 0, False, None),
        ((7, 7), 2, 2, 0, True, (7, 7)),
    ],
)
def test_values_go_back_to_where_pytorch_puts_them(sizes, kernel, stride, padding, ceil, asked) -> None:
    """The places of the pool are those of PyTorch, and so is what comes of them, forward and backward."""
    x = DRAW.permutation(np.linspace(-1, 1, 3 * int(np.prod(sizes)))).reshape(3, *sizes)
    pool, unpool = (getattr(F, f"{word}{len(sizes)}d") for word in ("max_pool", "max_unpool"))
    values, theirs = pool(torch.tensor(x[None]), kernel, stride, padding, 1, ceil, return_indices=True)
    window = {"kernel": kernel, "stride": stride, "padding": padding}
    layer = KINDS["argmaxpool"].read({**window, "round": "ceil" if ceil else "floor"}, len(sizes))
    places = KERNELS["argmaxpool"].forward(layer, (x,), {}, Tally())

    assert (places == theirs[0].numpy()).all()
    arguments = {**window, **({"size": list(asked)} if asked else {})}
    agree("max_unpool", arguments, [values[0].numpy(), places], {}, lambda v, _:
        unpool(v, theirs, kernel, stride, padding, output_size=asked))  # fmt: skip


def test_a_place_beyond_the_map_is_an_error() -> None:
    """It names the layer and how many positions there are."""
    graph = cnncalc.parse("input: {x: [1, 2], p: [1, 2]}\nnet: [{max_unpool: {kernel: 2, branches: [x, p]}}]")
    with pytest.raises(cnncalc.CnncalcError, match="a place lies beyond the 4 of a map"):
        cnncalc.run(graph, {"x": np.ones((1, 2)), "p": np.array([[1, 4]])})


BOXES = np.array([[0, 0, 8, 8], [-3, 2, 5, 30], [3, 3, 3.5, 3.2], [20, 30, 44, 36], [-60, -60, -50, -50]], np.float32)


@pytest.mark.parametrize(("aligned", "samples", "scale"), [*product((False, True), (0, 2, 3), (1.0, 0.25))])
def test_boxes_are_what_onnxruntime_makes_of_them(aligned: bool, samples: int, scale: float) -> None:
    """Boxes within the map, over its edges, smaller than a position and wholly beyond."""
    onnx, runtime = pytest.importorskip("onnx"), pytest.importorskip("onnxruntime")
    x = DRAW.normal(size=(3, 9, 11)).astype(np.float32)
    half = "half_pixel" if aligned else "output_half_pixel"
    made = onnx.parser.parse_model(f"""<ir_version: 8, opset_import: ["" : 16]>
        g (float[1,3,9,11] x, float[5,4] boxes, int64[5] image) => (float[5,3,3,2] y) {{
            y = RoiAlign<output_height=3, output_width=2, sampling_ratio={samples}, spatial_scale={scale},
                coordinate_transformation_mode="{half}">(x, boxes, image) }}""")
    session = runtime.InferenceSession(made.SerializeToString(), providers=["CPUExecutionProvider"])
    (expected,) = session.run(None, {"x": x[None], "boxes": BOXES, "image": np.zeros(5, np.int64)})
    layer = KINDS["roi_align"].read({"size": [3, 2], "scale": scale, "samples": samples, "aligned": aligned}, 2)

    found = KERNELS["roi_align"].forward(layer, (x, BOXES.T.copy()), {}, Tally())
    np.testing.assert_allclose(found.swapaxes(0, 1), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("input", "step"), SAMPLED, ids=[step for _, step in SAMPLED])
def test_a_model_is_read_back_as_the_same_layers(input: str, step: str, tmp_path: Path) -> None:
    """Written as ONNX and read: the same output, params, MACs and kinds that do something."""
    graph = cnncalc.parse(f"input: {input}\nnet:\n  - {step}")
    weights, inputs = noise(graph)
    (tmp_path / "net.onnx").write_bytes(b"".join(bytes(piece) for piece in written(graph, weights).pieces))
    again = cnncalc.load(tmp_path / "net.onnx")
    expected = cnncalc.run(graph, inputs, weights=weights).output
    laid = {name: x if x.shape == again.inputs[name] else x.T for name, x in inputs.items()}
    found = cnncalc.run(again, laid, weights=again.stored.read(again, np.float32)).output

    np.testing.assert_allclose(np.squeeze(found), np.squeeze(expected), rtol=1e-4, atol=1e-5)
    assert cnncalc.params(graph).total == cnncalc.params(again).total
    assert cnncalc.macs(graph).total == cnncalc.macs(again).total
    assert {node.kind for node in graph.nodes} - {"identity"} <= {node.kind for node in again.nodes}


@pytest.mark.parametrize(("input", "step"), SAMPLED, ids=[step for _, step in SAMPLED])
def test_the_tables_are_proved(input: str, step: str) -> None:
    """Shapes, params and MACs as they are performed; what hangs on values has no field that could be wrong."""
    graph = cnncalc.parse(f"input: {input}\nnet:\n  - {step}")

    assert cnncalc.validate(graph).holds


def test_what_values_decide_is_not_known_and_what_says_it_is() -> None:
    """The field of a deformable convolution is unknown; of values that go back it is that of the pool and its windows."""
    by_values = cnncalc.parse(
        "input: [3, 32, 32]\nnet:\n  - deform_conv: {out: 4, kernel: 3, padding: half, branches: "
        "[prev, [{conv: {out: 18, kernel: 3, padding: half}}]]}"
    )
    back = cnncalc.parse(
        "input: [3, 32, 32]\nnet:\n  - {conv: {out: 4, kernel: 3, padding: half}, as: c}\n"
        "  - max_unpool: {kernel: 2, branches: [[{maxpool: 2}], [{argmaxpool: 2}]]}"
    )

    assert not cnncalc.receptive_fields(by_values).of[by_values.output].known
    assert {"input": ((0, 31), (0, 31))} == cnncalc.box(by_values, by_values.output, (5, 5))
    assert ((4, 4), (4, 4)) == cnncalc.receptive_fields(back).of[back.output].sizes
    assert {"input": ((3, 6), (3, 6))} == cnncalc.box(back, back.output, (5, 5))


MODELS = [
    # body, what stands beside the input, kinds, params, MACs
    ("y = DeformConv<pads=[1,1,1,1], kernel_shape=[3,3]>(x, w, o)", "float[1,18,8,8] o", {"w": (6, 4, 3, 3)},
     ["deform_conv"], 216, 13_824),
    ("y = DeformConv<pads=[1,1,1,1], group=2, offset_group=2>(x, w, o, b, m)", "float[1,36,8,8] o, float[1,18,8,8] m",
     {"w": (6, 2, 3, 3), "b": (6,)}, ["deform_conv"], 114, 6_912),
    ('y = GridSample<mode="linear", padding_mode="border">(x, g)', "float[1,5,7,2] g", {}, ["grid_sample", "permute"], 0, 0),
    ("p, i = MaxPool<kernel_shape=[2,2], strides=[2,2]>(x)\ny = MaxUnpool<kernel_shape=[2,2], strides=[2,2]>(p, i)",
     "", {}, ["argmaxpool", "max_unpool", "maxpool"], 0, 0),
    ("p = MaxPool<kernel_shape=[2,2], strides=[2,2]>(x)\ny = MaxUnpool<kernel_shape=[2,2], strides=[2,2]>(p, i)",
     "int64[1,4,4,4] i", {}, ["map", "max_unpool", "maxpool"], 0, 0),
]  # fmt: skip


@pytest.mark.parametrize(("body", "beside", "weights", "kinds", "params", "macs"), MODELS)
def test_operators_of_other_peoples_models(body, beside, weights, kinds, params, macs, tmp_path: Path) -> None:
    """As layers, with the params and MACs of a convolution; run with the weights of the file as onnxruntime does."""
    onnx, runtime = pytest.importorskip("onnx"), pytest.importorskip("onnxruntime")
    inputs = "float[1,4,8,8] x" + (f", {beside}" if beside else "")
    model = onnx.parser.parse_model(
        f'<ir_version: 10, opset_import: ["" : 22]> g ({inputs}) => (float[] y) {{ {body.replace(chr(92) + "n", chr(10))} }}'
    )
    for name, shape in weights.items():
        model.graph.initializer.append(onnx.numpy_helper.from_array(DRAW.normal(size=shape).astype(np.float32), name))
    del model.graph.output[0].type.tensor_type.shape.dim[:]
    model.graph.output[0].type.tensor_type.ClearField("shape")
    onnx.save(model, tmp_path / "m.onnx")
    graph = cnncalc.load(tmp_path / "m.onnx")
    given: dict[str, Any] = {name: DRAW.normal(size=shape).astype(np.float32) for name, shape in graph.inputs.items()}
    if "i" in given:
        given["i"] = np.arange(64).reshape(4, 4, 4) * 4 + 1
    session = runtime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    types = {one.name: np.int64 if "int64" in one.type else np.float32 for one in session.get_inputs()}
    (expected,) = session.run(None, {name: x[None].astype(types[name]) for name, x in given.items()})

    assert kinds == sorted(node.kind for node in graph.nodes)
    assert (params, macs) == (cnncalc.params(graph).total, cnncalc.macs(graph).total)
    found = cnncalc.run(graph, given, weights=graph.stored.read(graph, np.float32)).output
    np.testing.assert_allclose(found, expected[0], rtol=1e-4, atol=1e-5)
