# SPDX-License-Identifier: MIT
"""Files that come with sweep are named without a path, wherever one is read; a file that is here wins."""

from __future__ import annotations

from pathlib import Path

import pytest

from sweep import compare, config, validate
from sweep.config import shipped
from sweep.config.library import BUILT_IN
from sweep.errors import ConfigError
from sweep.jobs.submission.submit import errand

OWN = "host: xeon-e5-1650v4\nnic: 10g\ntraffic: router\npackets: 300\nwarmup: 100\nload: 0.3\n"


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", shipped.names())
def test_a_sweep_file_by_its_name(empty: Path, name: str) -> None:
    assert config.load(name).document == config.load(BUILT_IN / f"{name}.yaml").document


def test_a_file_that_is_here_wins_and_a_folder_does_not(empty: Path) -> None:
    (empty / "smoke").mkdir()
    assert config.load("smoke").points == 16
    (empty / "smoke").rmdir()
    (empty / "smoke").write_text(f"{OWN}strategy: page_pool\naxes: {{ring: [64, 128, 256]}}\n")
    assert config.load("smoke").points == 3
    (empty / "smoke").unlink()
    (empty / "smoke").symlink_to("gone")  # it is there, and cannot be read
    with pytest.raises(ConfigError, match="smoke: cannot be read: No such file or directory"):
        config.load("smoke")


@pytest.mark.parametrize(
    ("given", "nearest"),
    [
        ("smok", ' Did you mean "smoke"?'),
        ("smoke.yaml", ' Did you mean "smoke", which needs no path?'),
        ("configs/mm_summit_2016.yaml", ' Did you mean "mm_summit_2016", which needs no path?'),
        ("driver", ' Did you mean "driver.yaml"?'),
        ("folder/drivr.yaml", ' Did you mean "folder/driver.yaml"?'),
        ("\x1b[31m", ""),
        ("nowhere/x.yaml", ""),
    ],
)
def test_neither_is_told_with_the_closest(empty: Path, given: str, nearest: str) -> None:
    (empty / "driver.yaml").write_text("")
    (empty / "folder").mkdir()
    (empty / "folder/driver.yaml").write_text("")
    with pytest.raises(ConfigError) as error:
        config.load(given)
    first, known, see = str(error.value).splitlines()
    assert ": cannot be read: No such file or directory, and no sweep file " in first
    assert first.endswith(f" comes with sweep.{nearest}")
    assert known == "  sweep files that come with sweep: mm_summit_2016, shared_host, smoke"
    assert see == "  see: sweep show configs"


def test_what_else_is_wrong_with_a_path_is_said_by_its_reader(empty: Path) -> None:
    for given, why in (("x" * 300, "File name too long"), ("a\0b", "is not the name of a file"), (".", "a directory")):
        with pytest.raises(ConfigError, match=why):
            config.load(given)


def test_experiments_and_gates_too(empty: Path) -> None:
    assert validate.find([Path("v01")]) == [BUILT_IN / "experiments/v01.yaml"]
    (empty / "v01").mkdir()
    (empty / "v01/mine.yaml").write_text("")
    assert validate.find([Path("v01")]) == [Path("v01/mine.yaml")]  # a folder of experiments is one that is meant
    with pytest.raises(ConfigError, match=r'no experiment "v39x" comes with sweep\. Did you mean "v39"'):
        validate.find([Path("v39x")])
    with pytest.raises(ConfigError, match=r'no gate "defaults" comes with sweep\. Did you mean "default"'):
        compare.gates.read("defaults")
    assert compare.gates.read("default").written() == compare.gates.read(None).written()


def test_a_cluster_gets_the_file(empty: Path) -> None:
    job = errand(Path("smoke"), (), "/out", 0, ())
    assert job.file == BUILT_IN / "smoke.yaml"
    assert job.words[:2] == ["run", "smoke.yaml"]
