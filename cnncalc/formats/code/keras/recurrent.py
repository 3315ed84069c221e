"""What a file of code has where layers keep a state: it reads their weights in Keras' order."""

from __future__ import annotations

LOADER = '''
def assigned(layer, called, stored):
    """Whether this is a layer with a state, whose weights are read here: Keras has its gates in another order."""
    if not isinstance(layer, (layers.Bidirectional, layers.LSTM, layers.GRU, layers.SimpleRNN)):
        return False
    ways = {"": layer}
    if isinstance(layer, layers.Bidirectional):
        ways = {"": layer.forward_layer, "_reverse": layer.backward_layer}
    for way, one in ways.items():
        parts = {"LSTM": [0, 1, 2, 3], "GRU": [1, 0, 2], "SimpleRNN": [0]}[type(one).__name__]

        def read(name):
            values = numpy.split(stored.pop(f"{called}_{name}{way}"), len(parts))
            return numpy.concatenate([values[part] for part in parts])

        one.cell.kernel.assign(read("weight_ih").T)
        one.cell.recurrent_kernel.assign(read("weight_hh").T)
        if one.cell.use_bias:
            names = [name for name in ("bias_ih", "bias_hh") if f"{called}_{name}{way}" in stored]
            both = numpy.stack([read(name) for name in names])
            one.cell.bias.assign(both if len(one.cell.bias.shape) == 2 else both.sum(0))
    return True
'''
