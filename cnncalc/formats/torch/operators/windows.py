"""Convolutions, pools and resizing: what works through windows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from typing import Any

from ..trace import Operator
from ..translate import Write, Writing


def each(value: Any, axes: int) -> list[int]:
    """One number an axis, where one alone is for all."""
    numbers = [int(n) for n in (value if isinstance(value, Sequence) else [value])]
    return numbers * axes if len(numbers) == 1 else numbers


def both_sides(padding: Sequence[int]) -> list[int]:
    """The pads of ONNX: what is before each axis, then what is behind."""
    return [*padding, *padding]


def conv(w: Writing, own: Operator) -> None:
    """Convolution; `padding` may be a word."""
    source, weight = w.tensor("input"), w.tensor("weight")
    kernel = w.shape(weight)[2:]
    axes, given = len(kernel), own.given
    dilation = each(given["dilation"], axes)
    if given.get("transposed"):
        conv_transpose(w, own)
        return
    pads: list[int]
    if given["padding"] == "same":
        totals = [d * (k - 1) for d, k in zip(dilation, kernel, strict=True)]
        pads = [total // 2 for total in totals] + [total - total // 2 for total in totals]
    else:
        pads = both_sides(each(0 if given["padding"] == "valid" else given["padding"], axes))
    attributes = {
        "strides": each(given["stride"], axes),
        "pads": pads,
        "dilations": dilation,
        "group": given["groups"],
    }
    _one_image(w, source, axes, "Conv", [weight, w.tensor("bias")], attributes)


def conv_transpose(w: Writing, own: Operator) -> None:
    """Transposed convolution."""
    source, weight, given = w.tensor("input"), w.tensor("weight"), own.given
    axes = len(w.shape(weight)) - 2
    attributes = {
        "strides": each(given["stride"], axes),
        "pads": both_sides(each(given["padding"], axes)),
        "output_padding": each(given["output_padding"], axes),
        "dilations": each(given["dilation"], axes),
        "group": given["groups"],
    }
    _one_image(w, source, axes, "ConvTranspose", [weight, w.tensor("bias")], attributes)


def _one_image(
    w: Writing, source: str, axes: int, op: str, learned: Sequence[str], attributes: Mapping[str, Any]
) -> None:
    """An operator that wants an axis of the images, on a tensor that may have none."""
    if len(w.shape(source)) == axes + 2:
        w.put(op, [source, *learned], attributes)
        return
    shape = (1, *w.shape(source))
    imaged = w.put("Unsqueeze", [source, w.vector([0])], shape=shape)
    made = w.put(op, [imaged, *learned], attributes, shape=(1, *w.out.shape))
    w.put("Squeeze", [made, w.vector([0])])


def pool(op: str, axes: int) -> Write:
    """A pool over windows; without a stride it is the kernel."""

    def write(w: Writing, own: Operator) -> None:
        given = own.given
        kernel = each(given["kernel_size"], axes)
        attributes: dict[str, Any] = {
            "kernel_shape": kernel,
            "strides": each(given["stride"] or kernel, axes),
            "pads": both_sides(each(given["padding"], axes)),
            "ceil_mode": int(bool(given.get("ceil_mode"))),
        }
        if "dilation" in given:
            attributes["dilations"] = each(given["dilation"], axes)
        if "count_include_pad" in given:
            attributes["count_include_pad"] = int(bool(given["count_include_pad"]))
        if given.get("divisor_override"):
            _divided(w, axes, attributes, prod(kernel) / int(given["divisor_override"]))
            return
        if len(own.outputs) > 1 and len(w.shape(w.tensor("self"))) == axes + 2:
            w.put(op, [w.tensor("self")], attributes, [made.name for made in own.outputs])
            return
        _one_image(w, w.tensor("self"), axes, op, [], attributes)

    return write


def _divided(w: Writing, axes: int, attributes: Mapping[str, Any], factor: float) -> None:
    """Sums of windows over a number that is not their size: so many times the mean of a whole window."""
    source = w.tensor("self")
    if attributes["ceil_mode"] or len(w.shape(source)) != axes + 2:
        w.put(f"{w.operator.op} with a divisor of its own", [source], {}, domain="aten")
        return
    mean = w.put("AveragePool", [source], {**attributes, "count_include_pad": 1}, shape=w.out.shape)
    w.put("Mul", [mean, w.number(factor)])


def max_unpool(w: Writing, own: Operator) -> None:
    """Values and their places, to a size that is given."""
    size = list(own.given["output_size"])
    w.put("max_unpool", [w.tensor("self"), w.tensor("indices")], {"size": size}, domain="torch")


def grid_sample(w: Writing, own: Operator) -> None:
    """Modes and what lies beyond the map are numbers."""
    given = own.given
    attributes = {
        "mode": ("linear", "nearest", "cubic")[given["interpolation_mode"]],
        "padding_mode": ("zeros", "border", "reflection")[given["padding_mode"]],
        "align_corners": int(bool(given["align_corners"])),
    }
    w.put("GridSample", [w.tensor("input"), w.tensor("grid")], attributes)


def adaptive(op: str, whole: str) -> Write:
    """To a size that is given; to size 1 it is a pool of the whole map."""

    def write(w: Writing, own: Operator) -> None:
        source = w.tensor("self")
        asked = own.given["output_size"]
        size = w.out.shape[-len(asked) :]
        if set(size) == {1}:
            _one_image(w, source, len(asked), whole, [], {})
        else:
            w.put(op, [source], {"size": list(size)}, domain="torch")

    return write


def resize(mode: str, **how: Any) -> Write:
    """A map of another size: by whole factors where it can be, by others where they say its places, else to sizes."""

    def write(w: Writing, own: Operator) -> None:
        source = w.tensor("input") or w.tensor("self")
        old, new = w.shape(source)[2:], w.out.shape[2:]
        attributes: dict[str, Any] = {"mode": mode, **how}
        if own.given.get("align_corners"):
            attributes["coordinate_transformation_mode"] = "align_corners"
        given = own.given.get("scale_factors")
        factors = [float(factor) for factor in given] if isinstance(given, Sequence) else []
        if all(after % before == 0 for before, after in zip(old, new, strict=True)):
            factors = [float(after // before) for before, after in zip(old, new, strict=True)]
        if factors and all(after == int(n * factor) for n, factor, after in zip(old, factors, new, strict=True)):
            w.put("Resize", [source, "", w.vector([1.0, 1.0, *factors])], attributes)
        else:
            w.put("Resize", [source, "", "", w.vector(w.shape(source)[:2] + new)], attributes)

    return write


NEAREST = {"coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
EXACT = {"coordinate_transformation_mode": "half_pixel", "nearest_mode": "round_prefer_ceil"}


def affine_grid(w: Writing, own: Operator) -> None:
    """A grid of this size."""
    size = w.vector([int(n) for n in own.given["size"]])
    w.put("AffineGrid", [w.tensor("theta"), size], {"align_corners": int(bool(own.given["align_corners"]))})


def columns(w: Writing, own: Operator) -> None:
    """`unfold`: the windows of a map, a column each (im2col)."""
    source, given = w.tensor("self"), own.given
    if len(w.shape(source)) != 4:
        w.put(own.op, [source], {}, domain="aten")
        return
    images, channels, *sides = w.shape(source)
    padding = list(given["padding"])
    if any(padding):
        sides = [side + 2 * n for side, n in zip(sides, padding, strict=True)]
        around = w.vector([0, 0, *padding, 0, 0, *padding])
        source = w.put("Pad", [source, around], shape=(images, channels, *sides))
    shape: list[int] = [images, channels, *sides]
    for place, side in enumerate(sides):
        kernel, dilation, stride = (int(given[word][place]) for word in ("kernel_size", "dilation", "stride"))
        count = (side - dilation * (kernel - 1) - 1) // stride + 1
        entries = tuple(stride * i + dilation * j for j in range(kernel) for i in range(count))
        axis = 2 + 2 * place
        shape = [*shape[:axis], kernel, count, *shape[axis + 1 :]]
        source = w.put("Gather", [source, w.constant((kernel, count), entries)], {"axis": axis}, shape=shape)
    order = [0, 1, 2, 4, 3, 5]
    turned = w.put("Transpose", [source], {"perm": order}, shape=[shape[axis] for axis in order])
    w.put("Reshape", [turned, w.vector(w.out.shape)], {"allowzero": 1})


def fold(w: Writing, own: Operator) -> None:
    """`fold`: columns put back as windows of a map, summed where these overlap (col2im)."""
    source, given = w.tensor("self"), own.given
    if len(w.shape(source)) != 3:
        w.put(own.op, [source], {}, domain="aten")
        return
    images, channels, height, width = w.out.shape
    ways = [[int(given[word][place]) for word in ("kernel_size", "dilation", "stride", "padding")] for place in (0, 1)]
    kernel = [way[0] for way in ways]
    counts = [
        (size + 2 * padding - dilation * (k - 1) - 1) // stride + 1
        for size, (k, dilation, stride, padding) in zip((height, width), ways, strict=True)
    ]
    apart = [images, channels, *kernel, *counts]
    cut = w.put("Reshape", [source, w.vector(apart)], {"allowzero": 1}, shape=apart)
    order = [0, 1, 2, 4, 3, 5]
    source = w.put("Transpose", [cut], {"perm": order}, shape=[apart[axis] for axis in order])
    rows = [images, channels, kernel[0] * counts[0], kernel[1], counts[1]]
    source = w.put("Reshape", [source, w.vector(rows)], {"allowzero": 1}, shape=rows)
    source = _put_back(w, source, 2, height, counts[0], *ways[0])
    columns = [images, channels, height, kernel[1] * counts[1]]
    source = w.put("Reshape", [source, w.vector(columns)], {"allowzero": 1}, shape=columns)
    w.alias(_put_back(w, source, 3, width, counts[1], *ways[1]))


def _put_back(
    w: Writing, source: str, axis: int, size: int, count: int, kernel: int, dilation: int, stride: int, padding: int
) -> str:
    """An axis of so many windows, tap by tap, as one of positions: each the sum of the entries that lie there."""
    found: list[list[int]] = [[] for _ in range(size)]
    for tap in range(kernel):
        for window in range(count):
            place = window * stride + tap * dilation - padding
            if 0 <= place < size:
                found[place].append(tap * count + window)
    most = max(map(len, found))
    shape = list(w.shape(source))
    nothing = shape[axis]
    if any(len(one) < most for one in found):
        shape[axis] += 1
        behind = [int(place == axis) for place in range(len(shape))]
        source = w.put("Pad", [source, w.vector([*[0] * len(shape), *behind])], shape=shape)
    entries = tuple((one + [nothing] * most)[turn] for turn in range(most) for one in found)
    shape = [*shape[:axis], most, size, *shape[axis + 1 :]]
    taken = w.put("Gather", [source, w.constant((most, size), entries)], {"axis": axis}, shape=shape)
    return w.put("ReduceSum", [taken, w.vector([axis])], {"keepdims": 0}, shape=[*shape[:axis], *shape[axis + 1 :]])


OPERATORS: Mapping[str, Write] = {
    "affine_grid_generator": affine_grid,
    "im2col": columns,
    "col2im": fold,
    **dict.fromkeys(("conv1d", "conv2d", "conv3d", "convolution"), conv),
    **dict.fromkeys(("conv_transpose1d", "conv_transpose2d", "conv_transpose3d"), conv_transpose),
    **{f"max_pool{n}d": pool("MaxPool", n) for n in (1, 2, 3)},
    **{f"max_pool{n}d_with_indices": pool("MaxPool", n) for n in (1, 2, 3)},
    **{f"max_unpool{n}d": max_unpool for n in (2, 3)},
    **dict.fromkeys(("grid_sampler", "grid_sampler_2d", "grid_sampler_3d"), grid_sample),
    **{f"avg_pool{n}d": pool("AveragePool", n) for n in (1, 2, 3)},
    **{f"adaptive_avg_pool{n}d": adaptive("adaptiveavgpool", "GlobalAveragePool") for n in (1, 2, 3)},
    **{f"_adaptive_avg_pool{n}d": adaptive("adaptiveavgpool", "GlobalAveragePool") for n in (2, 3)},
    **{f"adaptive_max_pool{n}d": adaptive("adaptivemaxpool", "GlobalMaxPool") for n in (1, 2, 3)},
    **{f"upsample_nearest{n}d": resize("nearest", **NEAREST) for n in (1, 2, 3)},
    **{f"_upsample_nearest_exact{n}d": resize("nearest", **EXACT) for n in (1, 2, 3)},
    **dict.fromkeys(("upsample_linear1d", "upsample_bilinear2d", "upsample_trilinear3d"), resize("linear")),
    "_upsample_bilinear2d_aa": resize("linear", antialias=1),
    "upsample_bicubic2d": resize("cubic"),
    "_upsample_bicubic2d_aa": resize("cubic", antialias=1, cubic_coeff_a=-0.5),
}
