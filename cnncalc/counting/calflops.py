"""calflops 0.3.2 and DeepSpeed's profiler, which it comes from: functions, patched by name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from ..graph import Node
from .base import (
    BIASED,
    IN,
    OUT,
    OWN,
    SAME_EVEN,
    UNSEEN,
    UPCONV_GROUPS,
    Rule,
    Term,
    Tool,
    all_of_it,
    amiss,
    local_response,
    nothing,
    of_einsum,
    own,
    scaled,
    size,
    times,
)
from .pytorch import all_functions, functions, is_same
from .recurrent import sums


def _interpolated(node: Node) -> int:
    """Its sizes without the channels where a size is given; the elements that come in where a factor is."""
    return size(node.output[1:]) if vars(node.layer)["size"] is not None else size(node.incoming[0])


def _missed(node: Node) -> int:
    """Places that it misses where `same` pads a window of an even extent: it takes half of the padding twice."""
    if not is_same(node):
        return 0
    along = zip(node.output[1:], node.weights["weight"][2:], _dilation(node), strict=True)
    return size(tuple(n - d * (k - 1) % 2 for n, k, d in along)) - size(node.output[1:])


def _dilation(node: Node) -> Sequence[int]:
    return tuple(vars(node.layer).get("dilation", (1,) * (len(node.output) - 1)))


def _plain(factor: int) -> Rule:
    """A convolution, its places worked out again."""

    def rule(node: Node) -> Iterable[Term]:
        yield Term(SAME_EVEN, factor, size(node.weights["weight"]) * _missed(node))
        if factor == 2 and "bias" in node.weights:
            yield Term(BIASED, 1, size(node.output[:1]) * (size(node.output[1:]) + _missed(node)))

    return rule


def _transposed(node: Node) -> tuple[int, int]:
    """MACs and biases of a transposed one: filters divided by the groups twice, biases at a plain one's outputs."""
    layer = vars(node.layer)
    channels, filters, *kernel = node.weights["weight"]
    macs = size((*kernel, channels, filters // layer["groups"], *node.incoming[0][1:]))
    sides = [
        (n + 2 * side_of(pad) - ((k - 1) * d + 1)) // s + 1
        for n, pad, k, d, s in zip(
            node.incoming[0][1:], layer["padding"], kernel, layer["dilation"], layer["stride"], strict=True
        )
    ]
    return macs, filters * size(tuple(sides)) if "bias" in node.weights else 0


def side_of(pad: object) -> int:
    """The zeros before a map, where they are a number."""
    return int(pad[0]) if isinstance(pad, tuple) else int(pad) if isinstance(pad, int) else 0


def _transposed_flops(node: Node) -> Iterable[Term]:
    macs, biases = _transposed(node)
    return Term(UPCONV_GROUPS, 2, macs - int(node.macs)), Term(OWN, 1, biases)


def _transposed_macs(node: Node) -> Iterable[Term]:
    return (Term(UPCONV_GROUPS, 1, _transposed(node)[0] - int(node.macs)),)


RECURRENT: dict[str, Rule] = {
    f"{of}.{name}": sums(each)
    for of in ("F", "torch")
    for name, each in (("lstm", 10), ("gru", 7), ("rnn_tanh", 1), ("rnn_relu", 1))
}
"""A hook on modules, which knows operations and no MACs."""

PRODUCED: dict[str, Rule] = {
    **dict.fromkeys(("torch.matmul", "Tensor.matmul", "torch.addmm", "Tensor.addmm", "torch.baddbmm"), nothing),
    **{f"{of}.{name}": times(1, OUT) for of in ("torch", "Tensor") for name in ("mul", "add")},
}
"""Functions and methods of tensors that are called by their names."""

RULES: dict[str, Rule] = {
    "F.conv": _plain(2),
    "F.conv_transpose": _transposed_flops,
    "F.linear": nothing,
    "F.batch_norm": scaled(2, IN, plain=1),
    **{f"F.{name}_norm": scaled(5, IN, plain=4) for name in ("layer", "group", "instance")},
    **{
        f"F.{name}": times(1, IN) for name in ("relu", "relu6", "silu", "gelu", "elu", "prelu", "leaky_relu", "softmax")
    },
    **{f"F.{name}": times(1, IN) for name in ("avg_pool", "max_pool", "adaptive_avg_pool", "adaptive_max_pool")},
    "F.interpolate": own(_interpolated),
    "F.local_response_norm": own(local_response),
    **PRODUCED,
    **RECURRENT,
    "torch.einsum": own(lambda node: of_einsum(node) - 2 * int(node.macs)),
}


def _printed(count: int) -> str:
    """`8.21 GFLOPS`."""
    for letter, unit in (("T", 10**12), ("G", 10**9), ("M", 10**6), ("K", 10**3)):
        if count >= unit:
            return f"{round(count / unit, 2):g} {letter}FLOPS"
    return f"{count} FLOPS"


CALFLOPS = Tool(
    name="calflops",
    version="0.3.2",
    word="FLOPs",
    about="functions: 2 a MAC, biases of convolutions, 2 an element of batch norms, 5 of others, activations, pools",
    omits="biases of linear layers, ReLU6 and what else calls no patched function; +, *, @, mean, without a word",
    factor=2,
    sees=functions,
    rules=RULES,
    quiet=frozenset({"F.dropout"}),
    printed=_printed,
    source="calflops/pytorch_ops.py",
)

MACS = replace(
    CALFLOPS,
    name="calflops-macs",
    word="MACs",
    about="functions: MACs without biases",
    omits="whatever is no convolution or linear layer; @, without a word",
    factor=1,
    rules={
        "F.conv": _plain(1),
        "F.conv_transpose": _transposed_macs,
        "F.linear": nothing,
        **{name: rule for name, rule in PRODUCED.items() if rule is nothing},
        **dict.fromkeys(("torch.einsum", *RECURRENT), amiss(UNSEEN, all_of_it)),
    },
    quiet=frozenset(name for name in RULES),
    printed=None,
)


def _resized(node: Node) -> int:
    """Its sizes without the channels where a size is given; the elements that come out where a factor is."""
    return size(node.output[1:] if vars(node.layer)["size"] is not None else node.output)


DEEPSPEED = replace(
    CALFLOPS,
    name="deepspeed",
    version="0.19.8",
    about="functions: 2 a MAC, @ and attention too, biases of convolutions, 2 an element of batch norms, 5 of others,"
    " activations, pools",
    omits="biases of linear layers, ReLU6 and what else calls no patched function; +, *, mean, without a word",
    sees=all_functions,
    rules={
        **RULES,
        "F.conv_transpose": times(1, BIASED),
        "F.interpolate": own(_resized),
        "F.scaled_dot_product_attention": nothing,
        **{f"{of}.{name}": nothing for of in ("torch", "Tensor") for name in ("mm", "bmm", "__matmul__")},
    },
    source="deepspeed/profiling/flops_profiler/profiler.py",
    also=("deepspeed-profiler",),
)
