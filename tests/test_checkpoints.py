"""Checkpoints: what a header says, what it may not say, and whether it fits a network."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

import cnncalc
from cnncalc import CnncalcError, load, reports
from cnncalc.analyses.checkpoints import match
from cnncalc.cli import app
from cnncalc.formats.safetensors import MOST, checkpoint

Header = Mapping[str, Any]


def raw(header: bytes, numbers: bytes = b"", length: int | None = None) -> bytes:
    """A file as the format says: length, header, numbers."""
    return (len(header) if length is None else length).to_bytes(8, "little") + header + numbers


def saved(path: Path, arrays: Mapping[str, np.ndarray], dtypes: Mapping[str, str] | None = None) -> Path:
    """A checkpoint with these arrays, in the order of the library: larger dtypes first, then by name."""
    names = {"<f4": "F32", "<f2": "F16", "<f8": "F64", "<i8": "I64", "<u2": "BF16"}
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    at, parts = 0, []
    for name in sorted(arrays, key=lambda one: (-arrays[one].itemsize, one)):
        data = np.ascontiguousarray(arrays[name]).tobytes()
        header[name] = {
            "dtype": names[arrays[name].dtype.str],
            "shape": list(arrays[name].shape),
            "data_offsets": [at, at + len(data)],
        }
        at += len(data)
        parts.append(data)
    path.write_bytes(raw(json.dumps(header).encode(), b"".join(parts)))
    return path


def invoke(*words: object) -> Any:
    """A command, in this process."""
    return CliRunner().invoke(app, [str(word) for word in words])


NORM = {"bn.weight": np.ones(4, "<f4"), "bn.running_mean": np.zeros(4, "<f4"), "bn.num_batches_tracked": np.array(3)}
SMALL = {"conv.weight": np.ones((4, 3, 3, 3), "<f2"), **NORM}


def test_params_lists_what_is_stored(tmp_path: Path) -> None:
    """108 + 4 params; 4 and 1 numbers are buffers; 108 * 2 + 8 * 4 + 8 bytes."""
    path = saved(tmp_path / "m.safetensors", SMALL)

    done = invoke("params", path, "-f", "json")
    found = json.loads(done.stdout)

    assert {"tensors": 4, "params": 112, "buffers": 5, "bytes": 256} == found["totals"]
    assert {"F16": 216, "F32": 32, "I64": 8} == {row["dtype"]: row["bytes"] for row in found["dtypes"]}
    assert {"format": "pt"} == found["metadata"]
    assert "has no architecture: MACs" in invoke("params", path).stdout


def test_a_depth_makes_a_row_for_each_module(tmp_path: Path) -> None:
    """`conv` and `bn`."""
    path = saved(tmp_path / "m.safetensors", SMALL)

    found = reports.tensors(checkpoint(str(path)), view=reports.View(1)).tables[0].rows

    assert {"conv": 108, "bn": 4} == {row["name"]: row["params"] for row in found}


def test_the_header_is_read_as_the_library_reads_it(tmp_path: Path) -> None:
    """Names, shapes and dtypes are those of `safetensors`."""
    numpy = pytest.importorskip("safetensors.numpy")
    numpy.save_file(
        {"b": np.zeros((2, 0)), "a": np.array(1, np.float32), "c": np.ones(3, np.int8)}, tmp_path / "m.safetensors"
    )

    found = checkpoint(str(tmp_path / "m.safetensors")).tensors

    assert {"b": ("F64", (2, 0)), "a": ("F32", ()), "c": ("I8", (3,))} == {
        n: (t.dtype, t.shape) for n, t in found.items()
    }


ONE = {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}


def told(**records: Any) -> bytes:
    """A header."""
    return json.dumps(records).encode()


DAMAGED = {
    "empty": (b"", "is cut short: 0 bytes"),
    "a header longer than the file": (raw(b"{}", length=1 << 40), "is cut short or no checkpoint"),
    "a header that is too long": (raw(b" " * (MOST + 1)), "are the most that are read"),
    "no JSON": (raw(b"{"), "is no JSON"),
    "no text": (raw(b"\xff\xfe{}"), "is no JSON"),
    "nested without an end": (raw(b"[" * 100_000), "nested too deeply"),
    "a list": (raw(b"[]"), "names no tensors"),
    "a name twice": (raw(b'{"a": {}, "a": {}}'), "has `a` twice"),
    "no record": (raw(told(a=1)), "`a` is not told"),
    "an odd dtype": (raw(told(a=ONE | {"dtype": "Q2"})), "has the dtype Q2, which is not known"),
    "a negative size": (raw(told(a=ONE | {"shape": [-2]})), "no shape that a tensor can have"),
    "a huge size": (raw(told(a=ONE | {"shape": [1 << 40, 1 << 40]})), "no shape that a tensor can have"),
    "true for a size": (raw(told(a=ONE | {"shape": [True]})), "no shape that a tensor can have"),
    "offsets the wrong way": (raw(told(a=ONE | {"data_offsets": [8, 0]})), "no offsets that a tensor can have"),
    "another size": (raw(told(a=ONE | {"shape": [3]}), bytes(8)), "has 8 bytes where its shape and dtype need 12"),
    "an overlap": (
        raw(told(a=ONE, b=ONE | {"data_offsets": [4, 12]}), bytes(12)),
        "`b` overlaps the tensor before it",
    ),
    "a gap": (raw(told(a=ONE, b=ONE | {"data_offsets": [12, 20]}), bytes(20)), "`b` lies behind a gap"),
    "cut short": (raw(told(a=ONE), bytes(7)), "its tensors have 8 bytes, and 7 are there"),
    "more than is told": (raw(told(a=ONE), bytes(9)), "1 bytes behind its last tensor"),
    "a pointer": (b"version https://git-lfs.github.com/spec/v1\n", "is a pointer of Git LFS"),
}


@pytest.mark.parametrize("case", DAMAGED)
def test_a_header_that_lies_is_one_line(case: str, tmp_path: Path) -> None:
    """Exit code 2 and what is wrong."""
    content, message = DAMAGED[case]
    (tmp_path / "m.safetensors").write_bytes(content)

    done = invoke("params", tmp_path / "m.safetensors")

    assert 2 == done.exit_code
    assert message in done.stderr
    assert 1 == sum(line.startswith("error:") for line in done.stderr.splitlines())


@pytest.mark.parametrize("command", ["summary", "macs", "shapes", "memory", "receptive-field", "show", "convert"])
def test_what_a_checkpoint_cannot_say_is_said(command: str, tmp_path: Path) -> None:
    """It has no architecture."""
    path = saved(tmp_path / "m.safetensors", SMALL)

    done = invoke(command, path)

    assert 2 == done.exit_code
    assert "is a checkpoint: it has tensors and no architecture" in done.stderr


@pytest.mark.parametrize("name", ["m.pt", "m.pth", "m.bin", "m.ckpt"])
def test_a_pickle_is_never_read(name: str, tmp_path: Path) -> None:
    """The way to a file that is no program is told."""
    (tmp_path / name).write_bytes(b"cos\nsystem\n(S'touch broken'\ntR.")

    done = invoke("params", tmp_path / name)

    assert 2 == done.exit_code
    assert "a program, which is never run" in done.stderr
    assert "from safetensors.torch import save_file" in done.stderr
    assert not (tmp_path / "broken").exists()


NET = """\
input: [3, 8, 8]
net:
  - {conv: {out: 4, kernel: 3, bias: false}, as: conv1}
  - {batchnorm: {}, as: bn1}
  - {conv: {out: 4, kernel: 3}, repeat: 12, as: body}
  - globalavgpool
  - {linear: 5, as: fc}
