"""The spec language, rule by rule: from a small spec to the names, kinds and shapes of its nodes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cnncalc
from cnncalc import Graph, params


def parse(net: str, head: str = "input: [3, 32, 32]", **options: Any) -> Graph:
    """A network from its steps."""
    return cnncalc.parse(f"{head}\nnet:\n{net}", "spec.yaml", **options)


def text_of(shape: tuple[Any, ...]) -> str:
    """64x56x56."""
    return "x".join(map(str, shape))


def rows(graph: Graph) -> list[str]:
    """`name kind shape` of each node."""
    return [f"{node.name} {node.kind} {text_of(node.output)}" for node in graph.nodes]


IMAGE = "input: [3, 32, 32]"

# (what holds, what stands before `net:`, the steps, the rows of the table)
CASES: list[tuple[str, str, str, list[str]]] = [
    # 1. steps and modifiers
    ("a bare word is an operation without arguments", IMAGE, "  - relu", ["relu relu 3x32x32"]),
    ("a word with a colon and nothing is the same", IMAGE, "  - relu:", ["relu relu 3x32x32"]),
    ("a step with modifiers needs no value", IMAGE, "  - {relu, as: r}", ["r relu 3x32x32"]),
    ("one step needs no list", IMAGE, "  relu", ["relu relu 3x32x32"]),
    (
        "a list is a sequence of steps",
        IMAGE,
        "  - [relu, [tanh, relu]]",
        ["relu1 relu 3x32x32", "tanh tanh 3x32x32", "relu2 relu 3x32x32"],
    ),
    (
        "a named list is a folder of names",
        IMAGE,
        "  - {do: [relu, tanh], as: stem}",
        ["stem/relu relu 3x32x32", "stem/tanh tanh 3x32x32"],
    ),
    (
        "words that recur are numbered",
        IMAGE,
        "  - relu\n  - relu6\n  - relu6\n  - relu",
        ["relu1 relu 3x32x32", "relu6_1 relu6 3x32x32", "relu6_2 relu6 3x32x32", "relu2 relu 3x32x32"],
    ),
    (
        "a number that is a name already is not given again",
        IMAGE,
        "  - relu\n  - {tanh, as: relu1}\n  - relu",
        ["relu1_2 relu 3x32x32", "relu1 tanh 3x32x32", "relu2 relu 3x32x32"],
    ),
    (
        "from takes a named tensor up again",
        IMAGE,
        "  - {pointwise: 8, as: a}\n  - {pointwise: 4, as: b}\n  - {add: [{from: a, do: [{pointwise: 4}]}, b]}",
        ["a pointwise 8x32x32", "b pointwise 4x32x32", "branch1/pointwise pointwise 4x32x32", "add add 4x32x32"],
    ),
    (
        "from on a step",
        IMAGE,
        "  - {head: [{linear: 5}], as: h}\n  - {pointwise: 8, from: input}",
        ["h/linear/flatten flatten 3072", "h/linear linear 5", "pointwise pointwise 8x32x32"],
    ),
    # 2. arguments
    (
        "the main argument may stand alone",
        IMAGE,
        "  - maxpool: 2\n  - pointwise: 8\n  - dropout: 0.5\n  - linear: 10",
        [
            "maxpool maxpool 3x16x16",
            "pointwise pointwise 8x16x16",
            "dropout dropout 8x16x16",
            "linear/flatten flatten 2048",
            "linear linear 10",
        ],
    ),
    (
        "norm and act may stand beside a single argument",
        IMAGE,
        "  - {pointwise: 8, norm: batchnorm, act: relu}\n  - {linear: 4, act: tanh}",
        [
            "pointwise pointwise 8x32x32",
            "pointwise/batchnorm batchnorm 8x32x32",
            "pointwise/relu relu 8x32x32",
            "linear/flatten flatten 8192",
            "linear linear 4",
            "linear/tanh tanh 4",
        ],
    ),
    (
        "none switches off, by whatever word",
        IMAGE + "\ndefaults: {conv: {act: relu, norm: batchnorm}}",
        "".join(
            f"  - {{pointwise: {n}, act: {act}, norm: {norm}}}\n"
            for n, (act, norm) in enumerate(
                [("none", "none"), ("None", "None"), ("null", "false"), ("linear", "null")], start=1
            )
        ),
        [f"pointwise{n} pointwise {n}x32x32" for n in (1, 2, 3, 4)],
    ),
    (
        "pointwise takes no padding and no kernel of conv's defaults, depthwise takes both",
        IMAGE + "\ndefaults: {conv: {kernel: 5, padding: 1, stride: 2}}",
        "  - pointwise: 4\n  - depthwise\n  - depthwise: 3",
        ["pointwise pointwise 4x16x16", "depthwise1 depthwise 4x7x7", "depthwise2 depthwise 4x4x4"],
    ),
    (
        "a block may be handed a kind with its arguments",
        IMAGE + "\nvars: {s: 0.1}\nblocks:\n  b(out, act=relu): [{pointwise: {out: $out, act: $act}}]",
        "  - b: [8, {leakyrelu: $s * 2}]\n  - {b: 4, repeat: 2, last: {act: {elu: 2}}}",
        [
            "b1/pointwise pointwise 8x32x32",
            "b1/pointwise/leakyrelu leakyrelu 8x32x32",
            "b2[0]/pointwise pointwise 4x32x32",
            "b2[0]/pointwise/relu relu 4x32x32",
            "b2[1]/pointwise pointwise 4x32x32",
            "b2[1]/pointwise/elu elu 4x32x32",
        ],
    ),
    (
        "padding may be causal",
        "input: [3, 32]",
        "  - conv: {out: 8, kernel: 3, dilation: 4, padding: causal}",
        ["conv conv 8x32"],
    ),
    (
        "an adaptive pool may leave an axis alone",
        IMAGE,
        "  - adaptiveavgpool: [none, 1]",
        ["adaptiveavgpool adaptiveavgpool 3x32x1"],
    ),
    (
        "a join with arguments names its branches",
        "input: {tokens: [8, 16], cls: [8, 1]}",
        "  - {concat: {axis: length, branches: [cls, tokens]}, as: all}\n"
        "  - concat: {branches: {a: prev, b: [relu]}, axis: channels}",
        ["all concat 8x17", "concat2/b/relu relu 8x17", "concat2 concat 16x17"],
    ),
    (
        "a table may name the operation",
        IMAGE + "\nblocks:\n  pair(out, act=relu): [{pointwise: $out}, $act]",
        "  - for: [op, out]\n    in: [[pair, 8], [pointwise, 4]]\n    do: [{$op: {out: $out}, as: s$out}]",
        ["s8/pointwise pointwise 8x32x32", "s8/act relu 8x32x32", "s4 pointwise 4x32x32"],
    ),
    (
        "a branch for each row of a table",
        IMAGE,
        "  - {pointwise: 4, repeat: 3, as: x$i}\n"
        "  - {add: {for: k, in: 3, from: x$k, do: [relu], when: $k > 0}, as: a}\n"
        "  - concat: {for: [n], in: [[1], [2]], do: [{pointwise: $n}]}",
        [
            "x0 pointwise 4x32x32",
            "x1 pointwise 4x32x32",
            "x2 pointwise 4x32x32",
            "a/branch2/relu relu 4x32x32",
            "a/branch3/relu relu 4x32x32",
            "a add 4x32x32",
            "concat/branch1/pointwise pointwise 1x32x32",
            "concat/branch2/pointwise pointwise 2x32x32",
            "concat concat 3x32x32",
        ],
    ),
    ("a list names each axis", IMAGE, "  - conv: {out: 8, kernel: [3, 5], stride: [1, 2]}", ["conv conv 8x30x14"]),
    (
        "padding may be a pair for each axis",
        IMAGE,
        "  - conv: {out: 8, kernel: 3, padding: [[0, 1], [2, 3]]}",
        ["conv conv 8x31x35"],
    ),
    ("the main argument may be a list", IMAGE, "  - maxpool: [2, 4]", ["maxpool maxpool 3x16x8"]),
    # 3. axes
    (
        "one axis",
        "input: [4, 100]",
        "  - conv: {out: 8, kernel: 5, stride: 2}\n  - maxpool: 2",
        ["conv conv 8x48", "maxpool maxpool 8x24"],
    ),
    (
        "three axes",
        "input: [1, 16, 32, 32]",
        "  - conv: {out: 8, kernel: [3, 5, 5]}\n  - maxpool: 2",
        ["conv conv 8x14x28x28", "maxpool maxpool 8x7x14x14"],
    ),
    ("no axis", "input: [100]", "  - linear: 10\n  - relu", ["linear linear 10", "relu relu 10"]),
    # 4. blocks
    (
        "a block has parameters and defaults",
        IMAGE + "\nblocks:\n  stage(out, stride=2): [{pointwise: {out: $out, stride: $stride}}]",
        "  - stage: 8\n  - stage: [16, 1]\n  - stage: {stride: 4, out: 4}",
        [
            "stage1/pointwise pointwise 8x16x16",
            "stage2/pointwise pointwise 16x16x16",
            "stage3/pointwise pointwise 4x4x4",
        ],
    ),
    (
        "a default may use parameters and vars",
        IMAGE + "\nvars: {k: 2}\nblocks:\n  stage(out, mid=$out * $k, s=[1, 2]): "
        "[{pointwise: $mid}, {pointwise: {out: $out, stride: $s}}]",
        "  - stage: 8",
        ["stage/pointwise1 pointwise 16x32x32", "stage/pointwise2 pointwise 8x32x16"],
    ),
    (
        "a block without parameters is called by its word",
        IMAGE + "\nblocks: {twice: [relu, relu]}",
        "  - twice\n  - {twice: , as: again}",
        [
            "twice1/relu1 relu 3x32x32",
            "twice1/relu2 relu 3x32x32",
            "again/relu1 relu 3x32x32",
            "again/relu2 relu 3x32x32",
        ],
    ),
    (
        "a for over a number counts from 0",
        IMAGE,
        "  - {for: n, in: 2, do: [{pointwise: $n + 1}]}",
        ["row[0]/pointwise pointwise 1x32x32", "row[1]/pointwise pointwise 2x32x32"],
    ),
    (
        "a for over a range needs no dollar sign",
        IMAGE,
        "  - {for: n, in: 'range(8, 0, -4)', do: [{pointwise: $n}]}",
        ["row[0]/pointwise pointwise 8x32x32", "row[1]/pointwise pointwise 4x32x32"],
    ),
    (
        "a row of one value gives that value to one name",
        IMAGE,
        "  - {for: n, in: [[8], [4]], do: [{pointwise: $n}]}",
        ["row[0]/pointwise pointwise 8x32x32", "row[1]/pointwise pointwise 4x32x32"],
    ),
    (
        "where one row of several has more, one name gets the lists",
        IMAGE,
        "  - {for: k, in: [[3], [3, 5]], do: [{pointwise: '$k[-1]'}]}",
        ["row[0]/pointwise pointwise 3x32x32", "row[1]/pointwise pointwise 5x32x32"],
    ),
    (
        "$in is what enters the block and $prev what enters the step",
        IMAGE + "\nblocks:\n  b: [{pointwise: 8}, "
        "{pointwise: $prev.channels * 2 + $in.channels}, {linear: '$in.height + $in.size[1] + len($prev.size)'}]",
        "  - maxpool: 2\n  - b",
        [
            "maxpool maxpool 3x16x16",
            "b/pointwise1 pointwise 8x16x16",
            "b/pointwise2 pointwise 19x16x16",
            "b/linear/flatten flatten 4864",
            "b/linear linear 34",
        ],
    ),
    (
        "blocks call blocks, in any order",
        IMAGE + "\nblocks:\n  a(n): [{b: $n}, {b: {n: 4}}]\n  b(n): [{pointwise: $n}]",
        "  - {a: 2, as: x}",
        ["x/b1/pointwise pointwise 2x32x32", "x/b2/pointwise pointwise 4x32x32"],
    ),
    (
        "a parameter that starts with _ may stay unused",
        IMAGE + "\nblocks: {'b(_n)': [relu]}",
        "  - b: 3",
        ["b/relu relu 3x32x32"],
    ),
    (
        "separable is a block",
        IMAGE,
        "  - separable: {out: 8, stride: 2}",
        ["separable/depthwise depthwise 3x16x16", "separable/pointwise pointwise 8x16x16"],
    ),
    (
        "bottleneck is a block",
        IMAGE,
        "  - bottleneck: 8\n  - bottleneck: {out: 8, ratio: 2}",
        [
            "bottleneck1/main/pointwise1 pointwise 2x32x32",
            "bottleneck1/main/conv conv 2x32x32",
            "bottleneck1/main/pointwise2 pointwise 8x32x32",
            "bottleneck1/shortcut/pointwise pointwise 8x32x32",
            "bottleneck1/add add 8x32x32",
            "bottleneck1/relu relu 8x32x32",
            "bottleneck2/main/pointwise1 pointwise 4x32x32",
            "bottleneck2/main/conv conv 4x32x32",
            "bottleneck2/main/pointwise2 pointwise 8x32x32",
            "bottleneck2/add add 8x32x32",
            "bottleneck2/relu relu 8x32x32",
        ],
    ),
    (
        "a spec's own block takes the place of a built-in one",
        IMAGE + "\nblocks: {'separable(n)': [{pointwise: $n}]}",
        "  - separable: 8",
        ["separable/pointwise pointwise 8x32x32"],
    ),
    (
        "defaults hold inside built-in blocks",
        IMAGE + "\ndefaults: {conv: {act: relu}}",
        "  - separable: 8",
        [
            "separable/depthwise depthwise 3x32x32",
            "separable/depthwise/relu relu 3x32x32",
            "separable/pointwise pointwise 8x32x32",
            "separable/pointwise/relu relu 8x32x32",
        ],
    ),
    # 5. branches
    (
        "branches in a mapping are named",
        IMAGE,
        "  - concat: {left: [{pointwise: 8}], right: [{pointwise: 4}, relu]}",
        [
            "left/pointwise pointwise 8x32x32",
            "right/pointwise pointwise 4x32x32",
            "right/relu relu 4x32x32",
            "concat concat 12x32x32",
        ],
    ),
    (
        "branches in a list are counted",
        IMAGE,
        "  - add: [[relu], prev, []]",
        ["branch1/relu relu 3x32x32", "add add 3x32x32"],
    ),
    (
        "a branch may be one step",
        IMAGE,
        "  - add: {main: {pointwise: 3}, shortcut: prev}",
        ["main/pointwise pointwise 3x32x32", "add add 3x32x32"],
    ),
    (
        "a named join is a folder of names",
        IMAGE,
        "  - {add: {main: [relu], shortcut: prev}, as: res}",
        ["res/main/relu relu 3x32x32", "res add 3x32x32"],
    ),
    (
        "two joins keep their branches apart",
        IMAGE,
        "  - add: [[relu], prev]\n  - add: [[tanh], prev]",
        ["add1/branch1/relu relu 3x32x32", "add1 add 3x32x32", "add2/branch1/tanh tanh 3x32x32", "add2 add 3x32x32"],
    ),
    (
        "{from, do, when}: the branch is there",
        IMAGE,
        "  - add: {a: {from: input, do: [relu], when: $in.channels == 3}, b: prev}",
        ["a/relu relu 3x32x32", "add add 3x32x32"],
    ),
    (
        "{from, do, when}: the branch is absent",
        IMAGE,
        "  - add: {a: {from: input, do: [relu], when: $in.channels == 4}, b: [tanh], c: prev}",
        ["b/tanh tanh 3x32x32", "add add 3x32x32"],
    ),
    (
        "a join of which one branch is there leaves no node",
        IMAGE,
        "  - {add: {a: {from: input, when: false}, b: [tanh]}, as: sum}\n  - {relu, from: sum}",
        ["sum/b/tanh tanh 3x32x32", "relu relu 3x32x32"],
    ),
    (
        "a branch or step whose `when` is false is not looked up",
        IMAGE,
        "  - {relu, from: nowhere, when: false}\n  - add: [[tanh], prev, {from: nowhere, when: false}]",
        ["branch1/tanh tanh 3x32x32", "add add 3x32x32"],
    ),
    (
        "steps that are all false are the identity",
        IMAGE,
        "  - add: {a: [{relu, when: false}], b: [tanh]}",
        ["b/tanh tanh 3x32x32", "add add 3x32x32"],
    ),
    (
        "in a branch `in` enters the block, `prev` the join",
        IMAGE + "\nblocks: {b: [{pointwise: 8}, {concat: [in, prev]}]}",
        "  - b",
        ["b/pointwise pointwise 8x32x32", "b/concat concat 11x32x32"],
    ),
    (
        "branches inside branches",
        IMAGE,
        "  - concat: [[{concat: {x: [relu], y: prev}}], prev]",
        ["branch1/x/relu relu 3x32x32", "branch1/concat concat 6x32x32", "concat concat 9x32x32"],
    ),
    (
        "a gate of one number a channel",
        IMAGE,
        "  - mul: {x: prev, gate: [globalavgpool, {pointwise: 3}, sigmoid]}",
        [
            "gate/globalavgpool globalavgpool 3x1x1",
            "gate/pointwise pointwise 3x1x1",
            "gate/sigmoid sigmoid 3x1x1",
            "mul mul 3x32x32",
        ],
    ),
    (
        "when leaves a step out",
        IMAGE,
        "  - {relu, when: $in.height > 32}\n  - {tanh, when: $in.height >= 32}",
        ["tanh tanh 3x32x32"],
    ),
    # 6. expressions
    (
        "vars may use other vars, in any order",
        IMAGE + "\nvars: {double: $width * 2, width: 8}",
        "  - pointwise: $double",
        ["pointwise pointwise 16x32x32"],
    ),
    (
        "fractions are exact",
        IMAGE + "\nvars: {width: 0.35}",
        "  - pointwise: $width * 320",
        ["pointwise pointwise 112x32x32"],
    ),
    (
        "MobileNet's rounding",
        IMAGE + "\nvars: {width: 0.35}",
        '  - {pointwise: "divisible(32 * $width, 8)"}',
        ["pointwise pointwise 16x32x32"],
    ),
    (
        "lists are values",
        IMAGE + "\nvars: {ks: [3, 5]}",
        '  - conv: {out: "$ks[1]", kernel: $ks}',
        ["conv conv 5x30x28"],
    ),
    (
        "a list may hold expressions",
        IMAGE + "\nvars: {k: 3}",
        "  - conv: {out: 8, kernel: [$k, $k + 2]}",
        ["conv conv 8x30x28"],
    ),
    (
        "a named tensor has sizes",
        IMAGE,
        "  - {maxpool: 2, as: down}\n  - upsample: {size: $input.size}\n"
        "  - crop: {size: $down.size}\n  - linear: $down.channels + $down.width",
        [
            "down maxpool 3x16x16",
            "upsample upsample 3x32x32",
            "crop crop 3x16x16",
            "linear/flatten flatten 768",
            "linear linear 19",
        ],
    ),
    (
        "names are templates",
        IMAGE,
        '  - for: b\n    in: [1, 2]\n    do: [{pointwise: 8, repeat: 2, as: "conv${b}_${i + 1}"}]',
        [
            "conv1_1 pointwise 8x32x32",
            "conv1_2 pointwise 8x32x32",
            "conv2_1 pointwise 8x32x32",
            "conv2_2 pointwise 8x32x32",
        ],
    ),
    (
        "from is a template",
        IMAGE,
        "  - {relu, as: a1}\n  - {tanh, as: a2}\n  - for: n\n    in: [1, 2]\n    do: [{add: [a$n, prev]}]",
        ["a1 relu 3x32x32", "a2 tanh 3x32x32", "row[0]/add add 3x32x32", "row[1]/add add 3x32x32"],
    ),
    # 7. loops
    (
        "a paper's table",
        IMAGE,
        "  - for: [c, n, s]\n    in: [[16, 1, 2], [32, 2, 2]]\n    do:\n"
        "      - {pointwise: $c, repeat: $n, first: {stride: $s}}",
        [
            "row[0]/pointwise[0] pointwise 16x16x16",
            "row[1]/pointwise[0] pointwise 32x8x8",
            "row[1]/pointwise[1] pointwise 32x8x8",
        ],
    ),
    (
        "a loop over one name",
        IMAGE,
        "  - for: c\n    in: [4, 8]\n    do: [{pointwise: $c, as: c$c}]",
        ["c4 pointwise 4x32x32", "c8 pointwise 8x32x32"],
    ),
    (
        "rows by an expression",
        IMAGE + "\nvars: {table: [[4, 2], [8, 1]]}",
        "  - for: [c, s]\n    in: $table\n    do: [{pointwise: {out: $c, stride: $s}, as: c$c}]",
        ["c4 pointwise 4x16x16", "c8 pointwise 8x16x16"],
    ),
    (
        "a row by an expression",
        IMAGE + "\nvars: {row: [4, 2]}",
        '  - for: [c, s]\n    in: [$row, ["$row[0] * 2", 1]]\n    do: [{pointwise: {out: $c, stride: $s}, as: c$c}]',
        ["c4 pointwise 4x16x16", "c8 pointwise 8x16x16"],
    ),
    (
        "loops inside loops",
        IMAGE,
        "  - for: a\n    in: [1, 2]\n    do:\n      - for: b\n        in: [3, 4]\n"
        '        do: [{pointwise: $a * $b, as: "p${a}_$b"}]',
        ["p1_3 pointwise 3x32x32", "p1_4 pointwise 4x32x32", "p2_3 pointwise 6x32x32", "p2_4 pointwise 8x32x32"],
    ),
    ("an empty loop", IMAGE, "  - for: a\n    in: []\n    do: [{pointwise: $a}]\n  - relu", ["relu relu 3x32x32"]),
    (
        "repeat counts with $i",
        IMAGE,
        "  - {pointwise: 4 * ($i + 1), repeat: 3}",
        ["pointwise[0] pointwise 4x32x32", "pointwise[1] pointwise 8x32x32", "pointwise[2] pointwise 12x32x32"],
    ),
    (
        "first and last override for one turn",
        IMAGE,
        "  - {pointwise: 4, repeat: 3, first: {stride: 2}, last: {out: 10}}",
        ["pointwise[0] pointwise 4x16x16", "pointwise[1] pointwise 4x16x16", "pointwise[2] pointwise 10x16x16"],
    ),
    (
        "each gives one value a turn",
        IMAGE,
        "  - {pointwise: 4, repeat: 3, each: {stride: [2, 1, 2]}}",
        ["pointwise[0] pointwise 4x16x16", "pointwise[1] pointwise 4x16x16", "pointwise[2] pointwise 4x8x8"],
    ),
    (
        "each gives the number of turns",
        IMAGE,
        "  - {pointwise: , each: {out: [4, 8]}, as: p}",
        ["p[0] pointwise 4x32x32", "p[1] pointwise 8x32x32"],
    ),
    (
        "the act of one turn",
        IMAGE,
        "  - {pointwise: {out: 4, act: relu}, repeat: 2, last: {act: none}}",
        ["pointwise[0] pointwise 4x32x32", "pointwise[0]/relu relu 4x32x32", "pointwise[1] pointwise 4x32x32"],
    ),
    (
        "parameters of a block are overridden too",
        IMAGE + "\nblocks: {'b(n, s=1)': [{pointwise: {out: $n, stride: $s}}]}",
        "  - {b: 4, repeat: 2, first: {s: 2}, as: x}",
        ["x[0]/pointwise pointwise 4x16x16", "x[1]/pointwise pointwise 4x16x16"],
    ),
    ("repeat 0 is nothing", IMAGE, "  - {relu, repeat: 0}\n  - tanh", ["tanh tanh 3x32x32"]),
    (
        "when decides turn by turn",
        IMAGE,
        "  - {relu, repeat: 4, when: $i % 2 == 1}",
        ["relu[1] relu 3x32x32", "relu[3] relu 3x32x32"],
    ),
    (
        "a list may be repeated",
        IMAGE,
        "  - {do: [relu, tanh], repeat: 2, as: pair}",
        [
            "pair[0]/relu relu 3x32x32",
            "pair[0]/tanh tanh 3x32x32",
            "pair[1]/relu relu 3x32x32",
            "pair[1]/tanh tanh 3x32x32",
        ],
    ),
    # 8. and 9. defaults
    (
        "built-in defaults are PyTorch's",
        IMAGE,
        "  - conv: {out: 4, kernel: 3}\n  - maxpool: 3",
        ["conv conv 4x30x30", "maxpool maxpool 4x10x10"],
    ),
    (
        "pointwise and depthwise inherit from conv, not its kernel and out",
        IMAGE + "\ndefaults: {conv: {kernel: 5, out: 6, stride: 2, padding: half}}",
        "  - conv\n  - pointwise: 3\n  - depthwise: 3",
        ["conv conv 6x16x16", "pointwise pointwise 3x8x8", "depthwise depthwise 3x4x4"],
    ),
    (
        "a kind's own defaults win over inherited ones",
        IMAGE + "\ndefaults: {conv: {act: relu}, depthwise: {act: none}}",
        "  - depthwise: 3\n  - pointwise: 4",
        ["depthwise depthwise 3x30x30", "pointwise pointwise 4x30x30", "pointwise/relu relu 4x30x30"],
    ),
    (
        "norm and act are rows of their own",
        IMAGE,
        "  - {pointwise: {out: 4, norm: batchnorm, act: {leakyrelu: 0.1}}, as: c}",
        ["c pointwise 4x32x32", "c/batchnorm batchnorm 4x32x32", "c/leakyrelu leakyrelu 4x32x32"],
    ),
    (
        "none switches off",
        IMAGE + "\ndefaults: {conv: {norm: batchnorm, act: relu}}",
        "  - pointwise: {out: 4, act: none}\n  - pointwise: {out: 4, norm: none}",
        [
            "pointwise1 pointwise 4x32x32",
            "pointwise1/batchnorm batchnorm 4x32x32",
            "pointwise2 pointwise 4x32x32",
            "pointwise2/relu relu 4x32x32",
        ],
    ),
    (
        "act by an expression",
        IMAGE + "\nvars: {act: gelu}",
        "  - pointwise: {out: 4, act: $act}\n  - pointwise: {out: 4, act: $act if $prev.channels > 4 else none}",
        ["pointwise1 pointwise 4x32x32", "pointwise1/gelu gelu 4x32x32", "pointwise2 pointwise 4x32x32"],
    ),
    # 10. nothing silent
    (
        "linear on a map shows its flatten",
        IMAGE,
        "  - {linear: 10, as: fc}",
        ["fc/flatten flatten 3072", "fc linear 10"],
    ),
    (
        "linear on numbers needs none",
        IMAGE,
        "  - flatten\n  - linear: 10",
        ["flatten flatten 3072", "linear linear 10"],
    ),
    ("global pools keep their axes", IMAGE, "  - globalavgpool", ["globalavgpool globalavgpool 3x1x1"]),
    # 11. inputs
    (
        "several inputs",
        "input: {left: [1, 8, 8], right: [2, 8, 8]}",
        "  - {relu, from: left, as: l}\n  - {tanh, from: right, as: r}\n  - concat: [l, r]",
        ["l relu 1x8x8", "r tanh 2x8x8", "concat concat 3x8x8"],
    ),
    (
        "the first input flows into the net",
        "input: {a: [1, 8, 8], b: [1, 8, 8]}",
        "  - relu\n  - add: [prev, b]",
        ["relu relu 1x8x8", "add add 1x8x8"],
    ),
    ("sizes by expressions", "vars: {n: 16}\ninput: [3, $n, $n * 2]", "  - relu", ["relu relu 3x16x32"]),
    (
        "symbols as sizes",
        "input: [3, H, W]",
        "  - maxpool: 2\n  - conv: {out: 8, kernel: 3, padding: 1}",
        ["maxpool maxpool 3xfloor(H/2)xfloor(W/2)", "conv conv 8xfloor(H/2)xfloor(W/2)"],
    ),
]


@pytest.mark.parametrize(("what", "head", "net", "expected"), CASES, ids=[case[0] for case in CASES])
def test_the_rule_that(what: str, head: str, net: str, expected: list[str]) -> None:
    """A small spec expands to the rows that the rule says."""
    assert expected == rows(parse(net, head))


# (a step after `a` and `b`, the value of n, the tensor that the step after it takes up)
LEFT_OUT = [
    ("{relu, from: a, when: $n > 1}", 1, "b"),
    ("{relu, from: a, when: $n > 1}", 2, "relu"),
    ("{relu, from: a, repeat: 2, when: $n > 1}", 1, "b"),
    ("{relu, from: a, repeat: 2, when: $i > $n}", 1, "b"),
    ("{relu, from: a, repeat: 2, when: $i < $n}", 1, "relu[0]"),
    ("{relu, from: a, repeat: $n}", 0, "a"),
    ("{relu, repeat: $n - 2, when: $n > 2}", 1, "b"),
    ("{relu, repeat: $n - 2, when: $n > 2}", 4, "relu[1]"),
    ("{leakyrelu: 0.1, each: {slope: $n}, when: $n != 1}", 1, "b"),
    ("{relu, repeat: 3, when: $i < $n}", 2, "relu[1]"),
    ("{maxpool: 2, repeat: 9, when: $prev.height > $n}", 8, "maxpool[1]"),
]


@pytest.mark.parametrize(("step", "n", "expected"), LEFT_OUT)
def test_a_step_whose_when_is_false_is_the_identity(step: str, n: int, expected: str) -> None:
    """The tensor stays what it was before the step, its `from` too; `repeat` and `each` are not looked at."""
    net = f"  - {{tanh, as: a}}\n  - {{tanh, as: b}}\n  - {step}\n  - {{tanh, as: end}}\n  - head: {{x: a, y: b}}"

    assert (expected,) == parse(net, f"vars: {{n: 3}}\n{IMAGE}", set={"n": n}).by_name["end"].inputs


def test_attention_is_a_block_that_comes_with_the_tool() -> None:
    """ViT-B/16's: 4 d (d + 1) parameters, 4 d^2 n MACs of weights and 2 d n^2 of activations; any map, any heads."""
    tokens = parse("  - attention: 12", "input: [768, 197]")
    field = parse("  - attention: {heads: 4, dim: 8, bias: false}", "input: [16, 6, 4]")
    costs = [(params(graph).total, cnncalc.macs(graph).total, graph.nodes[-1].output) for graph in (tokens, field)]

    assert [(2_362_368, 464_781_312 + 59_610_624, (768, 197)), (512, 21_504, (16, 6, 4))] == costs
    assert "attention/weights softmax 12x197x197" in rows(tokens)


