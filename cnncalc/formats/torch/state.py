"""What a checkpoint of a module holds: `python -m ... REQUEST ANSWER`, in a process of its own, as `traced` is."""

from __future__ import annotations

from typing import Any


def records(module: Any) -> list[dict[str, Any]]:
    """The tensors of its `state_dict()`: path, the first path of the same tensor, shape, and whether it is learned."""
    import torch

    learned = {id(tensor) for tensor in module.parameters()}
    first: dict[int, str] = {}
    for named in (module.named_parameters, module.named_buffers):
        for path, tensor in named(remove_duplicate=False):
            first.setdefault(id(tensor), path)
    return [
        {
            "path": path,
            "first": first.get(id(tensor), path),
            "shape": list(tensor.shape),
            "learned": id(tensor) in learned,
        }
        for path, tensor in module.state_dict(keep_vars=True).items()
        if isinstance(tensor, torch.Tensor)
    ]


def main(request_file: str, answer_file: str) -> None:
    """Answer a request: {"records": ...}, or {"error": ..., "help": ...}."""
    import json
    import os
    from pathlib import Path

    from .traced.making import module_of
    from .traced.telling import Failed, told

    request = json.loads(Path(request_file).read_text(encoding="utf-8"))
    answer: dict[str, Any]
    try:
        answer = {"records": records(module_of(request))}
    except Failed as error:
        answer = {"error": str(error), "help": error.help}
    except BaseException as error:
        answer = {"error": told(error), "help": ""}
    Path(answer_file).write_text(json.dumps(answer), encoding="utf-8")
    os._exit(0)  # no handlers of the user's code, and no wait for its threads
