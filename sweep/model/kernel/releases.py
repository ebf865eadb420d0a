# SPDX-License-Identifier: MIT
"""Which rules a release of Linux has, and the numbers that follow from rules."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from sweep.fields.constants import BULK_PAGES
from sweep.fields.kernel import BY_NAME, RULES, Rule
from sweep.fields.release import FINAL, Release, release_of

MOST_SLOTS = 32768  # of a pool_size that is not refused
MOST_DEFERRED = 128  # of the releases' limits of the deferred list
OLDEST, NEWEST = Release(4, 6), Release(7, 3)  # the first and the last release whose rules are known
OLDEST_RUN = Release(5, 10)  # no page_pool before it was compiled and run: its rules are from the literature
# No series has gone beyond x.20 since 3.0; these have ended (kernel.org).
MOST_MINOR = 20
LAST_MINORS = {3: 19, 4: 20, 5: 19, 6: 19}


class ReleaseError(ValueError):
    """The text is not a Linux release, or one whose rules are unknown; the message follows the text in quotes."""


class RulesError(ValueError):
    """Rules contradict each other; `rule` is the one of those that were changed which is to blame."""

    def __init__(self, message: str, rule: str) -> None:
        super().__init__(message)
        self.rule = rule


def first_releases(rule: Rule) -> dict[Release, Release | None]:
    """The first release with a rule in Linus's tree, then on each stable branch, and the first in which it was read.

    They are the same unless the former is assumed; None: it was read in no release of that branch.
    """
    texts = [text.partition("?") for text in (rule.since, *rule.backports.split())]
    return {parsed(first): parsed(read) if read else None if mark else parsed(first) for first, mark, read in texts}


def parsed(text: str) -> Release:
    """The release of a text that is known to name one.  Errors: ValueError."""
    release = release_of(text)
    if release is None:
        raise ValueError(f'"{text}" is no release')
    return release


# Releases with which something changes, in order: those to offer where one is chosen.
CHANGES = tuple(map(str, sorted({OLDEST, NEWEST}.union(*(first_releases(rule) for rule in RULES)))))


def known_release(text: str) -> Release:
    """The release that a text such as "5.15", "v6.1", "6.12.117" or "4.11-rc1" names.  Errors: ReleaseError."""
    release = release_of(text)
    if release is None or (release.candidate != FINAL and str(release) not in CHANGES):
        raise ReleaseError('is no release of Linux such as "5.15" or "6.12.117"')
    last_minor = LAST_MINORS.get(release.major, MOST_MINOR)
    if release.major > NEWEST.major + 1:
        raise ReleaseError(f"is no release of Linux: the newest rules known here are those of {NEWEST}")
    if release.major > 2 and release.minor > last_minor:
        end = "the last of its series is" if release.major in LAST_MINORS else "no series goes beyond"
        raise ReleaseError(f"is no release of Linux: {end} {release.major}.{last_minor}")
    if release < OLDEST:
        raise ReleaseError(f"is older than the oldest rules known here, those of {OLDEST}")
    return release


def usual(text: str) -> str:
    """A release as it is usually written, "6.12" for "v6.12.0"; a text that names none as it is."""
    try:
        return str(known_release(text))
    except ReleaseError:
        return text


def deciding(rule: Rule, release: Release) -> Release | None:
    """The release from which on `release` has a rule, on its own branch or in Linus's tree; None if it has it not."""
    since, *backports = first_releases(rule)
    if since <= release.base and not (rule.until and parsed(rule.until) <= release.base):
        return since
    return next((first for first in backports if first.base == release.base and first <= release), None)


def is_assumed(rule: Rule, release: Release) -> bool:
    """Whether a release has a rule that was read in later releases only, or in none."""
    first = deciding(rule, release)
    read = first_releases(rule)[first] if first else release
    return read is None or release < read


def assumptions(release: Release) -> list[str]:
    """What of the rules of a release is assumed, a sentence each."""
    sentences = []
    if release.base > NEWEST:
        sentences.append(f"simulated with the rules of {NEWEST}, the newest known; what changed since is not modelled")
    if release < OLDEST_RUN:
        sentences.append(f"its rules are from the literature (assumed): no page_pool before {OLDEST_RUN} was run")
    unread = [f"{rule.name} since {deciding(rule, release)}" for rule in RULES if is_assumed(rule, release)]
    return [*sentences, *([f"assumed, not read: {', '.join(unread)}"] if unread else [])]


def rules_of(release: Release) -> frozenset[str]:
    """The names of the rules that a release has."""
    return frozenset(rule.name for rule in RULES if deciding(rule, release))


def rules_with(release: Release, changes: Mapping[str, bool]) -> frozenset[str]:
    """The rules of a release with some put in force (True) or out of force (False).

    Errors: RulesError if they contradict each other.
    """
    rules = rules_of(release)
    for name, on in changes.items():
        rules = rules | {name} if on else rules - {name}
    for rule in (BY_NAME[name] for name in sorted(rules)):
        for other in rule.needs:
            if other not in rules:
                raise _contradiction(release, changes, rule, other, "needs")
        for other in rule.excludes:
            if other in rules:
                raise _contradiction(release, changes, rule, other, "is the opposite of")
    return rules


def _contradiction(release: Release, changes: Mapping[str, bool], rule: Rule, other: str, why: str) -> RulesError:
    """The error about a rule in force that needs another one, or excludes it."""
    is_on = other in rule.excludes
    has = (
        f"is set {'on' if is_on else 'off'}" if other in changes else f"{release} {'has' if is_on else 'does not have'}"
    )
    return RulesError(f"{rule.name} {why} {other}, which {has}", rule.name if rule.name in changes else other)


def pcp_marks(rules: Collection[str]) -> tuple[int, int]:
    """Batch and high mark of a per-CPU list, pages [kernel d8a759b57035] [gorman-2021-05-25]."""
    batch = 63 if "pcp_batch_63" in rules else 31
    return batch, 649 if "pcp_high_by_zone" in rules else 6 * batch


def most_pool_slots(rules: Collection[str]) -> int:
    """Most slots that a pool's ring has [kernel a1b501a8c6a8]."""
    return 16384 if "pool_size_clamp" in rules else MOST_SLOTS


def most_deferred(rules: Collection[str], is_tcp: bool) -> int:
    """Most buffers on the deferred list (skb_defer_max); 0: what the socket's reader has done with is not deferred."""
    if ("deferred_free" if is_tcp else "udp_deferred_free") not in rules:
        return 0
    return MOST_DEFERRED if "deferred_limit_128" in rules else 64


def fragment_align_bytes(rules: Collection[str]) -> int:
    """What the size of a fragment is rounded up to: the alignment of skb_shared_info, or that of DMA on x86-64."""
    return 8 if "fragment_alignment" in rules else 1


def refill_pages(rules: Collection[str], page_bytes: int) -> int:
    """PP_ALLOC_CACHE_REFILL: most pages of a refill and of a bulk request; the cache has room for twice that."""
    if "cache_by_page_size" not in rules:
        return BULK_PAGES
    return 4 if page_bytes >= 1 << 16 else 16 if page_bytes >= 1 << 14 else BULK_PAGES
