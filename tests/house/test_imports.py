# SPDX-License-Identifier: MIT
"""Imports of sweep: none comes back to where it began, not even one that a function makes when it is called."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from sweep.jobs.executors import NAMES

OTHERS = {  # of the same name as an executor
    "sweep.config.points.reading",  # a NIC that is written inline
    "sweep.jobs.submission.api",  # the package ray, as the client of a cluster's Jobs API
}
ROOT = Path(__file__).parents[2]


def modules(root: Path) -> dict[str, Path]:
    """Every module below `root`/sweep by its dotted name; a package by the name of its folder."""
    paths = root.glob("sweep/**/*.py")
    return {".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__"): path for path in paths}


def imports(name: str, path: Path, known: dict[str, Path]) -> Iterator[str]:
    """The modules that this one names in its import statements, wherever in the file they stand."""
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names if each.name in known)
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            for each in node.names:
                inner = f"{base}.{each.name}"
                if inner in known or base in known:
                    yield inner if inner in known else base


def circle(root: Path) -> list[str]:
    """A circle of imports, each module importing the one after it; empty if there is none."""
    known = modules(root)
    graph = {name: {*imports(name, path, known)} - {name} for name, path in known.items()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def test_no_circle_of_imports() -> None:
    assert len(modules(ROOT)) > 300
    assert circle(ROOT) == []


@pytest.mark.parametrize("late", [False, True], ids=["at the top", "in a function"])
def test_a_circle_is_found(tmp_path: Path, late: bool) -> None:
    package = tmp_path / "sweep" / "inner"
    package.mkdir(parents=True)
    (tmp_path / "sweep" / "__init__.py").write_text("")
    (package / "__init__.py").write_text("")
    (package / "first.py").write_text("from .second import thing\n")
    back = "from sweep.inner import first\n"
    (package / "second.py").write_text(f"def thing():\n    {back}" if late else back)
    assert set(circle(tmp_path)) == {"sweep.inner.first", "sweep.inner.second"}


@pytest.mark.parametrize("executor", NAMES)
def test_an_executor_is_named_in_its_own_module_and_in_the_list(executor: str) -> None:
    """What another module has to know of it is said by its `ExecutorKind`; so one more executor needs no more."""
    known, home = modules(ROOT), f"sweep.jobs.executors.{executor}"
    strangers = {name: path for name, path in known.items() if name != home and not name.startswith(f"{home}.")}
    assert len(strangers) < len(known)
    importing = [name for name, path in strangers.items() if any(home in each for each in imports(name, path, known))]
    assert importing == []
    naming = {name for name, path in strangers.items() if executor in _texts(path)}
    assert naming - OTHERS == {"sweep.jobs.executors"}


def _texts(path: Path) -> set[str]:
    """The strings of a module and their words."""
    texts = [node.value for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Constant)]
    texts = [text for text in texts if isinstance(text, str)]
    options = [text.partition("--executor ")[2].split(" ")[0] for text in texts]
    return {*texts, *options}
