"""What a module makes of its own tensors before its input comes: numbers and checkpoints, held against PyTorch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

import cnncalc
from cnncalc import CnncalcError, reports
from cnncalc.cli import app
from cnncalc.cli.run_weights import stored
from cnncalc.formats.safetensors import Checkpoint, checkpoint

torch = pytest.importorskip("torch", reason="torch is not installed")
nn, F = torch.nn, torch.nn.functional


class Made(nn.Module):
    """A linear layer, what is stored besides, and a function of both and of the input."""

    def __init__(self, forward: Callable[[Any, Any], Any], parameters: Any = (), buffers: Any = ()) -> None:
        super().__init__()
        self.own, self.linear = forward, nn.Linear(8, 8)
        for name, tensor in dict(parameters).items():
            self.register_parameter(name, nn.Parameter(tensor))
        for name, tensor in dict(buffers).items():
            self.register_buffer(name, tensor)

    def forward(self, x: Any) -> Any:
        """Of a sequence."""
        return self.own(self, x)


class Hidden(Made):
    """Whose buffers are in no checkpoint."""

    def __init__(self, forward: Callable[[Any, Any], Any], buffers: Mapping[str, Any]) -> None:
        super().__init__(forward)
        for name, tensor in buffers.items():
            self.register_buffer(name, tensor, persistent=False)


class Standardised(nn.Conv1d):
    """Weights whose mean is 0."""

    def forward(self, x: Any) -> Any:
        """On what comes in."""
        return self._conv_forward(x, self.weight - self.weight.mean((1, 2), keepdim=True), self.bias)


def heads(module: Any, x: Any) -> Any:
    """Queries, keys and values of two heads, all of them the sequence."""
    return [module.linear(x).unflatten(-1, (2, 4)).transpose(1, 2)] * 3


def attended(made: Any) -> Any:
    """The heads side by side."""
    return made.transpose(1, 2).flatten(2)


def cells(module: Any, x: Any) -> Any:
    """Both states begin with zeros."""
    h, c = x.new_zeros(x.shape[0], 8), torch.zeros(x.shape[0], 8)
    for place in range(x.shape[1]):
        h, c = module.cell(x[:, place], (h, c))
    return h


def with_cell(kind: Any) -> Any:
    """A module that goes through the sequence."""
    module = Made(cells if kind is nn.LSTMCell else lambda own, x: own.cell(own.cell(x[:, 0]), own.cell(x[:, 1])))
    module.cell = kind(8, 8)
    return module


LOWER = torch.tril(torch.ones(6, 6, dtype=torch.bool))
ROWS = {"w": torch.rand(2), "a": torch.rand(3, 8), "pos": torch.rand(1, 10, 8)}
KERNEL = torch.tensor([1.0, 0, -1])

MODULES: dict[str, Callable[[], Any]] = {
    "a buffer with an axis more": lambda: Made(lambda m, x: m.linear(x) * m.f[None, None], (), {"f": torch.rand(8)}),
    "a product with a buffer": lambda: Made(lambda m, x: m.linear(x).softmax(-1) @ m.p, (), {"p": torch.rand(8)}),
    "a product with a wide buffer": lambda: Made(lambda m, x: m.linear(x) @ m.p, (), {"p": torch.rand(8, 3)}),
    "a part of a table": lambda: Made(lambda m, x: m.linear(x) + m.pos[:, : x.shape[1]], ROWS),
    "a turned parameter": lambda: Made(lambda m, x: m.linear(x) @ m.a.T, ROWS),
    "numbers of a parameter": lambda: Made(lambda m, x: m.linear(x) * m.w[0] + x * m.w[1], ROWS),
    "a power of e": lambda: Made(lambda m, x: m.linear(x) * m.s.exp(), {"s": torch.tensor(0.3)}),
    "a causal attention": lambda: Made(
        lambda m, x: attended(F.scaled_dot_product_attention(*heads(m, x), is_causal=True))
    ),
    "a stored mask": lambda: Made(
        lambda m, x: attended(F.scaled_dot_product_attention(*heads(m, x), attn_mask=m.seen)), (), {"seen": LOWER}
    ),
    "a mask of infinities": lambda: Made(
        lambda m, x: attended(
            F.scaled_dot_product_attention(
                *heads(m, x), attn_mask=nn.Transformer.generate_square_subsequent_mask(x.shape[1])
            )
        )
    ),
    "scores that are filled": lambda: Made(
        lambda m, x: (
            (m.linear(x) @ x.mT).masked_fill(torch.triu(torch.ones(6, 6, dtype=torch.bool), 1), -torch.inf).softmax(-1)
            @ x
        )
    ),
    "a kernel in the code": lambda: Made(
        lambda m, x: F.conv1d(m.linear(x), torch.tensor([1.0, 0, -1]).expand(6, 1, 3), groups=6)
    ),
    "numbers in the code": lambda: Made(lambda m, x: m.linear(x) * torch.arange(1.0, 9)),
    "a list in the code": lambda: Made(lambda m, x: m.linear(x)[..., :3] * torch.tensor([1.0, 2, 3])),
    "an LSTM cell": lambda: with_cell(nn.LSTMCell),
    "a GRU cell": lambda: with_cell(nn.GRUCell),
    "a recurrent cell": lambda: with_cell(nn.RNNCell),
    "a buffer that is not saved": lambda: Hidden(lambda m, x: m.linear(x) * m.f, {"f": torch.rand(8)}),
    "an index that is not saved": lambda: Hidden(lambda m, x: m.linear(x)[..., m.i], {"i": torch.tensor([3, 1])}),
    "an index": lambda: Made(lambda m, x: m.linear(x)[..., m.i], (), {"i": torch.tensor([3, 1, 2])}),
    "a standardised weight": lambda: nn.Sequential(Standardised(6, 4, 3), nn.Conv1d(4, 4, 3)),
    "a weight norm": lambda: nn.Sequential(nn.utils.parametrizations.weight_norm(nn.Linear(8, 4))),
    "a spectral norm": lambda: nn.Sequential(nn.utils.parametrizations.spectral_norm(nn.Linear(8, 4))),
    "an encoder": lambda: nn.TransformerEncoderLayer(8, 2, 16, batch_first=True),
}


def lying(output: Any, shape: tuple[int, ...]) -> Any:
    """An output of PyTorch, channels first."""
    made = output[0].numpy()
    return made if made.shape == shape else np.moveaxis(made, -1, 0).reshape(shape)


def drawn(make: Callable[[], Any], seed: int) -> Any:
    """A module whose parameters and buffers of floats are drawn anew."""
    torch.manual_seed(seed)
    module = make().eval()
    for parameter in module.parameters():
        parameter.data.normal_(0, 0.5)
    return module


@pytest.mark.parametrize("case", MODULES)
def test_what_is_made_of_stored_tensors_has_its_numbers(case: str) -> None:
    """A run is PyTorch's own pass."""
    module = drawn(MODULES[case], 3)
    x = torch.rand(1, 6, 8)
    graph = cnncalc.from_torch(module, (6, 8))
    made = cnncalc.run(
        graph, {"x": x[0].numpy()} if "x" in graph.inputs else x[0].numpy(), graph.stored.read(graph, "f4")
    )
    with torch.no_grad():
        wanted = lying(module(x), made.output.shape)
    assert np.allclose(made.output, wanted, atol=1e-5)


