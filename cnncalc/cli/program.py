"""The program before it is known which command is called: the list of commands, and options of its own."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from .commands import COMMANDS, EXAMPLES, GROUPS, MEANT

SHARED = "Options that commands share"


class Command(TyperCommand):
    """A command whose help tells its own options first, and those that all share after them."""

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Arguments, its own options, shared options."""
        from .request import COMMON

        sections: dict[str, list[Any]] = {"Arguments": [], "Options": [], SHARED: []}
        for param in self.get_params(ctx):
            record = param.get_help_record(ctx)
            if record is not None:
                shared = any(option.lstrip("-") in (*COMMON, "help") for option in param.opts)
                title = "Arguments" if param.param_type_name == "argument" else SHARED
                sections[title if title == "Arguments" or shared else "Options"].append(record)
        for title, records in sections.items():
            if records:
                with formatter.section(title):
                    formatter.write_dl(records)


class LazyGroup(TyperGroup):
    """Lists the commands from the table and imports one when it is called."""

    def list_commands(self, ctx: Any) -> list[str]:
        """The commands in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command, imported; with what its words may be, where a shell asks."""
        if cmd_name not in COMMANDS:
            return None
        app = typer.Typer(rich_markup_mode=None, add_completion=False, pretty_exceptions_enable=False)
        module = import_module(f".{cmd_name.replace('-', '_')}", __package__)
        if os.environ.get(COMPLETING):
            from .completing import attach

            attach(cmd_name, module.command)
        parsing = getattr(module, "PARSING", None)
        app.command(cmd_name, cls=Command, help=_help(module.__doc__ or ""), context_settings=parsing)(module.command)
        return typer.main.get_command(app)

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """What it is for, what to try first, then the commands by what they are for."""
        self.format_usage(ctx, formatter)
        self.format_help_text(ctx, formatter)
        with formatter.section("Try"):
            formatter.write_dl(list(EXAMPLES.items()), col_max=40)
        self.format_commands(ctx, formatter)
        with formatter.section("Options"):
            records = [param.get_help_record(ctx) for param in self.get_params(ctx)]
            formatter.write_dl([record for record in records if record is not None])
        self.format_epilog(ctx, formatter)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """The table of commands by groups, without importing any."""
        widest = max(map(len, COMMANDS))
        for title, commands in GROUPS.items():
            with formatter.section(title):
                formatter.write_dl([(name.ljust(widest), about) for name, about in commands.items()])

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """`help NAME` is `NAME --help`; for a command that does not exist the nearest is told."""
        if args[:1] == ["help"] and not ctx.resilient_parsing:
            if len(args) == 1:
                print(ctx.get_help())
                ctx.exit()
            args = [args[1], "--help"]
        if args and args[0] not in COMMANDS and not args[0].startswith("-") and not ctx.resilient_parsing:
            from ..errors import CnncalcError

            raise CnncalcError(f"no command `{args[0]}`", _meant(args[0]))
        return super().resolve_command(ctx, args)

    def main(self, *args: Any, **extra: Any) -> Any:
        """Run it; what is wrong with the command line is told as everything else that is wrong."""
        from ..errors import CnncalcError

        alone = extra.pop("standalone_mode", True)
        try:
            code = super().main(*args, **{**extra, "standalone_mode": False})
        except (CnncalcError, typer.Abort) as error:
            code = _told(error)
        except Exception as error:
            if not hasattr(error, "format_message"):
                raise
            code = _wrong(error)
        if alone:
            sys.exit(code if isinstance(code, int) else 0)
        return code


COMPLETING = "_CNNCALC_COMPLETE"
"""The variable by which a shell asks what a word may be."""


def _told(error: Exception) -> int:
    from ..errors import CnncalcError
    from .request import TROUBLE, tell

    tell(error if isinstance(error, CnncalcError) else "error: ended")
    return TROUBLE


def _wrong(error: Any) -> int:
    """Tell what click finds wrong with the words of the command line."""
    from ..errors import CnncalcError

    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else "cnncalc"
    if (not error.args and not error.message) or type(error).__name__ == "NoArgsIsHelpError":
        error.show()
        return int(error.exit_code)
    option = getattr(error, "option_name", None)
    near = getattr(error, "possibilities", None)
    message = error.format_message().rstrip(".")
    if type(error).__name__ == "NoSuchOption" and option:
        message = f"no option `{option}`"
        help = f"did you mean `{sorted(near)[0]}`?" if near else f"`{path} --help` lists the options"
    else:
        help = f"`{path} --help` shows what it takes"
    return _told(CnncalcError(message[:1].lower() + message[1:], help))


def _meant(word: str) -> str:
    """What a word that is no command may have meant."""
    from ..errors import did_you_mean

    if _is_spec(word):
        return f"did you mean `cnncalc summary {word}`?"
    plain = word.lower().replace("_", "-")
    if plain in COMMANDS or plain in MEANT:
        return f"did you mean `cnncalc {MEANT.get(plain, plain)}`?"
    return did_you_mean(plain, COMMANDS) or "`cnncalc --help` lists the commands"


def _is_spec(word: str) -> bool:
    from pathlib import Path

    from ..language import zoo

    named = Path(word).suffix in (".yaml", ".yml", ".onnx") or word.startswith("torch:")
    return named or zoo.member(word) is not None


def _help(text: str) -> str:
    """The docstring of a command with its examples line by line: click fills a paragraph that has no \\b."""
    paragraphs = text.strip().split("\n\n")
    return "\n\n".join(f"\b\n{_fitting(part)}" if part.startswith("    ") else part for part in paragraphs)


EXAMPLE_WIDTH = 74
"""How wide an example may be, so that the help is 80 columns."""


def _fitting(examples: str) -> str:
    """Examples line by line: a remark that has no room stands below, and a long command goes on in the next line."""
    from ..render.wrapping import filled

    lines: list[str] = []
    for line in examples.split("\n"):
        example, _, remark = line.strip().partition("   ")
        if len(line) > EXAMPLE_WIDTH and remark:
            lines += [f"    {example}", f"        {remark.strip()}"]
        elif len(line) > EXAMPLE_WIDTH:
            first, *others = filled(example.replace(" --", "\n--").split("\n"), EXAMPLE_WIDTH - 10, " ")
            lines += [f"    {first}", *(f"        {other}" for other in others)]
            lines[-len(others) - 1 : -1] = [f"{one} \\" for one in lines[-len(others) - 1 : -1]]
        else:
            lines.append(line)
    return "\n".join(lines)


app = typer.Typer(
    cls=LazyGroup,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
    context_settings={"help_option_names": ["--help", "-h"]},
    help="Exact sizes, parameters, MACs, receptive fields and memory of convolutional networks.",
    epilog="SPEC is a spec file, an .onnx or Keras file, torch:net.py:Net, - for standard input, or a network of the "
    "zoo such as resnet50. "
    "`cnncalc help COMMAND` explains a command.",
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
    version: bool = typer.Option(False, "--version", "-V", callback=_version, is_eager=True, help="Print the version."),
) -> None:
    """Options of the program itself."""
