"""BLAS held to one thread while a network runs: its own threads wait for each other where cores are shared.

Where NumPy is not loaded yet, the environment tells it so. Where it is, as in most programs, its number of threads
is set for the time of a run. What a user has set in OPENBLAS_NUM_THREADS stays as it is.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

VARIABLE = "OPENBLAS_NUM_THREADS"

if "numpy" not in sys.modules:
    os.environ.setdefault(VARIABLE, "1")


@contextmanager
def one_thread() -> Iterator[None]:
    """BLAS with one thread, until the block ends."""
    if VARIABLE in os.environ:
        yield
        return
    with _controller().limit(limits=1, user_api="blas"):
        yield


@cache
def _controller() -> Any:
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()