def test_heads_are_side_outputs() -> None:
    """The main path goes on from where it was; a head has the name of its key, of its `as`, or of itself."""
    graph = parse(
        "  - {head: [{linear: 5}], as: first, train_only: true}\n"
        "  - head: {cls: [{pointwise: 2}], box: [{pointwise: 4}]}\n"
        "  - {head: {x: [relu], y: prev}, as: pair}\n"
        "  - tanh"
    )

    assert {
        "first": "first/linear",
        "cls": "cls/pointwise",
        "box": "box/pointwise",
        "pair/x": "pair/x/relu",
        "pair/y": "input",
    } == dict(graph.heads)
    assert ("tanh", ("input",)) == (graph.output, graph.by_name["tanh"].inputs)
    assert ["first/linear/flatten", "first/linear"] == [node.name for node in graph.nodes if node.train_only]
    assert "first" not in graph.inference.heads


# (the steps, the names of the weights, trainable, frozen)
SHARED = [
    ("  - {pointwise: 3, share: w}\n  - {pointwise: 3, share: w}", ["w", "w"], 12, 0),
    ("  - {pointwise: 3, as: a}\n  - {pointwise: 3, share: a}", ["a", "a"], 12, 0),
    ("  - {pointwise: 3, repeat: 3, share: w}", ["w", "w", "w"], 12, 0),
    ("  - {pointwise: 3, repeat: 3}", ["pointwise[0]", "pointwise[1]", "pointwise[2]"], 36, 0),
    ("  - {pointwise: 3, as: conv2}\n  - {conv: {out: 3, kernel: 1}}\n  - {conv: {out: 3, kernel: 1}}",
     ["conv2", "conv1", "conv2_2"], 36, 0),
    ("  - {pointwise: 3, frozen: true}\n  - pointwise: 3", ["pointwise1", "pointwise2"], 12, 12),
    ("  - {do: [{pointwise: 3}, {pointwise: 3}], frozen: true}\n  - pointwise: 3",
     ["pointwise1", "pointwise2", "pointwise3"], 12, 24),
    ("  - {pointwise: {out: 3, norm: batchnorm, act: batchnorm}, as: a}", ["a", "a/batchnorm", "a/batchnorm_2"], 24, 0),
    ("  - {pointwise: {out: 3, norm: batchnorm, act: batchnorm}, repeat: 2, share: w}",
     ["w", "w/batchnorm", "w/batchnorm_2"] * 2, 24, 0),
]  # fmt: skip


