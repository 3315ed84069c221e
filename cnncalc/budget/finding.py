"""One limit and how a network stands to it."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from ..analyses.subject import Subject
from ..analyses.values import Value
from .limits import ERROR, GROWTH, LOCK, RELATIONS, Bound, Place
from .status import ALL, WARN
from .why import Cause


@dataclass(frozen=True)
class Finding:
    """One limit and how the network stands to it."""

    subject: Subject
    kind: str
    """max, min, equals, growth or lock."""

    status: str
    """ok, warn, fail, new (nothing to compare with) or accepted (growth that was taken over)."""

    value: Value | None
    bound: Bound | Value | None
    """The limit; for a growth what is allowed more, a share where `relative`; for the lock its figure."""

    place: Place
    level: str = ERROR
    relative: bool = False
    baseline: Value | None = None
    excess: int | Fraction | None = None
    """How much too much, or too little for a `min`; None where it holds."""

    used: Fraction | None = None
    """The figure as a share of the limit; of what it was before, for a growth or the lock."""

    layer: str = ""
    """Of a limit on each layer the one that is nearest to it, or beyond it most."""

    others: int = 0
    """How many more layers are beyond it."""

    why: tuple[Cause, ...] = ()
    """What accounts for it."""

    layer_place: Place | None = None
    """Where the step of that layer is written."""

    @property
    def relation(self) -> str:
        """As in `value <= limit`."""
        return RELATIONS[self.kind]

    @property
    def shrunk(self) -> bool:
        """Whether it is less than the lock says, which is told and is no fault."""
        return self.kind == LOCK and self.status == WARN

    @property
    def step(self) -> Place | None:
        """Where the step is written that grew most, or that makes the layer beyond its limit; None if not known."""
        grew = (cause.spot for cause in self.why if cause.grown and cause.spot and (cause.amount or 0) >= 0)
        return next(grew, self.layer_place)

    @property
    def title(self) -> str:
        """`macs`, `macs growth`, `params lock`; `lock` where it is about all figures."""
        if self.subject.metric == ALL:
            return self.kind
        return self.subject.title + (f" {self.kind}" if self.kind in (GROWTH, LOCK) else "")

    @property
    def grown(self) -> int | Fraction | None:
        """How much more than the baseline, where both are one number."""
        if isinstance(self.value, int | Fraction) and isinstance(self.baseline, int | Fraction):
            return self.value - self.baseline
        return None

    def __str__(self) -> str:
        from .words import sentence  # which knows findings

        return sentence(self)
