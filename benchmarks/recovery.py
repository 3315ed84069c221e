"""`convert` over the zoo, each network from its graph without its names: lines, bytes and seconds.

    python benchmarks/recovery.py [NAME_OR_FILE ...]

A file that is called as a network of the zoo, `resnet50.onnx`, is held against that one's spec. Columns: layers; lines
as recovered, as written by hand (without source, vars and expect), one step a layer; bytes of the first and the last;
seconds of the processor. At the end: how many networks have at most 1.2 times the lines of the hand-written one.
"""

from __future__ import annotations

import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import cnncalc
from cnncalc.graph import Graph
from cnncalc.language import zoo
from cnncalc.recovery.write import recover

APART = ("source", "vars", "expect")


def nameless(graph: Graph) -> Graph:
    """The graph with numbers in place of names."""
    names = {node.name: f"n{number}" for number, node in enumerate(graph.nodes)}
    nodes = tuple(
        node._replace(
            name=names[node.name],
            inputs=tuple(names.get(name, name) for name in node.inputs),
            weights_of=names.get(node.weights_of, node.weights_of),
        )
        for node in graph.nodes
    )
    heads = {head: names.get(name, name) for head, name in graph.heads.items()}
    bare: dict[str, Any] = {"settings": {}, "input_marks": {}, "expect": None, "budget": None, "notes": None}
    return replace(graph, nodes=nodes, output=names.get(graph.output, graph.output), heads=heads, **bare)


def lines(text: str) -> int:
    """Its lines without what a spec says of itself."""
    return sum(bool(line.strip()) and not line.startswith(APART) for line in text.splitlines())


def main() -> None:
    """Print a row a network."""
    names = sys.argv[1:] or list(zoo.names())
    print("network                      layers  recovered  hand  flat   bytes   (flat)  seconds")
    within = written = 0
    for name in names:
        graph = nameless(cnncalc.load(name))
        start = time.process_time()
        found = recover(graph)
        seconds = time.process_time() - start
        flat = recover(graph, plain=True).text
        member = zoo.member(Path(name).name.partition(".")[0])
        hand = lines(member.path.read_text(encoding="utf-8")) if member else 0
        own = lines(found.text)
        within += own <= 1.2 * hand
        written += bool(hand)
        row = (
            f"{graph.name:28} {len(graph.nodes):6} {own:10} {hand:5} {lines(flat):5} {len(found.text):7} {len(flat):8}"
        )
        print(f"{row} {seconds:8.2f}  {found.remark}".rstrip(), flush=True)
    print(f"{within} of {written} have at most 1.2 times the lines of the hand-written spec")


if __name__ == "__main__":
    main()
