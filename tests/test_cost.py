"""Bytes moved, the roofline, energy, a training step, dtypes: by hand on LeNet-5 and one layer."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

import cnncalc
from cnncalc.analyses.cost import Bound, Machine, bound, traffic
from cnncalc.analyses.energy import HOROWITZ, energy
from cnncalc.analyses.training import Step, training
from cnncalc.cli import app
from cnncalc.errors import CnncalcError
from cnncalc.quantities import BYTES_PER_SECOND, FLOPS_PER_SECOND, rate
from cnncalc.render import physics

CONV = """
input: [16, 10, 10]
net: [{conv: {out: 32, kernel: 3, padding: 1, bias: false}}, batchnorm, relu]
"""
"""4,608 weights; 460,800 MACs; maps of 1,600 and 3,200 elements."""

FROZEN = """
input: [3, 8, 8]
net:
  - {conv: {out: 4, kernel: 3, bias: false}, frozen: true}
  - {conv: {out: 4, kernel: 3, bias: false}}
  - {conv: {out: 4, kernel: 3, bias: false}, frozen: true}
  - {linear: {out: 10, bias: false}}
"""
"""MACs 108 * 36 = 3,888; 144 * 16 = 2,304; 144 * 4 = 576; 160."""


def run(*arguments: str) -> Result:
    """`cnncalc ...`, as it is typed."""
    return CliRunner().invoke(app, list(arguments))


def answer(*arguments: str) -> dict[str, Any]:
    """What a command answers as JSON."""
    done = run(*arguments, "--format", "json")
    assert done.exit_code == 0, done.output
    found: dict[str, Any] = json.loads(done.stdout)
    return found


# --- bytes moved ---

# fmt: off
TRAFFIC = [
    # batch, fused, per layer (MACs, elements of activations, elements of weights)
    (1, False, [(460_800, 1600 + 3200, 4608), (0, 3200 + 3200, 128), (0, 3200 + 3200, 0)]),
    (4, False, [(1_843_200, 19_200, 4608), (0, 25_600, 128), (0, 25_600, 0)]),
    (1, True, [(460_800, 4800, 4608), (0, 0, 0), (0, 0, 0)]),
]
# fmt: on


@pytest.mark.parametrize(("batch", "fused", "expected"), TRAFFIC)
def test_a_layer_moves_its_inputs_weights_and_output(batch: int, fused: bool, expected: Any) -> None:
    """Weights once a batch; fused, what works in place moves nothing."""
    found = traffic(cnncalc.parse(CONV), batch, fused)

    assert expected == [(done.macs, done.activations, done.weights) for done in found.values()]


def test_a_view_moves_nothing_and_a_fused_join_reads_the_other_branch() -> None:
    """A flatten is free; an addition reads two maps and writes one, or only the second on the way."""
    net = "input: [2, 4, 4]\nnet: [{add: {main: [relu], shortcut: prev}}, flatten]"
    plain, fused = (list(traffic(cnncalc.parse(net), 1, way).values()) for way in (False, True))

    assert [64, 96, 0] == [done.elements for done in plain]
    assert [0, 32, 0] == [done.elements for done in fused]


def test_a_flatten_behind_a_permute_is_a_copy() -> None:
    """Elements that do not lie side by side are moved: 24 read and 24 written."""
    found = traffic(cnncalc.parse("input: [2, 3, 4]\nnet: [{permute: [1, 0, 2]}, flatten]"))

    assert [0, 48] == [done.elements for done in found.values()]


# --- roofline ---

MACHINE = Machine(Fraction(2 * 10**12), Fraction(50 * 10**9))

BOUNDS = [
    # FLOPs, bytes, seconds, what binds
    (0, 0, Fraction(0), ""),
    (0, 50, Fraction(1, 10**9), "memory"),
    (2000, 50, Fraction(1, 10**9), "compute"),
    (1999, 50, Fraction(1, 10**9), "memory"),
    (2 * 10**12, 50, Fraction(1), "compute"),
    (235_200, 23_536, Fraction(23_536, 50 * 10**9), "memory"),
]


@pytest.mark.parametrize(("flops", "moved", "seconds", "binds"), BOUNDS)
def test_the_slower_of_work_and_traffic_binds(flops: int, moved: int, seconds: Fraction, binds: str) -> None:
    """On the ridge, 40 FLOPs a byte, the peak binds."""
    assert 40 == MACHINE.ridge
    assert Bound(seconds, binds) == bound(flops, moved, MACHINE)


def test_the_roofline_of_lenet5() -> None:
    """C1 reads 1,024 and 156 numbers and writes 4,704; twice 117,600 MACs; 2 TFLOP/s wait for 50 GB/s."""
    found = answer("roofline", "lenet5", "--peak", "2T", "--bandwidth", "50G")
    first = found["layers"][0]

    assert (2 * 117_600, 4 * (1024 + 156 + 4704), "memory") == (
        first["flops"],
        first["bytes"],
        first["binds"],
    )
    assert pytest.approx(23_536 / 50e9) == first["seconds"]
    assert 2 * 416_520 == found["totals"]["flops"]
    assert 367_776 == found["totals"]["bytes"] == sum(layer["bytes"] for layer in found["layers"])
    assert pytest.approx(367_776 / 50e9) == found["totals"]["seconds"]
    assert "lower bound" in found["convention"]


def test_a_slow_processor_is_bound_by_its_peak() -> None:
    """At 1 GFLOP/s the convolutions of LeNet-5 take 0.7152 ms and bind."""
    found = answer("roofline", "lenet5", "--peak", "1G", "--bandwidth", "50G")
    convs = [layer for layer in found["layers"] if layer["kind"] == "conv"]

    assert ["compute", "compute"] == [layer["binds"] for layer in convs]
    assert pytest.approx(715_200e-9) == sum(layer["seconds"] for layer in convs)


def test_intensity_needs_no_machine() -> None:
    """Without --peak and --bandwidth there are FLOPs, bytes and their ratio, and no time."""
    done = run("roofline", "lenet5")

    assert "FLOPs/byte" in done.stdout
    assert "time" not in done.stdout
    assert "bound by" not in done.stdout


def test_int8_moves_a_quarter_and_a_batch_reads_weights_once() -> None:
    """Bytes follow the dtype; with a larger batch the intensity grows."""
    fp32, int8 = (answer("roofline", "lenet5", "--dtype", dtype)["totals"]["bytes"] for dtype in ("fp32", "int8"))
    batch = answer("roofline", "lenet5", "--batch", "10")["totals"]

    assert fp32 == 4 * int8
    assert 10 * (fp32 - 4 * 61_706) + 4 * 61_706 == batch["bytes"]
    assert 10 * 833_040 == batch["flops"]


@pytest.mark.parametrize("command", ["roofline --peak 2T --bandwidth 50G", "energy", "training"])
@pytest.mark.parametrize("form", ["table", "markdown", "csv", "latex", "json"])
@pytest.mark.parametrize("more", ["", "--top 2", "--depth 1"])
def test_every_format_answers(command: str, form: str, more: str) -> None:
    """Tables, cut and folded, and data."""
    name, *options = command.split()
    done = run(name, "googlenet", *options, "--format", form, *more.split())

    assert (0, "") == (done.exit_code, done.stderr)


# --- rates ---

RATES = [
    (2 * 10**12, "2T"),
    (2 * 10**12, "2 TFLOP/s"),
    (2 * 10**12, "2TFLOPS"),
    (19_500_000_000_000, "19.5T"),
    (1_500_000_000_000, "1.5e12"),
    (1_000_000, "1_000k"),
    (312 * 10**12, "312 TFLOPs/s"),
    (7, "7"),
]


@pytest.mark.parametrize(("expected", "text"), RATES)
def test_a_rate_is_read_exactly(expected: int, text: str) -> None:
    """Decimal prefixes, with or without the unit."""
    assert expected == rate(text, "--peak", FLOPS_PER_SECOND, "2T")


EXAMPLE = "\n   = help: for instance --bandwidth 50G"

BAD_RATES = [
    ("x", f"error: `--bandwidth x` is no number{EXAMPLE}"),
    ("", f"error: `--bandwidth ` is no number{EXAMPLE}"),
    ("-5G", f"error: `--bandwidth -5G` is no number{EXAMPLE}"),
    ("0", f"error: `--bandwidth 0` must be more than 0{EXAMPLE}"),
    ("50GiB", f"error: `--bandwidth 50GiB` is not in B/s{EXAMPLE}, which is 50GB/s"),
    ("2TFLOPS", f"error: `--bandwidth 2TFLOPS` is not in B/s{EXAMPLE}, which is 50GB/s"),
    ("400Gbit/s", f"error: `--bandwidth 400Gbit/s` is not in B/s{EXAMPLE}, which is 50GB/s"),
]


@pytest.mark.parametrize(("text", "expected"), BAD_RATES)
def test_a_bad_rate_is_told(text: str, expected: str) -> None:
    """The option, what it got, and an example."""
    with pytest.raises(CnncalcError) as error:
        rate(text, "--bandwidth", BYTES_PER_SECOND, "50G")

    assert expected == str(error.value)


# --- energy ---

ENERGIES = [
    # MACs, bytes, dtype, memory, picojoules of arithmetic, of memory from .. to
    (1000, 0, "fp32", "dram", 4600, 0, 0),
    (1000, 0, "fp16", "dram", 1500, 0, 0),
    (1000, 0, "int8", "dram", 300, 0, 0),
    (0, 8, "fp32", "dram", 0, 1300, 2600),
    (0, 8, "fp32", "sram_8kB", 0, 10, 10),
    (0, 16, "fp32", "sram_32kB", 0, 40, 40),
    (10, 4, "fp32", "sram_1MB", 46, 50, 50),
]


@pytest.mark.parametrize(("macs", "moved", "dtype", "memory", "arithmetic", "low", "high"), ENERGIES)
def test_energy_is_operations_and_accesses(
    macs: int, moved: int, dtype: str, memory: str, arithmetic: int, low: int, high: int
) -> None:
    """Horowitz's numbers: a multiply and an add a MAC, and 64 bits an access."""
    spent = energy(macs, moved, HOROWITZ, dtype, memory)

    assert (arithmetic, arithmetic) == spent.arithmetic
    assert (low, high) == spent.memory
    assert (arithmetic + low, arithmetic + high) == spent.total


