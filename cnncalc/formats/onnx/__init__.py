"""ONNX: bytes -> records (`wire`, `model`) -> values -> rules -> a Graph."""
