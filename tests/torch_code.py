"""PyTorch code for which a spec has no word of its own: attention, recurrent layers, functions and operators as they are called."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812  # as code has it
from torch import Tensor, nn


class Code(nn.Module):  # type: ignore[misc]
    """A parameter, which calflops asks for its device."""

    def __init__(self, **layers: nn.Module) -> None:
        super().__init__()
        self.parameter = nn.Parameter(torch.zeros(1))
        for name, layer in layers.items():
            self.add_module(name, layer)


class Alone(Code):
    """One layer."""

    def __init__(self, layer: nn.Module) -> None:
        super().__init__(layer=layer)

    def forward(self, x: Tensor) -> Tensor:
        """The layer."""
        return self.layer(x)


class Recurrent(Code):
    """A recurrent layer on rows, and a linear one on what it has at the end."""

    def forward(self, x: Tensor) -> Tensor:
        """The last row."""
        return self.head(self.along(x)[0][:, -1])


class Attention(Code):
    """`nn.MultiheadAttention` on one tensor."""

    def forward(self, x: Tensor) -> Tensor:
        """Without the weights, or with them where they are asked for."""
        return self.attention(x, x, x, need_weights=False)[0]


class Weighed(Code):
    """The same with the weights, as it is called by default."""

    def forward(self, x: Tensor) -> Tensor:
        """What it makes, without them."""
        return self.attention(x, x, x)[0]


class Crossed(Code):
    """Other queries than keys and values."""

    def forward(self, x: Tensor) -> Tensor:
        """Five queries on six keys."""
        return self.attention(self.query(x)[:, :5], x, x, need_weights=False)[0]


class Products(Code):
    """Attention of one head by some way to multiply."""

    def __init__(self) -> None:
        super().__init__(qkv=nn.Linear(16, 48), out=nn.Linear(16, 16))

    def forward(self, x: Tensor) -> Tensor:
        """Queries on keys, and that on values."""
        query, key, value = self.qkv(x).chunk(3, -1)
        return self.out(self.made(query, key, value))


class Fused(Products):
    """By the function that does it all."""

    def made(self, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        """Four heads."""
        query, key, value = (one.reshape(1, 6, 4, 4).transpose(1, 2) for one in (query, key, value))
        return F.scaled_dot_product_attention(query, key, value).transpose(1, 2).reshape(1, 6, 16)


class Bmm(Products):
    """By `torch.bmm`."""

    def made(self, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        """One head."""
        return torch.bmm(F.softmax(torch.bmm(query, key.transpose(1, 2)) / 4, -1), value)


class Einsum(Products):
    """By `torch.einsum`."""

    def made(self, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        """One head."""
        weights = torch.softmax(torch.einsum("bid,bjd->bij", query, key) / 4, -1)
        return torch.einsum("bij,bjd->bid", weights, value)


class At(Products):
    """By `@`, in `forward` itself: the trace has no other lines, and elsewhere `@` is taken for `.matmul(`."""

    def forward(self, x: Tensor) -> Tensor:
        """One head."""
        query, key, value = self.qkv(x).chunk(3, -1)
        weights = ((query @ key.transpose(1, 2)) * 0.25).softmax(-1)
        return self.out(weights @ value)


class Matmul(Products):
    """By `torch.matmul`."""

    def made(self, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        """One head."""
        return torch.matmul(torch.matmul(query, key.transpose(1, 2)).softmax(-1), value)


class Learned(Code):
    """A function with learned numbers that no layer has."""

    def __init__(self, function: Callable[[Tensor, Tensor], Tensor], *shape: int) -> None:
        super().__init__()
        self.function, self.numbers = function, nn.Parameter(torch.zeros(shape))

    def forward(self, x: Tensor) -> Tensor:
        """The function."""
        return self.function(x, self.numbers)


class Function(Code):
    """A function without learned numbers."""

    def __init__(self, function: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: Tensor) -> Tensor:
        """The function."""
        return self.function(x)


def recurrent(layer: Any, **how: Any) -> Recurrent:
    """16 features in, 32 of the state."""
    ways = 2 if how.get("bidirectional") else 1
    return Recurrent(along=layer(16, 32, batch_first=True, **how), head=nn.Linear(32 * ways, 5))


def heads(bias: bool = True) -> nn.MultiheadAttention:
    """Four of them."""
    return nn.MultiheadAttention(16, 4, batch_first=True, bias=bias)


CODE: Mapping[str, Callable[[], Any]] = {
    "LSTM": lambda: recurrent(nn.LSTM),
    "LSTM both ways": lambda: recurrent(nn.LSTM, bidirectional=True),
    "LSTM of two layers": lambda: recurrent(nn.LSTM, num_layers=2),
    "LSTM without biases": lambda: recurrent(nn.LSTM, bias=False),
    "GRU": lambda: recurrent(nn.GRU),
    "GRU of two layers both ways": lambda: recurrent(nn.GRU, num_layers=2, bidirectional=True),
    "RNN": lambda: recurrent(nn.RNN),
    "MultiheadAttention": lambda: Attention(attention=heads()),
    "MultiheadAttention with weights": lambda: Weighed(attention=heads()),
    "MultiheadAttention without biases": lambda: Attention(attention=heads(bias=False)),
    "MultiheadAttention on others": lambda: Crossed(attention=heads(), query=nn.Linear(16, 16)),
    "scaled_dot_product_attention": Fused,
    "attention by bmm": Bmm,
    "attention by einsum": Einsum,
    "attention by @": At,
    "attention by matmul": Matmul,
    "F.conv2d same": lambda: Learned(lambda x, weight: F.conv2d(x, weight, padding="same"), 8, 4, 3, 3),
    "F.conv2d same even": lambda: Learned(lambda x, weight: F.conv2d(x, weight, padding="same"), 8, 4, 4, 4),
    "Conv2d valid": lambda: Alone(nn.Conv2d(4, 8, 3, padding="valid")),
    "F.conv_transpose2d": lambda: Learned(lambda x, weight: F.conv_transpose2d(x, weight, stride=2), 4, 6, 2, 2),
    "ConvTranspose2d with output_padding": lambda: Alone(nn.ConvTranspose2d(4, 6, 3, 2, 1, output_padding=1)),
    "ConvTranspose2d dilated": lambda: Alone(nn.ConvTranspose2d(4, 6, 3, 2, dilation=2)),
    "Linear on rows": lambda: Alone(nn.Linear(16, 8)),
    "F.linear": lambda: Learned(lambda x, weight: F.linear(x, weight), 8, 16),  # noqa: PLW0108
    "einsum with a weight": lambda: Learned(lambda x, weight: torch.einsum("bnc,dc->bnd", x, weight), 8, 16),
    "LayerNorm on rows": lambda: Alone(nn.LayerNorm(16)),
    "F.layer_norm": lambda: Function(lambda x: F.layer_norm(x, (16,))),
    "InstanceNorm2d with statistics": lambda: Alone(nn.InstanceNorm2d(4, affine=True, track_running_stats=True)),
    "GroupNorm plain": lambda: Alone(nn.GroupNorm(2, 4, affine=False)),
    "F.interpolate": lambda: Function(lambda x: F.interpolate(x, scale_factor=2)),
    "F.interpolate to a size": lambda: Function(lambda x: F.interpolate(x, size=(15, 17), mode="bilinear")),
    "UpsamplingNearest2d": lambda: Alone(nn.UpsamplingNearest2d(scale_factor=2)),
    "UpsamplingBilinear2d": lambda: Alone(nn.UpsamplingBilinear2d(scale_factor=2)),
    "PReLU of one number": lambda: Alone(nn.PReLU()),
    "F.hardswish": lambda: Function(lambda x: F.hardswish(x)),  # noqa: PLW0108
    "F.adaptive_avg_pool2d": lambda: Function(lambda x: F.adaptive_avg_pool2d(x, 1)),
    "AdaptiveAvgPool2d to another shape": lambda: Alone(nn.AdaptiveAvgPool2d((2, 3))),
    "F.grid_sample": lambda: Function(
        lambda x: F.grid_sample(x, x[:, :2].permute(0, 2, 3, 1), align_corners=False)
    ),
}  # fmt: skip
"""The rows of tests/data/counting_code.csv; a function is looked up when it is called, as a tool replaces it."""
