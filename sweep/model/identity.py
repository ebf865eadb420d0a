# SPDX-License-Identifier: MIT
"""What of the model's code decides a simulation: a digest per strategy, arrival process and quantile table.

A strategy's digest covers what runs for it: the loop with its holes filled, what prepares its inputs, and the laws that
say whether its rows are valid, with every declaration of `sweep.fields` that they are made from.  What a scenario
chooses beside its strategy has digests of its own, so an edited arrival process reruns the simulations that have it.

The compiler is not part of it: compiled code must do what the source says (tests/model), and a mistake of it that has
made wrong rows is mended together with a new `schema.FORMAT`.
"""

from __future__ import annotations

from functools import cache

from sweep.fields.field import Field, Knob
from sweep.fields.kernel import Rule
from sweep.fields.parameter import Parameter

from . import batch, poll
from .compiler.code_identity import Identity
from .compiler.jit import plain_python
from .declared_strategy import DeclaredStrategy
from .randomness import quantiles
from .strategies import cached, strategy
from .traffic.processes import process
from .traffic.processes.protocol import Setting

# Of declarations, what results depend on.  The values of knobs, parameters, rules and settings are in the scenario.
MATTERS: dict[type, tuple[str, ...]] = {
    Field: ("name", "dtype"),
    Knob: ("name", "unit"),
    Parameter: ("name", "symbol", "path"),
    Rule: ("name",),
    Setting: ("name", "property"),
}
APART = (batch.kernel, plain_python, strategy, process, quantiles.KINDS, quantiles.exponential_unit)
# What a strategy offers beside device functions: `strategies.protocol`.
DECLARES = ("KNOBS", "COUNTERS", "LAWS", "DEFERRED_FREE")
PREPARES = ("empty", "truesize_bytes", "mapped_pages")
_IDENTITY = Identity(MATTERS, APART)


@cached
def strategy_digest(name: str) -> str:
    """Digest (16 hex digits) of the code that runs the simulations of one strategy.

    Errors: UnknownValueError for a function that uses what is no constant.
    """
    module = strategy(name)
    if isinstance(module, DeclaredStrategy):
        return module.digest
    own = {each: getattr(module, each) for each in (*DECLARES, *PREPARES)}
    return _IDENTITY.digest({"simulate": batch.simulate, "run": poll.run, **own}, batch.fillings(name))


@cache
def process_digest(name: str) -> str:
    """Digest of the code of one arrival process, which makes gaps and bursts of its settings."""
    module = process(name)
    return _IDENTITY.digest({"bursts": module.bursts, "gap": module.gap, "SETTINGS": module.SETTINGS})


@cache
def table_digest(kind: str) -> str:
    """Digest of the code that makes the quantile tables of one kind of distribution."""
    return _IDENTITY.digest({"table": quantiles.table, "kind": quantiles.KINDS[kind]})
