# SPDX-License-Identifier: MIT
"""docs/reference/ is what the code says now."""

from __future__ import annotations

import sys

import pytest
from typed_pages import ROOT

sys.path.insert(0, str(ROOT / "docs"))
import reference

from sweep import schema
from sweep.cli import app
from sweep.config.parameters import parameters
from sweep.fields.metrics import METRICS
from sweep.model.strategies import NAMES


@pytest.fixture(scope="module")
def made() -> dict[str, str]:
    return reference.pages()


def test_the_files_are_what_the_code_gives(made: dict[str, str]) -> None:
    folder = ROOT / "docs/reference"
    assert sorted(made) == sorted(path.name for path in folder.iterdir())
    stale = [name for name, text in made.items() if (folder / name).read_text(encoding="utf-8") != text]
    assert not stale, "make them again: make reference (or python docs/reference.py)"


def test_nothing_is_left_out(made: dict[str, str]) -> None:
    for column in schema.columns():
        page = {"parameter": "parameters", "metric": "metrics", "counter": "counters", "histogram": "counters"}
        if column.role in page:
            assert f"| `{column.name}` |" in made[f"{page[column.role]}.md"], column.name
    rules = {name for name in parameters() if name.startswith("kernel.")}  # they have a page of their own
    assert all(f"| `{name}` |" in made["parameters.md"] for name in parameters().keys() - rules)
    assert all(f"| `{name.removeprefix('kernel.')}` |" in made["kernels.md"] for name in rules)
    assert all(f"| `{metric.name}` |" in made["metrics.md"] for metric in METRICS)
    assert all(f"\n## {name}\n" in made["strategies.md"] for name in NAMES)
    verbs = [command.callback.__name__ for command in app.registered_commands if command.callback]
    assert all(f"\n## sweep {verb}\n" in made["commands.md"] for verb in verbs)


def test_tables_are_even(made: dict[str, str]) -> None:
    """A cell that breaks its table is seen by its row's number of columns."""
    for name, text in made.items():
        width = 0
        for line in text.splitlines():
            if line.startswith("|"):
                columns = line.replace("\\|", "").count("|")
                assert columns == (width or columns), f"{name}: {line}"
                width = columns
            else:
                width = 0
