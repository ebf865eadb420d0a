# SPDX-License-Identifier: MIT
"""Machines on one machine: namespaces of Linux, joined by a bridge that only they know.

A `Node` has its own network, processes, host name, shared memory and `/tmp`, `/root`, `/run`; the rest of the file
system it sees, but cannot write.  A `Net` is the bridge, which lives in the first node, so the network of the machine
that runs the tests is never touched and any number of nets live side by side.

Nothing has a name on the host: namespaces and mounts live as long as the first process of their node, and that one
ends when its standard input does.  So all is gone when pytest is, even if it was killed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from types import TracebackType

CHECKOUT = Path(__file__).parents[2]
SUBNET = "10.77.0"  # inside the namespaces; may be in use outside
HIDDEN = ("/tmp", "/root", "/run")  # a node has its own
TOOLS = ("unshare", "nsenter", "setpriv", "ip", "mount")
TAIL_LINES = 40  # of a log, in a failure's message

INIT = Path(__file__).with_name("first_process.sh").read_text()


def lacking() -> str:
    """Why nodes cannot be made here; "" if they can."""
    if os.geteuid() != 0:
        return "not root: nodes need namespaces of their own"
    if missing := [tool for tool in TOOLS if not shutil.which(tool)]:
        return f"not installed: {', '.join(missing)} (util-linux, iproute2)"
    command = ["unshare", "--net", "--mount", "--pid", "--fork", "--uts", "--ipc", "mount", "-t", "tmpfs", "x", "/mnt"]
    tried = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)
    return f"no namespaces here: {tried.stderr.strip()}" if tried.returncode else ""


def tail(log: Path, lines: int = TAIL_LINES) -> str:
    """The end of a log, under its name."""
    text = log.read_text(errors="replace").splitlines() if log.exists() else ["(there is none)"]
    return "\n".join([f"--- {log}", *text[-lines:]])


class CommandError(AssertionError):
    """A command on a node did not end well: what it was and the end of what it said."""


@dataclass
class Done:
    """A command that has ended."""

    exit_code: int
    output: str  # stdout and stderr


@dataclass
class Started:
    """A command that runs on a node."""

    node: Node
    command: Sequence[str]
    process: subprocess.Popen[bytes]
    log: Path

    def ended(self) -> bool:
        return self.process.poll() is not None

    def wait(self, timeout_s: float) -> Done:
        """Its end.  Raises CommandError if that does not come in time."""
        try:
            code = self.process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            raise CommandError(f"{self} has not ended after {timeout_s:g} s\n{tail(self.log)}") from None
        return Done(code, self.log.read_text(errors="replace"))

    def __str__(self) -> str:
        return f"{self.node.name}: {' '.join(self.command)}"


@dataclass
class Node:
    """A machine: its first process, held by a pipe, and what was started in it."""

    name: str
    address: str
    directory: Path  # of its logs, on the host
    environment: Mapping[str, str]
    init: subprocess.Popen[bytes] = field(repr=False)
    pid: int  # of the first process, as the host numbers it
    _started: list[Started] = field(default_factory=list, repr=False)
    _serial: Iterator[int] = field(default_factory=count, repr=False)

    @property
    def alive(self) -> bool:
        return self.init.poll() is None

    def start(self, *command: str, environment: Mapping[str, str] | None = None) -> Started:
        """Start a command in this node, in its /root; what it says goes to a log of its own."""
        log = self.directory / f"{self.name}-{next(self._serial):02}-{Path(command[0]).name}.log"
        enter = ["nsenter", f"--target={self.pid}", "--net", "--mount", "--pid", "--uts", "--ipc", "--wd=/root"]
        with open(log, "wb") as output:
            process = subprocess.Popen(
                [*enter, "setpriv", "--pdeathsig=KILL", *command],  # ends with nsenter, which a timeout kills
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**self.environment, **(environment or {})},
                start_new_session=True,
            )
        self._started.append(Started(self, command, process, log))
        return self._started[-1]

    def run(
        self, *command: str, timeout_s: float, exit_codes: Iterable[int] = (0,), environment: Mapping[str, str] = {}
    ) -> Done:
        """Run a command in this node to its end.  Raises CommandError after `timeout_s` or for another exit code."""
        started = self.start(*command, environment=environment)
        try:
            done = started.wait(timeout_s)
        finally:
            started.process.kill()
        if done.exit_code not in exit_codes:
            raise CommandError(f"{started} ended with {done.exit_code}\n{tail(started.log)}")
        self._started.remove(started)
        started.log.unlink()  # the logs that are there are those that matter
        return done

    def write(self, path: str, data: str | bytes, mode: int = 0o600) -> None:
        """Write a file in this node; its directory is made."""
        target = Path(f"/proc/{self.pid}/root", path.lstrip("/"))
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        target.touch(mode=mode)
        target.write_bytes(data.encode() if isinstance(data, str) else data)

    def kill_processes(self) -> None:
        """SIGKILL everything that runs here; the machine itself stays up."""
        self.run("sh", "-c", "kill -9 -1", timeout_s=10, exit_codes=(0, -9, 137))

    def kill(self) -> None:
        """Power off, this instant: no process of it is left when this returns."""
        try:
            os.kill(self.pid, 9)  # the kernel kills the others, and lets unshare know when the last is gone
        except ProcessLookupError:
            self.init.kill()
        self.init.wait(20)
        if self.init.stdin:
            self.init.stdin.close()
        for started in self._started:
            started.process.wait(10)


class Net:
    """Nodes on one bridge.  A context manager: at its end no process, namespace or mount is left."""

    def __init__(self, directory: Path, environment: Mapping[str, str] | None = None) -> None:
        """Logs go to `directory`; `environment` is added to what every command on every node gets."""
        self.nodes: dict[str, Node] = {}
        self.directory = directory
        self._environment = dict(environment or {})
        self._hosts = directory / "hosts"
        self._undo = ExitStack()

    def __enter__(self) -> Net:
        self.directory.mkdir(parents=True, exist_ok=True)
        self._hosts.write_text("127.0.0.1 localhost\n")
        return self

    def __exit__(self, kind: type[BaseException] | None, value: object, traceback: TracebackType | None) -> None:
        self._undo.close()

    def node(self, name: str, shared: Sequence[Path] = ()) -> Node:
        """Power on a machine; the first one holds the bridge.  It may write to the directories `shared`."""
        host = len(self.nodes) + 1
        node = self._power_on(name, f"{SUBNET}.{host}", shared)
        self._undo.callback(node.kill)
        switch = next(iter(self.nodes.values()), node)
        self.nodes[name] = node
        if node is switch:
            _ip(node, "link add br0 type bridge", "link set br0 up", f"addr add {node.address}/24 dev br0")
        else:
            _ip(
                switch,
                f"link add {_port(node)} type veth peer name eth0 netns {node.pid}",
                f"link set {_port(node)} master br0 up",
            )
            _ip(node, f"addr add {node.address}/24 dev eth0", "link set eth0 up")
        return node

    def cut(self, node: Node) -> None:
        """Pull the cable: packets to and from `node` vanish and nobody is told."""
        _ip(next(iter(self.nodes.values())), f"link set {_port(node)} down")

    def restore(self, node: Node) -> None:
        """Plug it in again."""
        _ip(next(iter(self.nodes.values())), f"link set {_port(node)} up")

    def logs(self) -> str:
        """The end of every log, newest last, for a failure's message."""
        logs = sorted(self.directory.glob("*.log"), key=lambda log: log.stat().st_mtime)
        return "\n".join(tail(log, 15) for log in logs)

    def _power_on(self, name: str, address: str, shared: Sequence[Path]) -> Node:
        with open(self._hosts, "a") as hosts:  # one file, bound into all
            hosts.write(f"{address} {name}\n")
        aside = self.directory / f"{name}.aside"
        aside.mkdir()
        visible = [word for path in _visible() for word in ("ro", path)]
        visible += [word for path in shared for word in ("rw", str(path))]
        private = ["--mount", "--net", "--pid", "--uts", "--ipc", "--fork", "--kill-child"]
        log = self.directory / f"{name}-init.log"
        with open(log, "wb") as errors:
            init = subprocess.Popen(
                ["unshare", *private, "bash", "-c", INIT, "init", str(aside), *visible],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                env={**os.environ, "NAME": name, "HOSTS": str(self._hosts), "HIDDEN": " ".join(HIDDEN)},
                start_new_session=True,  # a Ctrl-C is for pytest
            )
        assert init.stdout
        with init.stdout:
            words = init.stdout.readline().split()
        if not words:
            init.wait(10)
            raise CommandError(f"node {name} did not start\n{tail(log)}")
        return Node(name, address, self.directory, {**_environment(), **self._environment}, init, int(words[1]))


