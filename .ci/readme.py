"""README's set-up commands, as printed, for `.ci/run`; and whether what the first prints is what README shows."""

from __future__ import annotations

import re
import sys
from pathlib import Path

README = Path(__file__).parents[1] / "README.md"


def commands() -> list[str]:
    """The commands of the section on setting up: the lines of its `sh` blocks."""
    section = README.read_text(encoding="utf-8").split("## Set up", 1)[1].split("\n## ", 1)[0]
    return [block.strip() for block in re.findall(r"```sh\n(.*?)```", section, re.DOTALL)]


def shown(command: str) -> str:
    """What README shows a command to print, between the prompt and the end of its block."""
    text = README.read_text(encoding="utf-8")
    match = re.search(rf"```console\n\$ {re.escape(command)}\n(.*?)```", text, re.DOTALL)
    return match[1] if match else ""


def main() -> int:
    """`command N` prints the N-th command; `compare FILE` compares the first command's output with README."""
    verb, argument = sys.argv[1:]
    if verb == "command":
        print(commands()[int(argument) - 1])
        return 0
    program = commands()[0].rsplit("/", 1)[-1]
    expected = shown(program)
    printed = Path(argument).read_text(encoding="utf-8")
    if not expected or expected.strip() not in printed:
        print(f"README's output of `{program}` is not what it prints:\n{expected}", file=sys.stderr)
        return 1
    print("README shows what it prints")
    return 0


sys.exit(main())
