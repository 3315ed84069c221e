"""Pictures: what is drawn is the network, boxes and lines keep apart, and every format is read by its own tool."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from itertools import combinations, pairwise
from pathlib import Path

import pytest

import cnncalc
from cnncalc.cli.show import PICTURES
from cnncalc.drawing import FORMATS, draw
from cnncalc.drawing.parts import LAYERS, MOST, ROOMY, Box, Parts, parts
from cnncalc.drawing.placing import Placed, absolute, placed
from cnncalc.drawing.svg import Drawing
from cnncalc.drawing.texts import Texts, width
from cnncalc.errors import CnncalcError
from cnncalc.language.zoo import names

ZOO = sorted(names())
SOME = ["lenet5", "resnet50", "densenet121", "unet", "inception_v4", "googlenet", "mobilenet_v3_large", "ssd300_vgg16"]
SOME = [name for name in SOME if name in ZOO]
SVG = "{http://www.w3.org/2000/svg}"


def spec(*steps: str, top: str = "input: [4, 8, 8]") -> cnncalc.Graph:
    """A network of some steps."""
    return cnncalc.parse(top + "\nnet:\n" + "".join(f"- {step}\n" for step in steps))


def everything(boxes: tuple[Box, ...]) -> Iterator[Box]:
    """Blocks and leaves."""
    for box in boxes:
        yield box
        yield from everything(box.parts)


@pytest.mark.parametrize("name", ZOO)
def test_the_figures_of_the_boxes_add_up_at_every_depth(name: str) -> None:
    """Each layer is in one leaf, in all its turns; a block has what is in it."""
    graph = cnncalc.load(name)
    total = cnncalc.macs(graph).total
    macs = cnncalc.macs(graph).of

    for depth, expanded in ((None, False), (0, False), (1, False), (2, False), (0, True)):
        shown = parts(graph, depth, expanded=expanded)

        assert total == sum(macs[node.name] for leaf in shown.leaves for node in leaf.nodes)
        assert [node.name for node in graph.nodes] == sorted(
            (node.name for leaf in shown.leaves for node in leaf.nodes), key=list(graph.by_name).index
        )
        for box in everything(shown.boxes):
            if box.parts:
                inside = sum(macs[node.name] for part in box.parts for node in part.nodes)
                assert sum(macs[node.name] for node in box.nodes) == inside


@pytest.mark.parametrize("name", ZOO)
def test_what_flows_is_what_the_layers_read(name: str) -> None:
    """Every layer unfolded: a flow for each pair of boxes of which one reads the other, counted from the graph."""
    graph = cnncalc.load(name)
    shown = parts(graph, 0, expanded=True)
    at = {node.name: leaf.path for leaf in shown.leaves for node in leaf.nodes}
    at |= {leaf.label: leaf.path for leaf in shown.leaves if leaf.role == "input"}
    read = {(at[name], at[node.name]) for node in graph.nodes for name in node.inputs}
    ends = {(at[tensor], f"output {end}") for end, tensor in {"output": graph.output, **graph.heads}.items()}

    assert {pair for pair in read if pair[0] != pair[1]} | ends == set(shown.flows)


def test_the_usual_depth_is_the_deepest_that_is_read_at_a_glance() -> None:
    """At most 40 boxes, and one level more would be more."""
    for name in SOME:
        graph = cnncalc.load(name)
        shown = [box for box in parts(graph).leaves if box.role == LAYERS]

        assert len(shown) <= ROOMY


def test_turns_that_differ_in_channels_are_one_box() -> None:
    """DenseNet-121: four boxes for 58 layers, and the shapes of the first turn and the last."""
    text = draw(cnncalc.load("densenet121"), "svg")

    assert "denseblock1/layer[0..5] x6" in text
    assert "96x56x56 -&gt; 256x56x56" in text
    assert "denseblock3/layer[0..23] x24" in text


def rectangle(child: Placed, at: tuple[float, float]) -> tuple[float, float, float, float]:
    """Left, top, right, bottom."""
    return at[0], at[1], at[0] + child.size.across, at[1] + child.size.along


def layout(name: str, depth: int | None, direction: str = "down") -> tuple[Placed, Parts]:
    """The places of a network's boxes."""
    graph = cnncalc.load(name)
    shown = parts(graph, depth)
    drawing = Drawing(Texts(graph), direction == "right")
    return placed(shown, drawing.measure, drawing.head), shown