def held(module: Any, folder: Path) -> Checkpoint:
    """The checkpoint of a module."""
    from safetensors.torch import save_file

    file = folder / "net.safetensors"
    save_file({path: tensor.clone().contiguous() for path, tensor in module.state_dict().items()}, file)
    return checkpoint(str(file))


@pytest.mark.parametrize("case", MODULES)
def test_a_checkpoint_of_a_module_fits_it(case: str, tmp_path: Path) -> None:
    """And a run with it is PyTorch's own with those numbers."""
    module = drawn(MODULES[case], 4)
    graph = cnncalc.from_torch(module, (6, 8))
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.add_(0.25)
    file = held(module, tmp_path)
    told = reports.weights(graph, file).facts
    assert (told["fits"], told["by"]) == (True, "parameters"), told
    assert {row["stored"] for row in told["tensors"]} == {*module.state_dict()}
    x = torch.rand(1, 6, 8)
    made = cnncalc.run(graph, x[0].numpy(), stored(file.name, graph, np.dtype("f4")))
    with torch.no_grad():
        wanted = lying(module(x), made.output.shape)
    assert np.allclose(made.output, wanted, atol=1e-5)


CODE = """
import torch
from torch import nn
class Tied(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed, self.out = nn.Embedding(30, 8), nn.Linear(8, 30, bias=False)
        self.out.weight = self.embed.weight
        self.aside = nn.Sequential(nn.Linear(8, 4), nn.BatchNorm1d(4))
        self.register_buffer("scale", torch.arange(1.0, 9))
    def forward(self, words):
        return self.out(self.embed(words) * self.scale[None])
"""
SPEC = ("torch:net.py:Tied", "-i", "6")


