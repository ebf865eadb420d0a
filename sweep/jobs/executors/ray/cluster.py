# SPDX-License-Identifier: MIT
"""All calls to Ray.  The only file that imports ray; only processes made for Ray import it.

Work is submitted as plain tasks with Ray's own retries off: it retries without end when memory is
short and knows no deadline.  What to do about a failure is decided by `driver.policy`.
"""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import ray
from ray._private.node import Node
from ray._private.parameter import RayParams
from ray.autoscaler.sdk import request_resources
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from sweep.errors import RunError

from .errors import NO_RAYLET, refusal
from .nodes import ClusterNode
from .start import STORE_BYTES, dead_children

CONNECT_TIMEOUT_S = 5.0
QUIET: dict[str, Any] = {"logging_level": logging.ERROR, "log_to_driver": False}


def start(workers: int, directory: str, store_folder: str) -> None:
    """Start a private cluster on this machine, with its sockets and logs in `directory`, its objects in `store_folder`.

    The cluster's processes inherit the environment of this one.
    """
    logging.getLogger("ray").setLevel(logging.ERROR)
    node = BareNode(
        RayParams(
            num_cpus=workers,
            include_dashboard=False,
            object_store_memory=STORE_BYTES,
            temp_dir=directory,
            plasma_directory=store_folder,
        ),
        head=True,
        shutdown_at_exit=False,  # `process` ends all that this has started, and Ray's reaper does when it is killed
        spawn_reaper=True,
        ray_init_cluster=True,
    )
    ray.init(address=node.address, **QUIET)


class BareNode(Node):
    """A head node without the services that a run on one machine never asks: dashboard, autoscaler, log monitor.

    Each is a Python process that imports much of Ray: half of the CPU time of a start (5.3 s with them, 2.6 s without).
    `ray.init` has no option to leave them out, and waits for the first one.
    """

    def start_api_server(self, *, include_dashboard: bool | None, raise_on_failure: bool) -> None:
        """Left out."""

    def start_monitor(self) -> None:
        """Left out."""

    def start_log_monitor(self) -> None:
        """Left out."""


def join(address: str) -> str:
    """Join the cluster at `address`; returns the address of its head.  Raises RunError if it cannot be joined."""
    try:
        cluster_address = _found() if address == "auto" else address
        host, _, port = cluster_address.rpartition(":")
        if port.isdecimal():  # Ray itself tries for 20 s, "auto" for minutes, and does not say why it fails
            socket.create_connection((host, int(port)), CONNECT_TIMEOUT_S).close()
        if port.isdecimal() and address != "auto":
            ray._raylet.GcsClient(address=address)  # type: ignore[attr-defined]
        if address != "auto" and not ray._private.services.find_node_ids():  # type: ignore[no-untyped-call]
            raise RuntimeError(NO_RAYLET)  # Ray itself looks for a minute
        ray.init(address=address, **QUIET)
        return str(ray.get_runtime_context().gcs_address)
    except (OSError, RuntimeError, ValueError, OverflowError, ray.exceptions.RayError) as error:
        raise RunError(refusal(address, error)) from error


def _found() -> str:
    """The address that "auto" stands for: RAY_ADDRESS, or the cluster that runs on this machine.  Raises OSError."""
    return str(ray._private.services.canonicalize_bootstrap_address_or_die("auto"))


def put(data: bytes) -> Any:
    """Put `data` into Ray's object store; returns a reference that tasks receive as a NumPy array of bytes."""
    return ray.put(np.frombuffer(data, np.uint8))


def run(function: Callable[..., Any], *arguments: Any, node: str, done: Callable[[Any], None], cpus: int = 1) -> Any:
    """Call `function` on `node` once `cpus` of its CPUs are free.

    `callback` is called with a future of the result, in a thread of Ray's.  Returns a reference for `cancel`.
    """
    reference = _remote(function, cpus, node).remote(*arguments)
    reference.future().add_done_callback(done)
    return reference


@cache
def _remote(function: Callable[..., Any], cpus: int, node: str) -> Any:
    scheduling = NodeAffinitySchedulingStrategy(node, soft=False)
    options: dict[str, Any] = {
        "num_cpus": cpus,
        "max_retries": 0,
        "retry_exceptions": False,
        "scheduling_strategy": scheduling,
    }
    return ray.remote(**options)(function)


def cancel(reference: Any) -> None:
    """End a task by force: the worker that runs it is killed."""
    ray.cancel(reference, force=True)


def nodes() -> list[ClusterNode]:
    """The nodes that are alive."""
    alive = (node for node in ray.nodes() if node["Alive"])  # type: ignore[no-untyped-call]
    return [
        ClusterNode(
            id=record["NodeID"],
            host=record["NodeManagerHostname"],
            cpus=int(record["Resources"].get("CPU", 0)),
            address=record["NodeManagerAddress"],
            port=record["NodeManagerPort"],
        )
        for record in alive
    ]


def this_node() -> tuple[float, str]:
    """CPUs and id of the node that this process is on."""
    node_id = ray.get_runtime_context().get_node_id()
    return next((float(node.cpus) for node in nodes() if node.id == node_id), 1.0), node_id


def announce(cpus: int) -> None:
    """Tell the autoscaler, if there is one, for how many CPUs there is work.  It remembers that, so end with 0."""
    request_resources(num_cpus=cpus)


def dead_service() -> str:
    """The name of a process of local Ray that has died; "" if all are running."""
    return next((death.name for death in dead_children(os.getpid())), "")
