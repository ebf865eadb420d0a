# SPDX-License-Identifier: MIT
"""What is said of the project holds: DESIGN.md's list of modules, file headers, sizes, and the README's targets."""

from __future__ import annotations

import ast
import re
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MODULES = sorted(ROOT.glob("sweep/**/*.py"))
SOURCES = MODULES + sorted(ROOT.glob("tests/**/*.py")) + sorted(ROOT.glob("bench/**/*.py"))


def summary(path: Path) -> str:
    """First paragraph of a module's docstring, on one line."""
    text = ast.get_docstring(ast.parse(path.read_text())) or ""
    return " ".join(text.split("\n\n")[0].split())


def code_blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", (ROOT / "README.md").read_text(), re.S)


def test_design_has_a_line_for_every_module_as_it_is_now() -> None:
    lines = {*(ROOT / "DESIGN.md").read_text().splitlines()}
    summaries = {path.relative_to(ROOT).as_posix(): summary(path) for path in MODULES}
    assert [name for name, text in summaries.items() if not text] == []
    assert [name for name, text in summaries.items() if f"* `{name}`: {text}" not in lines] == []


def test_design_names_no_module_that_is_gone() -> None:
    named = re.findall(r"^\* `(sweep/[^`]+\.py)`", (ROOT / "DESIGN.md").read_text(), re.M)
    assert sorted(named) == [path.relative_to(ROOT).as_posix() for path in MODULES]


def test_what_is_written_names_no_file_that_is_gone() -> None:
    """A test, benchmark or check that a page or a docstring names in full is there."""
    path = re.compile(r"`?\b((?:tests|bench|clusters|checks)/[\w/.-]+\.(?:py|md|yaml|json|jsonl|sh))\b")
    pages = [ROOT / "README.md", ROOT / "DESIGN.md", *(ROOT / "docs").rglob("*.md"), *MODULES]
    named = {name: page.name for page in pages for name in path.findall(page.read_text(encoding="utf-8"))}
    assert {name: page for name, page in named.items() if not (ROOT / name).exists()} == {}


def test_every_file_of_tests_has_a_name_of_its_own() -> None:
    """pytest imports those that are in no package by their names alone, and leaves the second of two out."""
    paths = [path for path in (ROOT / "tests").rglob("*.py") if not (path.parent / "__init__.py").exists()]
    names = Counter(path.name for path in paths if path.name != "conftest.py")
    assert [name for name, count in names.items() if count > 1] == []


# Folders of tests that no one module answers for: of other folders of the repository, and of all the program at once.
SPANNING = {
    *("bench", "checks", "clusters", "docs"),  # what these folders of the repository hold
    "cluster",  # Ray on several machines
    "faults",  # kills, crashes, full disks
    "fuzz",  # any input of any verb
    "golden",  # the tables of fixed sweeps, digest by digest
    "house",  # the repository itself
    "reference",  # the plain twin of the model
    "verify",  # the model against theory
}


def test_tests_stand_where_what_they_test_stands() -> None:
    """tests/a/test_b.py, and test_b_so.py, test sweep/a/b.py or the package sweep/a/b; or if b is a, all of sweep/a."""
    strays = []
    for path in (ROOT / "tests").rglob("test_*.py"):
        folder = path.relative_to(ROOT / "tests").parent
        if folder.parts[:1] and folder.parts[0] in SPANNING:
            continue
        tested = ROOT / "sweep" / folder
        names = {tested.name, *(each.stem for each in tested.glob("*.py")), *(each.name for each in tested.glob("*/"))}
        about = path.stem.removeprefix("test_")
        if not tested.is_dir() or not any(about == name or about.startswith(f"{name}_") for name in names):
            strays.append(path.relative_to(ROOT).as_posix())
    assert strays == []


def test_every_source_has_its_licence_and_a_bearable_size() -> None:
    texts = {path.relative_to(ROOT).as_posix(): path.read_text().splitlines() for path in SOURCES}
    assert [name for name, lines in texts.items() if lines[0] != "# SPDX-License-Identifier: MIT"] == []
    assert {name: len(lines) for name, lines in texts.items() if len(lines) > 300} == {}


def recipe(target: str) -> str:
    """The commands of a target of the Makefile."""
    (text,) = re.findall(rf"^{re.escape(target)}:.*\n((?:\t.*\n)+)", (ROOT / "Makefile").read_text(), re.M)
    return text


def test_the_readme_s_targets_are_targets() -> None:
    targets = re.findall(r"\bmake ([a-z][a-z-]*)", " ".join(code_blocks("console")))
    assert targets[:2] == ["demo", "test"]
    assert all(recipe(target) for target in targets)


def test_kernels_are_compiled_before_tests_begin() -> None:
    """Else each of the processes that share the tests out compiles what it comes to need."""
    for target in ("test", "test-slow"):
        assert recipe(target).splitlines()[0] == "\t-@$(BIN)/sweep warm"


def test_every_test_is_run_by_ci_quick_or_slow(pytestconfig: pytest.Config) -> None:
    addopts = pytestconfig.getini("addopts")
    assert addopts[addopts.index("-m") + 1] == "not slow"
    halves = re.findall(r"pytest.* -m '(.*?)'", recipe("test") + recipe("test-slow"))
    assert sorted(halves) == ["slow and alone", "slow and not alone"]
    made = [line for line in (ROOT / ".ci" / "run").read_text().splitlines() if line.startswith("make ")]
    assert made == ["make check", "make test", "make test-slow"]
