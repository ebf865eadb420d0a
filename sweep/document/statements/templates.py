# SPDX-License-Identifier: MIT
"""Sentences of an answer as templates: filled when a report is written, and by its page for what a filter leaves."""

from __future__ import annotations

TEMPLATES = {
    # what to set
    "nothing": "Nothing to recommend yet: {word}.",
    "recommended": "{name}, ring {ring}{edge}: at most {limit} % dropped at load {load}{others}.",
    "edge": " (the smallest simulated)",
    "named": "{name}{others}.",
    "others": ", or as good: {names}",
    "no_winner": "no single winner",
    "undecided": "undecided with {pairs}",
    "drops_open": "undecided: drops open",
    "chosen": "{name} takes the fewest ns per packet in {among} of {cells}, alone in {alone}.",
    # the smallest ring
    "ring": "The smallest ring that keeps its drops within {limit} % at load {load} is {ring}{edge}.",
    "ring_edge": ", the smallest that was simulated",
    "ring_open": "Which ring keeps its drops within {limit} % at load {load} is open: ring {ring} may or may not.",
    "no_ring": "No ring keeps its drops within {limit} % at load {load} (least {least} %).",
    "unknown": "What {name} drops at load {load} is not known.",
    "no_drop": "No packet was dropped.",
    "no_drop_seen": "No packet was dropped, in {seen} of a cell or more.",
    # what is open
    "cells_undecided": "{cells} {are} {wanted}.",
    "cells_drops_open": "{cells} {are} undecided: drops open (one with fewer ns is shown neither to drop over {more}"
    " percentage points more than the least, nor not to).",
    "few_pairs": "{undecided}: 2 at least are needed, 5 are usual",
    "out_of_reach": "{undecided}: no number of pairs within reach would decide",
    "wanted": "{undecided}: about {needed} would decide{but}",
    "but": " all but {cells}",
    "smallest_means": "The smallest mean is that of {parts} of {cells}.",
    "in_cells": "{name} in {times}",
    # what it gains
    "mean": "{center}{half} % {direction} ns per packet",
    "gain": "{mean} than {baseline} ({spread}).",
    "gain_unsure": "Against {baseline}: {spread}.",
    "spread": "from {low} to {high} % over the cells",
    "everywhere": "{low} % in every cell",
    "others_take": "The others take {parts}.",
    "up_to": "up to {size} % {direction}",
    "others_alike": "The others take as many.",
    # who is next
    "first": "{name} first, ",
    "close": "{names} {within}",
    "behind": "{name} {size} % behind",
    "next": "{first}{parts} there.",
    # what it costs
    "held": "{size} MB held",
    "latency": "p99 latency {time}",
    "costs": "{own}{beside}.",
    "beside": " ({baseline}: {costs})",
    # where packets are lost
    "lost": "Of what {name} drops at {where}, {share} % is lost {place}{seen}. {helps}.",
    "seen_only": " ({seen})",
    # how sure it is
    "decided": "{settled} of {cells} cells decided",
    "tied": "{tied} of them ties",
    "open": "{left} open",
    "sure": "{counts}; at 95 % no decision of this report is wrong",
    "sure_seen": "{sure}; {seen} or more seen in each.",
    "sure_alone": "{sure}.",
    # the picture
    "curve": "{mix}: {metric} over {axis}, {fixed}; {bands}",
    "banded": "bands: 95 %",
    "bare": "no bands: nothing varies, or too little was seen",
}


def filled(name: str, /, **values: object) -> str:
    """The template of that name with its values."""
    return TEMPLATES[name].format(**values)
