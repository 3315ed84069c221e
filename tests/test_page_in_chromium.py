"""The report page in Chromium: on a desk, on a telephone, on paper, with a keyboard and for those who cannot see it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from chromium import CHROMIUM, Screen, package, screen

import cnncalc
from cnncalc.analyses.cost import Machine
from cnncalc.drawing import report
from cnncalc.drawing.page import page

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")

SOME = ["lenet5", "resnet50", "unet", "googlenet", "densenet121", "siamese"]
MACHINE = Machine(2 * 10**12, 50 * 10**9)
HOSTILE = '</script><script>document.title="bad"</script><img src=x onerror=alert(1)>'


@pytest.fixture(scope="module")
def window() -> Iterator[Screen]:
    """One browser for all of them."""
    with screen() as opened:
        yield opened


def lenet(name: str) -> cnncalc.Graph:
    """LeNet-5 with another name for its first layer."""
    graph = cnncalc.load("lenet5")
    nodes = tuple(
        node._replace(
            name=name if node.name == "C1" else node.name,
            inputs=tuple(name if one == "C1" else one for one in node.inputs),
            weights_of=name if node.weights_of == "C1" else node.weights_of,
        )
        for node in graph.nodes
    )
    return cnncalc.Graph(graph.name, graph.inputs, nodes, graph.output)


def pages() -> dict[str, str]:
    """A page of each sort: one network, lanes, several with a machine and limits, a file without scopes."""
    limited = cnncalc.parse(
        "name: small\ninput: [3, 8, 8]\nnet: [{conv: {out: 4, kernel: 3}}, batchnorm]\nbudget: {params: 100, macs: 1M}\n"
    )
    two = [cnncalc.load("resnet18"), cnncalc.load("resnet34")]
    limits = cnncalc.reports.counts_as(limited, "thop")
    return {
        "resnet18": report(two[0]),
        "unet": report(cnncalc.load("unet")),
        "two": page(two, machine=MACHINE, also=[("small, as thop counts", limits)]),
    }


def onnx_page() -> str:
    """The page of a file of another tool."""
    folder = Path(pytest.importorskip("onnx").__file__).parent / "backend/test/data/light"
    return report(cnncalc.load(str(folder / "light_squeezenet.onnx")))


@pytest.mark.parametrize("media", ["light", "dark", "print"])
@pytest.mark.parametrize("name", ["resnet18", "unet", "two", "onnx"])
def test_axe_finds_nothing(name: str, media: str, window: Screen, tmp_path: Path) -> None:
    """No violation of what axe-core knows: names, contrast, landmarks, keyboard; also with a layer chosen."""
    axe = package("axe-core", "axe.min.js").read_text(encoding="utf-8")
    text = onnx_page() if name == "onnx" else pages()[name]
    window.show(text, tmp_path, dark=media == "dark", media="print" if media == "print" else "screen")
    window.run("$('button.leaf')[0].click()")
    window.run(axe + "; 0")
    found = window.run("axe.run(document).then(found => found.violations.map(v => [v.id, v.nodes.map(n => n.html)]))")

    assert [] == found


@pytest.mark.parametrize("name", SOME)
def test_nothing_is_asked_of_the_network_or_said_on_the_console(name: str, window: Screen, tmp_path: Path) -> None:
    """Nor when everything is unfolded, a layer chosen, the table sorted; the policy of the page stands."""
    window.show(report(cnncalc.load(name)), tmp_path)
    window.run("document.getElementById('unfold').click(), $('button.leaf')[0].click(), $('thead button')[3].click()")
    window.painted()

    assert [] == window.problems


@pytest.mark.parametrize("name", ["two", "unet"])
def test_a_telephone_does_not_scroll_sideways(name: str, window: Screen, tmp_path: Path) -> None:
    """390 pixels: tables and the network scroll in frames of their own, what is pressed is large enough to be hit."""
    window.show(pages()[name], tmp_path, wide=390, high=844)
    wide = window.run("""[innerWidth, document.documentElement.scrollWidth,
        ...$('body *').filter(one => !one.closest('#frame, .wide, svg') && one.getBoundingClientRect().right > innerWidth + 1)
                      .map(one => one.outerHTML.slice(0, 80))]""")
    small = window.run(
        "$('.tools button, .tools select, .tools input, #copy').filter(one => one.offsetHeight < 36).length"
    )
    cut = window.run("(frame => frame.scrollWidth - frame.clientWidth)(document.getElementById('frame'))")
    window.run("(leaf => { leaf.scrollIntoView({block: 'center'}); leaf.click(); })($('button.leaf').at(-1))")
    window.painted()
    shown = window.run(
        "(box => [box.bottom <= innerHeight + 1, box.top > 0])(document.getElementById('shown').getBoundingClientRect())"
    )

    assert [390, 390] == wide
    assert 0 == small
    assert 0 == cut
    assert [True, True] == shown


def test_the_keyboard_reaches_a_layer(window: Screen, tmp_path: Path) -> None:
    """Tab and Enter alone fold a block and unfold it, and show the arithmetic of a layer in it."""
    window.show(report(cnncalc.load("resnet18")), tmp_path)
    at = "document.activeElement.textContent.slice(0, 6) + document.activeElement.tagName"
    for _ in range(40):
        window.press("Tab")
        if window.run(at) == "layer1SUMMARY":
            break
    assert "layer1SUMMARY" == window.run(at)
    opened = "document.activeElement.parentElement.open"
    states = [window.run(opened)]
    for _ in range(2):
        window.press("Enter")
        states.append(window.run(opened))
    assert [True, False, True] == states
    window.press("Tab", 2)
    window.press("Enter")

    assert "layer1[0..1]/main/conv1" == window.run("document.querySelector('#shown h3').textContent")
    assert "#layer1%5B0..1%5D%2Fmain%2Fconv1" == window.run("location.hash")


@pytest.mark.parametrize("name", ["two", "unet", "inception_v4"])
def test_nothing_is_cut_on_paper(name: str, window: Screen, tmp_path: Path) -> None:
    """The width of A4 less its margins: no box, plot or cell reaches over it; every row of the table is there."""
    text = report(cnncalc.load(name)) if name == "inception_v4" else pages()[name]
    window.show(text, tmp_path, wide=718, high=1000)
    window.run("document.getElementById('unfold').click(), dispatchEvent(new Event('beforeprint'))")
    window.painted()
    window.ask("Emulation.setEmulatedMedia", media="print")
    window.painted()
    over = window.run("""$('body *').filter(one => one.getBoundingClientRect().right > innerWidth + 1)
        .map(one => one.outerHTML.slice(0, 80))""")
    rows = window.run("$('#layers tbody tr').filter(row => row.offsetHeight > 0).length")
    plots = window.run("$('.plot').filter(one => one.getBoundingClientRect().width > 300).length")
    frame = window.run("(one => one.scrollHeight - one.clientHeight)(document.getElementById('frame'))")
    pdf = window.paper()

    assert [] == over
    assert len(cnncalc.load("resnet18" if name == "two" else name).inference.nodes) == rows
    assert (5 if name == "two" else 4) == plots
    assert 0 == frame
    assert pdf.startswith(b"%PDF")
    assert len(pdf) > 50_000


def touching(window: Screen) -> list[int]:
    """How many lines miss their boxes, and how many there are."""
    found = window.run("""(() => {
        let wrong = 0, drawn = 0;
        for (const rows of $('.rows', graph).filter(one => one.clientWidth)) {
            const boxes = children(rows), flows = JSON.parse(rows.dataset.lines), centre = rows.clientWidth / 2;
            $('path', rows.querySelector(':scope > svg')).forEach((path, n) => {
                drawn += 1;
                const [source, target] = flows[n];
                const start = path.getPointAtLength(0), end = path.getPointAtLength(path.getTotalLength());
                const near = (point, box, edge) => Math.abs(point.y - edge) < 2
                    && point.x + centre > box.offsetLeft - 2 && point.x + centre < box.offsetLeft + box.offsetWidth + 2;
                if (source >= 0 && !near(start, boxes[source], boxes[source].offsetTop + boxes[source].offsetHeight)) wrong += 1;
                if (target >= 0 && !near(end, boxes[target], boxes[target].offsetTop)) wrong += 1;
            });
        }
        return [wrong, drawn];
    })()""")
    assert isinstance(found, list)
    return found


@pytest.mark.parametrize("name", SOME)
def test_lines_touch_their_boxes_and_folding_comes_back(name: str, window: Screen, tmp_path: Path) -> None:
    """Each line that is drawn begins and ends at a box or border, on paper too; fold after unfold is what was."""
    window.show(report(cnncalc.load(name)), tmp_path)
    state = "$('details', graph).map(one => one.open)"
    first = window.run(state)
    window.run("document.getElementById('unfold').click()")
    window.painted()
    unfolded, everything = touching(window), window.run(state)
    window.run("dispatchEvent(new Event('beforeprint'))")
    window.ask("Emulation.setEmulatedMedia", media="print")
    on_paper = touching(window)
    window.run("document.getElementById('fold').click()")

    assert 0 == unfolded[0]
    assert unfolded[1] > 8
    assert unfolded == on_paper
    assert all(everything)
    assert first == window.run(state)


def test_a_click_shows_the_arithmetic_and_a_name_is_only_text(window: Screen, tmp_path: Path) -> None:
    """Of a layer with a hostile name; find, colours and sorting work as well."""
    window.show(report(lenet(HOSTILE)), tmp_path)
    said = window.run("""(() => {
        $('button.leaf').find((one) => one.textContent.includes('onerror')).click();
        const text = document.getElementById('shown').textContent;
        const found = document.getElementById('find');
        found.value = 'pool';
        found.dispatchEvent(new KeyboardEvent('keydown', {key: 'Enter'}));
        $('#layers thead button')[4].click();
        const colour = document.getElementById('colour');
        colour.value = 'macs';
        colour.dispatchEvent(new Event('change'));
        return [document.title, text.includes('weights'), $('img').length, document.getElementById('found').textContent,
                $('#layers tbody tr')[0].cells[4].textContent, graph.dataset.colour];
    })()""")

    assert ["lenet5", True, 0, "2 found", "240,000", "macs"] == said


def test_each_layer_shows_what_explain_says(window: Screen, tmp_path: Path) -> None:
    """Of resnet50, word by word."""
    graph = cnncalc.load("resnet50")
    window.show(report(graph), tmp_path)
    shown = window.run("""Object.fromEntries($('button.leaf').map((leaf) => {
        leaf.click();
        return [layers.names[nodes(leaf)[0]], $('#shown dl')[0].innerText];
    }))""")

    assert len(shown) > 30
    for layer, said in shown.items():
        explained = cnncalc.reports.explain(graph, layer).written().partition("\n\n")[2]
        assert explained.split() == said.split(), layer


@pytest.mark.parametrize(
    ("address", "opened"),
    [("layer3[0]/main/conv", "layer3[0]/main/conv"), ("layer3[4]/main/conv", "layer3[1..5]/main/conv"),
     ("layer1[2]/main/conv/batchnorm", "layer1[1..2]/main/conv"), ("layer3[6]/main/conv", None)],
)  # fmt: skip
def test_an_address_opens_its_layer(address: str, opened: str | None, window: Screen, tmp_path: Path) -> None:
    """`#path` unfolds what is around it, and shows its arithmetic; of a turn that is drawn with others too."""
    window.show(report(cnncalc.load("resnet50")), tmp_path)
    window.run(f"location.hash = encodeURIComponent({json.dumps(address)}), new Promise(done => setTimeout(done, 100))")
    found = window.run("(leaf => leaf ? [leaf.dataset.path, leaf.offsetWidth > 0] : null)($('[aria-pressed=true]')[0])")

    assert ([opened, True] if opened else None) == found
