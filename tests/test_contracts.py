"""Every JSON document of every command: it fits the schema that `cnncalc schema --of` prints."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import FrameType
from typing import Any

import jsonschema
import numpy as np
import pytest
from typer.testing import CliRunner

import cnncalc
from cnncalc.cli import COMMANDS, app
from cnncalc.contracts import HOMES, contract
from cnncalc.errors import CnncalcError
from cnncalc.render import FORMATS, STREAMS, formats, one_of
from cnncalc.render import units as of
from cnncalc.render.report import Column, Contract, Report, Table

NETWORKS = (
    "lenet5",
    "resnet50",
    "unet",
    "googlenet",
    "siamese",
    "grids.yaml",
    "tokens.yaml",
    "c3d",
    "m5",
    "se_resnet50",
)
"""A chain, branches, upsampling, heads, several inputs, tokens, one and three axes, gates."""

OF_ANY = {
    "summary": "summary {}", "shapes": "shapes {}", "params": "params {}", "macs": "macs {}",
    "receptive-field": "receptive-field {}", "memory": "memory {}", "show": "show {}", "roofline": "roofline {}",
    "energy": "energy {}", "training": "training {}", "lint": "lint {}", "explain": "explain {}",
    "account": "explain {} --against fvcore", "readings": "explain {} --against 2.5M",
    "counted": "macs {} --as thop", "counted-params": "params {} --as keras",
    "forms": "macs {} --compare", "diff": "diff {} lenet5", "compare": "compare {} mobilenet_v2",
}  # fmt: skip
"""Document -> the command that writes it of any network."""

OTHERS = (
    ("tools", "macs --as help"),
    ("tools", "params --as help"),
    ("counted", "macs efficientnet_b0 --as torchscan"),
    ("counted", "macs unet --as ptflops --written relu=function --depth 1"),
    ("summary", "summary lenet5 --depth 1"),
    ("summary", "summary resnet50 --top 3 --sort params"),
    ("macs", "macs lenet5 --batch 2 --training"),
    ("params", "params densenet121 --depth 2"),
    ("unit", "receptive-field unet --unit 100,288"),
    ("unit", "receptive-field m5 conv1 --unit 3"),
    ("receptive-field", "receptive-field vgg16 conv3_3"),
    ("effective", "receptive-field lenet5 --effective"),
    ("effective", "receptive-field lenet5 --effective --init he --draws 1"),
    ("explain", "explain lenet5 C1"),
    ("formula", "formula lenet5 --of macs,output,receptive_field"),
    ("formula", "formula lenet5 --by-layer"),
    ("roofline", "roofline lenet5 --peak 2T --bandwidth 50G"),
    ("sweep", "sweep mobilenet_v1 width=0.5,1 --columns params,output.channels,receptive_field"),
    ("fit", "fit mobilenet_v1 --vary width --max macs=100M"),
    ("check", "check lenet5 tokens.yaml --max macs=1k --min receptive_field=4 --report json"),
    ("tensors", "params one.safetensors"),
    ("tensors", "params one.safetensors --depth 1"),
    ("weights", "diff lenet5 one.safetensors --params"),
    ("diff", "diff lenet5 lenet5"),
    ("diff", "diff lenet5 resnet18 --stat"),
    ("diff-folders", "diff one/ other/"),
    ("diff-folders", "diff one/ one/"),
    ("diff", "diff resnet50 --set-b width=32"),
    ("validate", "validate lenet5"),
    ("validate", "validate lenet5 --all"),
    ("run", "run lenet5 --tap S2"),
    ("zoo", "zoo net"),
    ("lecture", "zoo --lecture"),
    ("worked-examples", "worked"),
    ("worked", "worked iou"),
    ("worked", "worked max-pool --exercise --seed 2"),
    ("spec", "zoo lenet5 --show"),
    ("kinds", "schema --kinds"),
    ("arguments", "schema --kinds conv"),
)


def document(command: str) -> dict[str, Any]:
    """What a command writes as JSON."""
    as_json = [] if "--report" in command else ["--format", "json"]
    done = CliRunner().invoke(app, [*command.split(), *as_json])
    assert done.exit_code in (0, 1), done.output
    return dict(json.loads(done.stdout))


SPECS = {
    "grids.yaml": """\
