"""What a convolution can be written as, and what that costs: closed forms beside the layers themselves.

For C input and N output channels, a window of f taps (f = kh * kw) and maps of equal size, as a share of the
dense layer's C * N * f MACs a position:

    separable     depthwise, then pointwise           1/N + 1/f
    bottleneck    1x1 to m = floor(C / ratio), k x k  m/(N f) + m/C
      residual    1x1 to m, k x k on m, 1x1 to N      m/(N f) + m^2/(C N) + m/(C f)
    grouped       G groups of channels                1/G
    stacked       (k - 1)/2 windows of 3x3            9/f + 9 N/(C f) + ...
    factored      k x 1, then 1 x k                   k/f + k N/(C f)
    dense         depthwise and pointwise as one      1 / (1/N + 1/f)

Shape and receptive field stay. So a stack of 3x3 has its stride on the last (a stride on the first would
see more of the input), and `factored` each axis's stride on that axis's window. What runs on the larger map
costs more by the ratio of the maps, which is in the terms. Up to three input channels (an image's planes)
are neither separated nor reduced, as in MobileNet.
"""

from __future__ import annotations

from fractions import Fraction

from ..dims import product
from ..layers import Layer
from ..layers.conv import Conv, Convolution, Depthwise, Pointwise
from ..layers.fields import Pad
from ..layers.sliding import slide
from .rewrite import Form, Impossible, Options, Part, Plan
from .sites import Site, dense_sites, separable_sites

IMAGE_PLANES = 3
NO_PAD: Pad = (0, 0)
NUMBERS = {2: "two", 3: "three", 4: "four", 5: "five"}


# --- what instead ---


def separable(site: Site, options: Options) -> Plan:
    """Depthwise with the window, stride, padding and dilation of the layer, then pointwise."""
    layer, channels = _conv(site), _channels(site)
    if channels <= IMAGE_PLANES:
        raise Impossible(f"{_count(channels)}: an image is not separated")
    depthwise = Depthwise(
        kernel=layer.kernel,
        stride=layer.stride,
        padding=layer.padding,
        dilation=layer.dilation,
        multiplier=1,
        bias=layer.bias,
        bits=layer.bits,
    )
    terms = (Fraction(1, layer.out), Fraction(1, product(layer.kernel)))
    return Plan((Part("depthwise", depthwise), Part("pointwise", _pointwise(layer, layer.out))), "separable", terms)


def bottleneck(site: Site, options: Options) -> Plan:
    """Fewer channels by a 1x1, then the window; `residual`: the window on the few, then a 1x1 to all."""
    layer, channels = _conv(site), _channels(site)
    few = channels // options.ratio
    if channels <= IMAGE_PLANES or few < 1:
        raise Impossible(f"{_count(channels)} cannot be reduced by {options.ratio}")
    reduce = Part("reduce", _pointwise(layer, few))
    first = Fraction(few, layer.out * product(layer.kernel)) * _shrinking(site)
    window, size = _times(layer.kernel), f"{channels}->{few}"
    if not options.residual:
        pair = (first, Fraction(few, channels))
        return Plan((reduce, Part("conv", layer)), f"1x1 {size}, {window} {few}->{layer.out}", pair)
    terms = (
        first,
        Fraction(few * few, channels * layer.out),
        Fraction(few, channels * product(layer.kernel)),
    )
    parts = (reduce, Part("conv", _like(layer, out=few)), Part("expand", _pointwise(layer, layer.out)))
    return Plan(parts, f"1x1 {size}, {window} {few}->{few}, 1x1 {few}->{layer.out}", terms)


def grouped(site: Site, options: Options) -> Plan:
    """The channels in groups that are convolved apart."""
    layer, groups = _conv(site), options.groups
    for count, what in ((_channels(site), "input"), (layer.out, "output")):
        if count % groups:
            raise Impossible(f"{groups} groups do not divide its {count} {what} channels")
    part = Part("grouped", _like(layer, groups=groups))
    return Plan((part,), f"{groups} groups", (Fraction(1, groups),))


def stacked(site: Site, options: Options) -> Plan:
    """Windows of 3 that together see as much; the stride on the last."""
    layer, channels = _conv(site), _channels(site)
    k = layer.kernel[0]
    if all(n == 3 for n in layer.kernel):
        raise Impossible(f"a window of {_times(layer.kernel)} is the smallest already")
    if any(n != k for n in layer.kernel) or k < 5 or k % 2 == 0:
        raise Impossible(f"a window of {_times(layer.kernel)} is no stack of {_times((3,) * len(layer.kernel))}")
    count, axes = (k - 1) // 2, len(layer.kernel)
    sizes, grid = list(site.place.incoming[0][1:]), product(site.place.output[1:])
    pads = [_shares(layer, axis, n, count) for axis, n in enumerate(sizes)]
    parts, terms = [], []
    for place in range(count):
        stride = layer.stride if place == count - 1 else (1,) * axes
        window = _like(layer, kernel=(3,) * axes, stride=stride, padding=tuple(pad[place] for pad in pads))
        sizes = [
            slide(n, 3, s, d, p).steps for n, s, d, p in zip(sizes, stride, layer.dilation, window.padding, strict=True)
        ]
        parts.append(Part(f"{_times(window.kernel)}_{place + 1}", window))
        work = Fraction(product(window.kernel), product(layer.kernel)) * Fraction(product(sizes), grid)
        terms.append(work * Fraction(layer.out, channels) if place else work)
    return Plan(tuple(parts), f"{NUMBERS.get(count, count)} {_times((3,) * axes)}", tuple(terms))


