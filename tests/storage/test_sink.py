# SPDX-License-Identifier: MIT
"""Files that the user asked for: what the run itself keeps is never replaced, by whichever verb; folders are made."""

from __future__ import annotations

from pathlib import Path

import pytest

from sweep.errors import SweepError
from sweep.storage import sink


def test_a_text_with_the_folders_on_its_way(tmp_path: Path) -> None:
    sink.text(str(tmp_path / "a/b/x.md"), "ä")
    assert (tmp_path / "a/b/x.md").read_bytes() == "ä".encode()
    sink.text((tmp_path / "a/y.md").as_uri(), "y")
    assert sorted(path.name for path in (tmp_path / "a").iterdir()) == ["b", "y.md"]


@pytest.mark.parametrize("known", ["run.json", "manifest.json"])
def test_what_a_run_keeps_is_spared_published_or_not(tmp_path: Path, known: str) -> None:
    (tmp_path / known).write_text("kept")
    (tmp_path / "results.arrow").symlink_to("current/results.arrow")
    for name in (known, "run.json", "manifest.json", "lock", "current", "results.arrow"):
        with pytest.raises(
            SweepError, match=r'--html "[^"]*" is what the run itself has published\n  next: give --html'
        ):
            sink.text(str(tmp_path / name), "x", "--html")
    assert (tmp_path / known).read_text() == "kept"
    assert (tmp_path / "results.arrow").is_symlink()


@pytest.mark.parametrize(
    ("out", "said"),
    [
        ("", '--out "" is not the name of a file'),
        ("x/", "is not the name of a file"),
        ("x\0y", "is not the name of a file"),
        ("foo://x.csv", 'has scheme "foo", which is not known'),
        ("foo://a/x.csv", 'has scheme "foo", which is not known'),
        ("s3://x.csv", "as in: s3://bucket/runs/x"),
        ("/proc/none/x.csv", '--out "/proc/none/x.csv" cannot be written: No such file or directory: "/proc/none"'),
    ],
)
def test_what_can_be_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, out: str, said: str) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SweepError, match=said) as caught:
        sink.text(out, "x")
    assert caught.value.exit_code == 2
    assert list(tmp_path.iterdir()) == []
