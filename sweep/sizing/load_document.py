# SPDX-License-Identifier: MIT
"""The highest loads as a document: a line per mix and ring, a table per mix, footnotes."""

from __future__ import annotations

from collections.abc import Iterator

from sweep import format
from sweep.document.blocks import Cell, Document, Paragraph, Section, Table
from sweep.fields.spread import DROPS

from ..evidence import FEWEST_EPISODES
from ..stats import Estimate
from . import lost
from .bracket import CHECKS
from .directions import shape
from .document import ABSENT, looks_text, packets_text
from .judge import bound
from .load_answer import LoadAnswer, Probe, SizedLoad, SizedRing, quoted_load
from .loads import DIGITS


def load_document(answer: LoadAnswer) -> Document:
    """The answer as a document."""
    objectives = " and ".join(each.text for each in answer.objectives)
    share = format.percent(answer.wanted_packets / max(answer.grid_packets, 1))
    return Document(
        title=f"{answer.name}: the highest load with {objectives}",
        subtitle=(
            f"Among {len(answer.loads)} loads from {_load(answer.loads[0])} to {_load(answer.loads[-1])}, neighbours "
            f"at most {format.percent(answer.step)} % apart. At {100 * answer.confidence:g} % confidence per series, "
            f"judged after {looks_text(answer)} replicates. Took {answer.wanted:,} simulations, "
            f"{packets_text(answer.wanted_packets)} packets: {share} % of what all loads would take."
        ),
        sections=(
            Section("Verdict", (_verdicts(answer),)),
            Section("Highest loads", tuple(_mix(answer, mix) for mix in answer.mixes)),
            Section("How it was found", tuple(map(Paragraph, _method(answer)))),
        ),
    )


def _load(load: float) -> str:
    return f"{load:.{DIGITS}g}"


def _verdicts(answer: LoadAnswer) -> Table:
    header = ("mix, ring", "highest, load", "Mpps", "Gbit/s", "best", "next")
    legend = (
        "best: the highest load that is shown to meet the objectives; next: the highest of those that are shown to "
        "fail there. ≥: higher loads are undecided, or were not searched. Mpps and Gbit/s at that load: packets "
        "delivered, forwarded or dropped on purpose, of all queues, in bits of frames with FCS, without preamble and "
        "gap. load: share of the packet rate of the link."
    )
    rows = tuple(_verdict(answer, verdict) for verdict in answer.verdicts)
    return Table("The highest load of each mix and ring", header, rows, legend=legend)


def _verdict(answer: LoadAnswer, verdict: SizedRing) -> tuple[Cell, ...]:
    place, best = Cell(f"{verdict.mix} {verdict.ring}"), verdict.best
    if best is None or best.quoted is None:
        return (place, _none(answer, verdict), *[ABSENT] * 4)
    return (
        place,
        Cell(_highest(best), notes=tuple(_doubts(answer, best))),
        _rate(best.quoted),
        _bits(best.quoted),
        _best(answer, verdict, best),
        _following(answer, verdict),
    )


def _none(answer: LoadAnswer, verdict: SizedRing) -> Cell:
    """A cell for a mix and ring at which no load is shown to meet the objectives: why."""
    if all(each.none for each in verdict.series):
        lowest = min(each.loads[0] for each in verdict.series)
        notes = lost.notes((_column(each), each.lost) for each in verdict.series)
        return Cell(f"none: {_load(lowest)} fails", "worse", notes=notes)
    names = ", ".join(_column(each) for each in verdict.series if not each.none)
    return Cell("none is shown", "tie", notes=(f"undecided after {answer.looks[-1]} replicates, see below: {names}",))


def _best(answer: LoadAnswer, verdict: SizedRing, best: SizedLoad) -> Cell:
    """A cell with the best column; footnotes on those that do as much, or may."""
    if not verdict.rivals:
        return Cell(_column(best), "best")
    level, notes = quoted_load(best), []
    equal = [_column(each) for each in verdict.rivals if quoted_load(each) >= level]
    open_ = [_column(each) for each in verdict.rivals if quoted_load(each) < level]
    if equal:
        notes.append(f"as much: {', '.join(equal)}")
    if open_:
        notes.append(f"or {', '.join(open_)}: undecided after {answer.looks[-1]} replicates")
    return Cell(f"?{_column(best)}" if open_ else _column(best), "tie", notes=tuple(notes))


def _following(answer: LoadAnswer, verdict: SizedRing) -> Cell:
    rivals = (verdict.best, *verdict.rivals)
    others = [each for each in verdict.series if each not in rivals and each.quoted is not None]
    if not others:
        return ABSENT
    other = max(others, key=quoted_load)
    return Cell(f"{_column(other)} {_highest(other)}")


def _column(each: SizedLoad) -> str:
    return each.column if each.pool_size is None else f"{each.column} (pool={each.pool_size})"


def _highest(each: SizedLoad) -> str:
    """The load as text: "0.413", "≥ 1" if all meet, "none", "?" if none is shown to meet, "0.41 seen" without proof."""
    if each.hopeless and each.quoted:
        return f"{_load(each.quoted.load)} seen"
    if each.highest is None:
        return "none" if each.none else "?"
    return f"≥ {_load(each.highest.load)}" if each.all or not each.decided else _load(each.highest.load)


