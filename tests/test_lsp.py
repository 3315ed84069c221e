"""The JSON Schema in a real editor's server: yaml-language-server (npm), spoken to over LSP.

It is looked for in $YAML_LANGUAGE_SERVER (the folder of an `npm install yaml-language-server`), on the PATH, and in
node_modules here and above; without it, or without node, the tests are skipped.
"""

from __future__ import annotations

import json
import os
import queue
import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cnncalc.cli import app

SERVER = "yaml-language-server"
PATIENCE = 30

SPEC = """\
# yaml-language-server: $schema=cnncalc.schema.json
name: tiny
input: [3, 32, 32]
net:
  - conv: {out: 8, kernel: 3, strid: 2}
  - maxpool: {}
  - linear: 10
expect: {parms: 3}
"""


def server() -> list[str]:
    """The command that starts the server; skips the tests where there is none."""
    if shutil.which("node") is None:
        pytest.skip("node is not installed")
    named = os.environ.get("YAML_LANGUAGE_SERVER")
    folders = [Path(named)] if named else [Path.cwd(), *Path.cwd().parents]
    for folder in folders:
        local = folder / "node_modules" / ".bin" / SERVER
        if local.exists():
            return [str(local), "--stdio"]
    found = shutil.which(SERVER)
    if found is None:
        pytest.skip(f"{SERVER} is not installed: npm install {SERVER}, and YAML_LANGUAGE_SERVER=that folder")
    return [found, "--stdio"]


class Editor:
    """The editor's side of the protocol."""

    def __init__(self, command: list[str], folder: Path) -> None:
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        self.folder = folder
        self.messages: queue.Queue[dict[str, Any]] = queue.Queue()
        self.number = 0
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()
        self.ask("initialize", {"processId": os.getpid(), "rootUri": folder.as_uri(), "capabilities": {}})
        self.tell("initialized", {})
        settings = {"yaml": {"validate": True, "completion": True, "hover": True, "schemaStore": {"enable": False}}}
        self.tell("workspace/didChangeConfiguration", {"settings": settings})

    def open(self, name: str, text: str) -> dict[str, str]:
        """Open a file; what requests call it."""
        (self.folder / name).write_text(text)
        document = {"uri": (self.folder / name).as_uri()}
        item = {**document, "languageId": "yaml", "version": 1, "text": text}
        self.tell("textDocument/didOpen", {"textDocument": item})
        return document

    def ask(self, method: str, params: dict[str, Any]) -> Any:
        """The answer to a request."""
        self.number += 1
        self._send({"id": self.number, "method": method, "params": params})
        number = self.number
        return self.await_(lambda message: message.get("id") == number and "method" not in message)["result"]

    def tell(self, method: str, params: dict[str, Any]) -> None:
        """Send what has no answer."""
        self._send({"method": method, "params": params})

    def diagnostics(self, document: dict[str, str]) -> list[dict[str, Any]]:
        """What the server finds wrong with a file; it first publishes an empty list."""
        found: dict[str, Any] = self.await_(
            lambda message: (
                message.get("method") == "textDocument/publishDiagnostics"
                and message["params"]["uri"] == document["uri"]
                and message["params"]["diagnostics"]
            )
        )
        return list(found["params"]["diagnostics"])

    def await_(self, wanted: Any) -> dict[str, Any]:
        """The next message that is wanted; requests of the server are answered on the way."""
        while True:
            message = self.messages.get(timeout=PATIENCE)
            if "id" in message and "method" in message:
                items = message.get("params", {}).get("items", [])
                answer = [{} for _ in items] if message["method"] == "workspace/configuration" else None
                self._send({"id": message["id"], "result": answer})
            if wanted(message):
                return message

    def close(self) -> None:
        """End the server."""
        self.process.terminate()
        self.process.wait(PATIENCE)
        self.reader.join(PATIENCE)
        for stream in (self.process.stdin, self.process.stdout):
            if stream is not None:
                stream.close()

    def _send(self, message: dict[str, Any]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self.process.stdin is not None
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self.process.stdin.flush()

    def _read(self) -> None:
        assert self.process.stdout is not None
        length = 0
        while line := self.process.stdout.readline():
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
            elif line == b"\r\n":
                self.messages.put(json.loads(self.process.stdout.read(length)))


@pytest.fixture
def editor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Editor]:
    """An editor in a folder with the schema."""
    command = server()
    monkeypatch.chdir(tmp_path)
    assert 0 == CliRunner().invoke(app, ["schema", "--output", "cnncalc.schema.json"]).exit_code
    found = Editor(command, tmp_path)
    yield found
    found.close()


def test_wrong_keys_are_underlined(editor: Editor) -> None:
    """An unknown argument and an unknown figure, each at its place."""
    found = editor.diagnostics(editor.open("spec.yaml", SPEC))
    marked = {_text(SPEC, one["range"]) for one in found}

    assert "parms" in marked
    assert 4 in {one["range"]["start"]["line"] for one in found}


def test_what_init_writes_has_nothing_underlined(editor: Editor) -> None:
    """The starter is right for the editor too; a mistake typed after it is seen, so silence means right."""
    assert 0 == CliRunner().invoke(app, ["init", "starter.yaml", "--no-schema"]).exit_code
    text = "# yaml-language-server: $schema=cnncalc.schema.json\n" + Path("starter.yaml").read_text()
    found = editor.diagnostics(editor.open("starter.yaml", text + "nonsense: 1\n"))

    assert ["nonsense"] == [_text(text + "nonsense: 1\n", one["range"]) for one in found]


def test_kinds_and_arguments_are_completed(editor: Editor) -> None:
    """In a list of steps the layer kinds, in a convolution its arguments, at the top what a spec may have."""
    head = SPEC.partition("  - conv")[0]
    block = editor.open("block.yaml", f"{head}  - conv:\n      out: 8\n      \n  - relu\n")
    flow = editor.open("flow.yaml", f"{head}  - conv: {{out: 8, st}}\n")
    steps = editor.open("steps.yaml", f"{head}  - \n")
    top = editor.open("top.yaml", f"{head}  - relu\nex\n")

    assert {"stride", "padding", "dilation", "groups", "bias"} <= _labels(editor, block, 6, 6)
    assert {"stride", "padding", "dilation", "groups", "bias"} <= _labels(editor, flow, 4, 19)
    assert {"conv", "maxpool", "linear", "add"} <= _labels(editor, steps, 4, 4)
    assert {"expect", "budget", "vars", "blocks"} <= _labels(editor, top, 5, 2)


def test_hover_explains_a_key(editor: Editor) -> None:
    """With the sentence of the schema."""
    document = editor.open("spec.yaml", SPEC)
    line = SPEC.splitlines()[4]
    position = {"line": 4, "character": line.index("kernel") + 1}
    found = editor.ask("textDocument/hover", {"textDocument": document, "position": position})
    top = editor.ask("textDocument/hover", {"textDocument": document, "position": {"line": 3, "character": 1}})

    assert "window" in str(found["contents"])
    assert "The steps of the network." in str(top["contents"])


def _labels(editor: Editor, document: dict[str, str], line: int, character: int) -> set[str]:
    position = {"line": line, "character": character}
    found = editor.ask("textDocument/completion", {"textDocument": document, "position": position})
    return {item["label"] for item in found["items"]}


def _text(text: str, span: dict[str, Any]) -> str:
    line = text.splitlines()[span["start"]["line"]]
    return line[span["start"]["character"] : span["end"]["character"]]
