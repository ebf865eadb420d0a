# SPDX-License-Identifier: MIT
"""How reliable the numbers are and how to reproduce them: pairs, warm-up, invalid rows, provenance."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from sweep import evidence, format, stats
from sweep.document.blocks import Block, Cell, Paragraph, Section, Table
from sweep.document.statements import Count, Extreme, Lacking, Metadata, Number, Sentence, fixed, quoted
from sweep.report.parts import interim_looks, reproduction
from sweep.results import steady
from sweep.results.analysis import Analysis
from sweep.results.dataset import Dataset
from sweep.results.outcome import WITHIN

METHOD = "How the numbers were made"
# Variances of the logarithms of either side, over that of their differences.
GAIN = (
    f"case when stddev_samp(ln(ns_per_packet / base_ns)) > {stats.ROUNDING} then"
    " (var_samp(ln(ns_per_packet)) filter (base_ns > 0) + var_samp(ln(base_ns)) filter (ns_per_packet > 0))"
    " / var_samp(ln(ns_per_packet / base_ns)) end"
)
# As `evidence.Seen.interval` has it.
TOO_LITTLE_SEEN = (
    f"case when greatest(sum(offered_packets) / max(busy_peak_packets), count(*)) < {evidence.FEWEST_PIECES}"
    f" or sum(episodes) < {evidence.MORE_THAN_ONE} then 1 end"
)
# As `evidence.deterministic` has it, of points.
NOTHING_DRAWN = (
    """coalesce("traffic.arrivals" = 'constant' and "traffic.sizes" not like '% %'"""
    """ and greatest("traffic.fates.local", "traffic.fates.forward", "traffic.fates.drop") = 1"""
    """ and ("traffic.fates.local" = 0 or ("traffic.reader.stall.every" is null"""
    """ and coalesce("traffic.reader.wakeup" not like '%(%', true))), false)"""
)
MOST_ROWS = 20  # invalid rows and others listed by name


def method(analysis: Analysis) -> Section:
    """The section on how intervals and verdicts are computed, with the gain from pairing."""
    data = analysis.data
    gains = stats.pairing_gain(analysis.ns[..., 1:, :], analysis.ns[..., :1, :])
    gains = gains[np.isfinite(gains)]
    lines: list[Sentence] = []
    pairing = (
        f"Strategies met the same packets at equal mix, load and replicate, so each is compared with"
        f" {analysis.baseline} replicate by replicate: mean of the logarithms of the ratios, Student's t interval at"
        f" 95 %, which takes replicates as independent and their mean as nearly normal. At most"
        f" {format.count(data.pairs, 'pair')} a cell."
    )
    lines.append(Sentence(pairing, Count(data.pairs, "distinct (seed, replicate) of rows")))
    if len(gains):
        gain = float(np.median(gains))
        shown = format.significant(gain, 2)
        text = (
            f"Pairing divided the variance of the differences by {shown} (median of"
            f" {format.count(len(gains), 'comparison')}): without it, as many times the replicates would be needed."
        )
        median = Extreme("median", GAIN, "not base", Number(gain, shown))
        lines.append(Sentence(text, median, Count(len(gains), f"points with {GAIN}", "not base")))
    lines.append(
        fixed(
            "A winner is called after Holm's adjustment for all pairs of strategies in its cell, each cell so surely"
            " that all decided cells of the report are right at 95 % together (Bonferroni; half of the risk is that of"
            " costs, half that of drops). One whose whole"
            f" interval lies {WITHIN} of the winner counts as good as it; one that is neither shown to be slower nor"
            " that close leaves the cell undecided. The number of pairs that would decide takes means and spreads as"
            " they are now."
        )
    )
    lines.append(
        fixed(
            f"A winner is shown to drop at most {format.percent(stats.DROP_MARGIN)} percentage points more than the"
            " one that drops least; where one with fewer ns is shown neither that nor the opposite, the cell is"
            " undecided. Intervals of what comes in clumps (drops, allocator calls, pages held, latency) count"
            " independent episodes: stalls, bursts, busy periods, not packets; with too few there is none."
        )
    )
    lines += interim_looks.method(data)
    return Section(METHOD, tuple(Paragraph(line) for line in lines))


def quality(data: Dataset) -> Section:
    """The section on rows that are not used, unfinished sweeps, and windows that were not a steady state."""
    blocks: list[Block] = []
    if data.invalid:
        text = (
            f"{format.count(len(data.invalid), 'simulation')} of {data.rows:,} broke a conservation law and"
            f" {'is' if len(data.invalid) == 1 else 'are'} used nowhere above:"
        )
        blocks.append(Paragraph(Sentence(text, *_broken(data))))
        shown = data.invalid[:MOST_ROWS]
        rows = tuple((Cell(row.id), Cell(row.where), Cell(row.violation)) for row in shown)
        more = len(data.invalid) - len(shown)
        legend = Sentence(f"and {more:,} more", replace(_broken(data)[0], shown=False)) if more else fixed("")
        blocks.append(Table("Invalid rows", ("id", "simulation", "violation"), rows, legend=legend, prose=True))
    else:
        blocks.append(Paragraph(_kept(data)))
    blocks += [Paragraph(line) for line in (*_not_whole(data), *interim_looks.still_open(data))]
    if data.duplicates:
        text = (
            f"{format.count(data.duplicates, 'row')} had the coordinates of another row and"
            f" {'was' if data.duplicates == 1 else 'were'} not used."
        )
        blocks.append(Paragraph(Sentence(text, Count(data.duplicates, "duplicates"))))
    blocks += [Paragraph(line) for line in _other_baseline(data)]
    if len(data.table):
        blocks += [Paragraph(line) for line in steady.describe(data)]
    return Section("Quality", tuple(blocks))


def warnings(analysis: Analysis) -> list[Sentence]:
    """Warnings about the numbers, a sentence each; empty if there is nothing to warn of."""
    data, steadiness = analysis.data, analysis.steady
    marked = int(steadiness.marked.sum())
    lines = []
    if data.invalid:
        text = f"{format.count(len(data.invalid), 'simulation')} of {data.rows:,} broke a law: not used."
        lines.append(Sentence(text, *_broken(data)))
    lines += _not_whole(data)
    if data.pairs < 2:
        text = "One replicate: no interval can be given and nothing is decided; 5 replicates are usual."
        lines.append(Sentence(text, Count(1, "distinct (seed, replicate) of rows", shown=False)))
    lines += _other_baseline(data)
    lines += interim_looks.still_open(data)
    lines += _too_little_seen(data)
    if marked:
        points = int((data.index >= 0).any(axis=-1).sum())
        text = f"{marked:,} of {points:,} points are too short for their ring or not steady: marked where shown."
        lines.append(Sentence(text, Count(marked, "points", steady.MARKED), Count(points, "points")))
    return lines


def _too_little_seen(data: Dataset) -> list[Sentence]:
    """Warning of the points that have no interval of clustered metrics, with their mixes; empty if there is none."""
    seen = data.cells.seen
    if seen is None or data.pairs < 2:
        return []
    simulated = (data.index >= 0).any(axis=-1)
    unseen = simulated & ~seen.interval & ~np.asarray(data.cells.exact)
    count, points = int(unseen.sum()), int(simulated.sum())
    if not count:
        return []
    mixes = tuple(name for mix, name in enumerate(data.mixes) if unseen[mix].any())
    text = (
        f"In {count:,} of {points:,} points too few independent episodes were seen for an interval of drops, allocator"
        f" calls, pages held or latency ({', '.join(mixes)}): more packets or replicates would show more."
    )
    where = f"not {NOTHING_DRAWN}" if set(evidence.DRAWN) <= set(data.table.column_names) else ""
    return [Sentence(text, Count(count, f"points with {TOO_LITTLE_SEEN}", where), Count(points, "points"))]


def well(analysis: Analysis) -> Sentence:
    """The sentence in place of warnings: which checks passed, and which the table has no columns for."""
    data = analysis.data
    if not {"laps", "held"} <= set(analysis.steady.checked):
        lacking = [Lacking(name) for name in (*steady.LENGTHS, *steady.HELD) if not data.has(name)]
        text = f"{_kept(data)} Whether their windows were a steady state the table does not say."
        return Sentence(text, *_kept(data).claims, *lacking)
    claims = (*_kept(data).claims, Count(0, "points", steady.MARKED, shown=False))
    if "valid" not in data.table.column_names:
        return Sentence(f"{_kept(data)} Every point is steady.", *claims)
    return Sentence(f"Nothing: all {data.rows:,} simulations kept their laws, and every point is steady.", *claims)


def _kept(data: Dataset) -> Sentence:
    """The sentence that no row is invalid, or that the table does not say."""
    if "valid" not in data.table.column_names:
        return Sentence("The table does not say whether its rows keep the laws.", Lacking("valid"))
    no_invalid = Count(0, "published", "valid is distinct from true", shown=False)
    return Sentence(
        f"All {data.rows:,} simulations passed their conservation laws.", no_invalid, Count(data.rows, "published")
    )


def _broken(data: Dataset) -> tuple[Count, Count]:
    return Count(len(data.invalid), "published", "valid is distinct from true"), Count(data.rows, "published")


def _not_whole(data: Dataset) -> list[Sentence]:
    planned = data.metadata.get("simulations")
    if not isinstance(planned, int) or planned <= data.rows:
        return []
    text = f"The sweep is not whole: {data.rows:,} of {planned:,} simulations; `sweep run` runs the rest."
    return [Sentence(text, Count(data.rows, "published"), Metadata("simulations", str(planned)))]


def _other_baseline(data: Dataset) -> list[Sentence]:
    if data.baseline_found:
        return []
    baseline_name = str((data.metadata.get("baseline") or {}).get("strategy"))
    text = f'The baseline "{baseline_name}" has no valid row; {data.columns[0]} stands in.'
    return [Sentence(text, Count(0, "rows", f"strategy = {quoted(baseline_name)}", shown=False))]


def provenance(data: Dataset) -> Section:
    """The section with the command, seed, platform, digests and versions that produced the table."""
    meta = data.metadata
    blocks: list[Block] = []
    command = reproduction.command(meta)
    text = f"Command: {command}" if command else "The table does not say what made it."
    blocks.append(Paragraph(Sentence(text, Metadata("command", command))))
    seed = meta.get("seed")
    blocks.append(
        Paragraph(
            Sentence(
                "Equal parameters, sources and seed give equal bits on any machine, in any order"
                + (f"; the seed is {seed}." if seed is not None else "."),
                Metadata("seed", "" if seed is None else str(seed)),
            )
        )
    )
    names = ("created", "git_commit", "platform")
    entries: list[tuple[str, Any]] = [(name, meta[name]) for name in names if meta.get(name)]
    entries += [(f"{name} digest", value) for name, value in sorted((meta.get("strategy_digests") or {}).items())]
    entries += [(f"{name} version", value) for name, value in sorted((meta.get("versions") or {}).items()) if value]
    if entries:
        rows = tuple((Cell(name), Cell(str(value))) for name, value in entries)
        blocks.append(Table("Provenance", ("what", "value"), rows, prose=True))
    return Section("How to reproduce", tuple(blocks))
