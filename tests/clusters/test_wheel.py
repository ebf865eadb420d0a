# SPDX-License-Identifier: MIT
"""The wheel: built offline, it holds the configs and works where there is no checkout."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.tiny_sweep import sweep_text

ROOT = Path(__file__).parents[2]
SOURCES = ("sweep", "configs", "pyproject.toml", "README.md", "LICENSE")
AXES = {"strategy": "[page_allocator]", "ring": "[64, 128]"}
SWEEP = sweep_text(name="elsewhere", kernel=None, traffic="router", axes=AXES, replicates=None)


def run(*words: object, folder: Path, **more: str) -> str:
    """What a command prints, which must succeed; nothing of ours is in its environment."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    command = [str(word) for word in words]
    done = subprocess.run(command, cwd=folder, env=kept | more, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built in a copy of the sources, because setuptools leaves things lying about, and without an index."""
    copy = tmp_path_factory.mktemp("sources")
    for name in SOURCES:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, copy / name, symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, copy)
    build = "import sys; from setuptools import build_meta; print(build_meta.build_wheel(sys.argv[1]))"
    path = os.pathsep.join(sys.path[1:])  # where this process has setuptools from
    out = run(sys.executable, "-c", build, copy / "dist", folder=copy, PYTHONPATH=path)
    return copy / "dist" / out.splitlines()[-1]


@pytest.fixture(scope="module")
def elsewhere(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A virtual environment with the wheel, and with our own environment's packages but not our sweep; a directory."""
    place = tmp_path_factory.mktemp("elsewhere")
    run(sys.executable, "-m", "venv", place / "venv", folder=place)
    python = place / "venv" / "bin" / "python"
    run(python, "-m", "pip", "install", "-q", "--no-index", "--no-deps", wheel, folder=place)
    site = Path(run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", folder=place).strip())
    packages = [path for path in sys.path if Path(path).name in ("site-packages", "dist-packages")]
    (site / "dependencies.pth").write_text("\n".join(packages) + "\n")  # after the wheel; their .pth are not read
    (place / "mine.yaml").write_text(SWEEP)
    return python, place


@pytest.mark.slow
def test_the_wheel_holds_every_config_and_every_file_of_the_package_and_nothing_else(wheel: Path) -> None:
    assert wheel.name == "sweep-0.1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
    configs = {f"sweep/configs/{path.relative_to(ROOT / 'configs')}" for path in ROOT.glob("configs/**/*.yaml")}
    package = {
        path.relative_to(ROOT).as_posix()
        for path in ROOT.glob("sweep/**/*")  # `**` does not follow the link sweep/configs
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert names == configs | package
    assert len(configs) > 20
    assert {"sweep/py.typed", "sweep/report/page/page.html.j2"} <= package


@pytest.mark.slow
def test_the_wheel_plans_runs_and_finds_what_is_built_in(elsewhere: tuple[Path, Path]) -> None:
    python, place = elsewhere
    where = run(python, "-c", "import sweep; print(sweep.__file__)", folder=place)
    assert where.startswith(str(place / "venv"))
    sweep = place / "venv" / "bin" / "sweep"
    assert "2 simulations" in run(sweep, "plan", "mine.yaml", folder=place)
    out = run(sweep, "run", "mine.yaml", "--executor", "inline", folder=place, SWEEP_PLAIN_PYTHON="1")
    assert "done 2 · failed 0" in out
    assert (place / "runs" / "elsewhere" / "report.html").stat().st_size > 10_000
    experiments = "from sweep.validate import find; print(len(find([])))"
    assert int(run(python, "-c", experiments, folder=place)) == len(list(ROOT.glob("configs/experiments/*.yaml")))


@pytest.mark.slow
def test_three_commands_in_an_empty_folder_give_an_answer(elsewhere: tuple[Path, Path]) -> None:
    """Those that the README begins with: kernels are compiled, on local Ray, as a user has it after `pip install`."""
    _, place = elsewhere
    folder, sweep = place / "empty", place / "venv" / "bin" / "sweep"
    folder.mkdir()
    out = run(sweep, "run", "smoke", folder=folder)
    assert "results go to runs/smoke\n" in out
    verdict, _, last = out.rpartition("\n\n")
    assert any(line.split()[:2] == ["router", "page_pool"] for line in verdict.splitlines())
    assert last == "report: runs/smoke/report.html\n  next: sweep report runs/smoke --open\n"
    assert (folder / "runs/smoke/report.html").stat().st_size > 10_000
    run(sweep, "init", "driver", folder=folder)
    out = run(sweep, "run", "driver.yaml", folder=folder)
    assert "claims: 1 undecided\n" in out
    assert {line.split()[0] for line in run(sweep, "list", folder=folder).splitlines()} == {"name", "driver", "smoke"}
    assert "points × " in run(sweep, "plan", "mm_summit_2016", folder=folder)
    assert run(sweep, "show", "configs", "smoke", folder=folder) == (ROOT / "configs/smoke.yaml").read_text()
