# SPDX-License-Identifier: MIT
"""What Ray makes of cluster.yaml on an AWS that is played by moto: the groups, the rights and the machines it asks for.

Not tested: that the real AWS agrees.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
import yaml
from iam import CLUSTER, Asked, allows, rights
from moto import mock_aws

ROOT = Path(__file__).parents[2]
SSH = 22
ANYWHERE = "0.0.0.0/0"

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore::DeprecationWarning")]


@pytest.fixture
def ec2(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """An account with a default network, the head's profile, and an image; keys go to a home of the test's own."""
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        boto3.client("iam").create_instance_profile(InstanceProfileName="sweep-head")
        yield boto3.client("ec2", region_name="us-east-1")


def bootstrapped(ec2: Any) -> dict[str, Any]:
    """cluster.yaml with an image that there is, as `ray up` has it before it launches."""
    from ray.autoscaler._private.aws.config import bootstrap_aws
    from ray.autoscaler._private.aws.utils import resource_cache
    from ray.autoscaler._private.util import prepare_config

    resource_cache.cache_clear()
    image = ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
    text = (ROOT / "cluster.yaml").read_text()
    assert "ami-00000000000000000" in text
    cluster = prepare_config(yaml.safe_load(text.replace("ami-00000000000000000", image)))
    return bootstrap_aws(cluster)  # type: ignore[no-any-return]


def launched(ec2: Any, cluster: dict[str, Any], kind: str) -> dict[str, Any]:
    """The machine that comes of one node type."""
    from ray.autoscaler._private.aws.node_provider import AWSNodeProvider

    provider = AWSNodeProvider(cluster["provider"], cluster["cluster_name"])
    (name,) = provider.create_node(cluster["available_node_types"][kind]["node_config"], {}, 1)
    return ec2.describe_instances(InstanceIds=[name])["Reservations"][0]["Instances"][0]  # type: ignore[no-any-return]


def open_to(ec2: Any, group: str) -> dict[Any, set[str]]:
    """Who may reach which port (-1: all) of a security group's members."""
    (found,) = ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"]
    rules: dict[Any, set[str]] = {}
    for rule in found["IpPermissions"]:
        who = {each["CidrIp"] for each in rule["IpRanges"]} | {each["GroupId"] for each in rule["UserIdGroupPairs"]}
        rules.setdefault(rule.get("FromPort", -1), set()).update(who)
    return rules


def test_only_members_and_ssh_get_in(ec2: Any) -> None:
    """Ray makes the group if it is not there, and then lets SSH in from everywhere: the docs say so."""
    cluster = bootstrapped(ec2)
    groups = {tuple(kind["node_config"]["SecurityGroupIds"]) for kind in cluster["available_node_types"].values()}
    ((group,),) = groups
    assert open_to(ec2, group) == {-1: {group}, SSH: {ANYWHERE}}


def test_a_group_that_was_made_before_is_left_alone(ec2: Any) -> None:
    """As docs/clusters.md makes it: SSH from one address."""
    network = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    made = ec2.create_security_group(GroupName="sweep", Description="sweep", VpcId=network)["GroupId"]
    ssh = {"IpProtocol": "tcp", "FromPort": SSH, "ToPort": SSH, "IpRanges": [{"CidrIp": "198.51.100.7/32"}]}
    members = {"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": made}]}
    ec2.authorize_security_group_ingress(GroupId=made, IpPermissions=[ssh, members])
    cluster = bootstrapped(ec2)
    for kind in cluster["available_node_types"].values():
        assert kind["node_config"]["SecurityGroupIds"] == [made]
    assert open_to(ec2, made) == {-1: {made}, SSH: {"198.51.100.7/32"}}


def test_the_machines_that_it_asks_for(ec2: Any) -> None:
    cluster = bootstrapped(ec2)
    head, worker = (launched(ec2, cluster, kind) for kind in ("head", "worker"))
    assert head["InstanceType"] == "m7i.large"
    assert "InstanceLifecycle" not in head
    assert head["IamInstanceProfile"]["Arn"].endswith("instance-profile/sweep-head")
    assert worker["InstanceType"] == "c7i.4xlarge"
    assert worker["InstanceLifecycle"] == "spot"
    assert "IamInstanceProfile" not in worker
    assert head["ImageId"] == worker["ImageId"]
    for machine in (head, worker):
        assert machine["MetadataOptions"]["HttpTokens"] == "required"


def test_no_role_is_made_in_the_account(ec2: Any) -> None:
    """Without a profile of its own in the file, Ray would make one with all rights to EC2 and S3."""
    bootstrapped(ec2)
    assert boto3.client("iam").list_roles()["Roles"] == []


