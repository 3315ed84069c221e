"""Pictures read as the input of a network, and maps written as pictures.

A picture becomes channels first, values from 0 to 1, and is stretched to the size of the input whatever its own
sides are. Numbers of 16 bits keep them: 257 is 1 of 8 bits. Transparency is left out, as `convert("RGB")` of Pillow
does it; what Exif says of turned cameras is done; of several frames the first is taken.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..errors import CnncalcError
from ..namedtuples import NamedTuple

FORMATS = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG"}
"""What is written, by the end of the name."""

READ = ("PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP", "PPM")
"""What is read: no format that Pillow has another program draw."""

ARRAYS = (".npy", ".npz")
AXES = {0: "no axis", 1: "one axis", 3: "three axes"}


MOST_PIXELS = 50_000_000
"""Of a picture that is read: more than cameras have, and some 600 MB while it is stretched."""


def too_many(path: str) -> CnncalcError:
    """The error for a picture that is larger; its sides stand in its head, so that nothing of it is decoded."""
    return CnncalcError(f"{path} has more than {MOST_PIXELS:,} pixels, too many to read", "scale it down first")


class Picture(NamedTuple):
    """A picture as an input."""

    values: Any
    """Channels, height, width: from 0 to 1."""

    size: tuple[int, int]
    """Its own height and width."""

    remarks: tuple[str, ...]
    """What of it is not in the values."""


def is_array(path: str) -> bool:
    """Whether a file name is one of an array, and not of a picture."""
    return Path(path).suffix.lower() in ARRAYS


def suits(path: str, name: str, shape: Sequence[int]) -> None:
    """Refuse a picture for an input that none can be. Raises CnncalcError."""
    if not is_array(path):
        if len(shape) != 3:
            why = f"{AXES[len(shape) - 1]}, and a picture has two"
            raise CnncalcError(f"the input `{name}` is {'x'.join(map(str, shape))}: {why}", "give an .npy array")
        if shape[0] not in (1, 3):
            why = f"{shape[0]} channels, and a picture has 1 or 3"
            raise CnncalcError(f"the input `{name}` has {why}", "give an .npy array")
        pillow()


def writable(path: str, axes: int) -> None:
    """Refuse a name or a map that makes no picture. Raises CnncalcError."""
    suffix = Path(path).suffix.lower()
    if suffix == ".npy":
        return
    if suffix not in FORMATS:
        raise CnncalcError(f"`{path}` is no name of a picture", "--out saliency.png, or .npy for the values")
    if axes != 2:
        raise CnncalcError(f"a map with {AXES[axes]} is no picture", "--out saliency.npy")
    pillow()


def read(path: str, shape: Sequence[int]) -> Picture:
    """A picture as an input of this shape: channels (1 or 3), height, width. Raises CnncalcError."""
    import numpy as np

    images = pillow()
    channels, height, width = shape
    images.init()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with images.open(path, formats=[form for form in READ if form in images.OPEN]) as opened:
                size = (opened.height, opened.width)
                if opened.height * opened.width > MOST_PIXELS:
                    raise too_many(path)
                remarks = _left_out(opened)
                bands = _bands(opened, channels)
    except CnncalcError:
        raise
    except images.DecompressionBombError:
        raise too_many(path) from None
    except images.UnidentifiedImageError:
        raise CnncalcError(f"{path} is no picture that can be read", "a PNG or JPEG, or an .npy array") from None
    except MemoryError:
        raise CnncalcError(f"{path} does not fit in the memory that is free", "scale it down first") from None
    except OSError as error:
        if error.errno is None:
            raise CnncalcError(f"{path} is damaged or cut short: {error}") from None
        raise CnncalcError(f"{path} cannot be read: {error.strerror}") from None
    except Exception as error:  # damaged files make Pillow raise all kinds
        raise CnncalcError(f"{path} is damaged or cut short: {error}") from None
    if bands is None:
        raise CnncalcError(f"{path} has numbers without a known range", "give an .npy array with values from 0 to 1")
    stretched = (band.convert("F").resize((width, height), images.Resampling.BICUBIC) for band in bands)
    values = np.stack([np.asarray(band, dtype=np.float64) for band in stretched]) / 255
    return Picture(np.clip(values, 0, 1), size, tuple(f"{path}: {remark}" for remark in remarks))


def _left_out(opened: Any) -> list[str]:
    """What is in a picture and not in the bands."""
    remarks = []
    if opened.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in opened.info:
        remarks.append("its transparency is left out")
    if getattr(opened, "n_frames", 1) > 1:
        remarks.append(f"the first of its {opened.n_frames} frames is taken")
    return remarks


def _bands(opened: Any, channels: int) -> list[Any] | None:
    """One picture of numbers from 0 to 255 for each channel; None where the range is not known."""
    import numpy as np
    from PIL import Image, ImageOps

    turned = ImageOps.exif_transpose(opened)
    if turned.mode.startswith("I;16") or (turned.mode == "I" and opened.format == "PNG"):
        return [Image.fromarray(np.asarray(turned, dtype=np.float32) / np.float32(257))] * channels
    if turned.mode == "F":
        values = np.asarray(turned, dtype=np.float32)
        return [Image.fromarray(255 * values)] * channels if values.min() >= 0 and values.max() <= 1 else None
    if turned.mode == "I":
        return None
    return list(turned.convert("L" if channels == 1 else "RGB").split())


def encoded(values: Any, path: str) -> bytes:
    """A map as the content of a file: grey, the largest white; or its values where the name ends in .npy."""
    import numpy as np

    buffer = io.BytesIO()
    suffix = Path(path).suffix.lower()
    if suffix == ".npy":
        np.save(buffer, values, allow_pickle=False)
    else:
        grey = (255 * (values / (values.max() or 1))).round().astype(np.uint8)
        pillow().fromarray(grey).save(buffer, format=FORMATS[suffix])
    return buffer.getvalue()


def pillow() -> Any:
    """The library that reads and writes pictures. Raises CnncalcError."""
    try:
        from PIL import Image
    except ImportError:
        raise CnncalcError(
            "pictures need Pillow",
            "pip install 'cnncalc[images]'; or an .npy array with --image, and --out saliency.npy",
        ) from None
    return Image
