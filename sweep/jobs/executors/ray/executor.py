# SPDX-License-Identifier: MIT
"""The Ray executor as the run sees it: Ray lives in a process of its own, and this is the run's end of the connection.

Ray's C++ side ends its process when it loses the cluster, writes on standard error whatever its log level says, and
takes over signals and environment.  In a process and session of its own, with its output in the run's log, none of
that reaches the run, and no Ctrl-C reaches Ray.  That process (`process`) ends, with all of Ray that it
started, when its socket is closed: by `close`, or by the kernel when the run is killed.  When it dies, what was in
flight is lost, and it is started again, a few times.  A first start that fails is not tried again: it says why.
"""

from __future__ import annotations

import os
import pickle
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path

from sweep.errors import RunError, SweepError
from sweep.jobs.executors.protocol import Join
from sweep.jobs.executors.work import AttemptOutcome, Ending, Work
from sweep.plan import Plan, encode
from sweep.storage.beneath import appending

from .causes import cannot_start, cause, last_line, tail
from .directory import Directory, end_processes
from .environment import environment
from .messages import Cancel, Ended, Fatal, Setup, Submit, WorkerStatus
from .start import CannotStartError, StartWatch, check_loopback, reason, store_folder

FAR_END = "sweep.jobs.executors.ray.process"
RESTARTS = 3  # of local Ray
REJOINS = 1
AGAIN = 1  # a start that has never succeeded, and only if it was killed
ANNOUNCE_S = 5.0  # a start that takes longer says for how long it has
CLOSE_S = 1.2  # for the Ray process to end all that it started, before it is killed
SEND_S = 10  # a Ray process that takes no message for so long is as good as dead
CLIENT = "ray://"


