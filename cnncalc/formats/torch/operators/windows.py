"""Convolutions, pools and resizing: what works through windows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
            own.op = f"{own.op} with a divisor of its own"
            w.put(own.op, w.tensors(), {}, domain="aten")
            return
        if len(own.outputs) > 1 and len(w.shape(w.tensor("self"))) == axes + 2:
            w.put(op, [w.tensor("self")], attributes, [made.name for made in own.outputs])
            return
        _one_image(w, w.tensor("self"), axes, op, [], attributes)

    return write


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


def resize(mode: str) -> Write:
    """A map of another size: by whole factors where it can be, else to sizes."""

    def write(w: Writing, own: Operator) -> None:
        source = w.tensor("input") or w.tensor("self")
        old, new = w.shape(source)[2:], w.out.shape[2:]
        attributes: dict[str, Any] = {"mode": mode}
        if own.given.get("align_corners"):
            attributes["coordinate_transformation_mode"] = "align_corners"
        if all(after % before == 0 for before, after in zip(old, new, strict=True)):
            factors = [float(after // before) for before, after in zip(old, new, strict=True)]
            w.put("Resize", [source, "", w.vector([1.0, 1.0, *factors])], attributes)
        else:
            w.put("Resize", [source, "", "", w.vector(w.shape(source)[:2] + new)], attributes)

    return write


def affine_grid(w: Writing, own: Operator) -> None:
    """A grid of this size."""
    size = w.vector([int(n) for n in own.given["size"]])
    w.put("AffineGrid", [w.tensor("theta"), size], {"align_corners": int(bool(own.given["align_corners"]))})


OPERATORS: Mapping[str, Write] = {
    "affine_grid_generator": affine_grid,
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
    **{f"upsample_nearest{n}d": resize("nearest") for n in (1, 2, 3)},
    **{f"_upsample_nearest_exact{n}d": resize("nearest") for n in (1, 2, 3)},
    **dict.fromkeys(("upsample_linear1d", "upsample_bilinear2d", "upsample_trilinear3d"), resize("linear")),
    **dict.fromkeys(("_upsample_bilinear2d_aa",), resize("linear")),
    **dict.fromkeys(("upsample_bicubic2d", "_upsample_bicubic2d_aa"), resize("cubic")),
}
