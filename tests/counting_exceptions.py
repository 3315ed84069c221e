"""Where a figure of cnncalc is another than the tool's, and why; docs/why-numbers-differ.md has these."""

from __future__ import annotations

from collections.abc import Mapping

OF_SPECS: Mapping[tuple[str, str], str] = {
    ("shufflenet_v2_x1_0", "onnx-tool"): "91 operations on sizes, which the exporter leaves in the file",
    ("shufflenet_v2_x1_0", "haoline"): "sizes after a split that the exporter leaves to be worked out, taken as 1",
    (
        "shufflenet_v2_x1_0",
        "onnx-opcounter",
    ): "sizes after a split that the exporter leaves to be worked out, taken as 0",
    (
        "shufflenet_v2_x1_0",
        "onnxsim",
    ): "sizes after a split that the exporter leaves to be worked out: it fails on them",
    **{
        (f"densenet{n}", tool): "a concatenation more in each block"
        for n in (121, 169)
        for tool in ("haoline", "onnx-opcounter")
    },
    **{
        ("inception_v3", tool): "nested concatenations, which the exporter joins"
        for tool in ("haoline", "onnx-opcounter")
    },
    **{
        (f"{norm} plain", "haoline"): "constants in place of a scale and a shift" for norm in ("batchnorm", "layernorm")
    },
    **{(norm, "haoline"): "constants and sizes of what it is made of" for norm in ("groupnorm", "instancenorm")},
    **{("upsample size", tool): "operations on sizes" for tool in ("haoline", "onnx-opcounter")},
    **{
        (layer, tool): "the turned axes and the states that the exporter writes beside it"
        for layer in ("lstm", "lstm both ways", "lstm plain", "gru", "rnn")
        for tool in ("haoline", "onnx-opcounter")
    },
    ("embedding", "haoline"): "the numbers that it looks up, which are made in the file",
    **{("lrn", tool): "what the exporter makes of it" for tool in ("haoline", "onnx-opcounter")},
    **{
        ("dropout", tool): "an operator that does nothing, where it is the whole network"
        for tool in ("haoline", "onnx-opcounter")
    },
}
"""(network or layer, tool), read from a spec."""

OF_CODE: Mapping[tuple[str, str], str] = {
    **{
        (network, "torchprofile"): f"{products} products of numbers, from which the code works {what} out"
        for network, products, what in (
            ("tf_efficientnet_b0", 20, "its padding"), ("swin_t", 24, "its windows"), ("maxvit_t", 22, "its windows"),
            ("mobilevit_xxs", 15, "its patches"), ("xcit_nano_12_p16_224", 424, "the sines of its positions"),
        )
    },
    **{
        (f"MultiheadAttention {how}", "torchprofile"): f"{products} products of numbers, which are sizes"
        for how, products in (("without biases", 4), ("on others", 6))
    },
    **{
        ("MultiheadAttention without biases", tool): "the bias of the layer at the end, which it counts where there is none"
        for tool in ("ptflops", "ptflops-modules")
    },
    **{
        (network, "ptflops-aten"): "linear layers on rows that do not lie one behind another: their bias is an addition"
        for network in ("xcit_nano_12_p16_224", "mixer_s32_224")
    },
}  # fmt: skip
"""(network, layer or piece of code, tool), read from a PyTorch module."""
