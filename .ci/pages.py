"""Hooks of mkdocs: pages that stand at the top of the repository are pages of the site too, and links to them hold."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File

TOP = Path(__file__).parents[1]
PAGES = ("SECURITY", "CHANGELOG", "CONTRIBUTING")


def on_files(files: Any, config: Any) -> Any:
    """The pages from the top, beside those of docs."""
    for name in PAGES:
        text = (TOP / f"{name}.md").read_text(encoding="utf-8")
        files.append(File.generated(config, f"{name}.md", content=_within(text)))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Links out of docs lead to those pages; README is the home of the repository, index.md that of the site."""
    up = "../" * page.file.src_uri.count("/")
    markdown = re.sub(rf"\]\((?:\.\./)+({'|'.join(PAGES)})\.md", rf"]({up}\1.md", markdown)
    return re.sub(r"\]\((?:\.\./)+README\.md", f"]({up}index.md", markdown)


def on_post_page(output: str, **_: Any) -> str:
    """The search has a name for who does not see it."""
    search = 'data-md-component="search" role="dialog"'
    return output.replace(search, f'{search} aria-label="Search"')


def _within(text: str) -> str:
    """Links as they are from within docs."""
    return re.sub(r"\]\(docs/", "](", text).replace("](README.md", "](index.md")
