# SPDX-License-Identifier: MIT
"""The sizes that the arrays of a batch need so that no index is out of bounds."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sweep.fields.constants import BULK_PAGES
from sweep.model.kernel.releases import MOST_DEFERRED


class Capacity(NamedTuple):
    """Largest sizes over the lanes of a batch."""

    lanes: int
    ring: int  # RX descriptors
    tx_ring: int  # frames
    socket: int  # entries of the socket's queue
    pages: int  # page (or block) numbers
    params: np.recarray  # (L,) the parameters themselves


NO_LIMIT_PAGES = 1 << 40  # a zone that does not end
POOL_CACHE = 128  # page_pool's allocation cache: see pool.py


def socket_entries(params: np.recarray) -> int:
    """Most packets that a socket holds: the last one may overshoot the buffer."""
    smallest = np.where(
        params.copybreak_bytes > 0,
        np.minimum(params.copy_truesize_bytes, params.buffer_truesize_bytes),
        params.buffer_truesize_bytes,
    )
    return int((params.rcvbuf_bytes // smallest).max()) + 2


def measure(params: np.recarray) -> Capacity:
    """Capacity for these lanes.

    Pages may be on the RX ring, kept by a slot (one more per slot), in the TX ring, in the socket, on the
    deferred list, in the pool's cache, in a bulk allocation just made, or kept by the strategy as a knob allows
    (`kept_pages`: a ring, a cache, a region).
    """
    ring, tx_ring, socket = int(params.ring.max()), int(params.tx_ring.max()), socket_entries(params)
    kept = int(params.kept_pages.max())
    pages = 2 * ring + tx_ring + socket + MOST_DEFERRED + kept + POOL_CACHE + BULK_PAGES
    return Capacity(len(params), ring, tx_ring, socket, pages, params)
