"""The classes that a file of code has where PyTorch has none: name -> text."""

from __future__ import annotations

HELPERS = {
    "Scale": '''
class Scale(nn.Module):
    """Multiplies by learned numbers."""

    def __init__(self, shape, axes=0):
        super().__init__()
        self.axes = axes
        self.weight = nn.Parameter(torch.ones(shape))

    def forward(self, x):
        return x * self.weight.reshape(*self.weight.shape, *(1,) * self.axes)
''',
    "Bias": '''
class Bias(nn.Module):
    """Adds learned numbers."""

    def __init__(self, shape, axes=0):
        super().__init__()
        self.axes = axes
        self.bias = nn.Parameter(torch.zeros(shape))

    def forward(self, x):
        return x + self.bias.reshape(*self.bias.shape, *(1,) * self.axes)
''',
    "ElementPReLU": '''
class ElementPReLU(nn.Module):
    """x for x > 0, else a learned slope of its own times x."""

    def __init__(self, shape):
        super().__init__()
        self.weight = nn.Parameter(torch.full(shape, 0.25))

    def forward(self, x):
        return torch.where(x > 0, x, self.weight * x)
''',
    "Learned": '''
class Learned(nn.Module):
    """A learned tensor, for each image of a batch the same."""

    def __init__(self, shape, fixed=False):
        super().__init__()
        if fixed:
            self.register_buffer("value", torch.ones(shape))
        else:
            self.weight = nn.Parameter(torch.ones(shape))

    def forward(self, x):
        numbers = self.weight if hasattr(self, "weight") else self.value
        return numbers.expand(len(x), *numbers.shape)
''',
    "HalfBatchNorm": '''
class HalfBatchNorm(nn.Module):
    """A batch norm that learns no scale (`weight`), or no shift (`bias`)."""

    def __init__(self, channels, without, eps=1e-5):
        super().__init__()
        self.eps = eps
        self.weight = nn.Parameter(torch.ones(channels)) if without == "bias" else None
        self.bias = nn.Parameter(torch.zeros(channels)) if without == "weight" else None
        self.register_buffer("running_mean", torch.zeros(channels))
        self.register_buffer("running_var", torch.ones(channels))

    def forward(self, x):
        learned = self.weight, self.bias
        return F.batch_norm(x, self.running_mean, self.running_var, *learned, self.training, 0.1, self.eps)
''',
    "HalfInstanceNorm": '''
class HalfInstanceNorm(nn.Module):
    """An instance norm that learns no scale (`weight`), or no shift (`bias`)."""

    def __init__(self, channels, without, eps=1e-5):
        super().__init__()
        self.eps = eps
        self.weight = nn.Parameter(torch.ones(channels)) if without == "bias" else None
        self.bias = nn.Parameter(torch.zeros(channels)) if without == "weight" else None

    def forward(self, x):
        return F.instance_norm(x, weight=self.weight, bias=self.bias, eps=self.eps)
''',
    "HalfGroupNorm": '''
class HalfGroupNorm(nn.GroupNorm):
    """A group norm that learns no scale (`weight`), or no shift (`bias`)."""

    def __init__(self, groups, channels, without, **how):
        super().__init__(groups, channels, **how)
        self.register_parameter(without, None)
''',
    "HalfLayerNorm": '''
class HalfLayerNorm(nn.LayerNorm):
    """A layer norm that learns no scale."""

    def __init__(self, shape, **how):
        super().__init__(shape, **how)
        self.register_parameter("weight", None)
''',
    "AxisLayerNorm": '''
class AxisLayerNorm(nn.LayerNorm):
    """A layer norm over one axis, the channels of each position if no other is said."""

    def __init__(self, size, axis=1, **how):
        super().__init__(size, **how)
        self.axis = axis

    def forward(self, x):
        return super().forward(x.movedim(self.axis, -1)).movedim(-1, self.axis)
''',
    "HalfAxisLayerNorm": '''
class HalfAxisLayerNorm(AxisLayerNorm):
    """A layer norm over one axis that learns no scale."""

    def __init__(self, size, axis=1, **how):
        super().__init__(size, axis, **how)
        self.register_parameter("weight", None)
''',
    "AxisRMSNorm": '''
class AxisRMSNorm(nn.RMSNorm):
    """A root mean square norm over one axis, the channels of each position if no other is said."""

    def __init__(self, size, axis=1, **how):
        super().__init__(size, **how)
        self.axis = axis

    def forward(self, x):
        return super().forward(x.movedim(self.axis, -1)).movedim(-1, self.axis)
''',
    "GlobalResponseNorm": '''
class GlobalResponseNorm(nn.Module):
    """Weighs each channel by its length over the map among the lengths of all."""

    def __init__(self, channels, eps=1e-6):
        super().__init__()
        self.eps = eps
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))

    def forward(self, x):
        rest = (1,) * (x.dim() - 2)
        length = x.flatten(2).norm(dim=2).reshape(*x.shape[:2], *rest)
        share = length / (length.mean(1, keepdim=True) + self.eps)
        return x + self.weight.reshape(-1, *rest) * x * share + self.bias.reshape(-1, *rest)
''',
    "ConnectedConv": '''
class ConnectedConv(nn.Module):
    """A convolution whose output channels each read the input channels of a table; run as a dense one with zeros."""

    def __init__(self, channels, connections, kernel, stride=1, padding=0, dilation=1, bias=True):
        super().__init__()
        self.channels, self.connections, self.kernel = channels, connections, kernel
        self.sliding = {"stride": stride, "padding": padding, "dilation": dilation}
        self.weight = nn.Parameter(torch.empty(sum(map(len, connections)), *kernel).normal_(0, 0.1))
        self.bias = nn.Parameter(torch.zeros(len(connections))) if bias else None

    def forward(self, x):
        rows = [row for row, channels in enumerate(self.connections) for _ in channels]
        columns = [channel for channels in self.connections for channel in channels]
        dense = x.new_zeros(len(self.connections), self.channels, *self.kernel)
        dense[rows, columns] = self.weight
        convolve = (F.conv1d, F.conv2d, F.conv3d)[len(self.kernel) - 1]
        return convolve(x, dense, self.bias, **self.sliding)
''',
    "DeformConv": '''
class DeformConv(nn.Module):
    """A convolution whose taps lie where `offsets` say, and weigh what `mask` says (torchvision.ops.DeformConv2d)."""

    def __init__(
        self, channels, out, kernel, stride=1, padding=0, dilation=1, groups=1, offset_groups=1, bias=True
    ):
        super().__init__()
        each = [n if isinstance(n, tuple) else (n,) * len(kernel) for n in (stride, padding, dilation)]
        self.sliding, self.kernel, self.groups, self.offset_groups = list(zip(*each)), kernel, groups, offset_groups
        self.weight = nn.Parameter(torch.empty(out, channels // groups, *kernel).normal_(0, 0.1))
        self.bias = nn.Parameter(torch.zeros(out)) if bias else None

    def forward(self, x, offsets, mask=None):
        n, taps, axes, sizes = len(x), numpy.prod(self.kernel), len(self.kernel), offsets.shape[2:]
        offsets = offsets.unflatten(1, (self.offset_groups, taps, axes))
        read = []
        for tap, place in enumerate(numpy.ndindex(*self.kernel)):
            at = []
            for axis, (stride, padding, dilation) in enumerate(self.sliding):
                starts = torch.arange(sizes[axis], device=x.device) * stride - padding + place[axis] * dilation
                starts = starts.reshape([-1 if other == axis else 1 for other in range(axes)])
                at.insert(0, (2 * (offsets[:, :, tap, axis] + starts) + 1) / x.shape[2 + axis] - 1)
            grid = torch.stack(at, -1).flatten(0, 1)
            parts = x.unflatten(1, (self.offset_groups, -1)).flatten(0, 1)
            values = F.grid_sample(parts, grid, align_corners=False).unflatten(0, (n, -1))
            if mask is not None:
                values = values * mask.unflatten(1, (self.offset_groups, 1, taps))[:, :, :, tap]
            read.append(values.flatten(1, 2))
        columns = torch.stack(read, 2).flatten(3).unflatten(1, (self.groups, -1)).flatten(2, 3)
        matrix = self.weight.reshape(self.groups, -1, columns.shape[2])
        out = (matrix @ columns).reshape(n, -1, *sizes)
        return out if self.bias is None else out + self.bias.reshape(-1, *(1,) * axes)
''',
    "resize_asymmetric": '''
def resize_asymmetric(x, sizes, mode):
    """Interpolated along each axis, where the place of output j of m is j * n / m (ONNX)."""
    for axis, out in enumerate(sizes, start=2):
        size = x.shape[axis]
        at = torch.arange(out, dtype=torch.float64) * size / out
        table = torch.zeros(size, out, dtype=torch.float64)
        for tap in (0, 1) if mode == "bilinear" else (-1, 0, 1, 2):
            place = at.floor() + tap
            d = (at - place).abs()
            near, far = (1.25 * d - 2.25) * d * d + 1, ((-0.75 * d + 3.75) * d - 6) * d + 3
            weight = 1 - d if mode == "bilinear" else torch.where(d <= 1, near, far)
            table.index_put_((place.clamp(0, size - 1).long(), torch.arange(out)), weight, accumulate=True)
        x = (x.movedim(axis, -1) @ table.to(x)).movedim(-1, axis)
    return x
''',
    "roi_align": '''
def roi_align(x, boxes, size, scale, samples=0, aligned=False):
    """Each box of each image, its channels x1, y1, x2 and y2, as a small map (torchvision.ops.roi_align)."""

    def along(low, high, parts, n):
        length = high - low if aligned else max(high - low, 1.0)
        count = samples or max(-int(-length // parts), 1)
        at = low + (torch.arange(parts)[:, None] + (torch.arange(count) + 0.5) / count) * length / parts
        inside = (at >= -1) & (at <= n)
        return (2 * at.clamp(0, n - 1).flatten() + 1) / n - 1, inside.flatten().to(x.dtype), count

    images = []
    for image, own in zip(x, boxes):
        found = []
        for x1, y1, x2, y2 in (own.T * scale - (0.5 if aligned else 0.0)).tolist():
            v, down, rows = along(y1, y2, size[0], x.shape[2])
            u, across, columns = along(x1, x2, size[1], x.shape[3])
            grid = torch.stack(torch.meshgrid(v, u, indexing="ij")[::-1], -1)[None].to(x)
            read = F.grid_sample(image[None], grid, align_corners=False)[0] * down[:, None] * across
            found.append(F.avg_pool2d(read, (rows, columns)))
        images.append(torch.stack(found, 1))
    return torch.stack(images)
''',
}
