# SPDX-License-Identifier: MIT
"""The digest of a strategy's code: an edit that can change its results changes it, and nothing else does."""

from __future__ import annotations

import ast
import json
import linecache
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sweep.model import batch, identity, poll
from sweep.model.compiler import syntax
from sweep.model.compiler.jit import bind
from sweep.model.strategies import NAMES
from sweep.model.strategies.protocol import Strategy
from sweep.model.traffic.processes import NAMES as PROCESSES

MODEL = Path(poll.__file__).parent
DIGESTS = {
    **dict.fromkeys(NAMES, identity.strategy_digest),
    **dict.fromkeys(PROCESSES, identity.process_digest),
    **dict.fromkeys(identity.quantiles.KINDS, identity.table_digest),
}


def digests() -> dict[str, str]:
    """All digests, computed from the files as `linecache` has them now."""
    for cached in (syntax._syntax, syntax._tree, syntax._definitions, syntax._imports, *{*DIGESTS.values()}):
        cached.cache_clear()
    return {name: of(name) for name, of in DIGESTS.items()}


@pytest.fixture(scope="module")
def before() -> dict[str, str]:
    return digests()


@pytest.fixture(autouse=True)
def _forget() -> Iterator[None]:
    yield
    linecache.clearcache()
    digests()


def changed(before: dict[str, str], file: Path, text: str) -> set[str]:
    """Whose digests change if `file` has this text.  Functions must keep their first lines, by which they are found."""
    linecache.cache[str(file)] = (0, None, text.splitlines(keepends=True), str(file))
    after = digests()
    return {name for name in before if before[name] != after[name]}


@pytest.mark.parametrize(
    ("file", "there", "instead", "expected"),
    [
        ("poll.py", "st.waiting -= 1", "st.waiting -= 2", {*NAMES}),
        ("strategies/page_flip.py", "released_buffers += 1", "released_buffers += 2", {"page_flip"}),
        ("lane/prepare.py", "return (ppm << 32) // PPM", "return (ppm << 31) // PPM", {*NAMES}),
        ("lane/capacity.py", "+ kept + POOL_CACHE", "+ kept + 2 * POOL_CACHE", {*NAMES}),
        ("counting/laws.py", "p.ring * window_ns", "p.ring * window_ns + 1", {*NAMES}),
        ("strategies/page_allocator.py", '"=", c.pages_given)', '"=", c.pages_taken)', {"page_allocator"}),
        ("traffic/processes/on_off.py", "(length - 1)", "(length - 2)", {"on_off"}),
        ("randomness/quantiles.py", "np.full(SIZE, values[0],", "np.full(SIZE, values[0] + 1,", {"constant"}),
        ("randomness/streams.py", "encode((VERSION, seed, replicate", "encode((VERSION, replicate, seed", {*NAMES}),
    ],
)
def test_an_edit_counts_where_it_can_change_a_result(
    before: dict[str, str], file: str, there: str, instead: str, expected: set[str]
) -> None:
    text = "".join(linecache.getlines(str(MODEL / file)))
    assert text.count(there) == 1
    assert changed(before, MODEL / file, text.replace(there, instead)) == expected


def device_functions(name: str) -> set[Any]:
    """The device functions that `bind` compiles for a strategy."""
    bound: dict[Any, Any] = {}
    bind(poll.run, batch.fillings(name), done=bound)
    return {*bound}


def test_an_edit_of_a_device_function_changes_the_digests_of_those_that_bind_it(before: dict[str, str]) -> None:
    """The last statement gets another behind it, in the same line; who runs the function is asked of `bind`."""
    of = {name: device_functions(name) for name in NAMES}
    functions = sorted(set[Any]().union(*of.values()), key=lambda each: (each.__module__, each.__name__))
    assert len(functions) > 130
    for function in random.Random(1).sample(functions, 5):
        file = function.__code__.co_filename
        lines = linecache.getlines(file)
        (last,) = (
            node.body[-1].end_lineno or 0
            for node in ast.walk(ast.parse("".join(lines)))
            if isinstance(node, ast.FunctionDef)
            and node.decorator_list
            and node.decorator_list[0].lineno == function.__code__.co_firstlineno
        )
        text = "".join([*lines[: last - 1], f"{lines[last - 1].rstrip()}; edited = 1\n", *lines[last:]])
        assert changed(before, Path(file), text) == {name for name in NAMES if function in of[name]}, function
        linecache.clearcache()


