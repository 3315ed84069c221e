"""Whether every size of a network is a number: a question whose answer is one asks for those that are not."""

from __future__ import annotations

from ..errors import CnncalcError
from ..graph import Graph


def numeric(graph: Graph) -> Graph:
    """The network itself. Raises CnncalcError, which names the sizes that have no value and how to give them one."""
    missing = list(dict.fromkeys(graph.symbols()))
    if not missing:
        return graph
    shape = ",".join(str(dim) if isinstance(dim, int) else "224" for dim in graph.input_shape)
    raise CnncalcError(
        f"the input of {graph.name} is {'x'.join(map(str, graph.input_shape))}, "
        f"and {' and '.join(missing)} {'have' if len(missing) > 1 else 'has'} no value",
        f"for instance --input {shape}, or {' '.join(f'--set {name}=224' for name in missing)}",
    )
