"""Why another tool says something else: accounts that add up, what gives a number, and the page that is made of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from pathlib import Path
from textwrap import fill

import pytest
from counting_exceptions import OF_CODE, OF_SPECS
from other_tools import FIGURES, rows

import cnncalc
from cnncalc.cli.explain import _relatives
from cnncalc.counting import TOOLS, counted
from cnncalc.counting.base import FAILS, PARTIAL, SILENT, WARNS
from cnncalc.counting.number import number
from cnncalc.counting.params import PARAMS
from cnncalc.errors import CnncalcError
from cnncalc.language import zoo

ACCOUNTS = (
    ("resnet50", "thop",
     "thop 4,133,742,592 = 4,089,184,256 MACs + 4 x 11,113,984 of batchnorm + 102,400 of globalavgpool"),
    ("resnet50", "fvcore", "fvcore 4,111,512,576 = 4,089,184,256 MACs + 2 x 11,113,984 of batchnorm + 100,352 of globalavgpool"),
    ("resnet50", "torchinfo", "torchinfo 4,089,238,376 = 4,089,184,256 MACs + 53,120 of batchnorm + 1,000 of linear"),
    ("resnet50", "torchprofile",
     "torchprofile 4,100,300,288 = 4,089,184,256 MACs + 11,113,984 of batchnorm + 2,048 of globalavgpool"),
    ("resnet50", "flop-counter", "flop-counter 8,178,368,512 = 2 x 4,089,184,256 MACs"),
    ("squeezenet1_1", "convolutions", "convolutions 349,151,936 = 349,151,936 MACs"),
    ("shufflenet_v1", "convolutions",
     "convolutions 136,500,672 = 137,460,672 MACs - 960,000 of layers that it leaves out"),
)  # fmt: skip
"""Network, tool, the account in a line."""


@pytest.mark.parametrize(("network", "name", "sentence"), ACCOUNTS)
def test_an_account_is_said_in_a_line(network: str, name: str, sentence: str) -> None:
    """The figure, the MACs, and what the tool has besides."""
    assert sentence == cnncalc.reports.account(cnncalc.load(network), name).data["sentence"]


@pytest.mark.parametrize("name", TOOLS)
@pytest.mark.parametrize("network", ["unet", "mobilenet_v3_large", "siamese", "fcn8s", "alexnet"])
def test_an_account_adds_up(network: str, name: str) -> None:
    """Its lines to the figure, the figure to the MACs and the difference; it is the figure of `macs --as`."""
    graph = cnncalc.load(network)
    data = cnncalc.reports.account(graph, name).data

    assert data["total"] == sum(line["count"] for line in data["lines"]) == data["macs"] + data["difference"]
    assert all(line["count"] == line["times"] * line["of"] for line in data["lines"])
    assert data["total"] == cnncalc.reports.counts_as(graph, name).data["total"]


def test_a_layer_has_an_account_too() -> None:
    """One of resnet50's convolutions, as calflops counts it: 2 x 64 x 64 x 3 x 3 x 56 x 56."""
    data = cnncalc.reports.account(cnncalc.load("resnet50"), "calflops", "layer1[0]/main/conv").data

    assert (231211008, 115605504, 1) == (data["total"], data["macs"], len(data["lines"]))


GIVES = (
    ("resnet50", "4.13G", "", "thop", ""),
    ("resnet50", "4.13 GMACs", "", "ptflops", ""),
    ("resnet50", "8.2G", "", "calflops", ""),
    ("resnet50", "8.18 GFLOPs", "", "flops", ""),
    ("resnet50", "3.86G", "of resnet50_v1", "multiply-adds", ""),
    ("resnet50", "3.8G", "of resnet50_v1", "multiply-adds", "cut off"),
    ("resnet50", "24.37M", "", "params", "in units of 2^20"),
    ("resnet50", "97.5 MiB", "", "params", "in fp32"),
    ("resnet50", "25,610,152", "", "params of keras", ""),
    ("vgg16", "528MB", "", "params", "in fp32, in units of 2^20"),
    ("googlenet", "13.38M params", "with the heads that only training uses", "params", ""),
    ("googlenet", "1.498G", "of googlenet_torchvision", "multiply-adds", ""),
    ("mobilenet_v1", "149M", "with width 0.5", "multiply-adds", ""),
    ("mobilenet_v1", "418M", "at 3x192x192", "multiply-adds", ""),
    ("mobilenet_v2", "154M", "at 3x160x160", "multiply-adds", ""),
    ("alexnet", "62,378,344", "with groups 1", "params", ""),
    ("shufflenet_v1", "136.5M", "", "convolutions", ""),
)  # fmt: skip
"""Network, a number that somebody printed, and what must be among what gives it: network, convention, how."""


