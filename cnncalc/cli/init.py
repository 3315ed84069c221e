"""Write a starter spec, and beside it the JSON Schema that gives editors completion, hover and errors.

    cnncalc init                          spec.yaml: LeNet-5, with comments
    cnncalc init net.yaml --from mobilenet_v2

The first line names the schema, so that editors complete and explain.
"""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import CnncalcError
from ..spelling import spelled
from .request import failures

if TYPE_CHECKING:
    from pathlib import Path

SCHEMA_NAME = "cnncalc.schema.json"


def command(
    path: Annotated[str, typer.Argument(metavar="[FILE]", help="The spec to write.")] = "spec.yaml",
    source: Annotated[
        str | None, typer.Option("--from", metavar="ZOO", help="Start from a network of the zoo.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Write over a spec that is there.")] = False,
    schema: Annotated[
        bool, typer.Option("--schema/--no-schema", help="Whether to write the schema for editors.")
    ] = True,
) -> None:
    """Write a starter spec."""
    from pathlib import Path

    from ..files import destination
    from ..render.formats import save

    with failures():
        file = Path(path)
        if file.exists() and not force:
            raise CnncalcError(f"{path} is there already", "another name, or --force to write over it")
        if not file.parent.is_dir():
            raise CnncalcError(f"there is no folder {file.parent}", f"mkdir {file.parent}")
        destination(path)
        text = STARTER if source is None else _of_the_zoo(source)
        _sound(text, path)
        if schema:
            _write_schema(file.parent / SCHEMA_NAME)
            text = f"# yaml-language-server: $schema={SCHEMA_NAME}\n{text}"
        save(text, path)
        print(f"wrote {path}" + (f" and {file.parent / SCHEMA_NAME}" if schema else ""), file=sys.stderr)
        limits = ", and cnncalc check {path}" if re.search(r"^budget:", text, re.MULTILINE) else ""
        print(f"next: cnncalc summary {path}, cnncalc lint {path}{limits.format(path=path)}", file=sys.stderr)


def _write_schema(file: Path) -> None:
    import json

    from ..budget.schema import budget_schema
    from ..language.schema import schema
    from ..render.formats import save

    save(json.dumps(schema(budget_schema()), indent=2) + "\n", str(file))


def _sound(text: str, name: str) -> None:
    """A starter that does not read is a bug, and is not written."""
    from ..language.load import parse

    parse(text, name)


def _of_the_zoo(name: str) -> str:
    """The text of a network of the zoo; a member of a family has its own settings in `vars`."""
    from ..errors import did_you_mean
    from ..language import zoo

    member = zoo.member(name)
    if member is None:
        raise CnncalcError(
            f"no network of the zoo is called {name}",
            did_you_mean(name, zoo.names()) or "`cnncalc zoo` lists them",
        )
    text = member.path.read_text(encoding="utf-8")
    if not member.settings:
        return text
    return _with_settings(text, member)


def _with_settings(text: str, member: object) -> str:
    """The spec of a family with other values in `vars`, and without what it expected of the old ones."""
    from typing import cast

    from ..language.yaml import compose
    from ..language.zoo import Member

    one = cast(Member, member)
    root = compose(text, one.path.name, [])
    lines = text.split("\n")
    edits = []
    variables = root.get("vars")
    for name, value in one.settings.items():
        node = variables.get(name) if variables else None
        if node is None or lines[node.mark.line][node.mark.column + node.mark.length :].startswith(("|", ">")):
            raise CnncalcError(
                f"{one.name} cannot be written as a spec of its own",
                f"--from {one.path.stem}, and set `{name}`",
            )
        edits.append((node.mark.line, node.mark.column, node.mark.length, spelled(value)))
    if (name_node := root.get("name")) is not None:
        edits.append((name_node.mark.line, name_node.mark.column, name_node.mark.length, one.name))
    for line, column, length, new in sorted(edits, reverse=True):
        lines[line] = lines[line][:column] + new + lines[line][column + length :]
    kept = _without(lines, root.entries["expect"][0].mark.line) if "expect" in root.entries else lines
    return "\n".join(kept)


def _without(lines: list[str], start: int) -> list[str]:
    """The lines without a key of the top level and what belongs to it."""
    end = start + 1
    while end < len(lines) and (not lines[end].strip() or lines[end][0] in " #"):
        end += 1
    return [*lines[:start], *lines[end:], ""] if lines[end:] == [] else [*lines[:start], *lines[end:]]


STARTER = """\
# A network is a list of steps; the tensor flows down the list. `cnncalc summary` shows what becomes of it.
name: lenet5
source: LeCun et al. 1998, Gradient-based learning applied to document recognition, Figure 2
input: [1, 32, 32]                     # channels, then 1, 2 or 3 spatial axes

vars: {classes: 10}                    # read as $classes; `--set classes=26` gives another value

defaults:                              # arguments that every step of a kind has unless it says otherwise
  conv: {padding: valid}

blocks:                                # functions: a name, parameters with or without a default, steps
  stage(channels):
    - conv: {out: $channels, kernel: 5}
    - tanh
    - avgpool: 2                       # one number may stand alone: the kernel, and the stride with it

net:
  - {stage: 6, as: C1}                 # `as` names a step: C1/conv, C1/tanh, C1/avgpool
  - {stage: 16, as: C3}
  - {linear: {out: 120, act: tanh}}    # a flatten comes before it by itself
  - {linear: {out: 84, act: tanh}}
  - {linear: $classes, as: classifier}

expect: {params: 61706, macs: 416520, output: [10]}   # the spec's own test: `cnncalc lint`

budget:                                # limits: `cnncalc check`
  params: 65k
  macs: {max: 450k, warn: 430k}
  peak_activations: {max: 10 kB, dtype: int8}
  "C3/**": {macs: 260k}                # a part of the network, by path
"""
