# SPDX-License-Identifier: MIT
"""Shell completion: the candidates for an argument follow from its metavar in the help.

FILE stands for a sweep file, LOCATION for a run directory, KEY=VALUE for an override, `ONE|OTHER` for either of these
words, and LOCATION|LIST for either kind.  So a new verb is completed without a line here.  Other metavars are left to
the shell, which offers files.

Typer's scripts call `sweep` at every Tab with what is typed so far in the environment.  Nothing heavy is imported
then; Typer itself would import rich to show help beside the names and pydantic to check the arguments, a tenth of a
second each.

Not modelled: names in an object store; column names, which are in the tables; several words of one list in fish.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterable
from functools import partial
from types import SimpleNamespace
from typing import Any

import typer
from typer.core import TyperArgument, TyperOption

from sweep.fields.kernel import KERNEL, SWITCH
from sweep.fields.parameters import PARAMETERS

from . import names

VARIABLE = "_SWEEP_COMPLETE"  # set by the shell's script
SETTINGS = ("replicates", "sample", "seed", "where")
TOP = tuple(name for name in PARAMETERS if "." not in name)
KEYS = (*SETTINGS, *TOP, *(f"axes.{name}" for name in TOP))
AXES = ("strategy", "traffic", "ring", "load", "kernel", "host", "nic", "queues", "iommu", "label", "replicate")
POINT = (*AXES, "seed")  # parameters that select a simulation
LISTS = ("strategies", "mixes", "hosts", "nics", "kernels", "metrics", "counters", "parameters", "configs")

Words = Callable[[str], Iterable[str]]  # the text typed so far -> candidates for it


def complete(app: typer.Typer) -> None:
    """Print the candidates for the word being completed, and exit."""
    sys.modules["rich"] = None  # type: ignore[assignment]  # as if it were not installed
    for kind in (TyperArgument, TyperOption):  # values stay as they were typed: no verb is run
        kind.process_value = lambda self, ctx, value: value  # type: ignore[method-assign]
    key = _rejoined()
    command: Any = typer.main.get_command(app)
    for verb in _verbs(command):
        for parameter in verb.params:
            candidates = words_for(parameter.param_type_name, parameter.opts, str(parameter.metavar or ""), key)
            if candidates:
                parameter.shell_complete = partial(_items, candidates)
    command(prog_name="sweep")


def _verbs(group: Any) -> Iterable[Any]:
    """All verbs, those of a group too."""
    for verb in group.commands.values():
        yield from _verbs(verb) if hasattr(verb, "commands") else [verb]


def words_for(kind: str, opts: Iterable[str], metavar: str, key: str = "") -> Words | None:
    """Candidates for a parameter, from its option names `opts` and its metavar; None: leave it to the shell.

    kind: "argument" or "option"; `key`: the KEY= that bash has cut off a KEY=VALUE.
    """
    for opt in opts:
        if opt in BY_OPTION:
            return BY_OPTION[opt]
    sources_by_word = {**BY_WORD, **(BY_ARGUMENT if kind == "argument" else {})}
    sources_by_word |= {"KEY=VALUE": partial(overrides, key=key), "POINT...": partial(overrides, key=key, keys=POINT)}
    metavar_words = metavar.strip("[]").split("|")
    sources = [sources_by_word[word] for word in metavar_words if word in sources_by_word]
    fixed = [word for word in metavar_words if word == word.lower()] if len(metavar_words) > 1 else []
    if not sources and not fixed:
        return None
    return lambda typed: [*fixed, *(name for source in sources for name in source(typed))]


def overrides(typed: str, key: str = "", keys: Iterable[str] = KEYS) -> list[str]:
    """KEY=VALUE: keys, then the values of those whose values have names; of a list the next one.

    Keys with a dot, which are many, are offered when something has been typed.
    """
    if not key and "=" not in typed:
        inner = _inner() if keys is KEYS and typed.removeprefix("axes.") else ()
        return [f"{name}=" for name in (*keys, *inner)]
    typed_key, equals, value = ("", "", typed) if key else typed.partition("=")
    source = BY_KEY.get((key or typed_key).rpartition(".")[2])
    if source is None:
        return []
    start = value[: max(value.rfind("["), value.rfind(",")) + 1]
    return [f"{typed_key}{equals}{start}{name}" for name in source()]


def _inner() -> list[str]:
    """Parameters of a mix, NIC, host or strategy, fixed or on an axis."""
    inner = [*(name for name in PARAMETERS if "." in name), *(f"strategy.{knob}" for knob in names.knobs())]
    return [*inner, *(f"axes.{name}" for name in inner)]


def _listed(source: Callable[[], Iterable[str]]) -> Words:
    """Candidates from `source`, for a single name or for the next one after a comma."""
    return lambda typed: [typed[: typed.rfind(",") + 1] + name for name in source()]


BY_WORD: dict[str, Words] = {"LOCATION": names.run_directories}
BY_ARGUMENT: dict[str, Words] = {
    "FILE": names.sweep_files,
    "BASE": names.run_directories,
    "NEW": names.run_directories,
    "LIST": lambda typed: LISTS,
    "STRATEGY...": lambda typed: names.strategies(),
    "PATHS...": lambda typed: names.experiments(),
    "QUESTION": lambda typed: names.questions(),
}
BY_OPTION: dict[str, Words] = {
    "--metric": _listed(lambda: [*names.metrics(), *names.counters()]),
    "--strategy": lambda typed: names.strategies(),
    "--baseline": lambda typed: names.strategies(),
    "--row": _listed(lambda: AXES),
    "--col": _listed(lambda: AXES),
    "--table": _listed(lambda: AXES),
    "--kernel": lambda typed: names.releases(),
    "--rule": lambda typed: [f"{name}={state}" for name in names.rules() for state in SWITCH],
    "--columns": _listed(lambda: [*names.roles(), *AXES, *names.metrics()]),
}
BY_KEY: dict[str, Callable[[], list[str]]] = {
    "strategy": names.strategies,
    "traffic": partial(names.library, "traffic"),
    "host": partial(names.library, "hosts"),
    "nic": partial(names.library, "nics"),
    "kernel": names.releases,
    "iommu": names.iommu_modes,
    **{rule.key: lambda: [*SWITCH] for rule in KERNEL},
}


def _items(words: Words, context: object, typed: str) -> list[Any]:
    """The candidates for `typed` in the form that Typer's scripts print."""
    return [SimpleNamespace(value=word, help=None, type="plain") for word in words(typed) if word.startswith(typed)]


def _rejoined() -> str:
    """Undo bash's splitting of `strategy=page` at the "=": the value is completed by itself, the key is returned."""
    typed_words = os.environ.get("COMP_WORDS", "").split("\n")
    place = os.environ.get("COMP_CWORD", "")
    if os.environ.get(VARIABLE) != "complete_bash" or not place.isdigit():
        return ""
    word_index, typed = int(place), typed_words[int(place)] if int(place) < len(typed_words) else ""
    if typed == "=":
        word_index, typed = word_index + 1, ""
    if (
        word_index < 2
        or typed_words[word_index - 1 : word_index] != ["="]
        or not re.fullmatch(r"[a-z][\w.]*", typed_words[word_index - 2])
    ):
        return ""
    os.environ["COMP_WORDS"] = "\n".join([*typed_words[: word_index - 2], typed])
    os.environ["COMP_CWORD"] = str(word_index - 2)
    return typed_words[word_index - 2]
