# SPDX-License-Identifier: MIT
"""What a metric may be called: its name, or whole words of it that no other metric has, such as "p99" or "drops".

Every place in which a person names a metric reads it here: `precision:`, claims, objectives, gates and `--metric`.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence

MOST_SUGGESTED = 3
LEAST_ALIKE, AS_ALIKE = 0.5, 0.05  # ratios of difflib: of a suggestion at least, and to the best one at most
LONGEST = 200  # characters of a word that are looked at


def alike(name: str, metrics: Iterable[str]) -> tuple[str, ...]:
    """The metrics that a name may stand for: the one of that name alone, or all that have its words.

    A single word may be in the plural: "drops" are the "drop" of "drop_ratio".
    """
    metrics = tuple(metrics)
    if name in metrics:
        return (name,)
    found = tuple(metric for metric in metrics if name in _parts(metric))
    return found or tuple(metric for metric in metrics if name in map(_plural, _parts(metric)))


def short_names(metrics: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Metric -> everything that stands for it alone, but its name."""
    metrics = tuple(metrics)
    owners: dict[str, set[str]] = {}
    for metric in metrics:
        for part in _parts(metric):
            for short in (part, _plural(part)):
                owners.setdefault(short, set()).add(metric)
    return {
        metric: tuple(
            short
            for short, found in owners.items()
            if metric in found and short not in metrics and alike(short, metrics) == (metric,)
        )
        for metric in metrics
    }


def suggestion(name: str, metrics: Sequence[str], others: Iterable[str] = ()) -> str:
    """A sentence with the metrics, or the `others`, that a word is nearest to; starts with a blank or is empty.

    Nearest in spelling to the name, of a metric also to words of it: "p95" to those of p99 and p50, "drop_rate" to
    the drop ratio.  Where a word stands for several metrics, it is these.
    """
    word = name.casefold()[:LONGEST]
    texts = {other: (other,) for other in others} | {metric: _parts(metric) for metric in metrics}
    found = alike(word, metrics) or _nearest(word, texts)
    named = [f'"{metric}"' for metric in found[:MOST_SUGGESTED]]
    if not named:
        return ""
    return f" Did you mean {', '.join(named[:-1])}{' or ' if named[1:] else ''}{named[-1]}?"


def _nearest(word: str, texts: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """The name with the text that is nearest, and those that are as near; the nearest first."""
    matcher = difflib.SequenceMatcher(b=word)
    scores: dict[str, float] = {}
    for name in texts:
        for text in texts[name]:
            matcher.set_seq1(text.casefold())
            is_another = text != name and text in texts
            if not is_another and matcher.quick_ratio() >= LEAST_ALIKE:
                scores[name] = max(scores.get(name, 0.0), matcher.ratio())
    best = max(scores.values(), default=0.0)
    good = [name for name, score in scores.items() if score >= max(LEAST_ALIKE, best - AS_ALIKE)]
    return tuple(sorted(good, key=lambda name: -scores[name]))


def _parts(name: str) -> tuple[str, ...]:
    """Runs of whole words of a name, itself the last: "drop", "ratio", "drop_ratio"."""
    words = name.split("_")
    spans = ((start, start + size) for size in range(1, len(words) + 1) for start in range(len(words) - size + 1))
    return tuple(dict.fromkeys("_".join(words[start:end]) for start, end in spans))


def _plural(part: str) -> str:
    """ "drops", of one word alone; "p99" has none."""
    return f"{part}s" if part.isalpha() and not part.endswith("s") else part
