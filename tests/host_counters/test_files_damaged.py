# SPDX-License-Identifier: MIT
"""Damaged output of a host: cut off anywhere, random bytes, odd numbers.  An error or a doubt, no traceback."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from sweep.errors import SweepError
from sweep.host_counters import diagnosis, wording
from sweep.host_counters.result import Result, read
from tests.host_counters.hosts import CASES, NO_STATISTICS, VETH, VIRTIO, VMXNET3, copied

CUT = (
    *(VETH / f"after.{name}.txt" for name in ("ethtool_S", "snmp", "ip_s_link", "softnet_stat")),
    *(VIRTIO / f"after.{name}-get.json" for name in ("page-pool", "qstats")),
    VIRTIO / "ethtool_g.txt",
    NO_STATISTICS / "end.ss_uampn.txt",
)
ODD = (-1, 2**64, 2**63, 10**30, 1.5, True, None, "12", "x", [], {}, float("nan"))


def told(paths: list[Path]) -> Result | None:
    """The result, with all that is printed of it made; None if it was refused."""
    try:
        result = read(paths)
    except SweepError:
        return None
    wording.lines(result)
    diagnosis.lines(result)
    json.dumps(result.record(), allow_nan=False)
    return result


@pytest.mark.parametrize("file", CUT, ids=lambda file: file.name)
def test_a_file_that_is_cut_anywhere_gives_no_wrong_count(tmp_path: Path, file: Path) -> None:
    content, cut = file.read_bytes(), tmp_path / file.name
    whole = read([file]).host.after
    for length in range(len(content)):
        cut.write_bytes(content[:length])
        result = told([cut])
        if result is None:
            continue
        after = result.host.after
        assert after.counters.items() <= whole.counters.items()
        assert after.levels.items() <= whole.levels.items()


def test_random_bytes_are_refused(tmp_path: Path) -> None:
    draw = random.Random(15)
    path = tmp_path / "before.bin"
    for _ in range(200):
        path.write_bytes(draw.randbytes(draw.randrange(1, 400)))
        assert told([path]) is None


def test_bytes_changed_at_random_raise_nothing(tmp_path: Path) -> None:
    draw = random.Random(18)
    for case in CASES:
        folder = copied(case, tmp_path)
        paths = sorted(folder.iterdir())
        for _ in range(12):
            path = draw.choice(paths)
            content = path.read_bytes()
            damaged = bytearray(content)
            for _ in range(draw.choice((1, 3, 30))):
                damaged[draw.randrange(len(damaged))] = draw.choice((draw.randrange(256), *b'0-9:[]{}", \n'))
            path.write_bytes(damaged)
            told([folder])
            path.write_bytes(content)


def test_odd_values_in_dumps_raise_nothing_and_are_no_counts(tmp_path: Path) -> None:
    draw = random.Random(2018)
    folder = copied(VIRTIO, tmp_path)
    for path in sorted(folder.glob("*.json")):
        content = path.read_text()
        for _ in range(5):
            rows = json.loads(content)
            row = draw.choice(rows)
            row[draw.choice(list(row))] = draw.choice(ODD)
            path.write_text(json.dumps(rows))
            told([folder])
        path.write_text(content)


@pytest.mark.parametrize(
    "text", ["[" * 100_000, "{" * 5_000, "[1,", "[]", "{}", '{"error": {}}', "[[1]]", "[{}]", '"a"', "NaN", "\0"]
)
def test_strange_json_raises_nothing(tmp_path: Path, text: str) -> None:
    path = tmp_path / "after.page-pool-get.json"
    path.write_text(text)
    told([path])


def test_a_diagnosis_shows_no_control_characters(tmp_path: Path) -> None:
    folder = copied(VMXNET3, tmp_path)
    with (folder / "ethtool_i.txt").open("a") as file:
        file.write("driver: \x1b[31mred\n")
    result = read([folder])
    assert not any("\x1b" in line for line in [*diagnosis.lines(result), *wording.lines(result)])
