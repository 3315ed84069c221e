"""A module of PyTorch as plain records: the one part of cnncalc that runs a user's code.

    python -m ... REQUEST ANSWER      both JSON files; in a process of its own, under the limits that `opened` sets

The module is built without numbers (`making`) and called once on the meta device, where a tensor has a shape and no
numbers: each operator is written down as it is called (`recording`), also one that writes over a tensor (`lying`). What
cannot be recorded so is traced by `torch.export` (`tracing`). Either program is then put in plain values, operator by
operator (`records`). Nothing else of cnncalc is imported, so that the process holds torch and the user's code alone.
"""
