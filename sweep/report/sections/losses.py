# SPDX-License-Identifier: MIT
"""Where packets are lost: the cause that takes most of what each cell drops, its share, and what helps against it."""

from __future__ import annotations

import shlex

import numpy as np

from sweep import format, stats
from sweep.document.blocks import Block, Cell, Paragraph, Section, Table
from sweep.document.statements import (
    Claim,
    Count,
    Extreme,
    FallsWithLoad,
    LostTo,
    MeanOfPoint,
    Number,
    Sentence,
    at,
    both,
    fixed,
)
from sweep.document.statements.templates import filled
from sweep.evidence import Losses
from sweep.fields.losses import SEEN_ONLY, Cause
from sweep.fields.spread import DROPS
from sweep.report.parts import reproduction, views
from sweep.report.parts.claim_verdicts import claimed_range
from sweep.report.parts.differences import ABSENT
from sweep.report.parts.panels import Panel, Split
from sweep.results.analysis import Analysis
from sweep.results.dataset import Array
from sweep.storage import resume

from . import low_drops

TITLE = "Where packets are lost"
LEGEND = fixed(
    f"the cause that takes most of what a cell drops, and its share of that; ?: {SEEN_ONLY}; 0: none dropped"
)
HEADER = ("traffic mix", "lost to", "in cells", "shown in", "its share", "dropped")
CAPTION = "What most of the dropped packets are lost to"
COLUMNS = fixed(
    "in cells: of those of load, ring and strategy that drop any, where it takes the largest part; shown in: where"
    " that is more than half of it beyond doubt, in all of them at once at 95 %"
)


def section(analysis: Analysis) -> Section:
    """The causes of each mix, what helps, where drops fall as load rises, and a table of cells per mix."""
    data, found = analysis.data, analysis.data.losses
    if found is None:
        return Section(TITLE, (), detail=True)
    if not found.total.any():
        none = Count(0, "points", _dropping(found), shown=False)
        return Section(TITLE, (Paragraph(Sentence("No packet was dropped in any cell.", none)),), detail=True)
    dropping = [mix for mix in range(len(data.mixes)) if found.total[mix].any()]
    falls = [_fall(analysis, found, mix) for mix in range(len(data.mixes))]
    blocks: list[Block] = [
        *summary(analysis),
        *(Paragraph(sentence) for sentence in falls if sentence),
        *(_table(analysis, found, mix, dropping[-1]) for mix in dropping),
    ]
    return Section(TITLE, tuple(blocks), detail=True)


def summary(analysis: Analysis) -> list[Block]:
    """A row per mix and cause that takes most of what some cell drops, and the commands to try; [] without any."""
    found = analysis.data.losses
    if found is None or not found.total.any():
        return []
    rows, causes = [], dict[Cause, None]()
    for mix, name in enumerate(analysis.data.mixes):
        for number in _leading(found, mix):
            causes[found.causes[number]] = None
            rows.append(_row(analysis, found, mix, number, name))
    table = Table(CAPTION, HEADER, tuple(rows), legend=COLUMNS, prose=True)
    return [table, *(Paragraph(_command(analysis, cause), code=True) for cause in causes)]


def sentence(analysis: Analysis, mix: int, column: int, ring: int | None = None) -> Sentence:
    """What a column loses most packets to at the highest load, and what helps; "" where it drops none.

    At the ring with number `ring`, else at the largest that was simulated.
    """
    data, found, load = analysis.data, analysis.data.losses, analysis.last_load(mix)
    simulated = np.flatnonzero(analysis.absolute.pairs[mix, load, :, column])
    if found is None or not simulated.size:
        return fixed("")
    where = (mix, load, int(simulated[-1]) if ring is None else ring, column)
    number = int(found.first[where])
    point = at(data.mixes[mix], data.loads[load], data.rings[where[2]], data.columns[column])
    if number < 0:
        return Sentence("", Count(0, "points", both(point, _dropping(found)), shown=False))
    cause, share = found.causes[number], _share(found, where, number)
    shown = bool(found.shown[where])
    text = filled(
        "lost",
        name=data.columns[column],
        where=data.words(*where[:3]),
        share=share.text,
        place=cause.place,
        seen="" if shown else filled("seen_only", seen=SEEN_ONLY),
        helps=sentence_case(cause.helps),
    )
    return Sentence(text, _share_claim(found, number, point, share), LostTo(cause.counter.name, point, 1, int(shown)))