input: {slow: [3, 8, 8], fast: [3, 16, 16]}
net:
  - concat: [{from: slow, do: [{conv: {out: 4, kernel: 3, padding: 1}}]}, {from: fast, do: [{maxpool: 2}]}]
  - {linear: 2}
""",
    "tokens.yaml": """\
input: [3, 8, 8]
net:
  - {conv: {out: 4, kernel: 4, stride: 4}}
  - {reshape: [4, 4, 1]}
  - {permute: [1, 0, 2]}
""",
}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No spec or configuration of the folder plays in."""
    monkeypatch.chdir(tmp_path)
    for name, text in SPECS.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    for folder, size in (("one", 3), ("other", 5)):
        (tmp_path / folder).mkdir()
        for name, text in SPECS.items():
            (tmp_path / folder / name).write_text(text.replace("3, 8, 8", f"{size}, 8, 8"), encoding="utf-8")
    (tmp_path / "other" / "new.yaml").write_text(SPECS["tokens.yaml"], encoding="utf-8")
    header = b'{"fc.weight": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}'
    (tmp_path / "one.safetensors").write_bytes(len(header).to_bytes(8, "little") + header + bytes(4))


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("name", OF_ANY)
def test_a_document_of_any_network_fits_its_schema(name: str, network: str) -> None:
    """Every key is in the schema, every value of its kind, none is missing."""
    jsonschema.Draft7Validator(contract(name).schema).validate(document(OF_ANY[name].format(network)))


@pytest.mark.parametrize(("name", "command"), OTHERS, ids=[command for _, command in OTHERS])
def test_a_document_fits_its_schema(name: str, command: str) -> None:
    """With options that change what there is to say."""
    jsonschema.Draft7Validator(contract(name).schema).validate(document(command))


def test_what_is_kept_in_files_fits_its_schema(tmp_path: Path) -> None:
    """The lock of `check`, the list of the parts of a sweep, and saliency with its map."""
    (tmp_path / "cnncalc.toml").write_text('specs = ["tokens.yaml"]\n', encoding="utf-8")
    CliRunner().invoke(app, ["check", "--update"])
    CliRunner().invoke(app, ["sweep", "lenet5", "input=32,64", "--output", "points/", "--format", "csv"])

    for name, path in (("lock", "cnncalc.lock.json"), ("parts", "points/sweep.json")):
        found = json.loads((tmp_path / path).read_text(encoding="utf-8"))
        jsonschema.Draft7Validator(contract(name).schema).validate(found)


def test_the_document_of_a_map_fits_its_schema(tmp_path: Path) -> None:
    """Saliency, which needs an image."""
    np.save(tmp_path / "image.npy", np.ones((1, 32, 32)))

    found = document("saliency lenet5 --image image.npy --out map.npy")

    jsonschema.Draft7Validator(contract("saliency").schema).validate(found)


def test_every_document_and_every_command_is_tested() -> None:
    """A contract or a command without a case is named here; `convert`, `init` and `report` write files, `log` is in test_log."""
    commands = {command.split()[0] for command in (*OF_ANY.values(), *(command for _, command in OTHERS))}

    assert {*OF_ANY, *(name for name, _ in OTHERS), "lock", "log", "parts", "saliency"} == set(HOMES)
    assert set(COMMANDS) - {"convert", "init", "log", "report", "saliency"} == commands


@pytest.mark.parametrize("name", HOMES)
def test_a_schema_is_one_and_says_what_everything_is(name: str) -> None:
    """Draft-07, its id is the document's `schema`, and each value has a description or members of its own."""
    found = contract(name)
    schema = json.loads(CliRunner().invoke(app, ["schema", "--of", name]).stdout)

    jsonschema.Draft7Validator.check_schema(schema)
    assert json.loads(json.dumps(found.schema)) == schema
    assert found.id == schema["title"] == schema["properties"]["schema"]["const"]
    assert f"cnncalc.{name}/" in found.id
    assert [] == list(undescribed(schema, name))


def undescribed(schema: dict[str, Any], path: str) -> list[str]:
    """The members of a schema that say nothing."""
    found = []
    for key, member in schema.get("properties", {}).items():
        inner = next((m for m in member.get("anyOf", [member]) if m.get("type") in ("object", "array")), member)
        inner = inner.get("items", inner)
        if key != "schema" and "description" not in member and "properties" not in inner:
            found.append(f"{path}.{key}")
        found += undescribed(inner, f"{path}.{key}")
    return found