@pytest.mark.parametrize(("name", "text", "network", "convention", "how"), GIVES)
def test_what_gives_a_number(name: str, text: str, network: str, convention: str, how: str) -> None:
    """Conventions, sizes, widths, heads, versions, units."""
    related = [(other, lambda other=other: cnncalc.load(other)) for other in _relatives(name, zoo.names())]
    data = cnncalc.reports.readings(cnncalc.load(name), text, relatives=related).data

    assert (network, how) in [
        (row["network"], row["how"]) for row in data["readings"] if convention in row["conventions"]
    ]
    assert [row["changes"] for row in data["readings"]] == sorted(row["changes"] for row in data["readings"])


PUBLIC = (
    ("resnet18", "1.81G", "", "multiply-adds", "torchvision's table of weights"),
    ("resnet50", "4.09G", "", "multiply-adds", "torchvision's table of weights"),
    ("vgg16", "15.47G", "", "multiply-adds", "torchvision's table of weights"),
    ("densenet121", "2.83G", "", "multiply-adds", "torchvision's table of weights"),
    ("efficientnet_b0", "0.39G", "", "multiply-adds", "torchvision's table of weights"),
    ("alexnet_owt", "0.71G", "", "multiply-adds", "torchvision's table of weights"),
    ("googlenet_torchvision", "1.5G", "", "multiply-adds", "torchvision's table of weights"),
    ("inception_v3", "5.71G", "", "multiply-adds", "torchvision's table of weights"),
    ("squeezenet1_1", "0.35G", "", "multiply-adds", "torchvision's table of weights"),
    ("mobilenet_v2", "3.5M params", "", "params", "Keras's table of applications"),
    ("vgg16", "138.4M params", "", "params", "Keras's table of applications"),
    ("vgg16", "528MB", "", "params", "Keras's table of applications"),
    ("mobilenet_v2", "14MB", "", "params", "Keras's table of applications"),
    ("mobilenet_v2", "3,538,984", "", "params of keras", "Keras's summary of MobileNetV2"),
    ("resnet50", "25,557,032", "", "params", "torchvision's num_params"),
    ("mobilenet_v1", "569M", "", "multiply-adds", "Howard et al. 2017, Table 8"),
    ("mobilenet_v1", "325M", "with width 0.75", "multiply-adds", "Howard et al. 2017, Table 6"),
    ("mobilenet_v1", "4.2M params", "", "params", "Howard et al. 2017, Table 8"),
    ("mobilenet_v2", "300M", "", "multiply-adds", "Sandler et al. 2018, Table 4"),
    ("resnet50", "3.8G", "of resnet50_v1", "multiply-adds", "He et al. 2015, Table 1"),
    ("resnet152", "11.3G", "of resnet152_v1", "multiply-adds", "He et al. 2015, Table 1"),
    ("squeezenet1_0", "1.25M params", "", "params", "Iandola et al. 2016, Table 1"),
    ("darknet53", "18.57G", "", "darknet", "Redmon and Farhadi 2018, Table 2: Bn Ops"),
    ("resnet50", "4.1G", "", "multiply-adds", "timm's results: GMACs"),
    ("resnet50", "98MB", "", "params of keras", "Keras's table of applications"),
    ("resnet50", "97.8MB", "", "params of keras", "torchvision's _file_size"),
    ("mobilenet_v2", "14M", "", "params", "its file of weights: 14 MB"),
    ("mobilenet_v2", "0.3 GFLOPs", "", "multiply-adds", "torchvision's table of weights"),
    ("shufflenet_v2", "140M", "", "multiply-adds", "Ma et al. 2018, Table 8: the level of complexity"),
    ("vgg16", "30.9G", "", "flops", "FlopCounterMode"),
    ("vgg16", "15.3G", "", "convolutions", "He et al. 2015, Section 4.1"),
    ("vgg19", "19.6G", "", "multiply-adds", "He et al. 2015, Section 4.1"),
    ("googlenet", "1.5G", "", "multiply-adds", "Szegedy et al. 2014, Section 1"),
    ("densenet121", "2.9G", "", "fvcore", "timm's results: GMACs"),
    ("densenet201", "4.29G", "", "multiply-adds", "torchvision's table of weights"),
    ("alexnet", "720M", "", "multiply-adds", "Zhang et al. 2017, where it is compared"),
    ("alexnet", "724M", "", "multiply-adds", "Sze et al. 2017, Table II"),
    ("alexnet", "61M", "", "params", "torchvision's table of weights"),
    ("inception_v3", "5.7G", "", "multiply-adds", "timm's results: GMACs"),
    ("inception_v3", "92MB", "", "params of keras", "Keras's table of applications"),
    ("inception_v4", "12.3G", "", "multiply-adds", "timm's results: GMACs"),
    ("xception", "22,910,480", "", "params of keras", "Keras's summary of Xception"),
    ("xception", "88MB", "", "params of keras", "Keras's table of applications"),
    ("densenet121", "33MB", "", "params of keras", "Keras's table of applications"),
    ("squeezenet1_0", "4.8MB", "", "params", "Iandola et al. 2016, Table 2"),
    ("wide_resnet50_2", "11.4G", "", "multiply-adds", "timm's results: GMACs"),
    ("resnet50", "4.12 GMac", "", "ptflops-modules", "ptflops's table of networks"),
    ("mobilenet_v2", "0.33G", "", "thop", "thop's table of networks"),
    ("resnet152", "11.51G", "", "multiply-adds", "torchvision's table of weights"),
    ("unet", "31M", "", "params", "its summary in PyTorch"),
)  # fmt: skip
"""Network, a number in public, what it is of, as what it is counted, where it stands."""


