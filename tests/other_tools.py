"""Other tools that count, run: what each says of a PyTorch module. Each is skipped where it is not installed.

    python tests/other_tools.py              writes the figures of tests/data/counting_*.csv again, with all that is installed
    python tests/other_tools.py thop fvcore  those of some packages alone

The tools, and the versions that the figures are of, are the dependency group `tools` of pyproject.toml.
"""

from __future__ import annotations

import contextlib
import csv
import io
import logging
import sys
import tempfile
import types
import warnings
from collections.abc import Callable, Iterator, Mapping
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

DATA = Path(__file__).parent / "data"

PINNED = {
    "torchinfo": "1.8.0", "fvcore": "0.1.5", "ptflops": "0.7.5", "thop": "0.1.1", "calflops": "0.3.2",
    "torchprofile": "0.1.0", "torchscan": "0.2.0", "onnx_tool": "1.0.1", "torch": "2.13.0", "mmengine": "0.10.7",
    "haoline": "1.3.0", "onnx_opcounter": "0.0.4", "deepspeed": "0.19.8", "onnxsim": "0.8.1",
}  # fmt: skip
"""Package -> the release that the figures are of (of fvcore and thop, without the date of the build)."""

FIGURES = {
    "torchinfo": ("torchinfo",), "fvcore": ("fvcore",), "ptflops": ("ptflops", "ptflops-modules", "ptflops-aten"),
    "thop": ("thop",), "calflops": ("calflops", "calflops-macs"), "torchprofile": ("torchprofile",),
    "torchscan": ("torchscan", "torchscan-flops"), "onnx_tool": ("onnx-tool",), "torch": ("flop-counter",),
    "deepspeed": ("deepspeed",), "mmengine": ("mmengine",), "haoline": ("haoline",), "onnx_opcounter": ("onnx-opcounter",),
    "onnxsim": ("onnxsim",),
}  # fmt: skip
"""Package -> the names of its figures in cnncalc."""


def missing(package: str) -> str:
    """Why a package cannot say the pinned figures, or nothing."""
    try:
        found = version(package.replace("_", "-"))
    except PackageNotFoundError:
        return f"{package} is not installed"
    wanted = PINNED[package]
    return "" if found.startswith(wanted) else f"{package} is {found}, and the figures are of {wanted}"


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Without what tools print, warn and log."""
    logging.disable(logging.CRITICAL)
    try:
        with (
            warnings.catch_warnings(),
            contextlib.redirect_stdout(io.StringIO()),
            contextlib.redirect_stderr(io.StringIO()),
        ):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(logging.NOTSET)


def _torchinfo(module: Any, shape: tuple[int, ...]) -> Mapping[str, int | None]:
    import torchinfo

    found = torchinfo.summary(module, input_size=(1, *shape), verbose=0, device="cpu", mode="eval")
    return {"torchinfo": found.total_mult_adds, "torchinfo params": found.total_params}


def _fvcore(module: Any, shape: tuple[int, ...]) -> Mapping[str, int | None]:
    import torch
    from fvcore.nn import FlopCountAnalysis

    return {"fvcore": int(FlopCountAnalysis(module, torch.zeros(1, *shape)).total())}


def _ptflops(module: Any, shape: tuple[int, ...]) -> Mapping[str, int | None]:
    from ptflops import FLOPS_BACKEND, get_model_complexity_info

    found: dict[str, int | None] = {}
    ways = (
        ("ptflops", FLOPS_BACKEND.PYTORCH, {}),
        ("ptflops-modules", FLOPS_BACKEND.PYTORCH, {"count_functional": False}),
        ("ptflops-aten", FLOPS_BACKEND.ATEN, {}),
    )
    for name, backend, config in ways:
        macs, params = get_model_complexity_info(
            module,
            shape,
            as_strings=False,
            print_per_layer_stat=False,
            verbose=False,
            backend=backend,
            backend_specific_config=config,
        )
        found |= {name: macs, "ptflops params": params}
    return found


def _thop(module: Any, shape: tuple[int, ...]) -> Mapping[str, int | None]:
    import thop
    import torch

    macs, params = thop.profile(module, inputs=(torch.zeros(1, *shape),), verbose=False)
    return {"thop": int(macs), "thop params": int(params)}


def _calflops(module: Any, shape: tuple[int, ...]) -> Mapping[str, int | None]:
    for name in ("transformers", "accelerate", "accelerate.utils"):  # which it imports for models of another kind
        sys.modules.setdefault(name, MagicMock(__spec__=None, __path__=[]))
    from calflops import calculate_flops

    flops, macs, params = calculate_flops(
        module, input_shape=(1, *shape), print_results=False, print_detailed=False, output_as_string=False
    )
    return {"calflops": flops, "calflops-macs": macs, "calflops params": params}


def _torchprofile(module: Any, shape: tuple[int, ...]) -> Mapping[str, int | None]:
    import torch
    import torchprofile

    return {"torchprofile": torchprofile.profile_macs(module, torch.zeros(1, *shape))}


def _torchscan(module: Any, shape: tuple[int, ...]) -> Mapping[str, int | None]:
    import torchscan

    totals = torchscan.crawl_module(module, shape)["totals"]
    return {"torchscan": totals["macs"]["known_value"], "torchscan-flops": totals["module_flops"]["known_value"]}


def _deepspeed(module: Any, shape: tuple[int, ...]) -> Mapping[str, int | None]:
    from deepspeed.profiling.flops_profiler import get_model_profile

    found = get_model_profile(module, input_shape=(1, *shape), print_profile=False, detailed=False, as_string=False)
    return {"deepspeed": found[0]}


@contextlib.contextmanager
def exported(module: Any, shape: tuple[int, ...]) -> Iterator[str]:
    """The file that PyTorch's exporter writes, batch norms folded; with weights that differ, so that none are merged."""
    import torch

    for tensor in (*module.parameters(), *module.buffers()):
        if tensor.is_floating_point():
            torch.nn.init.uniform_(tensor, 0.1, 1)
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "m.onnx")
        torch.onnx.export(module, (torch.zeros(1, *shape),), path, opset_version=17, dynamo=False)
        yield path


