"""The worked examples of the lecture notes as small calculators, each with the notes' own numbers and any others.

    answer = cnncalc.worked.solve("iou", a="2 1 4 3", b="1 2 3 4")
    answer.results["IoU"]                                   Fraction(1, 7)
    cnncalc.worked.EXAMPLES["iou"].verdict                  what becomes of what the notes print: right
    cnncalc.worked.CLAIMS                                   what they print of networks of the zoo
    cnncalc.worked.detection.overlap((2, 1, 4, 3), (1, 2, 3, 4))

Numbers stay exact: what is typed as 0.1 is 1/10.
"""

from __future__ import annotations

from collections.abc import Mapping
from random import Random

from ..errors import CnncalcError, did_you_mean
from . import detection, losses, maps, practice, sizes
from .claims import CLAIMS, NOTES, Claim
from .example import VERDICTS, Answer, Example

EXAMPLES: Mapping[str, Example] = {
    **sizes.EXAMPLES,
    **maps.EXAMPLES,
    **detection.EXAMPLES,
    **losses.EXAMPLES,
    **practice.EXAMPLES,
}
"""Name -> example."""


def example(name: str) -> Example:
    """An example by its name. Raises CnncalcError."""
    if name not in EXAMPLES:
        near = did_you_mean(name, EXAMPLES) or "`cnncalc worked` lists them"
        raise CnncalcError(f"there is no worked example `{name}`", near)
    return EXAMPLES[name]


def solve(name: str, /, **settings: str) -> Answer:
    """An example worked out; a setting that is not given has the notes' own value. Raises CnncalcError."""
    found = example(name)
    for key in settings:
        if key not in found.settings:
            near = did_you_mean(key, found.settings) or f"it has {', '.join(found.settings)}"
            raise CnncalcError(f"`{name}` has no setting `{key}`", near)
    values = {}
    for key, setting in found.settings.items():
        try:
            values[key] = setting.read(str(settings.get(key, setting.text)))
        except ValueError as error:
            raise CnncalcError(f"`{key}` {error}", f"{key}: {setting.about}") from None
    try:
        return found.work(**values)
    except ValueError as error:
        raise CnncalcError(f"{error}", f"`cnncalc worked {name}` has the notes' own numbers") from None


def any_example(seed: int) -> str:
    """The name of an example at random, the same for a seed."""
    return Random(seed).choice([*EXAMPLES])  # noqa: S311 - an exercise is no secret


def exercise(name: str, seed: int) -> Mapping[str, str]:
    """Settings at random, the same for a seed. Raises CnncalcError where the seed makes none that has an answer."""
    for turn in range(1_000):
        settings = example(name).draw(Random(f"{name} {seed} {turn}"))  # noqa: S311 - an exercise is no secret
        try:
            solve(name, **settings)
        except CnncalcError:
            continue
        return settings
    raise CnncalcError(f"`{name}` has no exercise with the seed {seed}", "another seed")


__all__ = [
    "CLAIMS",
    "EXAMPLES",
    "NOTES",
    "VERDICTS",
    "Answer",
    "Claim",
    "Example",
    "any_example",
    "detection",
    "example",
    "exercise",
    "losses",
    "maps",
    "practice",
    "sizes",
    "solve",
]
