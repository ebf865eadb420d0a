# SPDX-License-Identifier: MIT
"""Where compiled kernels are kept: the user's folder, or a private temporary one where that cannot or may not be."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path

import pytest

from sweep.model.compiler import jit, kernel_cache
from sweep.model.compiler.kernel_cache import PREFIX, KernelCacheWarning, make, usable

REPOSITORY = Path(__file__).parents[3]
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to give files to another user")


@pytest.fixture(autouse=True)
def surroundings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home and a temporary folder of the test's own."""
    temp = tmp_path / "temp"
    temp.mkdir(mode=0o700)
    monkeypatch.setattr(tempfile, "tempdir", str(temp))
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("XDG_CACHE_HOME", "NUMBA_CACHE_DIR", "RAY_RAYLET_PID"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NUMBA_CACHE_DIR", "unset")
    monkeypatch.delenv("NUMBA_CACHE_DIR")
    return temp


def fallen_back() -> tuple[Path, str]:
    """The temporary folder, and what is said."""
    with pytest.warns(KernelCacheWarning) as told:
        found = usable("c0de")
    assert len(told) == 1
    assert found.name.startswith(PREFIX)
    assert found.stat().st_mode & 0o777 == 0o700
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert usable("c0de") == found  # and it is said once
    return found, str(told[0].message)


def test_the_folder_of_the_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert usable("c0de") == tmp_path / ".cache" / "sweep" / "numba"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["temp"]  # nothing is made by asking
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert usable("c0de") == tmp_path / "xdg" / "sweep" / "numba"
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "named"))
    assert usable("c0de") == tmp_path / "named"


@pytest.mark.parametrize("name", ["/proc/x", "/dev/null/x", "/sys/kernel/x"])
def test_a_folder_that_cannot_be_made(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NUMBA_CACHE_DIR", name)
    _, said = fallen_back()
    assert f'"{name}" is not used' in said
    assert "next: set NUMBA_CACHE_DIR" in said


def test_no_home(monkeypatch: pytest.MonkeyPatch) -> None:
    def home() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", home)
    _, said = fallen_back()
    assert "this user has no home" in said


def test_no_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernel_cache, "ROOM_BYTES", 1 << 62)
    _, said = fallen_back()
    assert "of room" in said


@pytest.mark.parametrize("place", ["", "model_0", "model_0/kernel.nbi", ".."])
def test_what_every_user_can_write_is_not_loaded(tmp_path: Path, place: str) -> None:
    cache = tmp_path / "home" / "cache"
    (cache / "model_0").mkdir(parents=True)
    (cache / "model_0" / "kernel.nbi").touch()
    os.environ["NUMBA_CACHE_DIR"] = str(cache)
    assert usable("c0de") == cache
    path = (cache / place).resolve()
    path.chmod(path.stat().st_mode | 0o002)
    _, said = fallen_back()
    assert f'"{path}" can be written by every user' in said


@as_root
@pytest.mark.parametrize("place", ["", "model_0", "model_0/kernel.nbi", ".."])
def test_what_belongs_to_another_user_is_not_loaded(tmp_path: Path, place: str) -> None:
    cache = tmp_path / "home" / "cache"
    (cache / "model_0").mkdir(parents=True)
    (cache / "model_0" / "kernel.nbi").touch()
    path = (cache / place).resolve()
    os.chown(path, 54321, 54321)
    os.environ["NUMBA_CACHE_DIR"] = str(cache)
    made, said = fallen_back()
    assert f'"{path}" belongs to another user (id 54321)' in said
    assert list(made.iterdir()) == []  # and nothing of it is copied


def test_a_link_is_judged_by_where_it_leads(tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o777)
    (tmp_path / "link").symlink_to(shared)
    os.environ["NUMBA_CACHE_DIR"] = str(tmp_path / "link")
    assert "every user" in fallen_back()[1]


def test_kernels_of_a_cache_that_cannot_be_written_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = tmp_path / "cache"
    (cache / "model_0").mkdir(parents=True)
    for name in ("kernel_c0de.nbi", "kernel_c0de.1.nbc", "kernel_01d.nbi"):
        (cache / "model_0" / name).write_bytes(b"x")
    os.environ["NUMBA_CACHE_DIR"] = str(cache)
    real = tempfile.TemporaryFile

    def read_only(*arguments: object, **options: object) -> object:
        if options.get("dir") == cache:
            raise OSError(30, "Read-only file system")
        return real(*arguments, **options)  # type: ignore[call-overload]

    monkeypatch.setattr(tempfile, "TemporaryFile", read_only)
    made, said = fallen_back()
    assert "Read-only file system" in said
    assert sorted(path.name for path in (made / "model_0").iterdir()) == ["kernel_c0de.1.nbc", "kernel_c0de.nbi"]


def test_whatever_the_umask_is_nobody_else_can_write(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        make(str(tmp_path / "a" / "b"))
    finally:
        os.umask(before)
    os.environ["NUMBA_CACHE_DIR"] = str(tmp_path / "a" / "b")
    assert usable("c0de") == tmp_path / "a" / "b"


CODE = """
import sys, warnings
warnings.simplefilter("ignore")
from sweep.model.compiler import jit
print(jit.kernel_cache(), flush=True)
sys.stdin.readline()
"""


def started(temp: Path, **environment: str) -> subprocess.Popen[str]:
    given = {
        **os.environ,
        "TMPDIR": str(temp),
        "NUMBA_CACHE_DIR": "/proc/x",
        "PYTHONPATH": str(REPOSITORY),
        **environment,
    }
    return subprocess.Popen(
        [sys.executable, "-c", CODE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=given
    )


def told(process: subprocess.Popen[str]) -> Path:
    assert process.stdout is not None
    return Path(process.stdout.readline().strip())


def test_it_goes_with_the_process_that_has_made_it_or_with_the_next(surroundings: Path) -> None:
    with started(surroundings) as first:
        made = told(first)
        assert made.parent == surroundings
        with started(surroundings) as second:
            assert told(second).is_dir()
            assert made.is_dir()  # a folder in use stays
            second.kill()
        first.communicate("\n")
    assert not made.exists()
    assert len(list(surroundings.iterdir())) == 1  # of the killed one
    with started(surroundings) as third:
        made = told(third)
        assert list(surroundings.iterdir()) == [made]
        third.communicate("\n")
    assert list(surroundings.iterdir()) == []


def test_workers_of_one_ray_node_share_one(surroundings: Path) -> None:
    with started(surroundings, RAY_RAYLET_PID="77") as first, started(surroundings, RAY_RAYLET_PID="77") as second:
        assert told(first) == told(second)
        first.communicate("\n")
        assert len(list(surroundings.iterdir())) == 1
        second.communicate("\n")
    assert list(surroundings.iterdir()) == []


@as_root
def test_a_common_name_that_somebody_has_taken_is_not_used(surroundings: Path) -> None:
    taken = surroundings / f"{PREFIX}{os.geteuid()}-77"
    taken.mkdir()
    os.chown(taken, 54321, 54321)
    with started(surroundings, RAY_RAYLET_PID="77") as process:
        assert told(process) != taken
        process.communicate("\n")


def test_numba_uses_it_although_it_was_imported_before(surroundings: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import numba

    monkeypatch.setattr(numba.config, "CACHE_DIR", "")
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(surroundings / "cache"))
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "0")
    jit.compiler()
    assert str(surroundings / "cache") == numba.config.CACHE_DIR
