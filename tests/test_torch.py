"""Modules of PyTorch as they are in code: what is counted, against PyTorch itself; what goes wrong, in one line each."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

import pytest

import cnncalc
from cnncalc.errors import CnncalcError
from cnncalc.formats.torch.named import named
from cnncalc.recovery.write import recover

torch = pytest.importorskip("torch", reason="torch is not installed")

NETS = """
import torch
from torch import nn
import torch.nn.functional as F


class Net(nn.Module):
    def __init__(self, width=8, frozen=False):
        super().__init__()
        print("a user's print")
        self.conv = nn.Conv2d(3, width, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(width)
        self.layers = nn.ModuleList([nn.Conv2d(width, width, 3, padding=1, groups=width), nn.Conv2d(width, width, 1)])
        self.fc = nn.Linear(width, 10)
        if frozen:
            self.conv.requires_grad_(False)

    def forward(self, x):
        x = F.relu(self.norm(self.conv(x)), inplace=True)
        for layer in self.layers:
            x = x + layer(x)
        x = F.dropout(x, 0.5, self.training)
        return self.fc(x.mean((2, 3)))


class Shared(nn.Module):
    def __init__(self):
        super().__init__()
        self.c = nn.Conv2d(3, 3, 3, padding=1)
        self.again = self.c
        self.head, self.tied = nn.Linear(3, 5, bias=False), nn.Linear(3, 5, bias=False)
        self.tied.weight = self.head.weight

    def forward(self, x):
        y = self.again(self.c(x)).amax((2, 3))
        return self.head(y) + self.tied(y)


class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.token = nn.Parameter(torch.zeros(1, 1, 32))
        self.qkv, self.out, self.norm = nn.Linear(32, 96), nn.Linear(32, 32), nn.LayerNorm(32)

    def forward(self, x):
        x = x.flatten(2).transpose(1, 2)
        x = self.norm(torch.cat([self.token.expand(x.shape[0], -1, -1), x], 1))
        b, n, c = x.shape
        q, k, v = self.qkv(x).reshape(b, n, 3, 4, 8).permute(2, 0, 3, 1, 4).unbind(0)
        y = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(b, n, c)
        return self.out(y)[:, 0]


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.patches, self.layer = nn.Conv2d(3, 32, 4, 4), nn.TransformerEncoderLayer(32, 4, 64, batch_first=True)

    def forward(self, x):
        return self.layer(self.patches(x).flatten(2).transpose(1, 2))


class Mixed(nn.Module):
    def __init__(self):
        super().__init__()
        self.up, self.group = nn.ConvTranspose2d(4, 6, 3, 2, 1, output_padding=1), nn.GroupNorm(3, 6, affine=False)
        self.lstm, self.gru = nn.LSTM(6, 5, 2, bidirectional=True, batch_first=True), nn.GRU(10, 7, batch_first=True)
        self.scale = nn.Parameter(torch.ones(1))

    def forward(self, x):
        x = F.interpolate(torch.roll(x, (1, -1), (2, 3)), scale_factor=2, mode="bilinear")
        x = self.group(self.up(x)) * self.scale
        x = F.adaptive_avg_pool2d(x, (1, 6)).squeeze(2).transpose(1, 2)
        return self.gru(self.lstm(x)[0])[1].squeeze(0)


class Weighed(nn.Module):
    def __init__(self):
        super().__init__()
        self.patches, self.heads = nn.Conv2d(3, 8, 4, 4), nn.MultiheadAttention(8, 2, batch_first=True)

    def forward(self, x):
        x = self.patches(x).flatten(2).transpose(1, 2)
        return self.heads(x, x, x)[0]


class OnData(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = nn.Conv2d(3, 4, 1)

    def forward(self, x):
        y = self.backbone(x)
        if y.sum() > 0:
            return y
        return -y


class Unread(Net):
    def __init__(self):
        super().__init__()
        self.extra = nn.Linear(2, 3)


def needs(width): return Net(width)
def number(): return 3
def raises(): raise ValueError("no such size")
def hangs():
    import time
    while True: time.sleep(1)
def leaves(): raise SystemExit(3)
def killed():
    import os
    os._exit(7)
def forks():
    import os
    if os.fork() == 0:
        import time
        time.sleep(600)
    return Net()
made = Net()
"""


@pytest.fixture
def nets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a file of modules, in which the test runs."""
    (tmp_path / "net.py").write_text(NETS)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def counted(name: str, shape: Sequence[int]) -> tuple[int, int]:
    """Parameters and MACs by PyTorch itself: its own sum, and its own counter of floating point operations."""
    from torch.utils.flop_counter import FlopCounterMode

    space: dict[str, object] = {}
    exec(NETS, space)  # noqa: S102 - the text above
    module = space[name]().eval()  # type: ignore[operator]
    params = sum(one.numel() for one in module.parameters())
    module = module.to("meta")
    with FlopCounterMode(display=False) as flops, torch.no_grad():
        module(torch.empty(1, *shape, device="meta"))
    return params, flops.get_total_flops() // 2


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("Net", (3, 16, 16)),
        ("Shared", (3, 8, 8)),
        ("Attention", (32, 4, 4)),
        ("Mixed", (4, 6, 6)),
        ("Encoder", (3, 16, 16)),
    ],
)
def test_params_and_macs_are_pytorch_s_own(nets: Path, name: str, shape: tuple[int, ...]) -> None:
    """Shared parameters once, an LSTM and attention too."""
    graph = cnncalc.load(f"torch:net.py:{name}", input=shape)

    assert counted(name, shape) == (cnncalc.params(graph).total, cnncalc.macs(graph).total)
    assert () == graph.changes


