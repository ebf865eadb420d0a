# SPDX-License-Identifier: MIT
"""What the RayJob manifest must keep to: the fields of KubeRay and Kubernetes, and what keeps it safe, sure and cheap.

Not checked: values inside volumes and probes; what an operator's admission rules may add.
Source: KubeRay's API reference (ray.io/v1, 1.5.1 and newer) and Kubernetes' core/v1, field by field.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from typed_words import pinned, sweep_mistakes, version

ROOT = Path(__file__).parents[2]
Tree = dict[str, Any]

FIELDS = {
    "RayJob": "apiVersion kind metadata spec",
    "RayJobSpec": "activeDeadlineSeconds backoffLimit rayClusterSpec submitterPodTemplate metadata clusterSelector "
    "submitterConfig managedBy deletionStrategy entrypoint runtimeEnvYAML jobId submissionMode entrypointResources "
    "entrypointNumCpus entrypointNumGpus ttlSecondsAfterFinished shutdownAfterJobFinishes suspend",
    "RayClusterSpec": "suspend managedBy autoscalerOptions headServiceAnnotations enableInTreeAutoscaling authOptions "
    "gcsFaultToleranceOptions headGroupSpec rayVersion workerGroupSpecs",
    "AuthOptions": "mode",
    "AutoscalerOptions": "resources image imagePullPolicy securityContext idleTimeoutSeconds upscalingMode version env "
    "envFrom volumeMounts",
    "HeadGroupSpec": "template headService enableIngress rayStartParams serviceType resources labels",
    "WorkerGroupSpec": "groupName replicas minReplicas maxReplicas idleTimeoutSeconds rayStartParams template "
    "scaleStrategy numOfHosts suspend resources labels",
    "PodTemplateSpec": "metadata spec",
    "PodSpec": "activeDeadlineSeconds affinity automountServiceAccountToken containers dnsConfig dnsPolicy "
    "enableServiceLinks ephemeralContainers hostAliases hostIPC hostNetwork hostPID hostUsers hostname "
    "imagePullSecrets initContainers nodeName nodeSelector os overhead preemptionPolicy priority priorityClassName "
    "readinessGates resourceClaims restartPolicy runtimeClassName schedulerName schedulingGates securityContext "
    "serviceAccountName setHostnameAsFQDN shareProcessNamespace subdomain terminationGracePeriodSeconds tolerations "
    "topologySpreadConstraints volumes",
    "Container": "args command env envFrom image imagePullPolicy lifecycle livenessProbe name ports readinessProbe "
    "resizePolicy resources restartPolicy securityContext startupProbe stdin stdinOnce terminationMessagePath "
    "terminationMessagePolicy tty volumeDevices volumeMounts workingDir",
    "ResourceRequirements": "claims limits requests",
}
MUST_BE_SET = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_task_oom_retries": "0"}


def mistakes(text: str) -> list[str]:
    """Everything that is wrong with the manifest."""
    manifest = yaml.safe_load(text)
    if broken := list(fields(manifest)):
        return broken
    checks = [job, reachable, head, workers, containers]
    return [found for check in checks for found in check(manifest["spec"])]


def fields(manifest: Tree) -> Iterator[str]:
    """Kubernetes drops a field that it does not know, or refuses the manifest, depending on who asks."""
    yield from _unknown(manifest, "RayJob")
    if (manifest.get("apiVersion"), manifest.get("kind")) != ("ray.io/v1", "RayJob"):
        yield "is no RayJob of ray.io/v1"
    spec = manifest.get("spec", {})
    yield from _unknown(spec, "RayJobSpec")
    cluster = spec.get("rayClusterSpec", {})
    yield from _unknown(cluster, "RayClusterSpec")
    yield from _unknown(cluster.get("authOptions", {}), "AuthOptions")
    yield from _unknown(cluster.get("autoscalerOptions", {}), "AutoscalerOptions")
    yield from _unknown(cluster.get("headGroupSpec", {}), "HeadGroupSpec")
    for group in cluster.get("workerGroupSpecs", []):
        yield from _unknown(group, "WorkerGroupSpec")
    for group in _groups(spec):
        yield from _unknown(group.get("template", {}), "PodTemplateSpec")
        yield from _unknown(group.get("template", {}).get("spec", {}), "PodSpec")
        for container in group.get("template", {}).get("spec", {}).get("containers", []):
            yield from _unknown(container, "Container")
            yield from _unknown(container.get("resources", {}), "ResourceRequirements")


def job(spec: Tree) -> Iterator[str]:
    """One attempt, whose results outlive it, and which ends."""
    if spec.get("submissionMode") not in ("K8sJobMode", "HTTPMode", "InteractiveMode", "SidecarMode"):
        yield f'submissionMode "{spec.get("submissionMode")}" is none'
    if spec.get("backoffLimit") != 0:
        yield "backoffLimit: a retry starts a cluster while the last one may still write"
    if spec.get("shutdownAfterJobFinishes") is not True:
        yield "shutdownAfterJobFinishes: the cluster would stay, and cost"
    yield from sweep_mistakes(spec.get("entrypoint", ""))
    words = shlex.split(spec.get("entrypoint", ""))
    if words[:2] != ["sweep", "run"] or words[words.index("--address") + 1] != "auto":
        yield "entrypoint: not `sweep run FILE --address auto ...`"
    if "--out" not in words or "://" not in words[words.index("--out") + 1]:
        yield "entrypoint: --out is no URI, and a pod's disk goes with the pod"


def reachable(spec: Tree) -> Iterator[str]:
    """The token is asked for, and nothing leads in from outside."""
    cluster = spec["rayClusterSpec"]
    if cluster.get("authOptions", {}).get("mode") != "token":
        yield "authOptions: mode must be token"
    if cluster["headGroupSpec"].get("serviceType") != "ClusterIP":
        yield "head: serviceType must be ClusterIP"
    if cluster["headGroupSpec"].get("enableIngress") is not False:
        yield "head: enableIngress must be false"
    for group in _groups(spec):
        for unsafe in ("hostNetwork", "hostPID", "hostIPC"):
            if group["template"]["spec"].get(unsafe):
                yield f"a pod has {unsafe}"


def head(spec: Tree) -> Iterator[str]:
    """No simulation runs on the head; Ray is the pinned one everywhere."""
    cluster = spec["rayClusterSpec"]
    if cluster["headGroupSpec"]["rayStartParams"].get("num-cpus") != "0":
        yield 'head: rayStartParams must say num-cpus: "0"'
    if cluster.get("rayVersion") != pinned("ray"):
        yield f"rayVersion is not {pinned('ray')}, as in constraints.txt"
    for group in _groups(spec):
        for name, value in group["rayStartParams"].items():
            if not isinstance(value, str):
                yield f"rayStartParams: {name} must be text, in quotes"


def workers(spec: Tree) -> Iterator[str]:
    """They come and go with the work, with whole cores."""
    cluster = spec["rayClusterSpec"]
    if cluster.get("enableInTreeAutoscaling") is not True:
        yield "enableInTreeAutoscaling: workers would not come"
    if not 60 <= cluster.get("autoscalerOptions", {}).get("idleTimeoutSeconds", 0) <= 900:
        yield "idleTimeoutSeconds: say 60 to 900"
    if not cluster.get("workerGroupSpecs"):
        yield "no workers"
    for group in cluster.get("workerGroupSpecs", []):
        if not 0 <= group["minReplicas"] <= group["replicas"] <= group["maxReplicas"]:
            yield "workers: minReplicas, replicas and maxReplicas must ascend"
        for container in group["template"]["spec"]["containers"]:
            if container["resources"]["requests"]["cpu"] != group["rayStartParams"].get("num-cpus"):
                yield "workers: as many num-cpus as CPUs requested"
        if group["template"]["spec"].get("automountServiceAccountToken") is not False:
            yield "workers: they need no rights in the cluster"


def containers(spec: Tree) -> Iterator[str]:
    """One image of this version, and an environment of texts."""
    images = set()
    for group in _groups(spec):
        for container in group["template"]["spec"]["containers"]:
            images.add(container["image"])
            given = {each["name"]: each.get("value") for each in container.get("env", [])}
            for name, value in given.items():
                if not isinstance(value, str):
                    yield f"env: {name} must be text, in quotes"
            for name, wanted in MUST_BE_SET.items():
                if given.get(name) != wanted:
                    yield f'{container["name"]}: env must say {name}: "{wanted}"'
            if "memory" not in container["resources"].get("limits", {}):
                yield f"{container['name']}: no limit of memory, so Ray takes the host's"
    if images != {f"REGISTRY/sweep:{version()}"}:
        yield f"images: not all REGISTRY/sweep:{version()}"


def dockerfile_mistakes(text: str) -> list[str]:
    """Whether the image is of the pinned Ray, and of the wheel of this version."""
    found = []
    if not re.search(rf"^FROM rayproject/ray:{re.escape(pinned('ray'))}-py3\d+$", text, re.M):
        found.append(f"is not from Ray {pinned('ray')}")
    wheel = f"sweep-{version()}-py3-none-any.whl"
    if set(re.findall(r"sweep-[\w.-]+\.whl", text)) != {wheel}:
        found.append(f"is not of {wheel}")
    if "-c /tmp/constraints.txt" not in text:
        found.append("does not pin versions")
    return found


def _groups(spec: Tree) -> list[Tree]:
    cluster = spec.get("rayClusterSpec", {})
    return [cluster.get("headGroupSpec", {}), *cluster.get("workerGroupSpecs", [])]


def _unknown(tree: Tree, kind: str) -> Iterator[str]:
    for key in tree.keys() - set(FIELDS[kind].split()):
        yield f'{kind} has no "{key}"'
