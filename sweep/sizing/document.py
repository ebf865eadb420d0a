# SPDX-License-Identifier: MIT
"""The answer as a document like the report: a line per mix and load, a table per mix, footnotes."""

from __future__ import annotations

from collections.abc import Iterator

from sweep import format
from sweep.document.blocks import Cell, Document, Paragraph, Section, Table
from sweep.results.outcome import DROPS_OPEN, WITHIN

from ..evidence import FEWEST_EPISODES
from ..stats import Estimate
from . import lost
from .answer import IMPLIED, SIMULATED, Rung, SearchAnswer, SizedMix, SizedSeries, SizingAnswer
from .contest import ContestState
from .directions import OVERLOAD, shape

MIB = 1 << 20
MARKS = {
    ("meets", SIMULATED): "+", ("fails", SIMULATED): "-", ("undecided", SIMULATED): "?",
    ("meets", IMPLIED): "⁺", ("fails", IMPLIED): "⁻",
}  # fmt: skip
SKIPPED_MARK = "·"
MOST_MARKS = 16  # most rings for which each gets a mark of its own
ABSENT = Cell(format.MISSING, "missing")


def document(answer: SizingAnswer) -> Document:
    """The answer as a document."""
    objectives = " and ".join(each.text for each in answer.objectives)
    share = format.percent(answer.wanted / max(answer.grid, 1))
    return Document(
        title=f"{answer.name}: the smallest ring with {objectives}",
        subtitle=(
            f"At {100 * answer.confidence:g} % confidence per series, judged after {looks_text(answer)} replicates. "
            f"Took {answer.wanted:,} of {answer.grid:,} simulations ({share} %), "
            f"{packets_text(answer.wanted_packets)} of {packets_text(answer.grid_packets)} packets."
        ),
        sections=(
            Section("Verdict", (_verdicts(answer),)),
            Section("Smallest rings", tuple(_mix(answer, mix) for mix in answer.mixes)),
            Section("How it was found", tuple(map(Paragraph, _method(answer)))),
        ),
    )


def looks_text(answer: SearchAnswer) -> str:
    """The replicates at which was looked: "2, 4 and 8"."""
    *early, last = map(str, answer.looks)
    return f"{', '.join(early)} and {last}" if early else last


def packets_text(packets: int) -> str:
    """A number of packets: "1.4 M", "9,000"."""
    return f"{packets / 1e6:,.1f} M" if packets >= 1e6 else f"{packets:,}"


def _verdicts(answer: SizingAnswer) -> Table:
    """A table with a line per mix and load."""
    header = ("mix, load", "rx", "pool", "best", "ns per, packet", "held, MiB", "next")
    rows = tuple(_verdict(answer, verdict) for verdict in answer.verdicts)
    legend = (
        "To apply: ethtool -G DEV rx N, and have the driver ask page_pool for a pool of that size. best: fewest ns per "
        "packet, each strategy at its own smallest ring; next: the nearest that is shown to be worse, and by how much. "
        "≤: no smaller one is on the axis, or it is undecided whether one will do."
    )
    return Table("The ring that each mix and load asks for", header, rows, legend=legend)


def _verdict(answer: SizingAnswer, verdict: SizedMix) -> tuple[Cell, ...]:
    place, standing = Cell(f"{verdict.mix} {verdict.load:g}"), verdict.standing
    if standing is None:
        return (place, ABSENT, ABSENT, _none(answer, verdict), ABSENT, ABSENT, ABSENT)
    best = verdict.series[standing.best]
    assert best.answer is not None  # it would be no contender
    return (
        place,
        Cell(_ring(best), notes=tuple(_doubts(answer, best))),
        _pool(best),
        _best(verdict, standing),
        _cost(best, notes=_ties(verdict, standing)),
        _held(best),
        _following(verdict, standing),
    )


def _best(verdict: SizedMix, standing: ContestState) -> Cell:
    """A cell with the best strategy, or with the one that may be; footnotes on those undecided."""
    names, winner = [each.column for each in verdict.series], standing.outcome.winner
    not_compared = ", ".join(each.column for each in verdict.series if each.answer is None and not each.decided)
    notes = (f"undecided, so not compared: {not_compared}",) if not_compared else ()
    if standing.outcome.decided:
        return Cell(names[standing.best], "best", notes=notes)
    others = ", ".join(names[column] for column in (*winner.open, *standing.outcome.faster_droppers))
    reason = DROPS_OPEN if standing.outcome.drops_open else f"undecided after {standing.replicates} replicates"
    would_decide = f"; about {winner.needed} would decide" if winner.needed is not None else ""
    return Cell(f"?{names[standing.best]}", "tie", notes=(f"or {others}: {reason}{would_decide}", *notes))


def _ties(verdict: SizedMix, standing: ContestState) -> tuple[str, ...]:
    names = ", ".join(verdict.series[column].column for column in standing.outcome.winner.close)
    return (f"shown to be {WITHIN} of it: {names}",) if names else ()


