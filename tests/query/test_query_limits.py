# SPDX-License-Identifier: MIT
"""A question without end ends: with a sentence that names the bound and the option that raises it."""

from __future__ import annotations

from collections import deque
from pathlib import Path

import pytest

from sweep import query
from sweep.errors import RunError, SweepError
from sweep.query import text_table

ENDLESS = (
    "select count(*) from range(1000000) a, range(1000000) b where a.range * b.range % 7 = 3",
    "select a.range from range(1000000) a, range(1000000) b where a.range * b.range = -1",
    "with recursive t(n) as (select 1 union all select n + 1 from t) select max(n) from t",
    "select sum(a.ring + b.ring) from results a, results b, range(100000000000)",
)


@pytest.mark.parametrize("sql", ENDLESS)
def test_time(known: Path, sql: str) -> None:
    with query.open(known, query.Limits(seconds=0.3)) as database, pytest.raises(RunError) as caught:
        database.ask(sql).read()
    assert "takes more time than the 0.3 s that --seconds allows" in str(caught.value)
    assert "--seconds 3" in str(caught.value)


def test_time_is_that_of_the_whole_answer(known: Path) -> None:
    """Not of each batch: rows that come one after the other have the same end."""
    with query.open(known, query.Limits(seconds=0.5)) as database:
        answer = database.ask("select * from range(1000000000000)")
        with pytest.raises(RunError, match="--seconds allows"):
            deque(answer, maxlen=0)


@pytest.mark.parametrize(
    "sql",
    [
        "select list(range) from range(100000000)",
        "select range, random() as r from range(100000000) order by r",
        "select a.range, b.range, count(*) from range(100000) a, range(100000) b group by all",
    ],
)
def test_memory(known: Path, sql: str) -> None:
    with query.open(known, query.Limits(64 << 20, 60.0)) as database, pytest.raises(RunError) as caught:
        database.ask(sql).read()
    assert "more memory than the 64 MiB that --memory allows" in str(caught.value)
    assert '--memory "128 MiB"' in str(caught.value)
    assert "exception_message" not in str(caught.value)  # DuckDB's own form


@pytest.mark.parametrize(
    ("sql", "why"),
    [
        ("select " + "(" * 20_000, "nested more than 200 levels"),
        ("select * from " + "(" * 20_000 + "results" + ")" * 20_000, "nested more than 200 levels"),
        ("select 1" + ", 1" * 1_000_000, "longer than 131,072 bytes"),
        ("select " + "/" * 50_000 + "*" * 50_000, "SQL"),
    ],
)
def test_what_is_never_read_to_its_end(known: Path, sql: str, why: str) -> None:
    """DuckDB's parser knows no bound: the first of these took 23 GB."""
    with query.open(known) as database, pytest.raises(SweepError, match=why):
        database.ask(sql)


def test_brackets_in_texts_are_none(known: Path) -> None:
    with query.open(known) as database:
        assert database.ask(f"select '{'(' * 300}' /* {'(' * 300} */").read().num_rows == 1


def test_within_its_limits_a_question_is_answered_and_others_after_one_that_was_stopped(known: Path) -> None:
    with query.open(known, query.Limits(256 << 20, 5.0)) as database:
        assert database.ask("select count(*) from range(1000000)").read()[0][0].as_py() == 1_000_000
        slow = query.Database(database.published, query.Limits(seconds=0.2))
        with slow, pytest.raises(RunError):
            slow.ask(ENDLESS[0]).read()
        assert len(database.ask("from results").read()) == 7


def test_a_table_of_text_is_not_endless(known: Path) -> None:
    with query.open(known) as database:
        found = text_table.shown(database.ask("select * from range(1000000000000)"), None)
    assert (len(found.rows), found.more) == (text_table.MOST_ROWS, True)


@pytest.mark.parametrize(("memory", "why"), [("lots", "is not a number"), ("1 B", "out of bounds"), ("3 us", "us")])
def test_a_size_that_is_none(memory: str, why: str) -> None:
    from sweep.cli.verbs.query import _bytes

    with pytest.raises(SweepError, match=why):
        _bytes(memory)
    assert _bytes("8 GiB") == 8 << 30
