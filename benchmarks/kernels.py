"""How fast networks run in NumPy, as ratios measured side by side in one run, and the memory that they take.

    python benchmarks/kernels.py                              all of it, some minutes
    python benchmarks/kernels.py --networks resnet50 --runs 15
    python benchmarks/kernels.py --memory                     only the memory

In each turn, one after the other: NumPy's matrix product of 1536 x 1536 in one thread, the network by cnncalc,
and by PyTorch eager and onnxruntime with two threads each, where they are installed. The network runs made ready
(`engine.ready.Ready`: norms folded, what follows in place, 3x3 windows by Winograd's algorithm), the same by the
multiplications of the definition, and layer by layer as `validate` measures it. Rates are those of the
definition's multiplications, whichever are performed. The ratios are those of each turn; printed are their
medians, and what the least seconds of each give. Goals: one thread at 75 % (ResNet-50) and 80 % (VGG-16) of the
matrix product; two threads at most 1.5 times PyTorch's time (MobileNetV2: 5 times).
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from statistics import median
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

from cnncalc.analyses import memory
from cnncalc.engine.ready import Ready
from cnncalc.graph import Graph, Node
from cnncalc.kernels import weights as first
from cnncalc.kernels.execute import run
from cnncalc.opening import load

SIDE = 1536
Work = Callable[[], object]
Weights = dict[str, Any]


def seconds(work: Work) -> float:
    """How long it takes once."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def product() -> Work:
    """The matrix product that the rate of the machine is taken from."""
    square = np.random.default_rng(0).random((SIDE, SIDE), dtype=np.float32)
    out = np.empty_like(square)
    return lambda: np.matmul(square, square, out=out)


def eager(graph: Graph, weights: Weights, image: Any) -> Work | None:
    """PyTorch, layer by layer."""
    try:
        import torch
    except ImportError:
        return None
    from eager import twin  # type: ignore[import-not-found]  # beside this script

    torch.set_num_threads(2)

    def work() -> None:
        with torch.inference_mode():
            twin(graph, weights, image)

    return work


OPERATORS: dict[str, Callable[[Any], tuple[str, dict[str, Any]]]] = {
    "batchnorm": lambda a: ("BatchNormalization", {"epsilon": a.eps}),
    "relu": lambda a: ("Relu", {}),
    "add": lambda a: ("Sum", {}),
    "globalavgpool": lambda a: ("GlobalAveragePool", {}),
    "flatten": lambda a: ("Flatten", {}),
    "dropout": lambda a: ("Identity", {}),
    "softmax": lambda a: ("Softmax", {"axis": 1}),
    "linear": lambda a: ("Gemm", {"transB": 1}),
    "relu6": lambda a: ("Clip", {}),
}
ORDER = ("weight", "bias", "running_mean", "running_var")


