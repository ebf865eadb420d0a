# SPDX-License-Identifier: MIT
"""A Ray cluster on this machine, in a process of its own: a head without CPUs, and nodes that come and go.

As a program it takes a command a line and answers a line: `add [PATH]` (a node of one CPU that finds sweep at PATH),
`kill NUMBER` (a node, without warning), `demand` (CPUs announced to the autoscaler), `kill-head`.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

STORE_BYTES = 100 << 20
HERE = str(Path(__file__).parents[2])
TOKEN = secrets.token_hex(32)

# All on loopback, as if each were a machine of its own; a dead node is noticed in two seconds instead of fifteen.
ENVIRONMENT = {
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_AUTH_MODE": "token",
    "RAY_AUTH_TOKEN": TOKEN,
    "RAY_task_oom_retries": "0",
    "RAY_health_check_initial_delay_ms": "1000",
    "RAY_health_check_period_ms": "500",
    "RAY_health_check_failure_threshold": "4",
    "RAY_gcs_rpc_server_reconnect_timeout_s": "8",
    "SWEEP_PLAIN_PYTHON": "1",
    "PYTHONPATH": HERE,
}


class SmallCluster:
    """The cluster, from the outside."""

    def __init__(self) -> None:
        self._folder = tempfile.mkdtemp(prefix="ray-", dir="/tmp")
        with open(os.path.join(self._folder, "log"), "wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, __file__],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                env={**os.environ, **ENVIRONMENT, "RAY_TMPDIR": self._folder},
                start_new_session=True,
            )
        try:
            self.address = self._answer()
        except BaseException:
            self.close()
            raise

    def ask(self, command: str) -> str:
        assert self._process.stdin is not None
        self._process.stdin.write(command + "\n")
        self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline().strip()
        assert line, "the cluster has ended: " + Path(self._folder, "log").read_text()[-2000:]
        return line

    def close(self) -> None:
        """Kill it all: everything that it has started is in its session."""
        from sweep.jobs.executors.ray.directory import end_processes

        self._process.kill()
        self._process.wait()
        end_processes(self._folder, self._process.pid)
        end_processes(self._folder, self._process.pid)
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            pipe.close()
        shutil.rmtree(self._folder, ignore_errors=True)


def main() -> None:
    from ray._private.ray_constants import AUTOSCALER_RESOURCE_REQUEST_CHANNEL
    from ray._raylet import GcsClient
    from ray.cluster_utils import Cluster

    common = {"object_store_memory": STORE_BYTES, "include_dashboard": False}
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what Ray prints is no answer
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, **common})
    print(cluster.address, file=answers, flush=True)
    nodes = []
    for line in sys.stdin:
        command, *arguments = line.split()
        answer = "done"
        if command == "add":
            os.environ["PYTHONPATH"] = arguments[0] if arguments else HERE
            nodes.append(cluster.add_node(num_cpus=1, wait=True, **common))
            answer = str(len(nodes) - 1)
        elif command == "kill":
            os.kill(nodes[int(arguments[0])].all_processes["raylet"][0].process.pid, signal.SIGKILL)
        elif command == "kill-head":
            os.kill(cluster.head_node.all_processes["gcs_server"][0].process.pid, signal.SIGKILL)
        elif command == "demand":
            announced = GcsClient(address=cluster.address).internal_kv_get(AUTOSCALER_RESOURCE_REQUEST_CHANNEL, None)
            answer = str(len(json.loads(announced or "[]")))
        print(answer, file=answers, flush=True)


if __name__ == "__main__":
    main()
