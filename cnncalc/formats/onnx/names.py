"""Names of an ONNX file as those of a network.

/layer1/layer1.0/conv1/Conv          ->  layer1[0]/conv1       (TorchScript: the module's path, then the operator)
resnet50/conv1_conv/Conv2D           ->  resnet50/conv1_conv   (tf2onnx)
Conv_12, node_conv2d_3               ->  conv                  (a number alone says nothing)
"""

from __future__ import annotations

import ast
import re

from ...building import legal_name
from .records import Node

NUMBERED = re.compile(r"(?:node_|n)?[A-Za-z0-9]*[a-z0-9]?_?\d*")
SCOPES = "pkg.torch.onnx.name_scopes"


def node_name(node: Node, kind: str) -> str:
    """The name of a layer: the path of its module where the file knows it, else its kind."""
    path = _scope(node) or _path(node.name)
    return legal_name("/".join(path)) if path else kind


def constant_name(name: str) -> str:
    """The name of a learned tensor: the path of its parameter, `encoder/pos_embedding`; "" where a file made it up."""
    parts = [part for part in name.split(".") if part]
    plain = re.fullmatch(r"[A-Za-z_][\w.]*", name) and not re.fullmatch(
        r"(\w*_)?(val|lifted|Constant)_?\w*\d*\w*", name
    )
    return legal_name("/".join(_indexed(parts))) if plain and re.search(r"[a-z]{3}", name) else ""


def symbol_name(name: str) -> str:
    """The name of an open size or an input as the language writes it."""
    word = re.sub(r"\W+", "_", name).strip("_")
    return f"n_{word}" if word[:1].isdigit() else word


def _scope(node: Node) -> list[str]:
    text = node.metadata.get(SCOPES, "")
    try:
        scopes = ast.literal_eval(text) if 0 < len(text) < 10_000 else []
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return []
    modules = [scope for scope in scopes[:-1] if isinstance(scope, str) and scope] if isinstance(scopes, list) else []
    return _indexed(modules[-1].split(".")) if modules else []


def _path(name: str) -> list[str]:
    parts = [part for part in name.split("/") if part and part != ":"]
    if len(parts) < 2:
        return []
    modules: list[str] = []
    for part in parts[:-1]:
        above = ".".join(modules)
        own = part.rpartition(".")[0]
        modules.append(part.rpartition(".")[2] if own and above.endswith(own.rpartition(".")[2]) else part)
    return _indexed([piece for module in modules for piece in module.split(".")])


def _indexed(parts: list[str]) -> list[str]:
    """A number as the turn of what is above it: layer1, 0, conv1 -> layer1[0], conv1."""
    found: list[str] = []
    for part in parts:
        if part.isdigit() and found:
            found[-1] += f"[{part}]"
        else:
            found.append(part)
    return found
