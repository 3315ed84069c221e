"""What differs between two networks: totals, and the layers that changed, came, went or have other names.

    cnncalc diff resnet50 resnet101
    cnncalc diff git:HEAD:net.yaml net.yaml --exit-code
    cnncalc diff git:main...:net.yaml net.yaml -f markdown      since the branch left main, for its pull request
    cnncalc diff resnet50 --set-b width=32         one spec with two settings; --set and --input are for both
    cnncalc diff net.yaml model.safetensors --params    does the checkpoint fit, tensor by tensor

SPEC is a file, a network of the zoo, `git:REF:PATH` or `git:REF...:PATH`. Exit code 0, the same or not; with
--exit-code 1 where they differ; 2 where one of them cannot be read. Steps are matched by what is written, then by
what is in them, so that an insertion is one. What changed in the same way is one row; --depth 0 shows each layer.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import typer

from ..errors import CnncalcError
from ..render.report import Report
from .request import Request, report
from .vain import refused

Setting = list[str] | None


@report
def command(
    request: Request,
    others: Annotated[
        list[str] | None,
        typer.Argument(metavar="[OTHER]", help="The network that is compared with it; the same if not given."),
    ] = None,
    set_a: Annotated[
        Setting, typer.Option("--set-a", metavar="NAME=VALUE", help="As --set, for the first alone.")
    ] = None,
    set_b: Annotated[
        Setting, typer.Option("--set-b", metavar="NAME=VALUE", help="As --set, for the second alone.")
    ] = None,
    input_a: Annotated[Setting, typer.Option("--input-a", metavar="C,H,W", help="As --input, for the first.")] = None,
    input_b: Annotated[Setting, typer.Option("--input-b", metavar="C,H,W", help="As --input, for the second.")] = None,
    params: Annotated[
        bool, typer.Option("--params", help="Whether the tensors of a checkpoint, the second, fit the network.")
    ] = False,
    exit_code: Annotated[bool, typer.Option("--exit-code", help="Exit with 1 where they differ.")] = False,
) -> Report:
    """What differs between two networks."""
    from .. import reports

    if others and len(others) > 1:
        names = " ".join([request.spec or "", *others])
        raise CnncalcError(f"diff takes two networks, and {len(others) + 1} are named", f"cnncalc compare {names}")
    other = others[0] if others else None
    if other == "":
        raise CnncalcError("the name of the second network is empty", "is it of a variable that is not set?")
    if request.spec is None:
        raise CnncalcError("nothing to compare", "cnncalc diff A B, or one spec with --set-b NAME=VALUE")
    own = [set_a, set_b, input_a, input_b]
    if other is None and not any(own):
        raise CnncalcError(
            f"{request.spec} is compared with nothing",
            f"cnncalc diff {request.spec} OTHER, or --set-b NAME=VALUE; git:HEAD:PATH is what was committed",
        )
    left = _side(request, request.spec, set_a, input_a)
    right = _side(request, request.spec if other is None else other, set_b, input_b)
    if params:
        answer = _fitting(left, replace(right, set=set_b or [], input=input_b or []))
        return replace(answer, failed=exit_code and not answer.facts["fits"])
    view = replace(request, format="table").view if request.format == "json" else request.view
    answer = reports.diff(
        left.whole,
        right.whole,
        names=_names(left, right),
        batch=request.batch,
        training=request.training,
        view=view,
    )
    return replace(answer, failed=exit_code and not answer.facts["same"])


def _fitting(left: Request, right: Request) -> Report:
    """Whether the checkpoint on the right fits the network on the left. Raises CnncalcError."""
    from .. import reports

    if left.checkpoint or not right.checkpoint:
        raise CnncalcError(
            "--params compares a network with a checkpoint", "cnncalc diff SPEC model.safetensors --params"
        )
    options = {"--depth": left.depth, "--top": left.top, "--sort": left.sort, "--training": left.training}
    refused(options | {"--batch": left.batch != 1}, "with --params, which has tensors and no layers")
    return reports.weights(left.whole, right.opened_checkpoint(), name=left.spec or "")


def _side(request: Request, spec: str, settings: Setting, shape: Setting) -> Request:
    return replace(request, spec=spec, set=[*request.set, *(settings or [])], input=shape or request.input)


def _names(left: Request, right: Request) -> tuple[str, str]:
    """What the two are called: the specs, and what is set where that differs."""
    texts = []
    for side, against in ((left, right), (right, left)):
        extra = [text for text in (*side.set, *side.input) if text not in (*against.set, *against.input)]
        texts.append(f"{side.spec}" + (f" ({', '.join(extra)})" if extra else ""))
    return texts[0], texts[1]
