"""How other tools count: one file a tool, and this table.

    counting.tool("thop")                    its convention
    counting.counted(graph, tool).total      the figure that it prints for the network

A tool is its rule a word of its own for a layer (`base.Tool`), short enough to read beside its code.
"""

from __future__ import annotations

from collections.abc import Mapping

from ..errors import CnncalcError, did_you_mean
from . import (
    calflops,
    conventions,
    flop_counter,
    fvcore,
    onnx_files,
    onnx_tool,
    ptflops,
    tensorflow,
    thop,
    torchinfo,
    torchprofile,
    torchscan,
)
from .base import Blind, Counted, Term, Tool, counted

TOOLS: Mapping[str, Tool] = {
    one.name: one
    for one in (
        torchinfo.TORCHINFO,
        fvcore.FVCORE,
        fvcore.TRAINING,
        fvcore.MMENGINE,
        ptflops.PTFLOPS,
        ptflops.MODULES,
        ptflops.ATEN,
        thop.THOP,
        calflops.CALFLOPS,
        calflops.MACS,
        calflops.DEEPSPEED,
        torchprofile.TORCHPROFILE,
        torchscan.TORCHSCAN,
        torchscan.FLOPS,
        onnx_tool.ONNX_TOOL,
        onnx_files.HAOLINE,
        onnx_files.OPCOUNTER,
        onnx_files.ONNXSIM,
        flop_counter.FLOP_COUNTER,
        flop_counter.TORCHVISION,
        tensorflow.TENSORFLOW,
        tensorflow.KERAS3,
        conventions.DARKNET,
        conventions.DARKNET_FORK,
        conventions.MULTIPLY_ADDS,
        conventions.WITH_BIASES,
        conventions.TWICE,
        conventions.CONVOLUTIONS,
        conventions.WITHOUT_PRODUCTS,
    )
}
"""Name -> tool, in the order in which they are listed."""

_ALSO = {name: one for one in TOOLS.values() for name in one.also}


def tool(name: str) -> Tool:
    """A tool by its name, or by NAME@VERSION. Raises CnncalcError for one that is not known."""
    wanted, _, version = name.partition("@")
    key = wanted.strip().lower().replace("_", "-")
    found = TOOLS.get(key) or _ALSO.get(key)
    if found is None:
        help = did_you_mean(key, [*TOOLS, *_ALSO]) or "`cnncalc macs --as help` lists them"
        raise CnncalcError(f"no tool `{name}` whose counting is known", help)
    if version and version != found.version:
        only = f"`{found.name}@{found.version}`" if found.version else f"`{found.name}`, which has no version"
        raise CnncalcError(f"{found.name} is known as of {found.version or 'no version'}, not {version}", only)
    return found


__all__ = ["TOOLS", "Blind", "Counted", "Term", "Tool", "counted", "tool"]
