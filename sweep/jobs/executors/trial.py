# SPDX-License-Identifier: MIT
"""A chunk in a process of its own, started by a worker, which sees how that process ends.

Of a dead worker it is known only that it is dead.  Its simulations may have crashed it, or somebody may have killed it:
an administrator, or the kernel, for memory that others took.  Simulations whose worker died are tried again here; the
signal tells the two cases apart: a faulty program gets SIGSEGV and the like from the processor, or sends itself
SIGABRT; SIGKILL comes from outside.  What goes wrong before the simulations begin is not their fault either.
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
from .work import AttemptOutcome, Ending, RunSlice, WarmKernel

# Signals that a program brings upon itself; all others come from outside.
OWN = frozenset(
    (signal.SIGSEGV, signal.SIGBUS, signal.SIGFPE, signal.SIGILL, signal.SIGABRT, signal.SIGTRAP, signal.SIGSYS)
)
BEGINS = b"simulating\n"  # what the process says when nothing but the simulations is left to go wrong
PR_SET_PDEATHSIG = 1
TAIL_BYTES = 4000


def run_watched(plan: bytes, work: RunSlice, limit_bytes: int) -> AttemptOutcome:
    """Run `work` in a process of its own that may take `limit_bytes` of memory, and say how it ended."""
    paths = [str(IMPORTED_FROM), *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
    with subprocess.Popen(
        [sys.executable, "-P", "-m", __name__, str(os.getpid())],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
    ) as process:
        output, complaints = process.communicate(pickle.dumps((work, limit_bytes, plan)))
    begun, result = output.startswith(BEGINS), output.removeprefix(BEGINS)
    return outcome_of_exit(process.returncode, begun, result, complaints[-TAIL_BYTES:].decode(errors="replace").strip())


def outcome_of_exit(code: int, begun: bool, result: bytes, complaints: str) -> AttemptOutcome:
    """The outcome of work whose process ended with exit code `code`, minus a signal's number if that ended it.

    begun: whether the simulations had begun; `result`: a pickled Outcome, or b""; `complaints`: standard error.
    """
    if code == 0 and result:
        outcome: AttemptOutcome = pickle.loads(result)
        return outcome
    try:
        name = signal.Signals(-code).name if code < 0 else f"exit code {code}"
    except ValueError:  # a real-time signal
        name = f"signal {-code}"
    error = f"{complaints}\nits process ended with {name}".strip()
    if code < 0 and -code not in OWN:
        return AttemptOutcome(Ending.KILLED, error=error)
    return AttemptOutcome(Ending.CRASHED if begun else Ending.ENVIRONMENT, error=error)


def _main(parent: int) -> None:
    """Read the work from standard input, do it, write the outcome to standard output; nothing else may write there."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it has died before that
        os._exit(1)
    results = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    faulthandler.enable()
    work, limit_bytes, data = pickle.load(sys.stdin.buffer)
    plan = decode(data)
    plan.load_strategies()
    strategy = plan.chunks[work.number].strategy
    with one_compiles(strategy):
        outcome = attempt_warm(WarmKernel(strategy))
    if outcome.ending is Ending.DONE:
        results.write(BEGINS)
        results.flush()
        with capped(limit_bytes):
            outcome = attempt_run(plan, work)
    results.write(pickle.dumps(outcome))
    results.close()


if __name__ == "__main__":
    _main(int(sys.argv[1]))
