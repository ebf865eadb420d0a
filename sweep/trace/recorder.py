# SPDX-License-Identifier: MIT
"""Record what a simulation does: `Recorder.wrap` is the compiler that `bind` calls with each function that it copies.

The functions stay plain Python.  Those that are events are wrapped, and leave a row each; those that charge CPU time
(`sim.pay_*`) also add it to the innermost event.  Nothing else changes: a recorded simulation counts the same as a
compiled one, which callers should check.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from .events import ARGUMENTS, CONTEXTS, EventKind, kind_of
from .schema import EventRow

BATCH_ROWS = 50_000
FOLLOWED = frozenset(("start", "transmit", "deliver", "read", "release"))
Write = Callable[[Sequence[EventRow]], None]
Watch = Callable[[int], None]


class Recorder:
    """Collects rows in the order in which their events begin; writes them in batches when no event is open."""

    def __init__(self, write: Write, watch: Watch) -> None:
        """write: takes a batch of rows; `watch`: called after each poll with the number of packets arrived so far."""
        self.functions: list[str] = []  # of all events, once each
        self.tally: Counter[str] = Counter()  # rows of each event that have begun
        self._write, self._watch = write, watch
        self._rows: list[EventRow] = []
        self._open: list[EventRow] = []
        self._started = False
        self._sent: dict[int, int | None] = {}  # TX descriptor -> packet
        self._read: dict[int, int | None] = {}  # entry of the socket's queue -> packet

    def wrap(self, fn: Any) -> Any:
        """`fn`, wrapped if it is an event or charges CPU time.  Pass this to `bind` as the compiler."""
        code = fn.__code__
        names = code.co_varnames[: code.co_argcount]
        if fn.__name__.startswith("pay_"):
            return self._paying(fn)
        function = f"{fn.__module__.removeprefix('sweep.model.')}.{fn.__name__}"
        kind = kind_of(function.rpartition(".")[0], fn.__name__, names)
        if kind is None:
            return fn
        self.functions.append(function)
        return self._recording(fn, kind, function, names)

    def finish(self) -> None:
        """Write the remaining rows."""
        if self._rows:
            self._write(self._rows)
            self._rows = []

    def _paying(self, fn: Any) -> Any:
        open_ = self._open

        def pay(sim: Any, lane: int, ps: int) -> None:
            open_[-1].cost_ps += ps
            fn(sim, lane, ps)

        return pay

    def _recording(self, fn: Any, kind: EventKind, function: str, names: tuple[str, ...]) -> Any:
        columns = [(place, ARGUMENTS[name]) for place, name in enumerate(names[1:]) if name in ARGUMENTS]
        context = names.index("context") - 1 if "context" in names else -1
        open_, tally = self._open, self.tally
        event, begin, end = kind.name, kind.begin, kind.end

        def call(sim: Any, *arguments: Any) -> Any:
            outer = open_[-1] if open_ else None
            st = sim.state[0]
            row = EventRow(event, function, len(open_), outer.cpu if outer else 0, st.now_ps / 1000)
            for place, column in columns:
                setattr(row, column, int(arguments[place]))
            if context >= 0:
                row.detail = CONTEXTS[arguments[context]]
            begin(row, sim, arguments)
            if event in FOLLOWED:
                self._follow(row, outer, sim)
            if not self._started:
                row.time_ns = 0.0
            tally[row.event] += 1
            inner_before = tally[kind.counts]
            self._rows.append(row)
            open_.append(row)
            result = fn(sim, *arguments)
            open_.pop()
            end(row, sim, result)
            if kind.counts:
                row.count = tally[kind.counts] - inner_before
                if kind.optional and row.count == 0:
                    self._rows.pop()  # nothing is inside it
                    tally[event] -= 1
                    return result
            _measure(row, sim)
            if not open_:
                self._end(row, st)
            return result

        return call

    def _follow(self, row: EventRow, outer: EventRow | None, sim: Any) -> None:
        """Set the packet of an event of a buffer in the TX ring or the socket, and remember it for later events."""
        st, outer_event = sim.state[0], outer.event if outer else ""
        if row.event == "start":
            self._started = True
        elif row.event == "transmit" and st.tx_queued - st.tx_cleaned < sim.params[0].tx_ring:
            self._sent[st.tx_tail] = row.packet
        elif row.event == "deliver":
            self._read[st.socket_tail] = row.packet
        elif row.event == "read":
            row.packet = self._read[st.socket_first]
        elif row.event == "release" and outer_event == "tx_clean":
            row.slot, row.packet = st.tx_first, self._sent[st.tx_first]
        elif row.event == "release" and outer and outer_event in ("read", "receive"):
            row.packet = outer.packet

    def _end(self, row: EventRow, st: Any) -> None:
        if row.event == "poll":
            self._watch(st.arrived)
        if len(self._rows) >= BATCH_ROWS:
            self.finish()


def _measure(row: EventRow, sim: Any) -> None:
    """Fill in the lengths of all queues as they are now."""
    st = sim.state[0]
    row.measured = st.window == 1
    row.rx_waiting = st.waiting
    row.rx_posted = st.posted
    row.tx_queued = st.tx_queued - st.tx_cleaned
    row.socket_packets = st.socket_count
    row.deferred_buffers = st.deferred_count
    row.pool_cache_pages = st.pool_cache_pages
    row.pool_ring_pages = st.pool_ring_pages
    row.provider_pages = st.provider_pages
    row.pages_held = st.pages_held
