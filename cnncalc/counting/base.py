"""What a tool that counts is: the words by which it knows an operation, and what each costs it.

A tool sees a layer by some words (`nn.Conv`, `F.relu`, `aten::mul`, ONNX's `Sigmoid`): those of a table such as
`pytorch.WRITTEN`. For each word it has a rule, or it is quiet about it on purpose, or it does not know it. What comes
out for a layer is a sum of terms, each so many times a quantity of the layer; MACs stand in it as they are, and what
the tool makes of them otherwise is a term of its own, so that the terms add up to its figure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from ..analyses.known import uncounted
from ..dims import Shape, product
from ..errors import CnncalcError
from ..graph import Graph, Node
from ..namedtuples import NamedTuple

SILENT, WARNS, PARTIAL, FAILS = "silent", "warns", "partial", "fails"
"""What a tool does with an operation that it does not know: 0 without a word; 0 and a warning; a part of a total that
it gives no value for; an error."""

MACS, MATMUL = "macs", "matmul"
"""Quantities of a layer: its MACs, with learned weights or of two activations."""

IN, OUT, JOINED, TAPS, BIASED, NUMBERS, OWN = "in", "out", "joined", "taps", "biased", "numbers", "own"
"""Elements in, elements out, elements out for each branch after the first, taps of a pool, elements out of a layer
with a bias, learned numbers; and what a rule works out itself."""

UPCONV, UPCONV_GROUPS, SAME, SAME_EVEN = "upconv", "upconv-groups", "same", "same-even"
TRANSPOSED, AXES = "transposed-weight", "axes"
UNSEEN, LAST, SUBTRACT, ONCE = "unseen", "last", "first-addition", "once"
"""What a tool makes of MACs otherwise: `WRONG` tells each."""

WRONG: Mapping[str, str] = {
    UPCONV: "transposed convolutions, at the output positions",
    UPCONV_GROUPS: "transposed convolutions, divided by their groups twice",
    TRANSPOSED: "linear layers with a transposed weight, counted 0",
    AXES: "convolutions over one axis or three, of which it reads two",
    SAME: 'convolutions with padding="same", counted 0',
    SAME_EVEN: 'convolutions with padding="same" and an even window, of which it misses the places at the end',
    ONCE: "layers of which it counts each learned number once, not for each row or place",
    UNSEEN: "products that it does not see",
    LAST: "layers that it leaves out",
    SUBTRACT: "one addition fewer than multiplications an output",
}
"""Code -> what it is, in the plural."""


NO_FORMS: Mapping[str, str] = {}


class Term(NamedTuple):
    """So many times a quantity."""

    what: str
    """A quantity of the layer, or a code of WRONG."""

    times: int
    of: int

    @property
    def amount(self) -> int:
        """What it adds to the figure."""
        return self.times * self.of


Rule = Callable[[Node], Iterable[Term]]


def size(shape: Shape) -> int:
    """Its elements."""
    return int(product(shape))


def elements(node: Node, what: str) -> int:
    """A quantity of a layer, for one image."""
    count: int = {IN: _in, OUT: _out, JOINED: _joined, TAPS: _taps, BIASED: _biased, NUMBERS: _numbers}[what](node)
    return count


def _in(node: Node) -> int:
    return sum(map(size, node.incoming[:1]))


def _out(node: Node) -> int:
    return size(node.output)


def _joined(node: Node) -> int:
    return size(node.output) * (len(node.incoming) - 1)


def _taps(node: Node) -> int:
    return int(node.work.get("pool", 0))


def _biased(node: Node) -> int:
    return size(node.output) if "bias" in node.weights else 0


def _numbers(node: Node) -> int:
    return sum(map(size, node.weights.values()))


def times(factor: int, what: str, plain: int | None = None) -> Rule:
    """So many times a quantity; `plain` times where the layer learns nothing."""

    def rule(node: Node) -> Iterable[Term]:
        yield Term(what, factor if plain is None or node.weights else plain, elements(node, what))

    return rule


def scaled(factor: int, what: str, plain: int) -> Rule:
    """So many times a quantity; `plain` times where the layer learns no scale, though it may learn a shift."""

    def rule(node: Node) -> Iterable[Term]:
        yield Term(what, factor if "weight" in node.weights else plain, elements(node, what))

    return rule


def both(*rules: Rule) -> Rule:
    """The terms of several rules."""
    return lambda node: [term for rule in rules for term in rule(node)]


def nothing(node: Node) -> Iterable[Term]:
    """What is done costs nothing, on purpose."""
    return ()


def own(count: Callable[[Node], int]) -> Rule:
    """What a rule works out itself."""
    return lambda node: [Term(OWN, 1, count(node))]


def amiss(code: str, count: Callable[[Node], int]) -> Rule:
    """What a tool gets otherwise."""
    return lambda node: [Term(code, 1, count(node))]


def at_outputs(node: Node) -> int:
    """What weights times output positions are more than weights times input positions (a transposed convolution)."""
    weight = size(node.weights["weight"])
    return weight * (size(node.output[1:]) - size(node.incoming[0][1:]))


def all_of_it(node: Node) -> int:
    """Its MACs taken away again."""
    return -int(node.macs)


def local_response(node: Node) -> int:
    """What patched functions see of one: two products, a sum, and an average over channels with zeros beside them.

    Read from PyTorch it is these, one by one.
    """
    if node.calls:
        work = node.work.keys()
        return _in(node) if "pool" in work else size(node.output) if work & {"multiply", "add"} else 0
    channels, *places = node.output
    return 3 * size(node.output) + size((channels + vars(node.layer)["size"] - 1, *places))


def of_einsum(node: Node) -> int:
    """Its operations, 2 a MAC and one, as `numpy.einsum_path` prints them: four digits."""
    return int(float(f"{2 * int(node.macs) + 1:.3e}"))


upconv_at_outputs = amiss(UPCONV, at_outputs)


@dataclass(frozen=True)
class Tool:
    """A tool with its convention."""

    name: str
    version: str
    """The release whose code this is."""

    word: str
    """As the tool calls its figure."""

    sees: Callable[[Node, str], Sequence[str]]
    """The words by which it knows a layer, which PyTorch code writes as a module, or as the second says."""

    rules: Mapping[str, Rule]
    about: str
    """What it counts, in a line."""

    omits: str
    """What it leaves out, in a line."""

    factor: int = 1
    """What one MAC is in its figure."""

    quiet: frozenset[str] = frozenset()
    """Words that cost nothing on purpose."""

    unknown: str = SILENT
    printed: Callable[[int], str] | None = None
    """The text that it prints for a figure; None where it hands an integer back."""

    batched: bool = True
    """Whether it takes a batch of several images."""

    source: str = ""
    """Where its rules stand."""

    also: Sequence[str] = field(default=())
    """Other names by which people ask for it."""

    folds: int | None = None
    """Of a tool that reads a network in which batch norms are folded into convolutions: what a bias costs it."""

    otherwise: Rule | None = None
    """What a word costs that has no rule."""

    refused: frozenset[str] = frozenset()
    """Words that stand for what never comes to the tool, as it cannot be exported."""

    def rule(self, word: str) -> Rule | None:
        """What a word costs; None where the tool is quiet about it, or does not know it."""
        silent = word in self.quiet or word in self.refused
        return self.rules.get(word, None if silent else self.otherwise)


class Blind(NamedTuple):
    """A kind of layer that a tool does not know."""

    kind: str
    layers: int
    operations: int
    """The work of these layers that is missing."""

    seen: bool
    """Whether the tool comes upon them at all: hooks on modules pass `+` by."""


class Counted(NamedTuple):
    """What a tool counts for a network and one image."""

    tool: Tool
    of: Mapping[str, Sequence[Term]]
    """Node -> its terms."""

    blind: Sequence[Blind]
    """What it has no rule for."""

    @property
    def total(self) -> int:
        """The figure of the tool."""
        return sum(term.amount for terms in self.of.values() for term in terms)

    @property
    def partial(self) -> bool:
        """Whether the tool gives no value."""
        return self.tool.unknown in (PARTIAL, FAILS) and any(blind.seen for blind in self.blind)

    def node(self, name: str) -> int:
        """Its figure of a layer."""
        return sum(term.amount for term in self.of[name])


FUNCTION, MEAN = "function", "mean"
"""How PyTorch code may write a layer that has a module: as a call of its function; `x.mean([2, 3])` for a pool."""


def counted(graph: Graph, tool: Tool, written: Mapping[str, str] = NO_FORMS) -> Counted:
    """What a tool counts; `written`: node -> FUNCTION or MEAN, where PyTorch code does not write a module."""
    of: dict[str, Sequence[Term]] = {}
    missing: dict[tuple[str, bool], list[Node]] = {}
    unknown = uncounted(graph)
    if unknown:
        raise CnncalcError(f"what other tools count of {graph.name} is not known: {unknown.text}")
    folded = folding(graph) if tool.folds is not None else {}
    for node in graph.nodes:
        if node.name in folded:
            of[node.name] = [term for term in (Term(BIASED, tool.folds or 0, folded[node.name]),) if term.amount]
            continue
        words = tool.sees(node, written.get(node.name, ""))
        rules = [rule for word in words if (rule := tool.rule(word)) is not None]
        terms = [term for rule in rules for term in rule(node)]
        known = [word for word in words if word in tool.rules or word in tool.quiet]
        if node.macs:
            learned = MATMUL if node.layer.multiplies else MACS
            terms.insert(0, Term(learned, tool.factor, int(node.macs)))
            if not known:
                terms.append(Term(UNSEEN, tool.factor, all_of_it(node)))
        if not known and not rules and (node.work or node.macs or (words and tool.unknown in (PARTIAL, FAILS))):
            missing.setdefault((node.kind, bool(words)), []).append(node)
        of[node.name] = [term for term in terms if term.amount]
    blind = [
        Blind(kind, len(nodes), sum(int(node.operations) for node in nodes), seen)
        for (kind, seen), nodes in missing.items()
    ]
    return Counted(tool, of, blind)


def folding(graph: Graph) -> Mapping[str, int]:
    """Batch norms that an exporter folds into the layer before: node -> elements that get a bias by it.

    A norm is folded where it alone reads a convolution or a linear layer of which nobody else has the weights.
    """
    folded: dict[str, int] = {}
    for node in graph.nodes:
        before = graph.by_name.get(node.inputs[0]) if node.inputs else None
        if before is None or not node.buffers or before.layer.family != "convolution":
            continue
        if graph.reader(before.name) is node and len(graph.sharing[before.weights_of]) == 1:
            folded[node.name] = 0 if "bias" in before.weights else size(node.output)
    return folded
