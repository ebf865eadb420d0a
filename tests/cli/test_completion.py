# SPDX-License-Identifier: MIT
"""Shell completion: what bash, zsh and fish are offered, nothing heavy for it, and the scripts in real shells."""

from __future__ import annotations

import os
import pty
import select
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from typed import REPOSITORY, SWEEP

from sweep.cli import completion, names

HEAVY = {"numpy", "llvmlite", "pyarrow", "ray", "scipy", "pydantic", "yaml", "rich", "jinja2", "duckdb"}
BOUND_S = 30.0


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A user's directory: sweep files, a library folder, run directories, and what is none of these."""
    (tmp_path / "mine.yaml").write_text(SWEEP)
    (tmp_path / "configs/traffic").mkdir(parents=True)
    (tmp_path / "configs/deep.yaml").write_text("name: x\naxes: {ring: [64]}\n")
    (tmp_path / "configs/traffic/my_mix.yaml").write_text("arrivals: {poisson: {}}\n")
    (tmp_path / "other.yaml").write_text("nothing: of ours\n")
    for name, file in (("done", "manifest.json"), ("begun", "run.json"), ("old", "results.arrow"), ("no", "x.json")):
        (tmp_path / "runs" / name).mkdir(parents=True)
        (tmp_path / "runs" / name / file).write_text("{}")
    (tmp_path / "runs/done/snapshots/s").mkdir(parents=True)
    (tmp_path / "runs/done/snapshots/s/manifest.json").write_text("{}")
    (tmp_path / "runs/latest").symlink_to("done")
    return tmp_path


def environment(place: Path, **more: str) -> dict[str, str]:
    """One in which `sweep` is this repository's."""
    shim = place / ".bin" / "sweep"
    shim.parent.mkdir(exist_ok=True)
    shim.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m sweep "$@"\n')
    shim.chmod(0o755)
    path = f"{shim.parent}:{os.environ['PATH']}"
    return {**os.environ, "PATH": path, "PYTHONPATH": str(REPOSITORY), "HOME": str(place), "SHELL": "/bin/sh", **more}


def offered(place: Path, *words: str) -> list[str]:
    """What bash is given for the last of these words; it takes KEY=VALUE apart itself."""
    asked = environment(
        place, _SWEEP_COMPLETE="complete_bash", COMP_WORDS="\n".join(words), COMP_CWORD=str(len(words) - 1)
    )
    done = subprocess.run(["sweep"], cwd=place, env=asked, capture_output=True, text=True, timeout=BOUND_S)
    assert done.stderr == ""
    assert done.returncode == 0
    return done.stdout.split()


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["sweep", "qu"], ["query"]),
        (["sweep", "run", ""], ["mine.yaml", "configs/deep.yaml"]),
        (["sweep", "plan", "configs/"], ["configs/deep.yaml"]),
        (["sweep", "plan", "m"], ["mine.yaml"]),
        (["sweep", "plan", "smo"], ["smoke"]),
        (["sweep", "init", "d"], ["driver"]),
        (["sweep", "validate", "v05"], ["v05", "v05b"]),
        (["sweep", "report", ""], ["runs/begun", "runs/done", "runs/latest", "runs/old"]),
        (["sweep", "query", "runs/d"], ["runs/done"]),
        (["sweep", "status", "s3://"], []),
        (["sweep", "run", "mine.yaml", "--exe"], ["--executor"]),
        (["sweep", "run", "mine.yaml", "--executor", ""], ["ray", "inline"]),
        (["sweep", "run", "mine.yaml", "--out", "runs/b"], ["runs/begun"]),
        (["sweep", "run", "mine.yaml", "--address", ""], ["auto"]),
        (["sweep", "query", "runs/done", '"select 1"', "--format", "j"], ["json"]),
        (["sweep", "export", "runs/done", "--columns", "ns_per_packet,drop"], ["ns_per_packet,drop_ratio"]),
        (["sweep", "warm", "page_p"], ["page_pool", "page_pool_frag"]),
        (["sweep", "run", "mine.yaml", "--set", "repl"], ["replicates="]),
        (["sweep", "run", "mine.yaml", "--set", "strategy", "=", "page_fl"], ["page_flip"]),
        (["sweep", "run", "mine.yaml", "--set", "iommu", "="], ["off", "lazy", "strict"]),
        (["sweep", "run", "mine.yaml", "--set", "axes.traffic", "=", "[router,my"], ["[router,my_mix"]),
        (["sweep", "run", "mine.yaml", "--set", "replicates", "=", "1"], []),
        (["sweep", "run", "mine.yaml", "--set", "kernel", "=", "4.1"], ["4.11-rc1", "4.19"]),
        (["sweep", "run", "mine.yaml", "--set", "axes.kernel.bulk"], ["axes.kernel.bulk_locality="]),
        (["sweep", "run", "mine.yaml", "--set", "kernel.bulk_locality", "=", ""], ["on", "off"]),
        (["sweep", "replay", "mine.yaml", "--kernel", "6.12.3"], ["6.12.34"]),
        (["sweep", "replay", "mine.yaml", "--rule", "unmap"], ["unmap_at_destroy=on", "unmap_at_destroy=off"]),
    ],
)
def test_what_is_offered(place: Path, words: list[str], found: list[str]) -> None:
    assert offered(place, *words) == found