@pytest.mark.parametrize("depth", [None, 1, 2, 0])
@pytest.mark.parametrize("name", ZOO)
def test_boxes_and_lines_keep_apart(name: str, depth: int | None) -> None:
    """No box on another, each in its block, no line through a box that is not its end; as many lines as flows."""
    whole, shown = layout(name, depth)
    all_boxes = [(child, rectangle(child, at)) for child, at in absolute(whole)]
    leaves = [(child, place) for child, place in all_boxes if not child.box.parts]
    around = {child.box.path: place for child, place in all_boxes} | {"": (0, 0, whole.size.across, whole.size.along)}
    edges = sorted(place for _, place in leaves)

    for one, other in pairwise(edges):
        assert not overlap(one, other)
    for one, other in combinations([place for _, place in leaves], 2) if len(leaves) < 150 else ():
        assert not overlap(one, other)
    for block, corner in [(whole, (0.0, 0.0)), *absolute(whole)]:
        outer = around[block.box.path]
        for child in block.inside:
            left, top, right, bottom = around[child.box.path]
            assert outer[0] < left
            assert outer[1] < top
            assert right < outer[2]
            assert bottom < outer[3]
        for line in block.lines:
            points = [(corner[0] + x, corner[1] + y) for x, y in line.points]
            for (x1, y1), (x2, y2) in pairwise(points):
                assert abs(x1 - x2) < 0.6 or abs(y1 - y2) < 0.6
                piece = min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2)
                for child in block.inside:
                    crossed = overlap(piece, around[child.box.path], line=True)
                    assert not crossed, (line.source, line.target, child.box.path)
    assert lifted(shown) == sum(len(block.lines) for block, _ in [(whole, None), *absolute(whole)])


def overlap(one: tuple[float, ...], other: tuple[float, ...], *, line: bool = False) -> bool:
    """Whether two rectangles, or a line and the inside of a rectangle, have a point in common."""
    slack = 0.01 if line else 0.0
    return (
        one[0] < other[2] - slack and other[0] + slack < one[2] + (0.001 if line else 0)
        and one[1] < other[3] - slack and other[1] + slack < one[3] + (0.001 if line else 0)
    )  # fmt: skip


def lifted(shown: Parts) -> int:
    """How many lines: one in the block that both ends are in, one for each border on the way, each once for a leaf."""
    lines = set()
    for source, target in shown.flows:
        down, up = shown.around[source], shown.around[target]
        depth = sum(1 for a, b in zip(down, up, strict=False) if a is b)
        lines.add((down[depth].path, up[depth].path, source))
        lines |= {(box.path, "out of it", source) for box in down[depth + 1 :]}
        lines |= {("into", box.path, source) for box in up[depth + 1 :]}
    return len(lines)


