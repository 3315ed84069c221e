"""PyTorch code out: every kind has a form, and what is written computes what cnncalc does without it."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import code_blocks
import numpy as np
import pages
import pytest
from layer_steps import MORE, SAMPLED, STEPS, noise
from typer.testing import CliRunner

import cnncalc
from cnncalc.cli import app
from cnncalc.formats.code.pytorch.helpers import HELPERS
from cnncalc.formats.code.pytorch.rules import RULES
from cnncalc.formats.code.pytorch.write import written
from cnncalc.kernels.weights import save
from cnncalc.language import zoo
from cnncalc.layers import KINDS

torch = pytest.importorskip("torch")


def imported(graph: Any, device: str = "cpu") -> tuple[dict[str, Any], Any]:
    """What a file of the text has, and its network."""
    space: dict[str, Any] = {"__name__": "written"}
    text = written(graph)
    assert "cnncalc." not in text and "import cnncalc" not in text
    exec(compile(text, "written.py", "exec"), space)  # noqa: S102 - what the product wrote itself
    classes = [value for value in space.values() if isinstance(value, type) and value.__module__ == "written"]
    with torch.device(device):
        return space, classes[-1]().eval()


def computed(graph: Any, path: Path) -> tuple[Any, Any]:
    """The output by cnncalc and by the code, with the same weights on the same noise."""
    weights, inputs = noise(graph)
    save(path / "weights.npz", weights)
    space, model = imported(graph)
    space["load_weights"](model, path / "weights.npz")
    with torch.no_grad():
        found = model(*(torch.from_numpy(values[None]) for values in inputs.values()))
    found = found[0] if isinstance(found, tuple) else found
    return cnncalc.run(graph, inputs, weights=weights).output, found[0].numpy()


@pytest.mark.parametrize(
    ("input", "step"), [*STEPS, *MORE, *SAMPLED], ids=[step for _, step in [*STEPS, *MORE, *SAMPLED]]
)
def test_pytorch_computes_what_cnncalc_does(input: str, step: str, tmp_path: Path) -> None:
    """A layer of each kind, with its arguments."""
    expected, found = computed(cnncalc.parse(f"input: {input}\nnet:\n  - {step}"), tmp_path)

    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_every_kind_has_a_form() -> None:
    """A new kind is named here until it has one."""
    assert set(KINDS) - {"unknown"} == set(RULES)


SMALL = ["lenet5_1998", "resnet20_cifar", "densenet_cifar", "nin_cifar", "m5", "siamese", "squeezenet1_1", "tdnn"]


@pytest.mark.parametrize("name", SMALL)
def test_a_small_network_computes_what_cnncalc_does(name: str, tmp_path: Path) -> None:
    """The weights of `--save-weights` are read by the code's own function."""
    expected, found = computed(cnncalc.load(name).inference, tmp_path)

    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4 * np.abs(expected).max())


@pytest.mark.parametrize("name", [name for name in zoo.names() if not zoo.member(name).settings])
def test_a_network_of_the_zoo_has_the_same_parameters_and_sizes(name: str) -> None:
    """By shape alone, on PyTorch's meta device."""
    graph = cnncalc.load(name).inference
    _, model = imported(graph, "meta")
    with torch.no_grad():
        found = model(*(torch.empty(1, *shape, device="meta") for shape in graph.inputs.values()))
    outputs = found if isinstance(found, tuple) else (found,)

    assert [graph.shapes[name] for name in graph.outputs] == [tuple(out.shape[1:]) for out in outputs]
    assert cnncalc.params(graph).total == sum(p.numel() for p in model.parameters())


def test_the_command_writes_a_file_by_its_name_and_prints_without_one(tmp_path: Path) -> None:
    """`-o net.py` is `--to torch`; the file is all that is written."""
    file = tmp_path / "net.py"
    done = CliRunner().invoke(app, ["convert", "resnet18", "-o", str(file)])
    shown = CliRunner().invoke(app, ["convert", "resnet18", "--to", "torch"])

    keras = CliRunner().invoke(app, ["convert", "resnet18", "-o", str(tmp_path / "k.py"), "--to", "keras"])

    assert (0, 0, 0) == (done.exit_code, shown.exit_code, keras.exit_code)
    assert file.read_text() == shown.stdout
    assert "class Basic(nn.Module):" in shown.stdout
    assert "def basic(x, " in (tmp_path / "k.py").read_text()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [(["--to", "kears"], "--to does not know `kears`"), (["--to", "onnx"], "needs a file"),
     (["--to", "torch", "-o", "net.yaml"], "is not what net.yaml is"), (["--to", "torch", "--flat"], "--flat is for")],
)  # fmt: skip
def test_what_cannot_be_written_is_said(arguments: list[str], says: str, tmp_path: Path) -> None:
    """Exit 2, and no traceback."""
    done = CliRunner().invoke(app, ["convert", "lenet5", *arguments])

    assert 2 == done.exit_code
    assert says in done.stderr