@pytest.mark.parametrize(("net", "names", "trainable", "frozen"), SHARED)
def test_weights_are_shared_by_label_and_frozen_by_step(
    net: str, names: list[str], trainable: int, frozen: int
) -> None:
    """Weights of one label count once; steps that are not told to share never do."""
    graph = parse(net)
    totals = params(graph)

    assert names == [node.weights_of for node in graph.nodes if node.weights]
    assert (trainable, frozen) == (totals.trainable, totals.frozen)


def test_a_shared_block_is_a_siamese_net() -> None:
    """Two calls of a block with one label have the same weights, layer by layer, whatever their names."""
    graph = parse(
        "  - {twin, from: left, as: f1, share: twin}\n  - {twin, from: right, as: f2, share: twin}\n  - sub: [f1, f2]",
        "input: {left: [1, 8, 8], right: [1, 8, 8]}\n"
        "blocks: {twin: [{pointwise: {out: 4, norm: batchnorm}}, {linear: 2}]}",
    )
    shared: dict[str, list[str]] = {}
    for node in graph.nodes:
        if node.weights:
            shared.setdefault(node.weights_of, []).append(node.name)

    assert {
        "twin/pointwise": ["f1/pointwise", "f2/pointwise"],
        "twin/pointwise/batchnorm": ["f1/pointwise/batchnorm", "f2/pointwise/batchnorm"],
        "twin/linear": ["f1/linear", "f2/linear"],
    } == shared
    assert 8 + 8 + 2 * (256 + 1) == params(graph).total


