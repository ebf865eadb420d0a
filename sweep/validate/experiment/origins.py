# SPDX-License-Identifier: MIT
"""Find the free parameter of another experiment file from which a value is taken."""

from __future__ import annotations

from sweep.yamltree.source import Mistake, unknown

from .experiment import Experiment, Free


def chosen(free: Free, there: Experiment) -> int:
    """The index, among the free parameters of the other file, of the one that `free` takes its value from.

    A parameter may be free there more than once, for different rows; then `of` has to name one of them.
    Errors: Mistake.
    """
    name = f'"{free.parameter}"'
    same = [index for index, each in enumerate(there.free) if each.parameter == free.parameter]
    if not same:
        known = tuple(dict.fromkeys(each.parameter for each in there.free))
        raise Mistake(free.place, f'{name} is not free in "{there.path}".', known=known)
    if not free.origin_row:
        if len(same) == 1:
            return same[0]
        text = f'{name} has {len(same)} values in "{there.path}", each for other rows: name one of its rows with "of".'
        rows = tuple(there.rows[there.free[index].rows[0]].id for index in same)
        raise Mistake(free.place, text, known=rows, heading="one row of each")
    ids = [row.id for row in there.rows]
    if free.origin_row not in ids:
        raise unknown(free.place, "of: the row", free.origin_row, tuple(ids))
    row = ids.index(free.origin_row)
    matching = [index for index in same if row in there.free[index].rows]
    if not matching:
        rows = tuple(ids[row] for index in same for row in there.free[index].rows)
        raise Mistake(free.place, f'{name} is not free for the row "{free.origin_row}" of "{there.path}".', known=rows)
    return matching[0]