def test_an_unknown_document_is_told_what_is_near() -> None:
    """As every name."""
    with pytest.raises(CnncalcError, match="no document `sumary`"):
        contract("sumary")
    assert 2 == CliRunner().invoke(app, ["schema", "--of", "summary", "--kinds"]).exit_code


# --- the same from Python ----------------------------------------------------------------------------------------

COLUMNS = (
    Column("name", "layer", of.TEXT, "the layer", kept=True),
    Column("params", "params", of.COUNT, "learned numbers"),
    Column("bytes", "size", of.BYTES, "that they take"),
    Column("share", "%", of.PERCENT, "of all", where="text csv"),
    Column("exact", unit=of.RATIO, about="for machines", where="json", nullable=True),
)
CONTRACT = Contract("test", 3, "a test", (Column("layers", unit=of.rows(*COLUMNS)), Column("dtype", about="of bytes")))
REPORT = Report(
    ["net"],
    [Table(COLUMNS, [{"name": "a", "params": 12_000, "bytes": 48_000, "share": 1}], {"name": "total"}, key="layers")],
    CONTRACT,
    {"dtype": "fp32"},
)


def test_one_table_is_what_every_format_says() -> None:
    """Exact in CSV and JSON, short for people; a column stands where it is declared to."""
    assert {
        "schema": "cnncalc.test/3",
        "layers": [{"name": "a", "params": 12000, "bytes": 48000, "exact": None}],
        "dtype": "fp32",
    } == REPORT.data
    assert "name,params,bytes,share\na,12000,48000,1\n" == REPORT.written("csv")
    assert "  a      12,000  48.0 kB  100.0" in str(REPORT).splitlines()
    assert r"a & 12,000 & 48.0 kB & 100.0" in " ".join(REPORT.written("latex").split())
    assert "<cnncalc.test/3 of net: 1 layers>" == repr(REPORT)
    jsonschema.Draft7Validator(CONTRACT.schema).validate(REPORT.data)


def test_every_format_has_a_writer() -> None:
    """And its name stands in one place: the options are made of it."""
    assert {*formats.WRITERS, "json"} == set(FORMATS)
    assert not set(FORMATS) & set(STREAMS)
    assert "table, markdown, csv, latex, html or json" == one_of()


def test_python_is_answered_what_the_command_line_shows() -> None:
    """The same rows and the same document, by keywords in place of options."""
    graph = cnncalc.load("lenet5")
    report = cnncalc.reports.macs(graph, batch=2)

    assert document("macs lenet5 --batch 2") == json.loads(report.written("json"))
    assert [117_600 * 2, 240_000 * 2] == [row["macs"] for row in report.tables[0].rows if row["kind"] == "conv"]
    top = cnncalc.reports.params(graph, view=cnncalc.reports.View(top=1)).tables[0]
    assert (["F5"], ["(12 others)"]) == ([r["name"] for r in top.rows], [r["name"] for r in top.after])
    assert cnncalc.reports.diff(graph, graph).facts["same"]


def test_what_there_is_to_ask_of_reports_is_listed() -> None:
    """Each name is there, and another is no attribute."""
    assert set(cnncalc.reports.__all__) <= set(dir(cnncalc.reports))
    assert all(getattr(cnncalc.reports, name) is not None for name in cnncalc.reports.__all__)
    with pytest.raises(AttributeError, match="no attribute 'sumary'"):
        _ = cnncalc.reports.sumary
    assert {"summary", "params", "diff"} <= set(COMMANDS)


def test_no_analysis_runs_twice_for_a_summary() -> None:
    """Neither for the table nor for JSON, by whatever way it is called."""
    from cnncalc.analyses.macs import macs
    from cnncalc.analyses.receptive import receptive_fields

    analyses = {function.__code__: function.__name__ for function in (macs, receptive_fields)}
    calls: list[str] = []
    graph = cnncalc.load("lenet5")

    def called(frame: FrameType, event: str, _: Any) -> None:
        if event == "call" and frame.f_code in analyses:
            calls.append(analyses[frame.f_code])

    sys.setprofile(called)
    try:
        written = cnncalc.reports.summary(graph).written("json")
    finally:
        sys.setprofile(None)

    assert written
    assert ["macs", "receptive_fields"] == sorted(calls)
