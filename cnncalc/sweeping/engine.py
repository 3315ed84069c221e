"""The stretches of a sweep, one after the other: in this process, or on a Dask cluster.

Both run the same function on the same stretch, so the rows are equal to the last digit, and both give
them in order. Dask retries a stretch whose worker dies; only a few stretches are on their way at a
time, so memory is bounded wherever the rows go."""

from __future__ import annotations

import re
import threading
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from ..errors import CnncalcError
from .evaluate import Evaluator
from .grid import Grid
from .plan import Plan
from .rows import Rows
from .select import Condition, kept

RETRIES = 3
SECONDS_TO_CONNECT = 6
ADDRESS = re.compile(r"(\w+://)?[^\s:/]+:\d+|\[[0-9a-fA-F:]+\]:\d+|inproc://\S+")

Stretch = tuple[int, int]


def stretches(count: int, size: int) -> list[Stretch]:
    """A sweep of so many points in stretches of at most `size`."""
    return [(start, min(start + size, count)) for start in range(0, count, size)]


def here(plan: Plan, wanted: Sequence[Condition], over: Iterable[Stretch]) -> Iterator[Rows]:
    """The rows of each stretch, worked out in this process."""
    evaluator = Evaluator(plan)
    for start, stop in over:
        yield kept(evaluator.rows(start, stop), wanted, plan.grid)


_of_thread = threading.local()
"""What each thread of a worker has expanded: an evaluator is not shared."""


def there(plan: Plan, key: str, wanted: Sequence[Condition], start: int, stop: int) -> Rows:
    """The rows of a stretch, on a worker, which remembers what it expanded for the same plan."""
    if getattr(_of_thread, "key", None) != key:
        _of_thread.key, _of_thread.evaluator = key, Evaluator(plan)
    return kept(_of_thread.evaluator.rows(start, stop), wanted, plan.grid)


def on_dask(
    plan: Plan, wanted: Sequence[Condition], over: Iterable[Stretch], scheduler: str | None, workers: int
) -> Iterator[Rows]:
    """The rows of each stretch, worked out on a cluster: the one at `scheduler`, or local processes."""
    with _client(scheduler, workers) as client:
        import uuid

        key = uuid.uuid4().hex
        ahead = 2 * max(sum(client.nthreads().values()), 1)
        running: deque[Any] = deque()
        waiting = iter(over)
        for start, stop in waiting:
            running.append(client.submit(there, plan, key, wanted, start, stop, retries=RETRIES, pure=False))
            if len(running) >= ahead:
                yield _gathered(running.popleft())
        while running:
            yield _gathered(running.popleft())


def _gathered(future: Any) -> Rows:
    try:
        rows: Rows = future.result()
    except CnncalcError:
        raise
    except Exception as error:
        raise CnncalcError(f"a worker of the Dask cluster failed: {type(error).__name__}: {error}") from None
    return rows


@contextmanager
def _client(scheduler: str | None, workers: int) -> Iterator[Any]:
    try:
        import logging

        import dask
        import distributed
    except ImportError:
        raise CnncalcError("`--engine dask` needs Dask", "pip install 'cnncalc[dask]'") from None
    if scheduler is not None and not ADDRESS.fullmatch(scheduler):
        raise CnncalcError(f"`--scheduler {scheduler}` is no address", "for instance --scheduler tcp://127.0.0.1:8786")
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    dask.config.set({"distributed.comm.timeouts.connect": SECONDS_TO_CONNECT})
    cluster: Any = None
    start_client: Any = distributed.Client  # the package has no types
    start_cluster: Any = distributed.LocalCluster
    try:
        if scheduler is None:
            cluster = start_cluster(n_workers=workers, threads_per_worker=1, processes=True, dashboard_address=None)
        client = start_client(
            cluster if cluster is not None else scheduler, timeout=SECONDS_TO_CONNECT, set_as_default=False
        )
    except (OSError, TimeoutError, ValueError, TypeError) as error:
        if cluster is not None:
            cluster.close()
        what = f"no Dask scheduler answers at {scheduler}" if scheduler else "the local Dask cluster does not start"
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise CnncalcError(what, f"{reason}; for instance --scheduler tcp://127.0.0.1:8786") from None
    try:
        if scheduler is not None and not client.nthreads():
            raise CnncalcError(f"the Dask scheduler at {scheduler} has no workers", f"dask worker {scheduler}")
        yield client
    finally:
        client.close(timeout=2)
        if cluster is not None:
            cluster.close(timeout=5)


def rows(
    plan: Plan,
    wanted: Sequence[Condition],
    over: Sequence[Stretch],
    engine: str = "local",
    scheduler: str | None = None,
    workers: int = 2,
) -> Iterator[Rows]:
    """The rows of each stretch that the conditions keep, in order."""
    if engine == "dask":
        return on_dask(plan, wanted, over, scheduler, workers)
    return here(plan, wanted, over)


def all_rows(plan: Plan, wanted: Sequence[Condition] = (), size: int = 262_144) -> Rows:
    """Every row of a sweep at once, for one that fits in memory."""
    return Rows.joined(list(here(plan, wanted, stretches(plan.grid.count, size))))


__all__ = ["Grid", "Stretch", "all_rows", "rows", "stretches"]