def places(analysis: Analysis) -> dict[str, list[str]]:
    """Where packets are lost -> the mixes in which that takes most of what a cell drops, of cells that drop a lot."""
    found, where = analysis.data.losses, dict[str, list[str]]()
    if found is None or analysis.drops is None:
        return where
    with np.errstate(invalid="ignore"):
        many = analysis.mean(DROPS) > low_drops.LOST
    for mix, name in enumerate(analysis.data.mixes):
        for number in _leading(found, mix):
            if (many[mix] & (found.first[mix] == number)).any():
                where.setdefault(found.causes[number].place, []).append(name)
    return where


def _leading(found: Losses, mix: int) -> list[int]:
    """The causes that take most of what some cell of a mix drops."""
    return [number for number in range(len(found.causes)) if (found.first[mix] == number).any()]


def _row(analysis: Analysis, found: Losses, mix: int, number: int, name: str) -> tuple[Cell, ...]:
    cause, here = found.causes[number], at(name)
    led, dropping = found.first[mix] == number, found.total[mix] > 0
    lost_most = both(here, _leads(found, number))
    points, shown = int(led.sum()), int((led & found.shown[mix]).sum())
    shares = claimed_range(
        np.where(led, found.shares[mix, ..., number], np.nan), _part(found, number), lost_most, "percent"
    )
    counts: tuple[Claim, ...] = (
        Count(points, "points", lost_most),
        Count(int(dropping.sum()), "points", both(here, _dropping(found))),
    )
    drops = ABSENT
    if analysis.data.has(DROPS):
        means = np.where(led, analysis.mean(DROPS)[mix], np.nan)
        dropped = claimed_range(means, f"avg({DROPS})", lost_most, "percent")
        drops = Cell(dropped.text, claims=dropped.claims)
    return (
        Cell(name),
        Cell(cause.short, notes=(fixed(f"{sentence_case(cause.place)}: {cause.helps}"),)),
        Cell(f"{points} of {int(dropping.sum())}", claims=counts),
        Cell(f"{shown}", claims=(LostTo(cause.counter.name, here, points, shown),)),
        Cell(shares.text, claims=shares.claims),
        drops,
    )


def _table(analysis: Analysis, found: Losses, mix: int, last: int) -> Table:
    """A row per load and ring at which a mix drops any packet, a column per strategy; the `last` one is explained."""
    data, rows = analysis.data, []
    dropping = found.total[mix].any(axis=-1)
    for load, ring in np.argwhere(dropping).tolist():
        entries = (_entry(analysis, found, (mix, load, ring, column)) for column in range(len(data.columns)))
        rows.append((Cell(f"{data.loads[load]:g}"), Cell(str(data.rings[ring])), *entries))
    header, legend = ("load", "ring", *data.columns), LEGEND if mix == last else ""
    return Table(f"{data.mixes[mix]}: lost to", header, tuple(rows), legend=legend)


def _entry(analysis: Analysis, found: Losses, where: tuple[int, int, int, int]) -> Cell:
    data, number = analysis.data, int(found.first[where])
    mix, load, ring, column = where
    point = at(data.mixes[mix], data.loads[load], data.rings[ring], data.columns[column])
    if number < 0:
        missing = not (data.index[where] >= 0).any()
        return (
            ABSENT if missing else Cell("0", claims=(Count(0, "points", both(point, _dropping(found)), shown=False),))
        )
    share, shown = _share(found, where, number), bool(found.shown[where])
    parts = [(cause, float(each)) for cause, each in zip(found.causes, found.shares[where], strict=True) if each]
    detail = ", ".join(f"{format.percent(each)} % {cause.place}" for cause, each in parts)
    return Cell(
        f"{'' if shown else '? '}{found.causes[number].short} {share.text} %",
        "" if shown else "tie",
        detail,
        claims=(
            _share_claim(found, number, point, share),
            LostTo(found.causes[number].counter.name, point, 1, int(shown)),
        ),
    )


