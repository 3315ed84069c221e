"""The documentation site: it builds without a doubt, asks no other host for anything, and is read on a phone."""

from __future__ import annotations

import functools
import json
import os
import re
import shutil
import subprocess
import sys
import threading
from html import unescape
from html.parser import HTMLParser
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
NAMES = {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}
"""Name spaces, which nobody fetches."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the site, built; a link that leads nowhere or a page that no menu has is an error."""
    pytest.importorskip("material", reason="mkdocs-material is not installed: pip install --group docs")
    folder = tmp_path_factory.mktemp("site")
    built = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(folder)],
        capture_output=True, text=True, cwd=ROOT, check=False, env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
    )  # fmt: skip
    assert (built.returncode, built.stderr) == (0, "")
    return folder


class Fetched(HTMLParser):
    """What a browser fetches for a page without being asked."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Every source, every link that is not one to follow, every address in a style."""
        given = {name: value or "" for name, value in attrs}
        self.addresses += [given[name] for name in ("src", "srcset", "data", "poster", "style") if name in given]
        if tag in ("link", "use", "image", "base"):
            self.addresses += [given[name] for name in ("href", "xlink:href") if name in given]


def test_nothing_is_fetched_from_elsewhere(site: Path) -> None:
    """No source, style or font of another host; addresses in a link that people follow are none of these."""
    outside = []
    for page in site.rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        fetched = Fetched()
        fetched.feed(text)
        styles = re.findall(r"url\(([^)]*)\)", text)
        outside += [
            (page.name, one) for one in (*fetched.addresses, *styles) if re.search(r"^\W*(\w+:)?//|https?:", one)
        ]
    for style in (*site.rglob("*.css"), *site.rglob("*.svg")):
        text = style.read_text(encoding="utf-8")
        found = re.findall(r"(?:url\(|@import|href=)\s*[\"']?((?:https?:)?//[^\"')\s]+)", text)
        outside += [(style.name, one) for one in found]

    assert [] == [one for one in outside if one[1] not in NAMES]


@pytest.fixture(scope="module")
def looked_at(site: Path) -> dict[str, tuple[int, int, list[str]]]:
    """Page -> its width on a phone of 390 pixels, the screen's, and what was asked for, as Chromium has it."""
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed")
    pages = sorted(str(page.relative_to(site)) for page in site.rglob("*.html"))
    script = """
    const said = {};
    for (const page of PAGES) {
      const frame = document.createElement('iframe');
      frame.style = 'width: 390px; height: 800px; border: 0';
      frame.src = page;
      document.body.append(frame);
      await new Promise((done) => { frame.onload = done; });
      await new Promise((done) => setTimeout(done, 50));
      const seen = frame.contentWindow, root = frame.contentDocument.scrollingElement;
      said[page] = [root.scrollWidth, seen.innerWidth, seen.performance.getEntriesByType('resource').map((one) => one.name)];
      frame.remove();
    }
    document.getElementById('said').textContent = JSON.stringify(said);"""
    script = script.replace("PAGES", json.dumps(pages))
    (site / "phone").write_text(f"<meta charset=utf-8><body><pre id=said></pre><script type=module>{script}</script>")
    (site / "phone").rename(site / "phone.html")
    handler = functools.partial(Quiet, directory=str(site))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}/"
        done = subprocess.run(
            [str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", "--window-size=1000,900",
             "--virtual-time-budget=300000", "--dump-dom", f"{address}phone.html"],
            capture_output=True, text=True, check=True, timeout=600,
        )  # fmt: skip
        server.shutdown()
    text = unescape(done.stdout.partition('<pre id="said">')[2].partition("</pre>")[0])
    found = {page: (wide, screen, asked) for page, (wide, screen, asked) in json.loads(text).items()}
    assert pages == [*found]
    return {
        page: (wide, screen, [one for one in asked if not one.startswith(address)])
        for page, (wide, screen, asked) in found.items()
    }


class Quiet(SimpleHTTPRequestHandler):
    """Serves a folder and says nothing."""

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


def test_no_page_scrolls_sideways_on_a_phone(looked_at: dict[str, tuple[int, int, list[str]]]) -> None:
    """Tables and code scroll within themselves."""
    assert {390} == {screen for _, screen, _ in looked_at.values()}
    assert {} == {page: wide for page, (wide, screen, _) in looked_at.items() if wide > screen}


def test_a_browser_asks_no_other_host(looked_at: dict[str, tuple[int, int, list[str]]]) -> None:
    """By what the browser itself noted of each page."""
    assert {} == {page: asked for page, (_, _, asked) in looked_at.items() if asked}
