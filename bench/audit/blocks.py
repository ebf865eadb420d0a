# SPDX-License-Identifier: MIT
"""An ensemble cut into blocks of a few replicates, each a table as `sweep run` would have published it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

Integers = NDArray[np.int64]
DESCRIPTION = b"sweep"  # key of what a table says of itself


class Ensemble:
    """All replicates of every point of a sweep: row i is replicate i % replicates of point i // replicates."""

    def __init__(self, table: pa.Table, replicates: int) -> None:
        """ValueError unless every point has all of its replicates."""
        self.points, rest = divmod(len(table), replicates)
        if rest or table.column("replicate").to_pylist() != list(range(replicates)) * self.points:
            raise ValueError(f"{len(table):,} rows are not {replicates:,} replicates of each of some points, in order")
        self.table, self.replicates = table.combine_chunks(), replicates

    def block(self, replicates: Sequence[int] | Integers, **about: Any) -> pa.Table:
        """The published table of these replicates of every point; `about` replaces what it says of itself."""
        chosen = np.asarray(replicates, np.int64)
        rows = (np.arange(self.points)[:, None] * self.replicates + chosen).ravel()
        table = self.table.take(pa.array(rows))
        said = json.loads((table.schema.metadata or {}).get(DESCRIPTION, b"{}"))
        said |= {"simulations": len(rows), "rows": len(rows), **about}
        return table.replace_schema_metadata({DESCRIPTION: json.dumps(said).encode()})

    def disjoint(self, size: int, most: int | None = None) -> list[Integers]:
        """Disjoint sets of `size` replicates, so independent series: at most `most` of them."""
        return list(np.arange(self.replicates // size * size).reshape(-1, size)[:most])

    def shuffled(self, size: int, least: int, seed: int) -> Iterator[Integers]:
        """Sets of `size` replicates, at least `least`: disjoint ones, then more of other random partitions.

        Those of different partitions overlap, but their average varies less than that of one partition alone (an
        incomplete U-statistic: [blom-1976]).
        """
        generator, order, given = np.random.default_rng(seed), np.arange(self.replicates), 0
        while given < least:
            parts = order[: self.replicates // size * size].reshape(-1, size)
            yield from (np.sort(each) for each in parts)
            given += len(parts)
            order = generator.permutation(self.replicates)
