# SPDX-License-Identifier: MIT
"""Several experiment files: all mistakes of all of them, one name each, and values that one takes from another."""

from __future__ import annotations

from pathlib import Path

import pytest
from experiment_files import written
from test_validate_mistakes import VALID, place

from sweep.errors import ConfigError
from sweep.validate import find, read_all
from sweep.validate.experiment.origins import chosen


def all_messages(folder, **texts):
    paths = [written(folder, text, f"{name}.yaml") for name, text in texts.items()]
    with pytest.raises(ConfigError) as error:
        read_all(paths)
    return str(error.value).replace(f"{folder}/", "")


def test_the_mistakes_of_all_files_are_told(tmp_path):
    wrong = VALID.replace("measured: 41,", "measured: lots,")
    told = all_messages(
        tmp_path, a=wrong, b=VALID.replace("name: planted", "name: b"), c=wrong.replace("grade: B", "grade: D")
    )
    assert [line.split(":")[0] for line in told.splitlines() if not line.startswith(" ")] == [
        "a.yaml",
        "c.yaml",
        "c.yaml",
    ]


def test_a_name_belongs_to_one_file(tmp_path):
    told = all_messages(tmp_path, a=VALID, b=VALID, planted=VALID.replace("name: planted\n", ""))
    assert 'b.yaml:1:7: the name "planted" is also that of the experiment at a.yaml:1:7' in told
    assert 'planted.yaml:1:1: the name "planted" is also that of the experiment at a.yaml:1:7' in told


def test_a_file_that_is_named_twice_is_read_once(tmp_path):
    path = written(tmp_path, VALID)
    (tmp_path / "link.yaml").symlink_to(path)
    (tmp_path / "inner").mkdir()
    assert find([path, tmp_path / "inner" / ".." / "mine.yaml", tmp_path / "link.yaml"]) == [path]


SEVERAL = VALID.replace("between: [10 ns, 90 ns]", "between: [10 ns, 90 ns]\n    for: [calm, size]").replace(
    "  - {parameter: host.poll,",
    "  - {parameter: host.stack_drop, value: 9 ns, range: [5 ns, 20 ns], why: w, for: [busy]}\n"
    "  - {parameter: host.poll,",
)
POLL = "host.poll, value: 100 ns, range: [50 ns, 300 ns]"


@pytest.mark.parametrize(
    ("more", "parts"),
    [
        ("", ['"host.stack_drop" has 2 values in "several.yaml"', 'with "of"', "one row of each: calm, busy"]),
        (", of: bussy", ['of: the row "bussy" is not known. Did you mean "busy"?']),
        (", of: many", ['is not free for the row "many"', "known: calm, size 64, size 128, busy"]),
        (", of: busy", []),
    ],
)
def test_one_of_several_values_is_named(tmp_path, monkeypatch, more, parts):
    """Before anything is simulated."""
    monkeypatch.chdir(tmp_path)
    start, end = VALID.index("  - parameter: host.stack_drop"), VALID.index("  - {parameter: host.poll")
    taking = VALID[:start] + VALID[end:]
    taking = taking.replace(POLL, f"host.stack_drop, from: several.yaml{more}").replace(
        "calibration: true", "within: 5 %"
    )
    taking = (
        taking.replace(", calibration: [64]", "")
        .replace("of: size, that", "of: small, that")
        .replace("name: planted", "name: taking")
    )
    paths = [written(Path(), taking, "taking.yaml"), written(Path(), SEVERAL, "several.yaml")]
    if not parts:
        (free,) = read_all(paths)[0].free
        assert chosen(free, read_all(paths)[1]) == 1
        return
    with pytest.raises(ConfigError) as error:
        read_all(paths[:1])  # the other file is read all the same
    assert str(error.value).startswith(f"taking.yaml:{place(taking, 'host.stack_drop')}: ")
    for part in parts:
        assert part in str(error.value)
