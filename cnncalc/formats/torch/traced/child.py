"""The process that runs a user's code: a request in, an answer out."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from .making import kept, module_of, on_meta, save
from .telling import Failed, told
from .tracing import exported


def main(request_file: str, answer_file: str) -> None:
    """Answer a request: {"records": ...}, or {"error": ..., "help": ...}."""
    request = json.loads(Path(request_file).read_text(encoding="utf-8"))
    answer: dict[str, Any]
    try:
        module = module_of(request)
        if "numbers" in request:
            save(module, request["numbers"], request["into"])
            answer = {"records": None}
        elif request.get("kept"):
            answer = {"records": kept(module)}
        else:
            known = on_meta(module)
            answer = {"records": exported(module, request["inputs"], "meta", known)}
    except Failed as error:
        answer = {"error": str(error), "help": error.help}
    except BaseException as error:
        answer = {"error": told(error), "help": ""}
    with Path(answer_file).open("w", encoding="utf-8") as file:
        json.dump(answer, file)
    os._exit(0)  # no handlers of the user's code, and no wait for its threads
