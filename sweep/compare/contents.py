# SPDX-License-Identifier: MIT
"""A comparison as a document: the verdict, what was changed, the worst regressions, and a line per metric.

Passed comparisons are counted, not listed; `--format json` lists all.
"""

from __future__ import annotations

import numpy as np

from sweep import format
from sweep.document.blocks import Block, Cell, Document, Paragraph, Section, Table
from sweep.fields.parameter import TIME
from sweep.stats.margins import Verdict
from sweep.units import rounded_up, time_text

from . import wording
from .comparison import PASSED, REGRESSED, TOO_LITTLE, Comparison, confidence_of, looks
from .gate_self_test import MADE_WORSE, SelfTest
from .margins import share
from .measured import Integers
from .pairing import Pairing

SHOWN = 6  # comparisons in a list
USUAL_PAIRS = 5
DURATION = "duration"  # column: length of the window in ns, if the sweep file gives it as a time
CELLS = "Cells that are worse, open, passed, and of these equal; the mean change, and the worst:"


def document(found: Comparison | SelfTest) -> Document:
    """The comparison, or self-test, as a document of about one screen of text."""
    if isinstance(found, SelfTest):
        return _self_tested(found)
    sections = [
        _listed(found, Verdict.REGRESSED, "Regressed, worst first"),
        Section("Metric by metric", (_metrics(found), Paragraph(_method(found)))),
    ]
    if found.verdict == TOO_LITTLE:
        sections.insert(0, _listed(found, Verdict.UNDECIDED, "Too little data, closest to regressed first"))
    return Document(_headline(found), _about(found), tuple(section for section in sections if section.blocks))


def _self_tested(found: SelfTest) -> Document:
    inner = found.comparison
    missed = [place for place, _ in found.unfound()]
    total = len(inner.gate.rules)
    rules = format.count(total, "rule")
    able = "this gate can fail" if not missed else "this gate cannot fail"
    title = f"SELF-TEST: {MADE_WORSE}; found by {total - len(missed):,} of {rules} of {inner.gate.file}: {able}."
    alone = int((inner.judged.alone & (inner.judged.verdicts == Verdict.REGRESSED)).sum())
    power = f"Found in {inner.count(Verdict.REGRESSED):,} of {_comparisons(len(inner))} made worse together."
    power += f" If one alone were made worse, {alone:,} of them would be found."
    why = [Paragraph(text) for _, text in found.unfound()]
    return Document(title, power, (Section("Metric by metric", (_metrics(inner), *why)),))


def _headline(found: Comparison) -> str:
    total = len(found)
    count = {verdict: found.count(verdict) for verdict in Verdict}
    passed = [
        f"{count[verdict]:,} {word}"
        for verdict, word in (
            (Verdict.EQUIVALENT, "equivalent"),
            (Verdict.BETTER, "better"),
            (Verdict.NOT_WORSE, "not worse"),
        )
        if count[verdict]
    ]
    accepted = count[Verdict.UNDECIDED] - int(found.open.sum())
    if found.verdict == PASSED and accepted:
        return (
            f"PASS: all {_comparisons(total - accepted)} that have to be are shown to be within their margins: "
            f"{', '.join(passed)}; {accepted:,} undecided, which the gate accepts."
        )
    if found.verdict == PASSED:
        return f"PASS: all {_comparisons(total)} are shown to be within their margins: {', '.join(passed)}."
    undecided = f"{count[Verdict.UNDECIDED]:,} undecided"
    if found.verdict == REGRESSED:
        rest = ", ".join([*([undecided] if count[Verdict.UNDECIDED] else []), *passed])
        bad = count[Verdict.REGRESSED]
        are = "is" if bad == 1 else "are"
        return f"REGRESSED: {bad:,} of {_comparisons(total)} {are} worse than accepted, beyond doubt" + (
            f"; {rest}." if rest else "."
        )
    rest = f"; {', '.join(passed)}" if passed else ""
    open_ones = int(found.open.sum())
    rest += f"; {accepted:,} more undecided, which the gate accepts" if accepted else ""
    are = "is" if open_ones == 1 else "are"
    return (
        f"TOO LITTLE DATA: {open_ones:,} of {_comparisons(total)} {are} undecided; none is shown to be worse than "
        f"accepted{rest}."
    )


def _comparisons(number: int) -> str:
    return format.count(number, "comparison")


