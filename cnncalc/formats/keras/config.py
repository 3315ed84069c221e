"""A file -> the configuration of the model in it, bounded; nothing is extracted and nothing in it is run."""

from __future__ import annotations

import io
import json
import zipfile
import zlib
from collections.abc import Mapping
from typing import Any, BinaryIO

from ... import files
from ...errors import CnncalcError

MOST = 1 << 25
"""Bytes of a configuration: thirty times the largest of keras.applications."""


def config_of(name: str, content: bytes) -> Mapping[str, Any]:
    """The record with `class_name` and `config` of the model. Raises CnncalcError."""
    if name.lower().endswith((".weights.h5", ".weights.hdf5")):
        raise CnncalcError(f"{name} holds weights and no architecture", "`model.save('model.keras')` writes both")
    if content:
        return _model(name, _document(name, io.BytesIO(content)))
    with files.reading(name) as file:
        return _model(name, _document(name, file))


def _document(name: str, file: BinaryIO) -> Any:
    first = file.read(8)
    file.seek(0)
    if first.startswith(b"PK"):
        text = _of_archive(name, file)
    elif first.startswith(b"\x89HDF"):
        text = _of_hdf5(name, file)
    else:
        text = file.read(MOST + 1)
    if len(text) > MOST:
        raise files.too_large(name, MOST, "a configuration of a Keras model")
    try:
        return json.loads(text)
    except RecursionError:
        raise CnncalcError(f"{name} is nested too deeply for a configuration of a Keras model") from None
    except ValueError as error:
        where = f" at line {error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
        raise CnncalcError(f"{name} is no JSON{where}", "`model.to_json()` writes a configuration") from None


def _of_archive(name: str, file: BinaryIO) -> bytes:
    try:
        with zipfile.ZipFile(file) as archive, archive.open("config.json") as member:
            return member.read(MOST + 1)
    except KeyError:
        raise CnncalcError(f"{name} is no Keras model: the archive has no config.json") from None
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, OSError):
        raise CnncalcError(f"{name} is damaged: its config.json cannot be read") from None


def _of_hdf5(name: str, file: BinaryIO) -> bytes:
    try:
        import h5py  # only where it is installed
    except ImportError:
        raise CnncalcError(
            f"{name} is an HDF5 file, which needs h5py", "pip install 'cnncalc[keras-h5]', or model.to_json() in Keras"
        ) from None
    try:
        with h5py.File(file, "r") as opened:
            text = opened.attrs.get("model_config")
    except (OSError, RuntimeError, KeyError, ValueError):
        raise CnncalcError(f"{name} is damaged: it cannot be read as HDF5") from None
    if text is None:
        raise CnncalcError(f"{name} holds no architecture", "`model.save('model.keras')` writes it beside the weights")
    return text.encode() if isinstance(text, str) else bytes(text)


def _model(name: str, found: Any) -> Mapping[str, Any]:
    if isinstance(found, dict) and "modelTopology" in found:
        topology = found["modelTopology"]
        if found.get("format") == "graph-model" or (isinstance(topology, dict) and "node" in topology):
            raise CnncalcError(
                f"{name} is a graph-model of TensorFlow.js, which has operators of TensorFlow and no layers",
                "convert it to ONNX with tf2onnx (`--tfjs model.json`)",
            )
        found = topology
    if isinstance(found, dict) and isinstance(found.get("model_config"), dict):
        found = found["model_config"]
    if not isinstance(found, dict) or "class_name" not in found or "config" not in found:
        raise CnncalcError(f"{name} is no configuration of a Keras model: it has no `class_name` with a `config`")
    return found