def test_frozen_and_train_only_hold_for_all_of_a_block() -> None:
    """A modifier on the call of a block reaches every layer in it."""
    blocks = "input: [3, 8, 8]\nblocks: {b: [{pointwise: 3}, {add: [[{pointwise: 3}], prev]}]}"
    frozen = parse("  - {b, frozen: true}\n  - pointwise: 3", blocks)
    training = parse("  - {head: [b], as: aux, train_only: true}\n  - relu", blocks)

    assert [True, True, True, False] == [node.frozen for node in frozen.nodes]
    assert ["relu"] == [node.name for node in training.inference.nodes]


def test_values_from_outside() -> None:
    """`set` gives variables and symbols other values, `input` another shape; what hangs on a variable follows."""
    text = "input: [3, H, W]\nvars: {width: 8, double: $width * 2}\nnet: [{pointwise: $width}, {pointwise: $double}]"

    assert [8, 16] == [node.output[0] for node in cnncalc.parse(text).nodes]
    assert [5, 10] == [node.output[0] for node in cnncalc.parse(text, set={"width": 5}).nodes]
    assert [5, 7] == [node.output[0] for node in cnncalc.parse(text, set={"width": 5, "double": 7}).nodes]
    assert (8, 20, 30) == cnncalc.parse(text, set={"H": 20, "W": 30}).nodes[0].output
    assert (8, 20, 30) == cnncalc.parse(text, input=(3, 20, 30)).nodes[0].output
    assert ["H", "W"] == list(cnncalc.parse(text).symbols())


