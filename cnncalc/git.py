"""What git keeps: a spec as it was at another commit, and the texts of many specs by one process.

git:HEAD~1:models/net.yaml    a file at a commit, looked up from the current folder, then from the repository's top
git:main...:models/net.yaml   the file where the current branch left main
git:main                      a commit, as a baseline
git:main...                   where the current branch left it: what a pull request is about
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING

from .errors import CnncalcError
from .namedtuples import NamedTuple

if TYPE_CHECKING:
    import subprocess

PREFIX = "git:"
OLDEST = 20
MOST = 4_000_000
"""Bytes of a spec; a larger one is as good as not there."""

SECONDS = 60
LFS = b"version https://git-lfs.github.com/spec/"
COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


def committed(spec: str, most: int, folder: Path | None = None) -> bytes:
    """The bytes of `git:REF:PATH` or `git:REF...:PATH`, from a folder or the current one. Raises CnncalcError."""
    inside = [] if folder is None else ["-C", str(folder)]
    ref, path = parts_of(spec)
    if ref.endswith("..."):
        ref = Repository(folder or Path.cwd(), spec).commit(ref)
    said = b""
    for name in (f"{ref}:./{path}", f"{ref}:{path}"):
        size = _git([*inside, "cat-file", "-s", name])
        said = size.stderr
        if size.returncode == 0:
            if int(size.stdout) > most:
                raise CnncalcError(f"{spec} is larger than {most:,} bytes, which is no spec")
            blob = _git([*inside, "cat-file", "blob", name])
            said = blob.stderr
            if blob.returncode == 0:
                return blob.stdout
    lines = said.decode("utf-8", "replace").strip().splitlines()
    reason = lines[-1].removeprefix("fatal: ") if lines else "git gave no reason"
    code = f"torch:{spec} reads a module of PyTorch in it" if ".py:" in path else ""
    raise CnncalcError(f"{spec} cannot be read: {reason}", code or "git:REF:PATH, for instance git:HEAD~1:net.yaml")


def parts_of(spec: str) -> tuple[str, str]:
    """REF or REF... and PATH of `git:REF:PATH`. Raises CnncalcError for what is not of that form."""
    ref, _, path = spec.removeprefix(PREFIX).partition(":")
    if not _is_ref(ref.removesuffix("...")) or not path or "\x00" in path:
        raise CnncalcError(f"`{spec}` is not of the form git:REF:PATH", "for instance git:HEAD~1:net.yaml")
    return ref, path


def renames(inside: Path, one: str, other: str) -> dict[str, str]:
    """What files of one folder are called in another, where git takes them for the same ones; none without git."""
    try:
        done = _git(
            ["-C", str(inside), "diff", "--no-index", "-z", "-M", "--name-status", "--diff-filter=R", "--no-ext-diff",
             "--", one, other]
        )  # fmt: skip
    except CnncalcError:
        return {}
    words = done.stdout.decode("utf-8", errors="surrogateescape").split("\0")
    pairs = zip(words[1::3], words[2::3], strict=False)
    return {before.removeprefix(f"{one}/"): after.removeprefix(f"{other}/") for before, after in pairs}


def tracked(folder: Path, *patterns: str) -> list[str]:
    """The files below a folder that git keeps and that match, from the current folder; none where there is no git."""
    try:
        found = _git(["-C", str(folder), "ls-files", "-z", "--", *patterns])
    except CnncalcError:
        return []
    names = found.stdout.decode("utf-8", errors="surrogateescape").split("\0") if found.returncode == 0 else []
    return [Path(os.path.relpath(folder / name)).as_posix() for name in names if name and (folder / name).is_file()]


class Version(NamedTuple):
    """A file as a commit left it."""

    commit: str
    date: str
    """When it was committed: 2024-05-01."""

    subject: str
    """The first line of its message."""

    path: str
    """Where the file was, from the top of the repository."""


class Changes(NamedTuple):
    """What became of files since a commit; paths are from the top of the repository."""

    renamed: Mapping[str, str]
    """What it is called now -> what it was called."""

    removed: tuple[str, ...]


class Repository:
    """The repository that a folder is in. Raises CnncalcError where there is none."""

    def __init__(self, folder: Path, asked: str = "git:REF") -> None:
        self.folder = folder
        self.asked = asked
        self._own: set[Path] = set()
        """Folders that are in no other repository."""

        done = _git(["-C", str(folder), "rev-parse", "--show-toplevel"])
        if b"dubious ownership" in done.stderr:
            raise CnncalcError(
                f"`{asked}`: git does not trust {folder}",
                f"git config --global --add safe.directory {folder}",
            )
        if done.returncode != 0:
            raise CnncalcError(
                f"`{asked}` needs a git repository, and {folder} is in none",
                "--baseline FILE compares with a lock",
            )
        self.top = Path(done.stdout.decode("utf-8", errors="surrogateescape").strip())

    def commit(self, ref: str) -> str:
        """The commit that a REF means; REF... is where HEAD left it. Raises CnncalcError."""
        name = ref.removesuffix("...")
        found = self._run("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
        if found is None or not COMMIT.fullmatch(found.strip()):
            raise self._missing(name)
        if name == ref:
            return found.strip()
        left = self._run("merge-base", found.strip(), "HEAD")
        if left is None:
            raise CnncalcError(
                f"`{self.asked}`: {name} and HEAD have no commit in common here",
                self._depth_help(name, history=True) or "name one commit",
            )
        return left.strip()

    def texts(self, places: Iterable[tuple[str, str]]) -> dict[tuple[str, str], bytes]:
        """(commit, path from the top) -> the content of that file in that commit, for those that exist."""
        wanted = [place for place in dict.fromkeys(places) if "\n" not in place[1]]
        from tempfile import TemporaryFile

        found: dict[tuple[str, str], bytes] = {}
        with TemporaryFile() as out:
            self._batch([f"{commit}:{path}" for commit, path in wanted], out)
            out.seek(0)
            for place in wanted:
                words = out.readline().split()
                if len(words) != 3 or not words[2].isdigit():
                    continue
                size, start = int(words[2]), out.tell()
                if words[1] == b"blob" and size <= MOST:
                    found[place] = out.read(size)
                out.seek(start + size + 1)
        return found

    def there(self, commit: str, paths: Iterable[str]) -> set[str]:
        """Which of the paths from the top are files of a commit, however large."""
        wanted = [path for path in dict.fromkeys(paths) if "\n" not in path]
        if not wanted:
            return set()
        given = "".join(f"{commit}:{path}\n" for path in wanted).encode(errors="surrogateescape")
        done = _git(["-C", str(self.folder), "cat-file", "--batch-check=%(objecttype)"], given)
        kinds = done.stdout.split(b"\n")
        return {path for path, kind in zip(wanted, kinds, strict=False) if kind == b"blob"}

    def listed(self, commit: str, folder: str) -> list[str] | None:
        """The files in a folder of a commit, from it on; None where it is no folder there. Links are left out."""
        done = _git(["-C", str(self.top), "ls-tree", "-r", "-z", "--full-tree", f"{commit}:{folder}"])
        lines = done.stdout.decode("utf-8", errors="surrogateescape").split("\0")
        entries = [line.partition("\t") for line in lines if line]
        return [name for kind, _, name in entries if kind.startswith("100")] if done.returncode == 0 else None

    def save(self, commit: str, path: str, into: Path) -> None:
        """Write a file of a commit, however large, into a file. Raises CnncalcError, for a pointer of Git LFS too."""
        with into.open("wb") as out:
            done = _git(["-C", str(self.top), "cat-file", "blob", f"{commit}:{path}"], out=out)
        if done.returncode != 0:
            raise CnncalcError(f"`{self.asked}`: git could not read {path}")
        with into.open("rb") as begun:
            if begun.read(len(LFS)) == LFS:
                raise CnncalcError(f"{path} is in Git LFS, and git has no more than a pointer to it")

    def export(self, commit: str, into: Path) -> None:
        """Write all files of a commit into a folder. Raises CnncalcError."""
        import tarfile
        from tempfile import TemporaryFile

        with TemporaryFile() as kept:
            done = _git(["-C", str(self.top), "archive", "--format=tar", commit], out=kept)
            if done.returncode != 0:
                raise CnncalcError(f"`{self.asked}`: git could not read all of {commit[:12]}")
            kept.seek(0)
            try:
                with tarfile.open(fileobj=kept) as archive:
                    archive.extractall(into, filter="data")
            except (OSError, tarfile.TarError) as error:
                raise CnncalcError(f"`{self.asked}`: {commit[:12]} cannot be written out: {error}") from None

    def changes(self, commit: str) -> Changes:
        """What was renamed and removed since a commit, as `git diff -M` tells it of the working tree."""
        done = _git(
            ["-C", str(self.top), "diff", "-z", "-M", "--name-status", "--diff-filter=RD", "--ignore-submodules",
             "--no-ext-diff", commit, "--"]
        )  # fmt: skip
        words = iter(done.stdout.decode("utf-8", errors="surrogateescape").split("\0"))
        renamed, removed = {}, []
        for status in words:
            if status.startswith("R"):
                before = next(words, "")
                renamed[next(words, "")] = before
            elif status:
                removed.append(next(words, ""))
        return Changes(renamed, tuple(removed))

    def past(self, paths: Iterable[Path]) -> list[str]:
        """The last commits that touched any of the files, the latest first."""
        inside = [path for given in paths if (path := self.where(given)) is not None]
        log = self._run(
            "log", f"-n{OLDEST}", "--format=%H", "HEAD", "--", *(f":(top,literal){path}" for path in inside)
        )
        return (log or "").split()

    def versions(self, path: Path, most: int) -> list[Version]:
        """The commits that changed a file, the latest first, followed through renames; at most so many.

        Raises CnncalcError for a file outside of the repository.
        """
        inside = self.where(path)
        if inside is None:
            raise CnncalcError(f"{path} is not in the repository {self.top}")
        form = "--format=%x01%H%x1f%cs%x1f%s"
        log = self._run(
            "log", "--follow", f"-n{most}", form, "--name-only", "-z", "HEAD", "--", f":(top,literal){inside}"
        )
        found = []
        for chunk in (log or "").split("\x01")[1:]:
            head, *names = chunk.split("\0")
            commit, date, subject = head.split("\x1f", 2)
            inside = next((name for name in (name.lstrip("\n") for name in names) if name), inside)
            found.append(Version(commit, date, subject.strip(), inside))
        return found

    def since(self, commit: str) -> set[str]:
        """The commits of HEAD that came after one."""
        return set((self._run("rev-list", f"{commit}..HEAD") or "").split())

    @property
    def shallow(self) -> bool:
        """Whether the clone lacks the start of its history."""
        return (self._run("rev-parse", "--is-shallow-repository") or "").strip() == "true"

    def differs(self, path: Path) -> bool:
        """Whether a file of the working tree is another than in HEAD."""
        inside = self.where(path)
        return bool((self._run("status", "--porcelain", "-z", "--", f":(top,literal){inside}") or "").strip("\0"))

    def content(self, version: Version, most: int) -> bytes:
        """The bytes of a file as a commit left it. Raises CnncalcError where it is not there, or larger."""
        return committed(f"{PREFIX}{version.commit}:{version.path}", most, self.top)

    def where(self, path: Path) -> str | None:
        """A file from the top of the repository, links followed; None outside of it, or in a submodule."""
        found, top = Path(os.path.realpath(path)), Path(os.path.realpath(self.top))
        if not found.is_relative_to(top):
            return None
        folder = found.parent
        while folder != top and folder not in self._own:
            if (folder / ".git").exists():
                return None
            self._own.add(folder)
            folder = folder.parent
        return found.relative_to(top).as_posix()

    def _missing(self, name: str) -> CnncalcError:
        remote = f"origin/{name}"
        if self._run("rev-parse", "--verify", "--quiet", "--end-of-options", f"{remote}^{{commit}}") is not None:
            return CnncalcError(
                f"`{self.asked}`: there is no `{name}` here, but there is {remote}",
                f"--baseline git:{remote}",
            )
        if help := self._depth_help(name):
            return CnncalcError(f"`{self.asked}`: the clone is shallow and does not have `{name}`", help)
        return CnncalcError(
            f"`{self.asked}`: the repository has no commit or branch `{name}`",
            "`git branch --all` lists them",
        )

    def _depth_help(self, name: str, history: bool = False) -> str:
        """How to get what a shallow clone lacks; nothing for a whole one."""
        if not self.shallow:
            return ""
        branch = name.removeprefix("origin/")
        fetch = f"git fetch --depth=1 origin {branch}:refs/remotes/origin/{branch}"
        if history or re.search(r"[~^@]", name):
            fetch = "git fetch --unshallow"
        return f"`{fetch}`; in actions/checkout `fetch-depth: 0`"

    def _run(self, *arguments: str) -> str | None:
        done = _git(["-C", str(self.folder), *arguments])
        return done.stdout.decode("utf-8", errors="replace") if done.returncode == 0 else None

    def _batch(self, objects: list[str], out: IO[bytes]) -> None:
        """Each object after a line with its kind and size, into a file: what is large is not held in memory."""
        if not objects:
            return
        given = "".join(f"{name}\n" for name in objects).encode(errors="surrogateescape")
        done = _git(["-C", str(self.folder), "cat-file", "--batch"], given, out)
        if done.returncode != 0:
            reason = done.stderr.decode("utf-8", errors="replace").strip().splitlines()
            raise CnncalcError(f"`{self.asked}`: git could not read it" + (f": {reason[-1]}" if reason else ""))


def unignored(folder: Path, paths: Sequence[Path]) -> list[Path]:
    """The files below a folder that git does not ignore; all, where it is ignored itself or in no repository."""
    if not paths or not any((one / ".git").exists() for one in (folder.absolute(), *folder.absolute().parents)):
        return list(paths)
    given = "\0".join([os.fspath(folder.absolute()), *(os.fspath(path.absolute()) for path in paths)])
    try:
        done = _git(["-C", os.fspath(folder), "check-ignore", "-z", "--stdin"], given.encode(errors="surrogateescape"))
    except CnncalcError:
        return list(paths)
    ignored = set(done.stdout.decode(errors="surrogateescape").split("\0"))
    if os.fspath(folder.absolute()) in ignored:
        return list(paths)
    return [path for path in paths if os.fspath(path.absolute()) not in ignored]


def _git(arguments: list[str], given: bytes = b"", out: IO[bytes] | None = None) -> subprocess.CompletedProcess[bytes]:
    import subprocess

    environment: Mapping[str, str] = {
        **os.environ,
        "LC_ALL": "C",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_OPTIONAL_LOCKS": "0",
    }
    try:
        return subprocess.run(  # noqa: S603 - no shell
            ["git", *arguments],  # noqa: S607 - the git of the PATH
            input=given,
            stdout=subprocess.PIPE if out is None else out,
            stderr=subprocess.PIPE,
            check=False,
            env=environment,
            timeout=SECONDS,
        )
    except subprocess.TimeoutExpired:
        raise CnncalcError(f"git did not answer within {SECONDS} seconds") from None
    except OSError as error:
        raise CnncalcError(
            f"git cannot be run: {error.strerror}", "--baseline FILE compares with a lock and needs no git"
        ) from None


def ref_of(baseline: str) -> str | None:
    """`main` of `git:main`; None for a file. Raises CnncalcError for an empty or dangerous one."""
    if not baseline.startswith(PREFIX):
        return None
    ref = baseline.removeprefix(PREFIX)
    if not _is_ref(ref.removesuffix("...")):
        raise CnncalcError(f"`{baseline}` names no commit", "git:main, git:origin/main, git:v1.2 or git:HEAD~1")
    return ref


def _is_ref(ref: str) -> bool:
    """Whether a text can name one commit: no option, no range, no `^HEAD`, which is all but a commit."""
    return bool(ref) and ref[0] not in "-^" and ".." not in ref and ref.isprintable() and " " not in ref
