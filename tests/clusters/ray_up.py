# SPDX-License-Identifier: MIT
"""What a cluster file for `ray up` must keep to: Ray's own schema, and what that does not see.

Every check takes the file's contents and yields what is wrong, one line each.

Not checked: that the machine image, the role and the addresses exist.
Source: ray/autoscaler/ray-schema.json and `ray start` of the Ray installed; EC2's RunInstances as botocore has it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import botocore.session
import ray
import yaml
from botocore.validate import ParamValidator
from typed_words import environment, mistake, pinned, version

ROOT = Path(__file__).parents[2]
Cluster = dict[str, Any]
KINDS = ("initialization", "setup", "head_setup", "worker_setup", "head_start_ray", "worker_start_ray")
RAY_ONLY = {"SubnetIds", "SecurityGroupIds"}  # in node_config, made into others by Ray
MUST_BE_SET = {"RAY_AUTH_MODE": "token", "RAY_USAGE_STATS_ENABLED": "0", "RAY_task_oom_retries": "0"}


def mistakes(text: str) -> list[str]:
    """Everything that is wrong with a cluster file."""
    cluster = yaml.safe_load(text)
    if broken := [*schema(cluster), *provider(cluster)]:  # others would stumble over these
        return broken
    checks = [machines, head, ports, tokens, mounts, start_commands, money]
    return [found for check in checks for found in check(cluster)]


def schema(cluster: Cluster) -> Iterator[str]:
    """Ray's own check; `prepare_config` fills in what it expects to be there."""
    from ray.autoscaler._private.util import prepare_config, validate_config

    try:
        validate_config(prepare_config(json.loads(json.dumps(cluster))))
    except (Exception, SystemExit) as error:  # Ray aborts with either
        yield f"Ray's schema: {str(error).splitlines()[0]}"


def provider(cluster: Cluster) -> Iterator[str]:
    """Ray's schema lets any key pass here."""
    path = Path(ray.__file__).parent / "autoscaler" / "ray-schema.json"
    known = json.loads(path.read_text())["properties"]["provider"]["properties"]
    for key in cluster["provider"].keys() - known.keys():
        yield f'provider has no "{key}"'
    needed = {"aws": {"region"}, "local": {"head_ip", "worker_ips"}}[cluster["provider"]["type"]]
    for key in needed - cluster["provider"].keys():
        yield f'provider lacks "{key}"'
    auth = {"ssh_user"} | ({"ssh_private_key"} if cluster["provider"]["type"] == "local" else set())
    for key in auth - cluster.get("auth", {}).keys():
        yield f'auth lacks "{key}"'


@cache
def _run_instances() -> Any:
    return botocore.session.get_session().get_service_model("ec2").operation_model("RunInstances").input_shape


def machines(cluster: Cluster) -> Iterator[str]:
    """`node_config` is what RunInstances takes; Ray looks into it only when it launches."""
    for name, kind in cluster.get("available_node_types", {}).items():
        asked = {key: value for key, value in kind["node_config"].items() if key not in RAY_ONLY}
        report = ParamValidator().validate({**asked, "MinCount": 1, "MaxCount": 1}, _run_instances())
        if report.has_errors():
            yield from (f"{name}: {line}" for line in report.generate_report().splitlines())
        for key in {"ImageId", "InstanceType"} - asked.keys():
            yield f'{name}: node_config lacks "{key}"'


def head(cluster: Cluster) -> Iterator[str]:
    """No simulation runs on the head."""
    start = " ".join(cluster["head_start_ray_commands"])
    if "--num-cpus=0" not in start:
        yield "head: ray start lacks --num-cpus=0"
    if "head_node_type" in cluster:
        if cluster["available_node_types"][cluster["head_node_type"]]["resources"].get("CPU") != 0:
            yield "head: resources must say CPU: 0"
        workers = [name for name in cluster["available_node_types"] if name != cluster["head_node_type"]]
        for name in workers:
            if cluster["available_node_types"][name]["node_config"].get("IamInstanceProfile"):
                yield f"{name}: a worker needs no rights in the account"


