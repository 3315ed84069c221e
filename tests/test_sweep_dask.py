"""The same sweep on a real Dask cluster of two worker processes: equal to the last digit."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

distributed = pytest.importorskip("distributed", reason="Dask is not installed: pip install 'cnncalc[dask]'")

from cnncalc.sweeping.engine import all_rows, rows, stretches  # noqa: E402
from cnncalc.sweeping.grid import grid  # noqa: E402
from cnncalc.sweeping.plan import plan  # noqa: E402
from cnncalc.sweeping.rows import Rows  # noqa: E402
from cnncalc.sweeping.select import conditions  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning", "ignore::UserWarning")

ROOT = Path(__file__).parents[1]
TEXTS = ["width=0.25:1:0.25", "input=32:224:2"]


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """Two worker processes."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
        ) as made:
            yield made


def sweep() -> Any:
    """A sweep that splits in several paths."""
    columns = ["params", "macs", "receptive_field", "peak_activations"]
    return plan("mobilenet_v2", grid(TEXTS), columns, "fp32", {}, None)


def same(a: Rows, b: Rows) -> bool:
    """Whether two sweeps have the same rows in the same order."""
    return all((a.values[n] == b.values[n]).all() for n in a.values) and all(
        (a.columns[n] == b.columns[n]).all() and a.columns[n].dtype == b.columns[n].dtype for n in a.columns
    )


def test_a_cluster_gives_the_rows_of_this_process(cluster: Any) -> None:
    """Every column, every row, in order, with a condition and without."""
    made = sweep()
    for where in ([], conditions(["macs < 100M"], made.grid)):
        found = rows(made, where, stretches(made.grid.count, 60), "dask", cluster.scheduler_address)

        assert same(all_rows(made, where), Rows.joined(list(found)))


def test_a_killed_worker_loses_nothing(cluster: Any) -> None:
    """Dask gives the stretches of a worker that dies to another."""
    made = sweep()
    found = rows(made, [], stretches(made.grid.count, 10), "dask", cluster.scheduler_address)
    parts = [next(found)]
    victim = next(iter(cluster.workers.values()))
    os.kill(victim.pid, signal.SIGKILL)
    parts += list(found)

    assert same(all_rows(made), Rows.joined(parts))


def test_a_point_that_is_too_large_is_left_out_on_a_worker_too(cluster: Any) -> None:
    """With the same reason as here; the other point stands."""
    made = plan("resnet50", grid(["input=224,1000000000"]), ["macs"], "fp32", {}, None)
    found = Rows.joined(list(rows(made, [], stretches(2, 2), "dask", cluster.scheduler_address)))

    assert same(all_rows(made), found)
    assert "above 2^62" in str(found)


def test_the_command_on_a_cluster_writes_the_same_parts(cluster: Any, tmp_path: Path) -> None:
    """Also after it was killed half way: the parts that were whole stay, the others come."""
    command = [sys.executable, "-m", "cnncalc", "sweep", "mobilenet_v2", *TEXTS, "--part", "10"]
    on_dask = [
        *command,
        "-o",
        f"{tmp_path}/dask/",
        "--engine",
        "dask",
        "--scheduler",
        cluster.scheduler_address,
    ]
    subprocess.run([*command, "-o", f"{tmp_path}/here/"], check=True, capture_output=True)
    first = subprocess.Popen(on_dask, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=ROOT)
    deadline = time.monotonic() + 30
    while len(list(tmp_path.glob("dask/part-*"))) < 3 and time.monotonic() < deadline and first.poll() is None:
        time.sleep(0.005)
    first.kill()
    first.wait()
    ran = subprocess.run(on_dask, capture_output=True, text=True, check=False, cwd=ROOT)

    assert (0, "") == (ran.returncode, ran.stdout), ran.stderr
    parts = {path.name: path.read_bytes() for path in (tmp_path / "here").iterdir()}
    assert parts == {path.name: path.read_bytes() for path in (tmp_path / "dask").iterdir() if path.name in parts}
    assert 39 == len(parts) - 1


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("tcp://127.0.0.1:1", "error: no Dask scheduler answers at tcp://127.0.0.1:1\n"),
        ("nonsense", "error: `--scheduler nonsense` is no address\n"),
    ],
)
def test_an_unreachable_scheduler_is_said(address: str, message: str) -> None:
    """One message and exit code 2; the connection gives up by itself."""
    arguments = ["sweep", "resnet50", "input=64:66", "--engine", "dask", "--scheduler", address]
    ran = subprocess.run(
        [sys.executable, "-m", "cnncalc", *arguments], capture_output=True, text=True, check=False, timeout=30
    )

    assert 2 == ran.returncode
    assert ran.stderr.startswith(message)
    assert "Traceback" not in ran.stderr
