# SPDX-License-Identifier: MIT
"""Each fact of the ground floor is stated once in sweep/: found in the sources, not believed."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest

from sweep.evidence.halves import NEEDED
from sweep.fields.counters import COUNTERS, HEADINGS, LATENCY, LOSSES
from sweep.fields.declared import DECLARED
from sweep.fields.field import Better, Stage
from sweep.fields.losses import CAUSES
from sweep.fields.series import SERIES
from sweep.fields.spread import DROPS, MEAN
from sweep.model.compiler import jit
from sweep.model.strategies import NAMES, strategy

PACKAGE = Path(jit.__file__).parents[2]
SOURCES = {path.relative_to(PACKAGE).as_posix(): path.read_text() for path in PACKAGE.rglob("*.py")}
Sources = Mapping[str, str]
Place = tuple[str, int]  # file, line


@cache
def walked(text: str) -> tuple[ast.AST, ...]:
    return tuple(ast.walk(ast.parse(text)))


def nodes(sources: Sources, kind: type[ast.AST] | tuple[type[ast.AST], ...]) -> Iterator[tuple[str, ast.AST]]:
    """Every node of a kind, with its file."""
    for file, text in sources.items():
        yield from ((file, node) for node in walked(text) if isinstance(node, kind))


def assigned(pattern: str, wanted: Callable[[object], bool]) -> Callable[[Sources], list[Place]]:
    """Finds where a name that matches is given a constant that is wanted, in a tuple of names or alone."""

    def find(sources: Sources) -> list[Place]:
        found = []
        for file, node in nodes(sources, ast.Assign):
            for target in node.targets:
                names = target.elts if isinstance(target, ast.Tuple) else [target]
                values = node.value.elts if isinstance(node.value, ast.Tuple) else [node.value]
                for name, value in zip(names, values, strict=False):
                    said = isinstance(name, ast.Name) and re.search(pattern, name.id)
                    if said and isinstance(value, ast.Constant) and wanted(value.value):
                        found.append((file, node.lineno))
        return found

    return find


def listed(names: tuple[str, ...], most: int, ends: tuple[str, ...] = ("",)) -> Callable[[Sources], list[Place]]:
    """Finds collections and sums that name more than `most` of these, with one of these ends."""
    known = {name + end for name in names for end in ends}

    def find(sources: Sources) -> list[Place]:
        found = []
        for file, node in nodes(sources, (ast.Tuple, ast.List, ast.Set, ast.Dict, ast.BinOp)):
            if isinstance(node, ast.BinOp):
                inside = {each.attr for each in ast.walk(node) if isinstance(each, ast.Attribute)}
            else:
                items = node.keys if isinstance(node, ast.Dict) else node.elts
                inside = {each.value for each in items if isinstance(each, ast.Constant)}
            if len(known & inside) > most:
                found.append((file, node.lineno))
        return found

    return find


def written(*texts: str | bytes) -> Callable[[Sources], list[Place]]:
    """Finds constants that are one of these."""

    def find(sources: Sources) -> list[Place]:
        found = ((file, node) for file, node in nodes(sources, ast.Constant) if isinstance(node.value, str | bytes))
        return [(file, node.lineno) for file, node in found if node.value in texts]

    return find


def ended(*ends: str) -> Callable[[Sources], list[Place]]:
    """Finds names that are told apart by how they begin or end."""

    def find(sources: Sources) -> list[Place]:
        return [
            (file, call.lineno)
            for file, call in nodes(sources, ast.Call)
            if isinstance(call.func, ast.Attribute) and call.func.attr in ("endswith", "startswith")
            for each in ast.walk(call.args[0])
            if isinstance(each, ast.Constant) and each.value in ends
        ]

    return find


def classes(*fields: str) -> Callable[[Sources], list[Place]]:
    """Finds classes with all these fields."""

    def find(sources: Sources) -> list[Place]:
        return [
            (file, node.lineno)
            for file, node in nodes(sources, ast.ClassDef)
            if {*fields}
            <= {e.target.id for e in node.body if isinstance(e, ast.AnnAssign) and isinstance(e.target, ast.Name)}
        ]

    return find


def defined(*names: str) -> Callable[[Sources], list[Place]]:
    """Finds functions with one of these names."""

    def find(sources: Sources) -> list[Place]:
        return [(file, node.lineno) for file, node in nodes(sources, ast.FunctionDef) if node.name in names]

    return find


FACTS: dict[str, tuple[Callable[[Sources], list[Place]], str, str]] = {  # what finds it, its home, a copy
    "bytes of a page": (assigned("PAGE", lambda v: v == 4096), "fields/constants.py", "PAGE_SIZE_BYTES = 4096"),
    "pages of a bulk": (assigned("BULK|REFILL", lambda v: v == 64), "fields/constants.py", "BULK = 64"),
    "number of buckets": (assigned("BUCKETS|BINS", lambda v: v == 256), "fields/histogram.py", "BUCKETS = 256"),
    "edges of buckets": (defined("edges", "bounds"), "fields/histogram.py", "def edges(n):\n    return n"),
    "bins of a series": (assigned("BINS", lambda v: v == 40), "fields/series.py", "BINS = 40"),
    "prefix of the series": (written("series_"), "fields/series.py", 'PREFIX = "series_"'),
    "role of the series": (assigned("ROLE|SERIES", lambda v: v == "series"), "fields/field.py", 'ROLE = "series"'),
    "ratio of drops": (assigned("", lambda v: v == DROPS), "fields/spread.py", f'LOST = "{DROPS}"'),
    "histogram of latencies": (written(LATENCY), "fields/counters.py", f'X = "{LATENCY}"'),
    "colours of charts": (assigned("COLORS", lambda v: isinstance(v, int)), "report/charts/panels.py", "COLORS = 8"),
    "headings of CPU time": (
        listed(HEADINGS, 3, ("", "_ps", "_ns_per_packet")),
        "fields/counters.py",
        "def split(c):\n    return c.stack_ps + c.poll_ps + c.dma_ps + c.copy_ps",
    ),
    "what a column is": (
        classes("name", "type", "unit", "meaning"),
        "fields/column.py",
        "class Field:\n    name: str\n    type: str\n    unit: str\n    meaning: str",
    ),
}
NOWHERE: dict[str, tuple[Callable[[Sources], list[Place]], str]] = {
    "metadata of a column by key": (
        written(b"role", b"unit", b"meaning", b"kernel", b"better", b"stage", b"decides", b"of"),
        'def role(field):\n    return field.metadata[b"role"]',
    ),
    "causes of drops": (
        listed(tuple(cause.name for cause in CAUSES), 2, ("",)),
        'CAUSES = ("nic_buffer", "no_descriptor", "no_memory", "socket_buffer", "tx_ring")',
    ),
    "counters of drops": (
        listed(tuple(field.name for field in LOSSES), 2, ("",)),
        'LOST = ["drop_nic_buffer_packets", "drop_no_memory_packets", "drop_tx_ring_packets"]',
    ),
    "counters by stage": (listed(tuple(Stage), 1), 'STAGES = ("Census", "Time", "Page allocator")'),
    "directions": (
        written("calls_per_packet", "takes_per_packet", "misses_per_packet", "held_mean_pages"),
        'LOWER = ("ns", "calls_per_packet")',
    ),
}
DEVICE = ("model/",)  # compiled code adds up counters one by one
KINDS = (  # what a name says of a metric
    "_ratio",
    "_per_packet",
    "_ns_per_packet",
    "latency_",
    "_mean_pages",
    "_mean_buffers",
    "drop_",
)


@pytest.mark.parametrize("fact", FACTS)
def test_a_fact_has_one_home(fact: str) -> None:
    find, home, copy = FACTS[fact]
    assert {file for file, _ in find(SOURCES)} == {home}
    assert find({"show/copy.py": copy}), "a copy is not found"


@pytest.mark.parametrize("fact", NOWHERE)
def test_a_list_kept_by_hand_is_gone(fact: str) -> None:
    find, copy = NOWHERE[fact]
    assert [(file, line) for file, line in find(SOURCES) if not file.startswith(DEVICE)] == []
    assert find({"show/copy.py": copy}), "a copy is not found"


def test_what_a_name_says_of_a_metric_is_read_in_one_place() -> None:
    find = ended(*KINDS)
    assert {file for file, _ in find(SOURCES)} == {"fields/declared.py"}
    assert find({"show/copy.py": 'is_cost = name.endswith("_per_packet")'})


def test_a_strategy_s_counters_are_declared_in_full_where_it_is() -> None:
    """Evidence reads how a counter varies by its name, and knows those of every strategy alone."""
    for name in NAMES:
        for field in strategy(name).COUNTERS:
            assert field.name not in DECLARED
            assert field.spread == MEAN
            assert isinstance(field.stage, Stage)
            assert isinstance(field.better, Better)


def test_counters_and_metrics_share_no_name() -> None:
    assert len(DECLARED) == len({*DECLARED})
    assert not {field.name for field in COUNTERS} & {name for name in DECLARED if name.endswith("_per_packet")}


def test_what_reports_need_of_the_series_is_in_it() -> None:
    assert {*NEEDED} <= {field.name for field in SERIES}
    assert "latency_ns" in NEEDED
