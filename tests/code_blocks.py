"""Small networks by chance whose block has steps that only some of its calls have."""

from __future__ import annotations

from random import Random
from typing import Any

CONDITIONS = [
    "$t > 1",
    "$se",
    "not $se",
    "$s == 1",
    "$s == 1 and $in.channels == $out",
    "$t == 3 or $se",
    "$in.channels < 9",
]
KEEPS = [
    "{conv: {out: $prev.channels, kernel: 3, padding: 1}",
    "{pointwise: {out: $prev.channels, norm: batchnorm, act: $act}",
    "{depthwise: {kernel: $k, padding: half, act: relu}",
    "{conv: {out: $prev.channels, kernel: $t, padding: same}",
    "{relu",
    "{batchnorm",
    "{maxpool: {kernel: 3, stride: 1, padding: 1}",
    "{inner: {n: $t}",
    "{channel_shuffle: 2",
]


FROZEN = ["", "", "", "", ", frozen: true"]


def _step(random: Random, text: str) -> str:
    """A step, perhaps with a condition and a name."""
    when = f', when: "{random.choice(CONDITIONS)}"' if random.random() < 0.45 else ""
    name = f", as: part{random.randrange(10**6)}" if random.random() < 0.2 else ""
    return f"{text}{name}{when}}}"


def _steps(random: Random, most: int) -> str:
    return ", ".join(_step(random, random.choice(KEEPS)) for _ in range(random.randint(1, most)))


def _join(random: Random) -> str:
    """Paths that meet, some of which a call may be without."""
    branches = [f"main: [{_steps(random, 3)}]"]
    for name in ("shortcut", "more")[: random.randint(1, 2)]:
        when = f', when: "{random.choice(CONDITIONS)}"' if random.random() < 0.6 else ""
        do = f", do: [{_steps(random, 2)}]" if random.random() < 0.6 else ""
        branches.append(f"{name}: {{from: prev{do}{when}}}")
    return f"{{{random.choice(['add', 'add', 'concat'])}: {{{', '.join(branches)}}}}}"


def spec(seed: int) -> str:
    """The text of a spec."""
    random = Random(seed)  # noqa: S311 - a test
    steps = [_step(random, random.choice(KEEPS)) for _ in range(random.randint(0, 2))]
    steps.insert(random.randint(0, len(steps)), "{conv: {out: $out, kernel: 3, padding: 1, stride: $s}}")
    steps += [_join(random) for _ in range(random.randint(1, 2))]
    random.shuffle(steps)
    steps.append('{depthwise: {kernel: $k, padding: half, act: $act}, when: "$t > 2 or $se"}')
    calls = [
        f"  - {{unit: [{random.choice([1, 2, 3])}, {random.choice([4, 8])}, {random.choice([1, 1, 2])}, "
        f"{random.choice(['true', 'false'])}, {random.choice(['relu', 'silu'])}, {random.choice([1, 3])}]{random.choice(FROZEN)}}}"
        for _ in range(random.randint(2, 6))
    ]
    lines = "\n".join(f"    - {step}" for step in steps)
    inner = '    - {pointwise: $in.channels, when: "$n > 1"}\n    - relu\n    - {batchnorm, when: "$n > 2"}'
    blocks = f"  unit(t, out, s, se, act, k):\n{lines}\n  inner(n):\n{inner}"
    return f"name: by_chance\ninput: [4, 12, 12]\nblocks:\n{blocks}\nnet:\n" + "\n".join(calls) + "\n  - {inner: 2}\n"


def called(graph: Any) -> set[str]:
    """The blocks of the spec that a network calls."""
    return {origin.word for node in graph.nodes if node.origin for origin in node.origin.way if origin.calls}


WORDS = {
    "heads": """
input: [3, 16, 16]
net:
  - {conv: {out: 8, kernel: 3, act: relu}}
  - head: {class: [{pointwise: 4}], self: [{pointwise: 2}]}
  - {pointwise: 1}
""",
    "inputs": """
input: {self: [3, 16, 16], class: [4]}
net:
  - {conv: {out: 6, kernel: 3}, from: self}
  - globalavgpool
  - flatten
  - {linear: 6, from: class, as: super}
  - add: [flatten, super]
  - head: {inputs: [{linear: 3}], return: [{linear: 2}]}
  - {linear: 4, as: ops}
""",
    "layers": """
input: [3, 8, 8]
net:
  - {pointwise: 4, as: class}
  - {pointwise: 4, as: forward}
  - {pointwise: 4, as: finally}
  - {pointwise: 4, as: nonlocal}
  - {pointwise: 4, as: bfloat16}
  - {pointwise: 4, as: register_buffer}
  - {pointwise: 4, as: self}
  - {pointwise: 4, as: name}
""",
    "blocks": """
input: [3, 8, 8]
blocks:
  none(training): [{pointwise: $training}, relu, {conv: {out: 3, kernel: 3, padding: 1}}]
net:
  - {none: 4, as: eval}
  - add: [eval, {from: input, do: [{none: 5, as: other}]}]
""",
    "a sign beside its name": """
input: {negative: [3, 8, 8], subtract: [3, 8, 8]}
net:
  - {map: "-x", from: negative, as: one}
  - {map: x - 2, from: subtract, as: other}
  - mul: [one, other]
""",
    "digits first": """
input: [3, 8, 8]
blocks:
  b: [{pointwise: 3, as: "3d"}, relu]
net:
  - {pointwise: 3, as: "1x"}
  - {repeat: 2, do: [{pointwise: 3}, relu], as: "2"}
  - {b, as: "0"}
  - {b, as: "1"}
""",
    "a local name that is a function": """
input: [8, 6, 6]
net:
  - {channel_shuffle: 2, as: channel_shuffle}
  - {channel_shuffle: 4, as: other}
  - add: [channel_shuffle, other]
""",
    "an operator beside add": """
input: [3, 8, 8]
net:
  - add: {main: [{conv: {out: 3, kernel: 3, padding: half}}], shortcut: prev}
  - map: x + 1
""",
    "operations of Keras": """
input: [3, 8, 8]
net:
  - map: x * 2
  - {conv: {out: 3, kernel: 3}, as: multiply}
  - map: x * 3
  - {conv: {out: 3, kernel: 3}, as: multiply_1}
  - {permute: [0, 2, 1]}
  - {slice: {stop: 2}}
  - {conv: {out: 3, kernel: 3}, as: get_item}
  - {conv: {out: 3, kernel: 1}, as: clip}
  - {hardtanh: {low: 0, high: 3}}
  - flatten
""",
    "an input of an operation's name": """
input: {add: [3, 8, 8], other: [3, 8, 8]}
net:
  - {map: x + 1, from: add, as: more}
  - mul: [more, other]
""",
}
"""Names that Python or a framework has already -> a network with them."""
