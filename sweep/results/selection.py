# SPDX-License-Identifier: MIT
"""`--filter`: choose rows of a published table by a condition on parameters.

The language is that of a sweep file's `where:` (`sweep.conditions`).  A parameter that a strategy does not have is
unknown there, and unknown keeps a row: `strategy.pool_size >= 512` does not remove strategies without a pool.  Rows are
chosen by parameters, never by results: a condition on a metric would keep the lucky replicates and break the pairs.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from sweep import as_written, format
from sweep.conditions import ConditionError, keeps, parse
from sweep.conditions import names as words_of
from sweep.conditions.tables import Table, unit_of
from sweep.errors import SweepError

from .coordinates import Codes, encode, parameters

MOST_VALUES = 12  # of a parameter, named in a message
MOST_SHOWN = 400  # characters of a condition in a message


def varying(table: pa.Table) -> str:
    """Text with the parameters that vary, without those that follow from another one (a cost from its host)."""
    independent: dict[str, Codes] = {}
    dependent = 0
    for name in parameters(table):
        codes, values = encode(table, name)
        if len(values) + bool((codes < 0).any()) < 2:
            continue
        if any(_follows(codes, earlier) for earlier in independent.values()):
            dependent += 1
        else:
            independent[name] = codes
    dependent_text = f", and {dependent} that follow from these" if dependent else ""
    return f"parameters that vary here: {', '.join(independent) or 'none'}{dependent_text}"


def _follows(codes: Codes, earlier: Codes) -> bool:
    pairs = np.unique(np.stack([earlier, codes], axis=1), axis=0)
    return len(pairs) == len(np.unique(earlier))


def select(table: pa.Table, condition: str) -> pa.Table:
    """The rows that `condition` keeps, at least one.  Raises SweepError with the position of the mistake in it."""
    fields = {name: table.schema.field(name) for name in parameters(table)}
    columns = Table(fields, table.column)
    try:
        tree = parse(condition)
        for name in sorted(words_of(tree) & (set(table.column_names) - set(fields))):
            raise SweepError(
                f'--filter "{condition}": "{name}" is a result, not a parameter: rows are chosen by what was asked, not'
                f" by how it came out\n  {varying(table)}"
            )
        chosen = table.filter(pa.array(keeps(tree, columns, len(table))))
    except ConditionError as error:
        raise _wrong(table, condition, error) from None
    if not len(chosen):
        used = sorted(words_of(tree) & set(fields))
        values = "".join(f"\n  {name} here: {_values(table, name)}" for name in used)
        raise SweepError(
            f'--filter "{condition}" keeps none of {format.count(len(table), "simulation")}{values}\n'
            "  next: name values that are there, or leave --filter out"
        )
    return chosen


def _wrong(table: pa.Table, condition: str, error: ConditionError) -> SweepError:
    hint = error.hint(parameters(table))
    stop = "" if str(error).endswith("?") else "."
    location = f" at character {error.place + 1}" if error.place is not None else ""
    shown_condition = condition if len(condition) <= MOST_SHOWN else f"{condition[:MOST_SHOWN]}…"
    lines = [f'--filter "{shown_condition}"{location}: it {error}{stop}{hint}']
    if error.place is not None and "\n" not in condition:
        first_shown = max(error.place - MOST_SHOWN // 2, 0)
        lines += [
            f"    {condition[first_shown : first_shown + MOST_SHOWN]}",
            f"    {' ' * (error.place - first_shown)}^",
        ]
    if error.known:
        lines.append(f"  known: {', '.join(map(str, error.known))}")
    elif error.words:
        lines.append(f"  {varying(table)}")
    return SweepError("\n".join([*lines, "  next: put it right, for example --filter 'ring >= 512 and load < 0.5'"]))


def _values(table: pa.Table, name: str) -> str:
    values, unit = encode(table, name)[1], unit_of(table.schema.field(name))
    texts = [as_written.value(value, unit) for value in values[:MOST_VALUES]]
    more = f" and {len(values) - MOST_VALUES} more" if len(values) > MOST_VALUES else ""
    return (", ".join(texts) or "no value") + more
