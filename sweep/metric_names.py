# SPDX-License-Identifier: MIT
"""The names of a metric: its full name, or whole parts of it that no other metric has, such as "p99" or "drops".

Used wherever a user names a metric: `precision:`, claims, objectives, gates and `--metric`.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence

MOST_SUGGESTED = 3
LEAST_ALIKE, AS_ALIKE = 0.5, 0.05  # ratios of difflib: of a suggestion at least, and to the best one at most
LONGEST = 200  # characters of a word that are looked at


def alike(name: str, metrics: Iterable[str]) -> tuple[str, ...]:
    """The metrics that `name` may mean: the one with exactly that name, or all of which it is a whole part.

    A single word may be in the plural: "drops" means the "drop" of "drop_ratio".
    """
    metrics = tuple(metrics)
    if name in metrics:
        return (name,)
    exact_matches = tuple(metric for metric in metrics if name in _parts(metric))
    return exact_matches or tuple(metric for metric in metrics if name in map(_plural, _parts(metric)))


def short_names(metrics: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Metric -> the short names that mean it and no other, by the rule of `alike`."""
    metrics = tuple(metrics)
    owners: dict[str, list[str]] = {}
    owners_of_plural: dict[str, list[str]] = {}
    in_order: dict[str, None] = {}
    for metric in metrics:
        for part in _parts(metric):
            owners.setdefault(part, []).append(metric)
            owners_of_plural.setdefault(_plural(part), []).append(metric)
            in_order |= dict.fromkeys((part, _plural(part)))
    found: dict[str, list[str]] = {metric: [] for metric in metrics}
    for short in in_order:
        meant = owners.get(short) or owners_of_plural[short]
        if short not in found and len(meant) == 1:
            found[meant[0]].append(short)
    return {metric: tuple(shorts) for metric, shorts in found.items()}


def suggestion(name: str, metrics: Sequence[str], others: Iterable[str] = ()) -> str:
    """A sentence " Did you mean ...?" with the metrics or `others` closest to `name`; "" if none is close.

    Closest in spelling to the name, or for a metric also to a part of it: "p95" to p99 and p50, "drop_rate" to
    drop_ratio.  A name that may mean several metrics suggests all of these.
    """
    word = name.casefold()[:LONGEST]
    texts = {other: (other,) for other in others} | {metric: _parts(metric) for metric in metrics}
    nearest = alike(word, metrics) or _nearest(word, texts)
    quoted = [f'"{metric}"' for metric in nearest[:MOST_SUGGESTED]]
    if not quoted:
        return ""
    return f" Did you mean {', '.join(quoted[:-1])}{' or ' if quoted[1:] else ''}{quoted[-1]}?"


def _nearest(word: str, texts: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """The names whose texts are closest to `word` in spelling, the closest first."""
    matcher = difflib.SequenceMatcher(b=word)
    scores: dict[str, float] = {}
    for name in texts:
        for text in texts[name]:
            matcher.set_seq1(text.casefold())
            is_another = text != name and text in texts
            if not is_another and matcher.quick_ratio() >= LEAST_ALIKE:
                scores[name] = max(scores.get(name, 0.0), matcher.ratio())
    best = max(scores.values(), default=0.0)
    near_enough = [name for name, score in scores.items() if score >= max(LEAST_ALIKE, best - AS_ALIKE)]
    return tuple(sorted(near_enough, key=lambda name: -scores[name]))


def _parts(name: str) -> tuple[str, ...]:
    """All runs of whole words of a name, itself the last: "drop", "ratio", "drop_ratio"."""
    words = name.split("_")
    spans = ((start, start + size) for size in range(1, len(words) + 1) for start in range(len(words) - size + 1))
    return tuple(dict.fromkeys("_".join(words[start:end]) for start, end in spans))


def _plural(part: str) -> str:
    """The plural of a single word, "drops"; anything else, such as "p99", unchanged."""
    return f"{part}s" if part.isalpha() and not part.endswith("s") else part
