# SPDX-License-Identifier: MIT
"""`sweep init`: a file for each question, which plans and runs as it is, and whose comments are true."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from typed import sweep

from sweep import config
from sweep.cli.completion import LISTS
from sweep.cli.episodes import lines
from sweep.cli.verbs.init import SCHEMA_LINE
from sweep.config.library import BUILT_IN
from sweep.show import catalogue, questions

# Fewer packets, replicates and points than the file has, as plain Python takes a thousand times longer.
FEW = {
    "af_xdp": ("axes.ring=[1024]", "axes.load=[0.05]", "replicates=2", "duration=1 ms", "warmup=200"),
    "driver": ("axes.ring=[1024]", "axes.load=[0.1]", "replicates=2", "duration=1 ms", "warmup=200"),
    "host": ("axes.ring=[1024]", "axes.load=[0.1]", "replicates=2", "duration=1 ms", "warmup=200"),
    "patch": ("axes.ring=[1024]", "axes.load=[0.3]", "replicates=2", "packets=400", "warmup=100"),
}


@pytest.mark.slow
@pytest.mark.parametrize("question", questions.names())
def test_it_is_written_planned_and_run(question: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SWEEP_PLAIN_PYTHON", "1")
    out, error = sweep(tmp_path, "init", question)
    assert error == ""
    assert out.splitlines()[-2:] == [f"  sweep plan {question}.yaml", f"  sweep run {question}.yaml"]
    file = tmp_path / f"{question}.yaml"
    assert file.read_text() == SCHEMA_LINE + (BUILT_IN / f"questions/{question}.yaml").read_text()
    out, _ = sweep(tmp_path, "plan", file.name)
    assert out.startswith(f"{question}: ")
    assert "too few" not in out or question == "patch"  # which looks at time per packet, not at drops
    sets = [word for text in FEW[question] for word in ("--set", text)]
    out, _ = sweep(tmp_path, "run", file.name, "--executor", "inline", *sets)
    assert "failed 0" in out
    assert (tmp_path / f"runs/{question}/report.html").is_file()


@pytest.mark.parametrize("question", questions.names())
def test_its_comments_are_true(question: str) -> None:
    text = questions.text(question)
    assert len(max(text.splitlines(), key=len)) <= 120
    made = config.load(BUILT_IN / f"questions/{question}.yaml")
    assert made.name == question
    assert made.points > 10
    planned = " ".join(lines(made))
    for in_window, in_all in re.findall(r"(\d+) (?:stalls|pauses) of the \w+, (\d+) in all replicates", text):
        assert f"{in_window} stalls in a window, {in_all} in all" in planned
    for words in re.findall(r"`sweep ([^`]*)`", text):
        verb, *rest = words.split()
        assert verb in ("show", "size")
        if verb == "size":
            assert rest == [f"{question}.yaml"]
            assert made.document["objectives"]
        else:
            assert rest[0] in LISTS
            assert catalogue.show(rest[0], rest[1] if rest[1:] else None).title
    for cost in re.findall(r"\{host\.(\w+):", text):
        assert cost in dict(made.host(0)[0])
    for claim in made.document["claims"]:
        assert claim["name"]


def test_the_example_in_a_comment_is_one(tmp_path: Path) -> None:
    text = questions.text("patch")
    (found,) = re.findall(r"# A patch that makes an operation cheaper: (\{.*?\});", text)
    (tmp_path / "cheaper.yaml").write_text(re.sub(r"  - \{strategy\.bulk.*\}", f"  - {found}", text))
    assert config.load(tmp_path / "cheaper.yaml").points == config.load(BUILT_IN / "questions/patch.yaml").points


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "driver.yaml").write_text("mine")
    _, error = sweep(tmp_path, "init", "driver", code=2)
    assert (
        error == '"driver.yaml" is there already, and is not replaced\n  next: sweep init driver --out driver-2.yaml\n'
    )
    assert (tmp_path / "driver.yaml").read_text() == "mine"
    assert [path.name for path in tmp_path.iterdir()] == ["driver.yaml"]
    (tmp_path / "link.yaml").symlink_to("gone")
    sweep(tmp_path, "init", "driver", "--out", "link.yaml", code=2)
    assert not (tmp_path / "gone").exists()
    (tmp_path / "sweep.schema.json").write_text("{}")
    out, _ = sweep(tmp_path, "init", "driver", "--out", "driver-2.yaml")
    assert "sweep.schema.json: is there and is another one; to renew it: sweep schema --out sweep.schema.json" in out
    assert (tmp_path / "sweep.schema.json").read_text() == "{}"


def test_the_schema_is_beside_it_and_is_that_of_sweep_schema(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    sweep(tmp_path, "init", "host", "--out", "folder/mine.yaml")
    first = (tmp_path / "folder/mine.yaml").read_text().splitlines()[0]
    assert first == "# yaml-language-server: $schema=sweep.schema.json"
    out, _ = sweep(tmp_path, "schema")
    assert json.loads((tmp_path / "folder/sweep.schema.json").read_text()) == json.loads(out)


def test_to_standard_output_nothing_else_is_written(tmp_path: Path) -> None:
    out, error = sweep(tmp_path, "init", "patch", "--out", "-")
    assert (out, error) == (SCHEMA_LINE + questions.text("patch"), "")
    assert not list(tmp_path.iterdir())


def test_which_questions_there_are(tmp_path: Path) -> None:
    out, _ = sweep(tmp_path, "init", "--list")
    assert all(f"  {name} " in out and f"sweep init {name}\n" in out for name in ("af_xdp", "driver", "host", "patch"))
    _, error = sweep(tmp_path, "init", code=2)
    assert error == "which question?\n  there are: af_xdp, driver, host, patch\n  see: sweep init --list\n"
    _, error = sweep(tmp_path, "init", "drivers", code=2)
    assert 'Did you mean "driver"?' in error
    _, error = sweep(tmp_path, "init", "driver", "--out", "none/x.yaml", code=2)
    assert '"none/x.yaml" cannot be written: No such file or directory' in error


def test_a_shipped_sweep_file_is_printed_as_it_is_and_runs(tmp_path: Path) -> None:
    out, _ = sweep(tmp_path, "show", "configs", "smoke")
    assert out == (BUILT_IN / "smoke.yaml").read_text()
    (tmp_path / "mine.yaml").write_text(out)
    assert config.load(tmp_path / "mine.yaml").document == config.load("smoke").document
    _, error = sweep(tmp_path, "show", "configs", "smok", code=2)
    assert 'Did you mean "smoke"?' in error