@contextmanager
def explained(net: Net) -> Iterator[None]:
    """Add the logs of `net` to what goes wrong."""
    try:
        yield
    except AssertionError as error:
        error.add_note(net.logs())
        raise


def _ip(node: Node, *commands: str) -> None:
    """`ip` in the network of a node, with the host's processes in sight."""
    for command in commands:
        enter = ["nsenter", f"--target={node.pid}", "--net", "ip", *command.split()]
        done = subprocess.run(enter, capture_output=True, text=True, timeout=10, check=False)
        if done.returncode:
            raise CommandError(f"{node.name}: ip {command}: {done.stderr.strip()}")


def _port(node: Node) -> str:
    return f"to-{node.name}"


def _visible() -> list[str]:
    """What a node shares with the host although it would be hidden: the checkout and this Python, outermost first."""
    wanted = {str(CHECKOUT), *(str(Path(path).resolve()) for path in (sys.prefix, sys.base_prefix))}
    return sorted(path for path in wanted if path.startswith(tuple(f"{each}/" for each in HIDDEN)))


def _environment() -> dict[str, str]:
    """Of a login on a node: this Python first, this checkout, nothing else of the environment of the tests."""
    paths = [
        sysconfig.get_path("scripts"),
        "/usr/local/sbin",
        "/usr/local/bin",
        "/usr/sbin",
        "/usr/bin",
        "/sbin",
        "/bin",
    ]
    return {
        "HOME": "/root",
        "USER": "root",
        "LANG": "C.UTF-8",
        "PATH": os.pathsep.join(paths),
        "PYTHONPATH": str(CHECKOUT),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
