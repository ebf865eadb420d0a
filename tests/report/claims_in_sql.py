# SPDX-License-Identifier: MIT
"""Every claim of a report, held against its table by another way: SQL over the published rows, intervals by SciPy.

Nothing here comes from `sweep.report` or `sweep.stats` but the claims themselves (`statements`), which are data.
`Told` has the relations that claims speak of; `check` gives what is wrong with one claim, in words, or "".
"""

from __future__ import annotations

from sweep.document import statements as say
from tests.report import checks_of_contests, checks_of_limits, checks_of_losses, checks_of_pairs, checks_of_values
from tests.report.claim_checks import check
from tests.report.table_in_sql import Facts

CHECKS = (
    checks_of_contests,
    checks_of_limits,
    checks_of_losses,
    checks_of_pairs,
    checks_of_values,
)  # importing them is what registers


class Told(Facts):
    """A table against which claims are held."""

    def check(self, claim: say.Claim, text: str) -> str:
        """What is wrong with a claim of a sentence, "" if nothing is."""
        return check(claim, self, text) or ""
