"""Layers with weights, norms, and what does nothing at inference."""

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


def instancenorm(w: Writing, own: Operator) -> None:
    """By the statistics of the image, or, where it does not use them, by those that are stored, as a batch norm."""
    if own.given.get("use_input_stats"):
        norm("InstanceNormalization", "weight", "bias")(w, own)
    else:
        batchnorm(w, own)


def layernorm(w: Writing, own: Operator) -> None:
    """Over the last axes, as many as `normalized_shape` has."""
    op = "RMSNormalization" if own.op == "rms_norm" else "LayerNormalization"
    names = [w.tensor("input"), w.tensor("weight"), w.tensor("bias")]
    eps = own.given.get("eps")
    attributes = {"axis": -len(own.given["normalized_shape"]), "epsilon": 1.1920929e-07 if eps is None else eps}
    w.put(op, names, attributes)


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
    "instance_norm": instancenorm,
    **dict.fromkeys(NOTHING, same),
    **dict.fromkeys(FILLED, filled),
}
