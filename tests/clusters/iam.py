# SPDX-License-Identifier: MIT
"""What an IAM policy allows, for the few of its words that clusters/head-policy.json uses; moto knows no conditions.

Source: AWS's policy evaluation logic and the actions, resources and condition keys of Amazon EC2 (Service
Authorization Reference).  A request for several resources is allowed if it is for each; a condition on a key that a
request does not have is not met, except that ForAllValues is met by no values.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

CLUSTER = "ray-cluster-name"
Tags = Mapping[str, str]


class Asked(NamedTuple):
    """One right that a call needs."""

    action: str
    resource: str
    context: Mapping[str, list[str]]


def allows(policy: Mapping[str, Any], asked: Asked) -> bool:
    """Whether a statement of `policy` allows it; there are no Deny."""
    assert {each["Effect"] for each in policy["Statement"]} == {"Allow"}
    return any(_matches(statement, asked) for statement in policy["Statement"])


def _matches(statement: Mapping[str, Any], asked: Asked) -> bool:
    assert statement.keys() <= {"Sid", "Effect", "Action", "Resource", "Condition"}
    return (
        any(fnmatchcase(asked.action, each) for each in _list(statement["Action"]))
        and any(fnmatchcase(asked.resource, each) for each in _list(statement["Resource"]))
        and all(_holds(*condition, asked.context) for condition in statement.get("Condition", {}).items())
    )


def _holds(operator: str, wanted: Mapping[str, Any], context: Mapping[str, list[str]]) -> bool:
    for key, values in wanted.items():
        given = context.get(key, [])
        if operator == "ForAllValues:StringEquals":
            if not set(given) <= set(_list(values)):
                return False
        else:
            assert operator == "StringEquals"
            if not set(given) & set(_list(values)):
                return False
    return True


def _list(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value)


def rights(operation: str, params: Mapping[str, Any], tags_of: Mapping[str, Tags]) -> Iterator[Asked]:
    """The rights that a call of EC2 needs; `tags_of`: of the instances that there are, by id."""
    action = f"ec2:{operation}"
    if operation == "RunInstances":
        specifications = {each["ResourceType"]: each["Tags"] for each in params.get("TagSpecifications", ())}
        for kind in ("instance", "image", "key-pair", "network-interface", "security-group", "subnet", "volume"):
            tags = {tag["Key"]: tag["Value"] for tag in specifications.get(kind, ())}
            yield Asked(action, _arn(kind), _requested(tags))
            if tags:
                yield Asked("ec2:CreateTags", _arn(kind), {**_requested(tags), "ec2:CreateAction": [operation]})
    elif operation == "CreateTags":
        tags = {tag["Key"]: tag["Value"] for tag in params["Tags"]}
        for id in params["Resources"]:
            yield Asked(action, _arn("instance", id), {**_requested(tags), **_there(tags_of.get(id, {}))})
    elif "InstanceIds" in params and not operation.startswith("Describe"):
        for id in params["InstanceIds"]:
            yield Asked(action, _arn("instance", id), _there(tags_of.get(id, {})))
    else:
        yield Asked(action, "*", {})


def _arn(kind: str, id: str = "x-1") -> str:
    return f"arn:aws:ec2:us-east-1:{'' if kind == 'image' else '123456789012'}:{kind}/{id}"


def _requested(tags: Tags) -> dict[str, list[str]]:
    return {**{f"aws:RequestTag/{key}": [value] for key, value in tags.items()}, "aws:TagKeys": list(tags)}


def _there(tags: Tags) -> dict[str, list[str]]:
    return {f"ec2:ResourceTag/{key}": [value] for key, value in tags.items()}
