"""The networks that come with the tool, each usable by its name.

    cnncalc zoo                      the table
    cnncalc zoo resnet               only names with `resnet` in them
    cnncalc zoo resnet50 --show      the spec itself
    cnncalc zoo --lecture            what the notes print, what is right, the command that shows it
    cnncalc zoo vgg --lecture        only what has `vgg` in it

Each is usable by its name: `cnncalc summary resnet50`, `cnncalc explain lecture/inception_5x5`.
"""

from __future__ import annotations

from typing import Annotated

import typer

from ..errors import CnncalcError, did_you_mean
from ..render.report import Report
from .request import Request, report_with
from .vain import refused


@report_with("spec", "format", "output", "top", "sort", texts=(".yaml", ".yml"))
def command(
    request: Request,
    show: Annotated[bool, typer.Option("--show", help="Print the spec of the network that is named.")] = False,
    lecture: Annotated[bool, typer.Option("--lecture", help="The claims of the lecture notes, one by one.")] = False,
) -> Report:
    """The networks of the zoo."""
    from .. import reports
    from ..language import zoo
    from ..opening import load

    if show:
        refused({"--lecture": lecture, "--top": request.top, "--sort": request.sort}, "beside `--show`")
    if lecture:
        refused({"--top": request.top, "--sort": request.sort}, "beside `--lecture`: its order is that of the notes")
        return _lecture(request.spec or "")
    names = [*zoo.names(), *zoo.lecture()] if show else list(zoo.names())
    if show:
        if request.spec not in names:
            near = did_you_mean(request.spec or "", names)
            raise CnncalcError(f"the zoo has no network `{request.spec or ''}`", near or "`cnncalc zoo` lists them")
        member = zoo.member(str(request.spec))
        assert member is not None  # noqa: S101 - its name is one of the zoo's
        text = member.path.read_text(encoding="utf-8")
        if member.settings:
            settings = " ".join(
                f"--set {name}={str(value).replace(' ', '')}" for name, value in member.settings.items()
            )
            text = f"# {member.name} is {member.path.stem} {settings}\n{text}"
        return reports.spec_text(str(request.spec), text)
    chosen = [name for name in names if (request.spec or "") in name]
    if not chosen and any(str(request.spec) in name for name in zoo.lecture()):
        return _lecture(str(request.spec))
    if not chosen:
        near = did_you_mean(request.spec or "", names)
        raise CnncalcError(f"no network of the zoo has `{request.spec}` in its name", near)
    return reports.networks({name: load(name) for name in chosen}, view=request.view)


def _lecture(among: str) -> Report:
    from .. import reports
    from ..language import zoo
    from ..marked import plain
    from ..opening import load

    notes = {name: load(name).notes for name in zoo.lecture()}
    return reports.lecture({name: plain(said) for name, said in notes.items() if said is not None}, among)
