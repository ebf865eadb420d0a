# SPDX-License-Identifier: MIT
"""What a sweep file can say: axes, zips, points, constraints, names; and the scenarios that it gives."""

import pytest

from sweep.errors import ConfigError
from sweep.model.scenario import Arrivals, Distribution
from sweep.model.strategies import NAMES, strategy
from tests.config.sweep_files import GRID, MINIMAL, ZIP, column


def test_the_least_that_a_file_says(sweep_of):
    sweep = sweep_of(MINIMAL)
    assert (sweep.name, sweep.points, sweep.replicates, sweep.simulations, sweep.seed) == ("my", 1, 1, 1, 0)
    assert sweep.baseline == {"strategy": "page_allocator"}
    assert sweep.axes == ()
    assert sweep.strategies == ("page_allocator",)
    assert sweep.labels(0) == {}
    scenario = sweep.scenario(0, 0)
    assert (scenario.strategy, scenario.ring, scenario.load_ppm) == ("page_allocator", 1024, 300_000)
    assert (scenario.kernel, scenario.host, scenario.nic.name) == ("6.12", "xeon-e5-1650v4", "10g")
    assert scenario.knobs == ()


def test_everything_reaches_the_scenario(sweep_of):
    sweep = sweep_of(
        """\
name: all
strategy: page_pool
strategy.pool_size: 2*ring + nic.tx_ring
traffic:
  mine:
    about: a mix
    arrivals: {on_off: {burst: {uniform: {low: 4, high: 12}}, peak: 80 %}}
    sizes: [{bytes: 64 B, weight: 3}, {bytes: 1_500, weight: 1}]
    fates: {local: 0.5, forward: 30 %, drop: 0.2}
    forward_path: xdp
    reader:
      cpu: same
      wakeup: {lognormal: {median: 20 us, p99: 200 us}}
      rate: 2 Mpps
      call: 300 ns
      batch: 8
      stall: {every: 50 ms, for: {pareto: {scale: 1 ms, alpha: 2.5}}}
      rcvbuf: 4 MiB
nic: {link: 25 Gbit/s, tx_ring: 512, napi_budget: 32, coalesce: {usecs: 8, frames: 16},
      tx_coalesce: {usecs: 12.5, frames: 0}, refill_batch: 8, copybreak: 256 B}
host.remote_line: 80 ns
kernel: 6.4
ring: 256
load: 30 %
packets: 50_000
warmup: 5_000
memory_pages: 4_096
seed: 7
replicates: 3
"""
    )
    scenario = sweep.scenario(0, 2)
    assert scenario.knobs == (("bulk", 64), ("pool_size", 1024), ("shared", 0))
    traffic = scenario.traffic
    assert traffic.name == "mine"
    assert traffic.arrivals == Arrivals("on_off", (("burst", Distribution("uniform", (4, 12))), ("peak", 800_000)))
    assert traffic.sizes == ((64, 3), (1500, 1))
    assert (traffic.local_ppm, traffic.forward_ppm, traffic.drop_ppm) == (500_000, 300_000, 200_000)
    assert traffic.forward_path == "xdp"
    reader = traffic.reader
    assert reader.same_cpu is True
    assert reader.wakeup_ps == Distribution("lognormal", (20_000_000, 200_000_000))
    assert (reader.read_ps, reader.call_ps, reader.batch_packets) == (500_000, 300_000, 8)
    assert reader.stall_every_ps == Distribution("constant", (50 * 10**9,))
    assert reader.stall_for_ps == Distribution("pareto", (10**9, 2500))
    assert reader.rcvbuf_bytes == 4 << 20
    nic = scenario.nic
    assert (nic.name, nic.link_ps_per_byte, nic.tx_ring, nic.napi_budget) == ("inline", 320, 512, 32)
    assert (nic.coalesce_ps, nic.coalesce_frames) == (8_000_000, 16)
    assert (nic.tx_coalesce_ps, nic.tx_coalesce_frames) == (12_500_000, 0)
    assert (nic.refill_batch, nic.copybreak_bytes) == (8, 256)
    assert dict(scenario.costs_ps)["remote_line"] == 80_000
    assert scenario.costs_ps == tuple(sorted(scenario.costs_ps))
    assert (scenario.kernel, scenario.ring, scenario.load_ppm, scenario.memory_pages) == ("6.4", 256, 300_000, 4096)
    assert (scenario.packets, scenario.warmup, scenario.seed, scenario.replicate) == (50_000, 5_000, 7, 2)
    hash(scenario)


def test_points_are_in_file_order_last_axis_fastest(sweep_of):
    sweep = sweep_of(GRID)
    assert sweep.points == 8
    assert [tuple(sweep.labels(point).values()) for point in range(8)] == [
        (name, mix, ring)
        for name in ("page_allocator", "page_pool")
        for mix in ("router", "host")
        for ring in (256, 1024)
    ]
    assert [(axis.name, axis.values) for axis in sweep.axes] == [
        ("strategy", ("page_allocator", "page_pool")),
        ("traffic", ("router", "host")),
        ("ring", (256, 1024)),
    ]


