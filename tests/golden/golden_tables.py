# SPDX-License-Identifier: MIT
"""Published tables as digests of their columns, and what columns of today are called and scaled in the goldens.

A column is written as `TYPE DIGEST EXTENT`: its values in the order of their rows, as little-endian int64 or float64
or length-prefixed UTF-8, with a mask of what is null; the extent is for people who look for what has changed.

`renames.json` says, for each kind of table (`results`, `series`, `validation`), how today's columns differ:

    "renamed": {"cost_dma_sync": {"to": "host.dma_sync", "times": "1000"}}    old = new * times, whole if old was whole
    "renamed": {"link_ps_per_byte": {"to": "nic.link", "per": "8000", "null": 0}}    old = 8000 / new, 0 for null
    "renamed": {"strategy": {"to": "strategy", "values": {"page pool": "page_pool"}}}    old text of each new text
    "gone": {"load_ppm": "says what load says"}    columns that are published no more, and why
    "new": ["loss_cause"]    columns that there were not
"""

from __future__ import annotations

import hashlib
import json
import math
import subprocess
import sys
from collections.abc import Iterator, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

FOLDER = Path(__file__).parent / "tables"
INPUTS, DIGESTS, RENAMES = FOLDER / "inputs", FOLDER / "digests.json", FOLDER / "renames.json"
SWEEPS = ("smoke", "shared_host", "mm_summit_2016", "strategies")
EXPERIMENTS = "experiments"
IDENTITIES = {  # by kind of table: digests of the code and of inputs, which may change with either
    "results": ("id", "packet_stream"),
    "series": ("id",),
    "validation": (),
}
LONGEST_EXTENT = 40  # characters

Columns = dict[str, str]  # each column as it is written in the goldens


def published(inputs: Path, folder: Path, name: str) -> dict[str, pa.Table]:
    """What one input publishes, by `NAME/KIND`: a sweep its results and series, an experiment its rows.

    inputs: a folder as `tables/inputs`; folder: an empty one for the run; name: of SWEEPS, or EXPERIMENTS.
    """
    if name == EXPERIMENTS:
        _sweep("validate", str(inputs / EXPERIMENTS), "--out", str(folder))
        rows = read(folder / "validation.arrow")
        names = rows["experiment"].unique().to_pylist()
        return {f"{each}/validation": rows.filter(pc.equal(rows["experiment"], each)) for each in names}
    _sweep("run", str(inputs / f"{name}.yaml"), "--executor", "inline", "--no-report", "--out", str(folder))
    return {f"{name}/{kind}": read(folder / f"{kind}.arrow") for kind in ("results", "series")}


def _sweep(*words: str) -> None:
    done = subprocess.run([sys.executable, "-m", "sweep", *words], capture_output=True, text=True, check=False)
    assert done.returncode in (0, 1), done.stderr  # 1: a prediction misses, which its digest says
    assert "Traceback" not in done.stderr, done.stderr


def read(path: Path) -> pa.Table:
    """An Arrow file, whole."""
    return pa.ipc.open_file(pa.BufferReader(path.read_bytes())).read_all()


def digests(table: pa.Table, kind: str) -> Columns:
    """Every column of a table of a kind, but those of IDENTITIES."""
    return {name: written(table[name]) for name in table.column_names if name not in IDENTITIES[kind]}


def written(column: pa.ChunkedArray | pa.Array) -> str:
    """A column as the goldens have it: equal for equal values, whatever their width, chunks or encoding."""
    kind, values = _canonical(column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column)
    digest = hashlib.sha256(f"{kind} {len(values)}\n".encode())
    for part in _parts(kind, values):
        digest.update(part)
    return f"{kind} {digest.hexdigest()[:32]} {_extent(kind, values)}"


def _canonical(array: pa.Array) -> tuple[str, list[Any]]:
    """The kind of its values (`int`, `float`, `text`, with `list` before it), and they themselves."""
    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    if pa.types.is_list(array.type) or pa.types.is_fixed_size_list(array.type) or pa.types.is_large_list(array.type):
        kind, _ = _canonical(pa.nulls(0, array.type.value_type))
        return f"list {kind}", array.to_pylist()
    if pa.types.is_integer(array.type) or pa.types.is_boolean(array.type):
        return "int", array.cast(pa.int64()).to_pylist()
    if pa.types.is_floating(array.type):
        return "float", array.cast(pa.float64()).to_pylist()
    assert pa.types.is_string(array.type) or pa.types.is_large_string(array.type), array.type
    return "text", array.to_pylist()