def test_the_energy_of_lenet5() -> None:
    """416,520 MACs at 4.6 pJ and 367,776 bytes at 1.3 to 2.6 nJ for eight of them."""
    totals = answer("energy", "lenet5")["totals"]

    assert pytest.approx(416_520 * 4.6) == totals["arithmetic"]
    assert pytest.approx(416_520 * 4.6 + 45_972 * 1300) == totals["lowest"]
    assert pytest.approx(416_520 * 4.6 + 45_972 * 2600) == totals["highest"]


def test_energy_is_called_an_order_of_magnitude() -> None:
    """The caption names the table and what it is worth."""
    assert "an order of magnitude by Horowitz 2014, ISSCC, 45 nm" in run("energy", "lenet5").stdout


def test_a_table_of_energies_can_be_replaced(tmp_path: Path) -> None:
    """A file with multiply, add and access; a range is a list."""
    table = tmp_path / "chip.yaml"
    table.write_text("source: my chip\nmultiply: {int8: 0.5}\nadd: {int8: 0.25}\naccess: {buffer: [4, 8]}\n")
    found = answer("energy", "lenet5", "--energy-table", str(table), "--dtype", "int8", "--memory", "buffer")

    assert "my chip" in found["convention"]
    assert pytest.approx(416_520 * 0.75) == found["totals"]["arithmetic"]
    assert pytest.approx(416_520 * 0.75 + 91_944 / 8 * 4) == found["totals"]["lowest"]