class RayExecutor:
    """Chunks on Ray.  Starting takes seconds and joining may take minutes; meanwhile `workers` is 0 and work may be
    submitted.  If it fails, `wait` raises RunError, or IncompleteError for nodes that did not come."""

    def __init__(self, plan: Plan, workers: int, join: Join | None, log: Path) -> None:
        """Start a private cluster of `workers` cores, or join one; Ray's output goes to the file `log`.

        Raises SweepError for an address that cannot be joined.
        """
        if join is not None and join.address.startswith(CLIENT):
            raise SweepError(
                f'--address "{join.address}" names a Ray Client server, through which a sweep cannot run\n'
                "  known: auto, host:port of the cluster's head, both from a machine of the cluster\n"
                "  next: sweep submit FILE --address http://HOST:8265, from anywhere"
            )
        self.workers = 0
        self.name = "starting local Ray" if join is None else f"joining Ray at {join.address}"
        self._setup = Setup(encode(plan), len(plan.chunks), workers, join, "", "", str(log), 0)
        self._log = log
        self._worked = False  # Ray has been there
        self._in_flight: set[Work] = set()
        self._lost: list[tuple[Work, AttemptOutcome]] = []
        self._start()

    def submit(self, work: Work) -> None:
        self._in_flight.add(work)
        self._send(Submit(work))

    def cancel(self, work: Work) -> None:
        if work in self._in_flight:
            self._in_flight.remove(work)
            self._send(Cancel(work))

    def wait(self, timeout_s: float) -> list[tuple[Work, AttemptOutcome]]:
        """The work that has ended, as `Executor.wait`; also returns, with [], when `workers` or `name` has changed."""
        ended: list[tuple[Work, AttemptOutcome]] = []
        try:
            while self._connection.poll(0 if ended or self._lost else timeout_s):
                message = self._connection.recv()
                if isinstance(message, Fatal):
                    raise message.error
                if isinstance(message, WorkerStatus):
                    self.workers, self.name = message
                    self._worked |= self.workers > 0
                    if not ended:
                        break
                if isinstance(message, Ended):
                    ended += self._wanted(message.outcomes)
        except (EOFError, OSError):
            self._restart()
        if not self.workers and self._setup.join is None:
            self._look_at_start()
        lost, self._lost = self._wanted(self._lost), []
        return ended + lost

    def _look_at_start(self) -> None:
        """If Ray can no longer start, start it again; raises RunError if that is of no use."""
        seconds = time.monotonic() - self._began
        if seconds > ANNOUNCE_S:
            self.name = f"starting local Ray ({seconds:.0f} s)"
        trouble = self._watch.look()
        if trouble is not None:
            with open(self._log, "a", encoding="utf-8", errors="replace") as log:
                why = reason(self._directory.of_ray, trouble.what, log)
                print(why, file=log)
            self._process.kill()
            self._restart(why, trouble.killed)

    def close(self) -> None:
        self._end(CLOSE_S)
        self._in_flight.clear()

    def _wanted(self, outcomes: Iterable[tuple[Work, AttemptOutcome]]) -> list[tuple[Work, AttemptOutcome]]:
        """The outcomes without those of work that was cancelled meanwhile."""
        still_wanted = [(work, outcome) for work, outcome in outcomes if work in self._in_flight]
        self._in_flight.difference_update(work for work, _ in still_wanted)
        return still_wanted

    def _start(self) -> None:
        self._began = time.monotonic()
        self._directory = Directory()
        try:
            if self._setup.join is None:
                check_loopback()
                self._setup = self._setup._replace(objects=store_folder(self._directory.path))
            self._launch()
        except (CannotStartError, OSError) as error:
            self._directory.remove()
            why = str(error) if isinstance(error, CannotStartError) else cause([f"{type(error).__name__}: {error}"])
            raise RunError(cannot_start(why, self._log)) from error
        self._open = True
        self._watch = StartWatch(self._process.pid)

    def _launch(self) -> None:
        near, far = socket.socketpair()
        with far, tempfile.TemporaryFile() as setup, appending(self._log) as log:
            self._log_start = log.tell()
            pickle.dump(self._setup._replace(directory=self._directory.path), setup)
            setup.seek(0)
            self._process = subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    FAR_END,
                    str(far.fileno()),
                    str(self._directory.lock),
                ],
                stdin=setup,
                stdout=log,
                stderr=log,
                # Ray has workers look for modules where its process was started, on the nodes of a cluster as well.
                cwd=self._directory.path if self._setup.join is None else "/",
                env=environment(self._setup.join, self._directory.path),
                pass_fds=(far.fileno(), self._directory.lock),
                start_new_session=True,
            )
        near.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", SEND_S, 0))
        self._connection = Connection(near.detach())

    def _send(self, message: Submit | Cancel) -> None:
        with suppress(OSError):  # it is dead, and the next `wait` finds that
            try:
                self._connection.send(message)
            except BlockingIOError:  # it hangs: make it dead
                self._process.kill()

    def _restart(self, why: str = "", killed: bool = False) -> None:
        """The Ray process has died: report its work as lost and start it again, or raise RunError.

        A first start is tried again only if a SIGKILL ended it, which may have been meant for something else.
        why: why a start failed, "" if Ray had started; `killed`: whether SIGKILL ended it.
        """
        self._end(CLOSE_S)
        code = self._process.returncode
        if not why:
            killed = code == -signal.SIGKILL
            ending = f"was ended by {signal.Signals(-code).name}" if code < 0 else f"has ended with exit code {code}"
            last_words = cause([tail(self._log, self._log_start)])
            why = f"its process {ending}: {last_words}" if last_words else f"its process {ending}"
        if not self._worked and self._setup.join is None and (not killed or self._setup.again == AGAIN):
            raise RunError(cannot_start(why, self._log))
        last_words = last_line(tail(self._log)) or f"exit code {code}"
        self._lost += [
            (work, AttemptOutcome(Ending.LOST, error=f"Ray ended: {last_words}")) for work in self._in_flight
        ]
        self.workers = 0
        if self._setup.again == (RESTARTS if self._setup.join is None else REJOINS):
            times = f"{self._setup.again + 1} times"
            event = f"local Ray ended {times}" if self._setup.join is None else f"{self.name}: connection lost {times}"
            raise RunError(
                f"{event}, at last with: {last_words}\n  log: {self._log}\n"
                "  next: the same command again runs only what is missing"
            )
        self._setup = self._setup._replace(again=self._setup.again + 1)
        self._start()

    def _end(self, timeout_s: float) -> None:
        """End the Ray process and all that it has started; later calls do nothing."""
        if not self._open:
            return
        self._open = False
        self._connection.close()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout_s)
        if self._process.poll() is None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
        end_processes(self._directory.path, self._process.pid)
        self._process.wait()
        self._directory.remove()
