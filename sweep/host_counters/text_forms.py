# SPDX-License-Identifier: MIT
"""Text of ethtool, ip, ss and /proc, recognised by its first line and read into a moment."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from . import readings
from .readings import Key, Moment

Lines = list[tuple[int, str]]  # line number, text without its end
SETTING_HEADS = {
    "Ring parameters for": readings.RINGS,
    "Coalesce parameters for": readings.COALESCE,
    "Channel parameters for": readings.CHANNELS,
    "Features for": readings.FEATURES,
    "RX flow hash indirection table for": readings.SPREAD,
}
HEX_ROW = re.compile(r"[0-9a-f]{8}(?: [0-9a-f]{8}){8,}")
LINK = re.compile(r"\d+: (?P<name>[^:@\s]+)(?:@[^:\s]+)?: <")
QUEUE_HEAD = re.compile(r"(?P<side>Rx|Tx) Queue#$")
PROTOCOL = re.compile(r"(?P<name>[A-Z]\w*): [A-Za-z]\w*")
IRQ_HEAD = re.compile(r"\s+CPU\d+(?:\s+CPU\d+)*\s*$")
VMSTAT = re.compile(r"(?P<name>(?:nr_|pg|allocstall|numa_)\w+) \d+")
SOCKET_HEAD = re.compile(r"(?:Netid\s+)?State\s+Recv-Q\s+Send-Q")
MEMORY = re.compile(r"skmem:\((?P<inside>[^)]*)\)")
LEVELS_OF_SNMP = {"Forwarding", "DefaultTTL", "RtoAlgorithm", "RtoMin", "RtoMax", "MaxConn", "CurrEstab"}
SOFTNET_COUNTERS = {0: "processed", 1: "dropped", 2: "time_squeeze", 9: "received_rps", 10: "flow_limit_count"}
SOFTNET_CPU = 12  # the column with the CPU's number, since Linux 5.14
REFUSED = re.compile(r"(?:netlink error|Cannot [\w ]+|no stats available|Operation not supported)")


def kind(line: str) -> str | None:
    """The source that begins with this line; None if none that is known does."""
    for head, source in SETTING_HEADS.items():
        if line.startswith(head):
            return source
    if line.startswith("NIC statistics:"):
        return readings.ETHTOOL
    if line.startswith("driver: "):
        return readings.DRIVER
    if HEX_ROW.fullmatch(line):
        return readings.SOFTNET
    if PROTOCOL.match(line):
        return readings.SNMP
    for pattern, source in ((LINK, readings.LINK), (IRQ_HEAD, readings.INTERRUPTS), (SOCKET_HEAD, readings.SOCKETS)):
        if pattern.match(line):
            return source
    return readings.VMSTAT if VMSTAT.fullmatch(line) else None


def sections(lines: Lines) -> Iterable[tuple[str | None, Lines]]:
    """Cut the output of several commands apart; what comes before the first known line has the source None."""
    current: str | None = None
    gathered: Lines = []
    for number, line in lines:
        found = kind(line)
        same = found == current and found in (readings.SOFTNET, readings.SNMP, readings.VMSTAT, readings.LINK)
        inside = current == readings.DRIVER and found == readings.SNMP  # `bus-info: a` looks like one
        if found is not None and not same and not inside:
            if gathered:
                yield current, gathered
            current, gathered = found, []
        if line.strip():
            gathered.append((number, line))
    if gathered:
        yield current, gathered


def statistics(moment: Moment, file: str, lines: Lines, scope: str) -> None:
    """`ethtool -S`.  A name under a queue's or another name's line, indented, gets those before it."""
    above: list[tuple[int, str]] = []
    for number, line in lines[1:]:
        name, colon, value = line.rpartition(":")
        indent, name = len(line) - len(line.lstrip()), name.strip()
        if not colon or not name:
            moment.notes.append(f'{file}:{number}: "{line.strip()[:60]}" is no "NAME: COUNT": not used')
            continue
        above = [entry for entry in above if entry[0] < indent]
        if queue := QUEUE_HEAD.match(name):
            above.append((indent, f"{queue['side']} Queue {value.strip()[:10]}"))
            continue
        full = ": ".join([*(entry[1] for entry in above), name])
        above.append((indent, name))
        moment.count(f"{file}:{number}", Key(readings.ETHTOOL, scope, full), value)


def settings(source: str) -> Callable[[Moment, str, Lines, str], None]:
    """A reader of `NAME: VALUE` lines.  Of `-g` and `-l`, what is possible at most gets " max" after its name."""

    def read(moment: Moment, file: str, lines: Lines, scope: str) -> None:
        into = moment.settings.setdefault(source, {})
        head = lines[0][1]
        if source != readings.DRIVER and " for " in head:
            into["interface"] = head.partition(" for ")[2].split()[0].rstrip(":") if head.split(" for ")[1:] else ""
        most = ""
        for _, line in lines if source == readings.DRIVER else lines[1:]:
            name, colon, value = line.partition(":")
            if name.startswith(("Pre-set maximums", "Current hardware settings")):
                most = " max" if name.startswith("Pre") else ""
            elif colon:
                if source == readings.COALESCE and name.startswith("Adaptive"):
                    value, _, transmit = value.partition("TX:")
                    into["Adaptive TX"] = transmit.strip()
                into[f"{name.strip()}{most}"] = value.strip()

    return read


def snmp(moment: Moment, file: str, lines: Lines, scope: str) -> None:
    """Pairs of lines: names, then counts.  /proc/net/netstat is written the same way."""
    names: dict[str, list[str]] = {}
    for number, line in lines:
        protocol, _, rest = line.partition(": ")
        words = rest.split()
        if protocol not in names:
            names[protocol] = words
            continue
        header = names.pop(protocol)
        if len(header) != len(words):
            moment.notes.append(f"{file}:{number}: {len(words)} counts for {len(header)} names of {protocol}: not used")
            continue
        for name, value in zip(header, words, strict=True):
            if name == "MaxConn" and value == "-1":
                continue
            key = Key(readings.SNMP, protocol, name)
            moment.count(f"{file}:{number}", key, value, level=name in LEVELS_OF_SNMP)
    for protocol in names:
        moment.notes.append(f"{file}: names of {protocol} without counts: not used")


def softnet(moment: Moment, file: str, lines: Lines, scope: str) -> None:
    """One line a CPU, in hexadecimal, 32 bits each."""
    for row, (number, line) in enumerate(lines):
        words = line.split()
        if not HEX_ROW.fullmatch(line):
            moment.notes.append(f'{file}:{number}: "{line[:40]}" is no row of softnet_stat: not used')
            continue
        cpu = int(words[SOFTNET_CPU], 16) if len(words) > SOFTNET_CPU else row
        for column, name in SOFTNET_COUNTERS.items():
            if column < len(words):
                moment.count(f"{file}:{number}", Key(readings.SOFTNET, f"cpu {cpu}", name), int(words[column], 16))


def link(moment: Moment, file: str, lines: Lines, scope: str) -> None:
    """`ip -s link` and `ip -s -s link`: a line of names, then one of counts."""
    names: list[str] = []
    interface, side = scope, ""
    for number, line in lines:
        if head := LINK.match(line):
            interface, names = head["name"], []
        elif (words := line.split()) and words[0] in ("RX:", "TX:"):
            side, names = words[0][:2].lower(), [word.rstrip(":") for word in words[1:]]
        elif len(words) > 2 and words[:2] in (["RX", "errors:"], ["TX", "errors:"]):
            side, names = words[0].lower(), [f"{word}_errors" for word in words[2:]]
        elif names:
            if len(words) != len(names):
                moment.notes.append(f"{file}:{number}: {len(words)} counts for {len(names)} names: not used")
            else:
                for name, value in zip(names, words, strict=True):
                    moment.count(f"{file}:{number}", Key(readings.LINK, interface, f"{side}_{name}"), value)
            names = []


def sockets(moment: Moment, file: str, lines: Lines, scope: str) -> None:
    """`ss -m`: sums over the sockets of a local port; of addresses nothing is kept."""
    sums: dict[tuple[str, str], list[str]] = {}
    netid, port = lines[0][1].startswith("Netid"), ""
    for number, line in lines[1:]:
        words = line.split()
        if not line[0].isspace():
            at = 1 if netid else 0
            local = words[at + 3] if len(words) > at + 3 else ""
            queued = words[at + 1] if len(words) > at + 1 else ""
            number_of = local.rpartition(":")[2]
            if not number_of.isalnum() or not queued.isdigit():
                moment.notes.append(f'{file}:{number}: "{line[:40]}" is no socket: not used')
                port = ""
                continue
            port = f"port {number_of}"
            _add(sums, (port, "Recv-Q"), queued)
        if port and (found := MEMORY.search(line)):
            for part in found["inside"].split(","):
                name = part.rstrip("0123456789")
                _add(sums, (port, name), part[len(name) :])
    for (port, name), values in sums.items():
        total = [readings.whole(value) for value in values]
        if None in total:
            moment.notes.append(f"{file}: {name} of {port} is no count: not used")
        else:
            key = Key(readings.SOCKETS, port, name)
            moment.count(file, key, sum(value for value in total if value is not None), level=name != "d")


def _add(sums: dict[tuple[str, str], list[str]], key: tuple[str, str], value: str) -> None:
    sums.setdefault(key, []).append(value)


def vmstat(moment: Moment, file: str, lines: Lines, scope: str) -> None:
    """`NAME COUNT` lines; `nr_...` are levels."""
    for number, line in lines:
        name, _, value = line.partition(" ")
        moment.count(f"{file}:{number}", Key(readings.VMSTAT, "", name), value, level=name.startswith("nr_"))


def interrupts(moment: Moment, file: str, lines: Lines, scope: str) -> None:
    """Sums over CPUs, by the interrupt's number or the softirq's name."""
    cpus = len(lines[0][1].split())
    for number, line in lines[1:]:
        name, colon, rest = line.partition(":")
        if IRQ_HEAD.match(line):
            cpus = len(line.split())
        elif colon:
            counts = [readings.whole(word) for word in rest.split()[:cpus]]
            if counts and None not in counts:
                total = sum(count for count in counts if count is not None)
                moment.count(f"{file}:{number}", Key(readings.INTERRUPTS, "", name.strip()), total)


READERS: dict[str, Callable[[Moment, str, Lines, str], None]] = {
    readings.ETHTOOL: statistics,
    readings.SNMP: snmp,
    readings.SOFTNET: softnet,
    readings.LINK: link,
    readings.SOCKETS: sockets,
    readings.VMSTAT: vmstat,
    readings.INTERRUPTS: interrupts,
    **{source: settings(source) for source in (*SETTING_HEADS.values(), readings.DRIVER)},
}
