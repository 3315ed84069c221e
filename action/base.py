"""What growth is measured from where nobody says: the base of what happened; and git made to have it."""

from __future__ import annotations

import os
import re
from typing import Any

from runner import ran

NOTHING = "0" * 40
DEEPER = ("1", "20", "200", "2000")
"""Commits by which a shallow clone is deepened, one after the other, before all of them are fetched."""


def of_event(event: dict[str, Any]) -> str:
    """The baseline of a pull request, a merge group or a push; nothing for what has no commit before it."""
    branch = os.environ.get("GITHUB_BASE_REF", "")
    if branch:
        return f"git:origin/{branch}..."
    if isinstance(group := event.get("merge_group"), dict):
        return f"git:{group.get('base_sha', '')}"
    before = event.get("before")
    if isinstance(before, str) and re.fullmatch(r"[0-9a-f]{40,64}", before) and before.strip("0"):
        return f"git:{before}"
    usual = (event.get("repository") or {}).get("default_branch", "")
    if before is not None and usual and os.environ.get("GITHUB_REF_NAME") != usual:
        return f"git:origin/{usual}..."
    return ""


def fetch(baseline: str) -> None:
    """Get what a baseline names, and of a shallow clone as much as it takes to find where the branch left it.

    Whatever cannot be had is left to `cnncalc check`, which says what is missing and how to get it.
    """
    if not baseline.startswith("git:"):
        return
    named = baseline.removeprefix("git:")
    ref = named.removesuffix("...")
    if ref.startswith("-") or (_has(ref) and named == ref):
        return
    if not _has(ref) and re.fullmatch(r"[\w./-]+", ref):
        shallow = ["--depth=1"] if _shallow() else []
        branch = ref.removeprefix("origin/")
        wanted = ref if re.fullmatch(r"[0-9a-f]{40,64}", ref) else f"+refs/heads/{branch}:refs/remotes/origin/{branch}"
        _git("fetch", "--quiet", "--no-tags", *shallow, "origin", wanted)
        if not _has(ref):
            _git("fetch", "--quiet", "--no-tags", *shallow, "origin", f"+refs/tags/{ref}:refs/tags/{ref}")
    if named == ref:
        if not _has(ref) and _shallow():
            _git("fetch", "--quiet", "--no-tags", "--unshallow", "origin")
        return
    for commits in DEEPER:
        if _git("merge-base", ref, "HEAD") or not _shallow():
            return
        _git("fetch", "--quiet", "--no-tags", f"--deepen={commits}", "origin")
    if not _git("merge-base", ref, "HEAD") and _shallow():
        _git("fetch", "--quiet", "--no-tags", "--unshallow", "origin")


def _has(ref: str) -> bool:
    return _git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}")


def _shallow() -> bool:
    return ran("git", "rev-parse", "--is-shallow-repository").stdout.strip() == "true"


def _git(*arguments: str) -> bool:
    return ran("git", *arguments).returncode == 0