@pytest.mark.parametrize(
    ("name", "says"),
    [
        (
            "resnet50",
            ["layer1.0.main.pointwise1.weight", "layer3.5.main.conv.weight", "layer2.0.shortcut.pointwise.weight"],
        ),
        ("mobilenet_v2", ["bottleneck64.3.main.depthwise_batchnorm.running_var", "last.weight"]),
        ("googlenet", ["inception3a.b3x3.conv.bias"]),
        ("unet", ["down1.conv1.weight", "row2_0_up.weight"]),
    ],
)
def test_modules_have_the_names_of_the_spec(name: str, says: list[str]) -> None:
    """Modules in modules as the scopes are, numbered where a step is repeated."""
    _, model = imported(cnncalc.load(name).inference, "meta")

    assert set(says) <= set(model.state_dict())


def test_a_block_reads_as_a_person_writes_it() -> None:
    """Parameters of the block by their names, multiples of them, a default stride, and what is repeated once."""
    text = written(cnncalc.load("resnet152"))

    assert "    def __init__(self, channels, mid, stride=1):\n" in text
    assert "conv=nn.Conv2d(mid, mid, 3, stride=stride, padding=1, bias=False),\n" in text
    assert "pointwise2_batchnorm=nn.BatchNorm2d(mid * 4),\n" in text
    assert "            *(Bottleneck(1024, 256) for _ in range(35)),\n" in text
    assert "        return self.relu(x)\n" in text


@pytest.mark.parametrize("name", list(zoo.names()))
def test_a_block_is_one_class(name: str) -> None:
    """Over the zoo: no more classes than the spec has blocks, and one for the network."""
    graph = cnncalc.load(name).inference
    classes = re.findall(r"(?m)^class (\w+)\(nn\.Module\)", written(graph))

    assert len([name for name in classes if name not in HELPERS]) <= len(code_blocks.called(graph)) + 1


def test_mobilenet_v2_has_one_class_of_its_block() -> None:
    """As torchvision's InvertedResidual: what expands and what adds its input follows from what the block is given."""
    text = written(cnncalc.load("mobilenet_v2"))

    assert ["InvertedResidual", "MobilenetV2"] == re.findall(r"(?m)^class (\w+)", text)
    assert "    def __init__(self, channels, t, c, stride=1):\n" in text
    assert "        if t > 1:\n            self.main.expand = nn.Conv2d(channels, hidden, 1, bias=False)\n" in text
    assert "        self.shortcut = stride == 1 and channels == c\n" in text
    assert "        if self.shortcut:\n            main = main + x\n        return main\n" in text


def test_the_page_shows_the_class_as_it_is_written() -> None:
    """The Python of `docs/convert.md`."""
    page = next(page for page in pages.PAGES if pages.named(page) == "docs/convert.md")
    (shown,) = [block.text for block in pages.blocks(page) if block.language == "python"]

    assert f"\n\n{shown.strip()}\n\n" in written(cnncalc.load("mobilenet_v2"))


def test_activations_are_a_parameter_and_what_squeezes_stands_under_its_condition() -> None:
    """MobileNetV3, whose blocks differ in the expansion, the kernel, the activation, the gate and the shortcut."""
    text = written(cnncalc.load("mobilenet_v3_large"))

    assert ["SqueezeExcite", "Bneck", "MobilenetV3Large"] == re.findall(r"(?m)^class (\w+)", text)
    assert (
        "        if exp != channels:\n            self.main.expand = nn.Conv2d(channels, exp, 1, bias=False)\n" in text
    )
    assert "nn.Conv2d(exp, exp, k, stride=s, padding=k // 2, groups=exp, bias=False)\n" in text
    assert "        if se:\n            self.main.squeeze_excite = SqueezeExcite(exp, " in text
    assert "        self.main.depthwise_act = act()\n" in text
    assert "        self.bneck1 = Bneck(16, 3, 16, 16, nn.ReLU)\n" in text
    assert "        self.bneck7 = Bneck(40, 3, 240, 80, nn.Hardswish, s=2)\n" in text


def test_a_shortcut_with_layers_is_a_module_or_none() -> None:
    """As `downsample` of torchvision's ResNet."""
    text = written(cnncalc.load("resnet50"))

    assert "        self.shortcut = None\n        if stride > 1 or channels != mid * 4:\n" in text
    assert "        shortcut = self.shortcut(x) if self.shortcut is not None else x\n" in text