@pytest.mark.parametrize(
    ("kind", "metavar", "typed", "found"),
    [
        ("argument", "LOCATION|LIST", "str", ["strategies"]),
        ("argument", "LOCATION|LIST", "runs/d", ["runs/done"]),
        ("argument", "[POINT...]", "ri", ["ring="]),
        ("argument", "[POINT...]", "strategy=page_fl", ["strategy=page_flip"]),
        ("argument", "[NEW]", "runs/b", ["runs/begun"]),
        ("argument", "FILE", "mi", ["mine.yaml"]),
        ("argument", "FILE...", "mi", None),
        ("option", "FILE", "mi", None),
        ("option", "txt|md|json|junit", "j", ["json", "junit"]),
        ("option", "N", "", None),
    ],
)
def test_words_follow_from_the_metavar(
    place: Path, monkeypatch: pytest.MonkeyPatch, kind: str, metavar: str, typed: str, found: list[str] | None
) -> None:
    monkeypatch.chdir(place)
    words = completion.words_for(kind, [], metavar)
    assert (words and [word for word in words(typed) if word.startswith(typed)]) == found


def test_nothing_heavy_is_imported(place: Path) -> None:
    """Also in zsh and fish, which show help beside the names: Typer would import rich for it."""
    script = "import sys; from sweep.cli import main\ntry: main()\nfinally: print(*sys.modules, file=sys.stderr)"
    for shell in ("bash", "zsh", "fish"):
        for words in (
            ["sweep", "r"],
            ["sweep", "run", "mine.yaml", "--set", "strategy="],
            ["sweep", "export", "runs/"],
        ):
            asked = environment(
                place,
                _SWEEP_COMPLETE=f"complete_{shell}",
                _TYPER_COMPLETE_ARGS=" ".join(words),
                _TYPER_COMPLETE_FISH_ACTION="get-args",
                COMP_WORDS="\n".join(words),
                COMP_CWORD=str(len(words) - 1),
            )
            done = subprocess.run(
                [sys.executable, "-c", script], cwd=place, env=asked, capture_output=True, text=True, timeout=BOUND_S
            )
            assert done.stdout.strip()
            imported = set(done.stderr.split()) - {"rich"}  # whose name is there, to keep it out
            assert not HEAVY & imported
            assert "rich.console" not in imported


def test_names_are_those_of_the_program() -> None:
    from typing import get_type_hints

    from sweep import config
    from sweep.cli.verbs.show import show
    from sweep.fields.metrics import METRICS
    from sweep.model.hardware.iommu import MODES
    from sweep.model.kernel.releases import CHANGES
    from sweep.model.strategies import NAMES, strategy
    from sweep.show.catalogue import TOPICS

    assert names.strategies() == list(NAMES)
    assert tuple(TOPICS) == completion.LISTS
    help = get_type_hints(show, include_extras=True)["what"].__metadata__[0].help
    assert help.endswith(f"; or {', '.join(TOPICS)}")
    assert names.metrics() == [metric.name for metric in METRICS]
    assert names.releases() == list(CHANGES)
    assert names.iommu_modes() == list(MODES)
    assert names.knobs() == sorted({knob.name for name in NAMES for knob in strategy(name).KNOBS})
    properties = config.json_schema()["properties"]
    assert all(key.removeprefix("axes.") in properties for key in completion.KEYS)
    assert {"router", "host_slow_reader"} <= set(names.library("traffic"))
    assert "xeon-e5-1650v4" in names.library("hosts")