@pytest.fixture
def tied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Code, and a module of it whose own numbers are other than those of seed 0."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "net.py").write_text(CODE, "utf-8")
    space: dict[str, Any] = {}
    exec(CODE, space)  # noqa: S102 - the text above
    module = drawn(space["Tied"], 5)
    module.aside[1].running_mean.fill_(3)  # of a layer that is not called
    return module


def answer(*words: str) -> Any:
    """What a command prints, and its exit code."""
    return CliRunner().invoke(app, [*words])


def test_a_tied_weight_is_one_tensor_under_either_name(tied: Any, tmp_path: Path) -> None:
    """`load_state_dict` asks for both, `safetensors.torch.load_model` for one; layers that are not called are asked for."""
    file = held(tied, tmp_path)
    fits = answer("diff", SPEC[0], file.name, "--params", *SPEC[1:])
    assert "it fits: all 9 tensors of the module, and no others" in fits.stdout, fits.output
    del tied.out._parameters["weight"]
    held(tied, tmp_path)
    assert (
        "it fits: all 9 tensors of the module, and no others"
        in answer("diff", SPEC[0], file.name, "--params", *SPEC[1:]).stdout
    )


def test_what_does_not_load_does_not_fit(tied: Any, tmp_path: Path) -> None:
    """Each as `load_state_dict` refuses it: a tensor too few, one too many, one of another shape."""
    del tied.aside[0]._parameters["bias"]
    tied.register_buffer("scale", torch.ones(1, 8))
    tied.other = nn.Parameter(torch.ones(2))
    told = answer("diff", SPEC[0], held(tied, tmp_path).name, "--params", *SPEC[1:])
    assert "it does not fit: 7 of 9 tensors do, 1 of another shape, 1 missing, 1 not used" in told.stdout, told.output
    assert "aside.0.bias" in told.stdout


def test_a_run_with_a_checkpoint_has_its_numbers_or_does_not_begin(tied: Any, tmp_path: Path) -> None:
    """A buffer that was worked with while the code was traced is part of the network: another one is another network."""
    words = np.array([3, 1, 4, 1, 5, 29])
    np.save("words.npy", words)
    run = ("run", *SPEC, "--input-file", "words.npy", "--out", "out.npz", "--weights")
    done = answer(*run, held(tied, tmp_path).name)
    assert done.exit_code == 0, done.output
    with torch.no_grad():
        wanted = tied(torch.from_numpy(words)[None])[0].numpy().T
    assert np.allclose(np.load("out.npz")["output"], wanted, atol=1e-5)
    tied.scale.fill_(2)
    done = answer(*run, held(tied, tmp_path).name)
    assert done.exit_code == 2
    assert "the buffer `scale` has other numbers than the code gives it" in done.stderr