BAD_TABLES = [
    ("[]", "error: an energy table is a mapping with multiply, add, access"),
    ("multiply: {fp32: 1}\nadd: {fp32: 1}\n", "error: the energy table has no `access`"),
    (
        "multiply: {fp32: 1}\nadd: {int8: 1}\naccess: {dram: 1}\n",
        "error: `multiply` and `add` are of the same dtypes",
    ),
    ("multply: {fp32: 1}\nadd: {fp32: 1}\naccess: {dram: 1}\n", "did you mean `multiply`?"),
    (
        "multiply: {fp32: x}\nadd: {fp32: 1}\naccess: {dram: 1}\n",
        "error: an energy is a number of picojoules",
    ),
    (
        "multiply: {fp32: [2, 1]}\nadd: {fp32: 1}\naccess: {dram: 1}\n",
        "error: an energy is a number of picojoules",
    ),
    ("multiply: 3\nadd: {fp32: 1}\naccess: {dram: 1}\n", "error: `multiply` gives picojoules by name"),
    ("multiply: {fp32: 1\n", "error: "),
    ("", "error: "),
]


@pytest.mark.parametrize(("text", "message"), BAD_TABLES)
def test_a_bad_table_of_energies_is_told(text: str, message: str, tmp_path: Path) -> None:
    """With its place, exit code 2 and never a traceback."""
    table = tmp_path / "chip.yaml"
    table.write_text(text)
    done = run("energy", "lenet5", "--energy-table", str(table))

    assert 2 == done.exit_code
    assert message in done.stderr
    assert "has a bug" not in done.stderr


# --- training ---


