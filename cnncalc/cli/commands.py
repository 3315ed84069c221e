"""The commands, in the order of `--help`."""

from __future__ import annotations

COMMANDS = {
    "summary": "Everything at a glance: sizes, parameters, MACs, receptive fields, memory.",
    "shapes": "The size of every feature map.",
    "params": "Parameters: trainable, frozen, shared, and the bytes that they take.",
    "macs": "Multiply-accumulates (MACs), with FLOPs and element-wise operations on request.",
    "receptive-field": "What one output position sees of the input.",
    "memory": "Weights, activations, and the most that is alive at one time.",
    "explain": "The arithmetic shown: formula, formula with the numbers put in, result.",
    "show": "The network as a tree, as a paper would print it.",
    "formula": "A figure as a formula of the input's size and the spec's variables.",
    "roofline": "Arithmetic intensity, and the least time that a machine's peak and bandwidth allow.",
    "energy": "Energy of arithmetic and memory: an order of magnitude, by a table that can be replaced.",
    "training": "MACs and memory of a training step: forward, gradients, optimizer.",
    "sweep": "Every combination of widths, sizes and other variables: tables, CSV, Parquet; here or on Dask.",
    "fit": "The largest setting that holds every limit, and the limit that binds.",
    "lint": "Check a spec: errors, doubtful steps, and whether it is what it expects to be.",
    "check": "Hold networks to limits: caps, growth against a baseline, a lock of exact figures.",
    "diff": "What differs between two networks: totals, and the layers changed, added, removed, renamed.",
    "compare": "Several networks in one table, with the figures that are asked for.",
    "validate": "The tables proved: the network run in NumPy, measurements beside predictions.",
    "run": "Execute a network in NumPy: an array in, arrays out.",
    "saliency": "How much each pixel of an image moves the score of a class.",
    "convert": "A network as the spec that a person would have written, or as an ONNX model.",
    "init": "Write a starter spec, and the schema that gives editors completion.",
    "zoo": "The networks that come with the tool.",
    "schema": "A JSON Schema of the spec language, for editors.",
}
"""Command -> its one line of help, in the order of `--help`."""