def _fall(analysis: Analysis, found: Losses, mix: int) -> Sentence:
    """Sentence on drops that fall as load rises, and the cause of those; "" where none do."""
    data = analysis.data
    if not data.has(DROPS):
        return fixed("")
    samples = np.moveaxis(data.values(DROPS)[mix], 0, -2)  # (rings, columns, loads, pairs)
    falls = stats.fall(samples)
    sure, series = falls.p < stats.RISK, int(((np.isfinite(samples).sum(axis=-1) >= 2).sum(axis=-1) >= 2).sum())
    claim = FallsWithLoad(data.mixes[mix], int(sure.sum()), series, stats.RISK)
    if not sure.any():
        return Sentence("", claim)
    among = np.where(sure & (np.arange(len(data.columns)) == 0), falls.p - 1, np.where(sure, falls.p, np.inf))
    ring, column = map(int, np.unravel_index(among.argmin(), among.shape))  # the baseline's if they fall, the surest
    ends = [(mix, int(load), ring, column) for load in (falls.first[ring, column], falls.last[ring, column])]
    points = [at(data.mixes[mix], data.loads[end[1]], data.rings[ring], data.columns[column]) for end in ends]
    drops, claims = [float(analysis.mean(DROPS)[end]) for end in ends], list[Claim]([claim])
    claims += [
        MeanOfPoint(DROPS, point, Number(value, format.percent(value), 100))
        for point, value in zip(points, drops, strict=True)
    ]
    causes = list(dict.fromkeys(found.causes[found.first[end]] for end in ends if found.first[end] >= 0))
    loads = [f"load {data.loads[end[1]]:g}" for end in ends]
    text = (
        f"{data.mixes[mix]}: drops fall as load rises in {int(sure.sum())} of {series} series of ring and strategy,"
        f" such as {data.columns[column]}, ring {data.rings[ring]}: {format.percent(drops[0])} % at {loads[0]},"
        f" {format.percent(drops[1])} % at {loads[1]}, lost {format.joined([cause.place for cause in causes])}"
    )
    claims += [
        LostTo(found.causes[found.first[end]].counter.name, point, 1, int(found.shown[end]))
        for end, point in zip(ends, points, strict=True)
        if found.first[end] >= 0
    ]
    if not data.has("episodes"):
        return Sentence(f"{text}.", *claims)
    seen = [float(np.nansum(data.values("episodes")[end])) for end in ends]
    claims += [
        Extreme("largest", "sum(episodes)", point, Number(number, f"{number:,.0f}"))
        for point, number in zip(points, seen, strict=True)
    ]
    times = f"{format.count(seen[0], data.episode(mix))} at {loads[0]}, {seen[1]:,.0f} at {loads[1]}"
    return Sentence(f"{text}; seen were {times}.", *claims)


def _share(found: Losses, where: tuple[int, ...], number: int) -> Number:
    share = float(found.shares[(*where, number)])
    return Number(share, format.percent(share), 100)


def _share_claim(found: Losses, number: int, point: str, share: Number) -> Extreme:
    return Extreme("largest", _part(found, number), point, share)


def _sum(found: Losses) -> str:
    """SQL of all that a row or point has dropped."""
    return " + ".join(f"coalesce({cause.counter.name}, 0)" for cause in found.causes)


def _part(found: Losses, number: int) -> str:
    """SQL of the share of a cause in what the rows of a point have dropped."""
    return f"sum({found.causes[number].counter.name}) / nullif(sum({_sum(found)}), 0)"


def _dropping(found: Losses) -> str:
    return f"{_sum(found)} > 0"


def _leads(found: Losses, number: int) -> str:
    """SQL condition of points: a cause has lost most of what is dropped, and of equal ones the first."""
    own, names = f"coalesce({found.causes[number].counter.name}, 0)", [cause.counter.name for cause in found.causes]
    rivals = [
        f"{own} {'>' if place < number else '>='} coalesce({name}, 0)"
        for place, name in enumerate(names)
        if place != number
    ]
    return both(f"{own} > 0", *rivals)


def _command(analysis: Analysis, cause: Cause) -> str:
    """The command that says whether, or from which ring on, drops are low; VALUE is what to try of a knob."""
    words = resume.recorded_arguments(reproduction.command(analysis.data.metadata) or "sweep run FILE")
    file = words[2] if len(words) > 2 and not words[2].startswith("-") else "FILE"
    objective = f'--objective "{DROPS} < {format.percent(low_drops.LOST)} %"'
    knob = "" if cause.knob == "ring" else f' --set "{cause.knob}=VALUE"'
    return f"sweep size {shlex.quote(file)} {objective}{knob}"


def sentence_case(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}"


def parts(analysis: Analysis) -> dict[str, Array]:
    """Packets lost to each cause, in percent of those offered, shape of the cube without pairs."""
    data, found = analysis.data, analysis.data.losses
    if found is None:
        return {}
    offered = np.nansum(data.values("offered_packets"), axis=-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        shares = np.where(offered[..., None] > 0, 100 * found.counts / offered[..., None], np.nan)
    return {cause.short: shares[..., number] for number, cause in enumerate(found.causes)}


LIVE = Split("losses", TITLE, "cause", "dropped, %", "dropped, % of the packets offered", "%", parts)
PANELS = (Panel(section, views.DROPS, LIVE),)