def test_the_training_step_of_lenet5() -> None:
    """Three times the forward MACs, less C1's share: nothing below it is trained."""
    totals = answer("training", "lenet5", "--optimizer", "momentum")["totals"]

    assert (416_520, 416_520 - 117_600, 416_520) == (
        totals["forward"], totals["input_gradient"], totals["weight_gradient"]
    )  # fmt: skip
    assert 3 * 416_520 - 117_600 == totals["macs"]
    assert [246_824] * 3 == [totals[f"{part}_bytes"] for part in ("weights", "gradients", "optimizer")]
    kept = 1024 + 2 * 4704 + 1176 + 2 * 1600 + 400 + 2 * 120 + 2 * 84 + 2 * 10
    assert 4 * kept == totals["activations_bytes"]
    assert 3 * 246_824 + 4 * kept == totals["bytes"]


def test_frozen_layers_have_no_weight_gradient_and_stop_the_input_gradient_below() -> None:
    """Below the lowest trained layer nothing is computed; a frozen layer above it passes the gradient on."""
    step = training(cnncalc.parse(FROZEN))

    expected = [Step(3888, 0, 0), Step(2304, 0, 2304), Step(576, 576, 0), Step(0, 0, 0), Step(160, 160, 160)]
    assert expected == list(step.of.values())
    assert {"conv1": 144, "conv2": 64, "conv3": 16, "linear": 10} == dict(step.kept)


def test_a_matmul_has_a_gradient_for_each_operand() -> None:
    """Two activations multiplied: as many MACs again for each that is trained below."""
    text = """
input: [4, 6]
net:
  - matmul: [[{pointwise: 5}, {reshape: [5, 6]}], [{pointwise: 3}, {reshape: [6, 3]}]]
"""
    (step,) = [
        s for name, s in training(cnncalc.parse(text)).of.items() if name.startswith("matmul") and "/" not in name
    ]

    assert Step(90, 180, 0) == step


def test_a_frozen_network_trains_nothing() -> None:
    """Forward only, and nothing is kept."""
    step = training(cnncalc.parse("input: [3, 8, 8]\nnet: [{conv: {out: 4, kernel: 3}, frozen: true}]"))

    assert {} == step.kept
    assert [Step(108 * 36, 0, 0)] == list(step.of.values())


OPTIMIZERS = [
    # optimizer, dtype, bytes a trained parameter: gradient, state
    ("sgd", "fp32", 4, 0),
    ("momentum", "fp32", 4, 4),
    ("adam", "fp32", 4, 8),
    ("adam", "bf16", 2, 12),
    ("sgd", "fp16", 2, 4),
]


@pytest.mark.parametrize(("optimizer", "dtype", "gradient", "state"), OPTIMIZERS)
def test_the_state_of_an_optimizer(optimizer: str, dtype: str, gradient: int, state: int) -> None:
    """fp32 state; with 16 bits an fp32 copy of the trained weights besides."""
    totals = answer("training", "lenet5", "--optimizer", optimizer, "--dtype", dtype)["totals"]

    assert (gradient * 61_706, state * 61_706) == (totals["gradients_bytes"], totals["optimizer_bytes"])


def test_training_counts_the_heads_that_only_training_uses() -> None:
    """GoogLeNet's auxiliary classifiers are in the step and not in the inference."""
    forward = answer("training", "googlenet")["totals"]["forward"]

    assert cnncalc.macs(cnncalc.load("googlenet")).total == forward
    assert forward > cnncalc.macs(cnncalc.load("googlenet").inference).total


# --- split dtypes ---


def test_weights_and_activations_may_have_their_own_dtype() -> None:
    """int8 weights beside fp16 maps: flash and SRAM of a microcontroller."""
    totals = answer("memory", "lenet5", "--weights-dtype", "int8", "--activations-dtype", "fp16")["totals"]

    assert (61_706, 2 * 9_408) == (totals["weight_bytes"], totals["peak_activations"])
    assert "flash 61.7 kB, peak SRAM 5.9 kB" in run("memory", "lenet5", "--dtype", "int8").stdout
    assert 6 * 28 * 28 + 6 * 14 * 14 == 5_880  # S2 reads C1, whose tanh is worked out with it
    assert "microcontroller" not in run("memory", "lenet5").stdout


