# SPDX-License-Identifier: MIT
"""SIGKILL at random moments over one sweep: the table is that of an undisturbed run, to the last bit.

First on a cluster of two nodes that is there already, then on a private one.  Moments are drawn in parts committed and
a fraction of a second, so they lie all over the sweep however fast the machine is.

Not modelled: machines of their own (`tests/cluster`), power that fails (what is not synced survives here).
"""

from __future__ import annotations

import random
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from marked import kill, wait_for
from node import Cluster
from scene import Scene, Typed, ids_in_parts, read
from witness import Begun, rerun

WORKERS = 2
IN_FLIGHT = 2 * WORKERS  # chunks
RAY_STARTS = 3  # how often a run starts Ray again before it gives up
PATIENCE_S = 150.0
SWEEP = """\
name: killed
host: xeon-e5-1650v4
nic: 10g
kernel: "6.12"
packets: 400000
warmup: 1000
load: 0.3
axes:
  strategy: [page_allocator, page_pool]
  traffic: [router, host_slow_reader]
  ring: [64, 256]
replicates: 120
baseline: {strategy: page_allocator}
seed: 1
"""
SIMULATIONS = 2 * 2 * 2 * 120
TYPED = ("run", "killed.yaml", "--out", "run", "--chunk-seconds", "0.05", "--no-report")

DRIVER, STARTING, RENAMING = "driver", "driver while it starts", "driver between writing a part and renaming it"
WORKER, CHILD, RAYLET, GCS, NODE = "worker", "child", "raylet", "gcs", "node"
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
    killed: list[tuple[str, float]] = field(default_factory=list)  # what, when
    given_up: list[str] = field(default_factory=list)  # runs that ended by themselves, as they should when Ray goes

    def __post_init__(self) -> None:
        self.parts = self.scene.here / "run" / "parts"
        self.die = self.scene.here / "die"
        self.witness = self.scene.here / "begun.txt"
        self.driver: Typed | None = None

    def start(self, *words: str) -> None:
        environment = {"FAULTS_WITNESS": str(self.witness), "FAULTS_DIE": str(self.die)}
        self.driver = self.scene.start(*TYPED, *words, environment=environment)

    def committed(self) -> int:
        return len(list(self.parts.glob("*.arrow")))

    def ended(self) -> bool:
        return self.driver is not None and self.driver.process.poll() is not None

    def more_parts(self, number: int) -> bool:
        """Wait for `number` more parts; whether the driver is still there."""
        goal = self.committed() + number
        assert wait_for(lambda: self.committed() >= goal or self.ended(), PATIENCE_S), self.tell("no progress")
        return not self.ended()

    def strike(self, what: str) -> None:
        """Kill one process of a kind."""
        if what in (DRIVER, STARTING):
            self.note(what)
            assert self.driver
            self.driver.process.kill()
        elif what == RENAMING:
            self.die.touch()
            assert wait_for(self.ended, PATIENCE_S), self.tell("no part came to be renamed")
            self.die.unlink()
            self.note(what)
        else:
            kind = {NODE: RAYLET}.get(what, what)
            found = wait_for(lambda: self.scene.mark.processes(kind) or self.ended(), PATIENCE_S)
            assert found, self.tell(f"there is no {kind}")
            if victims := self.scene.mark.processes(kind):
                self.note(what)
                kill(self.chance.choice(victims).pid)

    def note(self, what: str) -> None:
        self.killed.append((what, time.time()))

    def reap(self) -> None:
        assert self.driver
        assert wait_for(self.ended, PATIENCE_S), self.tell("the driver did not end")
        self.driver = None

    def tell(self, what: str) -> str:
        said = self.driver.said() if self.driver else ""
        return f"{what}; {self.committed()} parts; killed so far {self.killed}; {said}"


