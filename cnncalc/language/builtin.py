"""Blocks that come with the tool.

`attention` is that of Vaswani et al. 2017 over the positions of a map or the tokens of a sequence: with d channels and
n positions 4 d^2 weights, and 4 d^2 n + 2 d n^2 MACs, whatever the heads. The division by the root of a head's size is
in no count. A block of the same name in a spec takes the place of one of these.
"""

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
    "attention": """
attention(heads=1, dim=$in.channels, bias=true):
  - {reshape: [$in.channels, 0], as: tokens}
  - {pointwise: {out: $dim, bias: $bias, norm: none, act: none}, as: query}
  - {pointwise: {out: $dim, bias: $bias, norm: none, act: none}, from: tokens, as: key}
  - {pointwise: {out: $dim, bias: $bias, norm: none, act: none}, from: tokens, as: value}
  - matmul:
      keys: [{reshape: [$heads, $dim / $heads, 0], from: key}, {permute: [0, 2, 1]}]
      queries: [{reshape: [$heads, $dim / $heads, 0], from: query}]
  - {softmax: height, as: weights}
  - matmul:
      values: [{reshape: [$heads, $dim / $heads, 0], from: value}]
      weights: prev
  - reshape: [$dim, $in.size]
  - {pointwise: {out: $in.channels, bias: $bias, norm: none, act: none}, as: project}
""",
}
"""Name -> the block as a spec would define it; a spec's `defaults` hold inside it."""
