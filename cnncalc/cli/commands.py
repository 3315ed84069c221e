"""The commands in groups, as `--help` shows them."""

from __future__ import annotations

GROUPS = {
    "Start": {
        "init": "Write a starter spec, and the schema that gives editors completion.",
        "zoo": "The networks that come with the tool.",
        "worked": "The worked examples of the lecture notes, with their numbers or yours.",
        "schema": "A JSON Schema of the spec language, for editors.",
        "convert": "A network as the spec that a person would have written, or as an ONNX model.",
    },
    "Look": {
        "summary": "Everything at a glance: sizes, parameters, MACs, receptive fields, memory.",
        "shapes": "The size of every feature map.",
        "params": "Parameters: trainable, frozen, shared, and the bytes that they take.",
        "macs": "Multiply-accumulates (MACs), with FLOPs and element-wise operations on request.",
        "receptive-field": "What one output position sees of the input.",
        "memory": "Weights, activations, and the most that is alive at one time.",
        "show": "The network as a tree, as a paper would print it.",
        "report": "The network as one page: graph, arithmetic, plots, table; nothing is fetched.",
        "explain": "The arithmetic shown: formula, formula with the numbers put in, result.",
        "formula": "A figure as a formula of the input's size and the spec's variables.",
    },
    "Decide": {
        "sweep": "Every combination of widths, sizes and other variables: tables, CSV, Parquet; here or on Dask.",
        "fit": "The largest setting that holds every limit, and the limit that binds.",
        "diff": "What differs between two networks, or those of two folders: totals, and the layers that changed.",
        "compare": "Several networks in one table, with the figures that are asked for.",
        "roofline": "Arithmetic intensity, and the least time that a machine's peak and bandwidth allow.",
        "energy": "Energy of arithmetic and memory: an order of magnitude, by a table that can be replaced.",
        "training": "MACs and memory of a training step: forward, gradients, optimizer.",
    },
    "Guard": {
        "lint": "Check a spec: errors, doubtful steps, and whether it is what it expects to be.",
        "log": "The figures of a network by commit, and what each change made of them.",
        "check": "Hold networks to limits: caps, growth against a baseline, a lock of exact figures.",
    },
    "Prove and run": {
        "validate": "The tables proved: the network run in NumPy, measurements beside predictions.",
        "run": "Execute a network in NumPy: an array in, arrays out.",
        "saliency": "How much each pixel of an image moves the score of a class.",
    },
}
"""Group -> its commands, each with its one line of help."""

COMMANDS = {name: about for group in GROUPS.values() for name, about in group.items()}
"""Command -> its one line of help, in the order of `--help`."""

FAILS = {
    "show": "with `--check`, a picture is out of date",
    "sweep": "no point satisfies the conditions",
    "fit": "no setting holds the limits",
    "diff": "with `--exit-code`, the networks differ",
    "lint": "an expectation is not met; with `--strict`, something is doubtful",
    "check": "a limit is broken",
    "validate": "what is measured differs from what is predicted",
}
"""Command -> when it ends with exit code 1; the others end with 0 or 2."""

EXAMPLES = {
    "cnncalc summary resnet50": "everything at a glance",
    "cnncalc init net.yaml": "a spec of your own to start from",
    "cnncalc explain lenet5 C3": "the arithmetic of one layer",
    "cnncalc macs net.yaml --compare": "what separable and other forms would cost",
    "cnncalc check net.yaml --max macs=50M": "does it still fit the budget?",
}
"""What to try first, and what it shows."""

MEANT = {
    "rf": "receptive-field",
    "field": "receptive-field",
    "fields": "receptive-field",
    "receptive": "receptive-field",
    "flops": "macs --flops",
    "flop": "macs --flops",
    "mac": "macs",
    "mults": "macs",
    "parameters": "params",
    "weights": "params",
    "size": "shapes",
    "sizes": "shapes",
    "stats": "summary",
    "profile": "summary",
    "info": "summary",
    "tree": "show",
    "print": "show",
    "plot": "show",
    "draw": "show",
    "ram": "memory",
    "list": "zoo",
    "ls": "zoo",
    "models": "zoo",
    "new": "init",
    "create": "init",
    "import": "convert",
    "export": "convert",
    "verify": "validate",
    "test": "validate",
    "search": "sweep",
    "budget": "check",
    "kinds": "schema --kinds",
    "layers": "schema --kinds",
    "latency": "roofline",
    "history": "log",
    "trend": "log",
    "version": "--version",
}
"""Words that people try -> what answers them."""
