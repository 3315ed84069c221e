"""Chromium for tests: pages opened on a screen of any size, keys pressed, paper printed. The tests skip where it is missing."""

from __future__ import annotations

import base64
import fcntl
import json
import os
import select
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")

PATIENCE = 120.0
"""Seconds that an answer is waited for."""

KEYS = {"Tab": 9, "Enter": 13, "Space": 32, "ArrowDown": 40, "ArrowRight": 39}


def package(name: str, file: str) -> Path:
    """A file of a package of npm; the test is skipped where `MERMAID`, the folder they are installed in, has it not."""
    path = Path(os.environ.get("MERMAID", "no folder")) / "node_modules" / name / file
    if not path.is_file():
        pytest.skip(f"{name} is not installed: npm install {name}, and MERMAID=that folder")
    return path


class Screen:
    """A tab of Chromium; `problems` are what its console said and what it asked of the network."""

    def __init__(self, commands: int, answers: int) -> None:
        self._commands, self._answers, self._rest, self._number = commands, answers, b"", 0
        self.problems: list[str] = []
        self._session = ""
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.ask(f"{domain}.enable")

    def ask(self, method: str, **parameters: Any) -> Any:
        """The result of a method of the DevTools protocol."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._commands, json.dumps(message).encode() + b"\0")
        while True:
            said = self._message()
            if said.get("id") == self._number:
                assert "error" not in said, said
                return said["result"]

    def _message(self) -> Any:
        until = time.monotonic() + PATIENCE
        while b"\0" not in self._rest:
            ready, _, _ = select.select([self._answers], [], [], max(0.0, until - time.monotonic()))
            assert ready, "Chromium does not answer"
            piece = os.read(self._answers, 1 << 20)
            assert piece, "Chromium has ended"
            self._rest += piece
        text, _, self._rest = self._rest.partition(b"\0")
        said = json.loads(text)
        self._heard(said.get("method", ""), said.get("params", {}))
        return said

    def _heard(self, event: str, what: Any) -> None:
        if event == "Runtime.consoleAPICalled":
            self.problems.append(f"console: {what['args']}")
        elif event == "Runtime.exceptionThrown":
            self.problems.append(f"script: {what['exceptionDetails']}")
        elif event == "Log.entryAdded":
            self.problems.append(f"log: {what['entry']['text']}")
        elif event == "Network.requestWillBeSent" and not what["request"]["url"].startswith(("file:", "data:")):
            self.problems.append(f"request: {what['request']['url']}")

    def open(
        self, file: Path, wide: int = 1400, high: int = 1000, *, dark: bool = False, media: str = "screen"
    ) -> None:
        """Shows a file, at once on a screen of this size."""
        self.problems.clear()
        self.ask("Emulation.setDeviceMetricsOverride", width=wide, height=high, deviceScaleFactor=1, mobile=wide < 600)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.ask("Emulation.setEmulatedMedia", media=media, features=[scheme])
        self.ask("Page.navigate", url=file.as_uri())
        self.run("new Promise(done => document.readyState === 'complete' ? done() : addEventListener('load', done))")
        self.painted()

    def show(self, text: str, folder: Path, **how: Any) -> None:
        """Shows a text as a page."""
        file = folder / "page.html"
        file.write_text(text, encoding="utf-8")
        self.open(file, **how)

    def run(self, script: str) -> Any:
        """The value of an expression in the page, waited for where it is a promise."""
        said = self.ask("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in said, said["exceptionDetails"]
        return said["result"].get("value")

    def painted(self) -> None:
        """Waits until what was asked for is drawn."""
        self.run("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done())))")

    def press(self, key: str, times: int = 1) -> None:
        """A key of the keyboard."""
        text = {"Enter": "\r", "Space": " "}.get(key, "")
        name = {"Space": " "}.get(key, key)
        for _ in range(times):
            for kind in ("keyDown", "keyUp"):
                self.ask(
                    "Input.dispatchKeyEvent", type=kind, key=name, code=key, windowsVirtualKeyCode=KEYS[key], text=text
                )

    def paper(self) -> bytes:
        """The page as PDF, as it is printed."""
        self.ask("Emulation.setEmulatedMedia", media="")
        return base64.b64decode(self.ask("Page.printToPDF", printBackground=True)["data"])


@contextmanager
def screen() -> Iterator[Screen]:
    """A tab of a Chromium of its own, which ends with it."""
    ends = [*os.pipe(), *os.pipe()]
    theirs_in, ours_out, ours_in, theirs_out = (fcntl.fcntl(end, fcntl.F_DUPFD, 20) for end in ends)
    for end in ends:
        os.close(end)
    with TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        browser = subprocess.Popen(
            ["bash", "-c", f'exec "$@" 3<&{theirs_in} 4>&{theirs_out}', "bash", str(CHROMIUM), "--headless",
             "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--remote-debugging-pipe",
             "--allow-file-access-from-files", f"--user-data-dir={profile}", "about:blank"],
            pass_fds=(theirs_in, theirs_out), stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        os.close(theirs_in)
        os.close(theirs_out)
        try:
            yield Screen(ours_out, ours_in)
        finally:
            with suppress(OSError):
                os.close(ours_out)
            os.close(ours_in)
            try:
                browser.wait(10)
            except subprocess.TimeoutExpired:
                browser.kill()
                browser.wait()