@pytest.mark.parametrize("format", ["svg", "mermaid", "dot"])
def test_the_same_network_is_the_same_text(format: str) -> None:
    """So that a picture in a repository can be compared; whatever the seed of hashes."""
    code = f"import cnncalc, cnncalc.drawing; print(cnncalc.drawing.draw(cnncalc.load('googlenet'), '{format}'))"
    seeds = [
        subprocess.run(
            [sys.executable, "-c", code], env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout
        for seed in ("1", "2")
    ]

    assert seeds[0] == seeds[1]
    assert len(seeds[0]) > 1_000


HOSTILE = ['a"b', "<script>", "c]d", "e --> f", "Ж日本", "&amp;", "x;y", "end"]


@pytest.fixture
def hostile() -> cnncalc.Graph:
    """A network with names that mean something to a format."""
    steps = [f"{{conv: {{out: 4, kernel: 1}}, as: n{n}}}" for n in range(len(HOSTILE))]
    graph = spec(*steps)
    rename = {f"n{n}": name for n, name in enumerate(HOSTILE)}
    return cnncalc.Graph(
        "<net> & \"co\"", graph.inputs,
        tuple(n._replace(name=rename[n.name], inputs=tuple(rename.get(i, i) for i in n.inputs), weights_of=rename[n.weights_of]) for n in graph.nodes),
        rename[graph.output],
    )  # fmt: skip


def test_hostile_names_stay_text_in_svg(hostile: cnncalc.Graph) -> None:
    """As they are, and no element of their own."""
    tree = ElementTree.fromstring(draw(hostile, "svg"))  # noqa: S314 - our own text
    texts = [element.text for element in tree.iter(f"{SVG}text")]

    assert set(HOSTILE) <= set(texts)
    assert not list(tree.iter(f"{SVG}script"))


@pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is not installed")
def test_graphviz_reads_what_is_written_for_it(hostile: cnncalc.Graph) -> None:
    """Every network of the zoo, and hostile names; as many boxes as the picture has."""
    for graph in (*map(cnncalc.load, ZOO), hostile):
        done = subprocess.run(["dot", "-Tplain"], input=draw(graph, "dot"), capture_output=True, text=True, check=True)
        shown = parts(graph)
        words = [line.split()[0] for line in done.stdout.splitlines()]

        assert (len(shown.leaves), len(shown.flows)) == (words.count("node"), words.count("edge"))


def test_mermaid_says_what_is_too_much_for_it() -> None:
    """DenseNet-169 with every layer has more edges than it draws."""
    with pytest.raises(CnncalcError, match="Mermaid draws 450 edges"):
        draw(cnncalc.load("densenet169"), "mermaid", depth=0, expanded=True)


def test_a_network_that_is_too_large_is_refused_with_the_depth_that_fits() -> None:
    """A loop of 3,000 turns of two layers fits a level higher; without blocks nothing does."""
    deep = spec(
        "{do: [{conv: {out: 4, kernel: 1}, as: a}, {conv: {out: 4, kernel: 1, bias: false}, as: b}], repeat: 3000, as: s}"
    )
    flat = spec(*["relu"] * (MOST + 1))

    with pytest.raises(CnncalcError) as first:
        parts(deep, 0, expanded=True)
    with pytest.raises(CnncalcError) as second:
        parts(flat)
    assert "--depth 2 fits" in str(first.value)
    assert "no blocks that fold" in str(second.value)
    assert len(parts(deep).leaves) == 4


@pytest.mark.parametrize(
    ("options", "said"),
    [({"format": "png"}, "no format `png`"), ({"theme": "drak"}, "did you mean `dark`"),
     ({"direction": "up"}, "known: down, right"), ({"figures": ["mac"]}, "did you mean `macs`")],
)  # fmt: skip
def test_words_that_are_not_known_are_refused(options: dict[str, str], said: str) -> None:
    """With what is known."""
    with pytest.raises(CnncalcError) as raised:
        draw(cnncalc.load("lenet5"), **options)  # type: ignore[arg-type]  # wrong on purpose
    assert said in f"{raised.value}"


def test_open_sizes_are_drawn_as_formulas() -> None:
    """And no MACs are claimed."""
    text = draw(spec("{conv: {out: 8, kernel: 3}}", "{maxpool: 2}", top="input: [3, H, W]"), "svg")

    assert "8 x (H - 2) x (W - 2)" in text
    assert "sizes without a number have no MACs" in text


@pytest.mark.parametrize("format", FORMATS)
def test_open_sizes_of_weights_are_formulas_too(format: str) -> None:
    """A linear layer on an open map has as many weights as the map has elements."""
    graph = spec("{linear: 10}", top="input: [3, H, W]")

    assert "30 H W" in draw(graph, format, figures=["shape", "params"])


def test_shared_weights_and_several_inputs_are_drawn_as_such() -> None:
    """The second tower says whose weights it has."""
    text = draw(cnncalc.load("siamese_koch" if "siamese_koch" in ZOO else "siamese"), "svg", depth=0)

    assert text.count('class="leaf input"') == 2
    assert "weights of " in text


CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")


def page(body: str, script: str, tmp_path: Path) -> str:
    """What a script writes into the element `said` of a page in Chromium."""
    file = tmp_path / "page.html"
    text = f"<meta charset=utf-8><body>{body}<pre id=said></pre><script type=module>{script}</script>"
    file.write_text(text, encoding="utf-8")
    done = subprocess.run(
        [str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", "--allow-file-access-from-files",
         "--virtual-time-budget=60000", "--dump-dom", file.as_uri()],
        capture_output=True, text=True, check=True, timeout=120,
    )  # fmt: skip
    return done.stdout.partition('<pre id="said">')[2].partition("</pre>")[0]


@needs_chromium
@pytest.mark.parametrize("font", ["DejaVu Sans", "Liberation Sans"])
def test_texts_fit_in_chromium(font: str, hostile: cnncalc.Graph, tmp_path: Path) -> None:
    """No text reaches over the border of its box, with the letters of two families."""
    figures = ("shape", "macs", "params", "field")
    pictures = "".join(draw(graph, figures=figures) for graph in (*map(cnncalc.load, ZOO), hostile))
    script = f"""
    for (const svg of document.querySelectorAll('svg')) svg.style.fontFamily = "'{font}'";
    let wide = 0, all = 0;
    for (const group of document.querySelectorAll('g.leaf, g.part')) {{
      const box = group.querySelector('rect').getBBox();
      for (const text of group.querySelectorAll('text')) {{
        all += 1;
        const end = text.getBBox().x + text.getComputedTextLength();
        if (end > box.x + box.width) wide += 1;
      }}
    }}
    document.getElementById('said').textContent = wide + ' of ' + (all > 500);"""

    assert page(pictures, script, tmp_path) == "0 of true"


@needs_chromium
def test_mermaid_reads_what_is_written_for_it(hostile: cnncalc.Graph, tmp_path: Path) -> None:
    """Every network of the zoo, and hostile names, by Mermaid's own parser."""
    folder = os.environ.get("MERMAID")
    if not folder:
        pytest.skip("Mermaid is not installed: npm install mermaid, and MERMAID=that folder")
    module = (Path(folder) / "node_modules/mermaid/dist/mermaid.min.js").as_uri()
    texts = [draw(graph, "mermaid") for graph in (*map(cnncalc.load, ZOO), hostile)]
    script = f"""
    const texts = {json.dumps(texts)};
    let read = 0;
    for (const text of texts) {{ await mermaid.parse(text); read += 1; }}
    const {{svg}} = await mermaid.render('drawn', texts[texts.length - 1]);
    document.getElementById('said').textContent = read + ' ' + svg.includes('Ж日本');"""

    assert page(f'<script src="{module}"></script>', script, tmp_path) == f"{len(texts)} true"


def test_no_text_is_wider_than_it_is_taken_for() -> None:
    """Held against the fonts themselves in `test_texts_fit_in_chromium`; here: wide letters count as wide."""
    assert width("日本", 10) >= 20
    assert width("MW", 10) >= 21.5


def test_a_notebook_shows_the_picture() -> None:
    """No script; a network that is too large for one is a line."""
    shown = cnncalc.load("lenet5")._repr_html_()  # type: ignore[attr-defined]  # what a notebook calls
    flat = spec(*["relu"] * (MOST + 1))._repr_html_()  # type: ignore[attr-defined]  # the same

    assert draw(cnncalc.load("lenet5")) == shown
    assert "<script" not in shown
    assert flat.startswith("<pre>&lt;Graph spec")


def command(*arguments: str) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of `cnncalc show`."""
    done = subprocess.run(
        [sys.executable, "-m", "cnncalc", "show", *arguments], capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout, done.stderr


def test_show_writes_pictures_and_holds_them_against_the_network(tmp_path: Path) -> None:
    """The suffix is the format; `--check` is 0 for the same picture, 1 for another, 2 where there is none."""
    file = tmp_path / "net.svg"

    assert command("lenet5", "-o", str(file))[0] == 0
    assert draw(cnncalc.load("lenet5")) == file.read_text(encoding="utf-8")
    assert (0, f"{file} is up to date\n") == command("lenet5", "--check", str(file))[:2]
    code, said, _ = command("lenet5", "--depth", "1", "--set", "classes=11", "--check", str(file))
    assert code == 1
    assert "is out of date" in said
    assert command("lenet5", "--check", str(tmp_path / "other.svg"))[0] == 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [(["--theme", "dark"], "`--theme` goes with a picture"), (["--format", "dot", "--theme", "dark"], "`--theme` goes with SVG"),
     (["--format", "svg", "--batch", "2"], "leave out --batch"), (["--check", "net.txt"], "suffix of no format"),
     (["--check", "a.svg", "-o", "b.svg"], "one of the two"), (["-o", "net.png"], "name of a picture")],
    ids=" ".join,
)  # fmt: skip
def test_what_a_picture_does_not_take_is_refused(arguments: list[str], said: str) -> None:
    """With exit code 2."""
    code, out, err = command("lenet5", *arguments)

    assert (2, "") == (code, out)
    assert said in err


def test_the_command_offers_the_formats_that_there_are() -> None:
    """It names them without loading what draws them."""
    assert PICTURES == tuple(FORMATS)
