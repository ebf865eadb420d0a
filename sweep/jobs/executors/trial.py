# SPDX-License-Identifier: MIT
"""A chunk in a process of its own, started by a worker, which sees how that process ends.

Of a worker that is gone Ray says only that it is gone.  What it had in hand may have crashed it, or somebody may have
killed it: an administrator, or the kernel, for memory that others took.  Once simulations have been in a worker that
died, they are tried here, and the signal tells the two apart: a program that is wrong gets SIGSEGV and the like from
the processor or sends itself SIGABRT; SIGKILL comes from outside.  What goes wrong before the simulations begin is
not their doing either.
"""

from __future__ import annotations

import ctypes
import faulthandler
import os
import pickle
import signal
import subprocess
import sys

from sweep.package import IMPORTED_FROM
from sweep.plan import decode

from .kernels import one_compiles
from .memory import capped
from .task import attempt_run, attempt_warm
from .work import Ending, Outcome, Run, Warm

# Signals that a program brings upon itself; all others come from outside.
OWN = frozenset(
    (signal.SIGSEGV, signal.SIGBUS, signal.SIGFPE, signal.SIGILL, signal.SIGABRT, signal.SIGTRAP, signal.SIGSYS)
)
BEGINS = b"simulating\n"  # what the process says when nothing but the simulations is left to go wrong
PR_SET_PDEATHSIG = 1
TAIL_BYTES = 4000


def watched(plan: bytes, work: Run, limit_bytes: int) -> Outcome:
    """Run `work` in a process of its own that may take `limit_bytes` of memory, and say how it ended."""
    paths = [str(IMPORTED_FROM), *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
    with subprocess.Popen(
        [sys.executable, "-P", "-m", __name__, str(os.getpid())],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
    ) as process:
        said, complaints = process.communicate(pickle.dumps((work, limit_bytes, plan)))
    begun, result = said.startswith(BEGINS), said.removeprefix(BEGINS)
    return judge(process.returncode, begun, result, complaints[-TAIL_BYTES:].decode(errors="replace").strip())


def judge(code: int, begun: bool, result: bytes, complaints: str) -> Outcome:
    """What an exit code (minus a signal's number) says of the work; `result` is a pickled Outcome, or nothing."""
    if code == 0 and result:
        outcome: Outcome = pickle.loads(result)
        return outcome
    try:
        name = signal.Signals(-code).name if code < 0 else f"exit code {code}"
    except ValueError:  # a real-time signal
        name = f"signal {-code}"
    said = f"{complaints}\nits process ended with {name}".strip()
    if code < 0 and -code not in OWN:
        return Outcome(Ending.KILLED, error=said)
    return Outcome(Ending.CRASHED if begun else Ending.TROUBLED, error=said)


def _main(parent: int) -> None:
    """In the process: read what to do, do it, write the outcome; standard output is for nothing else."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it has died before that
        os._exit(1)
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    faulthandler.enable()
    work, limit_bytes, data = pickle.load(sys.stdin.buffer)
    plan = decode(data)
    strategy = plan.chunks[work.number].strategy
    with one_compiles(strategy):
        ready = attempt_warm(Warm(strategy))
    if ready.ending is Ending.DONE:
        out.write(BEGINS)
        out.flush()
        with capped(limit_bytes):
            ready = attempt_run(plan, work)
    out.write(pickle.dumps(ready))
    out.close()


if __name__ == "__main__":
    _main(int(sys.argv[1]))
