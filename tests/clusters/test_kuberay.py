# SPDX-License-Identifier: MIT
"""The RayJob manifest and its image: our checks, and that these find what they are for."""

from __future__ import annotations

from pathlib import Path

import pytest
from kuberay import dockerfile_mistakes, mistakes
from typed_words import sweep_mistakes

FOLDER = Path(__file__).parents[2] / "clusters"

# What is there, what a slip makes of it, and what is said about it.
SLIPS = [
    ("apiVersion: ray.io/v1", "apiVersion: ray.io/v1alpha1", "is no RayJob of ray.io/v1"),
    ("  backoffLimit: 0", "  backOffLimit: 0", 'RayJobSpec has no "backOffLimit"'),
    ("  backoffLimit: 0", "  backoffLimit: 3", "backoffLimit: a retry"),
    ("submissionMode: HTTPMode", "submissionMode: HttpMode", 'submissionMode "HttpMode" is none'),
    ("  shutdownAfterJobFinishes: true\n", "", "shutdownAfterJobFinishes"),
    ("entrypoint: sweep run", "entrypoint: sweep runn", "entrypoint: not `sweep run"),
    ("--address auto", "--adress auto --address auto", "No such option: --adress"),
    ("--address auto", "--address ray://head:10001", "entrypoint: not `sweep run"),
    ("--out s3://BUCKET/runs/mine", "--out /tmp/mine", "--out is no URI"),
    ("rayVersion: 2.60.0", "rayVersion: 2.59.0", "rayVersion is not 2.60.0"),
    ("      mode: token", "      mode: disabled", "authOptions: mode must be token"),
    ("    authOptions:", "    authOption:", 'RayClusterSpec has no "authOption"'),
    ("enableInTreeAutoscaling: true", "enableInTreeAutoscaling: false", "workers would not come"),
    ("idleTimeoutSeconds: 300", "idleTimeoutMinutes: 5", 'AutoscalerOptions has no "idleTimeoutMinutes"'),
    ("serviceType: ClusterIP", "serviceType: LoadBalancer", "serviceType must be ClusterIP"),
    ("enableIngress: false", "enableIngress: true", "enableIngress must be false"),
    ('num-cpus: "0"', "num-cpus: 0", 'must say num-cpus: "0"'),
    ('num-cpus: "0"', 'num-cpus: "2"', 'must say num-cpus: "0"'),
    ('object-store-memory: "268435456"', "object-store-memory: 268435456", "object-store-memory must be text"),
    ("minReplicas: 1", "minReplicas: 2", "must ascend"),
    ("minReplicas: 1", "minReplica: 1", 'WorkerGroupSpec has no "minReplica"'),
    ('num-cpus: "8"', 'num-cpus: "16"', "as many num-cpus as CPUs requested"),
    ("automountServiceAccountToken: false", "hostNetwork: true", "a pod has hostNetwork"),
    ("automountServiceAccountToken: false", "dnsPolicy: Default", "workers: they need no rights"),
    ("volumeMounts:", "volumeMount:", 'Container has no "volumeMount"'),
    ("serviceAccountName: sweep", "serviceAccount_name: sweep", 'PodSpec has no "serviceAccount_name"'),
    ('RAY_task_oom_retries, value: "0"', 'RAY_task_oom_retries, value: "-1"', "RAY_task_oom_retries"),
    ('RAY_USAGE_STATS_ENABLED, value: "0"', "RAY_USAGE_STATS_ENABLED, value: 0", "must be text"),
    ("limits: {memory: 16Gi}", "limits: {}", "ray-worker: no limit of memory"),
    ("image: REGISTRY/sweep:0.1.0\n                env", "image: REGISTRY/sweep:0.0.9\n                env", "images"),
]


def test_manifest() -> None:
    text = (FOLDER / "rayjob.yaml").read_text()
    assert mistakes(text) == []
    assert list(sweep_mistakes(text)) == []


@pytest.mark.parametrize(("right", "wrong", "said"), SLIPS, ids=lambda value: str(value)[:32].strip())
def test_a_slip_is_found(right: str, wrong: str, said: str) -> None:
    text = (FOLDER / "rayjob.yaml").read_text()
    assert right in text
    assert any(said in found for found in mistakes(text.replace(right, wrong)))


def test_image() -> None:
    text = (FOLDER / "Dockerfile").read_text()
    assert dockerfile_mistakes(text) == []
    assert dockerfile_mistakes(text.replace("ray:2.60.0", "ray:latest")) == ["is not from Ray 2.60.0"]
    assert dockerfile_mistakes(text.replace("sweep-0.1.0", "sweep-0.2.0")) == ["is not of sweep-0.1.0-py3-none-any.whl"]
    assert dockerfile_mistakes(text.replace("-c /tmp/constraints.txt ", "")) == ["does not pin versions"]