def test_the_paths_of_modules_are_the_names(nets: Path) -> None:
    """Lists count from 0, what a forward pass does itself is named after what it does."""
    graph = cnncalc.load("torch:net.py:Net(width=4)", input=(3, 8, 8))

    assert ["conv", "norm", "relu", "layers[0]", "add", "layers[1]", "add_2"] == [node.name for node in graph.nodes[:7]]
    assert "fc" == graph.nodes[-1].name


def test_what_attention_is_made_of_is_named_by_its_module(nets: Path) -> None:
    """The products, the softmax and the projections of a layer are below it: a table at depth 1 has it in one row."""
    graph = cnncalc.load("torch:net.py:Encoder", input=(3, 16, 16))

    assert {"patches", "flatten", "layer"} == {node.name.split("/")[0] for node in graph.nodes}
    assert 2 == sum(node.kind == "matmul" for node in graph.nodes)


def test_what_reaches_no_output_is_left_out(nets: Path) -> None:
    """PyTorch's attention averages its weights over the heads; nobody reads that, and the rest is a spec."""
    graph = cnncalc.load("torch:net.py:Weighed", input=(3, 16, 16))
    spec = cnncalc.parse(recover(graph).text)
    params, _ = counted("Weighed", (3, 16, 16))

    assert not [node.name for node in graph.nodes if "mean" in node.name]
    assert params == cnncalc.params(graph).total == cnncalc.params(spec).total
    assert not graph.changes


def test_frozen_parameters_are_frozen(nets: Path) -> None:
    """What `requires_grad` says."""
    graph = cnncalc.load("torch:net.py:Net(frozen=True)", input=(3, 8, 8))

    assert ["conv"] == [node.name for node in graph.nodes if node.frozen]
    assert 3 * 8 * 9 == cnncalc.params(graph).frozen


def test_parameters_that_no_forward_pass_reads_are_told(nets: Path) -> None:
    """They are not counted, and that is said."""
    graph = cnncalc.load("torch:net.py:Unread", input=(3, 8, 8))

    assert [("parameters-unread", 2, 9)] == [change[:3] for change in graph.changes]


def line(text: str) -> int:
    """The line of the file that has a text."""
    return next(number for number, one in enumerate(NETS.splitlines(), 1) if text in one)


REFUSED = [
    ("torch:net.py:needs", "3,8,8", "`needs` cannot be called so"),
    ("torch:net.py:number", "3,8,8", "gives an int, and no torch.nn.Module"),
    ("torch:net.py:raises", "3,8,8", f"`raises` raises ValueError: no such size (net.py:{line('no such size')})"),
    ("torch:net.py:leaves", "3,8,8", "`leaves` raises SystemExit: 3"),
    ("torch:net.py:killed", "3,8,8", "ended with exit code 7"),
    ("torch:net.py:nothing", "3,8,8", "net.py has no `nothing`"),
    ("torch:other.py:Net", "3,8,8", "there is no file other.py"),
    ("torch:no.such.module:Net", "3,8,8", "cannot be imported: ModuleNotFoundError"),
    ("torch:net.py:Net", "3,8", "the forward pass raises RuntimeError"),
    ("torch:net.py:Net", "5,8,8", "the forward pass raises RuntimeError"),
    ("torch:net.py:OnData", "3,8,8", f"hangs on the numbers in a tensor at net.py:{line('y.sum()')}"),
    ("torch:net.py:Net(width=open('x'))", "3,8,8", "is no literal"),
    ("torch:net.py:Net(width=", "3,8,8", "names no module of PyTorch"),
    ("torch:net.py", "3,8,8", "names no module of PyTorch"),
    ("torch:net.py:made(2)", "3,8,8", "is a module already"),
]


@pytest.mark.parametrize(("name", "input", "said"), REFUSED, ids=[case[0] for case in REFUSED])
def test_what_goes_wrong_is_said_in_a_line(nets: Path, name: str, input: str, said: str) -> None:
    """One error with its place, and none of the user's output."""
    with pytest.raises(CnncalcError) as error:
        cnncalc.load(name, input=tuple(map(int, input.split(","))))

    assert said in error.value.message
    assert "\n" not in error.value.message


def test_a_part_of_a_module_can_be_named(nets: Path) -> None:
    """What a forward pass that hangs on data is told to name instead."""
    graph = cnncalc.load("torch:net.py:OnData().backbone", input=(3, 8, 8))

    assert 16 == cnncalc.params(graph).total


