# SPDX-License-Identifier: MIT
"""`make check` refuses names and docstrings that a stranger cannot read."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
CHECK = ROOT / "checks" / "names.py"


def check(folder: Path) -> tuple[int, str]:
    """Exit code and output of the check over one folder."""
    done = subprocess.run([sys.executable, str(CHECK), str(folder)], capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout + done.stderr


def test_make_check_runs_it_and_sweep_passes() -> None:
    assert "\t$(BIN)/python checks/names.py sweep\n" in (ROOT / "Makefile").read_text()
    assert check(ROOT / "sweep") == (0, "")


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("def take_off(): ...", '1: "take_off"'),
        ("class Ran: ...", '1: "Ran"'),
        ("\nflights = 3", '2: "flights"'),
        ("self.prospect = 1", '1: "prospect"'),
        ("def rows(patience: int): ...", '1: "patience"'),
        ("found = []", '1: "found" gathers something: say what'),
        ("found: list[int] = []", '1: "found" gathers something'),
        ("found = dict[str, int]()", '1: "found" gathers something'),
        ('def rows():\n    """What came of it."""', '2: the docstring "What came of it."'),
        ('def rows():\n    """Their tables."""', '2: the docstring "Their tables."'),
    ],
)
def test_a_riddle_is_refused_with_its_place(tmp_path: Path, source: str, said: str) -> None:
    (tmp_path / "module.py").write_text(source)
    code, output = check(tmp_path)
    assert code == 1
    assert f"module.py:{said}" in output


@pytest.mark.parametrize("name", ["troubles.py", "sheets.py", "page_holders.py"])
def test_a_module_is_refused_by_its_name(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("")
    code, output = check(tmp_path)
    assert code == 1
    assert name in output


@pytest.mark.parametrize(
    "source",
    ["in_flight = 3", "found = search(rows)", "rows = []", 'def rows():\n    """The rows of a table, (rows,)."""'],
)
def test_plain_names_pass(tmp_path: Path, source: str) -> None:
    (tmp_path / "module.py").write_text(source)
    assert check(tmp_path) == (0, "")
