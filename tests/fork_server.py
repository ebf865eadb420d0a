# SPDX-License-Identifier: MIT
"""`sweep` in a process of its own without starting Python anew: forks of one process that has imported all it needs.

Starting Python and importing pyarrow, llvmlite and typer costs most of what a short command takes.  As a program this
reads a command per line, as JSON, and answers with the number of its process and then with its exit code, a line each.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import json
import os
import pkgutil
import select
import signal
import subprocess
import sys
import tempfile
import threading
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

# Variables that nothing reads when it is imported: with another value of any other one a command starts Python anew.
READ_LATER = ("PYTEST_CURRENT_TEST", "AWS_")
NOT_IMPORTED = ("sweep.jobs.executors.ray.", "sweep.jobs.submission.api")  # Ray, which a command imports if it needs it


class ForkServer:
    """The process, from outside; it starts with the first command and ends with its standard input."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = dict(environment)
        self._process: subprocess.Popen[bytes] | None = None

    def serves(self, environment: Mapping[str, str]) -> bool:
        """Whether a command with this environment may be a fork."""
        return _read_at_import(environment) == _read_at_import(self._environment)

    def run(
        self, directory: Path, words: Sequence[str], environment: Mapping[str, str], timeout_s: float
    ) -> subprocess.CompletedProcess[str]:
        """`sweep` with these words, to its end.  Raises subprocess.TimeoutExpired; the command is killed then."""
        with tempfile.TemporaryDirectory() as folder:
            out, error = Path(folder, "out"), Path(folder, "error")
            request = {"directory": str(directory), "words": list(words), "environment": dict(environment)}
            self._send(request | {"out": str(out), "error": str(error)})
            pid = int(self._answer(timeout_s))
            try:
                code = int(self._answer(timeout_s))
            except TimeoutError:
                os.killpg(pid, signal.SIGKILL)
                self._answer(timeout_s)
                raise subprocess.TimeoutExpired(["sweep", *words], timeout_s) from None
            return subprocess.CompletedProcess(["sweep", *words], code, out.read_text(), error.read_text())

    def close(self) -> None:
        if self._process:
            assert self._process.stdin
            assert self._process.stdout
            self._process.stdin.close()
            self._process.wait()
            self._process.stdout.close()
            self._process = None

    def _send(self, request: dict[str, Any]) -> None:
        if self._process is None:
            pipe = subprocess.PIPE
            command = [sys.executable, __file__]
            self._process = subprocess.Popen(command, env=self._environment, stdin=pipe, stdout=pipe, bufsize=0)
        assert self._process.stdin
        self._process.stdin.write(json.dumps(request).encode() + b"\n")

    def _answer(self, timeout_s: float) -> bytes:
        assert self._process
        assert self._process.stdout
        if not select.select([self._process.stdout], [], [], timeout_s)[0]:
            raise TimeoutError
        return self._process.stdout.readline()


def _read_at_import(environment: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environment.items() if not name.startswith(READ_LATER)}


def _become(request: dict[str, Any]) -> None:
    """Be that command until its end, as the interpreter would be: threads awaited, exit functions called."""
    from sweep.__main__ import main

    os.setsid()
    for number, name, flags in ((0, os.devnull, os.O_RDONLY), (1, "out", 0), (2, "error", 0)):
        path = request.get(name, name)
        os.dup2(os.open(path, flags or os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), number)
    os.environ.clear()
    os.environ.update(request["environment"])
    os.chdir(request["directory"])
    sys.argv = ["sweep", *request["words"]]
    code = 1
    try:
        main()
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        traceback.print_exc()
    try:
        threading._shutdown()  # type: ignore[attr-defined]
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(code)


def main() -> None:
    import sweep

    answers = os.fdopen(os.dup(1), "w")
    for module in pkgutil.walk_packages(sweep.__path__, "sweep."):
        if not module.name.startswith(NOT_IMPORTED):
            importlib.import_module(module.name)
    gc.freeze()  # no fork copies a page only to count references in it
    for line in sys.stdin:
        child = os.fork()
        if not child:
            _become(json.loads(line))
        print(child, file=answers, flush=True)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), file=answers, flush=True)
    os._exit(0)  # DuckDB complains at an ordinary end of what it has not freed


if __name__ == "__main__":
    main()
