# SPDX-License-Identifier: MIT
"""Ray on nodes of their own: head and workers as `ray start` makes them on machines, with tokens on."""

from __future__ import annotations

import secrets
import subprocess
from pathlib import Path

from namespaces import CHECKOUT, Net, Node
from sweep_runs import install_kernels

PORT = 6379
START_TIMEOUT_S = 90.0  # 3 to 7 s, on two cores that do nothing else
OBJECT_STORE_BYTES = 150_000_000


def environment() -> dict[str, str]:
    """What clusters/environment.sh gives every node, but for the PATH."""
    command = ["bash", "-c", f". {CHECKOUT / 'clusters/environment.sh'} && env -0"]
    said = subprocess.run(command, env={"HOME": "/root"}, capture_output=True, text=True, timeout=10, check=True).stdout
    found = dict(line.split("=", 1) for line in said.split("\0") if line)
    return {name: value for name, value in found.items() if name.startswith(("RAY_", "OMP_", "OPENBLAS_"))}


class Cluster:
    """A head and workers, each a node of `net`; whoever joins has the token."""

    def __init__(self, net: Net, shared: Path) -> None:
        """The head is where drivers run; it alone sees the directory `shared`."""
        self.net = net
        self.token = secrets.token_hex(32)
        self.head = self._machine("head", shared)
        self.workers: list[Node] = []
        self._serial = 0

    @property
    def address(self) -> str:
        return f"{self.head.address}:{PORT}"

    def start_head(self, *options: str, cpus: int = 1) -> None:
        self._ray_start(self.head, "--head", f"--port={PORT}", f"--num-cpus={cpus}", *options)

    def add_worker(self) -> Node:
        """Another machine with one CPU, which joins; it is part of the cluster when this returns."""
        self._serial += 1
        node = self._machine(f"worker{self._serial}")
        self._ray_start(node, f"--address={self.address}", "--num-cpus=1")
        self.workers.append(node)
        return node

    def with_workers(self, count: int) -> list[Node]:
        """Exactly `count` workers that are well: others are added or powered off."""
        while len(self.workers) < count:
            self.add_worker()
        while len(self.workers) > count:
            self.power_off(self.workers[-1])
        return list(self.workers)

    def power_off(self, node: Node) -> None:
        node.kill()
        self.forget(node)

    def forget(self, node: Node) -> None:
        """Count on this worker no more."""
        self.workers.remove(node)

    def _machine(self, name: str, *shared: Path) -> Node:
        node = self.net.node(name, shared)
        node.write("/root/.ray/auth_token", self.token)
        install_kernels(node)
        return node

    def _ray_start(self, node: Node, *options: str) -> None:
        node.run(
            *("ray", "start", f"--node-ip-address={node.address}", *options),
            *(f"--object-store-memory={OBJECT_STORE_BYTES}", "--disable-usage-stats"),
            timeout_s=START_TIMEOUT_S,
        )