def test_inputs_from_outside_by_name() -> None:
    """One of several inputs may get another shape, and one shape may do for all."""
    text = "input: {a: [1, 8, 8], b: [2, 8, 8]}\nnet: [{concat: [a, b]}]"

    assert (3, 8, 8) == cnncalc.parse(text).output_shape
    assert (6, 8, 8) == cnncalc.parse(text, input={"b": (5, 8, 8)}).output_shape
    assert (2, 4, 4) == cnncalc.parse(text, input=(1, 4, 4)).output_shape


# --- against a plain loop ----------------------------------------------------------------------------------------

LEAF = st.tuples(st.just("pointwise"), st.integers(1, 9), st.booleans())
NET = st.recursive(
    st.lists(LEAF, min_size=1, max_size=3),
    lambda inner: st.lists(
        st.one_of(
            LEAF,
            st.tuples(st.just("repeat"), st.integers(0, 3), inner),
            st.tuples(st.just("for"), st.lists(st.integers(1, 5), max_size=3), inner),
            st.tuples(st.just("concat"), inner, inner),
            st.tuples(st.just("when"), st.booleans(), inner),
        ),
        min_size=1,
        max_size=3,
    ),
    max_leaves=8,
)


def written(steps: list[Any], depth: int = 0) -> str:
    """The steps as a spec has them, in flow style."""
    parts = []
    for step in steps:
        if step[0] == "pointwise":
            parts.append(f"{{pointwise: {{out: {step[1]}{' * $x' if step[2] and depth else ''}}}}}")
        elif step[0] == "repeat":
            parts.append(f"{{do: {written(step[2], depth)}, repeat: {step[1]}}}")
        elif step[0] == "for":
            parts.append(f"{{for: x, in: {step[1]}, do: [{{pointwise: $x}}, {written(step[2], 1)}]}}")
        elif step[0] == "concat":
            parts.append(f"{{concat: [{written(step[1], depth)}, {written(step[2], depth)}, prev]}}")
        else:
            parts.append(f"{{do: {written(step[2], depth)}, when: {str(step[1]).lower()}}}")
    return f"[{', '.join(parts)}]"