def _about(found: Comparison) -> str:
    """The subtitle: sides, number of cells and pairs, gate, and what was changed."""
    pairing = found.pairing
    pairs = found.judged.worsening.pairs
    least, most = int(pairs[pairs > 0].min(initial=pairs.max())), int(pairs.max())
    lines = [
        f"NEW {pairing.new.title} against BASE {pairing.base.title}"
        + (f" in {pairing.base.location}" if pairing.base.strategy else ""),
        f"{format.count(int(pairing.common.sum()), 'common cell')}, "
        + (f"{least} to {most} pairs" if least < most else format.count(most, "pair"))
        + " in each",
        *_gaps(pairing),
        f"gate {found.gate.file}",
    ]
    return " · ".join(lines) + ".  Changed: " + "; ".join(found.changed) + "."


def _gaps(pairing: Pairing) -> list[str]:
    """Texts on cells that only one side has, and on invalid rows."""
    lost = pairing.cells - int(pairing.common.sum())
    said = [f"{format.count(lost, 'cell')} of BASE not in NEW"] if lost else []
    if pairing.only_new:
        said.append(f"{format.count(pairing.only_new, 'cell')} of NEW not in BASE, left out")
    for side in (pairing.base, pairing.new):
        if side.invalid:
            said.append(f"{format.count(side.invalid, 'invalid row')} of {side.name} set aside")
    return said


def _listed(found: Comparison, verdict: Verdict, title: str) -> Section:
    """A section with the first comparisons of a verdict, and how many more there are."""
    places = found.which(verdict)
    if not places:
        return Section(title, ())
    open_ones = verdict == Verdict.UNDECIDED
    header = ("metric", "cell", "BASE → NEW", "change", "margin", *(["pairs"] if open_ones else []))
    rows = tuple(_row(found, place, open_ones) for place in places[:SHOWN])
    more = len(places) - SHOWN
    caption = f"{SHOWN} of {len(places):,}; --format json lists all:" if more > 0 else f"{len(places):,} in all:"
    blocks: list[Block] = [Table(caption, header, rows, prose=True)]
    if open_ones:
        blocks.append(Paragraph(_next(found, places)))
    else:
        rules = [found.gate.rules[place] for place in dict.fromkeys(found.rule[places[:SHOWN]].tolist())]
        reasons = dict.fromkeys((rule.margin.text, rule.why) for rule in rules if rule.why)
        blocks += [Paragraph(f"Margin {margin}: {why}.") for margin, why in reasons]
    return Section(title, tuple(blocks))


def _row(found: Comparison, place: int, open_ones: bool) -> tuple[Cell, ...]:
    """The row of a comparison; an open one with the pairs that it has and those that would decide it."""
    cells = (
        Cell(found.rule_of(place).metric),
        Cell(found.pairing.words(int(found.cell[place]))),
        Cell(wording.values(found, place)),
        Cell(wording.change(found, place), "" if open_ones else "worse", "", wording.notes(found, place)),
        Cell(wording.accepted(found, place)),
    )
    if not open_ones:
        return cells
    pairs, needed = int(found.judged.worsening.pairs[place]), int(found.needed[place])
    return (*cells, Cell(f"{pairs} of {needed}" if needed else str(pairs)))


def _next(found: Comparison, places: list[int]) -> str:
    """Text on what would decide the open comparisons, with the commands."""
    pairs, needed = found.judged.worsening.pairs[places], found.needed[places]
    unseen = found.too_little_seen[places] & (pairs >= 2)
    commands = [found.pairing.base.command, found.pairing.new.command]
    said = []
    missing = int((pairs == 0).sum())
    if missing:
        said.append(
            f"{missing:,} have no value in NEW: run it with the sweep file of BASE, or say `cells: common` in the gate."
        )
    single = int((pairs == 1).sum())
    wanted = max(int(needed.max()), USUAL_PAIRS if single else 0)
    if single:
        said.append(f"{single:,} have one pair: 2 are needed at least, {USUAL_PAIRS} are usual.")
    if needed.any():
        said.append(f"About {int(needed.max()):,} pairs would decide {int((needed > 0).sum()):,} of {len(places):,}.")
    if unseen.any():
        said.append(_unseen(found, [place for place, few in zip(places, unseen, strict=True) if few]))
    if wanted:
        again = " and ".join(dict.fromkeys(f"`{command} --set replicates={wanted}`" for command in commands))
        said.append(f"Next: {again}{_or_longer(found, wanted) if unseen.any() else ''}.")
    far = int(((pairs >= 2) & (needed == 0) & ~unseen).sum())
    if far:
        said.append(f"{far:,} lie so close to their margin that no number of pairs within reach would decide.")
    return " ".join(said)


def _unseen(found: Comparison, places: list[int]) -> str:
    """Text on how many open comparisons have seen too few episodes, with the one that has seen the fewest."""
    fewest = min(places, key=lambda place: float(found.measured.enough.seen[place]))
    text = f"{len(places):,} of them have seen too little"
    if found.measured.enough.seen[fewest] == 0:
        word = found.episode_word(fewest)
        return f"{text}: no {word} in any pair, so windows have to be longer (`--set packets=...`) to hold some."
    return (
        f"{text}: {wording.seen(found, fewest)}."
        if len(places) > 1
        else f"It waits for more: {wording.seen(found, fewest)}."
    )


