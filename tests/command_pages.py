"""The pages of the commands, docs/commands/: made of the program itself, each with a run that test_pages.py holds."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html import escape
from typing import Any

import typer
from pages import DOCS, shown
from test_json_page import WRITTEN_BY

from cnncalc.cli import app
from cnncalc.cli.commands import FAILS, GROUPS
from cnncalc.cli.request import COMMON
from cnncalc.contracts import contract

FOLDER = DOCS / "commands"

RUNS = {
    "init": "init net.yaml --from lenet5",
    "zoo": "zoo mobilenet",
    "worked": "worked iou",
    "schema": "schema --kinds maxpool",
    "convert": "convert docs/first.yaml --to torch",
    "summary": "summary lenet5",
    "shapes": "shapes lenet5",
    "params": "params mobilenet_v2 --top 5",
    "macs": "macs lenet5 --compare",
    "receptive-field": "receptive-field lenet5",
    "memory": "memory lenet5 --dtype int8",
    "show": "show lenet5",
    "report": "report lenet5 -o lenet5.html",
    "explain": "explain lenet5 C3",
    "formula": "formula mobilenet_v1 --over width --of params,macs",
    "sweep": "sweep mobilenet_v1 width=0.5:1:0.25 input=160,224",
    "fit": "fit mobilenet_v2 --vary width --max macs=100M",
    "diff": "diff resnet18 resnet34",
    "compare": "compare mobilenet_v2 shufflenet_v2 squeezenet1_1",
    "roofline": "roofline lenet5 --peak 2T --bandwidth 50G",
    "energy": "energy lenet5",
    "training": "training lenet5 --batch 32",
    "lint": "lint docs/doubts.yaml",
    "log": "log net.yaml",
    "check": "check lenet5 --max params=70k --max macs=400k",
    "validate": "validate lenet5 --quick",
    "run": "run lenet5 --seed 1 --top 3",
    "saliency": "saliency lenet5 --image docs/digit.png --seed 1",
}
"""Command -> the run that its page shows."""

MORE = {
    "init": ["one-page", "language"],
    "zoo": ["zoo"],
    "worked": ["notes/index", "notes/teachers"],
    "schema": ["reference", "json"],
    "convert": ["convert", "models"],
    "summary": ["figures", "conventions"],
    "shapes": ["conventions"],
    "params": ["figures", "checkpoints"],
    "macs": ["figures", "why-numbers-differ"],
    "receptive-field": ["figures", "running"],
    "memory": ["figures", "tutorial/5-memory-and-int8"],
    "show": ["recipes/paper-figure", "pictures"],
    "report": ["pictures"],
    "explain": ["recipes/thop", "why-numbers-differ"],
    "formula": ["formulas-and-cost"],
    "sweep": ["recipes"],
    "fit": ["recipes/sram", "recipes"],
    "diff": ["recipes/compare"],
    "compare": ["recipes/compare"],
    "roofline": ["formulas-and-cost"],
    "energy": ["formulas-and-cost"],
    "training": ["formulas-and-cost"],
    "lint": ["lint"],
    "log": ["ci"],
    "check": ["recipes/ci-budget", "ci"],
    "validate": ["running"],
    "run": ["running"],
    "saliency": ["running"],
}
"""Command -> the pages that say more."""


def page(name: str) -> str:
    """The page of a command."""
    first, *told = _told(name)
    run = shown(FOLDER / f"{name}.md", RUNS[name])
    parts = [
        f"# cnncalc {name}",
        first,
        f"```console\n$ cnncalc {RUNS[name]}\n{run}```",
        *told,
        *_options(name),
        _ending(name),
        *_documents(name),
        "More: " + ", ".join(f"[{_title(path)}](../{path}.md)" for path in MORE[name]) + ".",
    ]
    return "\n\n".join(parts) + "\n"


def index() -> str:
    """The page of all commands."""
    parts = ["# Commands", "Each page begins with a run, and is written by the tool itself."]
    for title, commands in GROUPS.items():
        rows = [f"| [{name}]({name}.md) | {about} |" for name, about in commands.items()]
        parts.append("\n".join([f"## {title}", "", "| command | what it answers |", "| --- | --- |", *rows]))
    parts.append(
        "[Exit codes, ranges and layer kinds](../reference.md), [JSON](../json.md), [from Python](../python.md)."
    )
    return "\n\n".join(parts) + "\n"


def _command(name: str) -> Any:
    group: Any = typer.main.get_command(app)
    return group.get_command(None, name)


def _told(name: str) -> Iterator[str]:
    """What the help says: its first sentence, its examples, the rest."""
    for paragraph in re.split(r"\n\n+", _command(name).help.replace("\b\n", "").strip("\n")):
        if paragraph.startswith("    "):
            yield "```text\n" + re.sub(r"^    ", "", paragraph, flags=re.MULTILINE) + "\n```"
        else:
            yield _plain(" ".join(paragraph.split()))


def _options(name: str) -> Iterator[str]:
    """Arguments, its own options, and those that commands share."""
    command = _command(name)
    context = command.context_class(command, info_name=name)
    tables: dict[str, list[str]] = {"Arguments": [], "Options": [], "Options that commands share": []}
    for param in command.get_params(context):
        record = param.get_help_record(context)
        if record is None or "--help" in param.opts:
            continue
        shared = any(option.lstrip("-").replace("-", "_") in COMMON for option in param.opts)
        title = "Arguments" if param.param_type_name == "argument" else [*tables][1 + shared]
        tables[title].append(f"| {_code(record[0])} | {_about(record[1])} |")
    for title, rows in tables.items():
        if rows:
            yield "\n".join(
                [
                    f"## {title}",
                    "",
                    f"| {title.split()[0].lower().removesuffix('s')} | what it is |",
                    "| --- | --- |",
                    *rows,
                ]
            )


def _about(text: str) -> str:
    """The sentence of an option, and its default, which click puts behind it in brackets."""
    about, _, bracket = text.partition("  [")
    found = re.search(r"default: (.*?)(?:; |\]|$)", bracket)
    more = f" Default: `{found[1]}`." if found else " Must be given." if "required" in bracket else ""
    return _plain(about) + more


def _code(text: str) -> str:
    """Code in a cell of a table, where a bar would end the cell and an escape would be shown."""
    return f"<code>{escape(text, quote=False).replace('|', '&#124;')}</code>"


def _plain(text: str) -> str:
    r"""A sentence as Markdown: `*`, `<` and `|` as they are, except within code."""
    pieces = re.split(r"(`[^`]*`)", text)
    plain = (one if one.startswith("`") else re.sub(r"([*<_\[])", r"\\\1", one) for one in pieces)
    return "".join(plain).replace("|", r"\|")


def _ending(name: str) -> str:
    failing = f"1: {FAILS[name]}. " if name in FAILS else ""
    return f"## Exit codes\n\n0: answered. {failing}2: a spec, an option or a file is wrong; stderr says why."


def _documents(name: str) -> Iterator[str]:
    """The JSON Schema of each document that the command writes."""
    names = [one for one, by in WRITTEN_BY.items() if by.split()[0] == name]
    if name == "check":
        names = ["check", "lock"]
    if not names:
        return
    yield "## JSON"
    for one in names:
        found = contract(one)
        by = (
            "`--report json`"
            if one == "check"
            else "`--update`"
            if one == "lock"
            else f"`{WRITTEN_BY[one]} --format json`"
        )
        yield (
            f"[`{found.id}`](../json.md#{one}) is what {by} writes; `cnncalc schema --of {one}` prints its schema:\n\n"
            f'<details markdown="1"><summary>JSON Schema of {one}</summary>\n\n'
            f"```json\n{json.dumps(found.schema, indent=2, ensure_ascii=False)}\n```\n\n</details>"
        )


def _title(path: str) -> str:
    """The title of a page."""
    first = (DOCS / f"{path}.md").read_text(encoding="utf-8").split("\n", 1)[0]
    return first.removeprefix("# ").replace("`", "") if first.startswith("# ") else f"the {path}"