def computed(steps: list[Any], channels: int, x: int | None = None) -> tuple[list[int], int]:
    """The channels after every node, and at the end, by a loop in Python."""
    made: list[int] = []
    for step in steps:
        if step[0] == "pointwise":
            channels = step[1] * (x if step[2] and x is not None else 1)
            made.append(channels)
        elif step[0] == "repeat":
            for _ in range(step[1]):
                inner, channels = computed(step[2], channels, x)
                made += inner
        elif step[0] == "for":
            for value in step[1]:
                made.append(value)
                inner, channels = computed(step[2], value, value)
                made += inner
        elif step[0] == "concat":
            left, one = computed(step[1], channels, x)
            right, other = computed(step[2], channels, x)
            channels += one + other
            made += [*left, *right, channels]
        elif step[1]:
            inner, channels = computed(step[2], channels, x)
            made += inner
    return made, channels


@settings(max_examples=150, deadline=None)
@given(NET)
def test_nested_steps_expand_as_a_plain_loop_does(steps: list[Any]) -> None:
    """Loops, repeats, branches and conditions at random give the nodes that a loop in Python gives, each by a name."""
    graph = cnncalc.parse(f"input: [3, 4, 4]\nnet: {written(steps)}\n", "spec.yaml")
    made, channels = computed(steps, 3)
    names = [node.name for node in graph.nodes]

    assert made == [node.output[0] for node in graph.nodes]
    assert channels == graph.output_shape[0]
    assert len(set(names)) == len(names)
    assert len({node.weights_of for node in graph.nodes if node.weights}) == sum(
        bool(node.weights) for node in graph.nodes
    )