def _following(verdict: SizedMix, standing: ContestState) -> Cell:
    """A cell with the runner-up and its distance; only the variant if it is of the same strategy as the best."""
    if standing.runner_up is None:
        return ABSENT
    best, other = verdict.series[standing.best], verdict.series[standing.runner_up]
    variant = other.column.removeprefix(other.strategy).strip()
    behind = standing.behind[standing.runner_up]
    return Cell(
        f"{variant if variant and other.strategy == best.strategy else other.strategy} {_percent(behind)}",
        detail=f"{other.column}: {format.percent(float(behind.low))} to {format.percent(float(behind.high))} % more",
    )


def _percent(behind: Estimate) -> str:
    return f"{format.percent(float(behind.center), signed=True)} %"


def _none(answer: SizingAnswer, verdict: SizedMix) -> Cell:
    """A cell for a mix and load at which no strategy has a ring that is shown to meet the objectives: why."""
    series = [sized_series for sized_series in verdict.series if sized_series.rungs]
    unmeasured = {metric for sized_series in series for metric in sized_series.unmeasured}
    if unmeasured:
        return Cell("not measured", "missing", notes=(f"{', '.join(sorted(unmeasured))} has no value here",))
    if all(sized_series.decided for sized_series in series):
        rings = format.ranges(
            sorted({float(ring) for sized_series in series for ring in sized_series.rings}), counted=False
        )
        return Cell(
            f"none of the rings {rings}", "worse", notes=lost.notes((each.column, each.lost) for each in series)
        )
    names = ", ".join(sized_series.column for sized_series in series if not sized_series.decided)
    undecided = [sized_series for sized_series in series if not sized_series.decided]
    needs_most = max(undecided, key=lambda sized_series: sized_series.wanted or 0)
    would_decide = f"; {_would(needs_most)}" if all(sized_series.wanted for sized_series in undecided) else ""
    reason = next((f", {sized_series.why}" for sized_series in undecided if sized_series.why), "")
    undecided_note = f"undecided after {answer.looks[-1]} replicates{reason}: {names}{would_decide}"
    return Cell("none is shown to do", "tie", notes=(undecided_note,))


def _would(each: SizedSeries) -> str:
    """ "about 90 replicates (1.4 M packets) would decide"."""
    if each.wanted is None:
        return "more would hardly decide"
    packets = packets_text(each.wanted * each.window_packets)
    return f"about {each.wanted:,} replicates ({packets} packets) would decide"


def _doubts(answer: SizingAnswer, each: SizedSeries) -> Iterator[str]:
    """Footnotes of a series: what is undecided, not measured, or contradicts the assumptions."""
    if each.unmeasured:
        yield f"{', '.join(each.unmeasured)} has no value here"
    elif not each.decided:
        fails = f"{_named(answer, each.fails_to)} fails" if each.fails_to else "the smallest ring is undecided"
        meets_text = (
            f"{_named(answer, each.answer)} does, what is between is undecided"
            if each.answer
            else "no ring is shown to do"
        )
        reason = f", {each.why}" if each.why else ""
        yield f"{fails}, {meets_text} after {answer.looks[-1]} replicates{reason}; {_would(each)}"
    elif each.lost:
        yield each.lost.text
    if not each.asked:
        yield "no objective speaks of it, so any ring does"
    if each.contradictions:
        further = f", and {len(each.contradictions) - 1} more like it" if len(each.contradictions) > 1 else ""
        yield f"no ring speaks for another here: {each.contradictions[0]}{further}"


def _named(answer: SizingAnswer, rung: Rung) -> str:
    """A rung as text: "ring 512", or "ring 512 with pool 64" if pools are searched too."""
    pool = f" with pool {rung.pool_size}" if len(answer.pools) > 1 and rung.pool_size is not None else ""
    return f"ring {rung.ring}{pool}"


def _mix(answer: SizingAnswer, mix: str) -> Table:
    """The table of one mix, with a row per load and column."""
    rows = [
        _row(answer, verdict, number)
        for verdict in answer.verdicts
        if verdict.mix == mix
        for number, sized_series in enumerate(verdict.series)
        if sized_series.rungs
    ]
    drawn = len(answer.pools) == 1 and len(answer.rings) <= MOST_MARKS
    strip_heading = f"{answer.rings[0]}…{answer.rings[-1]}" if drawn else "simulated"
    header = ("load, strategy", "ring", "pool", "ns/packet", "behind, %", "drops, %", "held, MiB", strip_heading)
    legend = ""
    if drawn and mix == answer.mixes[-1]:
        legend = (
            "Rings from the smallest: + meets, - fails, ? undecided after the last look; not simulated: ⁺ ⁻ implied by "
            f"those that were, {SKIPPED_MARK} not needed."
        )
    return Table(mix, header, tuple(rows), legend=legend)


