"""The program before it is known which command is called: the list of commands, and options of its own."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup

from .commands import COMMANDS


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
        module = import_module(f".{cmd_name.replace('-', '_')}", __package__)
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

    from ..language import zoo

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

        from ..render.formats import put
        from .request import failures

        with failures():
            put(f"cnncalc {version('cnncalc')}\n")
        raise typer.Exit


@app.callback()
def options(
    version: bool = typer.Option(False, "--version", callback=_version, is_eager=True, help="Print the version."),
) -> None:
    """Options of the program itself."""
