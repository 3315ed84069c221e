"""Limits on a network's figures: caps, growth against a baseline, and a lock of exact integers.

`check.check(graph, macs="320M")` judges one network; `run` judges many specs for `cnncalc check`.
"""
