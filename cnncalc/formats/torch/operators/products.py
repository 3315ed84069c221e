"""Products of matrices, einsum and attention."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ...onnx.constants import Constant
from ...onnx.values import Weight
from ..trace import Operator
from ..translate import LARGEST, Write, Writing


def matmul(first: str, second: str) -> Write:
    """A product; a vector has an axis of size 1 meanwhile."""

    def write(w: Writing, own: Operator) -> None:
        left, right = w.tensor(first), w.tensor(second)
        _product(w, left, right)

    return write


def _product(w: Writing, left: str, right: str, shape: tuple[int, ...] | None = None) -> str:
    """The output of the operator, or where `shape` says so a tensor on the way to it."""
    one, other = w.shape(left), w.shape(right)
    if len(one) > 1 and len(other) > 1:
        return w.put("MatMul", [left, right], shape=shape)
    final = w.out.shape if shape is None else shape
    if len(one) == 1:
        left = w.put("Reshape", [left, w.vector([1, *one])], {"allowzero": 1}, shape=(1, *one))
    if len(other) == 1:
        right = w.put("Reshape", [right, w.vector([*other, 1])], {"allowzero": 1}, shape=(*other, 1))
    rows, columns = w.shape(left)[-2], w.shape(right)[-1]
    lead = max(w.shape(left)[:-2], w.shape(right)[:-2], key=len)
    made = w.put("MatMul", [left, right], shape=(*lead, rows, columns))
    return w.put("Reshape", [made, w.vector(final)], {"allowzero": 1}, shape=shape)


def outer(w: Writing, left: str, right: str, shape: tuple[int, ...] | None = None) -> str:
    """Each number of a vector times each of another."""
    rows = (w.shape(left)[0], 1)
    return w.put("Mul", [w.put("Reshape", [left, w.vector(rows)], shape=rows), right], shape=shape)


def _summed(w: Writing, left: str, right: str, shape: tuple[int, ...] | None = None) -> str:
    """The sum of the products of a batch."""
    return w.put("Einsum", [left, right], {"equation": "bij,bjk->ik"}, shape=shape)


def outer_product(w: Writing, own: Operator) -> None:
    """Each number of a vector times each of another."""
    outer(w, w.tensor("self"), w.tensor("vec2"))


def tensordot(w: Writing, own: Operator) -> None:
    """A product over the axes that are named of each."""
    letters = iter("abcdefghijklmnopqrstuvwxyz")
    names = [w.tensor("self"), w.tensor("other")]
    axes = [[int(n) % len(w.shape(name)) for n in own.given[word]] for name, word in zip(
        names, ("dims_self", "dims_other"), strict=True
    )]  # fmt: skip
    words = [[next(letters) for _ in w.shape(name)] for name in names]
    for one, other in zip(*axes, strict=True):
        words[1][other] = words[0][one]
    left = [letter for place, own_ in enumerate(axes) for axis, letter in enumerate(words[place]) if axis not in own_]
    first, second = map("".join, words)
    w.put("Einsum", names, {"equation": f"{first},{second}->{''.join(left)}"})


def added(first: str, second: str, product: Callable[..., str] = _product) -> Write:
    """beta self + alpha (first second)."""

    def write(w: Writing, own: Operator) -> None:
        made = product(w, w.tensor(first), w.tensor(second), w.out.shape)
        terms = []
        for name, word in ((made, "alpha"), (w.tensor("self"), "beta")):
            factor = own.given.get(word, 1)
            shape = w.shape(name)
            terms.append(name if factor == 1 else w.put("Mul", [name, w.number(float(factor))], shape=shape))
        if own.given.get("beta", 1) == 0:
            w.alias(terms[0])
        else:
            w.put("Add", terms)

    return write


def einsum(w: Writing, own: Operator) -> None:
    """The equation as it is written."""
    w.put("Einsum", w.listed("tensors"), {"equation": str(own.given["equation"])})


def bilinear(w: Writing, own: Operator) -> None:
    """x W y + b, with a matrix an output."""
    bias = w.tensor("bias")
    names = [w.tensor(word) for word in ("input1", "weight", "input2")]
    shape = w.out.shape if bias else None
    made = w.put("Einsum", names, {"equation": "...i,kij,...j->...k"}, shape=shape)
    if bias:
        w.put("Add", [made, bias])


def attention(w: Writing, own: Operator) -> None:
    """softmax(scale Q K^T + mask) V; of three axes, or fewer keys than queries have heads, written out so first."""
    names = [w.tensor(word) for word in ("query", "key", "value")]
    mask = w.tensor("attn_mask")
    rank = len(w.shape(names[0]))
    if own.given.get("enable_gqa"):
        names = [names[0], *(_as_many_heads(w, name, w.shape(names[0])[-3]) for name in names[1:])]
    attributes = {} if own.given.get("scale") is None else {"scale": own.given["scale"]}
    if own.given.get("is_causal"):
        square = (w.shape(names[0])[-2], w.shape(names[1])[-2])
        whole = w.besides_it("full", "", square, {"size": [*square], "fill_value": -LARGEST})
        mask = w.besides_it("triu", "", square, {"self": {"tensor": whole}, "diagonal": 1})
    elif mask and w.types.get(mask) == "bool" and isinstance(w.values.get(mask), Weight | Constant):
        allowed = {"tensor": mask.removeprefix("#")}
        given = {"condition": allowed, "self": 0.0, "other": -LARGEST}
        mask = w.besides_it("where", "Scalar", w.shape(mask), given)
    rest = [mask] if mask else []
    if rank == 4:
        w.put("Attention", [*names, *rest], attributes)
        return
    wide = []
    for name in names:
        shape = w.shape(name)
        shape = (1,) * (4 - rank) + shape if rank < 4 else (1, _elements(shape[:-2]), *shape[-2:])
        wide.append(w.put("Reshape", [name, w.vector(shape)], {"allowzero": 1}, shape=shape))
    shape = (*w.shape(wide[0])[:-1], w.shape(wide[2])[-1])
    if mask and len(w.shape(mask)) > 2 and rank > 4:
        sizes = (1, _elements(w.shape(mask)[:-2]), *w.shape(mask)[-2:])
        rest = [w.put("Reshape", [mask, w.vector(sizes)], {"allowzero": 1}, shape=sizes)]
    made = w.put("Attention", [*wide, *rest], attributes, shape=shape)
    w.put("Reshape", [made, w.vector(w.out.shape)], {"allowzero": 1})


def _elements(sizes: tuple[int, ...]) -> int:
    size = 1
    for one in sizes:
        size *= one
    return size


def _as_many_heads(w: Writing, name: str, heads: int) -> str:
    """Keys or values whose heads are each used for several queries, repeated so often."""
    *lead, few, length, features = w.shape(name)
    if few == heads:
        return name
    apart = [*lead, few, 1, length, features]
    wide = [*lead, few, heads // few, length, features]
    cut = w.put("Reshape", [name, w.vector(apart)], {"allowzero": 1}, shape=apart)
    grown = w.put("Expand", [cut, w.vector(wide)], shape=wide)
    whole = [*lead, heads, length, features]
    return w.put("Reshape", [grown, w.vector(whole)], {"allowzero": 1}, shape=whole)


OPERATORS: Mapping[str, Write] = {
    "matmul": matmul("self", "other"),
    "bmm": matmul("self", "mat2"),
    "mm": matmul("self", "mat2"),
    "mv": matmul("self", "vec"),
    "dot": matmul("self", "tensor"),
    "addmm": added("mat1", "mat2"),
    "addmv": added("mat", "vec"),
    "addr": added("vec1", "vec2", outer),
    "baddbmm": added("batch1", "batch2"),
    "addbmm": added("batch1", "batch2", _summed),
    "outer": outer_product,
    "ger": outer_product,
    "tensordot": tensordot,
    "bilinear": bilinear,
    "einsum": einsum,
    "scaled_dot_product_attention": attention,
}
