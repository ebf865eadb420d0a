# SPDX-License-Identifier: MIT
"""Output of every tool that is read, in each of its forms."""

from __future__ import annotations

from pathlib import Path

import pytest

from sweep.errors import SweepError
from sweep.host_counters import files
from sweep.host_counters.readings import CHANNELS, COALESCE, DRIVER, ETHTOOL, FEATURES, RINGS, SPREAD, Key, Moment
from tests.host_counters.hosts import NO_STATISTICS, VIRTIO, VMXNET3


def moment(tmp_path: Path, text: str, name: str = "x.txt") -> Moment:
    (tmp_path / name).write_text(text)
    return files.read([tmp_path / name]).after


def test_json_of_ethtool_is_what_its_text_is(tmp_path: Path) -> None:
    rings = '[ { "ifname": "eth0", "rx-max": 4096, "tx-max": 4096, "rx": 1024, "tx": 512 } ]'
    assert moment(tmp_path, rings).settings[RINGS] == {
        "interface": "eth0", "RX max": "4096", "TX max": "4096", "RX": "1024", "TX": "512",
    }  # fmt: skip
    maximums = "Ring parameters for eth0:\nPre-set maximums:\nRX:\t4096\nTX:\t4096\n"
    text = f"{maximums}Current hardware settings:\nRX:\t1024\nTX:\t512\n"
    assert moment(tmp_path, text).settings == moment(tmp_path, rings).settings
    channels = moment(tmp_path, '[{"ifname": "eth0", "combined-max": 8, "combined-count": 4}]').settings[CHANNELS]
    assert (channels["Combined max"], channels["Combined"]) == ("8", "4")
    coalesce = moment(tmp_path, '[{"ifname": "eth0", "adaptive-rx": true, "rx-usecs": 8}]').settings[COALESCE]
    assert (coalesce["Adaptive RX"], coalesce["rx-usecs"]) == ("on", "8")
    features = '[{"ifname": "e", "generic-receive-offload": {"active": true, "fixed": true, "requested": null}}]'
    assert moment(tmp_path, features).settings[FEATURES]["generic-receive-offload"] == "on [fixed]"
    groups = '[{"ifname": "e", "rmon": {"rx-pkts": [{"low": 64, "high": 127, "val": 3}]}, "eth-mac": {"a": 4}}]'
    counters = moment(tmp_path, groups).counters
    assert counters == {Key(ETHTOOL, "e", "rmon: rx-pkts 64-127"): 3, Key(ETHTOOL, "e", "eth-mac: a"): 4}


def test_a_dump_in_pythons_notation_is_read_as_json_is(tmp_path: Path) -> None:
    dump = (VIRTIO / "after.page-pool-stats-get.json").read_text()
    assert moment(tmp_path, dump.replace('"', "'")).counters == moment(tmp_path, dump).counters != {}


def test_names_of_vmxnet3_get_their_queue_and_what_they_stand_under() -> None:
    after = files.read([VMXNET3]).after.counters
    names = [key.name for key in after if key.source == ETHTOOL]
    assert {"Rx Queue 1: ucast pkts rx", "Tx Queue 0: drv dropped tx total: giant hdr"} < set(names)
    assert len(names) == len(set(names)) == 81


def test_several_commands_in_one_file_are_told_apart(tmp_path: Path) -> None:
    parts = ("ethtool_i", "ethtool_k", "after.ethtool_S", "after.snmp", "after.ip_s_link", "after.vmstat")
    text = "".join((NO_STATISTICS / f"{part}.txt").read_text() for part in parts)
    together = moment(tmp_path, text)
    assert together.notes == []
    assert together.settings[DRIVER]["driver"] == "veth"
    apart = files.read([NO_STATISTICS / f"{part}.txt" for part in parts]).after
    assert together.counters == apart.counters


def test_the_indirection_table_and_a_socket_table_with_protocols(tmp_path: Path) -> None:
    head = "RX flow hash indirection table for eth0 with 2 RX ring(s):\n"
    table = f"{head}    0:      0     1\nRSS hash key:\nOperation not supported\n"
    assert moment(tmp_path, table).settings[SPREAD]["0"] == "0     1"
    sockets = (
        "Netid State  Recv-Q Send-Q Local Address:Port Peer Address:Port\n"
        "udp   UNCONN 7      0      10.0.0.1:53        0.0.0.0:*\n\t skmem:(r7,rb100,t0,tb1,f0,w0,o0,bl0,d3)\n"
        "udp   UNCONN 1      0      [::1]:53           [::]:*   skmem:(r1,rb100,t0,tb1,f0,w0,o0,bl0,d4)\n"
    )
    found = moment(tmp_path, sockets)
    assert found.counters == {Key("ss -m", "port 53", "d"): 7}
    assert found.levels[Key("ss -m", "port 53", "Recv-Q")] == 8


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("NIC statistics:\n     rx_packets: -5\n", 'x.txt:2: rx_packets is "-5", which is no count: not used'),
        ("NIC statistics:\n     rx_packets: 1e9\n", 'x.txt:2: rx_packets is "1e9", which is no count: not used'),
        (f"NIC statistics:\n     a: {'9' * 5000}\n", f'x.txt:2: a is "{"9" * 40}", which is no count: not used'),
        ("NIC statistics:\n     a: 1\n     a: 2\n", "x.txt:3: a is there twice, as 1 and 2: neither is used"),
        ("NIC statistics:\n     a: 1\n     b: 12", 'x.txt:3: "b: 12" has no line end, as if cut off there: not used'),
        ("Udp: InDatagrams NoPorts\nUdp: 7\n", "x.txt:2: 1 counts for 2 names of Udp: not used"),
    ],
)
def test_a_count_that_is_none_is_said_and_not_used(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "x.txt").write_text(text)
    (tmp_path / "y.txt").write_text("driver: veth\n")
    host = files.read([tmp_path])
    assert [note for one in host.moments for note in one.notes] == [said]
    assert not any(key.name in ("rx_packets", "b", "NoPorts") for one in host.moments for key in one.counters)


def test_what_holds_nothing_is_refused_with_the_next_command(tmp_path: Path) -> None:
    (tmp_path / "x.txt").write_text("hello\n")
    with pytest.raises(SweepError, match=r"(?s)is a counter or a setting.*x\.txt: of no known kind.*next: "):
        files.read([tmp_path])
    with pytest.raises(SweepError, match="cannot be read"):
        files.read([tmp_path / "absent"])