def test_every_parameter_is_completed_once_its_first_letter_is_typed() -> None:
    from sweep.config.parameters import parameters

    prose = {"traffic.about", "nic.about"}
    models = {name for name in parameters() if name.startswith("traffic.")} - {"traffic.flows"} - prose
    scalars = {name for name in models if name.partition("reader.")[2] in ("rate", "call", "batch", "rcvbuf")}
    for name in parameters().keys() - prose - (models - scalars):
        assert f"{name}=" in completion.overrides(name[0])
        assert f"axes.{name}=" in completion.overrides(f"axes.{name[0]}")
    assert all("." not in key.removeprefix("axes.") for key in completion.overrides(""))


def test_looking_for_files_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(names, "ENTRIES", 10)
    for number in range(50):
        (tmp_path / f"{number:02}.yaml").write_text("axes: {}\n")
    (tmp_path / "a/b/c/d/e/f").mkdir(parents=True)
    (tmp_path / "a/b/c/d/e/f/far.yaml").write_text("axes: {}\n")
    (tmp_path / "a/round").symlink_to(tmp_path)
    assert len(names.sweep_files(f"{tmp_path}/")) == 10
    assert names.sweep_files(f"{tmp_path}/a/b/") == []
    assert names.sweep_files(f"{tmp_path}/none/") == []


class TestRealShells:
    def test_bash(self, place: Path) -> None:
        script = (
            f"{_script('bash')}\n"
            "COMP_WORDS=(sweep run mine.yaml --set strategy = page_p) COMP_CWORD=6\n_sweep_completion sweep\n"
            'printf "%s\\n" "${COMPREPLY[@]}"\n'
        )
        done = subprocess.run(
            ["bash", "--norc", "-c", script],
            cwd=place,
            env=environment(place),
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.stdout.split() == ["page_pool", "page_pool_frag"], done.stderr

    @pytest.mark.skipif(not shutil.which("fish"), reason="fish is not installed")
    def test_fish(self, place: Path) -> None:
        for typed, found in (("sweep qu", ["query"]), ("sweep run mine.yaml --set strategy=page_p", None)):
            script = f"{_script('fish')}\ncomplete -C '{typed}'"
            done = subprocess.run(
                ["fish", "--no-config", "-c", script],
                cwd=place,
                env=environment(place),
                capture_output=True,
                text=True,
                timeout=60,
            )
            words = [line.split("\t")[0] for line in done.stdout.splitlines()]
            assert words == (found or ["strategy=page_pool", "strategy=page_pool_frag"]), done.stderr

    @pytest.mark.skipif(not shutil.which("zsh"), reason="zsh is not installed")
    def test_zsh(self, place: Path) -> None:
        """Typed into a terminal: zsh completes nowhere else."""
        (place / "_sweep").write_text(_script("zsh"))
        ours, theirs = pty.openpty()
        shell = subprocess.Popen(
            ["zsh", "-f", "-i"],
            cwd=place,
            env=environment(place, TERM="dumb", PS1="> "),
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
        )
        os.close(theirs)
        try:
            os.write(ours, b"autoload -Uz compinit; compinit -u -D; source ./_sweep; echo rea''dy\n")
            _read(ours, "ready")
            os.write(ours, b"sweep run mine.yaml --set strategy=page_fl\t")
            assert "page_flip" in _read(ours, "page_flip")
        finally:
            shell.kill()
            shell.wait()
            os.close(ours)


def _script(shell: str) -> str:
    """What `sweep --show-completion` prints, without a shell to be found around it."""
    from typer._completion_shared import get_completion_script

    return get_completion_script(prog_name="sweep", complete_var="_SWEEP_COMPLETE", shell=shell)


def test_completion_can_be_shown_and_installed(place: Path) -> None:
    """Run by bash, which Typer finds among the parents."""
    script = "sweep --show-completion; sweep --install-completion; echo ended"
    done = subprocess.run(
        ["bash", "--norc", "-c", script], cwd=place, env=environment(place), capture_output=True, text=True, timeout=60
    )
    assert "complete -o default -F _sweep_completion sweep" in done.stdout, done.stderr
    assert (place / ".bash_completions/sweep.sh").read_text().strip() == _script("bash")
    assert "sweep.sh" in (place / ".bashrc").read_text()


def _read(terminal: int, until: str) -> str:
    shown, deadline = "", time.monotonic() + BOUND_S
    while until not in shown:
        assert time.monotonic() < deadline, f"no {until!r} in {shown!r}"
        if select.select([terminal], [], [], 0.2)[0]:
            shown += os.read(terminal, 1 << 16).decode(errors="replace")
    return shown