def _or_longer(found: Comparison, wanted: int) -> str:
    """Text with the option for longer windows that hold as many packets as `wanted` pairs; "" if unknown."""
    table, pairs = found.pairing.base.table, int(found.judged.worsening.pairs.max())
    if not {"packets", "warmup"} <= set(table.column_names) or not pairs:
        return ""
    durations = table.column(DURATION).unique().to_pylist() if DURATION in table.column_names else []
    if len(durations) == 1 and durations[0] is not None:
        longer_ps = rounded_up(-(-round(durations[0] * TIME.scale) * wanted // pairs))
        return f", or longer windows in both: `--set duration='{time_text(longer_ps)}'`"
    packets, warmup = (table.column(name).unique().to_pylist() for name in ("packets", "warmup"))
    if len(packets) > 1 or len(warmup) > 1:
        return ""
    longer = warmup[0] + -(-(packets[0] - warmup[0]) * wanted // pairs // 1000) * 1000
    return f", or longer windows in both: `--set packets={longer}`"


def _metrics(found: Comparison) -> Table:
    """A table with a line per rule; rules without any difference share one line."""
    rows, still = [], []
    for place, rule in enumerate(found.gate.rules):
        own = np.flatnonzero(found.rule == place)
        worse, undecided = found.count(Verdict.REGRESSED, place), found.count(Verdict.UNDECIDED, place)
        equal = found.count(Verdict.EQUIVALENT, place)
        if equal == len(own) and (found.judged.worsening.center[own] == 0).all():
            still.append(equal)
            continue
        counts = (worse, undecided, len(own) - worse - undecided, equal)
        rows.append([rule.title, rule.margin.short, *map(_quiet, counts), _mean(found, own), _worst(found, own)])
    if still:
        name = f"{'all others' if rows else 'all'} ({format.count(len(still), 'metric')})"
        rows.append([name, "", *map(_quiet, (0, 0, sum(still), sum(still))), "0", "0"])
    header = ("metric", "margin", "worse", "open", "passed", "equal", "mean", "worst")
    return Table(CELLS, header, tuple(tuple(map(Cell, row)) for row in rows))


def _quiet(count: int) -> str:
    """A count with thousands separators; "·" for zero, so that other counts stand out."""
    return f"{count:,}" if count else "·"


def _mean(found: Comparison, own: Integers) -> str:
    """Geometric mean of the ratios of a rule's comparisons, in percent; a dash if there are none."""
    ratios = own[found.logarithms[own] & np.isfinite(found.judged.worsening.center[own])]
    if not len(ratios):
        return format.MISSING
    sign = 1 if found.rule_of(int(own[0])).lower_is_better else -1
    return f"{wording.percent(float(np.expm1(sign * found.judged.worsening.center[ratios].mean())))} %"


def _worst(found: Comparison, own: Integers) -> str:
    known = own[np.isfinite(found.judged.worsening.center[own])]
    if not len(known):
        return format.MISSING
    excess = np.nan_to_num(found.excess[known], nan=0.0)
    return wording.change(found, int(known[np.argmax(excess)]))


def _method(found: Comparison) -> str:
    sure, risk = share(found.gate.confidence), share((1 - found.gate.confidence) / 2)
    family = found.judged.family
    if not family:
        lacks = np.isnan(found.judged.worsening.low)
        why = (["exact, the same in all pairs"] if not lacks.all() else []) + ["a single pair, or none"] * bool(
            lacks.any()
        )
        return f"Nothing was tested: every difference is {', or '.join(why)}."
    watched = any(rule.watched for rule in found.gate.rules)
    scope, among = ("All that the gate does not accept undecided", "among them ") if watched else ("All", "")
    return (
        f"Pairs met the same packets; ± is half the {sure} interval of their mean difference. Worse: beyond the margin "
        f"by Holm's test over all {_comparisons(family)} that are not exact; the chance of a single false alarm is at "
        f"most {risk}. Passed: the whole interval is on the good side of the margin; equal: and within it. {scope} "
        f"must be shown to pass, so a run with a worse cell {among}passes with a chance of at most {risk}."
        f"{_looked(found)}"
    )


def _looked(found: Comparison) -> str:
    """Sentence on interim looks and the level at which each comparison is judged; "" without looks."""
    count = looks(found.pairing)
    if count == 1:
        return ""
    each = share(confidence_of(found.pairing, found.gate))
    return f" Replicates ran until enough was known, in {count} looks: each is judged at {each}."