@pytest.mark.parametrize(("name", "text", "network", "convention", "source"), PUBLIC)
def test_a_public_number_is_explained_first_by_what_it_is(
    name: str, text: str, network: str, convention: str, source: str
) -> None:
    """The first of the readings; of those that have to assume as much, where they are of one network."""
    assert source
    related = [(other, lambda other=other: cnncalc.load(other)) for other in _relatives(name, zoo.names())]
    found = cnncalc.reports.readings(cnncalc.load(name), text, relatives=related).data["readings"]
    first = [row for row in found if (row["changes"], row["network"]) == (found[0]["changes"], found[0]["network"])]

    assert network == found[0]["network"]
    assert convention in [name for row in first for name in row["conventions"]]


def test_the_simplest_is_first() -> None:
    """The plain count of the network as it is, before every other."""
    first = cnncalc.reports.readings(cnncalc.load("resnet50"), "4.09G").data["readings"][0]

    assert ("", 0, "multiply-adds") == (first["network"], first["changes"], first["conventions"][0])


def test_a_number_that_nothing_gives_has_the_nearest() -> None:
    """Three, and it is said that they are no more than that."""
    report = cnncalc.reports.readings(cnncalc.load("lenet5"), "123456789")

    assert ([], 3) == (report.data["readings"], len(report.data["nearest"]))
    assert "gives 123456789; these are the nearest" in str(report)


def notes(name: str, text: str) -> list[str]:
    """What the readings of a number have to be told with."""
    return [note.code for note in cnncalc.reports.readings(cnncalc.load(name), text).notes]


def test_a_count_that_is_near_is_told() -> None:
    """ShuffleNet v2's 146 M are 0.7% more than its multiply-adds, and what gives 146 M may be chance."""
    assert {"close", "chance"} <= set(notes("shufflenet_v2", "146M"))
    assert not {"close", "chance"} & set(notes("resnet50", "4.09G"))


def test_nothing_gives_a_number_that_is_wrong() -> None:
    """Keras's table has 29 MB for EfficientNetB0, whose 5,330,571 numbers are 21.3 MB."""
    report = cnncalc.reports.readings(cnncalc.load("efficientnet_b0"), "29MB")

    assert [] == report.data["readings"]
    assert "21.2 MB in fp32" in str(report)


NUMBERS: tuple[tuple[str, int | Fraction, int | Fraction], ...] = (
    ("4.13G", 4130000000, 10000000),
    ("4,133,742,592", 4133742592, 0),
    ("25.6 M params", 25600000, 100000),
    ("97.5MiB", 97.5 * 2**20, Fraction(2**20, 10)),
    ("61706", 61706, 0),
    ("2 GFLOPs", 2000000000, 1000000000),
    ("1.5B", 1500000000, 100000000),
    ("4.09e9", 4090000000, 10000000),
    ("4,133M", 4133000000, 1000000),
)
"""Text, value, what one of its last digit is."""


@pytest.mark.parametrize(("text", "value", "step"), NUMBERS)
def test_a_number_is_read(text: str, value: int | Fraction, step: int | Fraction) -> None:
    """Units, separators, and how exact it is."""
    assert (value, step) == (number(text).value, number(text).step)


@pytest.mark.parametrize(
    "text",
    [
        "4.13Gbananas",
        "1.2.3G",
        "0",
        "0.0M",
        "1" * 50,
        "12x",
        "4..G",
        "-5",
        "1e400",
        "4,13G",
        "1,2",
        "12,34,567",
        "GMac",
        "",
    ],
)
def test_what_is_no_number_is_an_error(text: str) -> None:
    """With numbers that are some."""
    with pytest.raises(CnncalcError) as error:
        number(text)

    assert error.value.help


# --- the page ----------------------------------------------------------------------------------------------------

