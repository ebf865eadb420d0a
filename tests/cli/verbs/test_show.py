# SPDX-License-Identifier: MIT
"""`sweep show` as a user types it: output, exit codes, one clear line for every bad input; and its page in docs/."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest
from typed import REPOSITORY, SWEEP, sweep

from sweep.jobs.store.failure import Failure

POINT = ("strategy=page_allocator", "ring=128")
PAGE = REPOSITORY / "docs" / "how-to" / "show.md"


def rows(directory: Path) -> pa.Table:
    return pa.ipc.open_file(directory / "runs/tiny/results.arrow").read_all()


def copied(done: Path, to: Path, table: pa.Table) -> str:
    """A run directory with this table and no manifest, as of somebody who copied the table alone."""
    to.mkdir()
    with pa.ipc.new_file(to / "results.arrow", table.schema) as writer:
        writer.write_table(table)
    return str(to)


def changed(table: pa.Table, name: str, value: int) -> pa.Table:
    """The table with another value in a column of its rows of ring 128."""
    values = [value if row["ring"] == 128 else row[name] for row in table.select(["ring", name]).to_pylist()]
    place = table.schema.get_field_index(name)
    return table.set_column(place, table.schema.field(name), pa.array(values, table.schema.field(name).type))


def test_a_point_in_full(done: Path) -> None:
    out, error = sweep(done, "show", "runs/tiny", *POINT, "replicate=1")
    assert error == ""
    row = rows(done).to_pylist()[3]
    assert out.startswith(f"page_allocator, router, ring 128, load 0.3, replicate 1\n\nid {row['id']} · obeys all laws")
    assert f"  rx_packets {row['rx_packets']:,} packets packets that the driver took" in re.sub(" +", " ", out).replace(
        "\n ", "\n  "
    )
    assert f"sweep show runs/tiny {row['id'][:16]} --check" in out
    assert sweep(done, "show", "runs/tiny", row["id"][:10])[0] == out


def test_check_says_equal(done: Path) -> None:
    out, _ = sweep(done, "show", "runs/tiny", *POINT, "--check")
    assert re.search(r"^check: equal, bit for bit: 9\d\d counters, buckets and bins, in .+ m?s$", out, re.M)


def test_check_says_what_differs(done: Path, tmp_path: Path) -> None:
    other = copied(done, tmp_path / "other", changed(rows(done), "polls", 7))
    out, _ = sweep(done, "show", other, *POINT, "--check", code=1)
    polls = rows(done).to_pylist()[2]["polls"]
    assert re.search(r"^check: 1 of 5\d\d counters, buckets and bins differ$", out, re.M)
    assert f"  polls: 7 in the table, {polls} here" in out
    assert f"next: sweep status {other}" in out
    assert "equal" in sweep(done, "show", other, "ring=64", "--check")[0]


def test_check_of_other_sources_compares_nothing(done: Path, tmp_path: Path) -> None:
    table = rows(done)
    about = json.loads(table.schema.metadata[b"sweep"]) | {"strategy_digests": {"page_allocator": "0" * 16}}
    other = copied(done, tmp_path / "other", table.replace_schema_metadata({"sweep": json.dumps(about)}))
    for option in (["--check"], ["--trace", "x.arrow"]):
        out, error = sweep(done, "show", other, *POINT, *option, code=3)
        assert 'the sources have changed since: the code of strategy page_allocator has digest "' in error
        assert "equal" not in out
    assert not (done / "x.arrow").exists()
    assert "Their names are not told" in sweep(done, "show", other, *POINT)[0]


def test_trace(done: Path, tmp_path: Path) -> None:
    file, page = tmp_path / "trace.arrow", tmp_path / "page.html"
    out, _ = sweep(done, "show", "runs/tiny", *POINT, "--trace", str(file), "--html", str(page))
    lines = out.splitlines()
    assert lines[2].startswith("tracing 300 packets as plain Python: about ")
    assert re.match(rf"{re.escape(str(file))}: [\d,]+ events, [\d.]+ MB, in ", lines[3])
    assert re.search(r"^the traced simulation: equal, bit for bit: 9\d\d counters, buckets and bins$", out, re.M)
    assert "Over time, as each poll finds it" in out
    assert "pages held: taken, not given back (at most " in out
    trace = pa.ipc.open_file(file).read_all()
    assert f": {len(trace):,} events," in lines[3]
    assert "pages held: taken, not given back" in page.read_text()

    out, _ = sweep(done, "show", "runs/tiny", *POINT, "--trace", str(file), "--packets", "150")
    assert "not compared with the stored counters: the first 150 packets are not the whole simulation" in out
    assert len(pa.ipc.open_file(file).read_all()) < len(trace)


@pytest.mark.parametrize(
    ("words", "code", "said", "then"),
    [
        (["runs/none", "ring=64"], 2, 'run directory "runs/none" does not exist', "sweep run FILE --out runs/none"),
        (["strategys"], 2, 'run directory "strategys" does not exist', 'Did you mean "strategies"?'),
        (["empty", "ring=64"], 3, 'run directory "empty" has no results yet', "next: sweep run FILE --out empty"),
        (["damaged", "ring=64"], 1, 'results.arrow" is damaged', "next: sweep run FILE --out damaged"),
        (
            ["runs/tiny"],
            2,
            '"runs/tiny" has 6 simulations of 3 points: which one?',
            "next: sweep show runs/tiny ring=64",
        ),
        (["runs/tiny", "strategy=page_allocator"], 2, "fits 3 points", "next: sweep show runs/tiny"),
        (["runs/tiny", "zz"], 2, 'has an id that starts with "zz"', "see: sweep show runs/tiny"),
        (["runs/tiny", "ring=65"], 2, 'has ring "65"', "there are: 64, 128, 256"),
        (
            ["runs/tiny", "rin=64"],
            2,
            '"rin" in it, which is not a parameter with a number (character 1). Did you mean "ring"?',
            "see: sweep show parameters",
        ),
        (["runs/tiny", *POINT, "--packets", "3"], 2, '--packets "3" is for --trace FILE', "see: sweep show --help"),
        (
            ["runs/tiny", *POINT, "--trace", "tiny.yaml/x"],
            2,
            '"tiny.yaml/x" cannot be written',
            "next: give --trace another file",
        ),
        (
            ["runs/tiny", *POINT, "--html", "tiny.yaml/x"],
            2,
            '"tiny.yaml/x" cannot be written',
            "next: give --html another file",
        ),
        (
            ["runs/tiny", *POINT, "--html", "runs/tiny/results.arrow"],
            2,
            "is what the run itself has published",
            "next: give --html another name",
        ),
        (["strategies", "page_pol"], 2, 'Did you mean "page_pool"?', "see: sweep show strategies"),
        (["strategies", "--check"], 2, '"strategies" is a list', "next: sweep show strategies"),
        (["s4://bucket/x", "ring=64"], 2, 'scheme "s4"', "known: "),
    ],
)
def test_bad_input_is_one_clear_message(done: Path, words: list[str], code: int, said: str, then: str) -> None:
    (done / "empty").mkdir(exist_ok=True)
    (done / "damaged").mkdir(exist_ok=True)
    (done / "damaged" / "results.arrow").write_bytes(b"no table")
    _, error = sweep(done, "show", *words, code=code)
    assert said in error.splitlines()[0]
    assert then in error
    assert len(error.splitlines()) <= 8


def test_a_simulation_that_failed_is_said_to_have(done: Path, tmp_path: Path) -> None:
    other = copied(done, tmp_path / "other", rows(done))
    failure = Failure("page_allocator", "exception", "Traceback ...\nValueError: no such packet", ("abc0" * 8,), "d")
    (tmp_path / "other" / "failed").mkdir()
    (tmp_path / "other" / "failed" / f"{failure.name}.json").write_text(json.dumps(failure.record()))
    _, error = sweep(done, "show", other, "abc0abc", code=3)
    assert error.startswith('simulation "abc0abc" failed and has no row: ValueError: no such packet\n')
    assert f"see: {other}/failed/{failure.name}.json\n  next: sweep status {other}\n" in error
    assert 'starts with "abd"' in sweep(done, "show", other, "abd", code=2)[1]


def test_lists(done: Path) -> None:
    out, error = sweep(done, "show", "strategies")
    assert error == ""
    assert "  page_pool " in out
    assert out.splitlines()[-1] == "One of them in detail: sweep show strategies NAME"
    out, _ = sweep(done, "show", "strategy", "page_pool")
    assert "Not modelled: more than one NUMA node" in out
    (done / "bad.yaml").write_text(SWEEP.replace("page_allocator]", "page_alocator]"))
    _, error = sweep(done, "plan", "bad.yaml", code=2)
    assert error.splitlines()[-1] == "  see: sweep show strategies"


def test_the_page_in_docs_says_what_can_be_typed(tmp_path: Path) -> None:
    (tmp_path / "configs").symlink_to(REPOSITORY / "configs")
    text = PAGE.read_text()
    typed = [line[2:] for block in re.findall(r"```console\n(.*?)```", text, re.S) for line in block.splitlines()]
    assert len(typed) >= 15
    for line in typed:
        program, *words = shlex.split(line, comments=True)
        assert program == "sweep"
        out, _ = sweep(tmp_path, *words)
        assert out.strip()
    (program,) = re.findall(r"```python\n(.*?)```", text, re.S)
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert "receive" in done.stdout
