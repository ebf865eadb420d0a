# SPDX-License-Identifier: MIT
"""Run a sweep again and again from the same directory, each time with a signal before one more change to its files.

    python crash_points.py SIGNAL TEMPLATE OUT WORDS...

Run number n is that of `sweep WORDS... --out OUT/n/run` in a copy of TEMPLATE; it sends itself the signal when it is
about to make its n-th change: opening a file to write, renaming, linking, removing, making a directory.  What it left
is copied to OUT/n/after, where the same command is then run undisturbed.  Ends when a run comes through; prints one
JSON line per run: the step, and both exit codes.

Runs are forks of this process, which has imported what one of them has found that it needs: hundreds of starts of
Python, pandas and SciPy would take many minutes.
"""

from __future__ import annotations

import importlib
import json
import os
import shutil
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from itertools import count
from pathlib import Path

CHANGES = {  # event -> the places of the path in its arguments, and of the descriptor that a relative one starts from
    "os.rename": (1, 3),
    "os.link": (1, 3),
    "os.symlink": (1, 2),
    "os.mkdir": (0, 2),
    "os.remove": (0, 1),
    "os.rmdir": (0, 1),
}
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT


def changed(event: str, arguments: tuple[object, ...], directory: Path) -> str | None:
    """The path that an audit event is about to change, if it is one that does.

    An event of opening does not say where a relative path starts from: nothing but `directory` is written to so.
    """
    path: object = None
    start = os.getcwd()
    if event in CHANGES:
        path, descriptor = (arguments[each] for each in CHANGES[event])
        if isinstance(descriptor, int) and descriptor >= 0:
            start = os.readlink(f"/proc/self/fd/{descriptor}")
    elif event == "open" and isinstance(arguments[2], int) and arguments[2] & WRITING:
        path, start = arguments[0], str(directory)
    return os.path.join(start, os.fsdecode(path)) if isinstance(path, str | bytes | os.PathLike) else None


def arm(directory: Path, number: int, kind: signal.Signals, note: Path) -> None:
    """Have this process send itself a signal before its n-th change under `directory`."""
    seen = count(1)
    within = f"{directory}{os.sep}"
    log = os.open(note, os.O_WRONLY | os.O_CREAT, 0o600)

    def watch(event: str, arguments: tuple[object, ...]) -> None:
        path = changed(event, arguments, directory)
        if path and path.startswith(within) and next(seen) == number:
            os.write(log, f"{event} {path.removeprefix(within)}".encode())
            os.kill(os.getpid(), kind)

    sys.addaudithook(watch)


def sweep(
    words: list[str],
    error: Path,
    prepare: Callable[[], object] = lambda: None,
    finish: Callable[[], object] = lambda: None,
) -> int:
    """`sweep` in a fork of this process; its exit code, negative for a signal."""
    child = os.fork()
    if not child:
        code = 70
        try:
            os.dup2(os.open(error, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), 2)
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            sys.argv = ["sweep", *words]
            prepare()
            main()
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 0
        finally:
            finish()
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def import_what_is_needed(words: list[str], template: Path, scratch: Path) -> None:
    """Import all that a run imports, also what it imports when it comes to it."""
    shutil.copytree(template, scratch / "run", symlinks=True)
    names = scratch / "modules.txt"
    list_modules = lambda: names.write_text("\n".join(sys.modules))  # noqa: E731
    sweep([*words, "--out", str(scratch / "run")], scratch / "error.txt", finish=list_modules)
    for name in names.read_text().splitlines():
        with suppress(ImportError):  # a name that a package has made up
            importlib.import_module(name)


if __name__ == "__main__":
    from sweep.__main__ import main
    from sweep.model.batch import warm

    kind, template, out, words = signal.Signals[sys.argv[1]], Path(sys.argv[2]), Path(sys.argv[3]), sys.argv[4:]
    for name in ("page_allocator", "page_pool"):
        warm(name)
    import_what_is_needed(words, template, out / "imports")
    for number in count(1):
        here = out / str(number)
        shutil.copytree(template, here / "run", symlinks=True)
        note, error = here / "step.txt", here / "error.txt"
        arming = lambda: arm(here / "run", number, kind, note)  # noqa: B023, E731 called before the next round
        code = sweep([*words, "--out", str(here / "run")], error, arming)
        shutil.copytree(here / "run", here / "after", symlinks=True)
        again = sweep([*words, "--out", str(here / "after")], error)
        step = note.read_text()
        print(json.dumps({"step": step, "code": code, "again": again}), flush=True)
        if not step:
            break