def test_the_last_turn_may_have_an_activation_with_arguments() -> None:
    """`last: {act: {leakyrelu: 0.1}}`, and `first: {norm: {...}}`, of a layer as of a block."""
    graph = cnncalc.parse(
        "input: [4, 9, 9]\nnet:\n"
        "  - {conv: {out: 6, kernel: 3, act: relu}, repeat: 3, first: {norm: {groupnorm: 2}}, last: {act: {leakyrelu: 0.1}}}\n"
    )

    assert ["conv", "groupnorm", "relu", "conv", "relu", "conv", "leakyrelu"] == [node.kind for node in graph.nodes]


@pytest.mark.parametrize(
    ("names", "rows"),
    [
        ("act", "[{leakyrelu: 0.1}, relu, none]"),
        ("[_k, act]", "[[1, {leakyrelu: 0.1}], [1, relu], [1, none]]"),
        ("act", "$acts"),
    ],
)
def test_a_row_may_have_a_layer_kind_with_arguments(names: str, rows: str) -> None:
    """As an argument of a block may; in a list that a block is given as well."""
    loop = f"for: {names}, in: {rows}, do: [{{pointwise: {{out: 2, act: $act}}}}]"
    within = f"blocks:\n  unit(acts): [{{{loop}}}]\n"
    call = "unit: {acts: [{leakyrelu: 0.1}, relu, none]}"
    text = f"{within}net: [{{{call}}}]\n" if "acts" in rows else f"net: [{{{loop}}}]\n"
    graph = cnncalc.parse(f"input: [4, 9, 9]\n{text}")

    assert [node.kind for node in graph.nodes] == ["pointwise", "leakyrelu", "pointwise", "relu", "pointwise"]
    assert graph.nodes[1].layer.slope == 0.1  # type: ignore[attr-defined]