def test_a_replicate_or_a_longer_axis_changes_no_other_scenario(sweep_of):
    def scenarios(sweep):
        return {sweep.scenario(p, r) for p in range(sweep.points) for r in range(sweep.replicates)}

    few = scenarios(sweep_of(GRID, "replicates=2"))
    assert few < scenarios(sweep_of(GRID, "replicates=3"))
    assert few < scenarios(sweep_of(GRID, "replicates=2", "axes.ring=[512, 256, 1024]"))


def test_traffic_is_the_same_for_all_strategies_and_rings(sweep_of):
    sweep = sweep_of(GRID)
    mixes = {sweep.scenario(point, 0).traffic for point in range(8)}
    assert len(mixes) == 2


def test_short_forms_of_axes(sweep_of):
    sweep = sweep_of(
        """\
strategy: page_allocator
traffic: router
axes:
  ring: {log2: [64, 512]}
  load: {linspace: [0.1, 0.3, 3]}
  packets: {range: [100_000, 300_000, 100_000]}
  nic.tx_ring: {log: [100, 10_000, 3]}
  host.remote_line: {linspace: [40 ns, 100 ns, 3]}
"""
    )
    assert [axis.values for axis in sweep.axes] == [
        (64, 128, 256, 512),
        (0.1, 0.2, 0.3),
        (100_000, 200_000, 300_000),
        (100, 1000, 10_000),
        ("40 ns", "70 ns", "100 ns"),
    ]
    assert sweep.points == 4 * 3 * 3 * 3 * 3


def test_a_zip_with_a_knob_gives_one_point_to_strategies_without_it(sweep_of):
    sweep = sweep_of(ZIP)
    rows = [
        (labels["strategy"], labels["ring"], labels.get("strategy.pool_size"), labels.get("label"))
        for labels in map(sweep.labels, range(sweep.points))
    ]
    assert rows == [
        ("page_allocator", 256, None, None),
        ("page_allocator", 1024, None, None),
        ("page_frag", 256, None, None),
        ("page_frag", 1024, None, None),
        ("page_pool", 256, 256, "pool=ring"),
        ("page_pool", 256, 512, "pool=2x"),
        ("page_pool", 1024, 1024, "pool=ring"),
        ("page_pool", 1024, 2048, "pool=2x"),
    ]
    assert [dict(sweep.scenario(point, 0).knobs).get("pool_size") for point in range(sweep.points)] == [
        row[2] for row in rows
    ]


def test_knobs_have_the_defaults_of_their_strategy(sweep_of):
    sweep = sweep_of(MINIMAL, f"axes.strategy=[{', '.join(NAMES)}]")
    for point in range(sweep.points):
        scenario = sweep.scenario(point, 0)
        ring = {"ring": 1024, "2*ring": 2048}
        wanted = {knob.name: ring.get(knob.default, knob.default) for knob in strategy(scenario.strategy).KNOBS}
        assert dict(scenario.knobs) == wanted
        assert sweep.strategy_of(point) == scenario.strategy


def test_a_zip_in_lockstep(sweep_of):
    sweep = sweep_of(
        "strategy: page_frag\ntraffic: router\nzip: [{ring: [64, 128], load: [0.1, 0.2]}, {nic: [10g, 25g]}]\n"
    )
    assert list(zip(column(sweep, "ring"), column(sweep, "load"), column(sweep, "nic"), strict=True)) == [
        (64, 100_000, "10g"),
        (64, 100_000, "25g"),
        (128, 200_000, "10g"),
        (128, 200_000, "25g"),
    ]


def test_points_are_united_with_the_grid(sweep_of):
    text = GRID + (
        "points:\n"
        "  - {strategy: page_pool, traffic: host, ring: 1024}\n"  # in the grid
        "  - {strategy: page_pool, traffic: host, ring: 1024, load: 0.9, label: hot}\n"
        "  - {strategy: page_frag, traffic: host, ring: 64}\n"
        "  - {strategy: page_frag, traffic: host, ring: 64}\n"  # twice
    )
    sweep = sweep_of(text)
    assert sweep.points == 8 + 2
    assert sweep.labels(8) == {"strategy": "page_pool", "traffic": "host", "ring": 1024, "load": 0.9, "label": "hot"}
    assert sweep.scenario(8, 0).load_ppm == 900_000
    assert sweep.scenario(9, 0).ring == 64
    assert sweep.strategies == ("page_allocator", "page_frag", "page_pool")
    alone = sweep_of("points: [{strategy: page_frag, traffic: host, ring: 64, load: 0.1}]")
    assert alone.points == 1


