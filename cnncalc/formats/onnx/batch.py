"""Models that are written for several images at a time: a shape in the file is for all of them, a network for one.

    Reshape of 4 x 16 x 8 x 8 to 4 x 1024           of one image to 1 x 1024
    Reshape of 50 x 4 x 64 to 50 x 32 x 8           four images and eight heads in one axis: to 50 x 8 x 8

Where the images lie in a tensor is followed: the axis, and how many entries of it belong to one step from
image to image.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from ...dims import Dim, is_symbolic
from .values import Held


class Mixed(Exception):
    """The images cannot be told apart in what a file asks for."""


def for_one(value: Held, asked: Sequence[Dim], images: int) -> tuple[tuple[Dim, ...], tuple[int, int] | None]:
    """What a tensor of one image is to be cut into, where the file cuts those of several.

    `asked` has a -1 at most, and no zeros. Returns the sizes, and where the images lie in them. Raises Mixed.
    """
    lies = value.images
    if lies is None:  # it hangs on no image, as positions do
        return tuple(asked), None
    if any(is_symbolic(size) for size in (*value.dims, *asked)):
        raise Mixed
    axis, inner = lies
    whole = value.whole(images)
    dims = [*asked]
    if -1 in dims:
        dims[dims.index(-1)] = prod(whole) // (prod(dims) * -1)
    if prod(dims) != prod(whole):
        raise Mixed
    stride = inner * prod(whole[axis + 1 :])
    for place, behind in _behind(dims):
        size = dims[place]
        if behind <= stride and behind * size >= stride * images:
            step, rest = divmod(stride, behind)
            if rest or size % (step * images):
                break
            dims[place] = size // images
            return tuple(dims), (place, step)
    raise Mixed


def followed(value: Held, cut: Held) -> Held:
    """A tensor of one image that was cut anew, with where the images lie: at the same step through its elements."""
    lies = value.images
    if lies is None or any(is_symbolic(size) for size in (*value.dims, *cut.dims)):
        return cut
    stride = lies[1] * prod(value.dims[lies[0] + 1 :])
    found = [
        (place, stride // behind) for place, behind in _behind(cut.dims) if stride % behind == 0 < stride // behind
    ]
    inside = [(place, step) for place, step in found if step <= cut.dims[place]]
    best = min(inside, key=lambda one: (cut.dims[one[0]] != 1, one[0]), default=None)
    return cut if best is None or best == cut.images else cut._replace(merged=best)


def _behind(dims: Sequence[int]) -> list[tuple[int, int]]:
    """Each axis, and how many elements stand behind one entry of it."""
    return [(place, prod(dims[place + 1 :])) for place in range(len(dims))]