BAD = [
    ("roofline lenet5 --peak 2T", "error: `--peak` without `--bandwidth` bounds no time\n"
     "   = help: for instance --peak 2T --bandwidth 50G\n"),
    ("roofline lenet5 --bandwidth 2T", "error: `--bandwidth` without `--peak` bounds no time\n"
     "   = help: for instance --peak 2T --bandwidth 50G\n"),
    ("roofline lenet5 --dtype int9", "error: no dtype `int9`\n   = help: did you mean `int8`?\n"),
    ("energy lenet5 --dtype bf16", "error: the energy table has no dtype `bf16`: did you mean `fp16`?\n"
     "   = help: --energy-table FILE brings others\n"),
    ("energy lenet5 --memory disk", "error: the energy table has no memory `disk`: "
     "it has dram, sram_1MB, sram_32kB, sram_8kB\n   = help: --energy-table FILE brings others\n"),
    ("energy lenet5 --energy-table no.yaml", "error: no.yaml cannot be read: No such file or directory\n"),
    ("training lenet5 --optimizer adm", "error: no optimizer `adm`\n   = help: did you mean `adam`?\n"),
    ("training lenet5 --dtype int8", "error: no dtype to train in `int8`\n"
     "   = help: known: fp32, tf32, bf16, fp16, fp64\n"),
    ("memory lenet5 --weights-dtype int9", "error: no dtype `int9`\n   = help: did you mean `int8`?\n"),
]  # fmt: skip


@pytest.mark.parametrize(("arguments", "expected"), BAD, ids=[arguments for arguments, _ in BAD])
def test_a_bad_option_is_told(arguments: str, expected: str) -> None:
    """The whole message, and exit code 2."""
    done = run(*arguments.split())

    assert (2, expected) == (done.exit_code, done.stderr)


@pytest.mark.parametrize("command", ["roofline --peak 2T --bandwidth 50G", "energy", "training"])
@pytest.mark.parametrize("spec", ["lenet5", "resnet18", "unet", "mobilenet_v2", "m5", "c3d", "siamese", "triplet"])
def test_every_column_adds_up(command: str, spec: str) -> None:
    """The layers of the data sum to the totals."""
    name, *options = command.split()
    found = answer(name, spec, *options)

    for key in {"roofline": ["flops", "bytes", "seconds"], "energy": ["macs", "bytes", "highest"],
                "training": ["forward", "input_gradient", "weight_gradient"]}[name]:  # fmt: skip
        assert pytest.approx(sum(layer[key] for layer in found["layers"])) == found["totals"][key]


def test_a_machine_of_the_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By its name, from a folder below; C1 of LeNet-5 moves 23,536 bytes: 919 ns at 25.6 GB/s."""
    (tmp_path / "cnncalc.toml").write_text('[machines]\njetson = {peak = "472G", bandwidth = "25.6 GB/s"}\n')
    (tmp_path / "below").mkdir()
    monkeypatch.chdir(tmp_path / "below")
    first = answer("roofline", "lenet5", "--machine", "jetson")["layers"][0]

    assert first["name"] == "C1"
    assert first["seconds"] == pytest.approx(23_536 / 25.6e9)


@pytest.mark.parametrize(
    ("options", "message", "help"),
    [
        ("--machine jetso", "no machine `jetso`", "known: jetson; or [machines] of cnncalc.toml: jetso = "),
        ("--machine orin", "no machine `orin`", 'known: jetson; or [machines] of cnncalc.toml: orin = {peak = "472G"'),
        ("--machine jetson --peak 1T", "`--machine` says what `--peak` and `--bandwidth` say", "leave one out"),
        ("--machine jetson --bandwidth 1G", "`--machine` says what `--peak` and `--bandwidth` say", "leave one out"),
    ],
)
def test_a_machine_that_there_is_not(
    options: str, message: str, help: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The names that there are, and how to give one."""
    (tmp_path / "cnncalc.toml").write_text('[machines]\njetson = {peak = "472G", bandwidth = "25.6G"}\n')
    monkeypatch.chdir(tmp_path)
    done = run("roofline", "lenet5", *options.split())

    assert done.exit_code == 2
    assert message in done.stderr
    assert help in done.stderr


QUANTITIES = [
    ("1.5 s", physics.seconds(1.5)),
    ("471 ns", physics.seconds(Fraction(23_536, 50 * 10**9))),
    ("38.7 ms", physics.seconds(0.0387)),
    ("-", physics.seconds(0)),
    ("4.6 pJ", physics.joules(4.6)),
    ("1.3 nJ", physics.joules(1300)),
    ("61.7 uJ", physics.joules(61_679_592)),
    ("-", physics.intensity(None)),
    ("9.99", physics.intensity(9.9932)),
    ("1234", physics.intensity(1234.4)),
    ("peak 2 TFLOP/s, 50 GB/s", physics.machine(MACHINE)),
]


@pytest.mark.parametrize(("expected", "text"), QUANTITIES)
def test_quantities_are_short(expected: str, text: str) -> None:
    """Three digits and a prefix."""
    assert expected == text