def _row(answer: SizingAnswer, verdict: SizedMix, number: int) -> tuple[Cell, ...]:
    sized_series, standing = verdict.series[number], verdict.standing
    name, strip = Cell(f"{verdict.load:g} {sized_series.column}"), Cell(_strip(answer, sized_series))
    notes = tuple(_doubts(answer, sized_series))
    if sized_series.answer is None:
        return (
            name,
            Cell(_ring(sized_series), "worse" if sized_series.decided else "tie", notes=notes),
            *[ABSENT] * 5,
            strip,
        )
    best = standing is not None and number == standing.best
    behind = standing.behind.get(number) if standing is not None else None
    return (
        name,
        Cell(_ring(sized_series), notes=notes),
        _pool(sized_series),
        _cost(sized_series, "best" if best else ""),
        Cell(format.percent(float(behind.center), signed=True)) if behind is not None else ABSENT,
        _drops(sized_series),
        _held(sized_series),
        strip,
    )


def _strip(answer: SizingAnswer, each: SizedSeries) -> str:
    if len(answer.pools) > 1 or len(answer.rings) > MOST_MARKS:
        return f"{sum(rung.how == SIMULATED for rung in each.rungs)} of {len(each.rungs)}"
    marks = {rung.ring: MARKS.get((rung.word, rung.how), SKIPPED_MARK) for rung in each.rungs}
    return "".join(marks.get(ring, " ") for ring in answer.rings)


def _ring(each: SizedSeries) -> str:
    """The smallest ring as text: "512", "≤ 512" if a smaller one may do, "none", or "?" if undecided."""
    if each.answer is None:
        return "none" if each.decided else "?"
    return format.on_axis(each.answer.ring, each.rings) if each.decided else f"≤ {each.answer.ring}"


def _pool(each: SizedSeries) -> Cell:
    """A cell with the smallest pool at the answer's ring; "≤ 64" if pools were searched and 64 is the smallest."""
    if each.answer is None or each.answer.pool_size is None:
        return ABSENT
    pools = each.pools(each.answer.ring)
    return Cell(format.on_axis(each.answer.pool_size, pools) if len(pools) > 1 else f"{each.answer.pool_size}")


def _cost(each: SizedSeries, tone: str = "", notes: tuple[str, ...] = ()) -> Cell:
    if each.ns is None:
        return ABSENT
    interval = f"{format.significant(float(each.ns.low))} to {format.significant(float(each.ns.high))} ns"
    return Cell(format.significant(float(each.ns.center)), tone, _known(each.ns, interval), notes)


def _drops(each: SizedSeries) -> Cell:
    if each.drop_ratio is None:
        return ABSENT
    interval = f"{format.percent(float(each.drop_ratio.low))} to {format.percent(float(each.drop_ratio.high))} %"
    return Cell(format.percent(float(each.drop_ratio.center)), detail=_known(each.drop_ratio, interval))


def _known(found: Estimate, interval: str) -> str:
    return f"{interval if found.known else 'too little seen for an interval'}, n={int(found.pairs)}"


def _held(each: SizedSeries) -> Cell:
    return Cell(format.coarse(each.held_bytes / MIB))


def _method(answer: SizingAnswer) -> Iterator[str]:
    risk = f"{100 * (1 - answer.confidence):.3g}"
    yield (
        "A ring meets the objectives if the whole one-sided interval of each metric is on the right side of its bound, "
        f"and fails if that of one is whole on the wrong side. The risk of a series, {risk} %, is divided among its "
        "rings and looks (Lan and DeMets), so looking early and stopping does not make it larger. A ring that is the "
        "answer was simulated, with as many replicates as any ring under the same mix and load has needed. Losses and "
        "allocations come in clumps, so stalls, bursts or busy periods are counted in place of packets: fewer than "
        f"{FEWEST_EPISODES} never show that a ring does, and one more that was not seen may lose more. "
        "Replicates that are too bad for a mean within the bound show that a ring fails, however few they are (Ville)."
    )
    yield (
        "The best takes the fewest ns per packet, compared replicate by replicate, with Holm's adjustment and a risk "
        f"of {risk} % per mix and load, divided among looks likewise. As in a report, one that drops more does not win."
    )
    known = [each for each in answer.objectives if shape(each.metric).of_badness(each.sign).ring]
    for each in dict.fromkeys(objective.metric for objective in known):
        form = shape(each)
        way = "rises" if form.ring > 0 else "falls"
        where = f" where at most {OVERLOAD:.0%} of the packets are dropped" if form.calm else ""
        yield (
            f"Assumed: {each} {way} with the ring{where}{' and may turn' if form.turns else ''}: {form.why}. Where "
            "what was simulated contradicts that beyond doubt, no ring speaks for another, and a footnote says so."
        )
    others = dict.fromkeys(each.metric for each in answer.objectives if each not in known)
    for metric in others:
        yield f"Of {metric} nothing is assumed: every ring below an answer was simulated."
    if answer.missing:
        yield f"{format.count(answer.missing, 'simulation')} of those wanted gave no valid row."