def ports(cluster: Cluster) -> Iterator[str]:
    """Nothing but SSH is for the world, and the dashboard for the head alone."""
    if "--dashboard-host=127.0.0.1" not in " ".join(cluster["head_start_ray_commands"]):
        yield "head: ray start lacks --dashboard-host=127.0.0.1"
    if "0.0.0.0" in json.dumps(cluster):
        yield "0.0.0.0 is every address"
    for rule in cluster["provider"].get("security_group", {}).get("IpPermissions", []):
        if {rule.get("FromPort"), rule.get("ToPort")} != {22}:
            yield f"security group: opens {rule.get('FromPort')} to {rule.get('ToPort')}"


def tokens(cluster: Cluster) -> Iterator[str]:
    """All nodes ask for the same token, and say so before Ray starts."""
    if cluster["file_mounts"].get("~/.ray/auth_token") != "~/.ray/auth_token":
        yield "the token is not sent to the nodes"
    for command in _commands(cluster):
        if re.search(r"\b(ray|sweep) ", command) and not command.startswith(". ~/sweep/environment.sh && "):
            yield f"without environment.sh: {command}"
    given = environment(ROOT / "clusters" / "environment.sh")
    for name, value in MUST_BE_SET.items():
        if given.get(name) != value:
            yield f"environment.sh does not set {name}={value}"


def mounts(cluster: Cluster) -> Iterator[str]:
    """What commands use is sent, what is sent exists, and the wheel is that of this version."""
    sent = cluster["file_mounts"]
    wheel = f"sweep-{version()}-py3-none-any.whl"
    if sent.get(f"~/sweep/{wheel}") != f"dist/{wheel}":
        yield f"dist/{wheel} is not sent as ~/sweep/{wheel}"
    for local in sent.values():
        if not local.startswith(("~/", "dist/")) and not (ROOT / local).is_file():
            yield f'"{local}" is not there'
    for command in _commands(cluster):
        for used in re.findall(r"~/sweep/[\w.-]+\.(?:sh|txt|whl)", command):
            if used not in sent:
                yield f"{used} is used and not sent"
    if f"bash ~/sweep/node.sh {pinned()} {wheel}" not in cluster["setup_commands"]:
        yield f"no set-up command is `bash ~/sweep/node.sh {pinned()} {wheel}`"


def start_commands(cluster: Cluster) -> Iterator[str]:
    """Commands are those of bash, of `ray start` and of sweep."""
    from ray.scripts.scripts import start

    for command in _commands(cluster):
        yield from mistake(command, start)
    for kind in ("head", "worker"):
        starting = [command for command in cluster[f"{kind}_start_ray_commands"] if "ray start" in command]
        if len(starting) != 1 or "timeout 120 ray start" not in starting[0]:
            yield f"{kind}: one `ray start`, under a timeout"
        elif kind == "worker" and "--address=$RAY_HEAD_IP:6379" not in starting[0]:
            yield "worker: not the address of the head"
        elif cluster["provider"]["type"] == "local" and "--node-ip-address=" not in starting[0]:
            yield f"{kind}: Ray's own search for the address fails on hosts without a default route"


def money(cluster: Cluster) -> Iterator[str]:
    """What is paid by the hour has an end."""
    if cluster["provider"]["type"] != "aws":
        return
    if not 1 <= cluster.get("idle_timeout_minutes", 0) <= 15:
        yield "idle_timeout_minutes: say 1 to 15"
    if cluster["provider"].get("cache_stopped_nodes") is not False:
        yield "cache_stopped_nodes: stopped machines cost"
    for name, kind in cluster["available_node_types"].items():
        if name != cluster["head_node_type"]:
            if kind["node_config"].get("InstanceMarketOptions", {}).get("MarketType") != "spot":
                yield f"{name}: not spot"
            if kind["node_config"].get("InstanceInitiatedShutdownBehavior") != "terminate":
                yield f"{name}: lonely.sh would stop it, not terminate it"


def _commands(cluster: Cluster) -> Iterator[str]:
    for kind in KINDS:
        yield from cluster.get(f"{kind}_commands", [])
