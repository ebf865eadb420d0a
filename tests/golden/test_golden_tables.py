# SPDX-License-Identifier: MIT
"""What fixed sweeps and the published experiments give is what it was, in every column, under whatever name.

`SWEEP_GOLDEN=write pytest -m slow tests/golden/test_golden_tables.py` writes the goldens anew: only for a change of
the model that is meant.  A column that is renamed or scaled goes into `tables/renames.json` instead.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from pathlib import Path

import golden_tables as goldens
import pyarrow as pa
import pytest

WRITE = os.environ.get("SWEEP_GOLDEN") == "write"
EMPTY = {"renamed": {}, "gone": {}, "new": []}


@pytest.mark.slow
@pytest.mark.parametrize("name", [*goldens.SWEEPS, goldens.EXPERIMENTS])
def test_every_published_column_is_what_it_was(name: str, tmp_path: Path) -> None:
    tables = goldens.published(goldens.INPUTS, tmp_path / "run", name)
    known = json.loads(goldens.DIGESTS.read_text()) if goldens.DIGESTS.exists() else {}
    assert WRITE or known, "there are no goldens"
    if WRITE:
        for title, table in tables.items():
            columns = known.get(title, {}).get("columns", {})  # which keep their names, so that the renames still hold
            known[title] = {"rows": table.num_rows, "columns": columns | _columns(table, kind_of(title), columns)}
        goldens.DIGESTS.write_text(json.dumps(dict(sorted(known.items())), indent=1, ensure_ascii=False) + "\n")
        return
    expected = {title: golden for title, golden in known.items() if _is_of(title, name)}
    assert sorted(tables) == sorted(expected)
    for title, golden in expected.items():
        assert tables[title].num_rows == golden["rows"], title
        kind = kind_of(title)
        now = goldens.as_before(tables[title], kind, golden["columns"], goldens.renames())
        before = {column: golden["columns"][column] for column in now}
        assert now == before, title


def _columns(table: pa.Table, kind: str, columns: goldens.Columns) -> goldens.Columns:
    return goldens.as_before(table, kind, columns, goldens.renames()) if columns else goldens.digests(table, kind)


def kind_of(title: str) -> str:
    """The kind of a table, `results` of `smoke/results`."""
    return title.partition("/")[2]


def _is_of(title: str, name: str) -> bool:
    """Whether a table is of an input."""
    return kind_of(title) == "validation" if name == goldens.EXPERIMENTS else title.startswith(f"{name}/")


@pytest.mark.slow
def test_a_picosecond_more_for_one_operation_is_seen(tmp_path: Path) -> None:
    inputs = tmp_path / "inputs"
    shutil.copytree(goldens.INPUTS, inputs)
    host = inputs / "hosts" / "xeon-e5-1650v4.yaml"
    text, changed = re.subn(r"(?m)^(  poll:\n    value: \d+)( ns)$", r"\1.001\2", host.read_text())
    assert changed == 1
    host.write_text(text)
    golden = json.loads(goldens.DIGESTS.read_text())
    for title, table in goldens.published(inputs, tmp_path / "run", "smoke").items():
        before = golden[title]["columns"]
        now = goldens.as_before(table, kind_of(title), before, goldens.renames())
        differ = {column for column in now if now[column] != before[column]}
        assert differ >= ({"cost_poll", "poll_ps", "busy_ps"} if title == "smoke/results" else {"cpu_ps"})
        assert {"offered_packets"} & differ == set()


COSTS = pa.table({"id": ["a", "b"], "cost_dma_sync": [1300, 7], "load": [0.3, 0.1], "nic": ["10g", None]})


def before(table: pa.Table, renamed: dict[str, object]) -> dict[str, str]:
    """The columns of a table of today as they were in that of COSTS."""
    return goldens.as_before(table, "results", goldens.digests(COSTS, "results"), {"results": {**EMPTY, **renamed}})


def test_what_is_renamed_and_scaled_is_found() -> None:
    now = pa.table({"id": ["c", "d"], "nic": ["10g", None], "host.dma_sync": [1.3, 0.007], "load": [30, 10]})
    named = {"cost_dma_sync": {"to": "host.dma_sync", "times": "1000"}, "load": {"to": "load", "times": "1/100"}}
    assert before(now, {"renamed": named}) == goldens.digests(COSTS, "results")
    other = now.set_column(2, "host.dma_sync", pa.array([1.3, 0.008]))
    assert before(other, {"renamed": named}) != goldens.digests(COSTS, "results")
    with pytest.raises(AssertionError, match="not a whole number"):
        before(now.set_column(2, "host.dma_sync", pa.array([1.3, 0.0070001])), {"renamed": named})


def test_what_is_the_rate_of_a_time_now_is_found() -> None:
    table = pa.table({"pcie_packet_ps": [0, 333_333]})
    now = pa.table({"nic.pcie_rate": [None, 10**6 / 333_333]})
    named = {**EMPTY, "renamed": {"pcie_packet_ps": {"to": "nic.pcie_rate", "per": "1000000", "null": 0}}}
    golden = goldens.digests(table, "results")
    assert goldens.as_before(now, "results", golden, {"results": named}) == golden
    other = pa.table({"nic.pcie_rate": [None, 3.0001]})
    with pytest.raises(AssertionError, match="not a whole number"):
        goldens.as_before(other, "results", golden, {"results": named})


def test_words_that_have_changed_are_found() -> None:
    now = COSTS.set_column(3, "nic", pa.array(["ten", None]))
    named = {"nic": {"to": "nic", "values": {"ten": "10g"}}}
    assert before(now, {"renamed": named}) == goldens.digests(COSTS, "results")
    assert before(now, {}) != goldens.digests(COSTS, "results")


def test_a_column_is_neither_lost_nor_added_in_silence() -> None:
    with pytest.raises(AssertionError, match='the column "load" is gone'):
        before(COSTS.drop_columns("load"), {})
    assert "load" not in before(COSTS.drop_columns("load"), {"gone": {"load": "said by the rate"}})
    with pytest.raises(AssertionError, match='"load" is said to be gone'):
        before(COSTS, {"gone": {"load": "said by the rate"}})
    more = COSTS.append_column("cause", pa.array(["none", "ring"]))
    with pytest.raises(AssertionError, match=r"new columns \['cause'\]"):
        before(more, {})
    assert before(more, {"new": ["cause"]}) == goldens.digests(COSTS, "results")


def test_a_digest_is_of_values_in_their_order_and_not_of_their_encoding() -> None:
    text = pa.array(["a", "b", None, "a"])
    assert goldens.written(text) == goldens.written(text.dictionary_encode())
    assert goldens.written(pa.array([1, 2], pa.int32())) == goldens.written(pa.chunked_array([[1], [2]]))
    for one, other in (
        (pa.array([1, 2]), pa.array([2, 1])),
        (pa.array([1, None]), pa.array([1, 0])),
        (pa.array([1.0, 0.0]), pa.array([1.0, -0.0])),
        (pa.array([1.0]), pa.array([1])),
        (pa.array(["ab", "c"]), pa.array(["a", "bc"])),
        (pa.array(["", "a"]), pa.array([None, "a"])),
        (pa.array([[1, 2], [3]]), pa.array([[1], [2, 3]])),
        (pa.array([[1], None]), pa.array([[1], []])),
    ):
        assert goldens.written(one) != goldens.written(other)
