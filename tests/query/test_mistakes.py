# SPDX-License-Identifier: MIT
"""Wrong SQL: one line with the place, the closest name, the next command.  golden/mistakes.txt has them all.

SWEEP_GOLDEN=1 pytest tests/query/test_mistakes.py    writes it anew: look at the difference
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from sweep import query
from sweep.errors import SweepError
from sweep.query import mistakes

GOLDEN = Path(__file__).parent / "golden" / "mistakes.txt"
WRONG = (
    "select ns_per_paket from results",
    "select r.ns_per_paket from results r",
    "select strategy,\n  rnig\nfrom results",
    "select 'naïve', rnig from results",
    "select zebra from results",
    "select * from result",
    "select * from other.results",
    "select avgg(ring) from results",
    "select sum(strategy) from results",
    "select ring from results group by strategy",
    "select strategy from results where ring = 'large'",
    "select cast(strategy as int) from results where strategy = 'page_pool'",  # of one value: threads race for the row
    "selekt 1",
    "select ring frm results",
    "select (",
    "select ring from results where",
    "select 'open",
    "select x.ring from results",
    "select 1 union select 1, 2",
    "select error('its own words')",
    "select $1",
    "select * from read_csv('/etc/hostname')",
    "select * from '/etc/hostname'",
    "",
    "-- nothing",
    "select 1; select 2",
    "drop view results",
    "copy results to 'x.csv'",
    "set memory_limit = '1TB'",
)


def test_each_is_told_with_its_place_and_what_to_type(database: query.Database) -> None:
    told = []
    for sql in WRONG:
        with pytest.raises(SweepError) as caught:
            database.ask(sql).read()
        assert caught.value.exit_code == 2
        told.append(f"> {sql}\n{caught.value}\n".replace(database.published.location, "runs/known"))
    text = "\n".join(told)
    if os.environ.get("SWEEP_GOLDEN"):
        GOLDEN.write_text(text, encoding="utf-8")
    assert text == GOLDEN.read_text(encoding="utf-8")


@pytest.mark.parametrize("said", ["", "Binder Error: no JSON {", "Some Error: {]", 'Error: {"position": "x"}', "{}"])
def test_words_of_duckdb_in_another_form_are_passed_on(said: str) -> None:
    text = mistakes.message(said, "select 1", [], "runs/x")
    assert text.startswith("SQL: ")
    assert text.endswith("next: sweep query runs/x --tables   (tables and columns, with units)")


def test_a_location_with_blanks_can_be_typed_as_it_is_shown() -> None:
    assert "sweep query 'my runs/x' --tables" in mistakes.message("", "select 1", [], "my runs/x")
