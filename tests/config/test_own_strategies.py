# SPDX-License-Identifier: MIT
"""Strategies in files of the user's: what is loaded, under which name, and what a driver author is told."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from sweep import config
from sweep import plan as planning
from sweep.errors import ConfigError
from sweep.model import batch, strategies
from sweep.model.declared_strategy import DeclaredStrategy
from sweep.plan.identity import code
from tests.own_strategy import DRIVER, saved

SWEEP = """\
name: own
packets: 300
warmup: 100
host: xeon-e5-1650v4
nic: 10g
traffic: router
load: 0.5
ring: 64
axes: {strategy: [page_pool, ./my_driver.py]}
baseline: {strategy: page_pool}
"""


@pytest.fixture(autouse=True)
def _only_the_built_in_ones() -> Iterator[None]:
    yield
    strategies.set_own({})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return saved(tmp_path, SWEEP)


def edited(folder: Path, there: str, instead: str) -> Path:
    """The driver with an edit, in its folder."""
    path = folder / "my_driver.py"
    text = path.read_text()
    assert text.count(there) == 1, text.count(there)
    path.write_text(text.replace(there, instead))
    return path


def refused(folder: Path, *sets: str) -> str:
    with pytest.raises(ConfigError) as caught:
        config.load(folder / "own.yaml", sets)
    return str(caught.value)


def test_it_is_called_as_its_file(folder: Path) -> None:
    sweep = config.load(folder / "own.yaml", ["axes.strategy.stack=[8, 16]"])
    assert sweep.strategies == ("page_pool", "my_driver")
    assert sweep.points == 3  # page_pool has no such knob
    assert "my_driver.py" not in json.dumps(sweep.document)
    assert "stack_hits" in [field.name for field in batch.counter_fields("my_driver")]


@pytest.mark.parametrize(
    "text",
    [
        SWEEP.replace("axes: {strategy: [page_pool, ./my_driver.py]}", "strategy: my_driver.py").replace(
            "baseline: {strategy: page_pool}\n", "baseline: {strategy: ./my_driver.py}\n"
        ),
        SWEEP.replace("axes: {strategy: [page_pool, ./my_driver.py]}", "strategy: page_pool")
        + "points: [{strategy: ../{}/my_driver.py, strategy.stack: 4}, {strategy: page_pool}]\n",
        SWEEP.replace("ring: 64\naxes: {strategy: [page_pool, ./my_driver.py]}\n", "")
        + "zip: [{strategy: [page_pool, ./my_driver.py], ring: [64, 128]}]\n",
    ],
    ids=["fixed", "points", "zip"],
)
def test_it_may_stand_wherever_a_strategy_may(folder: Path, text: str) -> None:
    (folder / "own.yaml").write_text(text.replace("{}", folder.name))
    assert "my_driver" in config.load(folder / "own.yaml").strategies


def test_its_contents_are_in_the_ids_and_its_place_is_not(folder: Path) -> None:
    def ids() -> dict[str, set[bytes]]:
        survey = planning.survey(config.load(folder / "own.yaml"))
        names = survey.strategies.array(object)
        return {name: {*survey.ids[names == name].tolist()} for name in survey.sweep.strategies}

    before = ids()
    (folder / "elsewhere").mkdir(mode=0o700)
    (folder / "my_driver.py").rename(folder / "elsewhere" / "my_driver.py")
    (folder / "own.yaml").write_text(SWEEP.replace("./my", "./elsewhere/my"))
    assert ids() == before
    (folder / "elsewhere" / "my_driver.py").rename(folder / "my_driver.py")
    (folder / "own.yaml").write_text(SWEEP)
    edited(
        folder,
        "    depth = pool.depth[lane]\n    if depth > 0:",
        "    depth = pool.depth[lane]  # so\n    if depth > 0:",
    )
    assert ids() == before
    edited(folder, "if depth > 0:", "if depth > 1:")
    after = ids()
    assert after["page_pool"] == before["page_pool"]
    assert not after["my_driver"] & before["my_driver"]


def test_a_document_is_read_without_the_file(folder: Path) -> None:
    """As status and watch do: same points, same ids, and nothing of the file is run."""
    survey = planning.survey(config.load(folder / "own.yaml"))
    document = json.loads(json.dumps(survey.sweep.document))
    strategies.set_own({})
    edited(folder, '"""my_driver:', 'raise SystemExit\n"""my_driver:')
    again = planning.survey(config.from_document(document))
    assert isinstance(strategies.strategy("my_driver"), DeclaredStrategy)
    assert again.ids.tolist() == survey.ids.tolist()
    assert code(["my_driver"]) == {"my_driver": survey.code["my_driver"]}


def test_a_worker_gets_it_with_the_plan(folder: Path) -> None:
    survey = planning.survey(config.load(folder / "own.yaml"))
    chunks = planning.divide(survey, survey.packets > 0, 1, 1.0, {})
    data = planning.encode(planning.plan(survey, chunks))
    (folder / "my_driver.py").unlink()
    strategies.set_own({})
    sent = planning.decode(data)
    assert "my_driver" not in strategies.own()
    sent.load_strategies()
    sent.check_code()
    assert [sent.identity.of(each) for each in sent.scenarios(0)]


@pytest.mark.parametrize(
    ("there", "instead", "said"),
    [
        ("KNOBS = (", "KNOBS = ((", r"my_driver\.py:\d+:\d+: '\(' was never closed"),
        ("def mapped_pages(", "def mapped(", r'my_driver\.py:1: the strategy "my_driver" lacks mapped_pages\n'),
        (DRIVER.splitlines()[0], '"""  """', r"my_driver\.py:1: it begins with no docstring"),
        ("@device\ndef alloc(", "def alloc(", r"my_driver\.py:\d+: alloc is kernel code and lacks @device\n"),
        ("lane: int, slot: int)", "lane: int)", r"my_driver\.py:\d+: alloc takes \(sim, pool, lane, slot\)\n"),
        ("COUNTERS = (Field(", "COUNTERS = (str(", r"my_driver\.py:\d+: TypeError: "),
        ("LAWS = (census, hits)", "LAWS = (census, 1)", r"my_driver\.py:\d+: LAWS is no tuple of functions\n"),
        ("KNOBS = (", "raise SystemExit\nKNOBS = (", r"my_driver\.py:\d+: SystemExit: "),
        ("DEFERRED_FREE = True", 'DEFERRED_FREE = "yes"', r"my_driver\.py:\d+: DEFERRED_FREE is 'yes', not"),
        ("    return PAGE_BYTES\n", "    return PAGE_BYTES / 2\n", r"my_driver\.py:\d+: truesize_bytes gives 2048\.0"),
        ("    return PAGE_BUFFER_BYTES\n", '    return knobs["room"]\n', r"my_driver\.py:\d+: KeyError: 'room'"),
        ("import numpy as np\n", "import numpy as np\nimport helpers\n", r'my_driver\.py:\d+: it imports "helpers":'),
        ("        sim.counters[lane].stack_hits += 1\n", "        sim.counters[lane].stack_hits += 0.5\n",
         r'my_driver\.py:\d+:\d+: "0\.5" '),
        ("    depth = pool.depth[lane]\n    if depth > 0:", "    depth = []\n    if depth:", r"driver\.py:\d+:\d+: "),
    ],
)  # fmt: skip
def test_mistakes_of_a_driver_author_have_their_place(folder: Path, there: str, instead: str, said: str) -> None:
    edited(folder, there, instead)
    message = refused(folder)
    assert re.search(said, message), message
    assert "Traceback" not in message


def test_who_could_have_written_it_matters(folder: Path) -> None:
    path = folder / "my_driver.py"
    path.chmod(0o666)
    said = r'own\.yaml:9:30: strategy "\./my_driver\.py" is not loaded: it is code, and ".*driver\.py" can be written'
    assert re.search(said, refused(folder))
    path.chmod(0o600)
    folder.chmod(0o777)
    assert "can be written by every user" in refused(folder)
    folder.chmod(0o700)
    (folder / "open").mkdir()
    (folder / "open").chmod(0o777)
    path.rename(folder / "open" / "my_driver.py")
    path.symlink_to(folder / "open" / "my_driver.py")
    assert "/open" in refused(folder)
    (folder / "open").chmod(0o700)
    assert "my_driver" in config.load(folder / "own.yaml").strategies  # a link is fine if what it leads to is


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("./absent.py", 'strategy "./absent.py" is not loaded: ".*absent.py": No such file or directory'),
        ("./own.yaml.py", '"own.yaml" is no name'),
        ("./page_pool.py", '"page_pool" is the name of a built-in strategy'),
        ("[./my_driver.py, sub/my_driver.py]", 'strategy "sub/my_driver.py" has the name of ".*my_driver.py"'),
        ("./sub/..", 'strategy "./sub/.." is not known'),
        ("./folder.py", "is no file"),
    ],
)
def test_names_and_paths_that_are_refused(folder: Path, value: str, said: str) -> None:
    (folder / "folder.py").mkdir()
    assert re.search(said, refused(folder, f"axes.strategy={value}" if value[0] == "[" else f"strategy={value}"))


def test_another_sweep_knows_nothing_of_it(folder: Path) -> None:
    config.load(folder / "own.yaml")
    (folder / "other.yaml").write_text(SWEEP.replace("./my_driver.py", "page_frag"))
    config.load(folder / "other.yaml")
    assert strategies.names() == strategies.NAMES
    with pytest.raises(ConfigError, match=r'"strategy\.stack" is not known'):
        config.load(folder / "other.yaml", ["strategy.stack=8"])


@pytest.mark.parametrize("name", ["valid", "load", "seed", "throughput_pps"])
def test_a_counter_is_no_second_column_of_a_name(folder: Path, name: str) -> None:
    path = folder / "my_driver.py"
    path.write_text(DRIVER.replace("stack_hits", name))
    with pytest.raises(ConfigError, match=f'has a counter "{name}"'):
        planning.survey(config.load(folder / "own.yaml"))


def test_a_knob_of_a_built_in_name_has_its_unit(folder: Path) -> None:
    path = folder / "my_driver.py"
    path.write_text(DRIVER.replace('Knob("stack", "pages"', 'Knob("bulk", "furlongs"').replace("stack\n", "bulk\n"))
    assert re.search(r'my_driver\.py:\d+: "bulk" is in "furlongs", and built-in strategies have it in', refused(folder))


def test_reading_another_file_without_strategies_forgets_nothing(folder: Path) -> None:
    (folder / "other.yaml").write_text(SWEEP.replace("./my_driver.py", "page_frag"))
    config.load(folder / "other.yaml")
    kernel = batch.kernel("page_pool")
    config.load(folder / "other.yaml")
    assert batch.kernel("page_pool") is kernel
