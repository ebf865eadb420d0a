# SPDX-License-Identifier: MIT
"""The cache of kernels: machine code is loaded only if it is whole, of this processor, and nobody else's to change."""

from __future__ import annotations

import os
import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sweep.model.compiler import kernel_cache, machine
from sweep.model.compiler.jit import device
from sweep.model.compiler.kernel import Kernel
from sweep.model.compiler.kernel_cache import KernelCacheWarning, folder, read, root, usable, writable

REPOSITORY = Path(__file__).parents[3]
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to give files to another user")
STEP = 3


@device
def step(a: int) -> int:
    return a + STEP


@device
def two_steps(a: int) -> int:
    return step(step(a))


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of the test's own, which does not exist yet."""
    monkeypatch.setenv("SWEEP_CACHE_DIR", str(tmp_path / "home" / "cache"))
    (tmp_path / "home").mkdir(mode=0o700)
    return tmp_path / "home" / "cache" / "kernels"


@pytest.fixture
def compilations(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Grows by one whenever something is compiled."""
    counted: list[str] = []
    real = machine.object_code

    def object_code(text: str) -> bytes:
        counted.append(text)
        return real(text)

    monkeypatch.setattr(machine, "object_code", object_code)
    return counted


def made(name: str = "steps") -> Any:
    """A kernel as a new process has it."""
    return Kernel(two_steps, {}, name)


def test_a_kernel_is_compiled_once(cache: Path, compilations: list[str]) -> None:
    assert not made().is_kept(1)
    assert [made()(1), made()(1), made()(2)] == [7, 7, 8]
    assert len(compilations) == 1
    assert made().is_kept(1)
    (file,) = cache.iterdir()
    assert file.stat().st_mode & 0o777 == 0o600
    assert cache.stat().st_mode & 0o777 == 0o700


def test_it_is_another_kernel_if_what_it_is_made_from_is_another(monkeypatch: pytest.MonkeyPatch) -> None:
    def keys() -> set[str]:
        return {
            made().key((1,)),
            Kernel(step, {}, "x").key((1,)),
            Kernel(two_steps, {"step": two_steps}, "x").key((1,)),
        }

    first = keys()
    monkeypatch.setitem(globals(), "STEP", 4)
    assert made()(1) == 9
    assert len(first | keys()) == 5  # `two_steps` twice in itself names no STEP
    monkeypatch.setattr("sweep.model.compiler.kernel.own_digest", lambda: b"another compiler")
    assert first & keys() == set()


def test_it_is_another_file_on_another_processor(
    cache: Path, compilations: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    made()(1)
    monkeypatch.setattr(kernel_cache, "_processor", lambda: "another")
    assert read("steps", made().key((1,))) is None
    assert made()(1) == 7
    assert len(compilations) == 2
    assert len(list(cache.iterdir())) == 2


def damage(change: Callable[[bytes], bytes]) -> Callable[[Path], None]:
    return lambda file: file.write_bytes(change(file.read_bytes())) and None  # type: ignore[func-returns-value]


DAMAGES = {
    "cut": damage(lambda content: content[:-1]),
    "empty": damage(lambda content: b""),
    "a bit": damage(lambda content: content[:100] + bytes([content[100] ^ 1]) + content[101:]),
    "longer": damage(lambda content: content + b"x"),
    "a folder": lambda file: (file.unlink(), file.mkdir())[1],
    "a pipe": lambda file: (file.unlink(), os.mkfifo(file))[1],
    "a link": lambda file: (file.rename(file.with_suffix(".x")), file.symlink_to(file.with_suffix(".x")))[1],
}


@pytest.mark.parametrize("how", DAMAGES)
def test_what_is_damaged_is_compiled_again(cache: Path, compilations: list[str], how: str) -> None:
    made()(1)
    (file,) = cache.iterdir()
    DAMAGES[how](file)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", KernelCacheWarning)
        assert made()(1) == 7
    assert len(compilations) == 2


def test_a_kernel_under_another_name_is_not_loaded(cache: Path, compilations: list[str]) -> None:
    made()(1)
    (file,) = cache.iterdir()
    file.rename(cache / file.name.replace("steps-", "others-"))
    assert made("others")(1) == 7
    assert len(compilations) == 2


def test_the_folder_of_the_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert folder() == tmp_path / "home" / "cache" / "kernels"
    monkeypatch.delenv("SWEEP_CACHE_DIR")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    assert folder() == tmp_path / ".cache" / "sweep" / "kernels"
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert root() == tmp_path / "xdg" / "sweep"
    assert not (tmp_path / "xdg").exists()  # nothing is made by asking


def not_kept(compilations: list[str]) -> str:
    """What is said when a kernel works and is not kept."""
    before = len(compilations)
    with pytest.warns(KernelCacheWarning) as told:
        assert made()(1) == 7
    assert len(compilations) == before + 1
    assert len(told) == 1
    assert "next: set SWEEP_CACHE_DIR" in str(told[0].message)
    return str(told[0].message)


@pytest.mark.parametrize("name", ["/proc/x", "/dev/null/x", "/sys/kernel/x"])
def test_a_folder_that_cannot_be_made(name: str, compilations: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SWEEP_CACHE_DIR", name)
    assert f'"{name}/kernels" is not used' in not_kept(compilations)


def test_no_home(compilations: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def home() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("SWEEP_CACHE_DIR")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(Path, "home", home)
    assert "this user has no home" in not_kept(compilations)


def test_a_cache_that_cannot_be_written_is_read(
    cache: Path, compilations: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    made()(1)

    def read_only(*_: object, **__: object) -> tuple[int, str]:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(kernel_cache.tempfile, "mkstemp", read_only)
    assert made()(1) == 7
    assert len(compilations) == 1
    assert usable() == cache
    with pytest.warns(KernelCacheWarning, match="Read-only file system"):
        assert not writable()


@pytest.mark.parametrize("place", ["kernels", ".", ".."])
def test_what_every_user_can_write_is_not_loaded(cache: Path, compilations: list[str], place: str) -> None:
    made()(1)
    path = (cache.parent / place).resolve()
    path.chmod(path.stat().st_mode | 0o002)
    assert f'"{path}" can be written by every user' in not_kept(compilations)
    assert not made().is_kept(1)


@as_root
@pytest.mark.parametrize("place", ["kernels", ".", ".."])
def test_what_belongs_to_another_user_is_not_loaded(cache: Path, compilations: list[str], place: str) -> None:
    made()(1)
    path = (cache.parent / place).resolve()
    os.chown(path, 54321, 54321)
    assert f'"{path}" belongs to another user (id 54321)' in not_kept(compilations)


@as_root
@pytest.mark.parametrize("change", [lambda file: os.chown(file, 54321, 54321), lambda file: file.chmod(0o666)])
def test_a_file_that_another_user_can_change_is_replaced(
    cache: Path, compilations: list[str], change: Callable[[Path], None]
) -> None:
    made()(1)
    (file,) = cache.iterdir()
    change(file)
    assert made()(1) == 7
    assert len(compilations) == 2
    assert [made()(1), len(compilations)] == [7, 2]
    assert file.stat().st_uid == os.geteuid()


def test_a_link_is_judged_by_where_it_leads(
    tmp_path: Path, compilations: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o777)
    (tmp_path / "link").symlink_to(shared)
    monkeypatch.setenv("SWEEP_CACHE_DIR", str(tmp_path / "link"))
    assert "every user" in not_kept(compilations)


def test_whatever_the_umask_is_nobody_else_can_write(cache: Path) -> None:
    before = os.umask(0)
    try:
        made()(1)
    finally:
        os.umask(before)
    assert usable() == cache
    assert {path.stat().st_mode & 0o077 for path in (cache, cache.parent, *cache.iterdir())} == {0}


CODE = """
import sys
from tests.model.compiler.test_kernel_cache import made
print("ready", flush=True)
sys.stdin.readline()
print([made()(n) for n in range(3)])
"""


def test_two_processes_that_compile_the_same_at_once(cache: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY), "SWEEP_PLAIN_PYTHON": "0"}
    command = [sys.executable, "-c", CODE]
    pipe = subprocess.PIPE
    started = [subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, env=environment) for _ in range(2)]
    for process in started:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
    for process in started:
        assert process.stdin
        process.stdin.write("\n")
        process.stdin.flush()
    assert [process.communicate()[0] for process in started] == ["[6, 7, 8]\n"] * 2
    assert len(list(cache.iterdir())) == 1
