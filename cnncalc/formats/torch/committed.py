"""`torch:git:REF:net.py:Net`: code as a commit has it, with all files of that commit, which it may import.

They lie in a folder for as long as the code runs, and the process runs in it, at the place of the current folder.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import chdir, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from ...errors import CnncalcError
from ...git import Repository


@contextmanager
def written_out(repository: Repository, commit: str, start: Path) -> Iterator[Path]:
    """The files of a commit in a folder, which is current, or where `start` is in it; messages do not name it."""
    with TemporaryDirectory(prefix="cnncalc-") as folder:
        repository.export(commit, Path(folder))
        here, top = (Path(os.path.realpath(one)) for one in (start, repository.top))
        inside = Path(folder) / here.relative_to(top) if here.is_relative_to(top) else Path(folder)
        try:
            with chdir(inside if inside.is_dir() else folder):
                yield Path(folder)
        except CnncalcError as error:
            raise CnncalcError(error.message.replace(f"{folder}{os.sep}", ""), error.help) from None
