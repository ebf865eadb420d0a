# SPDX-License-Identifier: MIT
"""`sweep import counters` and `sweep doctor`: what they print and how they exit."""

from __future__ import annotations

import json
from pathlib import Path

from typer.testing import CliRunner, Result

from sweep.cli import app
from tests.host_counters.hosts import VETH, VIRTIO


def typed(*words: Path | str) -> Result:
    return CliRunner().invoke(app, [*map(str, words)])


def test_counters_of_a_folder() -> None:
    result = typed("import", "counters", VIRTIO)
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[0] == "26 files, two moments"
    assert "  recycle-ring-full 6,775" in lines
    assert "pages got: 58,781; pages given back: 58,795" in lines
    assert any(line.startswith("checks: ") and line.endswith(" hold") for line in lines)


def test_json_has_every_count() -> None:
    record = json.loads(
        typed("import", "counters", VETH / "before.ethtool_S.txt", VETH / "after.ethtool_S.txt", "--json").stdout
    )
    counts = {counter["name"]: counter["count"] for counter in record["counters"]}
    assert counts["rx_pp_recycle_ring"] == record["totals"]["recycle-ring"] == 1_323
    assert record["looks_wrong"] == []


def test_doctor_takes_two_files_in_their_order() -> None:
    result = typed("doctor", VETH / "before.ethtool_S.txt", VETH / "after.ethtool_S.txt")
    assert result.exit_code == 0
    assert "what stands out" in result.stdout
    assert "the driver is not known" in result.stdout


def test_what_is_no_host_is_an_error_for_people(tmp_path: Path) -> None:
    for words in (("import", "counters", tmp_path), ("doctor", tmp_path / "absent")):
        result = typed(*words)
        assert result.exit_code == 2
        assert "next: " in result.stderr
        assert str(tmp_path) in result.stderr
