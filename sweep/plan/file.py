# SPDX-License-Identifier: MIT
"""The plan file: everything that a worker needs to run a chunk given by number, without pickles.

A NumPy archive with a JSON header (format, sweep document, digests of the sources, distributions, chunks) and arrays:
the quantile tables, the cells of the sweep's points, the simulations of all chunks end to end, and where each chunk
starts.  Thanks to the cells, a worker need not lay out a million points to make the scenarios of a few; cells and
simulations increase in small steps and are stored as differences.  A plan is named by the digest of its bytes, so
several can be kept in one run directory.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sweep import config, records
from sweep.config.own_strategies import load_sources, sources
from sweep.errors import RunError
from sweep.model.scenario import Distribution, Scenario
from sweep.records import INTEGER, LIST, MAPPING, TEXTS

from .chunks import Chunk
from .identity import SimulationIds, canonical, code, digest
from .survey import Survey
from .tables import Tables

FORMAT = 4
HEADER = {
    "sources": MAPPING,
    "format": INTEGER,
    "document": MAPPING,
    "code": TEXTS,
    "distributions": LIST,
    "chunks": LIST,
}


@dataclass(frozen=True)
class Plan:
    """The chunks of one sweep that are to be run, with the quantile tables that their simulations draw from."""

    document: dict[str, Any] = field(repr=False)  # of the sweep: config.from_document
    cells: NDArray[np.int64] = field(repr=False)  # of its points
    code: dict[str, str]  # digests of the sources that the plan was made with: identity.code
    tables: Tables = field(repr=False)
    chunks: tuple[Chunk, ...]  # longest first
    sources: dict[str, tuple[str, str]] = field(default_factory=dict, repr=False)  # own_strategies.sources

    @cached_property
    def sweep(self) -> config.Sweep:
        """The sweep, with the points that it was planned with."""
        return config.from_document(self.document, self.cells)

    @cached_property
    def identity(self) -> SimulationIds:
        """Gives the ids of the plan's simulations."""
        return SimulationIds(self.tables, self.code)

    @cached_property
    def document_digest(self) -> str:
        return digest(canonical(self.document))

    def scenarios(self, number: int) -> list[Scenario]:
        """The scenarios of chunk `number`, in order."""
        split = (divmod(int(index), self.sweep.replicates) for index in self.chunks[number].simulations)
        return [self.sweep.scenario(point, replicate) for point, replicate in split]

    def load_strategies(self) -> None:
        """Load the strategies of the user's own files.

        Only for a plan that another process of this run has sent: the text in it is code.
        """
        load_sources(self.sources)

    def check_code(self) -> None:
        """Raises RunError unless this process would run the code that the plan was made with."""
        for name, here in code(self.code).items():
            if here != self.code[name]:
                raise RunError(
                    f'the code of strategy {name} has digest "{here}" here and "{self.code[name]}" in the plan: the '
                    "sources are not the same\n"
                    "  next: bring this machine to the same version, or run `sweep run` again to plan anew"
                )


def plan(survey: Survey, chunks: Sequence[Chunk]) -> Plan:
    """The plan for running `chunks` of `survey`."""
    return Plan(survey.sweep.document, survey.sweep.layout.cells, survey.code, survey.tables, tuple(chunks), sources())


def encode(plan: Plan) -> bytes:
    """The plan file's bytes; equal plans give equal bytes."""
    header = {
        "format": FORMAT,
        "document": plan.document,
        "code": plan.code,
        "sources": {name: list(source) for name, source in plan.sources.items()},
        "distributions": [[distribution.kind, list(distribution.values)] for distribution in plan.tables],
        "chunks": [[chunk.strategy, chunk.digest, chunk.predicted_s] for chunk in plan.chunks],
    }
    lengths = [len(chunk.simulations) for chunk in plan.chunks]
    simulations = np.concatenate([np.zeros(0, np.int64), *(chunk.simulations for chunk in plan.chunks)])
    buffer = io.BytesIO()
    np.savez_compressed(
        buffer,
        header=np.frombuffer(canonical(header).encode(), np.uint8),
        tables=np.stack(list(plan.tables.values())).astype("<i8") if plan.tables else np.zeros((0, 0), "<i8"),
        cells=_steps(plan.cells),
        simulations=_steps(simulations),
        starts=np.cumsum([0, *lengths]).astype("<i8"),
    )
    return buffer.getvalue()


def decode(data: bytes, name: str = "plan") -> Plan:
    """The plan in these bytes.  Raises RunError if they are damaged or of another format version."""
    next_step = "\n  next: run `sweep run` again: it plans anew and runs only what is missing"
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as archive:
            header = records.read(archive["header"].tobytes(), HEADER, HEADER)
            format_there = header["format"]
            if format_there != FORMAT:
                raise RunError(
                    f'{name} has format "{format_there}"; this version of sweep reads format {FORMAT}{next_step}'
                )
            tables, starts = archive["tables"].astype(np.int64), archive["starts"]
            cells, simulations = (np.cumsum(archive[key], dtype=np.int64) for key in ("cells", "simulations"))
    except (ValueError, KeyError, OSError, EOFError, zipfile.BadZipFile) as error:
        raise RunError(f"{name} is damaged: {error}{next_step}") from error
    distributions = [Distribution(kind, tuple(values)) for kind, values in header["distributions"]]
    return Plan(
        document=header["document"],
        cells=cells,
        code=header["code"],
        sources={name: (file, text) for name, (file, text) in header["sources"].items()},
        tables=Tables(zip(distributions, tables, strict=True)),
        chunks=tuple(
            Chunk(strategy, simulations[start:end], name, predicted_s)
            for (strategy, name, predicted_s), start, end in zip(header["chunks"], starts, starts[1:], strict=False)
        ),
    )


def _steps(numbers: NDArray[np.int64]) -> NDArray[Any]:
    """Differences between consecutive numbers, the first from 0, in the smallest integer type that holds them."""
    steps = np.diff(numbers, prepend=0)
    low, high = (int(steps.min()), int(steps.max())) if len(steps) else (0, 0)
    dtype = next(
        dtype for dtype in ("<i1", "<i2", "<i4", "<i8") if np.iinfo(dtype).min <= low and high <= np.iinfo(dtype).max
    )
    return steps.astype(dtype)
