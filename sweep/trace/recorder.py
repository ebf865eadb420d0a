# SPDX-License-Identifier: MIT
"""Record what a simulation does: `Recorder.wrap` is the compiler that `bind` calls with each function that it copies.

The functions stay plain Python.  Those that are events are wrapped, and leave a row each; those that pay (`sim.pay_*`)
book what they pay to the innermost event as well.  Nothing is changed: a recorded simulation counts what a compiled
one does, which whoever records it should check.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from .events import ARGUMENTS, CONTEXTS, Kind, kind_of
from .schema import Row

BATCH_ROWS = 50_000
FOLLOWED = frozenset(("start", "transmit", "deliver", "read", "release"))
Write = Callable[[Sequence[Row]], None]
Watch = Callable[[int], None]


class Recorder:
    """Rows in the order in which their events begin, given away some ten thousand at a time when no event lasts."""

    def __init__(self, write: Write, watch: Watch) -> None:
        """`watch` is called after each poll, with how many packets have arrived."""
        self.functions: list[str] = []  # of all events, once each
        self.tally: Counter[str] = Counter()  # rows of each event that have begun
        self._write, self._watch = write, watch
        self._rows: list[Row] = []
        self._open: list[Row] = []
        self._started = False
        self._sent: dict[int, int | None] = {}  # TX descriptor -> packet
        self._read: dict[int, int | None] = {}  # entry of the socket's queue -> packet

    def wrap(self, fn: Any) -> Any:
        """`fn`, recorded if it is an event or pays.  To be given to `bind` as the compiler."""
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
        """Give the last rows away."""
        if self._rows:
            self._write(self._rows)
            self._rows = []

    def _paying(self, fn: Any) -> Any:
        open_ = self._open

        def pay(sim: Any, lane: int, ps: int) -> None:
            open_[-1].cost_ps += ps
            fn(sim, lane, ps)

        return pay

    def _recording(self, fn: Any, kind: Kind, function: str, names: tuple[str, ...]) -> Any:
        columns = [(place, ARGUMENTS[name]) for place, name in enumerate(names[1:]) if name in ARGUMENTS]
        context = names.index("context") - 1 if "context" in names else -1
        open_, tally = self._open, self.tally
        event, begin, end = kind.name, kind.begin, kind.end

        def call(sim: Any, *given: Any) -> Any:
            outer = open_[-1] if open_ else None
            st = sim.state[0]
            row = Row(event, function, len(open_), outer.cpu if outer else 0, st.now_ps / 1000)
            for place, column in columns:
                setattr(row, column, int(given[place]))
            if context >= 0:
                row.detail = CONTEXTS[given[context]]
            begin(row, sim, given)
            if event in FOLLOWED:
                self._follow(row, outer, sim)
            if not self._started:
                row.time_ns = 0.0
            tally[row.event] += 1
            before = tally[kind.counts]
            self._rows.append(row)
            open_.append(row)
            result = fn(sim, *given)
            open_.pop()
            end(row, sim, result)
            if kind.counts:
                row.count = tally[kind.counts] - before
                if kind.optional and row.count == 0:
                    self._rows.pop()  # nothing is inside it
                    tally[event] -= 1
                    return result
            _measure(row, sim)
            if not open_:
                self._end(row, st)
            return result

        return call

    def _follow(self, row: Row, outer: Row | None, sim: Any) -> None:
        """Which packet a buffer's way through the TX ring or the socket belongs to."""
        st, within = sim.state[0], outer.event if outer else ""
        if row.event == "start":
            self._started = True
        elif row.event == "transmit" and st.tx_queued - st.tx_cleaned < sim.params[0].tx_ring:
            self._sent[st.tx_tail] = row.packet
        elif row.event == "deliver":
            self._read[st.socket_tail] = row.packet
        elif row.event == "read":
            row.packet = self._read[st.socket_first]
        elif row.event == "release" and within == "tx_clean":
            row.slot, row.packet = st.tx_first, self._sent[st.tx_first]
        elif row.event == "release" and outer and within in ("read", "receive"):
            row.packet = outer.packet

    def _end(self, row: Row, st: Any) -> None:
        if row.event == "poll":
            self._watch(st.arrived)
        if len(self._rows) >= BATCH_ROWS:
            self.finish()


def _measure(row: Row, sim: Any) -> None:
    """The lengths of all queues, now."""
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
