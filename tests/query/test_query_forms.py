# SPDX-License-Identifier: MIT
"""An answer as a table, Markdown, CSV, JSON and Arrow: every kind of value, in full."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pacsv
import pytest

from sweep import query
from sweep.query import rows, text_table
from sweep.query.database import Answer

KINDS = """select 7 as small, 1234567 as large, 0.1::double as tenth, 'nan'::double as no_number, null as nothing,
  true as yes, 'a|"b",\n\\c' as words, '' as empty, [1, 2] as list, {'a': 1} as parts,
  12345678901234567890::hugeint as huge, 1.50::decimal(5, 2) as exact, date '2016-04-18' as day,
  timestamp '2016-04-18 09:00:00' as at, interval 90 second as span"""


def written(write, answer: Answer) -> bytes:
    sink = io.BytesIO()
    write(answer.schema, answer, sink)
    return sink.getvalue()


POINTS = "select strategy, ring, load, ns_per_packet, ns_per_packet_half_width, valid_replicates, label from points"

TABLE = """\
strategy               ring  load  ns_per_packet  ns_per_packet_half_width  valid_replicates
                descriptors                   ns                        ns
--------------  -----------  ----  -------------  ------------------------  ----------------
page_allocator           64   0.3            610                   24.8414                 3
page_pool                64   0.3            510                   127.062                 2
page_pool               128   0.3            400                         -                 1
3 rows · 1 more column does not fit: name those you want, or --format csv
"""

MARKDOWN = """\
| strategy | ring [descriptors] | load | ns_per_packet [ns] | ns_per_packet_half_width [ns] | valid_replicates | label |
| --- | ---: | ---: | ---: | ---: | ---: | --- |
| page_allocator | 64 | 0.3 | 610 | 24.8414 | 3 | - |
| page_pool | 64 | 0.3 | 510 | 127.062 | 2 | a "b", c |
| page_pool | 128 | 0.3 | 400 | - | 1 | naïve 2x |
"""


def test_table(database: query.Database) -> None:
    assert text_table.table(text_table.shown(database.ask(POINTS), 40), 95) == TABLE


def test_markdown(database: query.Database) -> None:
    assert text_table.markdown(text_table.shown(database.ask(POINTS), None)) == MARKDOWN


def test_a_table_says_what_it_does_not_show(database: query.Database) -> None:
    text = text_table.table(text_table.shown(database.ask("select ring, strategy from results"), 2), 12)
    assert text == (
        "       ring\ndescriptors\n-----------\n         64\n         64\n"
        "2 rows shown · 1 more column does not fit: name those you want, or --format csv · "
        "more rows: --rows 0 prints all, --format csv --out FILE keeps them\n"
    )
    assert (
        text_table.table(text_table.shown(database.ask("select 1 as one where false"), 40), 80) == "one\n---\n0 rows\n"
    )


def test_a_plan_is_drawn_whole(database: query.Database) -> None:
    text = text_table.table(
        text_table.shown(database.ask("explain select strategy from results order by ring"), 40), 80
    )
    assert text.count("\n") > 5
    assert "╮\n" in text
    assert "…" not in text


def test_every_kind_of_value_as_text(database: query.Database) -> None:
    (row,) = text_table.shown(database.ask(KINDS), None).rows
    assert row == [
        *("7", "1,234,567", "0.1", "nan", "-", "true", 'a|"b",\n\\c', "", "[1, 2]", "{'a': 1}"),
        *("12,345,678,901,234,567,890", "1.50", "2016-04-18", "2016-04-18 09:00:00"),
        row[-1],
    ]
    last = text_table.markdown(text_table.shown(database.ask(KINDS), None)).splitlines()[2]
    assert last.count(" | ") == len(row) - 1  # a bar in a value is no column
    assert 'a\\|"b", \\\\c' in last


def test_csv_is_read_back_the_same_by_two_readers(database: query.Database) -> None:
    columns = "strategy, label, ring, ns_per_packet / 3 as third, drop_ratio, valid, violation, rx_packets"
    sql = f"select {columns} from results"
    data = written(rows.csv, database.ask(sql))
    known = database.ask(sql).read().replace_schema_metadata(None)
    options = pacsv.ConvertOptions(
        column_types=pa.schema([pa.field(field.name, field.type) for field in known.schema]), strings_can_be_null=True
    )
    options.quoted_strings_can_be_null = False
    parsing = pacsv.ParseOptions(newlines_in_values=True)
    read = pacsv.read_csv(io.BytesIO(data), convert_options=options, parse_options=parsing)
    assert read.equals(known.cast(read.schema))
    lines = list(csv.reader(io.StringIO(data.decode(), newline="")))
    assert lines[0] == known.column_names
    assert [line[1] for line in lines[1:]] == [label or "" for label in known["label"].to_pylist()]


def test_a_list_in_a_csv_is_its_json(database: query.Database) -> None:
    data = written(
        rows.csv, database.ask("select latency_ns_histogram as h, {'a': 1} as s, null::int[] as n from results")
    )
    found = list(csv.DictReader(io.StringIO(data.decode())))
    assert [json.loads(row["h"]) for row in found[:2]] == [[0, 0, 17, 1 << 40], [0, 1, 17, 1 << 40]]
    assert json.loads(found[0]["s"]) == {"a": 1}
    assert found[0]["n"] == ""


def test_json(database: query.Database) -> None:
    (row,) = json.loads(written(rows.json_lines, database.ask(KINDS)))
    assert row.pop("span")
    assert row == {
        "small": 7, "large": 1234567, "tenth": 0.1, "no_number": None, "nothing": None, "yes": True,
        "words": 'a|"b",\n\\c', "empty": "", "list": [1, 2], "parts": {"a": 1}, "huge": 12345678901234567890,
        "exact": 1.5, "day": "2016-04-18", "at": "2016-04-18T09:00:00",
    }  # fmt: skip
    assert written(rows.json_lines, database.ask("select 1 where false")) == b"[]\n"
    text = written(rows.json_lines, database.ask("select ring from results")).decode()
    assert text.splitlines()[:2] == ["[", '{"ring":64},']


@pytest.mark.parametrize("stream", [False, True])
def test_arrow_keeps_units(database: query.Database, stream: bool, tmp_path: Path) -> None:
    data = written(rows.arrow_stream if stream else rows.arrow, database.ask("select ring, strategy from results"))
    table = (pa.ipc.open_stream if stream else pa.ipc.open_file)(data).read_all()
    assert table["ring"].to_pylist() == [64, 64, 64, 64, 64, 128, 128]
    assert table.schema.field("ring").metadata[b"unit"] == b"descriptors"


@pytest.mark.parametrize(
    "value",
    [
        "date '290000-01-01'",
        "'-infinity'::timestamp",
        "[date 'infinity', date '2020-01-01']",
        "{'x': timestamp '290000-01-01', 'y': 1}",
        "map{1: timestamp '290000-01-01'}",
        "union_value(a := timestamp '290000-01-01')",
        "interval '3000000 years'",
    ],
)
def test_times_that_python_does_not_have(database: query.Database, value: str) -> None:
    """They are told as text, in all forms."""
    sql = f"select {value} as x, 1 as y"
    [[shown, _]] = text_table.shown(database.ask(sql), None).rows
    assert "out of range" in shown or "36000000" in shown
    for write in (rows.csv, rows.json_lines):
        answer, sink = database.ask(sql), io.BytesIO()
        write(answer.schema, answer, sink)
        assert b"1" in sink.getvalue().splitlines()[1]
