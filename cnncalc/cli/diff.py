"""What differs between two networks, or those of two folders: totals, and the layers that changed, came or went.

    cnncalc diff resnet50 resnet101
    cnncalc diff git:HEAD:net.yaml net.yaml --exit-code
    cnncalc diff git:main...:net.yaml net.yaml -f markdown      since the branch left main, for its pull request
    cnncalc diff resnet50 --set-b width=32         one spec with two settings; --set and --input are for both
    cnncalc diff net.yaml model.safetensors --params    does the checkpoint fit, tensor by tensor
    cnncalc diff git:main...:models models --stat       all networks of a folder, a row each

SPEC is a file, a network of the zoo, a folder, `git:REF:PATH` or `git:REF...:PATH`; networks of two folders are
paired by their names, and renamed ones as git does it. Exit code 0, the same or not; with --exit-code 1 where they
differ; 2 where one of them cannot be read. Steps are matched by what is written, then by
what is in them, so that an insertion is one. What changed in the same way is one row; --depth 0 shows each layer.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import CnncalcError
from ..render.report import Report
from .request import Request, report
from .several import of_models
from .vain import refused

if TYPE_CHECKING:
    from ..reports import View

Setting = list[str] | None


@report
def command(
    request: Request,
    others: Annotated[
        list[str] | None,
        typer.Argument(metavar="[OTHER]", help="What is compared with it, of the same sort; the same if not given."),
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
    stat: Annotated[bool, typer.Option("--stat", help="The figures alone, and no layers.")] = False,
    exit_code: Annotated[bool, typer.Option("--exit-code", help="Exit with 1 where they differ.")] = False,
) -> Report:
    """What differs between two networks, or two folders of them."""
    left, right = _two(request, others or [], (set_a, input_a), (set_b, input_b))
    if params:
        refused({"--stat": stat}, "with --params, which has tensors and no layers")
        if _folders([left.spec or "", right.spec or ""]):
            raise CnncalcError("--params compares a network with a checkpoint, and no folders", "name one spec in it")
        answer = _fitting(left, _of_its_own(right, set_b, input_b))
        return replace(answer, failed=exit_code and not answer.facts["fits"])
    if _are_folders(left, right):
        answer = _of_folders(left, right, stat)
    else:
        left, right = of_models([left, right])
        answer = _of_networks(left, right, stat)
    return replace(answer, failed=exit_code and not answer.facts["same"])


def _two(
    request: Request, others: list[str], of_a: tuple[Setting, Setting], of_b: tuple[Setting, Setting]
) -> tuple[Request, Request]:
    """What is compared, each with its settings. Raises CnncalcError where that is not two."""
    if len(others) > 1:
        named = [request.spec or "", *others]
        if _folders(named):
            raise CnncalcError(f"diff takes two folders, and {len(named)} are named", "two of them at a time")
        text = f"diff takes two networks, and {len(named)} are named"
        raise CnncalcError(text, f"cnncalc compare {' '.join(named)}")
    other = others[0] if others else None
    if other == "":
        raise CnncalcError("the name of the second network is empty", "is it of a variable that is not set?")
    if request.spec is None:
        raise CnncalcError("nothing to compare", "cnncalc diff A B, or one spec with --set-b NAME=VALUE")
    if other is None and not any((*of_a, *of_b)):
        raise CnncalcError(
            f"{request.spec} is compared with nothing",
            f"cnncalc diff {request.spec} OTHER, or --set-b NAME=VALUE; git:HEAD:PATH is what was committed",
        )
    return _side(request, request.spec, *of_a), _side(request, request.spec if other is None else other, *of_b)


def _folders(named: list[str]) -> list[str]:
    from ..folders import is_folder

    return [name for name in named if is_folder(name)]


def _are_folders(left: Request, right: Request) -> bool:
    """Whether both are folders. Raises CnncalcError where one of them is."""
    from ..opening import opened

    named = [left.spec or "", right.spec or ""]
    folders = _folders(named)
    if len(folders) == 1:
        (network,) = [name for name in named if name not in folders]
        opened(network)
        raise CnncalcError(f"{folders[0]} is a folder, and {network} is a network", "two folders, or two networks")
    return bool(folders)


def _of_folders(left: Request, right: Request, stat: bool) -> Report:
    from .. import reports
    from ..folders import opened_folder

    refused({"--no-batch": left.no_batch, "--shape": left.shape}, "with folders, whose models are each of its own")
    if left.format == "csv":
        refused({"--stat": stat, "--depth": left.depth}, "in csv, which has a row for each network")
    if stat:
        refused({"--depth": left.depth}, "with --stat, which has no layers")
    return reports.diff_folders(
        opened_folder(left.spec or ""),
        opened_folder(right.spec or ""),
        made=(left.made, right.made),
        batch=left.batch,
        training=left.training,
        view=_view(left),
        details=not stat,
    )


def _of_networks(left: Request, right: Request, stat: bool) -> Report:
    from .. import reports

    if stat:
        refused({"--depth": left.depth, "--top": left.top, "--sort": left.sort}, "with --stat, which has no layers")
    answer = reports.diff(
        left.whole,
        right.whole,
        names=_names(left, right),
        batch=left.batch,
        training=left.training,
        view=_view(left),
    )
    if not stat:
        return answer
    return replace(answer, tables=answer.tables[:1], facts={**answer.facts, "edits": []}, records=answer.tables[0])


def _view(request: Request) -> View:
    """At a glance in JSON too, which has all layers besides."""
    return replace(request, format="table").view if request.format == "json" else request.view


def _of_its_own(checkpoint: Request, settings: Setting, shape: Setting) -> Request:
    """The checkpoint, with what is asked of it alone: what is asked of both can only be meant for the network."""
    return replace(checkpoint, set=settings or [], input=shape or [], allow_unknown=False, no_batch=False, shape=None)


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