def _parts(kind: str, values: list[Any]) -> Iterator[bytes]:
    if kind.startswith("list "):
        yield bytes(each is None for each in values)
        yield _numbers("int", [len(each or ()) for each in values])
        flat = [item for each in values for item in each or ()]
        yield from _parts(kind.removeprefix("list "), flat)
        return
    yield bytes(each is None for each in values)
    if kind == "text":
        for each in values:
            text = (each or "").encode()
            yield len(text).to_bytes(8, "little") + text
    else:
        yield _numbers(kind, [0 if each is None else each for each in values])


def _numbers(kind: str, values: list[Any]) -> bytes:
    return np.array(values, "<i8" if kind == "int" else "<f8").tobytes()


def _extent(kind: str, values: list[Any]) -> str:
    """How many there are and where they lie."""
    if kind.startswith("list "):
        values = [item for each in values for item in each or ()]
    known = [each for each in values if each is not None]
    nulls = f", {len(values) - len(known)} null" if len(known) < len(values) else ""
    if not known:
        return f"(none of {len(values)})"
    if kind.endswith("text"):
        distinct = sorted(set(known))
        shown = f"{distinct[0][:LONGEST_EXTENT]}" + (f" … {distinct[-1][:LONGEST_EXTENT]}" if distinct[1:] else "")
        return f"({len(distinct)} distinct: {shown}{nulls})"
    total = sum(known) if kind.endswith("int") else math.fsum(known)
    return f"({min(known)} … {max(known)}, sum {total}{nulls})"


def renames() -> dict[str, dict[str, Any]]:
    """`renames.json`, by kind of table."""
    return dict(json.loads(RENAMES.read_text()))


def as_before(table: pa.Table, kind: str, golden: Columns, renamed: Mapping[str, Any]) -> Columns:
    """The digests of a table of today under the names and in the units of the goldens.

    renamed: of `renames.json`, by kind.  Errors: AssertionError for a column that is gone, or new, without being named.
    """
    named = renamed[kind]
    found: Columns = {}
    left = [name for name in table.column_names if name not in IDENTITIES[kind]]
    for old in golden:
        how = named["renamed"].get(old, {"to": old})
        if old in named["gone"]:
            assert how["to"] not in left, f'{kind}: "{old}" is said to be gone and is published'
            continue
        message = f'{kind}: the column "{old}" is gone; if it has another name now, say so in {RENAMES.name}'
        assert how["to"] in left, message
        left.remove(how["to"])
        column = table[how["to"]].combine_chunks()
        found[old] = written(column if set(how) == {"to"} else _before(column, golden[old], how))
    strangers = sorted({*left} - {*named["new"]})
    assert not strangers, f"{kind}: new columns {strangers}; list them in {RENAMES.name} if they are meant"
    return found


def _before(column: pa.Array, golden: str, how: Mapping[str, Any]) -> pa.Array:
    """The values of a column that is called or scaled otherwise today, as they were, in the type of the golden."""
    kind, values = _canonical(column)
    if "values" in how:
        return pa.array([how["values"].get(each, each) for each in values], pa.string())
    assert kind in ("int", "float"), f"a {kind} cannot be scaled"
    if "null" in how:
        values = [math.inf if each is None else each for each in values]
    if "per" in how:
        return pa.array([_whole_per(each, Fraction(how["per"])) for each in values], pa.int64())
    times = Fraction(how.get("times", 1))
    if golden.startswith("int "):
        return pa.array([None if each is None else _whole(each, times) for each in values], pa.int64())
    return pa.array([None if each is None else float(Fraction(each) * times) for each in values], pa.float64())


def _whole_per(value: float | None, scale: Fraction) -> int | None:
    """A number that was whole before it divided `scale`, exactly; 0 for infinity."""
    if value is None or math.isinf(value):
        return None if value is None else 0
    before = round(scale / Fraction(value))
    assert float(scale / before) == value, f"{scale} by {value} is not a whole number"
    return before


def _whole(value: float, times: Fraction) -> int:
    """A number that was whole before it was divided by `times`, exactly."""
    before = round(Fraction(value) * times)
    nearest = float(before / times) if isinstance(value, float) else Fraction(before) / times
    assert nearest == value, f"{value} times {times} is not a whole number"
    return before