@pytest.mark.slow
@pytest.mark.parametrize("seed", [random.SystemRandom().randrange(10**6)], ids=["seed"])
def test_twenty_kills(scene: Scene, seed: int) -> None:
    (scene.here / "killed.yaml").write_text(SWEEP)
    scene.sweep("run", "killed.yaml", "--out", "undisturbed", "--executor", "inline", "--no-report")
    story = Story(scene, random.Random(seed))
    try:
        on_a_cluster(story)
        by_itself(story)
        assert len(story.killed) == KILLS == 20
        judge(story)
    except AssertionError as error:
        raise AssertionError(f"seed {seed}: {error}") from error


def on_a_cluster(story: Story) -> None:
    """Two nodes; a worker, a node (another comes), the driver, in the end the head's GCS."""
    scene, chance = story.scene, story.chance
    with Cluster(scene) as cluster:
        cluster.add_node(head=True)
        node = cluster.add_node()
        join = ("--address", cluster.address, "--nodes", "2")
        story.start(*join)
        for what in ON_A_CLUSTER:
            assert story.more_parts(chance.randint(2, 12)), story.tell("the driver ended")
            time.sleep(chance.uniform(0, 0.3))
            if what == NODE:
                story.note(NODE)
                node.kill()
                node = cluster.add_node()
            else:
                story.strike(what)
            if what == DRIVER:
                story.reap()
                story.start(*join)
        driver = story.driver
        story.reap()  # nobody can go on without the head, so the run says so and ends
        assert driver
        said = driver.said()
        assert said.code in (1, 3), said
        assert "sweep run killed.yaml" in said.error + said.out, said
        assert "Traceback" not in said.error, said


def by_itself(story: Story) -> None:
    """On a private cluster; a driver that was killed is started again at once, while the rest of it is still dying."""
    groups = [*BY_ITSELF]
    story.chance.shuffle(groups)
    ray_went = 0
    story.start()
    for what in (what for group in groups for what in group):
        if what == STARTING:
            time.sleep(story.chance.uniform(0, 6))
        elif story.more_parts(story.chance.randint(1, 14)):
            time.sleep(story.chance.uniform(0, 0.3))
        story.strike(what)
        ray_went = ray_went + 1 if what in (CHILD, RAYLET, GCS) else ray_went
        if what in (DRIVER, STARTING, RENAMING) or story.ended():
            driver = story.driver
            story.reap()
            said = driver.said() if driver else None
            if said and said.code != -9:
                assert ray_went > RAY_STARTS, story.tell(f"the run ended by itself: {said}")
                story.given_up.append(said.error)
            ray_went = 0
            story.start()
    story.reap()


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

    times = [when for _, when in story.killed]
    begun = Begun.read(story.witness)
    again = rerun(begun, times)
    assert not again.unexplained, f"begun twice with no kill in between: {again.unexplained}"
    # Which of two close kills a second beginning is due to cannot be told from times alone; in all it can.
    assert sum(again.chunks_by_kill.values()) <= IN_FLIGHT * KILLS, (again.chunks_by_kill, story.killed)
    assert max(again.chunks_by_kill.values(), default=0) <= 2 * IN_FLIGHT, (again.chunks_by_kill, story.killed)

    assert scene.mark.gone(20), f"left running: {scene.mark.processes()}"
    assert [path.name for path in scene.temp.iterdir()] == []


def test_the_witness_tells_reruns_from_kills(tmp_path: Path) -> None:
    """Its arithmetic, on a made-up story."""
    path = tmp_path / "begun.txt"
    path.write_text("1.0 0 1 2\n2.0 3\n8.0 0\n8.5 1 2\n9.0 3\n20.0 4\n")
    begun = Begun.read(path)
    again = rerun(begun, [3.0])
    assert again.chunks_by_kill == {3.0: 2}
    assert again.unexplained == []
    assert rerun(begun, [1.5]).unexplained == []  # 3 was begun by an orphan
    assert rerun(begun, [9.5]).unexplained == [0, 1, 2, 3]
