"""Write a detector of torchvision as an ONNX file, and what PyTorch counts of it as JSON.

    python tests/detectors.py NAME FILE

The operators that torchvision has in C++ are written here in Python: its own may not load beside a PyTorch without CUDA,
and an export needs no more than that they are there.
"""

from __future__ import annotations

import json
import sys
import warnings
from typing import Any

import torch

warnings.filterwarnings("ignore")
OPERATORS = torch.library.Library("torchvision", "FRAGMENT")


def nms(boxes: Any, scores: Any, most: float) -> Any:
    """The boxes that overlap none of a higher score by more."""
    kept, order = [], scores.argsort(descending=True)
    areas = (boxes[:, 2:] - boxes[:, :2]).prod(1)
    while order.numel():
        best, order = order[0], order[1:]
        kept.append(best)
        low, high = torch.maximum(boxes[best, :2], boxes[order, :2]), torch.minimum(boxes[best, 2:], boxes[order, 2:])
        shared = (high - low).clamp(min=0).prod(1)
        order = order[shared <= most * (areas[best] + areas[order] - shared)]
    return torch.stack(kept) if kept else torch.zeros(0, dtype=torch.long)


def roi_align(x: Any, boxes: Any, scale: float, height: int, width: int, samples: int, aligned: bool) -> Any:
    """Maps of the right size, and of no values: which boxes are kept does not hang on them."""
    return x.new_zeros(boxes.shape[0], x.shape[1], height, width)


def defined() -> Any:
    """Torchvision, with these operators where it has none."""
    if not hasattr(torch.ops.torchvision, "nms"):
        OPERATORS.define("nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        OPERATORS.define("qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        OPERATORS.impl("nms", nms, "CPU")
        OPERATORS.define(
            "roi_align(Tensor input, Tensor rois, float spatial_scale, SymInt pooled_height, SymInt pooled_width, "
            "int sampling_ratio, bool aligned) -> Tensor"
        )
        OPERATORS.impl("roi_align", roi_align, "CPU")
    import torchvision

    for name, module in [*sys.modules.items()]:
        if name.startswith("torchvision.ops") and hasattr(module, "_assert_has_ops"):
            module._assert_has_ops = _there  # type: ignore[attr-defined]
        if name.startswith("torchvision.ops") and hasattr(module, "_has_ops"):
            module._has_ops = lambda: True  # type: ignore[attr-defined]
    return torchvision


def _there() -> None:
    return None


def main() -> None:
    """Export, and count."""
    name, path = sys.argv[1:]
    torch.manual_seed(0)
    torch.set_num_threads(1)
    model = defined().models.get_model(name, weights=None, weights_backbone=None).eval()

    class Whole(torch.nn.Module):  # type: ignore[misc,name-defined]
        """One image in, all that is found in it out."""

        def __init__(self) -> None:
            super().__init__()
            self.m = model

        def forward(self, x: Any) -> Any:
            return tuple(self.m([x[0]])[0].values())

    from torch.utils.flop_counter import FlopCounterMode

    image, boxes = torch.rand(1, 3, 320, 320), [0]
    torch.onnx.export(Whole().eval(), (image,), path, opset_version=17, dynamo=False, input_names=["input"])
    if hasattr(model, "roi_heads"):
        model.roi_heads.box_head.register_forward_hook(lambda module, given, made: boxes.append(len(made)))
    with FlopCounterMode(display=False) as flops, torch.no_grad():
        model([image[0]])
    import onnx

    file = onnx.load(path, load_external_data=False)
    readers = [one for one in file.graph.node if "/box_head/" in one.name and one.op_type == "Flatten"]
    second = sum(flops.get_flop_counts().get(f"{type(model).__name__}.roi_heads", {}).values()) // 2
    found = {
        "params": sum(one.numel() for one in model.parameters()),
        "macs": flops.get_total_flops() // 2,
        "before": flops.get_total_flops() // 2 - second,
        "boxes": boxes[-1],
        "pooled": readers[0].input[0] if readers else "",
    }
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
