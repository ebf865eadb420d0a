# SPDX-License-Identifier: MIT
"""Ray's fake multi-node autoscaler: nodes come for a sweep and go after it.

Its nodes are Ray processes of one machine, which it starts and ends itself, so that machine is a node of ours.
Autoscaler v1: with v2 no node of this provider ever comes.
Source: measured with Ray 2.60.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest
import sweep_runs
from namespaces import Net, Node, explained
from ray_nodes import OBJECT_STORE_BYTES, Cluster, environment
from sweep_runs import RUN_TIMEOUT_S
from waiting import until

pytestmark = pytest.mark.slow

MOST_WORKERS = 2
HEAD_TYPE = "ray.head.default"  # the provider gives the head this type; by another name it is started over and over
IDLE_MINUTES = 0.05

# Without the three keys beside `type`, nodes come and never go.
CONFIG = {
    "cluster_name": "fake",
    "max_workers": MOST_WORKERS,
    "upscaling_speed": 10.0,
    "idle_timeout_minutes": IDLE_MINUTES,
    "provider": {
        "type": "fake_multinode",
        "use_node_id_as_ip": True,
        "disable_node_updaters": True,
        "disable_launch_config_check": True,
    },
    "auth": {},
    "available_node_types": {
        HEAD_TYPE: {"resources": {"CPU": 0}, "node_config": {}, "max_workers": 0},
        "worker": {
            "resources": {"CPU": 1, "object_store_memory": OBJECT_STORE_BYTES},
            "node_config": {},
            "min_workers": 0,
            "max_workers": MOST_WORKERS,
        },
    },
    "head_node_type": HEAD_TYPE,
    "file_mounts": {},
    "cluster_synced_files": [],
    "file_mounts_sync_continuously": False,
    "rsync_exclude": [],
    "rsync_filter": [],
    "initialization_commands": [],
    "setup_commands": [],
    "head_setup_commands": [],
    "worker_setup_commands": [],
    "head_start_ray_commands": [],
    "worker_start_ray_commands": [],
}


@pytest.fixture
def cluster(
    nodes_can_be_made: None, undisturbed: pa.Table, shared: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Cluster]:
    """A head without CPUs whose autoscaler looks every second."""
    fake = {"AUTOSCALER_UPDATE_INTERVAL_S": "1", "RAY_FAKE_CLUSTER": "1"}
    with Net(tmp_path_factory.mktemp("net"), {**environment(), **fake}) as net:
        cluster = Cluster(net, shared)
        cluster.head.write("/root/autoscaler.json", json.dumps(CONFIG))
        cluster.start_head("--autoscaling-config=/root/autoscaler.json", "--include-dashboard=false", cpus=0)
        yield cluster


def raylets(node: Node) -> int:
    """Ray nodes that run on a node of ours."""
    return len(node.run("pgrep", "-x", "raylet", timeout_s=10, exit_codes=(0, 1)).output.split())


def test_nodes_come_for_a_sweep_and_go_after_it(cluster: Cluster, shared: Path, undisturbed: pa.Table) -> None:
    head, out = cluster.head, shared / "out"
    assert raylets(head) == 1
    with explained(cluster.net):
        run = sweep_runs.start(head, shared / "sweep.yaml", out, cluster.address)
        until(lambda: raylets(head) == 1 + MOST_WORKERS, 60, f"{MOST_WORKERS} more nodes", run)
        done = run.wait(RUN_TIMEOUT_S)
        assert done.exit_code == 0, done.output
        assert sweep_runs.table(out).equals(undisturbed)
        until(lambda: raylets(head) == 1, 60, f"the nodes that came gone, idle for {IDLE_MINUTES} min")