"""
TURNS = NET.replace("kernel: 3}, repeat", "kernel: 1}, repeat")


def weights(prefix: str = "", body: str = "body.{}", head: int = 5) -> dict[str, np.ndarray]:
    """The tensors of NET under names of PyTorch, each with its own value."""
    shapes = {"conv1.weight": (4, 3, 3, 3)}
    shapes |= {f"bn1.{part}": (4,) for part in ("weight", "bias", "running_mean", "running_var")}
    for turn in range(12):
        shapes |= {f"{body.format(turn)}.weight": (4, 4, 1, 1), f"{body.format(turn)}.bias": (4,)}
    shapes |= {"fc.weight": (head, 4), "fc.bias": (head,)}
    return {prefix + name: np.full(shape, n, "<f4") for n, (name, shape) in enumerate(shapes.items(), 1)}


@pytest.fixture
def net(tmp_path: Path) -> Path:
    """A spec with twelve layers alike."""
    (tmp_path / "net.yaml").write_text(TURNS, encoding="utf-8")
    return tmp_path / "net.yaml"


FITTED = {
    "the same names": (weights(), True, "fits: all 31 tensors"),
    "wrapped": (weights("module."), True, "fits: all 31 tensors"),
    "other names": (weights(body="stage.{}.conv"), True, "fits: all 31 tensors"),
    "another head": (weights(head=7), False, "29 of 31 tensors do, 2 of another shape"),
    "one more": (weights() | {"aux.weight": np.ones((2, 2), "<f4")}, False, "31 of 31 tensors do, 1 not used"),
    "counters do not matter": (weights() | {"bn1.num_batches_tracked": np.array(1)}, True, "fits: all 31 tensors"),
}


@pytest.mark.parametrize("case", FITTED)
def test_diff_says_whether_a_checkpoint_fits(case: str, net: Path, tmp_path: Path) -> None:
    """By their names; a size mismatch is found before training starts."""
    arrays, fits, message = FITTED[case]
    path = saved(tmp_path / "m.safetensors", arrays)

    done = invoke("diff", net, path, "--params", "--exit-code")
    found = json.loads(invoke("diff", net, path, "--params", "-f", "json").stdout)

    assert message in done.stdout
    assert (fits, int(not fits)) == (found["fits"], done.exit_code)


OPEN = "vars: {width: 4}\ninput: [C, H, W]\nnet: [{conv: {out: $width, kernel: 3}, as: conv}]\n"

OWN = [("input", "3,9,9"), ("set", "width=8")]


def test_what_is_asked_of_both_is_for_the_network(tmp_path: Path) -> None:
    """`--input` and `--set` make the network; those of the second alone, a checkpoint, change nothing."""
    spec = tmp_path / "open.yaml"
    spec.write_text(OPEN, encoding="utf-8")
    arrays = {"conv.weight": np.ones((8, 3, 3, 3), "<f4"), "conv.bias": np.ones(8, "<f4")}
    path = saved(tmp_path / "m.safetensors", arrays)

    done = invoke("diff", spec, path, "--params", "--input", "3,9,9", "--set", "width=8")
    own = [invoke("diff", spec, path, "--params", "-i", "3,9,9", f"--{option}-b", value) for option, value in OWN]
    both = invoke("diff", path, path, "--params", "-i", "3,9,9")

    assert (0, True) == (done.exit_code, "fits: all 2 tensors" in done.stdout)
    for (option, _), one in zip(OWN, own, strict=True):
        assert f"`--{option}` changes nothing of a checkpoint" in one.stderr
    assert "--params compares a network with a checkpoint" in both.stderr


def test_numbers_in_names_count_as_numbers(net: Path, tmp_path: Path) -> None:
    """`2` is before `10` though the file is sorted by letters, and names here say nothing."""
    arrays = {f"x{name}": value for name, value in weights(body="b.{}").items()}
    path = saved(tmp_path / "m.safetensors", arrays)

    found = json.loads(invoke("diff", net, path, "--params", "-f", "json").stdout)

    pairs = {row["tensor"]: row["stored"] for row in found["tensors"]}
    assert "modules" == found["by"]
    assert {f"body[{turn}].bias": f"xb.{turn}.bias" for turn in range(12)}.items() <= pairs.items()
    assert 0 == found["alike"]


def test_a_head_of_another_size_is_one_pair() -> None:
    """Not one that is missing and one that is left."""
    found = match({"a.weight": (4, 3), "b.weight": (10, 4)}, {"p.weight": (4, 3), "q.weight": (7, 4)})

    assert ({"a.weight": "p.weight"}, {"b.weight": "q.weight"}) == (found.pairs, found.unlike)
    assert "order" == found.by


def test_what_stands_in_one_module_stays_together() -> None:
    """Two norms of one size: the alphabet has the blocks first, the network the norm before them."""
    norm, taps = (8,), (8, 8, 3, 3)
    found = match(
        {"bn.weight": norm, "stage[0]/bn.weight": norm, "stage[0]/conv.weight": taps, "stage[1]/bn.weight": norm,
         "stage[1]/conv.weight": taps, "last.weight": norm},
        {"block1.conv.weight": taps, "block1.norm.weight": norm, "block2.conv.weight": taps, "block2.norm.weight": norm,
         "norm0.weight": norm, "norm5.weight": norm, "aux.weight": (5, 8)},
    )  # fmt: skip

    assert ["norm0.weight", "block1.norm.weight", "block1.conv.weight", "block2.norm.weight", "block2.conv.weight",
            "norm5.weight"] == list(found.pairs.values())  # fmt: skip
    assert (["aux.weight"], "modules") == (found.unused, found.by)


def test_of_modules_that_are_alike_the_name_decides() -> None:
    """Queries, keys and values have one shape, and stand in the alphabet as they do not in the network."""
    wide = (8, 8)
    here = ["attn/query.weight", "attn/key.weight", "attn/value.weight"]
    there = ["x.k_key.weight", "x.q_query.weight", "x.v_value.weight"]
    found = match(dict.fromkeys(here, wide), dict.fromkeys(there, wide))

    assert dict(zip(here, [there[1], there[0], there[2]], strict=True)) == found.pairs
    assert 0 == found.alike


def test_modules_in_another_order_than_the_network_are_told_by_order() -> None:
    """A network goes through two lists of modules by turns: neither stays together."""
    wide, high = (8, 8), (9, 8)
    found = match(
        {"a.weight": wide, "b.weight": high, "c.weight": wide, "d.weight": high},
        {"p.0.weight": wide, "p.1.weight": wide, "q.0.weight": high, "q.1.weight": high},
    )

    assert ["p.0.weight", "q.0.weight", "p.1.weight", "q.1.weight"] == list(found.pairs.values())
    assert ("order", 4) == (found.by, found.alike)


def test_names_that_are_nested_without_an_end_are_matched_by_order() -> None:
    """Their depth is bounded."""
    found = match({"a.weight": (3, 2)}, {f"{'x.' * 5000}weight": (3, 2)})

    assert "order" == found.by


@pytest.mark.parametrize(
    ("name", "spec"),
    [
        ("densenet121", "densenet121"),
        ("mobilenet_v2", "mobilenet_v2"),
        ("googlenet", "googlenet_torchvision"),
        ("resnet50", "resnet50"),
    ],
)
def test_torchvision_s_weights_are_found_though_no_name_is_the_same(name: str, spec: str, tmp_path: Path) -> None:
    """Sorted by the alphabet as the library does; the output is PyTorch's."""
    torch = pytest.importorskip("torch")
    if not find_spec("torchvision"):
        pytest.skip("no torchvision")
    from other_tools import torchvision_models

    aux = {"aux_logits": True, "init_weights": True} if name == "googlenet" else {}
    model = getattr(torchvision_models(), name)(weights=None, **aux).eval()
    draw = torch.Generator().manual_seed(1)
    for tensor in model.state_dict().values():
        if tensor.is_floating_point() and tensor.dim() < 2:
            tensor.uniform_(0.5, 1, generator=draw)
    path = saved(tmp_path / "m.safetensors", {key: one.numpy() for key, one in model.state_dict().items()})
    graph, image = load(spec, input=(3, 64, 64)), np.random.default_rng(1).uniform(0, 1, (3, 64, 64)).astype("<f4")

    from cnncalc.cli.run_weights import read

    y = cnncalc.run(graph, image, read(str(path), graph, np.float32)).output
    with torch.no_grad():
        wanted = model(torch.from_numpy(image)[None])[0].numpy()
    assert np.abs(np.ravel(y) - wanted).max() < 1e-4 * max(1, np.abs(wanted).max())


