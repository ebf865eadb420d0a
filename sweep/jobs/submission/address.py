# SPDX-License-Identifier: MIT
"""The address of a cluster's Jobs API and the token for it, checked before anything is sent there.

Not modelled: certificates of one's own for https.
"""

from __future__ import annotations

import ipaddress
import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from sweep.errors import RunError, SweepError
from sweep.safe_text import is_plain, visible_line

TOKEN_FILE = "~/.ray/auth_token"
LOOKED_IN = f"RAY_AUTH_TOKEN, the file that RAY_AUTH_TOKEN_PATH names, {TOKEN_FILE}"
TOKEN = re.compile(r"[\x20-\x7e]+")  # what a header can carry
NAME, PORT = re.compile(r"[A-Za-z0-9_.-]+"), re.compile(r"(:\d*)?", re.ASCII)
PORTS = range(1, 65536)


@dataclass(frozen=True)
class Address:
    """Where a Jobs API is, and the token that authenticates us there."""

    url: str  # http://HOST:PORT, without a slash at its end
    token: str = field(repr=False)  # "" if there is none

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"} if self.token else {}

    @property
    def in_clear(self) -> bool:
        """Whether the token would travel to another machine unencrypted."""
        parts = urlsplit(self.url)
        if parts.scheme != "http" or parts.hostname == "localhost" or not self.token:
            return False
        try:
            return not ipaddress.ip_address(parts.hostname or "").is_loopback
        except ValueError:
            return True


def address(text: str) -> Address:
    """The address that a user typed, with the token of this machine.  Nothing is sent.

    Raises SweepError if `text` is not the address of a Jobs API or the token is not one; RunError if the token cannot
    be read.
    """
    return Address(_url(text), _token())


def _url(text: str) -> str:
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port  # the port is looked at when it is asked for
        host.encode("idna")  # parts of a name that are empty or too long
    except ValueError as error:
        raise _no_address(text, str(error)) from None
    if not is_plain(text) or " " in text:
        raise _no_address(text, "it has blanks or characters that are not shown")
    if parts.scheme not in ("http", "https") or not host:
        raise _no_address(text, "")
    if "@" in parts.netloc:
        raise _no_address(text, "a user name or a password has no place in it; the token goes by itself")
    if parts.query or parts.fragment:
        raise _no_address(text, '"?" and "#" have no place in it')
    if port is not None and port not in PORTS:
        raise _no_address(text, f'port "{port}" is not from {PORTS[0]} to {PORTS[-1]}')
    bracketed = parts.netloc.startswith("[")
    name = f"[{host}]" if bracketed else host
    port_text = parts.netloc[len(name) :]
    if not (_is_ip(host) if bracketed else NAME.fullmatch(host)) or not PORT.fullmatch(port_text):
        raise _no_address(text, f'"{host}" is no name of a host')
    return f"{parts.scheme}://{parts.netloc.rstrip(':')}{parts.path.rstrip('/')}"


def _is_ip(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _no_address(text: str, why: str) -> SweepError:
    kept = re.sub(r"//.*@", "//...@", text, flags=re.DOTALL)  # a password is not repeated
    return SweepError(
        f'address "{visible_line(kept)}" is not one of a Jobs API: {f"{visible_line(why)}: " if why else ""}'
        "http://HOST:PORT, the port is 8265 unless said otherwise\n"
        "  next: ray dashboard cluster.yaml makes a tunnel to it; then --address http://localhost:8265"
    )


def _token() -> str:
    """The token, looked for where Ray looks for it; "" if there is none.

    RAY_AUTH_MODE=token need not be set for it, but "disabled" is obeyed.
    """
    if os.environ.get("RAY_AUTH_MODE") == "disabled":
        return ""
    token, source = os.environ.get("RAY_AUTH_TOKEN", ""), "RAY_AUTH_TOKEN"
    if not token:
        path = Path(os.path.expanduser(os.environ.get("RAY_AUTH_TOKEN_PATH") or TOKEN_FILE))
        source = f'"{visible_line(str(path))}"'
        try:
            token = path.read_text(encoding="utf-8", errors="surrogateescape")
        except FileNotFoundError:
            return ""
        except (OSError, ValueError) as error:  # ValueError: a name with a NUL
            system_message = getattr(error, "strerror", None) or error
            raise RunError(f"the token in {source} cannot be read: {system_message}") from error
    token = token.strip()
    if token and not TOKEN.fullmatch(token):
        raise SweepError(
            f"the token in {source} is none: it has line ends or characters that are not ASCII\n"
            f"  looked in: {LOOKED_IN}\n"
            f"  next: put the head's {TOKEN_FILE} there as it is, readable by you alone (chmod 600)"
        )
    return token