TWO = """
input: [4, 8, 8]
blocks:
  unit(deep):
    - {pointwise: 4, when: $deep}
    - {batchnorm, when: $deep}
    - {relu, when: $deep}
    - {maxpool: {kernel: 3, stride: 1, padding: 1}, when: not $deep}
    - {avgpool: {kernel: 3, stride: 1, padding: 1}, when: not $deep}
    - {lrn: 5, when: not $deep}
    - upsample: 2
net:
  - unit: true
  - unit: false
"""


def test_calls_that_share_less_than_half_of_their_steps_are_two_classes() -> None:
    """One step of four is shared: one class with `if` and `else` around all of it says nothing."""
    text = written(cnncalc.parse(TWO))

    assert ["Unit", "Unit2"] == re.findall(r"(?m)^class (Unit\d*)\(", text)


@pytest.mark.parametrize("seed", range(int(os.environ.get("CNNCALC_GRAPHS", "0")) // 20 or 60))
def test_a_block_with_conditions_computes_what_cnncalc_does(seed: int, tmp_path: Path) -> None:
    """Blocks by chance: each call has the steps, the weights and the connections that the spec gives it."""
    graph = cnncalc.parse(code_blocks.spec(seed))
    expected, found = computed(graph, tmp_path)

    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4 * max(1, np.abs(expected).max()))


def test_a_block_without_modules_has_a_forward_alone() -> None:
    """As the Gram matrix of style transfer, whose sizes are those of what it reads."""
    text = written(cnncalc.load("style_transfer_vgg19"))

    assert "class Gram(nn.Module):\n    def forward(self, x):\n        x = x.flatten(2)\n" in text


def test_a_norm_of_another_kind_takes_the_weights_that_both_have(tmp_path: Path) -> None:
    """A scale and a shift, and no mean and variance, which a layer norm has not."""
    shared = "input: [4, 8, 8]\nnet:\n  - {layernorm: channels, share: w}\n  - {batchnorm, share: w}"
    expected, found = computed(cnncalc.parse(shared), tmp_path)

    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


FROZEN = """
input: [4, 12, 12]
blocks:
  encoder(out, turns):
    - {conv: {out: $out, kernel: 3, padding: 1}, repeat: $turns, as: conv}
    - relu
net:
  - encoder: [4, 1]
  - encoder: [8, 2]
  - {encoder: [8, 3], frozen: true}
"""


def test_a_form_for_uneven_zeros_is_taken_where_zeros_are_uneven(tmp_path: Path) -> None:
    """Calls that are frozen or have another number of turns keep the padding of their convolutions."""
    graph = cnncalc.parse(FROZEN)
    expected, found = computed(graph, tmp_path)

    assert "F.pad" not in written(graph)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_uneven_zeros_of_some_calls_are_a_parameter() -> None:
    """Xception's first map is even, the others are odd: one pool, and how far it is padded."""
    text = written(cnncalc.load("xception"))

    assert 'self.main_maxpool(F.pad(main, (self.pad, 1, self.pad, 1), value=float("-inf")))\n' in text


@pytest.mark.parametrize("name", code_blocks.WORDS)
def test_a_name_that_python_or_pytorch_has_is_one_that_runs(name: str, tmp_path: Path) -> None:
    """Heads, inputs, layers and parameters called as a word of Python, a member of a module or a function beside."""
    expected, found = computed(cnncalc.parse(code_blocks.WORDS[name]), tmp_path)

    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)


def test_no_layer_takes_the_name_of_a_member_of_a_module() -> None:
    """Whatever this version of PyTorch has."""
    words = [word for word in dir(torch.nn.Module()) if not word.startswith("_")]
    steps = "".join(f"  - {{pointwise: 2, as: {word}}}\n" for word in words)
    _, model = imported(cnncalc.parse(f"input: [2, 4, 4]\nnet:\n{steps}"))

    assert model(torch.ones(1, 2, 4, 4)).shape == (1, 2, 4, 4)


EITHER = """
input: [8, 12, 12]
blocks:
  res(mid, act=relu):
    - add:
        main:
          - {conv: {out: $mid, kernel: 3, padding: 1, bias: false, norm: batchnorm, act: $act}}
          - {conv: {out: $mid, kernel: 3, padding: 1, bias: false, norm: batchnorm}}
        shortcut: prev
    - $act
net:
  - {res: {mid: 8}}
  - {pointwise: 16, frozen: true}
  - {relu, frozen: true}
  - {res: {mid: 16, act: silu}}
"""


def test_what_is_the_same_either_way_has_no_condition(tmp_path: Path) -> None:
    """An activation of another kind under one name is called in one way; and without weights nothing is frozen."""
    graph = cnncalc.parse(EITHER)
    expected, found = computed(graph, tmp_path)
    text = written(graph)

    assert "        x = main + x\n        return self.act(x)\n" in text and "self.act2" not in text
    assert "nn.Conv2d(8, 16, 1).requires_grad_(False)\n" in text and text.count("requires_grad_") == 1
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)
