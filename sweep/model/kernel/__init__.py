# SPDX-License-Identifier: MIT
"""The simulated kernel is a release of Linux, and a release is a set of named rules.

A rule holds from a release of Linus's tree on, and on stable branches that go off before that from the release into
which it was backported.  So a release has the rules of its base, X.Y, and the backports of its own branch up to its
patch level; X.Y alone is X.Y.0.  6.12.117 and 6.14.0 differ in both directions.  What a release has by its number can
be changed rule by rule, unless the rules then contradict each other.

A rule is one entry of `sweep.fields.kernel.RULES`, and a mechanism that reads `params[lane].<name>` (0 or 1), or a
number that `releases` makes from it.  "4.11-rc1" is that release candidate alone: its change was reverted before 4.11.
Releases after the newest known have its rules.  A release may be combined with a strategy that came later, to see what
it would have done.

Assumed: a first release with a "?" in the table was not read, nor its changelog; it follows from dates.  4.6 to 5.9
are from the literature: none of their page_pools was run.  An XDP frame whose transmission is complete comes back in a
bulk put; some drivers return those one by one.

Not modelled: the auto-tuned per-CPU list marks of 6.7+ (the 5.14 example value is used for all releases from there);
that page_frag's order-0 fallback was freed past the lists before 5.0 [kernel 65895b67ad27]; marks that differ with the
memory; page_pool's flags in releases other than 6.12; backports to branches whose changelogs were not read.
Source: each rule's commit; the releases of its backports from the changelogs of [linux 6.1.192] and [linux 6.12.117],
and from mails to stable@vger.kernel.org; tests/golden/page_pool/SEMANTICS.md section 9.
"""
