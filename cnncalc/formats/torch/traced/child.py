"""The process that runs a user's code: a request in, an answer out."""

from __future__ import annotations

import json
import os
from typing import Any

from .making import module_of, on_meta
from .telling import Failed, told
from .tracing import exported


def main(request_file: str, answer_file: str) -> None:
    """Answer a request: {"records": ...}, or {"error": ..., "help": ...}."""
    with open(request_file, encoding="utf-8") as file:
        request = json.load(file)
    answer: dict[str, Any]
    try:
        module = module_of(request)
        known = on_meta(module)
        answer = {"records": exported(module, request["inputs"], "meta", known)}
    except Failed as error:
        answer = {"error": str(error), "help": error.help}
    except BaseException as error:  # noqa: BLE001 - whatever it is, the parent has one line for it
        answer = {"error": told(error), "help": ""}
    with open(answer_file, "w", encoding="utf-8") as file:
        json.dump(answer, file)
        file.flush()
    os._exit(0)  # no handlers of the user's code, and no wait for its threads
