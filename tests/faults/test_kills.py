# SPDX-License-Identifier: MIT
"""SIGKILL at random moments over one sweep: the table is that of an undisturbed run, to the last bit.

First on a cluster of two nodes that is there already, then on a private one.  Moments are drawn as shares of what is
left to do and a fraction of a second, so they lie all over the sweep, the last one before its end, however fast the
machine is.  They are those of SEED, which is committed, so a failure can be repeated; FAULTS_SEED=N draws others.

Not modelled: machines of their own (`tests/cluster`), power that fails (what is not synced survives here).
"""

from __future__ import annotations

import json
import os
import random
import signal
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from marked import kill, wait_for
from node import Cluster
from scene import Said, Scene, Typed, ids_in_parts, read, rows_in_part
from witness import Begun, Kill, rerun

from tests.tiny_sweep import sweep_text

SEED = int(os.environ.get("FAULTS_SEED", "1016"))  # of the moments and victims
WORKERS = 2
IN_FLIGHT = {"session": 2 * WORKERS, "node": 2, "worker": 1}  # chunks that go with it; a node has one worker
RAY_STARTS = 3  # how often a run starts Ray again before it gives up
PATIENCE_S = 150.0
AXES = {"strategy": "[page_allocator, page_pool]", "traffic": "[router, host_slow_reader]", "ring": "[64, 256]"}
SWEEP = sweep_text(name="killed", packets=200_000, warmup=1000, axes=AXES, replicates=120)
SIMULATIONS = 2 * 2 * 2 * 120
TYPED = ("run", "killed.yaml", "--out", "run", "--chunk-seconds", "0.05", "--no-report")
ALONE = ("--workers", str(WORKERS))
LINGER_S = 0.06  # of a simulation: Ray goes on for seconds without its GCS, and must not get through all that is left
RESERVE = SIMULATIONS // 5  # not to be waited for: what is done while the last kills take effect

DRIVER, STARTING, RENAMING = "driver", "driver while it starts", "driver between writing a part and renaming it"
WORKER, CHILD, RAYLET, GCS, NODE = "worker", "child", "raylet", "gcs", "node"
ENDS_SESSION = (DRIVER, STARTING, RENAMING, CHILD, RAYLET, GCS)
ON_A_CLUSTER = (WORKER, NODE, DRIVER, GCS)
BY_ITSELF = (  # what follows one another as it stands; the order of the rest is drawn
    *[(WORKER,)] * 4,
    *[(RAYLET,), (GCS,), (CHILD,)],
    *[(DRIVER,), (DRIVER,), (DRIVER, STARTING), (RENAMING, STARTING), (RENAMING,), (RENAMING,)],
    (CHILD,),
)
KILLS = len(ON_A_CLUSTER) + sum(map(len, BY_ITSELF))


