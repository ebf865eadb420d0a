# SPDX-License-Identifier: MIT
"""Which nodes answer: Ray takes a minute to notice that one has fallen silent, and keeps the work on it meanwhile.

A node that answers is one whose machine accepts or refuses a connection to its raylet's port; however busy it is, its
kernel does that.

Not modelled: a raylet that hangs on a machine that answers; Ray notices that itself.
Source: Ray 2.60, a link that was cut: the node is given up after (period + timeout) * threshold of its health check,
65 s by default, and work for healthy nodes that waits behind its own was still waiting after 120 s.
"""

from __future__ import annotations

import errno
import ipaddress
import selectors
import socket
import time
from collections.abc import Iterable
from contextlib import ExitStack

from .nodes import ClusterNode

ANSWERS = (0, errno.ECONNREFUSED)
ANSWER_S = 2.0  # a lost packet is sent again after 1 s
SILENT_S = 8.0  # for so long without an answer; a cable may be plugged in again


class Reach:
    """Tells which nodes answer, from when each answered last."""

    def __init__(self) -> None:
        self._answered: dict[str, float] = {}

    def there(self, nodes: list[ClusterNode]) -> list[ClusterNode]:
        """Ask all `nodes`; returns those that answered within the last SILENT_S.  Takes up to ANSWER_S."""
        answered_now, now = answering(nodes, ANSWER_S), time.monotonic()
        self._answered = {
            node.id: now if node.id in answered_now else self._answered.get(node.id, now - ANSWER_S) for node in nodes
        }
        return [node for node in nodes if now - self._answered[node.id] < SILENT_S]


def answering(nodes: Iterable[ClusterNode], timeout_s: float) -> set[str]:
    """Ids of the nodes that answer within `timeout_s`, and of those that cannot be asked (a name for an address)."""
    answered = set()
    with selectors.DefaultSelector() as waiting, ExitStack() as opened:
        for node in nodes:
            try:
                family = socket.AF_INET if ipaddress.ip_address(node.address).version == 4 else socket.AF_INET6
                connection = opened.enter_context(socket.socket(family))
            except (ValueError, OSError):  # a name, or more nodes than we may have sockets
                answered.add(node.id)
                continue
            connection.setblocking(False)
            state = connection.connect_ex((node.address, node.port))
            if state == errno.EINPROGRESS:
                waiting.register(connection, selectors.EVENT_WRITE, node.id)
            elif state in ANSWERS:
                answered.add(node.id)
        deadline = time.monotonic() + timeout_s
        while waiting.get_map() and (remaining_s := deadline - time.monotonic()) > 0:
            for key, _ in waiting.select(remaining_s):
                waiting.unregister(key.fileobj)
                assert isinstance(key.fileobj, socket.socket)
                if key.fileobj.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) in ANSWERS:
                    answered.add(key.data)
    return answered
