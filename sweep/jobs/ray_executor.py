# SPDX-License-Identifier: MIT
"""Chunks on Ray, as the run sees it: Ray lives in a process of its own, of which this is the near end.

Ray's C++ side ends its process when it loses the cluster, writes on standard error whatever its log level says, and
takes over signals and environment.  In a process and session of its own, with its output in the run's log, none of
that reaches the run, and no Ctrl-C reaches Ray.  That process (`ray_process`) ends, with all of Ray that it
started, when its socket is closed: by `close`, or by the kernel when the run is killed.  When it dies, what was in
flight is lost, and it is started again, a few times.
"""

from __future__ import annotations

import os
import pickle
import re
import secrets
import signal
import socket
import struct
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path

from sweep.errors import RunError, SweepError
from sweep.model.jit import kernel_cache
from sweep.plan import Plan, encode

from .executor import Join
from .ray_directory import Directory, end_processes
from .ray_messages import Cancel, Ended, Failed, Setup, Status, Submit
from .work import Ending, Outcome, Work

RESTARTS = 3  # of local Ray
REJOINS = 1
CLOSE_S = 1.2  # for the Ray process to end all that it started, before it is killed
SEND_S = 10  # a Ray process that takes no message for so long is as good as dead
LOG_TAIL_BYTES = 8192
CLIENT = "ray://"

# Of a cluster that this process may be part of (a Ray job), not of the private one.
FOREIGN = ("RAY_ADDRESS", "RAY_JOB_CONFIG_JSON_ENV_VAR", "RAY_AUTH_TOKEN_PATH", "RAY_NAMESPACE", "RAY_TMPDIR")


class RayExecutor:
    """The near end.  Starting takes seconds and joining may take minutes; meanwhile `workers` is 0 and work may be
    submitted, and `wait` raises what comes of it: RunError, or IncompleteError for nodes that did not come."""

    def __init__(self, plan: Plan, workers: int, join: Join | None, log: Path) -> None:
        """Start a private cluster of `workers` cores, or join one; what Ray says goes to `log`.

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
        self._setup = Setup(encode(plan), len(plan.chunks), workers, join, "", 0)
        self._log = log
        self._in_flight: set[Work] = set()
        self._lost: list[tuple[Work, Outcome]] = []
        self._start()

    def submit(self, work: Work) -> None:
        self._in_flight.add(work)
        self._send(Submit(work))

    def cancel(self, work: Work) -> None:
        if work in self._in_flight:
            self._in_flight.remove(work)
            self._send(Cancel(work))

    def wait(self, timeout_s: float) -> list[tuple[Work, Outcome]]:
        """As the protocol says; empty as well when `workers` or `name` has changed."""
        ended: list[tuple[Work, Outcome]] = []
        try:
            while self._connection.poll(0 if ended or self._lost else timeout_s):
                message = self._connection.recv()
                if isinstance(message, Failed):
                    raise message.error
                if isinstance(message, Status):
                    self.workers, self.name = message
                    if not ended:
                        break
                if isinstance(message, Ended):
                    ended += self._wanted(message.outcomes)
        except (EOFError, OSError):
            self._restart()
        lost, self._lost = self._wanted(self._lost), []
        return ended + lost

    def close(self) -> None:
        self._end(CLOSE_S)
        self._in_flight.clear()

    def _wanted(self, outcomes: Iterable[tuple[Work, Outcome]]) -> list[tuple[Work, Outcome]]:
        """Without those of work that was cancelled meanwhile."""
        wanted = [(work, outcome) for work, outcome in outcomes if work in self._in_flight]
        self._in_flight.difference_update(work for work, _ in wanted)
        return wanted

    def _start(self) -> None:
        self._directory = Directory()
        self._open = True
        near, far = socket.socketpair()
        with far, tempfile.TemporaryFile() as setup, open(self._log, "ab") as log:
            pickle.dump(self._setup._replace(directory=self._directory.path), setup)
            setup.seek(0)
            self._process = subprocess.Popen(
                [sys.executable, "-m", "sweep.jobs.ray_process", str(far.fileno()), str(self._directory.lock)],
                stdin=setup,
                stdout=log,
                stderr=log,
                cwd=self._directory.path,  # Ray has workers look for modules where its process was started
                env=_environment(self._setup.join),
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

    def _restart(self) -> None:
        """The Ray process has died: give up what was in flight and start it again, or raise RunError."""
        self._end(CLOSE_S)
        said = _last_line(self._log) or f"exit code {self._process.returncode}"
        self._lost += [(work, Outcome(Ending.LOST, error=f"Ray ended: {said}")) for work in self._in_flight]
        self.workers = 0
        if self._setup.again == (RESTARTS if self._setup.join is None else REJOINS):
            times = f"{self._setup.again + 1} times"
            what = f"local Ray ended {times}" if self._setup.join is None else f"{self.name}: connection lost {times}"
            raise RunError(
                f"{what}, at last with: {said}\n  log: {self._log}\n"
                "  next: the same command again runs only what is missing"
            )
        self._setup = self._setup._replace(again=self._setup.again + 1)
        self._start()

    def _end(self, patience_s: float) -> None:
        """End the Ray process and what it has started; once."""
        if not self._open:
            return
        self._open = False
        self._connection.close()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(patience_s)
        if self._process.poll() is None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
        end_processes(self._directory.path, self._process.pid)
        self._process.wait()
        self._directory.remove()


def _environment(join: Join | None) -> dict[str, str]:
    """What must hold before ray is imported, and for local Ray's processes, which inherit it."""
    inherited = dict(os.environ)
    here = str(Path(__file__).resolve().parents[2])  # the Ray process imports this very checkout or installation
    paths = [here, *filter(None, inherited.get("PYTHONPATH", "").split(os.pathsep))]
    inherited["PYTHONPATH"] = os.pathsep.join(map(os.path.abspath, paths))
    inherited["RAY_ENABLE_UV_RUN_RUNTIME_ENV"] = "0"
    if join is not None:
        return {**inherited, **_token_mode(inherited)}
    for name in FOREIGN:
        inherited.pop(name, None)
    return {
        **inherited,
        "NUMBA_CACHE_DIR": os.path.abspath(kernel_cache()),
        "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",  # oddly named: bind loopback, as on a laptop
        "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN": secrets.token_hex(32),
        "RAY_task_oom_retries": "0",  # without end otherwise
        "RAY_gcs_rpc_server_reconnect_timeout_s": "10",  # then the Ray process ends; 60 otherwise
    }


def _token_mode(environment: Mapping[str, str]) -> dict[str, str]:
    """Ask for token authentication where there is a token: Ray itself does so for the address "auto" only."""
    known = "RAY_AUTH_TOKEN" in environment or "RAY_AUTH_TOKEN_PATH" in environment
    if "RAY_AUTH_MODE" in environment or not (known or Path("~/.ray/auth_token").expanduser().exists()):
        return {}
    return {"RAY_AUTH_MODE": "token"}


def _last_line(log: Path) -> str:
    """The last line of the log that says something, without colours; "" if there is none."""
    try:
        with open(log, "rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - LOG_TAIL_BYTES))
            text = file.read().decode(errors="replace")
    except OSError:
        return ""
    lines = [line.strip() for line in re.sub(r"\x1b\[[0-9;]*m", "", text).splitlines()]
    return next((line for line in reversed(lines) if line), "")[:300]
