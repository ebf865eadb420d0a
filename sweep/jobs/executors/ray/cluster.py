# SPDX-License-Identifier: MIT
"""All that sweep asks of Ray.  The only file that imports ray; it is imported by processes made for Ray only.

Work is plain tasks with Ray's own retries off: what to do about a failure is the policy's to say.
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
from ray.autoscaler.sdk import request_resources
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from sweep.errors import RunError

from .errors import NO_RAYLET, refusal
from .nodes import Node
from .start import STORE_BYTES, dead_children

CONNECT_TIMEOUT_S = 5.0
QUIET: dict[str, Any] = {"logging_level": logging.ERROR, "log_to_driver": False}


def start(workers: int, directory: str, store_folder: str) -> None:
    """A private cluster on this machine, with its sockets and logs in `directory`, its objects in `store_folder`.

    Its processes inherit this process's environment.
    """
    ray.init(
        address="local",
        num_cpus=workers,
        include_dashboard=False,
        object_store_memory=STORE_BYTES,
        _temp_dir=directory,
        _plasma_directory=store_folder,
        **QUIET,
    )


def join(address: str) -> str:
    """The cluster at `address`; its own address.  Raises RunError if it cannot be joined."""
    try:
        there = _found() if address == "auto" else address
        host, _, port = there.rpartition(":")
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
    """A reference to `data` for the arguments of work: a NumPy array of bytes there."""
    return ray.put(np.frombuffer(data, np.uint8))


def run(function: Callable[..., Any], *arguments: Any, node: str, done: Callable[[Any], None], cpus: int = 1) -> Any:
    """Have `function` called on `node` once it has `cpus` free.

    `done` gets a future with the result, in a thread of Ray's.  Returns what `cancel` takes.
    """
    reference = _remote(function, cpus, node).remote(*arguments)
    reference.future().add_done_callback(done)
    return reference


@cache
def _remote(function: Callable[..., Any], cpus: int, node: str) -> Any:
    place = NodeAffinitySchedulingStrategy(node, soft=False)
    options: dict[str, Any] = {
        "num_cpus": cpus,
        "max_retries": 0,
        "retry_exceptions": False,
        "scheduling_strategy": place,
    }
    return ray.remote(**options)(function)


def cancel(reference: Any) -> None:
    """End it by force: the worker that runs it is killed."""
    ray.cancel(reference, force=True)


def nodes() -> list[Node]:
    """The nodes that are alive."""
    alive = (node for node in ray.nodes() if node["Alive"])  # type: ignore[no-untyped-call]
    return [
        Node(
            id=each["NodeID"],
            host=each["NodeManagerHostname"],
            cpus=int(each["Resources"].get("CPU", 0)),
            address=each["NodeManagerAddress"],
            port=each["NodeManagerPort"],
        )
        for each in alive
    ]


def here() -> tuple[float, str]:
    """CPUs and id of the node that this process is on."""
    id = ray.get_runtime_context().get_node_id()
    return next((float(node.cpus) for node in nodes() if node.id == id), 1.0), id


def announce(cpus: int) -> None:
    """Tell the autoscaler, if there is one, how many CPUs there is work for.  It remembers, so end with 0."""
    request_resources(num_cpus=cpus)


def dead_service() -> str:
    """The name of a process of local Ray that has ended, which none does by itself; "" if all are there."""
    return next((death.name for death in dead_children(os.getpid())), "")