@dataclass
class Story:
    """One sweep, and what was done to it."""

    scene: Scene
    chance: random.Random
    killed: list[Kill] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.parts = self.scene.here / "run" / "parts"
        self.die = self.scene.here / "die"
        self.witness = self.scene.here / "begun.jsonl"
        self.watched = {"FAULTS_WITNESS": str(self.witness), "FAULTS_LINGER_S": str(LINGER_S)}
        self.rows: dict[str, int] = {}  # by part: they do not change
        self.driver: Typed | None = None

    def start(self, *words: str) -> None:
        self.driver = self.scene.start(*TYPED, *words, environment={**self.watched, "FAULTS_DIE": str(self.die)})

    def left(self) -> int:
        """Simulations that have no row yet."""
        for path in self.parts.glob("*.arrow"):
            if path.name not in self.rows:
                self.rows[path.name] = rows_in_part(path)
        return SIMULATIONS - sum(self.rows.values())

    def ended(self) -> bool:
        return self.driver is not None and self.driver.process.poll() is not None

    def go_on(self) -> bool:
        """Wait until some of what is left is done, but enough for the kills to come; whether the driver is there."""
        left = self.left()
        share = max(left - RESERVE, 0) / (KILLS - len(self.killed) + 1)
        goal = left - max(1, round(self.chance.uniform(0.1, 1.9) * share))
        assert wait_for(lambda: self.left() <= goal or self.ended(), PATIENCE_S), self.tell("no progress")
        time.sleep(self.chance.uniform(0, 0.1))
        return not self.ended()

    def strike(self, what: str, node: int = 0) -> bool:
        """Kill one process of a kind, with which a node goes, maybe; False if the driver has ended by itself before."""
        assert self.driver
        victim = self.driver.process.pid
        if what == RENAMING:
            self.die.touch()
            assert wait_for(self.ended, PATIENCE_S), self.tell("no part came to be renamed")
            self.die.unlink()
            if self.driver.said().code != -signal.SIGKILL:
                return False
        elif what in (DRIVER, STARTING):
            if self.ended():
                return False
            kill(victim)
        else:
            found = wait_for(lambda: self.scene.mark.processes(what) or self.ended(), PATIENCE_S)
            assert found, self.tell(f"there is no {what}")
            victims = self.scene.mark.processes(what)
            if self.ended() or not victims:
                return False
            victim = self.chance.choice(victims).pid
            kill(victim)
        self.note(what, worker=victim if what == WORKER else 0, node=node)
        return True

    def note(self, what: str, worker: int = 0, node: int = 0) -> None:
        self.killed.append(Kill(what, time.time(), worker, node, what in ENDS_SESSION, self.left()))

    def reap(self) -> Said:
        """What the driver has said when it has ended."""
        assert self.driver
        assert wait_for(self.ended, PATIENCE_S), self.tell("the driver did not end")
        said, self.driver = self.driver.said(), None
        return said

    def tell(self, what: str) -> str:
        said = self.driver.said() if self.driver else ""
        return f"{what}; {self.left()} simulations left; killed so far {self.killed}; {said}"


@pytest.mark.slow
@pytest.mark.parametrize("seed", [SEED], ids=[f"FAULTS_SEED={SEED}"])
def test_twenty_kills(scene: Scene, seed: int) -> None:
    print(f"FAULTS_SEED={seed}")
    (scene.here / "killed.yaml").write_text(SWEEP)
    scene.sweep("run", "killed.yaml", "--out", "undisturbed", "--executor", "inline", "--no-report")
    story = Story(scene, random.Random(seed))
    try:
        on_a_cluster(story)
        by_itself(story)
        assert len(story.killed) == KILLS == 20
        judge(story)
    except AssertionError as error:
        raise AssertionError(f"FAULTS_SEED={seed}: {error}") from error


def on_a_cluster(story: Story) -> None:
    """Two nodes; a worker, a node (another comes), the driver, in the end the head's GCS."""
    scene = story.scene
    with Cluster(scene, watched=story.watched) as cluster:
        head = cluster.add_node(head=True)
        node = cluster.add_node()
        join = ("--address", cluster.address, "--nodes", "2")
        story.start(*join)
        for what in ON_A_CLUSTER:
            assert story.go_on(), story.tell("the driver ended")
            if what == NODE:
                story.note(NODE, node=node.raylet)
                node.kill()
                node = cluster.add_node()
            else:
                with_it = head.raylet if what == GCS else 0  # `ray start --block` ends what is left of its node
                assert story.strike(what, with_it), story.tell("the driver ended")
            if what == DRIVER:
                story.reap()
                story.start(*join)
        said = story.reap()  # nobody can go on without the head, so the run says so and ends
        assert said.code in (1, 3), said
        assert "sweep run killed.yaml" in said.error + said.out, said
        assert "Traceback" not in said.error, said


