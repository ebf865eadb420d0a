# SPDX-License-Identifier: MIT
"""The recipes of docs/how-to/analyse.md and docs/python.md, run as they stand, in the order in which they stand.

The smoke sweep is shortened, so that plain Python can simulate it: what is tested here is that the recipes work.
R is not among what `make test` can install: its recipe is run where there is an Rscript, and skipped elsewhere.
"""

from __future__ import annotations

import ast
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOK = ROOT / "docs/how-to/analyse.ipynb"
ANALYSE, PYTHON = ROOT / "docs/how-to/analyse.md", ROOT / "docs/python.md"
SHIM = '#!/bin/sh\nexec "{python}" -m sweep "$@"\n'


def blocks(page: Path) -> list[tuple[str, str]]:
    """Language and text of every fenced block."""
    return re.findall(r"^```(\w+)\n(.*?)^```", page.read_text(encoding="utf-8"), re.S | re.M)


def commands(page: Path) -> list[str]:
    """Every command of the console blocks; a command may go on over several lines."""
    text = "".join(text for language, text in blocks(page) if language == "console")
    return [command.strip() for command in re.split(r"^\$ ", text, flags=re.M) if command.strip()]


class Place:
    """A directory in which the recipes are typed."""

    def __init__(self, path: Path) -> None:
        self.path = path
        (path / "configs").mkdir()
        smoke = (ROOT / "configs/smoke.yaml").read_text()
        short = smoke.replace("packets: 20_000", "packets: 400").replace("warmup: 4_000", "warmup: 100")
        assert short != smoke
        (path / "configs/smoke.yaml").write_text(short)
        (path / "smoke").write_text(short)  # a file of that name goes before the sweep that comes with sweep
        (path / "bin").mkdir()
        (path / "bin/sweep").write_text(SHIM.format(python=sys.executable))
        (path / "bin/sweep").chmod(0o755)

    def type(self, command: str) -> str:
        """What a shell command prints; it must succeed."""
        environment = {
            **os.environ,
            "PATH": f"{self.path / 'bin'}:{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
            "PYTHONWARNINGS": "error",
            "SWEEP_PLAIN_PYTHON": "1",
        }
        done = subprocess.run(
            ["bash", "-c", command], cwd=self.path, env=environment, capture_output=True, text=True, timeout=300
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
        return done.stdout + done.stderr

    def python(self, program: str) -> str:
        (self.path / "recipe.py").write_text(program)
        return self.type(f"{shlex.quote(sys.executable)} recipe.py")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """With the smoke sweep run and exported."""
    place = Place(tmp_path_factory.mktemp("recipes"))
    place.type("sweep run configs/smoke.yaml --executor inline --no-report")
    place.type("sweep export runs/smoke --out smoke.csv --columns parameter,metric,valid")
    place.type("sweep export runs/smoke --out smoke.duckdb")
    place.type("sweep export runs/smoke --out smoke.arrow --compression none")
    place.type("sweep export runs/smoke --out all --partition-by traffic,strategy")
    return place


@pytest.mark.parametrize(
    "command", commands(ANALYSE), ids=lambda command: " ".join([*command.split()[:2], command[-20:]])
)
def test_commands(place: Place, command: str) -> None:
    shown = place.type(command)
    assert shown.strip()
    if command.startswith("sweep query") and "--tables" not in command and "paket" not in command:
        assert not shown.rstrip().endswith("\n0 rows")
    assert ("Did you mean" in shown) == ("paket" in command)


def test_there_are_recipes_for_everybody() -> None:
    assert [language for language, _ in blocks(ANALYSE) if language != "console"] == [*["python"] * 5, "r"]
    assert len(commands(ANALYSE)) == 13


@pytest.mark.parametrize(
    "program",
    [text for language, text in blocks(ANALYSE) if language == "python"],
    ids=["duckdb", "pandas", "whole numbers", "arrow", "polars"],
)
def test_python_recipes(place: Place, program: str) -> None:
    shown = place.python(program)
    assert "page_pool" in shown


def test_pandas_polars_and_sql_agree(place: Place) -> None:
    """The percentages against the baseline, three ways."""
    import pandas as pd
    import polars as pl

    names = {"pd": pd, "pl": pl}
    before = Path.cwd()
    os.chdir(place.path)
    try:
        for language, program in blocks(ANALYSE):
            if language == "python" and ("pandas" in program or "polars" in program):
                exec(compile(program, str(ANALYSE), "exec"), names)
    finally:
        os.chdir(before)
    (sql,) = (shlex.split(command)[3] for command in commands(ANALYSE) if "join results" in command)
    from sweep import query

    with query.open(place.path / "runs/smoke") as database:
        rows = database.ask(sql).read().to_pylist()
    by_sql = {(row["traffic"], row["ring"], row["strategy"]): row["percent"] for row in rows}
    mean = names["by_cell"].mean()
    by_pandas = {
        (traffic, ring, strategy): value
        for (traffic, _, ring), row in mean.iterrows()
        for strategy, value in row.items()
        if strategy != "page_allocator"
    }
    by_polars = {
        (row["traffic"], row["ring"], row["strategy"]): row["percent"]
        for row in names["against"].to_dicts()
        if row["strategy"] != "page_allocator"
    }
    assert by_sql == pytest.approx(by_pandas)
    assert by_sql == pytest.approx(by_polars)
    assert len(by_sql) == 3 * 2 * 2


def test_python_page(place: Place) -> None:
    """All of it as one program: its blocks build on each other."""
    shown = place.python("\n".join(text for language, text in blocks(PYTHON) if language == "python"))
    assert '<sweep.Run "runs/smoke": smoke, 64 of 64 simulations>' in shown
    assert 'column "ns_per_paket" is not known. Did you mean "ns_per_packet"?' in shown


def test_the_notebook(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Cell by cell, as a notebook does it: in one namespace, and the value of a last expression is shown."""
    monkeypatch.chdir(place.path)
    notebook = json.loads(NOTEBOOK.read_text(encoding="utf-8"))
    names: dict[str, object] = {}
    shown = []
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            assert (cell["outputs"], cell["execution_count"]) == ([], None)
            *statements, last = ast.parse("".join(cell["source"])).body
            assert isinstance(last, ast.Expr)
            exec(compile(ast.Module(statements, []), cell["id"], "exec"), names)
            shown.append(eval(compile(ast.Expression(last.value), cell["id"], "eval"), names))
    run, points, percent = shown
    assert "router" in run._repr_mimebundle_()["text/html"]
    assert len(points) == 16
    assert points["ns_per_packet_half_width"].notna().all()
    assert (percent["page_allocator"] == 0).all()
    assert (percent["page_pool"] < 0).any()


@pytest.mark.skipif(not shutil.which("Rscript"), reason="the recipe for R is not run: there is no Rscript")
def test_r(place: Place) -> None:
    (program,) = (text for language, text in blocks(ANALYSE) if language == "r")
    (place.path / "recipe.R").write_text(program)
    shown = place.type("Rscript --vanilla recipe.R")
    assert "ns_per_packet is in ns" in shown
    assert "page_pool" in shown
    assert "One Sample t-test" in shown