@pytest.mark.parametrize(
    ("where", "points"),
    [
        ("strategy != page_pool or ring <= 256", 4 + 2),
        ("strategy in [page_pool] and traffic == 'host'", 2),
        ("[ring > 256, traffic == router]", 2),
        ("load < 0.5", 8),
        ("strategy.pool_size < 1024", 4 + 2),  # page_allocator has no such knob and stays
        ("nic.link == '10 Gbit/s' and traffic.reader.rate >= 4 Mpps", 4),  # host: 4 Mpps, router: the default 2
        ("host.poll >= 100 ns and nic.coalesce.usecs == 8", 8),
        ("nic.tx_coalesce.usecs == 8 and nic.tx_coalesce.usecs < 8.5", 8),  # as nic.coalesce.usecs
        ("kernel == '6.12' and nic == '10g'", 8),
    ],
)
def test_where(sweep_of, where, points):
    assert sweep_of(GRID + f"where: {where}\n").points == points


def test_named_things_come_from_the_file_then_beside_then_folders_then_built_in(sweep_of, tmp_path):
    def mix(rate):
        return f"{{arrivals: poisson, sizes: 64 B, fates: {{local: 1}}, reader: {{rate: {rate} Mpps}}}}"

    def rates(text, folders=()):
        sweep = sweep_of(text, "axes.traffic=[router, host]", folders=folders)
        return [sweep.scenario(point, 0).traffic.reader.read_ps for point in range(2)]

    far = tmp_path / "far"
    (far / "traffic").mkdir(parents=True)
    (far / "traffic" / "host.yaml").write_text(mix(8))
    assert rates(MINIMAL, folders=[far]) == [500_000, 125_000]
    (tmp_path / "traffic").mkdir()
    (tmp_path / "traffic" / "host.yaml").write_text(mix(5))
    assert rates(MINIMAL, folders=[far]) == [500_000, 200_000]
    own = MINIMAL.replace("traffic: router", f"traffic: {{host: {mix(10)}}}")
    assert rates(own, folders=[far]) == [500_000, 100_000]


def test_own_hosts_and_nics(sweep_of, tmp_path):
    text = MINIMAL + "nics: {lab: {link: 40 Gbit/s, tx_ring: 256, coalesce: {usecs: 4, frames: 8}}}\nnic: lab\n"
    nic = sweep_of(text).scenario(0, 0).nic
    assert (nic.name, nic.link_ps_per_byte, nic.napi_budget, nic.refill_batch, nic.copybreak_bytes) == (
        "lab",
        200,
        64,
        16,
        0,
    )
    assert (nic.tx_coalesce_ps, nic.tx_coalesce_frames) == (4_000_000, 8)


def test_a_period_of_stalls_runs_from_start_to_start(sweep_of):
    """50 ms between the starts of stalls of 5 ms are 45 ms from the end of one to the start of the next."""
    stalls = ("{period: 50 ms, for: 5 ms}", "{every: 45 ms, for: 5 ms}")
    written, meant = (
        sweep_of(MINIMAL + f"axes: {{traffic.reader.stall: [none, {stall}]}}\n").scenario(1, 0).traffic.reader
        for stall in stalls
    )
    assert written.stall_every_ps == Distribution("constant", (45 * 10**9,))
    assert written == meant


@pytest.mark.parametrize(
    ("stall", "message"),
    [
        ("{for: 5 ms}", 'needs one of "every", from end to start, and "period", from start to start'),
        ("{every: 1 ms, period: 50 ms, for: 5 ms}", 'needs one of "every"'),
        ("{period: 5 ms, for: 5 ms}", 'period "5 ms" is not above for, "5 ms"'),
        ("{period: 50 ms, for: {exponential: {mean: 5 ms}}}", 'period "50 ms" goes with stalls of one length'),
        ("{period: {exponential: {mean: 50 ms}}, for: 5 ms}", "period takes one value"),
    ],
)
def test_a_period_that_means_nothing_is_refused(sweep_of, stall, message):
    with pytest.raises(ConfigError) as raised:
        sweep_of(MINIMAL + f"axes: {{traffic.reader.stall: [none, {stall}]}}\n")
    assert message in str(raised.value)


def test_axes_of_inner_parameters(sweep_of):
    sweep = sweep_of(
        MINIMAL + "axes:\n"
        "  traffic.reader.stall: [none, {every: 50 ms, for: 5 ms}]\n"
        "  traffic.sizes: [imix, 64 B]\n"
        "  nic.link: [10 Gbit/s, 100 Gbit/s]\n"
        "  nic.tx_coalesce.usecs: [12.5]\n"
        "  traffic.reader.wakeup: [5 us, {exponential: {mean: 9 us}}]\n"
    )
    assert sweep.points == 16
    last = sweep.scenario(15, 0)
    assert last.traffic.reader.stall_for_ps == Distribution("constant", (5 * 10**9,))
    assert last.traffic.sizes == ((64, 1),)
    assert last.nic.link_ps_per_byte == 80
    assert sweep.labels(15)["nic.tx_coalesce.usecs"] == 12.5
    assert sweep.labels(15)["traffic.reader.wakeup"] == "exponential(mean=9 us)"
    assert sweep.labels(15)["nic.link"] == "100 Gbit/s"
