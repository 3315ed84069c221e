"""Layers with weights, norms, activations, and what does nothing at inference."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..trace import Operator
from ..translate import Write, Writing


def linear(w: Writing, own: Operator) -> None:
    """On the last axis, of any rank."""
    names = [w.tensor("input"), w.tensor("weight"), w.tensor("bias")]
    w.put("linear", names if names[2] else names[:2], domain="torch")


def norm(op: str, *inputs: str, eps: str = "eps", **attributes: str) -> Write:
    """A norm; the scale and the shift may be left out. `attributes`: as ONNX calls it -> as PyTorch does."""

    def write(w: Writing, own: Operator) -> None:
        names = [w.tensor(name) for name in ("input", *inputs)]
        while names and not names[-1]:
            names.pop()
        extra = {name: own.given[word] for name, word in attributes.items()}
        w.put(op, names, {"epsilon": own.given.get(eps) or 1e-5, **extra})

    return write


def batchnorm(w: Writing, own: Operator) -> None:
    """By the statistics that are stored, or, where none are, by those of the image."""
    mean, variance = w.tensor("running_mean"), w.tensor("running_var")
    names = [w.tensor("input"), w.tensor("weight"), w.tensor("bias")]
    if mean and not own.given.get("training"):
        names += [mean, variance]
    w.put("BatchNormalization", names, {"epsilon": own.given["eps"]})


def layernorm(w: Writing, own: Operator) -> None:
    """Over the last axes, as many as `normalized_shape` has."""
    op = "RMSNormalization" if own.op == "rms_norm" else "LayerNormalization"
    names = [w.tensor("input"), w.tensor("weight"), w.tensor("bias")]
    eps = own.given.get("eps")
    attributes = {"axis": -len(own.given["normalized_shape"]), "epsilon": 1.1920929e-07 if eps is None else eps}
    w.put(op, names, attributes)


def like(op: str, domain: str = "", **attributes: str) -> Write:
    """An operator on one tensor. `attributes`: as the reader calls it -> as PyTorch does."""

    def write(w: Writing, own: Operator) -> None:
        source = w.tensor("self") or w.tensor("input")
        given = {name: own.given[word] for name, word in attributes.items() if own.given.get(word) is not None}
        w.put(op, [source], given, domain=domain)

    return write


def elu(w: Writing, own: Operator) -> None:
    """elu, celu and selu are one operator with three numbers."""
    alpha, scale, slope = (float(own.given.get(name, 1)) for name in ("alpha", "scale", "input_scale"))
    source = w.tensor("self")
    if abs(scale - 1.0507009873554805) < 1e-9 and abs(alpha - 1.6732632423543772) < 1e-9:
        w.put("Selu", [source])
    elif scale == slope == 1:
        w.put("Elu", [source], {"alpha": alpha})
    else:
        w.put(own.op, [source], {}, domain="aten")


def celu(w: Writing, own: Operator) -> None:
    """max(0, x) + min(0, alpha (exp(x / alpha) - 1)): an elu where alpha is 1."""
    alpha = float(own.given["alpha"])
    if alpha == 1:
        w.put("Elu", [w.tensor("self")], {"alpha": 1.0})
    else:
        w.put(own.op, [w.tensor("self")], {}, domain="aten")


def softplus(w: Writing, own: Operator) -> None:
    """log(1 + exp(beta x)) / beta."""
    source, beta = w.tensor("self"), own.given.get("beta", 1)
    if beta == 1:
        w.put("Softplus", [source])
        return
    scaled = w.put("Mul", [source, w.number(float(beta))], shape=w.out.shape)
    soft = w.put("Softplus", [scaled], shape=w.out.shape)
    w.put("Div", [soft, w.number(float(beta))])


def clip(low: str, high: str) -> Write:
    """Between two numbers, either of which may be left out."""

    def write(w: Writing, own: Operator) -> None:
        bounds = [w.tensor(word) if word in own.given else "" for word in (low, high)]
        w.put("Clip", [w.tensor("self"), *bounds])

    return write


def relu6(w: Writing, own: Operator) -> None:
    """Between 0 and 6."""
    w.put("Clip", [w.tensor("self") or w.tensor("input"), w.number(0.0), w.number(6.0)])


def log_sigmoid(w: Writing, own: Operator) -> None:
    """The logarithm of a sigmoid."""
    w.put("Log", [w.put("Sigmoid", [w.tensor("self")], shape=w.out.shape)])


def glu(w: Writing, own: Operator) -> None:
    """The first half times the sigmoid of the second."""
    source = w.tensor("self")
    axis = w.axis("dim", len(w.shape(source)))
    halves = [f"{own.name}%first", f"{own.name}%second"]
    for half in halves:
        w.dims[half] = w.out.shape
    size = w.out.shape[axis]
    w.put("Split", [source, w.vector([size, size])], {"axis": axis}, outputs=halves)
    w.put("Mul", [halves[0], w.put("Sigmoid", [halves[1]], shape=w.out.shape)])


def prelu(w: Writing, own: Operator) -> None:
    """A learned slope."""
    w.put("PRelu", [w.tensor("self"), w.tensor("weight")])


def same(w: Writing, own: Operator) -> None:
    """Nothing that shapes and counts know of: another name for the tensor."""
    source = w.tensor("self") or w.tensor("input")
    if source in w.dims and w.shape(source) != w.out.shape:
        w.put("Expand", [source, w.vector(w.out.shape)])
    else:
        w.alias(source)


def filled(w: Writing, own: Operator) -> None:
    """A tensor of which nothing but the shape comes from the input."""
    for made in own.outputs:
        w.fixed(made)


def recurrent(w: Writing, own: Operator) -> None:
    """LSTM, GRU and plain recurrent layers, all of their layers: a rule of its own."""
    sources = w.listed("hx") or [w.tensor("hx")]
    w.put(
        own.op.partition("_")[0],
        [w.tensor("input"), *sources, *w.listed("params")],
        {
            "states": len(sources),
            "bias": bool(own.given["has_biases"]),
            "layers": own.given["num_layers"],
            "bidirectional": bool(own.given["bidirectional"]),
            "batch_first": bool(own.given["batch_first"]),
            "act": own.op.partition("_")[2] or "tanh",
        },
        outputs=[made.name for made in own.outputs],
        domain="torch",
    )


PLAIN: Mapping[str, str] = {
    "relu": "Relu", "sigmoid": "Sigmoid", "tanh": "Tanh", "hardswish": "HardSwish", "mish": "Mish", "abs": "Abs",
    "sqrt": "Sqrt", "exp": "Exp", "log": "Log", "neg": "Neg", "erf": "Erf", "sin": "Sin", "cos": "Cos",
    "floor": "Floor", "ceil": "Ceil", "round": "Round", "sign": "Sign", "reciprocal": "Reciprocal",
    "logical_not": "Not", "bitwise_not": "Not", "selu": "Selu",
}  # fmt: skip
"""aten -> ONNX, one tensor in and out."""

NOTHING: Sequence[str] = (
    "dropout", "feature_dropout", "alpha_dropout", "feature_alpha_dropout", "native_dropout", "contiguous", "clone",
    "alias", "detach", "to", "_to_copy", "type_as", "lift_fresh_copy", "lift_fresh", "positive", "resolve_conj",
    "resolve_neg", "detach_", "_assert_tensor_metadata", "requires_grad_", "copysign_",
)  # fmt: skip

FILLED: Sequence[str] = (
    "zeros_like",
    "ones_like",
    "full_like",
    "empty_like",
    "new_zeros",
    "new_ones",
    "new_full",
    "new_empty",
    "fill",
    "rand_like",
    "randn_like",
)


OPERATORS: Mapping[str, Write] = {
    "linear": linear,
    "batch_norm": batchnorm,
    "_native_batch_norm_legit_no_training": batchnorm,
    "_native_batch_norm_legit": batchnorm,
    "native_batch_norm": batchnorm,
    "layer_norm": layernorm,
    "native_layer_norm": layernorm,
    "rms_norm": layernorm,
    "group_norm": norm("GroupNormalization", "weight", "bias", num_groups="num_groups"),
    "native_group_norm": norm("GroupNormalization", "weight", "bias", num_groups="group"),
    "instance_norm": norm("InstanceNormalization", "weight", "bias"),
    **{word: like(op) for word, op in PLAIN.items()},
    "silu": like("silu", "torch"),
    "gelu": like("Gelu", approximate="approximate"),
    "hardsigmoid": like("hardsigmoid", "torch"),
    "leaky_relu": like("LeakyRelu", alpha="negative_slope"),
    "softmax": like("Softmax", axis="dim"),
    "_softmax": like("Softmax", axis="dim"),
    "log_softmax": like("LogSoftmax", axis="dim"),
    "_log_softmax": like("LogSoftmax", axis="dim"),
    "elu": elu,
    "celu": celu,
    "softplus": softplus,
    "hardtanh": clip("min_val", "max_val"),
    "clamp": clip("min", "max"),
    "clamp_min": clip("min", ""),
    "clamp_max": clip("", "max"),
    "relu6": relu6,
    "log_sigmoid": log_sigmoid,
    "glu": glu,
    "prelu": prelu,
    "_prelu_kernel": prelu,
    **dict.fromkeys(NOTHING, same),
    **dict.fromkeys(FILLED, filled),
    **dict.fromkeys(("lstm", "gru", "rnn_tanh", "rnn_relu"), recurrent),
}