def _onnx_tool(module: Any, shape: tuple[int, ...]) -> Mapping[str, int | None]:
    import onnx_tool

    with exported(module, shape) as path:
        graph = onnx_tool.Model(path).graph
        graph.shape_infer({})
        graph.profile()
    return {"onnx-tool": int(graph.macs[0])}


def _haoline(module: Any, shape: tuple[int, ...]) -> Mapping[str, int | None]:
    from haoline.analyzer import MetricsEngine, ONNXGraphLoader

    with exported(module, shape) as path:
        return {"haoline": int(MetricsEngine().estimate_flops(ONNXGraphLoader().load(path)[1]).total)}


def _onnx_opcounter(module: Any, shape: tuple[int, ...]) -> Mapping[str, int | None]:
    import onnx
    import onnx_opcounter

    with exported(module, shape) as path:
        return {"onnx-opcounter": int(onnx_opcounter.calculate_macs(onnx.load(path)))}


def _onnxsim(module: Any, shape: tuple[int, ...]) -> Mapping[str, int | None]:
    import onnx
    from onnxsim.model_info import ModelInfo

    with exported(module, shape) as path:
        return {"onnxsim": int(ModelInfo(onnx.load(path)).macs)}


def _mmengine(module: Any, shape: tuple[int, ...]) -> Mapping[str, int | None]:
    from mmengine.analysis import get_model_complexity_info

    found = get_model_complexity_info(module, shape, show_table=False, show_arch=False)
    return {"mmengine": int(found["flops"])}


def _torch(module: Any, shape: tuple[int, ...]) -> Mapping[str, int | None]:
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    with FlopCounterMode(display=False) as counter, torch.no_grad():
        module(torch.zeros(1, *shape))
    return {"flop-counter": counter.get_total_flops()}


TOOLS: Mapping[str, Callable[[Any, tuple[int, ...]], Mapping[str, int | None]]] = {
    "torchinfo": _torchinfo, "fvcore": _fvcore, "ptflops": _ptflops, "thop": _thop, "torchprofile": _torchprofile,
    "torchscan": _torchscan, "onnx_tool": _onnx_tool, "torch": _torch, "mmengine": _mmengine, "haoline": _haoline,
    "onnx_opcounter": _onnx_opcounter, "onnxsim": _onnxsim, "deepspeed": _deepspeed, "calflops": _calflops,
}  # fmt: skip
"""Package -> what it says of a module for one image; calflops last, which leaves functions patched where it fails."""


def measured(package: str, module: Any, shape: tuple[int, ...]) -> Mapping[str, int | None]:
    """Figure -> what a tool says; None where it fails."""
    import torch

    with quiet(), torch.no_grad():
        try:
            if find_spec("torchvision"):  # ptflops and calflops look into it
                torchvision_models()
            return dict(TOOLS[package](module.eval(), shape))
        except Exception:  # whatever a tool fails with: that it does is the figure
            return dict.fromkeys(FIGURES[package])


def torchvision_models() -> types.ModuleType:
    """torchvision's models, whose operators in C++ need not be there."""
    import torch

    try:
        from torchvision import models
    except RuntimeError:
        for name in [name for name in sys.modules if name.startswith("torchvision")]:
            del sys.modules[name]
        library = torch.library.Library("torchvision", "FRAGMENT")
        for operator in ("nms", "qnms"):
            library.define(f"{operator}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        from torchvision import models

        models.library = library
    return models  # type: ignore[no-any-return]


def rows(name: str) -> list[dict[str, str]]:
    """The rows of a table in tests/data."""
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def network(name: str, library: str = "torchvision") -> Any:
    """A network of torchvision or of timm, without weights."""
    if library == "timm":
        torchvision_models()  # timm imports it
        import timm

        return timm.create_model(name, pretrained=False)
    more = {"googlenet": {"init_weights": False}, "inception_v3": {"init_weights": False}}.get(name, {})
    return getattr(torchvision_models(), name)(**more)


def main() -> None:
    """Write the figures of the networks again, and of the layers."""
    from test_counting_tools import MODULES  # the layers, beside what tests them
    from torch_code import CODE

    for table, made in (
        ("counting_networks.csv", lambda row: network(row["network"])),
        ("counting_modules.csv", lambda row: network(row["network"], row["library"])),
        ("counting_layers.csv", lambda row: MODULES[row["name"]]()),
        ("counting_code.csv", lambda row: CODE[row["name"]]()),
    ):
        found = rows(table)
        for row in found:
            shape = tuple(map(int, row["input"].split("x")))
            for package in sys.argv[1:] or TOOLS:
                if not missing(package):
                    values = measured(package, made(row), shape)
                    row.update(
                        {key: "" if value is None else str(value) for key, value in values.items() if key in row}
                    )
        with (DATA / table).open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(found[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(found)


if __name__ == "__main__":
    main()
