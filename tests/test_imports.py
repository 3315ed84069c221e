"""The house: what is loaded when, which way imports point, and what rules and analyses must not do."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from cnncalc.layers import KINDS

HOUSE = Path(__file__).parents[1] / "cnncalc"
MODULES = sorted(HOUSE.rglob("*.py"))
HEAVY = ("numpy", "sympy", "tabulate", "pydantic", "torch", "onnx", "jsonschema")


def loaded_by(code: str) -> set[str]:
    """The modules in `sys.modules` after some Python in a fresh process."""
    report = "\nimport sys\nprint('\\n' + ' '.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code + report], capture_output=True, text=True, check=True)
    return set(done.stdout.splitlines()[-1].split())


@pytest.mark.parametrize(
    "arguments",
    [["params", "resnet50"], ["macs", "resnet50", "--format", "csv"], ["summary", "vgg16", "--format", "json"],
     ["receptive-field", "unet"], ["memory", "lenet5"], ["shapes", "lenet5"], ["lint", "lenet5"], ["--help"]],
    ids=" ".join,
)  # fmt: skip
def test_a_command_loads_nothing_heavy(arguments: list[str]) -> None:
    """Start-up is kept short by what is not imported."""
    code = f"from cnncalc.cli import app\ntry:\n    app({arguments!r})\nexcept SystemExit:\n    pass"

    assert set() == loaded_by(code) & set(HEAVY)


def test_a_command_loads_no_other_command() -> None:
    """`cnncalc params` imports `cli/params.py` and what it shares, not its neighbours."""
    code = "from cnncalc.cli import app\ntry:\n    app(['params', 'lenet5'])\nexcept SystemExit:\n    pass"
    loaded = loaded_by(code)

    assert "cnncalc.cli.params" in loaded
    assert set() == loaded & {
        "cnncalc.cli.macs",
        "cnncalc.cli.summary",
        "cnncalc.cli.zoo",
        "cnncalc.analyses.receptive",
        "cnncalc.analyses.memory",
        "cnncalc.layers.recurrent",
        "fractions",
    }


def test_importing_cnncalc_alone_loads_nothing() -> None:
    """The public names are imported when they are used."""
    loaded = {name for name in loaded_by("import cnncalc") if name.startswith("cnncalc")}

    assert {"cnncalc"} == loaded


def test_a_markdown_table_loads_tabulate_and_no_numpy() -> None:
    """What a format needs is loaded for that format."""
    code = "from cnncalc.cli import app\ntry:\n    app(['params', 'lenet5', '-f', 'markdown'])\nexcept SystemExit:\n    pass"

    assert {"tabulate"} == loaded_by(code) & set(HEAVY)


def test_the_public_names_are_those_that_are_promised() -> None:
    """`from cnncalc import ...` of each name of `__all__`, and an AttributeError for another."""
    import cnncalc

    assert set(cnncalc.__all__) <= set(dir(cnncalc))
    assert all(getattr(cnncalc, name) is not None for name in cnncalc.__all__)
    with pytest.raises(AttributeError, match="no attribute 'parms'"):
        _ = cnncalc.parms


# --- which way imports point -------------------------------------------------------------------------------------

EVERYWHERE = {"namedtuples"}
"""What every part may import: it says nothing of networks."""

MAY_IMPORT = {
    "namedtuples": set(),
    "errors": set(),
    "dims": {"symbols"},
    "cases": set(),
    "symbols": {"cases", "dims"},
    "layers": {"errors", "dims", "symbols", "layers"},
    "marked": {"errors"},
    "quotients": set(),
    "spelling": {"quotients"},
    "provenance": {"errors", "dims"},
    "graph": {"errors", "dims", "layers", "marked", "provenance"},
    "building": {"errors", "dims", "layers", "graph", "provenance"},
    "inputs": {"errors", "dims", "layers", "spelling"},
    "formats": {"errors", "dims", "symbols", "layers", "graph", "provenance", "building", "files", "git", "inputs"},
    "language": {
        "errors",
        "dims",
        "symbols",
        "layers",
        "graph",
        "building",
        "marked",
        "provenance",
        "quotients",
        "spelling",
        "language",
        "analyses",
        "inputs",
    },
}
"""The foundation: what each part may import."""

MUST_NOT_IMPORT = {
    "analyses": {"language", "cli", "render", "kernels"},
    "kernels": {
        "layers",
        "dims",
        "language",
        "cli",
        "render",
        "analyses",
        "engine",
        "proof",
    },  # the oracle shares no rule with what it checks
    "proof": {"language", "cli", "render", "engine"},  # what proves is plain: nothing that is only speed
    "render": {"language", "cli", "kernels", "analyses", "lint", "reports", "budget", "sweeping"},
    "reports": {"language", "cli", "budget", "sweeping", "opening", "contracts", "drawing"},
    "drawing": {"language", "cli", "budget", "sweeping", "opening", "kernels"},
    "worked": {"language", "cli", "render", "reports", "budget", "sweeping"},
    "transforms": {"language", "cli", "kernels"},
    "counting": {"language", "cli", "render", "reports", "kernels"},
    "recovery": {"cli", "render", "reports", "kernels", "engine", "opening", "formats"},
}
"""The rest: what each part must not."""


MAY_RENDER = {"cli", "reports", "render", "drawing", "budget", "sweeping", "affordable", "contracts"}
"""Who writes for people: the reports, those of `check` and `sweep`, and what refuses a size with its figure."""


RUNS_COMMANDS = {"sweeping/command.py"}
"""What `cli/sweep.py` hands its options to, and which looks for the spec as every command does."""


def part(module: Path) -> str:
    """The part of the house that a module belongs to: a package, or a module at the top."""
    return module.relative_to(HOUSE).parts[0].removesuffix(".py")


def imported(module: Path) -> Iterator[str]:
    """The parts that a module imports, those inside functions too, without those for type checkers only."""
    tree = ast.parse(module.read_text(encoding="utf-8"))
    package = ("cnncalc", *module.relative_to(HOUSE).parts[:-1])
    for node in _running(tree):
        if isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            path = [*base, *(node.module.split(".") if node.module else [])]
            if path[:1] == ["cnncalc"]:
                yield from [path[1]] if len(path) > 1 else (alias.name for alias in node.names)
        elif isinstance(node, ast.Import):
            names = [alias.name.split(".") for alias in node.names]
            yield from (name[1] for name in names if name[0] == "cnncalc" and len(name) > 1)


def _running(tree: ast.AST) -> Iterator[ast.AST]:
    for child in ast.iter_child_nodes(tree):
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            continue
        yield child
        yield from _running(child)


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(HOUSE)))
def test_imports_point_one_way(module: Path) -> None:
    """errors, dims <- layers <- graph <- language, analyses <- render <- reports <- cli."""
    own, others = part(module), set(imported(module)) - EVERYWHERE

    if own in MAY_IMPORT:
        assert others - {own} <= MAY_IMPORT[own]
    assert set() == others & MUST_NOT_IMPORT.get(own, set())
    if own not in MAY_RENDER:
        assert "render" not in others
    if own not in ("cli", "__main__") and module.relative_to(HOUSE).as_posix() not in RUNS_COMMANDS:
        assert "cli" not in others


HALVES = (
    {"dims", "symbols"},  # arithmetic on sizes hands over to the kind of its operand
    {"sweeping.ratios", "sweeping.traced"},  # one algebra: a quotient of traced numbers is a ratio
    {"formats.onnx.read", "formats.onnx.rules"},  # the reader asks the rules, which make layers through it
)
"""Modules that are halves of one thing (with what lies below them), each of which asks the other inside a function."""


def modules_imported(module: Path) -> Iterator[str]:
    """The modules of the house that one imports, those inside functions too, by their names below it."""
    package = module.relative_to(HOUSE).parts[:-1]
    for node in _running(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level:
            path = [*package[: len(package) - node.level + 1], *(node.module.split(".") if node.module else [])]
            for alias in node.names:
                inner = ".".join([*path, alias.name])
                yield inner if inner in NAMES else ".".join(path)


NAMES = {".".join(path.relative_to(HOUSE).with_suffix("").parts).removesuffix(".__init__"): path for path in MODULES}


def circles(graph: Mapping[str, set[str]]) -> list[set[str]]:
    """The sets of modules each of which comes back to itself through the others (Tarjan 1972)."""
    number: dict[str, int] = {}
    lowest: dict[str, int] = {}
    open_: list[str] = []
    found: list[set[str]] = []

    def visit(name: str) -> None:
        number[name] = lowest[name] = len(number)
        open_.append(name)
        for other in graph[name]:
            if other not in number:
                visit(other)
                lowest[name] = min(lowest[name], lowest[other])
            elif other in open_:
                lowest[name] = min(lowest[name], number[other])
        if lowest[name] == number[name]:
            place = open_.index(name)
            found.append(set(open_[place:]))
            del open_[place:]

    for name in graph:
        if name not in number:
            visit(name)
    return [circle for circle in found if len(circle) > 1]


def test_no_imports_go_in_a_circle() -> None:
    """All imports, those inside functions too, but for the halves of one thing."""
    found = circles({name: (set(modules_imported(path)) & set(NAMES)) - {name} for name, path in NAMES.items()})

    def halves(circle: set[str]) -> bool:
        return any(all(name.startswith(tuple(half)) for name in circle) for half in HALVES)

    assert [] == [circle for circle in found if not halves(circle)]
    assert len(HALVES) == len([circle for circle in found if halves(circle)])


def test_a_circle_is_found() -> None:
    """Of two, of three, and none in a line."""
    assert [{"a", "b"}] == circles({"a": {"b"}, "b": {"a"}, "c": {"a"}})
    assert [{"a", "b", "c"}] == circles({"a": {"b"}, "b": {"c"}, "c": {"a"}})
    assert [] == circles({"a": {"b", "c"}, "b": {"c"}, "c": set()})


NAMING_KINDS = {("explain.py", "bias")}
"""(module of analyses/, word) that is no layer kind there: the name of a learned tensor."""


@pytest.mark.parametrize("module", sorted((HOUSE / "analyses").glob("*.py")), ids=lambda path: path.name)
def test_an_analysis_never_names_a_layer_kind(module: Path) -> None:
    """No comparison with a kind's word, no import of a kind's class: an analysis asks the layers."""
    tree = ast.parse(module.read_text(encoding="utf-8"))
    named = {
        constant.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Compare | ast.MatchValue)
        for constant in ast.walk(node)
        if isinstance(constant, ast.Constant)
        and constant.value in KINDS
        and (module.name, constant.value) not in NAMING_KINDS
    }
    classes = {kind.__name__ for kind in KINDS.values()}
    families = {
        node.module
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module and any(alias.name in classes for alias in node.names)
    }

    assert set() == named
    assert set() == families


# --- rules never branch on a dim ---------------------------------------------------------------------------------

NO_RULES = ("__init__.py", "fields.py", "grid.py")
"""Files of `layers/` that have to do with values as they are written, or with lists of numbers."""

RULES = sorted(path for path in (HOUSE / "layers").glob("*.py") if path.name not in NO_RULES)
ALLOWED = {
    # positions in a map that has numbers: no rule on dims
    ("windows.py", "max(0, min(i, last))"),
    ("windows.py", "min(i, last)"),
    ("windows.py", "max(self.m - 1, 1)"),
    ("windows.py", "rest == 0"),
    ("windows.py", "self.dilation == 1"),
    # how many inputs, axes and entries there are, and which: never a size
    ("join.py", "max(inputs, key=len)"),
    ("join.py", "len(inputs) != 3"),
    ("base.py", "count == 1"),
    ("deform.py", "len(shape) == len(wanted)"),
    ("sampled.py", "axes == 2"),
    ("sampled.py", "len(inputs) != 2"),
    ("sampled.py", "len(grid) == axes + 1"),
    ("sampled.py", "len(boxes) == 2"),
    ("unpool.py", "len(inputs) != 2"),
    ("unpool.py", "len(places) == len(inputs[0])"),
    ("entries.py", "max(self.chosen)"),
    ("entries.py", "min(self.chosen)"),
    ("entries.py", "len(sizes) == len(steps)"),
    ("entries.py", "(self.entries is not None) + grid == 1"),
    ("recurrent.py", "axes == 1"),
    ("join.py", "len(inputs) != 2"),
    ("join.py", "len(shape) != len(first)"),
    ("join.py", "len(left) != len(right)"),
    ("join.py", "axis == 0"),
    ("select.py", "place == axis"),
    ("activation.py", "place != axis"),
    ("norm.py", "other != axis"),
    ("join.py", "place == along"),
    ("join.py", "branch.axis == self.axis"),
    ("pad.py", "len(value) == 2"),
    ("arrange.py", "sorted(self.order) == axes"),
    ("resize.py", "given == 1"),
    ("conv.py", "max((channel for row in self.connections for channel in row))"),
    # a slope, no size
    ("activation.py", "1 / 6"),
    # 1 and 0 by construction, asked after isinstance(dim, int)
    ("join.py", "dim == 1"),
    ("arrange.py", "n == 0"),
}
"""(file, expression) that looks like a comparison of sizes and is none."""


@pytest.mark.parametrize("module", RULES, ids=lambda path: path.name)
def test_a_rule_uses_the_words_of_dims_and_never_python_s_own(module: Path) -> None:
    """No max, min, int, float or round of a dim, no == on one, no true division; ==  with a word is a choice."""
    found = set()
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            wrong = node.func.id in {"max", "min", "int", "float", "round", "divmod"}
            wrong = wrong and not (module.name == "windows.py" and node.func.id == "divmod")
        elif isinstance(node, ast.Compare):
            sides = [node.left, *node.comparators]
            words = any(isinstance(side, ast.Constant) and isinstance(side.value, str) for side in sides)
            wrong = not words and any(isinstance(op, ast.Eq | ast.NotEq) for op in node.ops)
        else:
            wrong = isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.Div)
        if wrong:
            found.add((module.name, ast.unparse(node)))

    assert found <= ALLOWED
    assert {entry for entry in ALLOWED if entry[0] == module.name} <= found


@pytest.mark.parametrize("module", RULES, ids=lambda path: path.name)
def test_every_need_has_a_code(module: Path) -> None:
    """Who wants to know which condition failed asks the code, never the sentence."""
    needs = [
        node
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Need"
    ]

    assert [] == [node.lineno for node in needs if "code" not in {keyword.arg for keyword in node.keywords}]


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(HOUSE)))
def test_no_code_looks_into_a_message(module: Path) -> None:
    """What a message says is for people: no comparison of one with a text, no search in it."""

    def is_message(node: ast.AST) -> bool:
        return isinstance(node, ast.Attribute) and node.attr in ("message", "help", "remark")

    found = set()
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Compare):
            sides = [node.left, *node.comparators]
            texts = any(isinstance(side, ast.Constant | ast.JoinedStr) for side in sides)
            looked = any(map(is_message, sides)) and (texts or isinstance(node.ops[0], ast.In | ast.NotIn))
        elif isinstance(node, ast.Call):
            called = isinstance(node.func, ast.Attribute) and is_message(node.func.value)
            called = called and node.func.attr not in ("format", "replace", "removeprefix")  # these only make text
            looked = called or (ast.unparse(node.func).startswith("re.") and any(map(is_message, node.args)))
        elif isinstance(node, ast.Match):
            looked = is_message(node.subject)
        else:
            looked = isinstance(node, ast.Subscript) and is_message(node.value)
        if looked:
            found.add(ast.unparse(node))

    assert set() == found


def test_the_foundation_imports_no_array_library() -> None:
    """Rules work on arrays because the arrays bring their own operators."""
    for module in [*RULES, HOUSE / "dims.py", HOUSE / "graph.py", HOUSE / "symbols.py"]:
        assert "import numpy" not in module.read_text(encoding="utf-8")


@pytest.mark.parametrize("module", sorted((HOUSE / "analyses").glob("*.py")) + RULES, ids=lambda path: path.name)
def test_a_module_has_a_docstring_that_says_its_question(module: Path) -> None:
    """One module, one question."""
    assert ast.get_docstring(ast.parse(module.read_text(encoding="utf-8")))