def test_saliency_takes_a_checkpoint(net: Path, tmp_path: Path) -> None:
    """As `run` does."""
    path = saved(tmp_path / "m.safetensors", weights())
    np.save(tmp_path / "x.npy", np.random.default_rng(1).uniform(0, 1, (3, 8, 8)))

    done = invoke("saliency", net, "--image", tmp_path / "x.npy", "--weights", path, "--out", tmp_path / "y.npy")

    assert 0 == done.exit_code, done.output
    assert "weights matched by their names: 31 tensors" in done.stderr


def test_a_network_does_not_run_with_weights_that_do_not_fit(net: Path, tmp_path: Path) -> None:
    """One line with the first."""
    path = saved(tmp_path / "m.safetensors", weights(head=7))

    done = invoke("run", net, "--weights", path)

    assert 2 == done.exit_code
    assert "2 of 31 tensors have none of their shape, `fc.weight` first" in done.stderr


def test_a_dtype_that_is_not_read_is_named(net: Path, tmp_path: Path) -> None:
    """Whole numbers are no weights."""
    path = saved(tmp_path / "m.safetensors", weights() | {"fc.bias": np.ones(5, "<i8")})

    assert "`fc.bias` of" in invoke("run", net, "--weights", path).stderr


@pytest.mark.parametrize("kind", ["F32", "F16", "BF16"])
def test_resnet18_runs_as_pytorch_runs_it(kind: str, tmp_path: Path) -> None:
    """Drawn weights under the names of torchvision, whose order the file does not keep."""
    torch = pytest.importorskip("torch")
    model = resnet18(torch, torch.Generator().manual_seed(1))
    dtype = {"F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16}[kind]
    state = {
        name: value.to(dtype) if value.is_floating_point() else value for name, value in model.state_dict().items()
    }
    model.load_state_dict({name: value.float() for name, value in state.items()})
    arrays = {
        name: value.view(torch.int16).numpy().view("<u2") if value.dtype == torch.bfloat16 else value.numpy()
        for name, value in state.items()
    }
    saved(tmp_path / "m.safetensors", arrays)
    image = np.random.default_rng(1).uniform(0, 1, (3, 64, 64)).astype("<f4")
    np.save(tmp_path / "x.npy", image)

    done = invoke(
        *("run", "resnet18", "--input", "3,64,64", "--weights", tmp_path / "m.safetensors"),
        *("--input-file", tmp_path / "x.npy", "--out", tmp_path / "y.npz"),
    )

    assert 0 == done.exit_code, done.output
    assert "layer1[0]/main/conv1.weight <- layer1.0.conv1.weight" in done.stderr
    assert "weights matched by their modules and shapes" in done.stderr
    with torch.no_grad():
        wanted = model(torch.from_numpy(image)[None])[0].numpy()
    assert 1e-4 > np.abs(np.load(tmp_path / "y.npz")["output"] - wanted).max()


def resnet18(torch: Any, draw: Any) -> Any:
    """As torchvision has it: names and order of the modules."""
    nn = torch.nn

    class Block(nn.Module):
        def __init__(self, before: int, width: int, stride: int) -> None:
            super().__init__()
            self.conv1 = nn.Conv2d(before, width, 3, stride, 1, bias=False)
            self.bn1 = nn.BatchNorm2d(width)
            self.conv2 = nn.Conv2d(width, width, 3, 1, 1, bias=False)
            self.bn2 = nn.BatchNorm2d(width)
            self.downsample = None
            if stride > 1:
                self.downsample = nn.Sequential(nn.Conv2d(before, width, 1, stride, bias=False), nn.BatchNorm2d(width))

        def forward(self, x: Any) -> Any:
            y = self.bn2(self.conv2(torch.relu(self.bn1(self.conv1(x)))))
            return torch.relu(y + (x if self.downsample is None else self.downsample(x)))

    class ResNet(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv1 = nn.Conv2d(3, 64, 7, 2, 3, bias=False)
            self.bn1 = nn.BatchNorm2d(64)
            before = 64
            for n, width in enumerate((64, 128, 256, 512), 1):
                blocks = nn.Sequential(Block(before, width, 1 + (n > 1)), Block(width, width, 1))
                setattr(self, f"layer{n}", blocks)
                before = width
            self.fc = nn.Linear(512, 1000)

        def forward(self, x: Any) -> Any:
            x = torch.max_pool2d(torch.relu(self.bn1(self.conv1(x))), 3, 2, 1)
            x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
            return self.fc(x.mean((2, 3)))

    model = ResNet().eval()
    for name, value in model.state_dict().items():
        if value.is_floating_point():
            low, high = (0.5, 1.5) if name.endswith("running_var") or value.dim() == 1 else (-0.05, 0.05)
            value.uniform_(low, high, generator=draw)
    return model


def test_a_checkpoint_is_no_network_in_python(tmp_path: Path) -> None:
    """`load` says so."""
    with pytest.raises(CnncalcError, match="no architecture"):
        load(saved(tmp_path / "m.safetensors", SMALL))


def test_python_has_the_tensors_and_the_match(net: Path, tmp_path: Path) -> None:
    """`cnncalc.checkpoint` and the two reports."""
    file = cnncalc.checkpoint(saved(tmp_path / "m.safetensors", weights()))

    assert (5, 4) == file.tensors["fc.weight"].shape
    assert reports.weights(load(net), file).data["fits"]
    assert 108 + 8 + 12 * (16 + 4) + 20 + 5 == reports.tensors(file).data["totals"]["params"]


def test_recurrent_names_of_pytorch_are_those_of_layers() -> None:
    """Two layers both ways, as PyTorch names them: each tensor by hand."""
    words = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    sizes: dict[str, tuple[int, ...]] = {"weight_hh": (12, 3), "bias_ih": (12,), "bias_hh": (12,)}
    wanted: dict[str, tuple[int, ...]] = {"emb.weight": (9, 5)}
    found, pairs = {**wanted}, {"emb.weight": "emb.weight"}
    for place, (layer, coming) in enumerate((("rnn", 5), ("join/lstm", 6))):
        for way in ("", "_reverse"):
            for word in words:
                here, there = f"{layer}.{word}{way}", f"rnn.{word}_l{place}{way}"
                wanted[here] = found[there] = sizes.get(word, (12, coming))
                pairs[here] = there
    told = match(wanted, found)
    assert (told.fits, told.pairs) == (True, pairs)


def test_a_vector_that_belongs_to_no_layer_is_found_by_its_name() -> None:
    """Its place is told where one axis alone has numbers; of a table it is not."""
    wanted = {"token.weight": (8, 1), "fc.weight": (2, 8), "table.weight": (8, 8)}
    told = match(wanted, {"token": (1, 1, 8), "fc.weight": (2, 8), "table": (1, 8, 8)})
    assert told.pairs == {"token.weight": "token", "fc.weight": "fc.weight"}
    assert told.missing == ["table.weight"]  # which of its axes is which, the shape does not say


TOKENS = """
import torch
from torch import nn
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 4, 4)
        self.cls = nn.Parameter(torch.randn(1, 1, 8))
        self.pos = nn.Parameter(torch.randn(1, 5, 8))
        self.attn = nn.MultiheadAttention(8, 2, batch_first=True)
        self.rnn = nn.LSTM(8, 6, num_layers=2, bidirectional=True, batch_first=True)
        self.turned = nn.Parameter(torch.randn(12, 8))
    def forward(self, x):
        x = self.conv(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.cls.expand(x.shape[0], -1, -1), x], 1) + self.pos
        x = x + self.attn(x, x, x, need_weights=False)[0]
        return (self.rnn(x)[0] @ self.turned)[:, 0]
"""


@pytest.mark.skipif(find_spec("torch") is None, reason="needs torch")
@pytest.mark.parametrize("before", ["", "module."])
def test_a_checkpoint_fits_its_own_module(before: str, tmp_path: Path) -> None:
    """Numbers that are none of the module's own, and the output that PyTorch has with them."""
    import torch

    (tmp_path / "net.py").write_text(TOKENS, "utf-8")
    space: dict[str, Any] = {}
    exec(TOKENS, space)  # noqa: S102 - the text above
    torch.manual_seed(5)
    module = space["Net"]().eval()
    for parameter in module.parameters():
        parameter.data.normal_(0, 0.5)
    image = torch.rand(1, 3, 8, 8)
    arrays = {before + name: tensor.numpy() for name, tensor in module.state_dict().items()}
    file, picture, out = saved(tmp_path / "net.safetensors", arrays), tmp_path / "x.npy", tmp_path / "y.npz"
    np.save(picture, image[0].numpy())
    spec = f"torch:{tmp_path / 'net.py'}:Net"
    done = invoke("run", spec, "-i", "3,8,8", "--weights", file, "--input-file", picture, "--out", out)
    assert done.exit_code == 0, done.output
    with torch.no_grad():
        wanted = module(image)[0].numpy()
    assert np.allclose(np.load(out)["output"], wanted, atol=1e-5)
    fits = invoke("diff", "--params", spec, file, "-i", "3,8,8", "--format", "json")
    told = json.loads(fits.stdout)
    assert (told["fits"], told["by"], told["alike"]) == (True, "parameters", 0)
    arrays[f"{before}attn.in_proj_bias"] = np.zeros(25, "<f4")
    wrong = invoke("run", spec, "-i", "3,8,8", "--weights", saved(file, arrays))
    assert f"1 of {len(arrays)} tensors have none of their shape" in wrong.stderr
    assert "attn" in wrong.stderr
    assert invoke("diff", "--params", spec, file, "-i", "3,8,8", "--input-b", "3,9,9").exit_code == 2
