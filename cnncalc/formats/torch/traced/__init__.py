"""A module of PyTorch as plain records: the one part of cnncalc that runs a user's code.

    python -m ... REQUEST ANSWER      both JSON files; in a process of its own, under the limits that `opened` sets

The module is built without numbers (`making`), traced by `torch.export` on the meta device, where a tensor has a shape
and no numbers (`tracing`), and written down operator by operator (`records`). Nothing else of cnncalc is imported, so
that the process holds torch and the user's code alone.
"""
