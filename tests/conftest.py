"""What the tests share: the flag that rewrites expected files, and the fixture that compares with one."""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before NumPy: workers of one machine share its cores
os.environ.setdefault("OMP_NUM_THREADS", "1")  # the same for PyTorch

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("ci", derandomize=True, deadline=None, print_blob=True)
settings.register_profile("here", deadline=None)
settings.load_profile("ci" if os.environ.get("CI") else "here")
"""In CI the same examples each time: what random search finds, it finds at a developer's."""

os.environ.pop("CI", None)  # a check is strict there, and a test says itself where it is


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare `--update-golden`."""
    parser.addoption("--update-golden", action="store_true", help="rewrite the expected files instead of comparing")


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[Path, str], None]:
    """Compares a text with a file: `golden(path, text)`; with --update-golden it writes the file instead."""
    update = request.config.getoption("--update-golden")

    def compare(path: Path, text: str) -> None:
        if update:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        assert path.is_file(), f"{path} is missing: run pytest --update-golden, and read what it wrote"

        assert path.read_text(encoding="utf-8") == text

    return compare