def test_a_process_that_hangs_is_ended(nets: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After the seconds that the environment says."""
    monkeypatch.setenv("CNNCALC_TORCH_SECONDS", "8")
    with pytest.raises(CnncalcError, match="took longer than 8 s"):
        cnncalc.load("torch:net.py:hangs", input=(3, 8, 8))


def test_what_a_module_prints_and_forks_stays_apart(nets: Path) -> None:
    """The command's output is the command's alone, and a child of the child does not hold it up."""
    command = [sys.executable, "-m", "cnncalc", "params", "torch:net.py:forks", "--input", "3x8x8", "-f", "json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)

    assert (0, "") == (done.returncode, done.stderr)
    assert 8 * 3 * 9 < json.loads(done.stdout)["totals"]["params"]


def test_without_an_input_it_is_asked_for(nets: Path) -> None:
    """A module does not say its input."""
    with pytest.raises(CnncalcError, match="does not say its input"):
        cnncalc.load("torch:net.py:Net")


def test_a_name_is_source_callable_arguments_and_part() -> None:
    """Arguments are literals."""
    found = named("torch:a.b:C.make(1, 'x:y', k=[2]).body.stem")

    assert ("a.b", "C.make", (1, "x:y"), {"k": [2]}, "body.stem") == (
        found.source,
        found.callable,
        found.args,
        found.kwargs,
        found.tail,
    )
    assert not found.is_file
    assert named("torch:lib/net.py:Net").is_file


def in_memory(name: str) -> object:
    """A module, made with numbers."""
    space: dict[str, object] = {}
    exec(NETS, space)  # noqa: S102 - the text above
    return space[name]()  # type: ignore[operator]


def test_a_module_in_memory_is_left_as_it_was() -> None:
    """The same tensors, modes and hooks; a user's hook does not run."""
    module: object = in_memory("Net")
    seen: list[object] = []
    module.conv.register_forward_hook(lambda *given: seen.append(given))  # type: ignore[attr-defined]
    module.norm.eval()  # type: ignore[attr-defined]
    before = {name: (id(one), one.clone()) for name, one in module.state_dict(keep_vars=True).items()}  # type: ignore[attr-defined]
    modes = [one.training for one in module.modules()]  # type: ignore[attr-defined]

    graph = cnncalc.from_torch(module, (3, 16, 16))

    after = module.state_dict(keep_vars=True)  # type: ignore[attr-defined]
    assert counted("Net", (3, 16, 16)) == (cnncalc.params(graph).total, cnncalc.macs(graph).total)
    assert modes == [one.training for one in module.modules()]  # type: ignore[attr-defined]
    assert [] == seen
    assert 1 == len(module.conv._forward_hooks)  # type: ignore[attr-defined]
    assert all(id(after[name]) == own and torch.equal(after[name], tensor) for name, (own, tensor) in before.items())
    assert torch.is_grad_enabled()


def test_inputs_of_a_module_in_memory() -> None:
    """A shape, a tensor of a batch, by name; what is none of them is an error in a line."""
    module = in_memory("Net")
    graph = cnncalc.from_torch(module, (3, 8, 8))

    assert graph == graph
    for given in (
        torch.zeros(5, 3, 8, 8),
        {"x": (3, 8, 8)},
        {"x": torch.zeros(1, 3, 8, 8)},
        (torch.zeros(1, 3, 8, 8),),
    ):
        assert cnncalc.macs(graph).total == cnncalc.macs(cnncalc.from_torch(module, given)).total
    for wrong in ("3,8,8", (3, 0, 8), None, (3.5, 8)):
        with pytest.raises(CnncalcError):
            cnncalc.from_torch(module, wrong)
    with pytest.raises(CnncalcError, match="this is of type type"):
        cnncalc.from_torch(type(module), (3, 8, 8))


def test_torch_and_its_onnx_with_kept_norms_agree(nets: Path) -> None:
    """Two ways to one network: the same params and MACs."""
    pytest.importorskip("onnx", reason="onnx is not installed")
    import io
    import warnings

    from torch.onnx import TrainingMode

    for name, shape in (("Net", (3, 16, 16)),):
        file = io.BytesIO()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            torch.onnx.export(
                in_memory(name).eval(),
                (torch.zeros(1, *shape),),
                file,
                dynamo=False,
                training=TrainingMode.PRESERVE,
                do_constant_folding=False,
            )  # type: ignore[attr-defined]
        other = cnncalc.from_onnx(file.getvalue())
        graph = cnncalc.load(f"torch:net.py:{name}", input=shape)

        assert cnncalc.params(graph).total == cnncalc.params(other).total
        assert cnncalc.macs(graph).total == cnncalc.macs(other).total


def test_a_keras_model_in_memory_is_its_configuration() -> None:
    """Whatever answers `to_json`."""

    class Model:
        name = "tiny"

        def to_json(self) -> str:
            layers = [
                {"class_name": "InputLayer", "config": {"name": "in", "batch_input_shape": [None, 8, 8, 3]}},
                {
                    "class_name": "Conv2D",
                    "config": {
                        "name": "c",
                        "filters": 4,
                        "kernel_size": [3, 3],
                        "strides": [1, 1],
                        "padding": "same",
                        "use_bias": True,
                    },
                },
            ]
            return json.dumps({"class_name": "Sequential", "config": {"name": "tiny", "layers": layers}})

    assert 4 * (27 + 1) == cnncalc.params(cnncalc.from_keras(Model())).total
    assert 4 * (27 + 1) == cnncalc.params(cnncalc.from_keras(Model().to_json())).total


def test_code_runs_only_where_it_is_typed(nets: Path) -> None:
    """Not by a configuration, a lock, or a file that is called so."""
    (nets / "ran.py").write_text("import pathlib\npathlib.Path('ran').touch()\ndef f(): raise ValueError")
    (nets / "torch:ran.py:f").write_text("input: [3, 8, 8]\nnet: [relu]\n")
    (nets / "cnncalc.toml").write_text('specs = ["torch:*", "torch:ran.py:f"]\n')
    (nets / "cnncalc.lock").write_text('{"schema": "cnncalc.lock/1", "specs": {"torch:ran.py:f": {"params": 1}}}')
    for words in (["check"], ["summary"], ["check", "torch:ran.py:f", "--max", "params=1"]):
        subprocess.run([sys.executable, "-m", "cnncalc", *words], capture_output=True, timeout=60, check=False)

    assert not (nets / "ran").exists()


def test_that_a_module_is_written_without_its_numbers_is_said(nets: Path) -> None:
    """In one line of standard error, with what writes them; where they are given there is no such line."""

    def said(*words: str) -> str:
        command = [sys.executable, "-m", "cnncalc", "convert", "torch:net.py:Net", "--input", "3,8,8", *words]
        return subprocess.run(command, check=True, capture_output=True, text=True).stderr

    line = "weights have their shapes and no numbers, as the model's own are not written: --weights FILE "

    assert 1 == said("-o", "net.onnx").count(line)
    assert 0 == said("-o", "net.onnx", "--init", "he").count(line)


def test_a_converted_module_has_the_same_figures(nets: Path) -> None:
    """`convert` writes the spec that a person would have written."""
    command = [
        sys.executable,
        "-m",
        "cnncalc",
        "convert",
        "torch:net.py:Net",
        "--input",
        "3,16,16",
        "-o",
        "out.cnn.yaml",
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    written = cnncalc.load("out.cnn.yaml")

    assert 0 == done.returncode
    assert counted("Net", (3, 16, 16)) == (cnncalc.params(written).total, cnncalc.macs(written).total)


def cnncalc_run(*words: str) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of a command."""
    command = [sys.executable, "-m", "cnncalc", *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
    return done.returncode, done.stdout, done.stderr


def test_a_module_is_swept_over_the_sizes_of_its_input(nets: Path) -> None:
    """Each row is what PyTorch itself counts at that size, with the channels of `--input`."""
    code, out, error = cnncalc_run(
        "sweep", "torch:net.py:Net", "input=8,12", "-i", "3,16,16", "-c", "params,macs", "-f", "csv"
    )
    wanted = [[size, *counted("Net", (3, size, size))] for size in (8, 12)]

    assert (0, wanted) == (code, [list(map(int, row.split(","))) for row in out.splitlines()[1:]]), error

    limit = f"macs={wanted[0][2]}"
    code, out, error = cnncalc_run(
        "fit", "torch:net.py:Net", "--vary", "input=8:12:4", "--max", limit, "-i", "3,16,16", "-f", "json"
    )

    assert (0, 8) == (code, json.loads(out)["best"][0]["setting"]["input"]), error


def test_code_is_not_swept_into_parts(nets: Path) -> None:
    """They are gone on with later, and nothing tells then whether the code is the same."""
    code, out, error = cnncalc_run("sweep", "torch:net.py:Net", "input=8,12", "-i", "3,16,16", "-o", "points/")

    assert (2, "", False) == (code, out, Path("points").exists())
    assert "cnncalc convert 'torch:net.py:Net' -o net.cnn.yaml" in error


KERAS = {
    "class_name": "Sequential",
    "config": {
        "name": "net",
        "layers": [
            {"class_name": "InputLayer", "config": {"name": "image", "batch_shape": [None, 8, 8, 3]}},
            {"class_name": "Conv2D", "config": {"name": "conv", "filters": 4, "kernel_size": [3, 3]}},
        ],
    },
}


def test_code_is_not_taken_for_a_file_whose_norms_are_folded(nets: Path) -> None:
    """Attention has no batch norm: of a file it is said that there may have been some, of the code it is not."""
    code, out, error = cnncalc_run("macs", "torch:net.py:Attention", "-i", "32,8,8", "--as", "thop")
    assert (0, True, False) == (code, "thop" in out, "the file has" in out), error

    Path("keras.json").write_text(json.dumps(KERAS))
    code, out, error = cnncalc_run("macs", "keras.json", "--as", "thop")
    assert (0, True, False) == (code, "thop" in out, "the file has" in out), error

    assert 0 == cnncalc_run("convert", "torch:net.py:Attention", "-i", "32,8,8", "-o", "net.onnx")[0]
    assert "the file has no batch norm" in cnncalc_run("macs", "net.onnx", "--as", "thop")[1]


def test_without_pytorch_it_is_said_what_to_install(nets: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And nothing is started."""
    from cnncalc.formats.torch import running

    monkeypatch.setattr(running, "find_spec", lambda name: None)
    with pytest.raises(CnncalcError, match="PyTorch, which is not installed") as error:
        cnncalc.load("torch:net.py:Net", input=(3, 9, 9))

    assert "pip install 'cnncalc[torch]'" == error.value.help


def test_a_size_without_a_number_is_no_input(nets: Path) -> None:
    """A formula needs a spec."""
    graph = cnncalc.load("torch:net.py:Net", input=(3, 8, 8))
    with pytest.raises(CnncalcError, match="traced on sizes that have a number"):
        cnncalc.formula(graph, over="H")


def test_the_arguments_of_a_forward_pass_are_the_inputs(nets: Path) -> None:
    """By their names; one that is missing is told."""
    (nets / "two.py").write_text(
        "from torch import nn\n\nclass Two(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
        "        self.a, self.b = nn.Conv2d(3, 4, 1), nn.Conv2d(1, 4, 1)\n\n"
        "    def forward(self, left, right):\n        return self.a(left) * self.b(right)\n"
    )
    graph = cnncalc.load("torch:two.py:Two", input={"right": (1, 6, 6), "left": (3, 6, 6)})

    assert {"left": (3, 6, 6), "right": (1, 6, 6)} == dict(graph.inputs)
    assert 36 * (12 + 4) == cnncalc.macs(graph).total
    with pytest.raises(CnncalcError, match="missing a required argument: 'right'"):
        cnncalc.load("torch:two.py:Two", input=(3, 6, 6))


def test_a_file_of_code_is_told_how_it_is_read(nets: Path) -> None:
    """And a configuration that names code, that code is typed."""
    with pytest.raises(CnncalcError, match="is code") as error:
        cnncalc.load("net.py")
    (nets / "cnncalc.toml").write_text('specs = ["torch:net.py:Net"]\n')
    command = [sys.executable, "-m", "cnncalc", "check"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

    assert "torch:net.py:NAME --input 3,224,224 reads the PyTorch module NAME in it" == error.value.help
    assert 2 == done.returncode
    assert "which is code, and code runs only where it is typed" in done.stderr


def test_a_name_of_any_length_and_signs_is_answered(nets: Path) -> None:
    """One error, whatever stands behind `torch:`."""
    for text in (
        "",
        ":",
        "::",
        "a" * 5000,
        "net.py:Net(" + "[" * 3000,
        "net.py:Net(\0)",
        "net.py:Net(*[1])",
        "net.py:Net(**{})",
        "net.py:Net(1)(2)",
        "\n:\n",
        "net.py:Net\0",
    ):
        with pytest.raises(CnncalcError) as error:
            cnncalc.load(f"torch:{text}", input=(3, 8, 8))
        assert "Traceback" not in error.value.message


OPERATORS = {
    "glu": lambda x: torch.nn.functional.glu(x, 1),
    "celu": torch.nn.functional.celu,
    "softplus": lambda x: torch.nn.functional.softplus(x, 2),
    "std": lambda x: x.std(1, keepdim=True),
    "normalize": lambda x: torch.nn.functional.normalize(x, dim=1),
    "stack": lambda x: torch.stack([x, x], 1),
    "tensor_split": lambda x: x.tensor_split(2, 3)[0],
    "roll": lambda x: x.roll((1, -2), (2, 3)),
    "flip": lambda x: x.flip(2, 3),
    "unfold": lambda x: x.unfold(2, 3, 2),
    "im2col": lambda x: torch.nn.functional.unfold(x, 3, padding=1, stride=2),
    "repeat_interleave": lambda x: x.repeat_interleave(2, 1),
    "circular": lambda x: torch.nn.functional.pad(x, (1, 1, 1, 1), mode="circular"),
    "cut": lambda x: torch.nn.functional.pad(x, (-1, 0, 0, 2)),
    "pixel_unshuffle": lambda x: torch.nn.functional.pixel_unshuffle(x, 2),
    "channel_shuffle": lambda x: torch.nn.functional.channel_shuffle(x, 2),
    "movedim": lambda x: x.movedim(1, 3),
    "two indices": lambda x: x[:, :, [0, 1], [2, 3]],
    "slices": lambda x: x[:, ::2, 1:-1, -3:],
    "bicubic": lambda x: torch.nn.functional.interpolate(x, scale_factor=1.5, mode="bicubic", align_corners=True),
    "adaptive": lambda x: torch.nn.functional.adaptive_avg_pool2d(x, (3, 2)),
    "ceil": lambda x: torch.nn.functional.avg_pool2d(x, 3, 2, 1, ceil_mode=True, count_include_pad=False),
    "einsum": lambda x: torch.einsum("...hw,...hv->...wv", x, x),
    "causal": lambda x: torch.nn.functional.scaled_dot_product_attention(x, x, x, is_causal=True),
    "statistics": lambda x: torch.nn.functional.batch_norm(x, None, None, training=True),
    "whole": lambda x: torch.nn.functional.layer_norm(x, x.shape[1:]),
    "in place": lambda x: x.clone().add_(1).mul_(2),
    "positions": lambda x: x + torch.arange(12.0, device=x.device)[None, None, None],
    "beside itself": lambda x: x.view(4, 12, 12)[..., None] + x.view(4, 12, 12)[..., None, :],
    "windows": lambda x: torch.nn.functional.max_pool2d(x.view(4, 2, 6, 12).transpose(0, 1), 2),
    "one head": lambda x: torch.nn.functional.scaled_dot_product_attention(*[x.view(4, 12, 1, 12).transpose(1, 2)] * 3),
    "addmm": lambda x: torch.addmm(x[0, 0], x[0, 1], x[0, 2])[None],
}  # fmt: skip
"""What modules of PyTorch do in their forward passes."""


@pytest.mark.parametrize("name", OPERATORS)
def test_the_shape_of_an_operator_is_pytorch_s(name: str) -> None:
    """By running it, and MACs by PyTorch's counter."""
    from torch.utils.flop_counter import FlopCounterMode

    class Module(torch.nn.Module):  # type: ignore[misc,name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.conv = torch.nn.Conv2d(3, 4, 1)

        def forward(self, x: object) -> object:
            return OPERATORS[name](self.conv(x))  # type: ignore[no-untyped-call]

    graph = cnncalc.from_torch(Module(), (3, 12, 12))
    with FlopCounterMode(display=False) as flops, torch.no_grad():
        made = Module().to("meta")(torch.zeros(1, 3, 12, 12, device="meta"))

    assert sorted(made.shape) in (
        sorted((1, *graph.output_shape)),
        sorted(graph.output_shape),
    )  # axes may lie otherwise
    assert flops.get_total_flops() // 2 == cnncalc.macs(graph).total


NAMES = {
    "absolute": (torch.absolute, torch.abs),
    "clip": (lambda x: torch.clip(x, 0, 2), lambda x: torch.clamp(x, 0, 2)),
    "divide": (lambda x: torch.divide(x, x.exp()), lambda x: x / x.exp()),
    "greater": (lambda x: torch.greater(x, 0) * x, lambda x: (x > 0) * x),
    "greater_equal": (lambda x: torch.greater_equal(x, 0) * x, lambda x: (x >= 0) * x),
    "less": (lambda x: torch.less(x, 0) * x, lambda x: (x < 0) * x),
    "less_equal": (lambda x: torch.less_equal(x, 0) * x, lambda x: (x <= 0) * x),
    "moveaxis": (lambda x: torch.moveaxis(x, 1, 3) + 1, lambda x: x.movedim(1, 3) + 1),
    "multiply": (lambda x: torch.multiply(x, 3), lambda x: x * 3),
    "negative": (torch.negative, lambda x: -x),
    "not_equal": (lambda x: torch.not_equal(x, 0) * x, lambda x: (x != 0) * x),
    "special_expit": (torch.special.expit, torch.sigmoid),
    "special_log_softmax": (lambda x: torch.special.log_softmax(x, 1), lambda x: x.log_softmax(1)),
    "special_softmax": (lambda x: torch.special.softmax(x, 1), lambda x: x.softmax(1)),
    "subtract": (lambda x: torch.subtract(x, x.exp(), alpha=2), lambda x: x - 2 * x.exp()),
}  # fmt: skip
"""An operator by its other name, and by the usual one."""


@pytest.mark.parametrize("name", NAMES)
def test_an_operator_is_the_same_by_each_of_its_names(name: str) -> None:
    """The same layers with the same arguments."""

    def read(function: object) -> list[tuple[str, object]]:
        class Module(torch.nn.Module):  # type: ignore[misc,name-defined]
            def __init__(self) -> None:
                super().__init__()
                self.conv = torch.nn.Conv2d(3, 4, 1)

            def forward(self, x: object) -> object:
                return function(self.conv(x))  # type: ignore[operator]

        return [(node.kind, vars(node.layer)) for node in cnncalc.from_torch(Module(), (3, 6, 6)).nodes]

    assert read(NAMES[name][0]) == read(NAMES[name][1])


def test_every_other_name_has_a_case() -> None:
    """A new one is asked for here."""
    from cnncalc.formats.torch.operators.aliases import ALIASES

    assert set(ALIASES) == set(NAMES)


WEIGHTS = """
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 80, 3, padding=1)
        self.norm = nn.BatchNorm2d(80)
        self.norm.running_mean.uniform_(-1, 1)
        self.lstm = nn.LSTM(80, 6, batch_first=True, bidirectional=True)
        self.file = nn.Parameter(torch.randn(12, 4, 2))
        self.fc = nn.Linear(8, 5)

    def forward(self, x):
        x = torch.relu(self.norm(self.conv(x))).mean(3).transpose(1, 2)
        return self.fc(torch.einsum("blc,chk->bhk", self.lstm(x)[0], self.file).flatten(1))


class Normed(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.utils.parametrizations.weight_norm(nn.Conv2d(3, 4, 3))

    def forward(self, x):
        return self.conv(x)
"""


def test_a_module_runs_with_its_own_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In memory and by its name, drawn with seed 0: the output is PyTorch's."""
    import numpy as np

    monkeypatch.chdir(tmp_path)
    Path("own_weights.py").write_text(WEIGHTS, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    torch.manual_seed(0)
    module = importlib.import_module("own_weights").Net().eval()
    image = np.random.default_rng(0).normal(size=(3, 6, 6)).astype(np.float32)
    np.save("x.npy", image)
    with torch.no_grad():
        wanted = module(torch.from_numpy(image)[None])[0].numpy()
    graph = cnncalc.from_torch(module, (3, 6, 6))
    assert graph.stored is not None
    held = cnncalc.run(graph, image, graph.stored.read(graph, np.float32)).output  # type: ignore[arg-type]
    words = ["run", "torch:own_weights.py:Net", "--input", "3,6,6", "--input-file", "x.npy", "--out", "y.npz"]
    done = subprocess.run([sys.executable, "-m", "cnncalc", *words], check=False, capture_output=True, text=True)

    assert np.ravel(held) == pytest.approx(wanted, rel=1e-4, abs=1e-5)
    assert "weights of torch:own_weights.py:Net" in done.stdout, done.stderr
    assert np.ravel(np.load("y.npz")["output"]) == pytest.approx(wanted, rel=1e-4, abs=1e-5)


def test_what_is_drawn_in_a_pass_has_no_numbers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In one line, with the line of the code and what to do."""
    monkeypatch.chdir(tmp_path)
    text = WEIGHTS.replace("return self.conv(x)", "return self.conv(x) + torch.rand(4, 4, device=x.device)").replace(
        "from torch import nn", "import torch\nfrom torch import nn"
    )
    Path("drawing.py").write_text(text, encoding="utf-8")
    words = ["run", "torch:drawing.py:Normed", "--input", "3,6,6"]
    done = subprocess.run([sys.executable, "-m", "cnncalc", *words], check=False, capture_output=True, text=True)

    assert "the numbers of `rand` (drawing.py:" in done.stderr
    assert "--init he draws weights, --weights FILE.npz reads them" in done.stderr
    assert 2 == done.returncode


def test_what_layers_compute_with_is_validated_though_it_is_made_of_others(tmp_path: Path) -> None:
    """A convolution of 5 filters by its directions and lengths: 5 * 4 * 9 + 5 numbers at work, 5 more are stored."""
    (tmp_path / "normed.py").write_text(
        "from torch import nn\nclass Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
        "        self.conv = nn.utils.parametrizations.weight_norm(nn.Conv2d(4, 5, 3))\n"
        "    def forward(self, x):\n        return self.conv(x)\n",
        encoding="utf-8",
    )
    graph = cnncalc.load(f"torch:{tmp_path / 'normed.py'}:Net", input=(4, 7, 6))
    found = cnncalc.validate(graph)
    row = next(row for row in found.rows if row.figure == "parameters")

    assert (190, 185, True) == (cnncalc.params(graph).total, row.measured, found.holds)
    assert "those that layers compute with, made of 190 parameters" == row.note


OLD = {
    "blocks.py": "from torch import nn\ndef block(width):\n    return nn.Conv2d(3, width, 1)\n",
    "net.py": "import blocks\nfrom torch import nn\nclass Net(nn.Module):\n    def __init__(self):\n"
    "        super().__init__()\n        self.block = blocks.block(8)\n"
    "    def forward(self, x):\n        return self.block(x)\n",
}


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A module whose block has grown since the commit `HEAD`: 8 * 3 + 8 parameters then, 16 * 3 + 16 now."""
    monkeypatch.chdir(tmp_path)
    for name, text in OLD.items():
        Path(name).write_text(text, encoding="utf-8")
    who = ["-c", "user.name=a", "-c", "user.email=a@b"]
    for words in (["init", "-q", "."], ["add", "."], [*who, "commit", "-q", "-m", "one"]):
        subprocess.run(["git", *words], check=True)
    Path("blocks.py").write_text(OLD["blocks.py"].replace("width, 1", "2 * width, 1"), encoding="utf-8")
    return tmp_path


def test_code_of_a_commit_imports_what_that_commit_has(repository: Path) -> None:
    """And runs again on another input, after its folder is gone."""
    then = cnncalc.load("torch:git:HEAD:net.py:Net", input=(3, 4, 4))
    now = cnncalc.load("torch:net.py:Net", input=(3, 4, 4))
    assert then.again is not None
    again = then.again({"x": (3, 8, 8)})

    assert (32, 64) == (cnncalc.params(then).total, cnncalc.params(now).total)
    assert (24 * 16, 24 * 64) == (cnncalc.macs(then).total, cnncalc.macs(again).total)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("torch:git:HEAD:other.py:Net", "torch:git:HEAD:other.py:Net: HEAD has no file other.py"),
        ("torch:git:none:net.py:Net", "the repository has no commit or branch `none`"),
        ("torch:git:HEAD:net:Net", "`torch:git:HEAD:net:Net` names no file of a commit"),
        ("torch:git:HEAD:net.py:Nett", "net.py has no `Nett`"),
        ("git:HEAD:net.py:Net", "torch:git:HEAD:net.py:Net reads a module of PyTorch in it"),
    ],
)
def test_code_that_a_commit_does_not_have_is_one_line(repository: Path, name: str, message: str) -> None:
    """Without the folder that it lay in."""
    with pytest.raises(CnncalcError) as refused:
        cnncalc.load(name, input=(3, 4, 4))

    assert message in f"{refused.value.message} {refused.value.help}"
    assert "cnncalc-" not in str(refused.value)


def test_a_bilinear_layer_is_a_linear_one_and_a_product() -> None:
    """Its numbers are PyTorch's; 4 x 6 x 5 weights and 4 shifts, and as many MACs as weights, and 4 x 5."""
    import numpy as np

    class Pair(torch.nn.Module):  # type: ignore[misc,name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.pair = torch.nn.Bilinear(6, 5, 4)

        def forward(self, x: object) -> object:
            return self.pair(x, x[..., :5])  # type: ignore[index]

    torch.manual_seed(0)
    module, x = Pair().eval(), np.random.default_rng(0).normal(size=6).astype(np.float32)
    graph = cnncalc.from_torch(module, 6)
    assert graph.stored is not None
    y = cnncalc.run(graph, x, graph.stored.read(graph, np.float32)).output  # type: ignore[arg-type]

    assert (124, 120 + 20) == (cnncalc.params(graph).total, cnncalc.macs(graph).total)
    assert np.ravel(y) == pytest.approx(module(torch.from_numpy(x)[None])[0].detach().numpy(), rel=1e-4, abs=1e-5)


def test_a_layer_that_is_lazy_is_told_to_be_in_one_line() -> None:
    """It has no sizes before its first input."""
    with pytest.raises(CnncalcError) as refused:
        cnncalc.from_torch(torch.nn.Sequential(torch.nn.LazyConv2d(4, 3)), (3, 8, 8))

    assert "Sequential: `0` is a LazyConv2d, which has no size before its first input" == refused.value.message


class Lookup(torch.nn.Module):  # type: ignore[misc,name-defined]
    """Entries of a table, which an input of whole numbers chooses."""

    def __init__(self) -> None:
        super().__init__()
        self.table = torch.nn.Parameter(torch.zeros(10, 4))

    def forward(self, ids: object) -> object:
        """The entries."""
        return self.table[ids]


def test_an_input_that_chooses_entries_is_one_of_whole_numbers() -> None:
    """Also where no type is given: a sequence of seven, each the four numbers of its row."""
    graph = cnncalc.from_torch(Lookup(), 7)

    assert ({"ids": (1, 7)}, {"ids": "int64"}) == (dict(graph.inputs), dict(graph.input_dtypes))
    assert [("embedding", (4, 7))] == [(node.kind, node.output) for node in graph.nodes]


def test_what_is_not_known_has_the_shape_that_pytorch_says() -> None:
    """The last layer of a network too; without the option it is told, and not as of a file."""

    class Sorted(torch.nn.Module):  # type: ignore[misc,name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.conv = torch.nn.Conv2d(3, 4, 3)

        def forward(self, x: object) -> object:
            return self.conv(x).sort(2)[0]  # type: ignore[operator]

    graph = cnncalc.from_torch(Sorted(), (3, 8, 8), allow_unknown=True)
    with pytest.raises(CnncalcError) as refused:
        cnncalc.from_torch(Sorted(), (3, 8, 8))

    assert [("conv", (4, 6, 6)), ("unknown", (4, 6, 6))] == [(node.kind, node.output) for node in graph.nodes]
    assert "--allow-unknown counts the rest" == refused.value.help


def test_an_operator_whose_sizes_hang_on_numbers_is_told_by_its_line() -> None:
    """No count has them; the message is ours, and no exception of PyTorch."""

    class Counts(torch.nn.Module):  # type: ignore[misc,name-defined]
        def forward(self, x: object) -> object:
            return torch.bincount(x.argmax(1).flatten())  # type: ignore[attr-defined]

    with pytest.raises(CnncalcError) as refused:
        cnncalc.from_torch(Counts(), (3, 8, 8))

    assert "Counts: the forward pass hangs on the numbers in a tensor at " in refused.value.message
    assert "which a count does not have" in refused.value.message


@pytest.mark.parametrize("name", ["efficientnet_b0", "mobilenet_v3_large", "mobilenet_v2", "shufflenet_v2_x1_5"])
def test_a_network_of_the_zoo_has_the_eps_of_torchvision(name: str) -> None:
    """It is in no file of weights, and a network that is run with those of torchvision computes with it."""
    if not find_spec("torchvision"):
        pytest.skip("torchvision is not installed")
    from other_tools import torchvision_models

    norms = {part.eps for part in getattr(torchvision_models(), name)().modules() if hasattr(part, "eps")}
    own = {vars(node.layer)["eps"] for node in cnncalc.load(name).nodes if node.layer.family == "norm"}

    assert norms == own
