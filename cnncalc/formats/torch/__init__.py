"""PyTorch: a module as it is in code -> a Graph, without weights and without a forward pass.

torch:net.py:Net(width=2)      named        which code, and which arguments
                               running      a process of its own that runs it, with a limit of time
                               traced/      what that process does: the only part that runs a user's code
                               translate    aten operators -> the records that the ONNX reader takes
                               read         those -> a Graph, by the rules of ONNX and some of PyTorch's own
"""