CARRIED = """
  - {conv: {out: 8, kernel: 3, padding: 1}, as: high}
  - {conv: {out: 8, kernel: 3, stride: 2, padding: 1}, as: low}
  - for: turn
    in: 3
    do:
      - {conv: {out: 8, kernel: 3, padding: 1}, from: high, as: fine$turn}
      - for: to
        in: [high, low]
        do:
          - do:
              - add:
                  main: [{conv: {out: 8, kernel: 3, stride: 2, padding: 1}, from: fine$turn}, {upsample: 2}]
                  up: [{upsample: 2, from: low}]
                when: $to == 'high'
              - {conv: {out: 8, kernel: 3, stride: 2, padding: 1}, from: fine$turn, when: $to == 'low'}
            as: $to
  - {upsample: 2}
  - {concat: [prev, high]}
"""


def test_each_turn_of_a_loop_gives_its_names_anew() -> None:
    """The turns read what the turn before left: as the same net with a number in each name."""
    typed = [
        "{conv: {out: 8, kernel: 3, padding: 1}, as: h0}",
        "{conv: {out: 8, kernel: 3, stride: 2, padding: 1}, as: l0}",
    ]
    for turn in range(3):
        typed += [
            f"{{conv: {{out: 8, kernel: 3, padding: 1}}, from: h{turn}, as: f{turn}}}",
            f"{{conv: {{out: 8, kernel: 3, stride: 2, padding: 1}}, from: f{turn}}}",
            f"{{upsample: 2, as: m{turn}}}",
            f"{{upsample: 2, from: l{turn}, as: u{turn}}}",
            f"{{add: [m{turn}, u{turn}], as: h{turn + 1}}}",
            f"{{conv: {{out: 8, kernel: 3, stride: 2, padding: 1}}, from: f{turn}, as: l{turn + 1}}}",
        ]
    by_hand = parse("\n".join(f"  - {step}" for step in [*typed, "{upsample: 2}", "{concat: [prev, h3]}"]))

    carried = parse(CARRIED)

    assert sorted(node.kind for node in carried.nodes) == sorted(node.kind for node in by_hand.nodes)
    assert cnncalc.params(carried).total == cnncalc.params(by_hand).total == 4 * 584 + 224 + 7 * 584 - 584
    assert carried.nodes[-1].inputs == ("upsample", "row[2]/high/add")
    assert [node.inputs for node in carried.nodes if node.name.endswith("up/upsample")] == [
        ("low",),
        ("row[0]/low/conv",),
        ("row[1]/low/conv",),
    ]


def test_a_name_belongs_to_what_is_around_the_loop_that_it_mentions() -> None:
    """`x$to` of an inner loop is another tensor in each turn of the outer one; a turn alone cannot give it twice."""
    net = "  - {for: _t, in: 2, do: [{for: to, in: [1, 2], do: [{pointwise: 4, as: x$to}]}, {add: [x1, x2], as: %s}]}"

    graph = parse(net % "s")

    assert [node.name for node in graph.nodes] == [
        *("row[0]/x1", "row[0]/x2", "row[0]/s", "row[1]/x1", "row[1]/x2", "row[1]/s")
    ]
    assert [node.inputs for node in graph.nodes if node.kind == "add"] == [
        ("row[0]/x1", "row[0]/x2"),
        ("row[1]/x1", "row[1]/x2"),
    ]
    with pytest.raises(cnncalc.SpecError, match="two tensors have the name `x1`"):
        parse(net % "x1")


def test_resolutions_go_on_from_turn_to_turn() -> None:
    """HRNet-W18, whose four resolutions are given anew by each module: the figures of timm."""
    graph = cnncalc.load(Path(__file__).parent / "data" / "hrnet_w18.yaml")

    assert (cnncalc.params(graph).total, cnncalc.macs(graph).total) == (21_299_004, 4_283_537_072)


def test_a_problem_in_a_block_of_the_tool_stands_where_the_spec_calls_it() -> None:
    """Once a call, with the line of the block; in a block of the spec with the calls around it."""
    with pytest.raises(cnncalc.SpecError) as error:
        cnncalc.parse("input: [4, 8, 8]\nblocks:\n  a(n):\n    - attention: $n\nnet:\n  - a: 3\n", "net")
    (found,) = error.value.diagnostics

    assert ("net:4:7", "attention") == (str(found.mark), found.mark.text.strip(" -").partition(":")[0])
    assert found.notes[0].startswith("built-in block attention, line 8: keys: [{reshape: [$heads, ")
    assert found.notes[1].endswith("block attention(heads=3, dim=4, bias=true)")
    assert found.notes[2].endswith("called at line 6")