def test_everything_that_a_strategy_offers_is_in_its_digest() -> None:
    """But what only says which sweeps are refused before they are run."""
    offered = {name for name in vars(Strategy) if not name.startswith("_")}
    assert {*identity.PREPARES, *identity.DECLARES, *batch.fillings("page_allocator")} == offered - {"buffer_bytes"}


def in_a_copy(folder: Path, *edits: tuple[str, str, str]) -> dict[str, str]:
    """The digests of a copy of sweep's sources in `folder` after these edits: file, text there, text in its place."""
    for file, there, instead in edits:
        path = folder / "sweep" / file
        text = path.read_text()
        assert text.count(there) == 1, (file, there, text.count(there))
        path.write_text(text.replace(there, instead))
    code = f"""
import json
from sweep.model import identity as of
digests = [(of.strategy_digest, {NAMES}), (of.process_digest, {PROCESSES}), (of.table_digest, of.quantiles.KINDS)]
print(json.dumps({{name: each(name) for each, names in digests for name in names}}))
"""
    environment = os.environ | {"PYTHONPATH": str(folder)}
    done = subprocess.run([sys.executable, "-c", code], cwd=folder, env=environment, stdout=subprocess.PIPE)
    assert not done.returncode
    digests: dict[str, str] = json.loads(done.stdout)
    return digests


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    shutil.copytree(MODEL.parent, tmp_path / "sweep", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def test_how_code_is_written_does_not_count(before: dict[str, str], copy: Path) -> None:
    """Comments, docstrings and blank lines in every file of the model; and what no strategy's code is made from."""
    for path in [*(copy / "sweep" / "model").rglob("*.py"), *(copy / "sweep" / "fields").rglob("*.py")]:
        text = (
            path.read_text()
            .replace('."""\n', '.  Indeed."""  # really\n\n')
            .replace("knobs: dict[str, int]", "knobs: object")
        )
        path.write_text(f"# One more comment.\n{text}\n\nEDITED = 1\n")
    for path in [*(copy / "sweep" / "replay").rglob("*.py"), copy / "sweep" / "model" / "compiler" / "kernel_cache.py"]:
        path.write_text(path.read_text().replace(" + 1", " + 2"))
    after = in_a_copy(
        copy,
        ("model/lane/sim.py", '"clock of the CPU that runs at the moment"', '"the clock"'),
        ("fields/parameter.py", '"thousandths"', '"thousands"'),
        ("fields/metrics.py", "def _throughput(", "def _lost("),
        ("model/poll.py", "def shared_until(", "def shared_up_to("),
        ("model/poll.py", "until = shared_until(sim, lane)", "until = shared_up_to(sim, lane)"),
        ("model/traffic/processes/__init__.py", '"constant", ', '"constant", "another", '),
        ("model/strategies/__init__.py", '    "page_flip",\n', '    "page_flip",\n    "another",\n'),
        ("model/randomness/quantiles.py", "a quantile is not within", "not within"),
    )
    assert {name: after[name] for name in before} == before


@pytest.mark.parametrize(
    ("file", "there", "instead", "expected"),
    [
        ("model/poll.py", "SLICE_PS = 3_000_000_000", "SLICE_PS = 4_000_000_000", {*NAMES}),
        ("model/counting/episodes.py", "@device\ndef begin_poll", "OTHER = 1\n\n\n@device\ndef begin_poll", set()),
        ("model/strategies/fifo_cache.py", "DEFERRED_FREE = True", "DEFERRED_FREE = False", {"fifo_cache"}),
        ("fields/constants.py", "PAGE_BYTES = 4096", "PAGE_BYTES = 8192", {*NAMES}),
        ("model/traffic/processes/on_off.py", 'Setting("peak", "share", 3', 'Setting("peak", "share", 9', {"on_off"}),
    ],
)
def test_values_count_where_they_are_used(
    before: dict[str, str], copy: Path, file: str, there: str, instead: str, expected: set[str]
) -> None:
    after = in_a_copy(copy, (file, there, instead))
    assert {name for name in before if after[name] != before[name]} == expected
