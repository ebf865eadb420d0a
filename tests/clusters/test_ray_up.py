# SPDX-License-Identifier: MIT
"""cluster.yaml and cluster.local.yaml: Ray's schema, our own checks, and that these find what they are for."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from ray_up import mistakes
from typed_words import pinned, sweep_mistakes

ROOT = Path(__file__).parents[2]
AWS, LOCAL = "cluster.yaml", "cluster.local.yaml"

# Where, what is there, what a slip makes of it, and what is said about it.
SLIPS = [
    (AWS, "cluster_name: sweep", "cluster_nam: sweep", "Ray's schema"),
    (AWS, "    resources: {CPU: 16}", "    resources: {CPU: many}", "Ray's schema"),
    (AWS, "head_node_type: head", "head_node_type: haed", "Ray's schema"),
    (AWS, "max_workers: 8\nidle", "max_workers: eight\nidle", "Ray's schema"),
    (AWS, "  region: us-east-1", "  regoin: us-east-1", 'provider has no "regoin"'),
    (AWS, "  region: us-east-1", "  regoin: us-east-1", 'provider lacks "region"'),
    (AWS, "GroupName: sweep", "GroupNames: sweep", "Ray's schema"),
    (AWS, "  ssh_user: ubuntu", "  {}", 'auth lacks "ssh_user"'),
    (AWS, "InstanceType: c7i.4xlarge", "InstanceTyp: c7i.4xlarge", 'worker: Unknown parameter in input: "InstanceTyp"'),
    (AWS, "MarketType: spot", "MarketTyp: spot", "MarketTyp"),
    (AWS, "VolumeSize: 16", "VolumeSize: large", "VolumeSize"),
    (AWS, "IamInstanceProfile: {Name: sweep-head}", "IamInstanceProfile: sweep-head", "IamInstanceProfile"),
    (AWS, "      ImageId: *image\n", "", 'worker: node_config lacks "ImageId"'),
    (AWS, "resources: {CPU: 0} ", "resources: {CPU: 2} ", "resources must say CPU: 0"),
    (AWS, " --num-cpus=0", "", "lacks --num-cpus=0"),
    (AWS, "--dashboard-host=127.0.0.1", "--dashboard-host=0.0.0.0", "0.0.0.0 is every address"),
    (AWS, "    GroupName: sweep", "    IpPermissions: [{FromPort: 8265, ToPort: 8265}]", "opens 8265"),
    (AWS, "MarketType: spot", "MarketType: capacity-block", "worker: not spot"),
    (AWS, "idle_timeout_minutes: 5", "idle_timeout_minutes: 600", "idle_timeout_minutes"),
    (AWS, "cache_stopped_nodes: false", "cache_stopped_nodes: true", "cache_stopped_nodes"),
    (AWS, "      InstanceInitiatedShutdownBehavior: terminate", "      DryRun: false", "lonely.sh would stop it"),
    (
        AWS,
        "      # No IamInstanceProfile",
        "      IamInstanceProfile: {Name: x}  #",
        "worker: a worker needs no rights",
    ),
    (AWS, "  ~/sweep/lonely.sh: clusters/lonely.sh\n", "", "~/sweep/lonely.sh is used and not sent"),
    (AWS, "constraints.txt: constraints.txt", "constraints.txt: constraint.txt", '"constraint.txt" is not there'),
    (LOCAL, "  head_ip: 192.0.2.10", "  head: 192.0.2.10", "Ray's schema"),
    (LOCAL, "  ssh_private_key:", "  ssh_key:", 'auth lacks "ssh_private_key"'),
    (LOCAL, "  ~/.ray/auth_token: ~/.ray/auth_token", "  ~/.ray/x: ~/.ray/auth_token", "token is not sent"),
    (LOCAL, "sh 3.12.3 sweep", "sh 3.12.4 sweep", "no set-up command is `bash ~/sweep/node.sh 3.12.3"),
    (LOCAL, "dist/sweep-0.1.0", "dist/sweep-0.2.0", "is not sent as"),
    (LOCAL, "- . ~/sweep/environment.sh && sweep warm", "- ~/sweep/venv/bin/sweep warm", "without environment.sh"),
    (LOCAL, "&& sweep warm", "&& sweep warm --al", "No such option: --al"),
    (LOCAL, "--object-store-memory=268435456 --disable", "--objectstore-memory=268435456 --disable", "No such option"),
    (LOCAL, "$(echo $SSH_CONNECTION | cut -d' ' -f3)\n", "$(echo $SSH_CONNECTION | cut -d' -f3)\n", "bash does not"),
    (LOCAL, "timeout 120 ray start --address", "ray start --address", "worker: one `ray start`, under a timeout"),
    (LOCAL, "--address=$RAY_HEAD_IP:6379", "--address=head:6379", "worker: not the address of the head"),
    (LOCAL, "    --node-ip-address=$(echo $SSH_CONNECTION | cut -d' ' -f3)\n", "", "without a default route"),
]


@pytest.mark.parametrize("name", [AWS, LOCAL])
def test_cluster_file(name: str) -> None:
    assert mistakes((ROOT / name).read_text()) == []


@pytest.mark.parametrize("name", [AWS, LOCAL])
def test_commands_in_comments(name: str) -> None:
    text = (ROOT / name).read_text()
    assert "sweep " in text
    assert list(sweep_mistakes(text)) == []


@pytest.mark.parametrize(("name", "right", "wrong", "said"), SLIPS, ids=lambda value: str(value)[:32].strip())
def test_a_slip_is_found(name: str, right: str, wrong: str, said: str) -> None:
    text = (ROOT / name).read_text()
    assert right in text
    assert any(said in found for found in mistakes(text.replace(right, wrong)))


def test_a_slip_in_a_comment_is_found() -> None:
    text = (ROOT / LOCAL).read_text()
    assert any("--adress" in found for found in sweep_mistakes(text.replace("--address auto", "--adress auto")))
    assert list(sweep_mistakes("sweep runn mine.yaml")) == ['sweep has no verb "runn"']


def test_head_and_workers_have_one_python_that_this_package_takes() -> None:
    found = {name: yaml.safe_load((ROOT / name).read_text())["setup_commands"][0].split()[2] for name in (AWS, LOCAL)}
    assert set(found.values()) == {pinned()}
    assert tuple(map(int, pinned().split("."))) >= (3, 11)


def test_all_of_a_cluster_s_dependencies_are_pinned_without_addresses() -> None:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    assert lines == sorted(lines, key=str.lower)
    assert all(line.count("==") == 1 and "/" not in line and "@" not in line for line in lines)
    assert all(pinned(name) for name in ("ray", "aiohttp", "grpcio", "boto3"))
