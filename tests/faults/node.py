# SPDX-License-Identifier: MIT
"""A Ray cluster of several nodes on this machine; a node can be killed with all its processes.

Ray binds all addresses when it has several nodes, so they are in a network namespace that has only loopback.
"""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from types import TracebackType

from marked import Mark, kill, wait_for
from scene import PLANTED, REPOSITORY, Scene

from sweep.model.compiler.kernel_cache import VARIABLE, root

START_S = 60.0
LOOPBACK_UP = """
import fcntl, socket, struct, sys, time
with socket.socket() as s:
    fcntl.ioctl(s, 0x8914, struct.pack("16sH14x", b"lo", 0x1 | 0x40))  # SIOCSIFFLAGS: up, running
print("up", flush=True)
sys.stdin.read()
"""
WITHOUT_GCS_S = 3  # before Ray gives up: in the 60 that it has by itself it would do the rest of a small sweep
STORE_BYTES = 100_000_000


class Node:
    """One node, with a mark of its own besides the scene's."""

    def __init__(self, scene: Scene, environment: dict[str, str], words: list[str]) -> None:
        self.mark = Mark("SWEEP_FAULTS_NODE")
        self._log = scene.here / f"node-{secrets.token_hex(3)}.txt"
        with open(self._log, "wb") as log:
            self._process = subprocess.Popen(
                [
                    *scene.within,
                    sys.executable,
                    "-m",
                    "ray.scripts.scripts",
                    "start",
                    "--block",
                    "--disable-usage-stats",
                    *words,
                ],
                cwd=scene.here,
                env={**os.environ, **scene.mark.environment, **self.mark.environment, **environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        assert wait_for(lambda: self.started or self._process.poll() is not None, START_S), self
        assert self._process.poll() is None, self

    @property
    def started(self) -> bool:
        return "Ray runtime started" in self._log.read_text()

    def __repr__(self) -> str:
        return f"node: {self._log.read_text()[-3000:]}"

    @property
    def raylet(self) -> int:
        """Its pid."""
        (process,) = self.mark.processes("raylet")
        return process.pid

    def kill(self) -> None:
        """All its processes at once, as when a machine goes."""
        for process in self.mark.processes():
            kill(process.pid)
        self.mark.end()
        self._process.wait(10)


@dataclass
class Cluster:
    """Nodes of one core each."""

    scene: Scene
    address: str = "127.0.0.1:6379"
    watched: dict[str, str] = field(default_factory=dict)  # for what is planted in workers
    nodes: list[Node] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._network = subprocess.Popen(
            ["unshare", "--net", sys.executable, "-c", LOOPBACK_UP], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert self._network.stdout
        assert self._network.stdout.readline() == b"up\n", "no network namespace of one's own: are you root?"
        self.scene.within = ["nsenter", f"--net=/proc/{self._network.pid}/ns/net"]
        self._directory = self.scene.temp / "ray"
        self._common = {
            "RAY_AUTH_MODE": "token",
            "RAY_AUTH_TOKEN": secrets.token_hex(32),
            "RAY_gcs_rpc_server_reconnect_timeout_s": str(WITHOUT_GCS_S),
        }
        self.scene.environment |= self._common
        self._environment = {
            **self._common,
            **self.watched,
            "PYTHONPATH": os.pathsep.join([str(PLANTED), str(REPOSITORY)]),
            VARIABLE: str(root()),
            "TMPDIR": str(self.scene.temp),
        }

    def add_node(self, head: bool = False) -> Node:
        """Start one and wait until it says that it is there."""
        words = ["--num-cpus=1", f"--object-store-memory={STORE_BYTES}", "--node-ip-address=127.0.0.1"]
        if head:
            words += ["--head", "--port=6379", "--include-dashboard=false"]
            words += [f"--temp-dir={self._directory}"]
        else:
            words += [f"--address={self.address}"]
        self.nodes.append(Node(self.scene, self._environment, words))
        return self.nodes[-1]

    def __enter__(self) -> Cluster:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for node in self.nodes:
            node.kill()
        shutil.rmtree(self._directory, ignore_errors=True)  # Ray itself never removes it
        for name in self._common:
            del self.scene.environment[name]
        self.scene.within = []
        self._network.communicate()
