# SPDX-License-Identifier: MIT
"""Where `sweep` may write and read: another's folder, another's run, "~", links, devices, what is read-only."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest
from places import INLINE, contents, typed


class TestFoldersOfOthers:
    @pytest.fixture
    def keep(self, place: Path) -> Path:
        (place / "keep").mkdir()
        for name in ("results.parquet", "manifest.json", "report.html"):
            (place / "keep" / name).write_text("mine")
        return place / "keep"

    @pytest.mark.parametrize(
        "words",
        [
            ("run", "tiny.yaml", *INLINE),
            ("run", "tiny.yaml", *INLINE, "--replace-sweep"),
            ("size", "tiny.yaml", "--executor", "inline", "--objective", "drop_ratio < 0.5"),
            ("plan", "tiny.yaml"),
        ],
    )
    @pytest.mark.parametrize("form", ["{}", "file://{}"])
    def test_they_are_left_as_they_are(self, keep: Path, words: tuple[str, ...], form: str) -> None:
        before = contents(keep)
        code, said = typed(keep.parent, *words, "--out", form.format(keep))
        assert code == 2, said
        assert 'is neither empty nor a run directory: it has "manifest.json", "report.html", "results.parquet"' in said
        assert "keep/tiny" in said
        assert contents(keep) == before

    def test_from_python(self, keep: Path) -> None:
        import sweep
        from sweep.errors import SweepError

        before = contents(keep)
        with pytest.raises(SweepError, match="is neither empty nor a run directory"):
            sweep.run(keep.parent / "tiny.yaml", out=keep, executor="inline")
        assert contents(keep) == before

    def test_in_an_object_store(self, place: Path, s3) -> None:
        s3.put("run/photos/1.jpg", b"mine")
        code, said = typed(place, "run", "tiny.yaml", *INLINE, "--out", s3.uri())
        assert (code, 'it has "photos"' in said) == (2, True), said
        assert s3.objects() == ["run/photos/1.jpg"]

    def test_of_a_validation(self, place: Path) -> None:
        (place / "checks").mkdir()
        (place / "checks" / "validation.html").write_text("mine")
        code, _ = typed(place, "validate", "--out", "checks", "none.yaml")
        assert code == 2
        from sweep.errors import SweepError
        from sweep.validate.outcome.files import make_room

        with pytest.raises(SweepError, match=r"has validation\.html already, which no `sweep validate` has written"):
            make_room(place / "checks")
        assert contents(place / "checks") == {str(place / "checks" / "validation.html"): b"mine"}


class TestAnotherSweep:
    def test_it_is_refused_unless_asked(self, place: Path) -> None:
        before = contents(place / "run")
        other = ("--set", "name=other", "--out", "run")
        for verb in (("run", *INLINE), ("size", "--executor", "inline", "--objective", "drop_ratio < 0.5")):
            code, said = typed(place, verb[0], "tiny.yaml", *verb[1:], *other)
            assert code == 2, said
            assert 'run directory "run" has a run of sweep "tiny", and this is sweep "other"' in said
            assert "--replace-sweep" in said
            assert contents(place / "run") == before
        code, said = typed(place, "run", "tiny.yaml", *INLINE, *other, "--replace-sweep")
        assert code == 0, said
        assert json.loads((place / "run" / "run.json").read_text())["name"] == "other"
        assert typed(place, "run", "tiny.yaml", *INLINE, *other)[0] == 0  # as it says itself: it is that sweep's now

    def test_an_edited_file_goes_on_and_says_what_it_keeps(self, place: Path) -> None:
        code, said = typed(place, "run", "tiny.yaml", *INLINE, "--set", "axes.ring=[64, 512]", "--out", "run")
        assert code == 0, said
        assert "\n  the sweep is not what was run here last: 2 rows kept, 4 left out" in said
        code, said = typed(place, "plan", "tiny.yaml", "--out", "run")
        assert "\n  the sweep is not what was run here last: 6 rows kept, 2 left out" in said

    def test_a_newer_note_is_left_alone(self, place: Path) -> None:
        note = place / "run" / "run.json"
        note.write_text(json.dumps({**json.loads(note.read_text()), "format": 3}))
        before = contents(place / "run")
        code, said = typed(place, "run", "tiny.yaml", *INLINE, "--replace-sweep", "--out", "run")
        assert (code, 'run/run.json" has format "3"' in said) == (2, True), said
        assert contents(place / "run") == before


class TestHome:
    @pytest.fixture
    def home(self, place: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        home = place / "home"
        home.mkdir()
        monkeypatch.setenv("HOME", str(home))
        shutil.copy(place / "tiny.yaml", home)
        shutil.copytree(place / "run", home / "run", symlinks=True)
        return home

    def test_it_is_meant_wherever_a_path_is_given(self, place: Path, home: Path) -> None:
        (home / "gate.yaml").write_text("rules:\n- {metric: ns_per_packet, margin: 5 %}\n")
        for words in (
            ("run", "~/tiny.yaml", *INLINE, "--out=~/x"),
            ("status", "~/x"),
            ("plan", "~/tiny.yaml", "--out=~/x"),
            ("report", "~/run", "--out=~/made/x.md"),
            ("query", "~/run", "select 1", "--out=~/made/x.csv"),
            ("export", "~/run", "--out=~/made/y.csv"),
            ("show", "~/run", "ring=64", "replicate=0", "--html=~/made/x.html"),
            ("show", "~/run", "ring=64", "replicate=0", "--packets", "20", "--trace=~/made/x.arrow"),
            ("watch", "~/run", "--once"),
        ):
            code, said = typed(place, *words)
            assert code == 0, (words, said)
            assert "~" not in said, said
        code, said = typed(place, "compare", "~/run", "~/x", "--gate=~/gates.yaml", "--out=~/made/x.xml")
        assert f"{home}/gates.yaml" in said
        assert {path.name for path in (home / "made").iterdir()} == {
            *("x.md", "x.csv", "x.html", "x.arrow", "y.csv", "y.dictionary.csv")
        }
        assert "~" not in (home / "x" / "run.json").read_text()
        assert not (place / "~").exists()

    def test_in_python(self, place: Path, home: Path) -> None:
        import sweep

        run = sweep.run("~/tiny.yaml", out="~/y", executor="inline")
        assert run.location == str(home / "y")
        assert run.export("~/z.csv").paths[0] == str(home / "z.csv")
        assert len(sweep.open(Path("~/y")).table()) == 6
        assert not (place / "~").exists()

    @pytest.mark.parametrize("words", [("run", "tiny.yaml", *INLINE, "--out=~nosuchuser/x"), ("status", "~nosuchuser")])
    def test_a_user_who_is_not_there(self, place: Path, words: tuple[str, ...]) -> None:
        before = contents(place)
        code, said = typed(place, *words)
        assert (code, 'there is no user "nosuchuser"' in said) == (2, True), said
        assert contents(place) == before


class TestWhatIsNoDirectory:
    @pytest.mark.parametrize(
        ("make", "said"),
        [
            (lambda path: path.symlink_to("nowhere"), '"out" is a link to "nowhere", which is not there'),
            (lambda path: path.symlink_to("out"), '"out" is a link to "out", which is not there'),
            (lambda path: path.symlink_to("/dev/null"), '"out" is a device, and a run directory is needed'),
            (lambda path: path.write_text("x"), '"out" is a file, and a run directory is needed'),
            (os.mkfifo, '"out" is a pipe, and a run directory is needed'),
        ],
    )
    def test_it_is_said_what_it_is(self, place: Path, make, said: str) -> None:
        make(place / "out")
        before = os.lstat(place / "out")
        for words in (("run", "tiny.yaml", *INLINE, "--out", "out"), ("status", "out"), ("report", "out")):
            code, told = typed(place, *words)
            assert (code, said in told) == (2, True), told
            assert "\n  next: " in told
        assert os.path.samestat(os.lstat(place / "out"), before)

    def test_a_device(self, place: Path) -> None:
        code, said = typed(place, "run", "tiny.yaml", *INLINE, "--out", "/dev/null")
        assert (code, '"/dev/null" is a device, and a run directory is needed' in said) == (2, True), said


def test_a_run_of_a_colleague_that_is_read_only(place: Path, mount) -> None:
    """All that reads does; the report goes to the terminal, and that is said."""
    shutil.copytree(place / "run", mount.path / "run", symlinks=True, ignore=shutil.ignore_patterns("report.html"))
    mount.read_only()
    run = str(mount.path / "run")
    code, said = typed(place, "report", run)
    assert code == 0, said
    assert said.startswith("tiny")
    assert f'the report is not written: "{run}/report.txt" cannot be written: Read-only file system' in said
    assert f"next: sweep report {run} --out report.html" in said
    assert typed(place, "report", run, "--out", "report.html")[0] == 0
    for words in (("status", run), ("watch", run, "--once"), ("query", run, "select 1"), ("show", run, "ring=64")):
        code, said = typed(place, *words)
        assert "cannot be written" not in said
        assert code == 0, said
    code, said = typed(place, "run", "tiny.yaml", *INLINE, "--out", run)
    assert (code, "Read-only file system" in said) == (1, True), said


def test_a_full_disk(place: Path, mount) -> None:
    with open(mount.path / "filler", "wb", buffering=0) as filler:
        try:
            while True:
                filler.write(bytes(512))
        except OSError:
            pass
    code, said = typed(place, "run", "tiny.yaml", *INLINE, "--out", str(mount.path / "run"))
    assert (code, "No space left on device" in said, "next: make room" in said) == (1, True, True), said
