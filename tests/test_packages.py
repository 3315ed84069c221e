"""The wheel and the sdist: what they hold, and that the wheel works in an environment of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def built(source: Path, into: Path, *targets: str) -> None:
    """Build packages of a source tree; the backend is asked as a program, so nothing is fetched."""
    pytest.importorskip("hatchling", reason="the build backend is not installed")
    done = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-d", str(into), *(f"-t{target}" for target in targets)],
        cwd=source, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert 0 == done.returncode, done.stderr


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this tree."""
    folder = tmp_path_factory.mktemp("wheel")
    built(ROOT, folder, "wheel")
    (found,) = folder.glob("*.whl")
    return found


@pytest.fixture(scope="module")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sdist of this tree, unpacked."""
    folder = tmp_path_factory.mktemp("sdist")
    built(ROOT, folder, "sdist")
    (found,) = folder.glob("*.tar.gz")
    with tarfile.open(found) as archive:
        archive.extractall(folder, filter="data")
    return folder / found.name.removesuffix(".tar.gz")


def names(wheel: Path) -> set[str]:
    """The files of a wheel."""
    return set(zipfile.ZipFile(wheel).namelist())


def test_the_wheel_holds_what_is_used_and_nothing_else(wheel: Path) -> None:
    """Types, licence, every spec and picture of the page; no tests, benchmarks, docs or compiled files."""
    found = names(wheel)
    specs = {path.relative_to(ROOT).as_posix() for path in (ROOT / "specs").rglob("*.yaml")}
    code = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "cnncalc").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }

    assert len(specs) > 80
    assert {f"cnncalc/{spec}" for spec in specs} <= found
    assert code <= found
    assert "cnncalc/py.typed" in found
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in found)
    assert {"cnncalc"} == {name.split("/")[0] for name in found if ".dist-info/" not in name}
    assert not [name for name in found if "test" in name.split("/")[-1] or name.endswith(".pyc")]


def test_the_sdist_holds_docs_licence_and_tests(sdist: Path) -> None:
    """All that a packager builds, tests and reads."""
    for name in ("LICENSE", "README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "pyproject.toml"):
        assert (ROOT / name).read_bytes() == (sdist / name).read_bytes()
    for folder in ("cnncalc", "specs", "tests", "docs", "benchmarks", "action"):
        kept = {path.relative_to(sdist) for path in (sdist / folder).rglob("*") if path.is_file()}
        there = {
            path.relative_to(ROOT)
            for path in (ROOT / folder).rglob("*")
            if path.is_file()
            and not any(part.startswith((".", "__pycache__")) for part in path.parts[len(ROOT.parts) :])
        }
        assert there <= kept
        assert not [path for path in kept if path.suffix == ".pyc"]


def test_the_sdist_builds_the_same_wheel(sdist: Path, wheel: Path, tmp_path: Path) -> None:
    """File by file, to the byte; the list of hashes is that of the files."""
    built(sdist, tmp_path, "wheel")
    (again,) = tmp_path.glob("*.whl")
    one, other = zipfile.ZipFile(wheel), zipfile.ZipFile(again)

    assert names(wheel) == names(again)
    assert [] == [name for name in one.namelist() if one.read(name) != other.read(name)]


def test_the_wheel_works_in_an_environment_of_its_own(wheel: Path, tmp_path: Path) -> None:
    """Installed by pip without this tree; what it depends on is taken from here."""
    home = tmp_path / "venv"
    venv.create(home, with_pip=True)
    scripts = home / ("Scripts" if os.name == "nt" else "bin")
    inside = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PIP_"))}
    inside |= {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "COLUMNS": "200"}

    def run(*command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(command, cwd=tmp_path, env=inside, capture_output=True, text=True, check=False)

    installed = run(str(scripts / "python"), "-m", "pip", "install", "--no-deps", "--no-index", str(wheel))
    assert 0 == installed.returncode, installed.stderr
    where = run(str(scripts / "python"), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").stdout.strip()
    (Path(where) / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    program = str(scripts / "cnncalc")
    shown = run(program, "summary", "resnet18")
    module = run(str(scripts / "python"), "-c", "import cnncalc; print(cnncalc.__file__)")

    assert 0 == shown.returncode, shown.stderr
    assert "11,689,512" in shown.stdout
    assert "1,814,073,344" in shown.stdout
    assert Path(module.stdout.strip()).is_relative_to(home.resolve()) or str(home) in module.stdout
    assert "11689512" in run(program, "params", "resnet18", "--format", "json").stdout
