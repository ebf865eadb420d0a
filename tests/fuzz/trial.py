# SPDX-License-Identifier: MIT
"""One mutant met by commands of sweep, each in a fork of this process; what came of it that may not."""

from __future__ import annotations

import os
import resource
import shutil
import sys
import tempfile
import traceback
import unicodedata
from collections.abc import Iterator, Sequence
from io import TextIOWrapper
from pathlib import Path

from mutants import RUN, mutant

CPU_S = 5.0  # that a command may take
CODES = (0, 1, 2, 3, 4)
FREE = (RUN, "cache")  # folders that commands may change


def load() -> None:
    """Import what the commands import, once, before there are forks."""
    import pyarrow as pa

    import sweep.cli
    import sweep.compare
    import sweep.config
    import sweep.jobs.run
    import sweep.jobs.status
    import sweep.jobs.submission.api
    import sweep.query.export
    import sweep.report.contents
    import sweep.report.page.page
    import sweep.report.projection.document
    import sweep.show.catalogue
    import sweep.validate
    import sweep.watch  # noqa: F401

    pa.set_cpu_count(1)
    pa.set_io_thread_count(1)


def faults(seed: int, numbers: Sequence[int], original: Path, work: Path) -> Iterator[str]:
    """What may not be, of these mutants, a line or more each; `original` has all files, `work` is a folder to use."""
    for number in numbers:
        each = mutant(seed, number)
        place = work / "place"
        shutil.rmtree(place, ignore_errors=True)
        shutil.copytree(original, place, symlinks=True)
        try:
            each.apply(place)
        except Exception:
            yield f"mutant {number} of seed {seed} ({each.kind}) cannot be made: {traceback.format_exc()}"
            continue
        before = state(place)
        for words in each.commands:
            for fault in meet(place, words):
                yield f"mutant {number} of seed {seed} ({each.kind}): sweep {' '.join(words)[:200]!r}: {fault}"
        if changed := _differing(before, state(place)):
            yield f"mutant {number} of seed {seed} ({each.kind}): changed {sorted(changed)}"


def state(place: Path) -> dict[str, tuple[int, int]]:
    """All files but those that may be changed: size and time of change."""
    found = {}
    for path in place.rglob("*"):
        name = str(path.relative_to(place))
        if name.partition("/")[0] not in FREE and not path.is_dir():
            about = path.lstat()
            found[name] = (about.st_size, about.st_mtime_ns)
    return found


def _differing(before: dict[str, tuple[int, int]], after: dict[str, tuple[int, int]]) -> set[str]:
    return {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}


def meet(place: Path, words: Sequence[str]) -> list[str]:
    """Run a command in a fork; what is wrong with how it ended."""
    with tempfile.TemporaryFile() as said:
        child = os.fork()
        if not child:
            _child(place, words, said.fileno())
        _, status, used = os.wait4(child, 0)
        said.seek(0)
        text = said.read().decode(errors="surrogateescape")
    found = []
    code = os.waitstatus_to_exitcode(status)
    if code not in CODES:
        found.append(f"ended with {code}: {text[-2000:]}")
    for word in ("Traceback (most", "mistake in sweep", "Warning:"):
        if word in text:
            found.append(text[:200] + " ... " + text[-3000:])
            break
    odd = {c for c in text if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp") and c not in "\n\t"}
    if odd:
        found.append(f"printed {sorted(map(ascii, odd))}: {text[:500]!a}")
    if used.ru_utime + used.ru_stime > CPU_S:
        found.append(f"took {used.ru_utime + used.ru_stime:.1f} s of CPU")
    return found


def _child(place: Path, words: Sequence[str], said: int) -> None:
    """Never returns."""
    code = 70
    try:
        resource.setrlimit(resource.RLIMIT_CPU, (30, 30))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        for number, name in ((1, "stdout"), (2, "stderr")):
            os.dup2(said, number)
            setattr(sys, name, TextIOWrapper(os.fdopen(number, "wb", closefd=False), "utf-8", errors="replace"))
        os.chdir(place)
        environment = {"HOME": str(place / "cache"), "TMPDIR": str(place / "tmp"), "COLUMNS": "100", "SWEEP_DEBUG": "1"}
        os.environ.update(environment)
        tempfile.tempdir = None
        sys.argv = ["sweep", *words]
        try:
            _command(place, words)
            code = 0
        except SystemExit as ended:
            code = ended.code if isinstance(ended.code, int) else 0 if ended.code is None else 1
        sys.stdout.flush()
        sys.stderr.flush()
    except BaseException:
        os.write(2, traceback.format_exc().encode(errors="backslashreplace"))
    finally:
        os._exit(code)


def _command(place: Path, words: Sequence[str]) -> None:
    import sweep.cli

    if words[0] == "read an experiment":  # which is all of `sweep validate` but the simulations
        import typer

        from sweep.cli import screen
        from sweep.cli.exits import guarded
        from sweep.validate import read

        screen.install()
        try:
            guarded(lambda: print(read(Path(words[1])).title))()
        except typer.Exit as ended:
            sys.exit(ended.exit_code)
        return
    sweep.cli.main()


def both(seed: int, count: int, original: Path, work: Path, workers: int = 2) -> list[str]:
    """The faults of the first `count` mutants of a seed, found by some processes."""
    pipes = []
    for worker in range(workers):
        read, write = os.pipe()
        child = os.fork()
        if not child:
            try:
                os.close(read)
                mine = work / f"worker{worker}"
                mine.mkdir()
                with open(write, "w", encoding="utf-8", errors="backslashreplace") as told:
                    for fault in faults(seed, range(worker, count, workers), original, mine):
                        told.write(fault.replace("\n", "\n    ") + "\n")
                        told.flush()
                    told.write("whole\n")
            finally:
                os._exit(0)
        os.close(write)
        pipes.append((child, os.fdopen(read, encoding="utf-8")))
    found = []
    for child, pipe in pipes:
        with pipe:
            lines = pipe.read()
        os.waitpid(child, 0)
        assert lines.endswith("whole\n"), lines
        found += [lines.removesuffix("whole\n")] if lines != "whole\n" else []
    return found
