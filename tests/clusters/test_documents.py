# SPDX-License-Identifier: MIT
"""docs/clusters.md and the README: our commands parse, the files named are there, the versions are the pinned ones."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typed_words import pinned, sweep_mistakes, version

ROOT = Path(__file__).parents[2]
MADE = {"mine.yaml"}  # by the reader


@pytest.mark.parametrize("name", ["docs/clusters.md", "README.md"])
def test_commands_parse(name: str) -> None:
    text = (ROOT / name).read_text()
    assert "sweep submit mine.yaml" in text
    assert list(sweep_mistakes(text)) == []


def test_files_and_versions() -> None:
    text = (ROOT / "docs" / "clusters.md").read_text()
    named = set(re.findall(r"`((?:clusters/)?[\w.-]+\.(?:yaml|sh|json|txt))`", text)) | {
        word for word in re.findall(r"\bclusters/[\w.-]+\b", text) if "." in word
    }
    assert {"cluster.yaml", "cluster.local.yaml", "clusters/rayjob.yaml", "clusters/head-policy.json"} <= named
    for name in named - MADE:
        assert (ROOT / name).is_file() or (ROOT / "clusters" / name).is_file(), name
    assert set(re.findall(r"sweep-([\d.]+)-py3", text)) == {version()}
    assert set(re.findall(r"\b3\.\d+\.\d+\b", text)) == {pinned()}
    assert set(re.findall(r"\bRay (\d+\.\d+)\b", text)) == {pinned("ray").rpartition(".")[0]}


def test_what_was_never_launched_is_said() -> None:
    text = " ".join((ROOT / "docs" / "clusters.md").read_text().split())
    assert "AWS: never launched" in text
    assert "Kubernetes: never applied" in text
