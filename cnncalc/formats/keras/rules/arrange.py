"""What moves elements: padding, cropping, enlarging, other shapes and orders."""

from __future__ import annotations

from ....dims import product
from ..read import Reader, Refused
from .base import Rule, plain


def sides(reader: Reader, tensor: str, name: str) -> list[list[int]]:
    """Two numbers for each axis of the map."""
    value, axes = reader.config[name], len(reader.shape(tensor)) - 1
    value = [value] * axes if isinstance(value, int) else value
    if axes == 1 and all(isinstance(n, int) for n in value) and len(value) == 2:
        value = [value]
    return [[n, n] if isinstance(n, int) else list(n) for n in value]


def zero_padding(reader: Reader, tensor: str) -> str:
    """Zeros around the map."""
    return reader.add("pad", {"padding": sides(reader, tensor, "padding")}, tensor)


def cropping(reader: Reader, tensor: str) -> str:
    """What remains of the map."""
    cut = sides(reader, tensor, "cropping")
    sizes = reader.shape(tensor)[1:]
    size = [n - before - after for n, (before, after) in zip(sizes, cut, strict=True)]
    return reader.add("crop", {"size": size, "offset": [before for before, _ in cut]}, tensor)


def upsampling(reader: Reader, tensor: str) -> str:
    """A larger map."""
    mode = reader.config.get("interpolation", "nearest")
    return reader.add("upsample", {"scale": reader.config["size"], "mode": mode}, tensor)


def reshape(reader: Reader, tensor: str) -> str:
    """The elements in the order of Keras, which goes through the channels first."""
    shape = reader.shape(tensor)
    wanted = list(reader.config["target_shape"] if "target_shape" in reader.config else _of_an_image(reader))
    if -1 in wanted:
        wanted[wanted.index(-1)] = product(shape) // max(product([n for n in wanted if n != -1]), 1)
    if reader.channels_first:
        return reader.add("reshape", {"shape": wanted}, tensor)
    if wanted[-1] == shape[0]:
        return reader.add("reshape", {"shape": [wanted[-1], *wanted[:-1]]}, tensor)
    if len(shape) > 1:
        tensor = reader.add("permute", {"order": [*range(1, len(shape)), 0]}, tensor, part="channels_last")
    tensor = reader.add("reshape", {"shape": wanted}, tensor)
    if len(wanted) == 1:
        return tensor
    order = [len(wanted) - 1, *range(len(wanted) - 1)]
    return reader.add("permute", {"order": order}, tensor, part="channels_first")


def _of_an_image(reader: Reader) -> list[int]:
    """The sizes that an operator names behind the number of images."""
    images, *wanted = reader.config["newshape"]
    if images not in (-1, None) or not wanted:
        raise Refused(f"`newshape: {reader.config['newshape']}` does not begin with the images")
    return [int(size) for size in wanted]


def permute(reader: Reader, tensor: str) -> str:
    """The axes in another order."""
    old = reader.config["dims"]
    if reader.channels_first:
        return reader.add("permute", {"order": [axis - 1 for axis in old]}, tensor)
    order = [old[(axis - 1) % len(old)] % len(old) for axis in range(len(old))]
    return reader.add("permute", {"order": order}, tensor)


def repeated(reader: Reader, tensor: str) -> str:
    """A vector as often as it is asked for: a sequence of its copies."""
    if len(reader.shape(tensor)) != 1:
        raise Refused("only a vector is repeated")
    once = reader.add("reshape", {"shape": [reader.shape(tensor)[0], 1]}, tensor, part="sequence")
    return reader.add("upsample", {"scale": reader.config["n"]}, once)


RULES: dict[str, Rule] = {
    **{f"ZeroPadding{n}D": zero_padding for n in (1, 2, 3)},
    **{f"Cropping{n}D": cropping for n in (1, 2, 3)},
    **{f"UpSampling{n}D": upsampling for n in (1, 2, 3)},
    "Flatten": plain("flatten"),
    "Reshape": reshape,
    "Permute": permute,
    "RepeatVector": repeated,
}