PAGE = Path(__file__).parents[1] / "docs" / "why-numbers-differ.md"
HEADING = "## Tool by tool\n"
NETWORKS = (
    "alexnet_owt", "vgg16", "googlenet_torchvision", "inception_v3", "resnet18", "resnet50",
    "densenet121", "squeezenet1_1", "mobilenet_v2", "mobilenet_v3_large", "shufflenet_v2", "efficientnet_b0",
)  # fmt: skip
COLUMNS = (
    "multiply-adds", "flop-counter", "torchinfo", "fvcore", "ptflops", "ptflops-modules", "ptflops-aten", "thop", "calflops",
    "torchprofile", "torchscan", "torchscan-flops", "onnx-tool", "haoline", "onnx-opcounter", "onnxsim", "tensorflow", "tensorflow-keras3", "darknet",
)  # fmt: skip
UNKNOWN: Mapping[str, str] = {
    SILENT: "What it has no rule for is 0 without a word.",
    WARNS: "What it has no rule for is 0, with a warning.",
    PARTIAL: "With a layer that it has no rule for it gives no value.",
    FAILS: "With an operator that it has no rule for it stops with an error.",
}


TOOLS_RUN = [name for names in FIGURES.values() for name in names]


def exceptions() -> list[str]:
    """The figures that are another than the tool's, by their reason."""
    layers, networks, code, modules = (
        len(rows(f"counting_{name}.csv")) for name in ("layers", "networks", "code", "modules")
    )
    lines = [
        "### Where a figure is another",
        "",
        f"Of {layers} layers, {networks} networks, {code} pieces of PyTorch code and {modules} modules of torchvision and timm, by up",
        f"to {len(TOOLS_RUN)} figures, these are not the tool's:",
        "",
    ]
    for read, table in (("a spec", OF_SPECS), ("a module", OF_CODE)):
        by_reason: dict[tuple[str, str], list[str]] = {}
        for (of, tool), why in table.items():
            by_reason.setdefault((tool, why), []).append(of)
        lines += [f"- {tool}, of {read}: {', '.join(names)}: {why}" for (tool, why), names in by_reason.items()]
    return [*lines, ""]


def made_page() -> str:
    """The generated part of the page."""
    graphs = {name: cnncalc.load(name).inference for name in NETWORKS}
    lines = [
        HEADING,
        "What `cnncalc macs NETWORK --as TOOL` prints for networks of the zoo, written as modules; a dash where the tool gives no",
        "value. `cnncalc explain NETWORK --against TOOL` adds each up, and `--against 4.13G` tells what gives a number. The rule of",
        "darknet is held against what it printed for its YOLO configurations; TensorFlow's profiler was run on Keras models, the",
        "others on PyTorch's. A spec that follows a paper may end in a softmax, which modules leave to the loss.",
        "",
    ]
    for some in (NETWORKS[:6], NETWORKS[6:]):
        lines += ["| tool | " + " | ".join(some) + " |", "| --- |" + " ---: |" * len(some)]
        for name in COLUMNS:
            found = [counted(graphs[network], TOOLS[name]) for network in some]
            cells = ["-" if one.partial else f"{one.total:,}" for one in found]
            lines.append(f"| {name} | {' | '.join(cells)} |")
        lines.append("")
    for tool in TOOLS.values():
        said = f'Its word is "{tool.word}". It counts {tool.about}. It leaves out {tool.omits}. {UNKNOWN[tool.unknown]}'
        lines += [f"### {tool.name} {tool.version}".rstrip(), "", fill(said, 118), ""]
        lines += [f"Its code: `{tool.source}`.", ""] if tool.source and "," not in tool.source else []
    lines += exceptions()
    lines += ["### Parameters", "", "`cnncalc params NETWORK --as TOOL`:", ""]
    lines += [f"- {one.name} {one.version}".rstrip() + f', "{one.word}": {one.about}' for one in PARAMS.values()]
    return "\n".join(lines) + "\n"


def test_the_page_is_made_of_the_tools(golden: Callable[[Path, str], None]) -> None:
    """`pytest --update-golden` writes its second part again; what stands before is written by hand."""
    by_hand = PAGE.read_text(encoding="utf-8").split(HEADING)[0]

    golden(PAGE, by_hand + made_page())


def test_a_transformer_without_its_products_is_explained_as_that() -> None:
    """What `FlopCounterMode` says of one whose attention is a fused kernel: half of its FLOPs."""
    graph = cnncalc.parse("input: [64, 14, 14]\nnet: [{attention: 4}, {pointwise: 64}]\n")
    learned = 5 * 64 * 64 * 196
    found = cnncalc.reports.readings(graph, f"{learned:,}").data["readings"]

    assert found[0]["conventions"][0] == "without-attention"
    assert cnncalc.counting.counted(graph, cnncalc.counting.tool("no-matmul")).total == learned
