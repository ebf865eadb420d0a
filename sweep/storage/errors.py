# SPDX-License-Identifier: MIT
"""Error messages for disks and object stores: what failed, where, and what to do next."""

from __future__ import annotations

import errno
import re

from sweep.errors import ForeignEntryError, ReadOnlyError, RunError

AGAIN = "then run the same command again: it runs only what is missing"

_DISK = {
    errno.ENOSPC: f"make room, {AGAIN}",
    errno.EDQUOT: f"make room in your quota, {AGAIN}",
    errno.ENOENT: "give --out another directory",
    errno.EROFS: "make it writable, or give --out another directory",
    errno.EACCES: "give yourself permission, or give --out another directory",
    errno.EPERM: "give yourself permission, or give --out another directory",
    errno.ENOTDIR: "a file is in the way: move it, or give --out another directory",
    errno.EEXIST: "a file is in the way: move it, or give --out another directory",
    errno.EISDIR: "a directory is in the way: move it, or give --out another directory",
    errno.ENOTEMPTY: "a directory is in the way: move it, or give --out another directory",
    errno.ELOOP: "move it away, or give another directory",
    errno.ESTALE: f"the file system went away: mount it, {AGAIN}",
}

_READ_ONLY = (errno.EROFS, errno.EACCES, errno.EPERM)
_DENIED = "access is denied"

# What object stores say (AWS error names and HTTP codes, libcurl, google-cloud-cpp), what it means, what to do.
_STORE = (
    (
        r"NO_SUCH_BUCKET|NoSuchBucket|bucket does not exist",
        "the bucket does not exist",
        "make the bucket, or correct its name",
    ),
    (
        r"ACCESS_DENIED|ACCESSDENIED|INVALID_ACCESS_KEY_ID|SIGNATURE|MISSING_AUTHENTICATION|INVALID_CLIENT_TOKEN|"
        r"UNRECOGNIZED_CLIENT|EXPIRED_TOKEN|ExpiredToken|HTTP status 40[13]|UNAUTHENTICATED|PERMISSION_DENIED|"
        r"[Cc]redentials",
        _DENIED,
        "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE (gs: GOOGLE_APPLICATION_CREDENTIALS), "
        "of an account that may list, read, write and delete there",
    ),
    (
        r"PERMANENT_?REDIRECT|PermanentRedirect|MovedPermanently|HTTP status 301|AUTHORIZATION_HEADER_MALFORMED",
        "the bucket is in another region",
        'add "?region=..." to the location',
    ),
    (
        r"NETWORK_CONNECTION|curlCode|[Cc]ould not resolve|[Tt]imed? ?out|[Cc]onnect|UNAVAILABLE|SERVICE_UNAVAILABLE|"
        r"SLOW_DOWN|INTERNAL_FAILURE|HTTP status 5",
        "the store cannot be reached",
        f"see that network and endpoint_override are right, {AGAIN}",
    ),
)


def disk_error(error: OSError, what: str, verb: str) -> RunError:
    """The error for an OSError: '"runs/x/parts/y.arrow" cannot be written: No space left on device; ...'.

    subject: the file, in quotes; `verb`: what was to be done to it, "written" or "read".
    """
    reason = error.strerror or type(error).__name__
    next_ = _DISK.get(error.errno or 0, f"mend that, {AGAIN}")
    kind = ReadOnlyError if error.errno in _READ_ONLY and verb != "read" else RunError
    if error.errno == errno.ELOOP:  # `beneath` says so of what it does not open
        kind = ForeignEntryError
    return kind(f"{what} cannot be {verb}: {reason}{_kept(verb)}\n  next: {next_}")


def vanished_error(location: str) -> RunError:
    """The error for a run directory that was removed or replaced while it was being written."""
    return RunError(
        f'run directory "{location}" vanished while it was being written: it was removed, moved or unmounted\n'
        f"  next: put it back, {AGAIN}"
    )


def store_error(error: Exception, what: str, verb: str) -> RunError:
    """The error for an object store that refused or did not answer; arguments as for `disk_error`."""
    message = " ".join(str(error).split()) or type(error).__name__
    default = ("the store refused", f"mend that, {AGAIN}")
    reason, next_ = next(
        ((meaning, next_step) for pattern, meaning, next_step in _STORE if re.search(pattern, message)), default
    )
    detail = re.sub(r" ?\(Request ID: [^)]*\)", "", message)[:400]
    kind = ReadOnlyError if reason == _DENIED and verb != "read" else RunError
    return kind(f"{what} cannot be {verb}: {reason}{_kept(verb)}\n  it said: {detail}\n  next: {next_}")


def _kept(verb: str) -> str:
    return "; everything before it is kept" if verb in ("written", "published") else ""