def test_what_a_network_draws_is_not_read() -> None:
    """A mask that is drawn in the pass is another one each time."""
    graph = cnncalc.from_torch(Made(lambda m, x: m.linear(x) * torch.rand(8)), (6, 8))
    with pytest.raises(CnncalcError, match="the numbers of `rand`"):
        graph.stored.read(graph, "f4")


class Turned(nn.Module):
    """Reads the second axis as its channels, by a norm of vectors or by a convolution."""

    def __init__(self, layer: Any) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, x: Any) -> Any:
        """Of an image with its channels last, or a sequence."""
        turned = x.movedim(-1, 1)
        return self.layer(turned.flatten(2) if isinstance(self.layer, nn.BatchNorm1d) else turned)


@pytest.mark.parametrize(
    ("layer", "shown"), [(nn.BatchNorm1d(5), (7, 6, 5)), (nn.Conv2d(5, 4, 3), (5, 7, 6))], ids=["norm", "convolution"]
)
def test_an_input_is_as_it_is_given_unless_a_convolution_reads_it_turned(layer: Any, shown: tuple[int, ...]) -> None:
    """7 x 6 x 5: what a convolution reads turned has channels last."""
    graph = cnncalc.from_torch(Turned(layer), (7, 6, 5))
    assert tuple(graph.inputs["x"]) == shown


class Recurring(nn.Module):
    """Both states at the end of an LSTM, of all layers and directions."""

    def __init__(self, **how: Any) -> None:
        super().__init__()
        self.rnn = nn.LSTM(8, 5, batch_first=True, **how)

    def forward(self, x: Any) -> Any:
        """Each entry of the states once."""
        states, (hidden, cells) = self.rnn(x)
        ends = torch.cat([hidden, cells], 0).transpose(0, 1).flatten(1)
        return torch.cat([states.flatten(1), ends], 1)


OPERATORS = {
    "cells": Recurring,
    "cells of two layers": lambda: Recurring(num_layers=2),
    "cells of both directions": lambda: Recurring(num_layers=2, bidirectional=True),
    "hstack": lambda: Made(lambda m, x: torch.hstack([m.linear(x), x])),
    "dstack": lambda: Made(lambda m, x: torch.dstack([m.linear(x), x])),
    "a power of what is clamped": lambda: Made(lambda m, x: m.linear(x).clamp(min=1e-6).pow(m.p), {"p": torch.rand(8)}),
    "a power of an exponential": lambda: Made(lambda m, x: m.linear(x).exp() ** m.p, {"p": torch.rand(1)}),
}


@pytest.mark.parametrize("case", OPERATORS)
def test_operators_have_the_numbers_of_pytorch(case: str) -> None:
    """A run is PyTorch's own pass, and the parameters are the module's."""
    module = drawn(OPERATORS[case], 6)
    x = torch.rand(1, 6, 8)
    graph = cnncalc.from_torch(module, (6, 8))
    made = cnncalc.run(graph, x[0].numpy(), graph.stored.read(graph, "f4"))
    with torch.no_grad():
        wanted = lying(module(x), made.output.shape)
    assert np.allclose(made.output, wanted, atol=1e-5)
    assert cnncalc.params(graph).total == sum(parameter.numel() for parameter in module.parameters())


def test_a_power_of_what_may_be_negative_is_refused() -> None:
    """A logarithm has no number there, and PyTorch may have one."""
    module = Made(lambda m, x: m.linear(x).pow(m.p), {"p": torch.tensor([2.0])})
    with pytest.raises(CnncalcError, match="cannot be read"):
        cnncalc.from_torch(module, (6, 8))


def test_arguments_of_a_module_are_no_variables(tied: Any) -> None:
    """They stand in its name."""
    done = answer("sweep", SPEC[0], "width=0.5,1", "-i", "6")
    assert done.exit_code == 2
    assert "arguments stand in its name, one run each: torch:net.py:Tied(width=0.5)" in done.stderr


