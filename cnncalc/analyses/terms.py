"""What energy, time and the memory of training are worked out under, written behind the figure.

energy@int8,sram_1MB                        tensors of a dtype, in a memory of the table of energies
roofline@peak=472G,bandwidth=25.6G,fp16     on a machine
roofline@jetson,batch=8                     on one with a name, where names are known
training@adam,batch=32,bf16                 a step of training
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any

from ..errors import CnncalcError, did_you_mean
from ..namedtuples import NamedTuple
from ..quantities import BYTES_PER_SECOND, FLOPS_PER_SECOND, PREFIXES, rate
from ..spelling import spelled
from .cost import Machine
from .dtypes import BYTES
from .energy import HOROWITZ
from .training import DTYPES, STATES

KEYS: Mapping[str, tuple[str, ...]] = {
    "energy": ("dtype", "memory", "fused", "batch"),
    "roofline": ("machine", "peak", "bandwidth", "dtype", "fused", "batch"),
    "training": ("optimizer", "dtype", "batch"),
}
"""Figure -> what it is worked out under."""

WORDS: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("energy", "dtype"): tuple(HOROWITZ.multiply),
    ("energy", "memory"): tuple(HOROWITZ.access),
    ("roofline", "dtype"): tuple(BYTES),
    ("training", "optimizer"): tuple(STATES),
    ("training", "dtype"): DTYPES,
}
"""(figure, key) -> the words that there are."""

FUSED = "fused"
LARGEST_BATCH = 1_000_000_000

Machines = Mapping[str, Machine]
"""Name -> machine."""


class Terms(NamedTuple):
    """What a figure is worked out under; what a figure does not depend on is as it is here."""

    machine: str = ""
    """Its name, which is told beside what it does."""

    peak: Fraction | None = None
    """FLOPs a second."""

    bandwidth: Fraction | None = None
    """Bytes a second."""

    optimizer: str = "adam"
    dtype: str = ""
    """fp32 where it is not said, or what the bytes of a table are in."""

    memory: str = "dram"
    fused: bool = False
    batch: int = 1

    @property
    def text(self) -> str:
        """As it is written behind the figure: what is not as usual."""
        usual = Terms()
        words = [
            self.machine,
            f"peak={spelled_rate(self.peak)}" if self.peak else "",
            f"bandwidth={spelled_rate(self.bandwidth)}" if self.bandwidth else "",
            self.optimizer if self.optimizer != usual.optimizer else "",
            self.dtype,
            self.memory if self.memory != usual.memory else "",
            FUSED if self.fused else "",
            f"batch={self.batch}" if self.batch != usual.batch else "",
        ]
        return ",".join(filter(None, words))

    def told(self, metric: str, dtype: str) -> str:
        """As reports call it: `adam, fp32, batch 32`."""
        rates = (f"peak {spelled_rate(self.peak)}", f"bandwidth {spelled_rate(self.bandwidth)}")
        words = {
            "machine": self.machine or ", ".join(rates),
            "optimizer": self.optimizer,
            "dtype": self.dtype or dtype,
            "memory": self.memory,
            "fused": FUSED if self.fused else "",
            "batch": f"batch {self.batch}" if self.batch > 1 or metric == "training" else "",
        }
        return ", ".join(words[key] for key in KEYS[metric] if words.get(key))

    @property
    def on(self) -> Machine:
        """The machine. Raises CnncalcError where there is none."""
        if self.peak is None or self.bandwidth is None:
            raise CnncalcError(
                "the time of a roofline is that of a machine",
                "roofline@peak=472G,bandwidth=25.6G, as its data sheet says",
            )
        return Machine(self.peak, self.bandwidth)


def spelled_rate(value: Fraction | None) -> str:
    """472G: exact, with the largest prefix that keeps it above 1."""
    if value is None:
        return ""
    sign = next((sign for sign in ("P", "T", "G", "M", "k") if value >= PREFIXES[sign]), "")
    return f"{spelled(value / PREFIXES[sign])}{sign}"


def terms(metric: str, text: str, machines: Machines | None = None) -> Terms:
    """What is written behind a figure. Raises CnncalcError."""
    found: dict[str, Any] = {}
    for word in [word.strip() for word in text.split(",")] if text else []:
        left, equals, right = word.partition("=")
        key = left if equals else _key_of(metric, word)
        if key in found:
            raise CnncalcError(f"`{metric}@{text}` says its {key} twice", "keep one")
        found[key] = right if equals else True if key == FUSED else word
    return of(metric, found, machines)


def _key_of(metric: str, word: str) -> str:
    """What a word alone is of."""
    for key in KEYS[metric]:
        if word in WORDS.get((metric, key), ()) or word == key == FUSED:
            return key
    if metric == "roofline" and word:
        return "machine"
    known = [word for (of, _), words in WORDS.items() if of == metric for word in words]
    if word in KEYS[metric]:
        raise CnncalcError(f"`{metric}@{word}` says no {word}", f"{metric}@{word}={EXAMPLES.get(word, '...')}")
    raise CnncalcError(
        f"`{metric}` is worked out under no `{word}`",
        did_you_mean(word, [*known, *KEYS[metric]]) or f"known: {', '.join(known)}, batch=8",
    )


EXAMPLES = {"batch": "8", "peak": "472G", "bandwidth": "25.6G"}


def of(metric: str, given: Mapping[str, Any], machines: Machines | None = None, to: Terms | None = None) -> Terms:
    """The terms of some keys, beside those that are there already. Raises CnncalcError."""
    read: dict[str, Any] = {}
    for key, value in given.items():
        if key not in KEYS[metric]:
            known = f"it has {', '.join(KEYS[metric])}"
            raise CnncalcError(f"`{metric}` has no {key}", did_you_mean(key, KEYS[metric]) or known)
        read[key] = _read(metric, key, value)
    name = read.get("machine", "")
    if name and not {"peak", "bandwidth"} <= {*read}:
        machine = (machines or {}).get(name)
        if machine is None:
            how = f"roofline@{name},peak=472G,bandwidth=25.6G, or `machines` of cnncalc.toml or of the budget"
            raise unknown_machine(name, machines or {}, how)
        read |= {"peak": machine.peak, "bandwidth": machine.bandwidth}
    found = (to or Terms())._replace(**read)
    if found.peak is None and found.bandwidth is not None:
        raise CnncalcError("a bandwidth without a peak bounds no time", "roofline@peak=472G,bandwidth=25.6G")
    return found


def unknown_machine(name: str, machines: Machines, how: str) -> CnncalcError:
    """The error for a machine that has no such name, with the names that there are and how it gets one."""
    near = did_you_mean(name, machines) if len(machines) > 1 else ""
    listed = f"known: {', '.join(machines)}; or {how}" if machines else how
    return CnncalcError(f"no machine `{name}`", f"{near} {listed}".strip())


def _read(metric: str, key: str, value: Any) -> Any:
    if key == FUSED:
        if not isinstance(value, bool):
            raise CnncalcError(f"`fused` is true or false, and not `{value}`")
        return value
    if key == "batch":
        text = str(value)
        if isinstance(value, bool) or not text.isascii() or not text.isdigit() or not 0 < int(text) <= LARGEST_BATCH:
            raise CnncalcError(f"a batch is a number of images, and not `{value}`", "batch=8")
        return int(text)
    if key in ("peak", "bandwidth"):
        units, example = (FLOPS_PER_SECOND, "472G") if key == "peak" else (BYTES_PER_SECOND, "25.6G")
        return rate(str(value), key, units, example)
    known = WORDS.get((metric, key))
    if known is not None and value not in known:
        raise CnncalcError(f"`{metric}` has no {key} `{value}`", did_you_mean(str(value), known) or _listed(known))
    return str(value)


def _listed(words: Iterable[str]) -> str:
    return f"known: {', '.join(words)}"


def machine(peak: Any, bandwidth: Any) -> Machine:
    """A machine of what its data sheet says. Raises CnncalcError."""
    return of("roofline", {"peak": peak, "bandwidth": bandwidth}).on