def operator(node: Node) -> tuple[str, dict[str, Any]]:
    """The ONNX operator of a node and its attributes, for the kinds of the three networks."""
    layer: Any = node.layer
    if node.kind in OPERATORS:
        return OPERATORS[node.kind](layer)
    kernel = getattr(layer, "kernel", (1, 1))
    half = [(k // 2, k // 2) if pad == "half" else pad for k, pad in zip(kernel, layer.padding, strict=True)]
    shared = {
        "kernel_shape": list(kernel),
        "strides": list(layer.stride or kernel),
        "pads": [*(before for before, _ in half), *(after for _, after in half)],
    }
    if node.kind == "maxpool":
        return "MaxPool", {**shared, "ceil_mode": int(layer.round == "ceil")}
    return "Conv", {**shared, "group": node.incoming[0][0] if node.kind == "depthwise" else layer.groups}


def onnxruntime(graph: Graph, weights: Weights, image: Any) -> Work | None:
    """onnxruntime, on the network as a model built here."""
    try:
        import onnx
        import onnxruntime as runtime
    except ImportError:
        return None
    helper, single = onnx.helper, onnx.TensorProto.FLOAT
    constants = {**weights, "0": np.float32(0), "6": np.float32(6)}
    nodes = []
    for node in graph.nodes:
        name, attributes = operator(node)
        own = [f"{node.weights_of}.{key}" for key in ORDER if f"{node.weights_of}.{key}" in weights]
        more = ["0", "6"] if node.kind == "relu6" else own
        nodes.append(helper.make_node(name, [*node.inputs, *more], [node.name], **attributes))
    made = helper.make_graph(
        nodes,
        graph.name,
        [helper.make_tensor_value_info(name, single, [1, *shape]) for name, shape in graph.inputs.items()],
        [helper.make_tensor_value_info(graph.output, single, [1, *graph.output_shape])],
        [onnx.numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()],
    )
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    options = runtime.SessionOptions()
    options.intra_op_num_threads = 2
    options.log_severity_level = 3
    session = runtime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    name = next(iter(graph.inputs))
    return lambda: session.run(None, {name: image[None]})


def compare(name: str, runs: int) -> None:
    """One network, in turns."""
    graph = load(name).inference
    weights = first.initial(graph)
    image = np.random.default_rng(0).random(graph.input_shape, dtype=np.float32)
    ready, threaded = Ready(graph, weights), Ready(graph, weights, threads=2)
    defined = Ready(graph, weights, winograd=False)
    works: dict[str, Work | None] = {
        "matrix product": product(),
        "cnncalc": lambda: ready.run(image),
        "cnncalc, by the definition": lambda: defined.run(image),
        "cnncalc, layer by layer": lambda: run(graph, image, weights),
        "cnncalc, 2 threads": lambda: threaded.run(image),
        "PyTorch eager, 2 threads": eager(graph, weights, image),
        "onnxruntime, 2 threads": onnxruntime(graph, weights, image),
    }
    present = {label: work for label, work in works.items() if work is not None}
    times: dict[str, list[float]] = {label: [] for label in present}
    for turn in range(runs + 1):
        for label, work in present.items():
            once = seconds(work)
            if turn:  # the first warms up
                times[label].append(once)
    macs = sum(run(graph, image, weights).multiplications.values())
    load_now = f"{os.getloadavg()[0]:.1f} processes wanted the {os.cpu_count()} cores"
    print(f"\n{name}: {macs:,} MACs, {runs} turns; {load_now}")
    rates = {label: SIDE**3 if label == "matrix product" else macs for label in present}
    for label, taken in times.items():
        rate = 2 * rates[label] / median(taken) / 1e9
        print(f"  {label:27} {1e3 * median(taken):8.1f} ms (least {1e3 * min(taken):.1f})   {rate:6.1f} GFLOP/s")
    for ours in ("cnncalc", "cnncalc, by the definition", "cnncalc, layer by layer"):
        of = [rates[ours] / b / (SIDE**3 / a) for a, b in zip(times["matrix product"], times[ours], strict=True)]
        best = macs / min(times[ours]) / (SIDE**3 / min(times["matrix product"]))
        print(f"  {ours} at {median(of):.0%} of the rate of the matrix product (least seconds: {best:.0%})")
    for theirs in [label for label in present if "cnncalc" not in label and label != "matrix product"]:
        of = [a / b for a, b in zip(times["cnncalc, 2 threads"], times[theirs], strict=True)]
        best = min(times["cnncalc, 2 threads"]) / min(times[theirs])
        print(f"  cnncalc, 2 threads, takes {median(of):.2f} times {theirs} (least seconds: {best:.2f})")


def peak() -> None:
    """The memory of this process with ResNet-50 run once, against what it holds."""
    started = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    graph = load("resnet50").inference
    weights = first.initial(graph)
    done = run(graph, np.zeros(graph.input_shape, np.float32), weights)
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    held = sum(value.nbytes for value in weights.values())
    predicted = memory(graph).peak_bytes
    total = held + predicted + done.workspace
    print("\nresnet50, peak memory of a process of its own, MB")
    parts = {"weights": held, "predicted peak": predicted, "workspace": done.workspace}
    print("  " + " + ".join(f"{name} {size / 1e6:.1f}" for name, size in parts.items()))
    print(f"  = {total / 1e6:.1f}; the process {most / 1e6:.1f} ({started / 1e6:.1f} before it began)")
    print(f"  ratio {most / total:.2f}, goal at most 2")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--networks", nargs="*", default=["resnet50", "vgg16", "mobilenet_v2"])
    parser.add_argument("--runs", type=int, default=11)
    parser.add_argument("--memory", action="store_true", help="only the memory, in this process")
    chosen = parser.parse_args()
    if chosen.memory:
        peak()
    else:
        # First, while this process is small: a child's peak begins with that of the process that started it.
        subprocess.run([sys.executable, __file__, "--memory"], check=True)
        for network in chosen.networks:
            compare(network, chosen.runs)