def test_a_tensor_that_is_no_parameter_and_no_buffer_is_none() -> None:
    """An attribute is in no checkpoint: its numbers are not had, and it is not counted."""
    module = Made(lambda m, x: m.linear(x) * m.plain)
    module.plain = torch.arange(1.0, 9)
    graph = cnncalc.from_torch(module, (6, 8))
    assert cnncalc.params(graph).buffers == 0
    with pytest.raises(CnncalcError, match="the numbers of `c_plain` are not kept"):
        graph.stored.read(graph, "f4")


class Begun(nn.Module):
    """A sequence whose layer begins with a learned cell and with the last state of another sequence."""

    def __init__(self, both: bool) -> None:
        super().__init__()
        self.before = nn.GRU(6, 8, batch_first=True, bidirectional=both)
        self.after = nn.LSTM(5, 8, batch_first=True, bidirectional=both)
        self.cell = nn.Parameter(torch.randn(1 + both, 1, 8))

    def forward(self, a: Any, b: Any) -> Any:
        """The second."""
        _, state = self.before(a)
        return self.after(b, (state, self.cell.expand(-1, b.shape[0], -1).contiguous()))[0]


@pytest.mark.parametrize("both", [False, True])
def test_a_recurrent_layer_begins_with_its_states(both: bool) -> None:
    """Learned and computed ones: all parameters are counted, and the numbers are PyTorch's."""
    torch.manual_seed(0)
    module, a, b = Begun(both).eval(), torch.randn(1, 7, 6), torch.randn(1, 4, 5)
    with torch.no_grad():
        wanted = module(a, b)[0].numpy()
    graph = cnncalc.from_torch(module, {"a": (7, 6), "b": (4, 5)})
    made = cnncalc.run(graph, {"a": a[0].numpy(), "b": b[0].numpy()}, graph.stored.read(graph, np.float32))

    assert np.allclose(made.output.T, wanted, atol=1e-5)
    assert cnncalc.params(graph).total == sum(parameter.numel() for parameter in module.parameters())


def test_the_statistics_of_small_norms_are_those_of_the_checkpoint(tmp_path: Path) -> None:
    """They are tensors of a layer, and no numbers that the network was worked out with."""
    from safetensors.numpy import save_file

    torch.manual_seed(0)
    module, image = nn.Sequential(nn.Conv2d(1, 8, 3), nn.BatchNorm2d(8)).eval(), torch.randn(1, 1, 6, 6)
    graph = cnncalc.from_torch(module, (1, 6, 6))
    nn.init.uniform_(module[1].running_mean)
    nn.init.uniform_(module[1].running_var, 1, 2)
    with torch.no_grad():
        wanted = module(image)[0].numpy()
    save_file({name: tensor.numpy() for name, tensor in module.state_dict().items()}, tmp_path / "own.safetensors")
    found = cnncalc.from_torch(nn.Sequential(nn.Conv2d(1, 8, 3), nn.BatchNorm2d(8)), (1, 6, 6))
    made = cnncalc.run(found, image[0].numpy(), stored(str(tmp_path / "own.safetensors"), found, np.dtype("f4")))

    assert graph.shapes == found.shapes
    assert np.allclose(made.output, wanted, atol=1e-5)


def test_a_long_way_from_what_is_stored_is_worked_out() -> None:
    """Three thousand steps one behind the other: 1.0001 to that power."""

    def forward(module: Any, x: Any) -> Any:
        factor = module.p
        for _ in range(3000):
            factor = factor * 1.0001
        return module.linear(x) * factor

    torch.manual_seed(0)
    module, x = Made(forward, {"p": torch.ones(8)}).eval(), torch.randn(1, 6, 8)
    graph = cnncalc.from_torch(module, (6, 8))
    made = cnncalc.run(graph, x[0].numpy(), graph.stored.read(graph, np.float32)).output
    with torch.no_grad():
        wanted = (module.linear(x)[0] * 1.0001**3000).numpy()

    assert np.allclose(made.T, wanted, rtol=1e-3)
