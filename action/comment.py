"""One comment on a pull request, found again by a hidden first line, and written anew at each run."""

from __future__ import annotations

import json
import os
import re
import urllib.error
import urllib.request
from typing import Any

MARKER = "<!-- cnncalc check -->"
SECONDS = 30
PAGES = 30
"""Of a hundred comments each that are looked through."""


class Refused(Exception):
    """The API did not do what was asked, with what it said."""


def marked(text: str, tag: str) -> tuple[str, str]:
    """The first line by which the comment is found, and the text with it."""
    safe = re.sub(r"[^\w .:/-]", "", tag).replace("--", "-")
    marker = f"<!-- cnncalc check: {safe} -->" if safe else MARKER
    return marker, marker + text.removeprefix(MARKER)


def keep(text: str, tag: str, number: int, token: str) -> str:
    """Write the comment of this tag, the first time or again; what was done. Raises Refused."""
    marker, body = marked(text, tag)
    issues = f"/repos/{os.environ.get('GITHUB_REPOSITORY', '')}/issues"
    for page in range(1, PAGES + 1):
        found = _asked("GET", f"{issues}/{number}/comments?per_page=100&page={page}", token)
        for one in found if isinstance(found, list) else []:
            if str(one.get("body", "")).startswith(marker):
                _asked("PATCH", f"{issues}/comments/{int(one['id'])}", token, body)
                return "the comment is brought up to date"
        if not isinstance(found, list) or len(found) < 100:
            break
    _asked("POST", f"{issues}/{number}/comments", token, body)
    return "the comment is written"


def _asked(method: str, path: str, token: str, body: str | None = None) -> Any:
    api = os.environ.get("GITHUB_API_URL", "").rstrip("/")
    if not re.match(r"https?://", api):
        raise Refused("GITHUB_API_URL is not set")
    request = urllib.request.Request(  # noqa: S310 - http or https alone
        api + path,
        method=method,
        data=None if body is None else json.dumps({"body": body}).encode(),
        headers={
            "Authorization": f"Bearer {token}",
            "Accept": "application/vnd.github+json",
            "X-GitHub-Api-Version": "2022-11-28",
            "User-Agent": "cnncalc",
        },
    )
    try:
        with urllib.request.urlopen(request, timeout=SECONDS) as answer:  # noqa: S310 - http or https alone
            return json.loads(answer.read(64 << 20) or b"null")
    except urllib.error.HTTPError as error:
        help = "; the token needs `pull-requests: write`" if error.code in (401, 403, 404) else ""
        raise Refused(f"the API answered {error.code}{help}") from None
    except (OSError, ValueError) as error:
        raise Refused(f"the API did not answer: {error}") from None
