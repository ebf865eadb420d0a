# SPDX-License-Identifier: MIT
"""The scripts that run on nodes: what they refuse, what they leave, and that a second time changes nothing."""

from __future__ import annotations

import os
import platform
import shutil
import stat
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from typed_words import environment

FOLDER = Path(__file__).parents[2] / "clusters"
WHEEL = "sweep-0.1.0-py3-none-any.whl"
HERE = platform.python_version()


@pytest.fixture
def node(tmp_path: Path) -> Path:
    """A home directory as `ray up` leaves it before the set-up commands."""
    sweep = tmp_path / "sweep"
    sweep.mkdir()
    for name in ("node.sh", "environment.sh"):
        shutil.copy(FOLDER / name, sweep)
    (sweep / "constraints.txt").write_text("numpy==2.4.6\n")
    (sweep / WHEEL).write_text("")
    return tmp_path


def script(path: Path, text: str) -> None:
    """An executable of bash."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/usr/bin/env bash\n{text}\n")
    path.chmod(0o755)


def set_up(node: Path, *words: str, code: int = 0) -> str:
    """Run node.sh; what it says."""
    environment = {"HOME": str(node), "PATH": f"{node / 'bin'}:{os.environ['PATH']}"}
    command = ["bash", str(node / "sweep" / "node.sh"), *words]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stderr


def fake_venv(node: Path, works: bool = True, version: str = HERE) -> Path:
    """A virtual environment, as far as node.sh can see, that notes what pip is asked for."""
    log = node / "pip.log"
    text = f"""case "$*" in
    *python_version*) echo {version} ;;
    *"import ray, sweep"*) {"exit 0" if works else 'echo "Traceback"; echo "ImportError: no ray"; exit 1'} ;;
    *"-m pip"*) echo "$*" >>{log} ;;