def test_the_key_is_for_its_owner_alone(ec2: Any, tmp_path: Path) -> None:
    bootstrapped(ec2)
    (key,) = (tmp_path / ".ssh").glob("*.pem")
    assert key.stat().st_mode & 0o777 == 0o600


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, Any]]]:
    """Every call of AWS from now on, by name and parameters."""
    from botocore.client import BaseClient

    found: list[tuple[str, dict[str, Any]]] = []
    call = BaseClient._make_api_call  # type: ignore[attr-defined]

    def noted(client: Any, operation: str, params: dict[str, Any]) -> Any:
        found.append((operation, params))
        return call(client, operation, params)

    monkeypatch.setattr(BaseClient, "_make_api_call", noted)
    return found


def policy() -> dict[str, Any]:
    return json.loads((ROOT / "clusters" / "head-policy.json").read_text())  # type: ignore[no-any-return]


def refused(operation: str, params: dict[str, Any], tags_of: dict[str, dict[str, str]]) -> list[Asked]:
    """The rights that a call needs and the head's policy does not give."""
    return [asked for asked in rights(operation, params, tags_of) if not allows(policy(), asked)]


def test_the_head_s_policy_lets_it_start_mark_and_end_workers(
    ec2: Any, calls: list[tuple[str, dict[str, Any]]]
) -> None:
    """What Ray's node provider asks of AWS, call by call."""
    from ray.autoscaler._private.aws.node_provider import AWSNodeProvider

    cluster = bootstrapped(ec2)
    node_config = cluster["available_node_types"]["worker"]["node_config"]
    calls.clear()
    provider = AWSNodeProvider(cluster["provider"], cluster["cluster_name"])
    (name,) = provider.create_node(node_config, {"ray-node-kind": "worker"}, 1)
    assert provider.non_terminated_nodes({}) == [name]
    provider.set_node_tags(name, {"ray-node-status": "up-to-date", "ray-runtime-config": "a"})
    provider.set_node_tags(name, {"ray-file-mounts-contents": "b"})
    provider.non_terminated_nodes({})
    provider.terminate_node(name)
    made = {operation for operation, _ in calls}
    assert {"RunInstances", "CreateTags", "DescribeInstances", "TerminateInstances"} <= made
    for operation, params in calls:
        assert refused(operation, params, {name: {CLUSTER: cluster["cluster_name"]}}) == [], operation


MINE, FOREIGN, UNMARKED = {CLUSTER: "sweep"}, {CLUSTER: "database"}, {"Name": "somebody's"}


def launch(*tags: dict[str, str]) -> dict[str, Any]:
    """Parameters of RunInstances; `tags` of the instance."""
    pairs = [{"Key": key, "Value": value} for each in tags for key, value in each.items()]
    return {"TagSpecifications": [{"ResourceType": "instance", "Tags": pairs}]} if pairs else {}


def mark(id: str, **tags: str) -> dict[str, Any]:
    return {"Resources": [id], "Tags": [{"Key": key.replace("_", "-"), "Value": tags[key]} for key in tags]}


@pytest.mark.parametrize(
    ("operation", "params"),
    [
        ("RunInstances", launch()),
        ("RunInstances", launch(FOREIGN)),
        ("RunInstances", launch(UNMARKED)),
        ("TerminateInstances", {"InstanceIds": ["foreign"]}),
        ("TerminateInstances", {"InstanceIds": ["unmarked"]}),
        ("TerminateInstances", {"InstanceIds": ["mine", "foreign"]}),
        ("StopInstances", {"InstanceIds": ["mine"]}),
        ("CreateTags", mark("foreign", ray_cluster_name="sweep")),
        ("CreateTags", mark("unmarked", ray_cluster_name="sweep")),
        ("CreateTags", mark("unmarked", ray_node_status="up-to-date")),
        ("CreateTags", mark("mine", ray_cluster_name="database")),
        ("CreateTags", mark("mine", ray_node_status="x", owner="me")),
        ("DeleteTags", mark("mine", ray_cluster_name="sweep")),
        ("DeleteSecurityGroup", {"GroupName": "sweep"}),
        ("AssociateIamInstanceProfile", {"InstanceId": "mine"}),
        ("ModifyInstanceAttribute", {"InstanceId": "mine"}),
    ],
)
def test_the_head_s_policy_gives_no_other_right(operation: str, params: dict[str, Any]) -> None:
    """Not to instances of others, nor to make one of theirs look like one of this cluster."""
    assert refused(operation, params, {"mine": MINE, "foreign": FOREIGN, "unmarked": UNMARKED})


def test_the_head_s_policy_passes_no_role_and_names_this_cluster() -> None:
    text = (ROOT / "clusters" / "head-policy.json").read_text()
    assert "iam:" not in text
    cluster = yaml.safe_load((ROOT / "cluster.yaml").read_text())
    marks = [
        value
        for line in text.splitlines()
        if CLUSTER in line
        for value in re.findall(r'/ray-cluster-name": "(.*?)"', line)
    ]
    assert marks == [cluster["cluster_name"]] * 4
    for statement in policy()["Statement"]:
        if statement["Resource"] == "*":
            assert statement["Action"] == "ec2:DescribeInstances", "which AWS gives for all instances or none"
