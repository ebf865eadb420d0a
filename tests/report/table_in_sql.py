# SPDX-License-Identifier: MIT
"""A published table as the relations that claims speak of (see `sweep.document.statements`): rows, points and cells."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sweep.document.statements import quoted
from tests.report.drifts_in_sql import COLUMNS, mark_drifts
from tests.report.second_cells import LATENCY, Cell
from tests.report.second_evidence import difference
from tests.report.second_statistics import Contest, Excess, Samples, interval


class Facts:
    """What a table says; `mix` and `col` are SQL for the report's names."""

    def __init__(self, table: pa.Table, mix: str = "traffic", col: str | None = None) -> None:
        self.sql = duckdb.connect(config={"threads": 1})
        self.names = table.column_names
        self.holding: dict[str, bool] = {}
        self.family_of_losses = 0  # points that drop any, where what is left of them was decided among more
        self.baseline = table_baseline(table)
        self.about = metadata(table)
        for name in [name for name in table.column_names if pa.types.is_floating(table.schema.field(name).type)]:
            values = table.column(name)
            known = pc.if_else(pc.is_finite(values).fill_null(False), values, pa.scalar(None, values.type))
            table = table.set_column(table.column_names.index(name), name, known)
        self.sql.register("given", table.append_column("n", pa.array(range(len(table)))))
        self.sql.execute("create table published as select * from given")
        label = "label" if "label" in self.names else "null"
        col = col or f"strategy || coalesce(' (' || {label} || ')', '')"
        valid = "valid" if "valid" in self.names else "true"
        seed = "seed" if "seed" in self.names else "0"
        lengths = {"warmup", "rx_packets"} <= set(self.names)
        short = "coalesce(least(warmup, rx_packets) < 2 * ring, false)" if lengths else "false"
        keys = "mix, load, ring, col, sd, replicate"
        self.sql.execute(
            f"create table every as select *, ({mix})::text as mix, ({col})::text as col, {seed} as sd,"
            f" {short} as short from published where {valid}"
        )
        self.sql.execute(
            "create table kept as select * from every"
            f" qualify row_number() over (partition by {keys} order by n desc) = 1"
        )
        self.base = (
            self.one("select col from every order by strategy <> ?, n limit 1", [self.baseline])
            if self.count("every")
            else ""
        )
        self.sql.execute(
            "create table rows as select k.*, b.ns_per_packet as base_ns from kept k left join kept b on"
            " b.col = $base and (k.mix, k.load, k.ring, k.sd, k.replicate) = (b.mix, b.load, b.ring, b.sd, b.replicate)"
            " and b.ns_per_packet > 0",
            {"base": self.base},
        )
        self.pairs = self.all("select distinct sd, replicate from rows order by 1, 2")
        self._points()
        self._cells()

    def all(self, text: str, values: list | dict | None = None) -> list[tuple]:
        return self.sql.execute(text, values or []).fetchall()

    def one(self, text: str, values: list | dict | None = None):
        found = self.sql.execute(text, values or []).fetchone()
        return found[0] if found else None

    def count(self, relation: str, where: str = "") -> int:
        return int(self.one(f"select count(*) from {relation}" + (f" where {where}" if where else "")))

    def means(self, expression: str, where: str) -> list[float]:
        """An aggregate over the rows of every point that meets a condition."""
        return self._finite(f"select value from ({self._by_point(expression, where)})")

    def cell_means(self, expression: str, where: str) -> list[float]:
        """The same, as the mean over those points of a cell."""
        points = self._by_point(expression, where)
        return self._finite(f"select avg(value) from ({points}) group by mix, load, ring")

    def _by_point(self, expression: str, where: str) -> str:
        return (
            f"select mix, load, ring, {expression} as value from rows r where (mix, load, ring, col) in"
            f" (select (mix, load, ring, col) from points where {where or 'true'}) group by mix, load, ring, col"
        )

    def _finite(self, text: str) -> list[float]:
        return [float(value) for (value,) in self.all(text) if value is not None and math.isfinite(value)]

    def samples(self, expression: str, where: str = "") -> dict[tuple, np.ndarray]:
        """An expression of a row by point, over the pairs."""
        chosen = f" where (mix, load, ring, col) in (select (mix, load, ring, col) from points where {where})"
        found: dict[tuple, np.ndarray] = {}
        places = {pair: place for place, pair in enumerate(self.pairs)}
        for *point, sd, replicate, value in self.all(
            f"select mix, load, ring, col, sd, replicate, {expression} from rows{chosen if where else ''}"
        ):
            own = found.setdefault(tuple(point), np.full(len(self.pairs), np.nan))
            if value is not None:
                own[places[sd, replicate]] = value
        return found

    def _quoted(self, text: str) -> str:
        """A column's name as SQL has it; an expression as it is."""
        return f'"{text}"' if text in self.names else text

    def has(self, name: str) -> bool:
        if name not in self.holding:
            self.holding[name] = name in self.names and self.count("rows", f'"{name}" is not null') > 0
        return self.holding[name]

    def _points(self) -> None:
        kinds = {
            "router": ("forwarded_packets", "drop_tx_ring_packets"),
            "host": ("delivered_packets", "drop_socket_buffer_packets"),
            "filter": ("filtered_packets",),
        }
        sums = {
            kind: " + ".join(f"coalesce(sum({name}), 0)" for name in names if name in self.names) or "0"
            for kind, names in kinds.items()
        }
        stalls = "coalesce(sum(stalls), 0) > 0" if "stalls" in self.names else "false"
        whole = " + ".join(f"({text})" for text in sums.values())
        cases = " ".join(f"when {whole} > 0 and {text} >= 0.9 * ({whole}) then '{kind}'" for kind, text in sums.items())
        self.sql.execute(
            f"create table mixes as select mix, case {cases} else 'mixed' end as kind, {stalls} as mix_stalls,"
            " max(load) filter (ns_per_packet is not null) as last_load from rows group by mix"
        )
        types = dict(self.all("select column_name, data_type from duckdb_columns() where table_name = 'rows'"))
        skip = {"mix", "load", "ring", "col", "short", "n", "base_ns", "sd"}
        columns = []
        for name, kind in types.items():
            if name not in skip and "[" not in kind:
                numeric = kind in ("BIGINT", "DOUBLE", "INTEGER", "FLOAT")
                columns.append(f'{"avg" if numeric else "any_value"}("{name}") as "{name}"')
        self.sql.execute(
            f"create table points as select mix, load, ring, col, {', '.join(columns)}, count(ns_per_packet) as pairs,"
            " count(ns_per_packet / base_ns) as base_pairs, col = $base as base, bool_or(short) as short,"
            " any_value(kind) as kind, any_value(mix_stalls) as mix_stalls, load = any_value(last_load) as last,"
            f" false as moving, {COLUMNS} from rows join mixes using (mix) group by mix, load, ring, col",
            {"base": self.base},
        )
        for point in self._moving():
            self.sql.execute("update points set moving = true where (mix, load, ring, col) = (?, ?, ?, ?)", point)

    def _moving(self) -> Iterator[list]:
        held = ("pages_held_start", "pages_held_end", "pages_held_mean_pages")
        if not all(map(self.has, held)):
            return
        hand = " + ".join(
            f'{times} * coalesce("{name}", 0)'
            for name, times in (("nic.napi_budget", 2), ("nic.refill_batch", 1))
            if self.has(name)
        )
        moved = self.samples("pages_held_end - pages_held_start")
        limits = self.samples(f"greatest({hand or 0}, coalesce(0.05 * pages_held_mean_pages, 0))")
        for point, values in moved.items():
            known = np.isfinite(values)
            if not known.any():
                continue
            limit = limits[point]
            up, down = (values > limit)[known].all(), (-values > limit)[known].all()
            center, low, high, _ = interval(values)
            sure = abs(center) > interval(limit)[0] and (low > 0 or high < 0)
            if up or down or sure:
                yield list(point)

    @cached_property
    def cells_with_cost(self) -> int:
        """Cells of mix, load and ring in which any column has a cost."""
        return len({point[:3] for point, values in self.ns.items() if np.isfinite(values).any()})

    def contest(self, mix: str, load: float, ring: int, among: tuple[str, ...] = ()) -> Contest:
        """Who wins a cell, among all columns or some."""
        if (mix, load, ring, among) not in self.contests:
            samples = self.cell(mix, load, ring, among)
            excess = self.excess({name: (mix, load, ring, name) for name in samples[0]})
            self.contests[mix, load, ring, among] = Contest(*samples, self.cells_with_cost, excess)
        return self.contests[mix, load, ring, among]

    def cell(self, mix: str, load: float, ring: int, among: tuple[str, ...] = ()) -> tuple[Samples, Samples | None]:
        names = among or self.columns
        ns = {name: self.ns.get((mix, load, ring, name), self.nothing) for name in names}
        if self.dropped is None:
            return ns, None
        return ns, {name: self.dropped.get((mix, load, ring, name), self.nothing) for name in names}

    def excess(self, points: dict[str, tuple]) -> Excess:
        """Compares the drops of two of these points, by their names."""
        return lambda one, other, confidence: difference(
            "drop_ratio", self.evidence(points[one]), self.evidence(points[other]), confidence
        )

    def evidence(self, point: tuple) -> Cell:
        """What the replicates of a point say."""
        if point not in self.evident:
            told = None if LATENCY not in self.names else lambda name: self.by_point(name, lists=True).get(point, [])
            self.evident[point] = Cell(
                lambda text: self.by_point(self._quoted(text)).get(point, self.nothing),
                self.has,
                told,
                point in self.constant,
            )
        return self.evident[point]

    def by_point(self, expression: str, *, lists: bool = False) -> dict[tuple, Any]:
        """An expression of a row by point, over the pairs; asked once."""
        if expression not in self.asked:
            self.asked[expression] = self.samples(expression) if not lists else self._lists(expression)
        return self.asked[expression]

    def _lists(self, name: str) -> dict[tuple, list]:
        places, found = {pair: place for place, pair in enumerate(self.pairs)}, dict[tuple, list]()
        for *point, sd, replicate, value in self.all(f'select mix, load, ring, col, sd, replicate, "{name}" from rows'):
            found.setdefault(tuple(point), [None] * len(places))[places[sd, replicate]] = np.asarray(value)
        return found

    @cached_property
    def constant(self) -> set[tuple]:
        """Points in which nothing is drawn at random."""
        fates = (f"traffic.fates.{fate}" for fate in ("local", "forward", "drop"))
        drawn = ("traffic.arrivals", "traffic.sizes", *fates, "traffic.reader.wakeup", "traffic.reader.stall.every")
        if not set(drawn) <= set(self.names):
            return set()
        return set(
            self.all(
                "select mix, load, ring, col from rows group by all having bool_and("
                """coalesce("traffic.arrivals" = 'constant' and "traffic.sizes" not like '% %'"""
                """ and greatest("traffic.fates.local", "traffic.fates.forward", "traffic.fates.drop") = 1"""
                """ and ("traffic.fates.local" = 0 or ("traffic.reader.stall.every" is null"""
                """ and coalesce("traffic.reader.wakeup" not like '%(%', true))), false))"""
            )
        )

    def over_cells(self, where: str, column: str, value: Callable) -> np.ndarray:
        """Mean over the cells, pair by pair, of those in which any pair has a value; NaN in a pair that lacks one."""
        parts = []
        for point, own in self.samples("ns_per_packet", f"({where}) and col = {quoted(column)}").items():
            base = self.ns.get((*point[:3], self.base), self.nothing)
            found = value(own, base)
            if np.isfinite(found).any():
                parts.append(found)
        return np.mean(parts, axis=0) if parts else self.nothing

    def _cells(self) -> None:
        self.contests: dict[tuple, Contest] = {}
        self.evident: dict[tuple, Cell] = {}
        self.asked: dict[str, dict] = {}
        self.nothing = np.full(len(self.pairs), np.nan)
        first = self.all("select col from rows group by col order by col <> ?, min(n)", [self.base])
        self.columns = tuple(name for (name,) in first)
        self.strategy = dict(self.all("select distinct col, strategy from rows"))
        self.ns = self.samples("ns_per_packet")
        self.dropped = self.samples("drop_ratio") if self.has("drop_ratio") else None
        self.sql.execute(
            "create table cells (mix text, load double, ring bigint, state text, decided bool, settled bool,"
            " leaders text[], best text, pairs bigint, needed bigint, short bool, moving bool, drifting bool)"
        )
        mark_drifts(self)
        marks = "bool_or(short) as short, bool_or(moving) as moving, bool_or(drifting) as drifting"
        for mix, load, ring, *marked in self.all(
            f"select mix, load, ring, {marks} from points group by mix, load, ring order by 1, 2, 3"
        ):
            found = self.contest(mix, load, ring)
            if not found.there:
                self.sql.execute(
                    "insert into cells values (?,?,?,'none',null,null,[],null,null,null,?,?,?)",
                    [mix, load, ring, *marked],
                )
                continue
            leaders = sorted({self.strategy[name] for name in (found.best, *found.close)})
            rivals = {self.strategy[name] for name in found.open}
            settled = found.pairs >= 2 and found.state != "drops" and rivals <= set(leaders)
            outcome = (found.state, found.decided, settled, leaders, found.best, found.pairs, found.needed)
            self.sql.execute(
                "insert into cells values (?,?,?,?,?,?,?,?,?,?,?,?,?)", [mix, load, ring, *outcome, *marked]
            )


def metadata(table: pa.Table) -> dict:
    return json.loads((table.schema.metadata or {}).get(b"sweep", b"{}"))


def table_baseline(table: pa.Table) -> str:
    return (metadata(table).get("baseline") or {}).get("strategy", "page_allocator")
