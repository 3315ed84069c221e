"""A spec as it was at another commit: `git:REF:PATH`, such as `git:HEAD~1:models/net.yaml`.

PATH is looked up from the current folder, then from the top of the repository.
"""

from __future__ import annotations

import subprocess
from typing import NamedTuple

from ..errors import CnncalcError

PREFIX = "git:"


class Revision(NamedTuple):
    """A file at a commit."""

    ref: str
    path: str

    def text(self) -> str:
        """What the file held. Raises CnncalcError."""
        name = f"{PREFIX}{self.ref}:{self.path}"
        answer = self._blob(f"{self.ref}:./{self.path}")
        if answer.returncode:
            answer = self._blob(f"{self.ref}:{self.path}")
        if answer.returncode:
            said = answer.stderr.decode("utf-8", "replace").strip().splitlines()
            reason = said[-1].removeprefix("fatal: ") if said else "git gave no reason"
            raise CnncalcError(f"{name} cannot be read: {reason}", "git:REF:PATH, for instance git:HEAD~1:net.yaml")
        try:
            return answer.stdout.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise CnncalcError(f"{name} is not a text file: byte {error.start} is not UTF-8") from None

    def _blob(self, name: str) -> subprocess.CompletedProcess[bytes]:
        command = ["git", "cat-file", "blob", name]
        try:
            return subprocess.run(command, capture_output=True, check=False, timeout=60)  # noqa: S603 - fixed words, no shell
        except FileNotFoundError:
            raise CnncalcError("`git:` needs the program git, and there is none here") from None
        except subprocess.TimeoutExpired:
            raise CnncalcError(f"git did not answer for {PREFIX}{name} within a minute") from None


def revision(spec: str) -> Revision | None:
    """The parts of `git:REF:PATH`, or None for another kind of spec. Raises CnncalcError."""
    if not spec.startswith(PREFIX):
        return None
    ref, _, path = spec.removeprefix(PREFIX).partition(":")
    if not ref or not path or ref.startswith("-") or "\x00" in spec:
        raise CnncalcError(f"`{spec}` is not of the form git:REF:PATH", "for instance git:HEAD~1:net.yaml")
    return Revision(ref, path)
