# SPDX-License-Identifier: MIT
"""`sweep replay`: what it prints and how it exits."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from sweep.cli import app
from tests.replay.traces import GOLDEN, KERNELS, LINES


def replay(*words: Path | str) -> Result:
    return CliRunner().invoke(app, ["replay", *map(str, words)])


def test_all_public_traces_are_equal() -> None:
    result = replay(GOLDEN)
    assert result.exit_code == 0
    printed = result.stdout.splitlines()
    assert len(printed) == 96
    assert printed[1] == "pub-002-bulk64  equal  67 operations, 5 snapshots"
    assert printed[-1] == "95 of 95 equal"


def test_the_first_difference_is_printed_and_the_exit_is_1(tmp_path: Path) -> None:
    good, bad = LINES[:2]
    row = json.loads(bad)
    first_fast = row["expected"]["snapshots"][0][0]
    row["expected"]["snapshots"][0][0] = first_fast + 1
    row["expected"]["final"]["hold"] += 1
    one, two = tmp_path / "one.jsonl", tmp_path / "two.jsonl"
    one.write_text(good + "\n")
    two.write_text("\n" + json.dumps(row) + "\n")
    result = replay(one, two)
    assert result.exit_code == 1
    assert result.stdout.splitlines() == [
        "pub-001-empty_pool  equal  1 operation, 1 snapshot",
        f"pub-002-bulk64  differs  snapshots[0]: fast expected {first_fast + 1}, got {first_fast} (and 1 more value)",
        "1 of 2 equal",
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", '"{file}" has no traces: one JSON object a line is expected'),
        (b"\n \n", '"{file}" has no traces: one JSON object a line is expected'),
        (b"GOOD\n{]", "{file}:2:2: not JSON: "),
        (b"GOOD\n{}", '{file}:2: "id" is missing'),
        (b"GOOD\n\xff", "{file}:2:1: not UTF-8 text"),
        (b"OPS", '{file}:1: ops token 1 "Q7" is not known; known: A F D'),
    ],
)
def test_what_is_no_trace_file_is_refused(content: bytes, message: str, tmp_path: Path) -> None:
    file = tmp_path / "traces.jsonl"
    row = json.loads(LINES[0]) | {"ops": "Q7"}
    file.write_bytes(content.replace(b"GOOD", LINES[0].encode()).replace(b"OPS", json.dumps(row).encode()))
    result = replay(file)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.startswith(message.format(file=file))
    assert "Traceback" not in result.stderr


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    result = replay(tmp_path / "none.jsonl")
    assert result.exit_code == 2
    assert result.stderr.startswith(f'"{tmp_path}/none.jsonl" cannot be read: No such file or directory')


def test_each_trace_is_run_with_the_rules_of_its_own_kernel() -> None:
    result = replay(KERNELS)
    assert result.exit_code == 0
    assert result.stdout.splitlines()[-1] == "74 of 74 equal"


def kernel_line(trace_id: str) -> str:
    return next(line for line in KERNELS.read_text().splitlines() if json.loads(line)["id"] == trace_id)


LOCAL = "6.1.192-pub-032-napi_local"


def test_another_kernel_and_other_rules_can_be_asked_for(tmp_path: Path) -> None:
    file = tmp_path / "traces.jsonl"
    file.write_text(kernel_line(LOCAL) + "\n")
    assert replay(file).exit_code == 0
    for words in (["--kernel", "6.12.117"], ["--rule", "pool_locality=on"]):
        result = replay(file, *words)
        assert (result.exit_code, result.stdout.splitlines()[-1]) == (1, "0 of 1 equal"), words
    assert (
        replay(file, "--kernel", "6.12.117", "--rule", "pool_locality=off", "--rule", "bulk_locality=off").exit_code
        == 0
    )


def test_what_is_not_compared_is_said(tmp_path: Path) -> None:
    file = tmp_path / "traces.jsonl"
    file.write_text(kernel_line(LOCAL) + "\n")
    (line, _) = replay(file, "--kernel", "5.15.135").stdout.splitlines()
    assert line.endswith(", no counters in 5.15.135")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--kernel", "6.12.x"], '--kernel "6.12.x" is no release of Linux such as'),
        (["--kernel", "5.20"], '--kernel "5.20" is no release of Linux: the last of its series is 5.19'),
        (["--kernel", "7.3.4-5k"], '--kernel "7.3.4-5k" has pages of 5,120 bytes'),
        (["--rule", "locality=on"], '--rule "locality=on": there is no rule "locality".'),
        (["--rule", "pool_locality"], '--rule "pool_locality": "" is not one of: on, off'),
        (
            ["--rule", "pool_bulk=off", "--kernel", "7.3"],
            "--rule pool_bulk: impossible: cache_by_page_size needs pool_bulk",
        ),
    ],
)
def test_what_is_no_kernel_or_rule_is_refused(words: list[str], message: str) -> None:
    result = replay(KERNELS, *words)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(message)
    assert "sweep show kernels" in result.stderr or "next:" in result.stderr
