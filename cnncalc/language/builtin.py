"""Blocks that come with the tool. A block of the same name in a spec takes the place of one of these."""

from __future__ import annotations

BUILTIN = {
    "separable": """
separable(out, kernel=3, stride=1, padding=half, dilation=1, multiplier=1):
  - depthwise: {kernel: $kernel, stride: $stride, padding: $padding, dilation: $dilation, multiplier: $multiplier}
  - pointwise: $out
""",
    "bottleneck": """
bottleneck(out, ratio=4, kernel=3, stride=1, padding=half, groups=1):
  - add:
      main:
        - pointwise: $out // $ratio
        - conv: {out: $out // $ratio, kernel: $kernel, stride: $stride, padding: $padding, groups: $groups}
        - pointwise: {out: $out, act: none}
      shortcut:
        - {pointwise: {out: $out, stride: $stride, act: none}, when: $stride != 1 or $in.channels != $out}
  - relu
""",
}
"""Name -> the block as a spec would define it; a spec's `defaults` hold inside it."""
