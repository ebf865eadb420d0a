# SPDX-License-Identifier: MIT
"""A run directory in Python: its tables, SQL over them, its report, and what a notebook shows of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sweep.errors import ReadOnlyError, SweepError
from sweep.storage.home import expanded

if TYPE_CHECKING:
    import pyarrow

    from sweep.compare import Comparison
    from sweep.fields.column import Column
    from sweep.query.export import Exported


class Run:
    """A run directory, from `sweep.run` or `sweep.open`; everything is read from its files on demand."""

    location: str  # path or URI

    def __init__(self, location: str | Path, counts: tuple[int, int, int] | None = None) -> None:
        """counts: simulations done, failed and invalid, if a run that has just ended knows them."""
        self.location = str(expanded(location))
        self._counts = counts

    @property
    def done(self) -> int:
        """Number of simulations with a result: in the run that has just ended, or in the published table."""
        return self._counts[0] if self._counts else int(self._about().get("rows", 0))

    @property
    def failed(self) -> int:
        """Number of simulations that failed and have no result."""
        return self._counts[1] if self._counts else int(self._about().get("failed", 0))

    @cached_property
    def invalid(self) -> int:
        """Number of rows that break a conservation law; no report uses them."""
        if self._counts:
            return self._counts[2]
        return int(self.query("select count(*) from results where not valid").column(0)[0].as_py())

    def table(self) -> pyarrow.Table:
        """A row per simulation: mapped into memory where it is on a disk, fetched from an object store.

        Every column says its unit and meaning: `table.schema.field("ns_per_packet").metadata`.  Raises SweepError
        (IncompleteError) while nothing is published.
        """
        from sweep import report

        return report.read(self.location)

    def points(self) -> pyarrow.Table:
        """A row per point: its parameters, how many replicates it has, and their mean of every metric.

        Half the width of its 95 % interval stands beside each: `ns_per_packet`, `ns_per_packet_half_width`.
        """
        return self.query("from points")

    def query(self, sql: str) -> pyarrow.Table:
        """The answer to one SELECT over results, points, dictionary and failures, as `sweep query` gives it.

        Raises SweepError with the place of what is wrong in it.
        """
        from sweep import query

        with query.open(self.location) as database:
            return database.ask(sql).read()

    def metrics(self) -> list[Column]:
        """The metrics of the table: name, unit, meaning."""
        from sweep.query import published

        return published.read(self.location).chosen(["metric"])

    def export(
        self,
        out: str | Path,
        format: str | None = None,
        columns: str | Sequence[str] = (),
        *,
        compression: str | None = None,
        partition_by: str | Sequence[str] = (),
    ) -> Exported:
        """Write the results to a file: csv, parquet, arrow or duckdb, by its ending unless `format` says.

        columns: names, or roles such as "metric"; all if empty.  compression: zstd, lz4 or none, of parquet and arrow.
        partition_by: columns that divide the rows into Hive folders of Parquet, below `out`.  The result lists the
        files that were written and the histograms that a CSV leaves out.  Raises SweepError for unknown names and
        files that cannot be written.
        """
        from sweep.query.export import export

        names, by = ([each] if isinstance(each, str) else each for each in (columns, partition_by))
        return export(self.location, str(out), format, names, compression=compression, partition_by=by)

    def compare(self, a: Run | str | Path, b: str | None = None, *, gate: str | Path | None = None) -> Comparison:
        """Compare this run with another, or two strategies of it, in pairs and held to a gate.

        `run.compare(other)`: `other`, a run or its location, against this one.
        `run.compare("page_pool", "page_flip")`: the second strategy against the first.  gate: a gate file; None: the
        default one.  Printing the result prints what `sweep compare` does; it has the attributes `verdict` and
        `exit_code`.

        Raises SweepError for what cannot be compared.
        """
        from sweep import compare

        if b is not None:
            return compare.strategies(self.location, str(a), b, gate=gate)
        try:
            return compare.runs(self.location, a.location if isinstance(a, Run) else a, gate=gate)
        except SweepError as error:
            if a in self.table().column("strategy").to_pylist():
                raise SweepError(
                    f'"{a}" is a strategy of this run, and one alone is compared with nothing\n'
                    f'  next: run.compare("{a}", another), or run.compare(another_run)'
                ) from error
            raise

    def report(self) -> str:
        """The report as text; also written to the run directory as text, Markdown and HTML, unless it is read-only."""
        from sweep import report, storage

        try:
            report.write(self.location)
        except ReadOnlyError:
            return report.text(report.read(self.location, series=True), full=True, location=self.location)
        return storage.open(self.location).get("report.txt").decode()

    def __repr__(self) -> str:
        return f'<sweep.Run "{self.location}": {self._state()}>'

    def _repr_html_(self) -> str:
        return self._repr_mimebundle_()["text/html"]

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        """The verdicts, for a notebook; an error message in their place if something is wrong, never an exception."""
        from sweep import report
        from sweep.report.page import notebook

        try:
            shown_document = notebook.document(
                report.read(self.location, series=True), f"{self.location}: {self._state()}"
            )
        except SweepError as error:
            shown_document = notebook.message(str(error), "sweep", self.location)
        return {"text/plain": notebook.text(shown_document), "text/html": notebook.html(shown_document)}

    def _about(self) -> Mapping[str, Any]:
        """The description of the run in the published snapshot; {} if nothing is published."""
        from sweep import storage
        from sweep.storage import snapshot

        files = storage.open(self.location)
        manifest = snapshot.manifest(files)
        if manifest is None and files.exists("results.arrow"):  # of an earlier version, or copied without its manifest
            return {"rows": len(self.table())}
        return manifest.about if manifest else {}

    def _state(self) -> str:
        """The state of the run in a line: "smoke, 64 of 64 simulations, 1 failed"."""
        try:
            description = self._about()
        except SweepError as error:
            return str(error).splitlines()[0]
        if not description:
            return "nothing is published yet"
        name, rows = description.get("name"), f"{self.done:,}"
        texts = [str(name)] if name else []
        texts.append(
            f"{rows} of {description['simulations']:,} simulations" if "simulations" in description else f"{rows} rows"
        )
        return ", ".join(texts + ([f"{self.failed:,} failed"] if self.failed else []))