def by_itself(story: Story) -> None:
    """On a private cluster; a driver that was killed is started again at once, while the rest of it is still dying."""
    groups = [*BY_ITSELF]
    story.chance.shuffle(groups)
    ray_went = 0
    story.start(*ALONE)
    for what in (what for group in groups for what in group):
        if what == STARTING:
            time.sleep(story.chance.uniform(0, 6))
        while not ((what == STARTING or story.go_on()) and story.strike(what)):
            gave_up(story.reap(), ray_went)
            ray_went = 0
            story.start(*ALONE)
        ray_went += what in (CHILD, RAYLET, GCS)
        if what in (DRIVER, STARTING, RENAMING):
            story.reap()
            ray_went = 0
            story.start(*ALONE)
    said = story.reap()
    if said.code:  # the last kill may have been one of Ray too many
        gave_up(said, ray_went)
        story.start(*ALONE)
        said = story.reap()
    assert said.code == 0, said


def gave_up(said: Said, ray_went: int) -> None:
    """A run may end by itself for one reason only: its Ray went more often than it is started again."""
    assert (said.code, ray_went > RAY_STARTS) == (1, True), (
        f"the run ended by itself, Ray went {ray_went} times: {said}"
    )


def judge(story: Story) -> None:
    scene = story.scene
    last = scene.sweep(*TYPED)  # nothing is left to do
    assert "to run 0" in last.out, last
    table = read(scene.here / "run")
    assert table.equals(read(scene.here / "undisturbed"))
    ids = table.column("id").to_pylist()
    assert len(set(ids)) == len(ids) == SIMULATIONS
    assert sorted(ids_in_parts(scene.here / "run")) == sorted(ids)  # nothing is missing or there twice
    assert not list(story.parts.glob("*.bad"))

    again = rerun(Begun.read(story.witness), story.killed)
    assert not again.unexplained, f"begun again, and no kill had ended it: {again.unexplained}; {story.killed}"
    for each in story.killed:
        lost = {loss.of: chunks for loss, chunks in again.chunks.items() if loss.kill is each}
        print(f"{each.when - story.killed[0].when:6.1f} s  {each.left:4} left  {each.what}; begun again: {lost}")
    too_many = [(loss, chunks) for loss, chunks in again.chunks.items() if chunks > IN_FLIGHT[loss.of]]
    assert not too_many, (too_many, story.killed)
    assert story.killed[-1].left > 0, story.killed

    assert scene.mark.gone(20), f"left running: {scene.mark.processes()}"
    assert [path.name for path in scene.temp.iterdir()] == []


def test_the_witness_tells_reruns_from_kills(tmp_path: Path) -> None:
    """Its arithmetic, on a made-up story: session a loses a worker, then its GCS, and goes on for a while."""
    rows = [
        (1.0, "a", 7, 21, [0, 1]),
        (1.0, "a", 7, 22, [2]),
        (2.0, "a", 7, 22, [3]),
        (3.0, "a", 7, 23, [0, 1]),  # worker 21 was killed
        (4.0, "a", 8, 24, [5]),
        (5.0, "a", 7, 22, [5]),  # the node of the GCS had gone
        (9.0, "b", 9, 31, [0]),
        (9.0, "b", 9, 32, [3, 5]),
        (12.0, "c", 10, 41, [0]),
    ]
    names = ("when", "session", "node", "worker", "simulations")
    path = tmp_path / "begun.jsonl"
    path.write_text("".join(json.dumps(dict(zip(names, row, strict=True))) + "\n" for row in rows))
    worker, gcs = Kill("worker", 2.5, worker=21), Kill("gcs", 4.5, node=8, ends_session=True)
    driver, child = Kill("driver", 5.5, ends_session=True), Kill("child", 8.5, ends_session=True)
    begun = Begun.read(path)
    first, last = begun[0], begun[6]

    again = rerun(begun, [worker, gcs, driver, child])
    assert not again.unexplained
    assert again.chunks == {
        ("worker", worker): 1,
        ("node", gcs): 1,  # of the GCS
        ("session", gcs): 3,  # also what was begun after the GCS had gone
        ("session", child): 1,
    }
    assert rerun(begun, [gcs, driver, child]).unexplained == [first]
    assert rerun(begun, [worker, gcs]).unexplained == [last]
    assert len(rerun(begun, [worker]).unexplained) == 5