esac"""
    script(node / "sweep" / "venv" / "bin" / "python", text)
    return log


def test_another_python_is_refused_with_the_node_s_name(node: Path) -> None:
    script(node / "bin" / "python3", 'echo "3.13.9"')
    script(node / "bin" / "python3.99", "exit 127")
    said = set_up(node, "3.99.1", WHEEL, code=1)
    assert said.startswith(platform.node())
    assert 'python3 is "3.13.9", the cluster\'s Python is 3.99.1' in said
    assert "next: " in said
    assert not (node / "sweep" / "venv").exists()


def test_wrong_words_and_a_wheel_that_is_not_there(node: Path) -> None:
    assert 'not "3.12"' in set_up(node, "3.12", code=1)
    assert '"other.whl" is not in' in set_up(node, HERE, "other.whl", code=1)


def test_an_environment_that_was_there_is_used_as_it_is(node: Path) -> None:
    log = fake_venv(node)
    set_up(node, HERE, WHEEL)
    set_up(node, HERE, WHEEL)
    assert not log.exists()
    assert (node / ".bashrc").read_text() == f". {node / 'sweep' / 'environment.sh'}\n"  # once


def test_an_environment_that_was_there_is_checked(node: Path) -> None:
    fake_venv(node, works=False)
    said = set_up(node, HERE, WHEEL, code=1)
    assert "does not work: ImportError: no ray" in said
    fake_venv(node, version="3.11.0")
    assert 'has Python "3.11.0", the cluster\'s Python is 3.11.99' in set_up(node, "3.11.99", WHEEL, code=1)


def test_our_own_environment_is_filled_again_only_when_the_wheel_or_the_versions_change(node: Path) -> None:
    log = fake_venv(node)
    (node / "sweep" / "venv" / "made-by-node.sh").write_text("nothing\n")
    set_up(node, HERE, WHEEL)
    first = log.read_text().splitlines()
    assert [("--force-reinstall" in line, "[cluster]" in line) for line in first] == [(False, True), (True, False)]
    assert all("--no-index" not in line for line in first)
    set_up(node, HERE, WHEEL)
    assert log.read_text().splitlines() == first
    (node / "sweep" / WHEEL).write_text("new")
    (node / "sweep" / "wheels").mkdir()
    set_up(node, HERE, WHEEL)
    third = log.read_text().splitlines()[2:]
    assert len(third) == 2
    assert f"--no-index --find-links {node / 'sweep' / 'wheels'}" in third[0]


@pytest.mark.slow
def test_a_real_environment_is_made(node: Path) -> None:
    """With wheels of our own that do nothing: no index is asked."""
    wheels = node / "sweep" / "wheels"
    wheels.mkdir()
    _wheel(wheels, "ray")
    _wheel(wheels, "sweep", 'Provides-Extra: cluster\nRequires-Dist: ray; extra == "cluster"\n')
    shutil.copy(wheels / WHEEL, node / "sweep")
    (node / "sweep" / "constraints.txt").write_text("ray==0.1.0\n")
    script(node / "bin" / "python3", f'exec {sys.executable} "$@"')
    set_up(node, HERE, WHEEL)
    python = node / "sweep" / "venv" / "bin" / "python"
    program = "import sweep, ray; print(sweep.__file__)"
    done = subprocess.run([python, "-c", program], cwd=node, env={}, capture_output=True, text=True)
    assert done.stdout.startswith(str(node / "sweep" / "venv")), done.stderr


def _wheel(folder: Path, name: str, metadata: str = "") -> None:
    about = f"{name}-0.1.0.dist-info"
    with zipfile.ZipFile(folder / f"{name}-0.1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr(f"{name}/__init__.py", "")
        wheel.writestr(f"{about}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 0.1.0\n{metadata}")
        wheel.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{about}/RECORD", "")


def test_a_lonely_worker_ends_and_a_busy_one_does_not(tmp_path: Path) -> None:
    """Ray is there for three minutes, then not; minutes are no time here."""
    script(tmp_path / "pgrep", f"echo x >>{tmp_path}/looked; [[ $(wc -l <{tmp_path}/looked) -le 3 ]]")
    script(tmp_path / "sleep", "exit 0")
    script(tmp_path / "sudo", f'echo "$@" >>{tmp_path}/sudo.log; kill $PPID')
    given = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "XDG_RUNTIME_DIR": str(tmp_path)}
    subprocess.run(["bash", str(FOLDER / "lonely.sh")], env=given, timeout=30)
    assert (tmp_path / "sudo.log").read_text() == "shutdown -h now\n"
    assert len((tmp_path / "looked").read_text().splitlines()) == 3 + 10


def test_the_environment_says_nothing_and_puts_sweep_first(tmp_path: Path) -> None:
    given = environment(FOLDER / "environment.sh")
    assert given["PATH"].startswith("/home/x/sweep/venv/bin:")
    assert given["OPENBLAS_NUM_THREADS"] == "1"


@pytest.mark.parametrize("name", ["node.sh", "environment.sh", "lonely.sh"])
def test_scripts_are_bash(name: str) -> None:
    path = FOLDER / name
    assert subprocess.run(["bash", "-n", str(path)], capture_output=True).stderr == b""
    assert "SPDX-License-Identifier: MIT" in path.read_text()
    assert not path.stat().st_mode & stat.S_IWOTH


def test_ray_s_folder_is_below_one_of_this_user_alone(tmp_path: Path) -> None:
    """Whatever stands under its name before; what is not ours is refused and left as it is."""
    place, script_here = tmp_path / "ray", tmp_path / "environment.sh"
    text = (FOLDER / "environment.sh").read_text()
    assert "RAY_TMPDIR=/tmp/sweep-node-$UID\n" in text
    script_here.write_text(text.replace("/tmp/sweep-node-$UID", str(place)))
    for _ in range(2):
        assert environment(script_here)["RAY_TMPDIR"] == str(place)
        assert place.stat().st_mode & 0o777 == 0o700
        place.chmod(0o777)
    place.rmdir()
    (tmp_path / "elsewhere").mkdir()
    others = [lambda: place.symlink_to(tmp_path / "elsewhere"), place.touch]
    if os.geteuid() == 0:
        others.append(lambda: (place.mkdir(), os.chown(place, 65534, 65534)))
    for make in others:
        make()
        command = ["bash", "-c", f". {script_here} && echo started"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=10)
        assert (done.returncode, done.stdout) == (1, "")
        assert f'"{place}" is not a folder of' in done.stderr
        assert "  next: " in done.stderr
        place.rmdir() if place.is_dir() and not place.is_symlink() else place.unlink()
    assert list((tmp_path / "elsewhere").iterdir()) == []
