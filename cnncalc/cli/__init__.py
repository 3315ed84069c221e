"""The command line: one file a command. A command is imported when it is called, and imports what it needs itself."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup

COMMANDS = {
    "summary": "Everything at a glance: sizes, parameters, MACs, receptive fields, memory.",
    "shapes": "The size of every feature map.",
    "params": "Parameters: trainable, frozen, shared, and the bytes that they take.",
    "macs": "Multiply-accumulates (MACs), with FLOPs and element-wise operations on request.",
    "receptive-field": "What one output position sees of the input.",
    "memory": "Weights, activations, and the most that is alive at one time.",
    "explain": "The arithmetic shown: formula, formula with the numbers put in, result.",
    "show": "The network as a tree, as a paper would print it.",
    "formula": "A figure as a formula of the input's size and the spec's variables.",
    "roofline": "Arithmetic intensity, and the least time that a machine's peak and bandwidth allow.",
    "energy": "Energy of arithmetic and memory: an order of magnitude, by a table that can be replaced.",
    "training": "MACs and memory of a training step: forward, gradients, optimizer.",
    "sweep": "Every combination of widths, sizes and other variables: tables, CSV, Parquet; here or on Dask.",
    "fit": "The largest setting that holds every limit, and the limit that binds.",
    "lint": "Check a spec: errors, doubtful steps, and whether it is what it expects to be.",
    "check": "Hold networks to limits: caps, growth against a baseline, a lock of exact figures.",
    "diff": "What differs between two networks: totals, and the layers changed, added, removed, renamed.",
    "validate": "The tables proved: the network run in NumPy, measurements beside predictions.",
    "run": "Execute a network in NumPy: an array in, arrays out.",
    "saliency": "How much each pixel of an image moves the score of a class.",
    "init": "Write a starter spec, and the schema that gives editors completion.",
    "zoo": "The networks that come with the tool.",
    "schema": "A JSON Schema of the spec language, for editors.",
}
"""Command -> its one line of help, in the order of `--help`."""


class LazyGroup(TyperGroup):
    """Lists the commands from the table and imports one when it is called."""

    def list_commands(self, ctx: Any) -> list[str]:
        """The commands in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command, imported."""
        if cmd_name not in COMMANDS:
            return None
        app = typer.Typer(rich_markup_mode=None, add_completion=False, pretty_exceptions_enable=False)
        module = import_module(f"{__name__}.{cmd_name.replace('-', '_')}")
        app.command(cmd_name, help=_help(module.__doc__ or ""))(module.command)
        return typer.main.get_command(app)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """The table of commands, without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Suggest the nearest command for one that does not exist."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            from ..errors import did_you_mean

            near = did_you_mean(args[0], COMMANDS)
            if _is_spec(args[0]):
                near = f"did you mean `cnncalc summary {args[0]}`?"
            ctx.fail(f"No such command '{args[0]}'." + (f" {near.capitalize()}" if near else ""))
        return super().resolve_command(ctx, args)


def _is_spec(word: str) -> bool:
    from pathlib import Path

    from ..spec import zoo

    return Path(word).suffix in (".yaml", ".yml") or zoo.member(word) is not None


def _help(text: str) -> str:
    """The docstring of a command with its examples line by line: click fills a paragraph that has no \\b."""
    paragraphs = text.strip().split("\n\n")
    return "\n\n".join(f"\b\n{part}" if part.startswith("    ") else part for part in paragraphs)


app = typer.Typer(
    cls=LazyGroup,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
    context_settings={"help_option_names": ["--help", "-h"]},
    help="Exact sizes, parameters, MACs, receptive fields and memory of convolutional networks.",
    epilog="SPEC is a spec file, - for standard input, or a network of the zoo such as resnet50.",
)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        print(f"cnncalc {version('cnncalc')}")
        raise typer.Exit


@app.callback()
def options(
    version: bool = typer.Option(False, "--version", callback=_version, is_eager=True, help="Print the version."),
) -> None:
    """Options of the program itself."""


def main() -> None:
    """Run the command line."""
    app(prog_name="cnncalc")