def _doubts(answer: LoadAnswer, each: SizedLoad) -> Iterator[str]:
    """Footnotes of a series: what is undecided, not measured, or contradicts the assumption."""
    if each.unmeasured:
        yield f"{', '.join(each.unmeasured)} has no value here"
    elif not each.decided and not each.contradictions:
        yield _undecided(answer, each)
    elif each.none and each.lost:
        yield each.lost.text
    if not each.asked:
        yield "no objective speaks of it, so any load does"
    if each.contradictions:
        further = f", and {len(each.contradictions) - 1} more like it" if len(each.contradictions) > 1 else ""
        yield f"more load is not always worse here, so other loads may do otherwise: {each.contradictions[0]}{further}"


def _undecided(answer: LoadAnswer, each: SizedLoad) -> str:
    replicates, fails = answer.looks[-1], each.fails_from
    failing = f"{_load(fails.load)} fails" if fails else "no load is shown to fail"
    if each.hopeless:
        never = [objective.metric for objective in answer.objectives if bound(objective) <= 0]
        seen = f"{' and '.join(never)} was 0 in {each.quoted.replicates if each.quoted else 0} windows"
        standard = " the throughput of RFC 2544 with trials as long as these;" if DROPS in never else ""
        return (
            f"{seen} of {each.window_packets:,} packets, and {failing}:{standard} that it is always 0, no number of "
            "packets shows"
        )
    meeting = f"{_load(each.highest.load)} meets" if each.highest else "none is shown to meet"
    reason = f", {each.why}" if each.why else ""
    would = "more would hardly decide"
    if each.wanted is not None:
        packets = packets_text(each.wanted * each.window_packets)
        would = f"about {each.wanted:,} replicates ({packets} packets each load) would decide"
    return f"{meeting}, {failing}, what is between is undecided after {replicates} replicates{reason}; {would}"


def _mix(answer: LoadAnswer, mix: str) -> Table:
    """The table of one mix, with a row per ring and column."""
    verdicts = [verdict for verdict in answer.verdicts if verdict.mix == mix]
    rows = tuple(_row(answer, verdict, each) for verdict in verdicts for each in verdict.series)
    header = (
        "ring, strategy",
        "highest, load",
        "fails, from",
        "Mpps",
        "Gbit/s",
        "ns/packet",
        "drops, %",
        "loads, tried",
    )
    return Table(mix, header, rows)


def _row(answer: LoadAnswer, verdict: SizedRing, each: SizedLoad) -> tuple[Cell, ...]:
    found, fails = each.quoted, each.fails_from
    tone = "worse" if each.none else "" if each.decided else "tie"
    return (
        Cell(f"{each.ring} {_column(each)}"),
        Cell(_highest(each), tone, notes=tuple(_doubts(answer, each))),
        Cell(_load(fails.load)) if fails else ABSENT,
        _rate(found) if found else ABSENT,
        _bits(found) if found else ABSENT,
        Cell(format.significant(float(found.ns.center)), "", _interval(found.ns, 1, "ns")) if found else ABSENT,
        Cell(format.percent(float(found.drop_ratio.center)), "", _interval(found.drop_ratio, 100, "%"))
        if found
        else ABSENT,
        Cell(f"{len(each.probes)} of {len(each.loads)}"),
    )


def _rate(probe: Probe) -> Cell:
    return Cell(
        format.significant(float(probe.packets_per_s.center) / 1e6), "", _interval(probe.packets_per_s, 1e-6, "Mpps")
    )


def _bits(probe: Probe) -> Cell:
    return Cell(format.significant(probe.gbit_per_s))


def _interval(found: Estimate, scale: float, unit: str) -> str:
    if not found.known:
        return f"too little seen for an interval, n={int(found.pairs)}"
    low, high = (format.significant(float(end) * scale) for end in (found.low, found.high))
    return f"{low} to {high} {unit}, n={int(found.pairs)}"


def _method(answer: LoadAnswer) -> Iterator[str]:
    risk = f"{100 * (1 - answer.confidence):.3g}"
    yield (
        "A load meets the objectives if the whole one-sided interval of each metric is on the right side of its bound, "
        "and fails if that of one is whole on the wrong side; else it is undecided. The answer lies between the "
        "highest load that meets and the lowest that fails, found by halving: each load has 2 replicates first, and "
        f"more where it is close. The risk of a series, {risk} %, is divided among the loads of one path of the "
        f"halving, {CHECKS} more below the answer, and the looks at each (Lan and DeMets). Losses and allocations come "
        f"in clumps, so fewer than {FEWEST_EPISODES} stalls, bursts or busy periods never show that a load meets."
    )
    yield (
        "A column is shown to be lower than the best only where it fails at or below the load at which the best meets, "
        "each at the confidence of its own series."
    )
    for metric in dict.fromkeys(each.metric for each in answer.objectives):
        basis = "no pair of loads of mm_summit_2016 contradicts it" if shape(metric).load else "not checked elsewhere"
        yield (
            f"Assumed: more load never makes {metric} better ({basis}). {CHECKS} loads below the answer were simulated "
            "too; a footnote says where one fails, or is worse than a higher one beyond doubt."
        )
    if answer.missing:
        yield f"{format.count(answer.missing, 'simulation')} of those wanted gave no valid row."