def factored(site: Site, options: Options) -> Plan:
    """A window for each axis."""
    layer, channels = _conv(site), _channels(site)
    long = [axis for axis, k in enumerate(layer.kernel) if k > 1]
    if len(long) < 2:
        raise Impossible(f"a window of {_times(layer.kernel)} has one axis only")
    parts, terms = [], []
    sizes, grid = list(site.place.incoming[0][1:]), product(site.place.output[1:])
    for place, axis in enumerate(long):
        own = {axis} if place else set(range(len(layer.kernel))) - set(long[1:])
        window = _like(
            layer,
            kernel=tuple(k if a == axis else 1 for a, k in enumerate(layer.kernel)),
            stride=tuple(s if a in own else 1 for a, s in enumerate(layer.stride)),
            padding=tuple(p if a in own else NO_PAD for a, p in enumerate(layer.padding)),
            dilation=tuple(d if a in own else 1 for a, d in enumerate(layer.dilation)),
        )
        for a in own:
            sizes[a] = site.place.output[1 + a]
        parts.append(Part(_times(window.kernel), window))
        work = Fraction(layer.kernel[axis], product(layer.kernel)) * Fraction(product(sizes), grid)
        terms.append(work * Fraction(layer.out, channels) if place else work)
    return Plan(tuple(parts), ", ".join(part.name for part in parts), tuple(terms))


def dense(site: Site, options: Options) -> Plan:
    """One convolution for a depthwise and a pointwise one; the norm and the activation between them go."""
    depthwise, pointwise = site.nodes[0], site.place
    window, mixing = depthwise.layer, pointwise.layer
    if not isinstance(window, Convolution) or not isinstance(mixing, Convolution):
        raise Impossible("it is no pair of convolutions")
    channels, filters = depthwise.incoming[0][0], pointwise.output[0]
    conv = Conv(
        out=filters,
        kernel=window.taps(),
        stride=window.stride,
        padding=window.padding,
        dilation=window.spread(),
        groups=1,
        bias=mixing.bias,
        bits=mixing.bits,
        connections=None,
    )
    many = Fraction(depthwise.output[0], channels)
    terms = (many / filters, many / product(conv.kernel))
    return Plan((Part("conv", conv),), f"dense {_times(conv.kernel)} {channels}->{filters}", terms, inverse=True)


FORMS = {
    form.name: form
    for form in (
        Form("bottleneck", "convolutions behind a 1x1 bottleneck", dense_sites, bottleneck),
        Form("separable", "convolutions made depthwise separable", dense_sites, separable),
        Form("grouped", "convolutions made grouped", dense_sites, grouped),
        Form("stacked", "large windows made stacks of 3x3", dense_sites, stacked),
        Form("factored", "windows made one of each axis", dense_sites, factored),
        Form("dense", "separable convolutions made dense", separable_sites, dense),
    )
}


# --- small words ---


def _conv(site: Site) -> Conv:
    layer = site.place.layer
    if not isinstance(layer, Conv):
        raise Impossible("it is no convolution")
    return layer


def _channels(site: Site) -> int:
    return int(site.nodes[0].incoming[0][0])


def _shrinking(site: Site) -> Fraction:
    """Positions of the map that comes in for each of the map that goes out."""
    return Fraction(product(site.place.incoming[0][1:]), product(site.place.output[1:]))


def _like(layer: Conv, **changes: object) -> Conv:
    return Conv(**{**vars(layer), **changes})


def _pointwise(layer: Conv, out: int) -> Layer:
    padding = (NO_PAD,) * len(layer.padding)
    one = (1,) * len(padding)
    return Pointwise(out=out, stride=one, padding=padding, groups=1, bias=layer.bias, bits=layer.bits)


def _shares(layer: Conv, axis: int, n: int, count: int) -> list[Pad]:
    """The padding of one axis, shared out among the windows of a stack."""
    pad = layer.padding[axis]
    if isinstance(pad, str) and (pad != "same" or layer.stride[axis] == 1):
        return [pad] * count
    slid = slide(n, layer.kernel[axis], layer.stride[axis], layer.dilation[axis], pad)
    return list(zip(_shared(slid.window.before, count), _shared(slid.after, count), strict=True))


def _shared(total: int, count: int) -> list[int]:
    return [total // count + (place < total % count) for place in range(count)]


def _times(sizes: tuple[int, ...]) -> str:
    return "x".join(map(str, sizes)) if len(sizes) > 1 else str(sizes[0])


def _count(channels: int) -> str:
    return f"its {channels} input channel{'s' if channels != 1 else ''}"
