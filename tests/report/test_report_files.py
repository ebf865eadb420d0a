# SPDX-License-Identifier: MIT
"""`report.write`: three files from one run directory, whole, offline, escaped, and quick enough."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pyarrow as pa
import pytest

from sweep import report
from sweep.document import drawing, markdown, plain_text
from sweep.document.blocks import Cell, Chart, Table
from sweep.errors import IncompleteError, RunError, SweepError
from sweep.report import contents
from sweep.report.charts.deciding import ANSWER
from sweep.report.page import html
from sweep.report.page.page import laid_out
from tests.report.synthetic_sweep import Effects, table

SMALL = {"mixes": ("router", "host"), "loads": (0.3, 0.6), "rings": (64, 256, 1024), "replicates": 2, "variants": True}
EVIL = '<script>alert("x")</script>'
VOID = {"meta", "br", "hr", "img", "link", "input"}


def publish(directory: Path, source: pa.Table) -> Path:
    """A run directory with this table, as `sweep run` leaves one."""
    directory.mkdir(exist_ok=True)
    options = pa.ipc.IpcWriteOptions(compression="lz4")
    with pa.ipc.new_file(str(directory / "results.arrow"), source.schema, options=options) as writer:
        writer.write_table(source)
    return directory


class Page(HTMLParser):
    """Counts tags, checks that they nest, collects addresses."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: dict[str, int] = {}
        self.addresses: list[str] = []
        self.ids: list[str] = []

    def handle_starttag(self, tag, attrs):
        self.tags[tag] = self.tags.get(tag, 0) + 1
        self.addresses += [value for name, value in attrs if name in ("src", "href", "xlink:href", "action", "data")]
        self.ids += [value for name, value in attrs if name == "id"]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags[tag] = self.tags.get(tag, 0) + 1

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


@pytest.fixture(scope="module")
def page(tmp_path_factory) -> str:
    directory = publish(tmp_path_factory.mktemp("run"), table(**SMALL))
    return Path(report.write(directory)["html"]).read_text(encoding="utf-8")


def digest(script: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


def parsed(text: str) -> Page:
    found = Page()
    found.feed(text)
    found.close()
    assert found.open == []
    return found


def test_three_files_and_nothing_else(tmp_path):
    written = report.write(publish(tmp_path, table(**SMALL)))
    assert written == {name: f"{tmp_path}/report.{name}" for name in ("txt", "md", "html")}
    assert {path.name for path in tmp_path.iterdir()} == {"report.html", "report.md", "report.txt", "results.arrow"}


def test_only_the_formats_asked_for(tmp_path):
    publish(tmp_path, table(**SMALL))
    assert list(report.write(tmp_path, formats=("md",))) == ["md"]
    assert not (tmp_path / "report.html").exists()
    with pytest.raises(SweepError, match=r'"htm" is not known\. Did you mean "html"'):
        report.write(tmp_path, formats=("htm",))


def test_a_failed_writer_leaves_the_old_file_and_no_litter(tmp_path, monkeypatch):
    publish(tmp_path, table(**SMALL))
    (tmp_path / "report.txt").write_text("old")
    monkeypatch.setattr(plain_text, "render", lambda document: "half" + 1)
    with pytest.raises(TypeError):
        report.write(tmp_path, formats=("txt",))
    assert (tmp_path / "report.txt").read_text() == "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["report.txt", "results.arrow"]


def test_the_same_table_gives_the_same_bytes(tmp_path):
    publish(tmp_path, table(**SMALL))
    first = {name: Path(path).read_bytes() for name, path in report.write(tmp_path).items()}
    assert {name: Path(path).read_bytes() for name, path in report.write(tmp_path).items()} == first


class TestWrongDirectories:
    def test_none(self, tmp_path):
        with pytest.raises(SweepError, match=r'"[^"]*nowhere" does not exist'):
            report.write(tmp_path / "nowhere")

    def test_empty(self, tmp_path):
        with pytest.raises(IncompleteError, match="has no results yet"):
            report.write(tmp_path)

    def test_only_parts(self, tmp_path):
        (tmp_path / "parts").mkdir()
        (tmp_path / "parts" / "a.arrow").touch()
        with pytest.raises(IncompleteError, match="has parts, but they are not published yet"):
            report.write(tmp_path)

    def test_cut_short(self, tmp_path):
        path = publish(tmp_path, table(**SMALL)) / "results.arrow"
        path.write_bytes(path.read_bytes()[:-1000])
        with pytest.raises(RunError, match="is damaged"):
            report.write(tmp_path)

    def test_not_arrow(self, tmp_path):
        (tmp_path / "results.arrow").write_bytes(b"no table")
        with pytest.raises(RunError, match="cannot be read as an Arrow file") as caught:
            report.write(tmp_path)
        assert caught.value.exit_code == 1
        assert "next: sweep run" in str(caught.value)

    def test_a_sweep_that_is_not_whole_says_so(self, tmp_path):
        source = table(**SMALL)
        text = report.text(source.slice(0, len(source) // 2))
        assert f"{len(source) // 2} of {len(source)} simulations" in text


class TestPage:
    def test_nothing_is_loaded_and_only_known_scripts_run(self, page):
        found = parsed(page)
        assert "http://" not in page
        assert "https://" not in page
        assert not re.search(r"@import|@font-face|url\((?!#)", page)
        assert not {"link", "iframe", "object", "img"} & set(found.tags)
        assert all(address.startswith("#") for address in found.addresses)
        policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)[1].replace("&#39;", "'")
        assert policy.startswith("default-src 'none'; script-src 'sha256-")
        assert "unsafe-eval" not in policy
        allowed = set(re.findall(r"'(sha256-[^']*)'", policy))
        scripts = re.findall(r"<script>(.*?)</script>", page, re.S)
        drawer = gzip.decompress(base64.b64decode(re.search(r'id="libraries">([^<]*)<', page)[1])).decode()
        assert {digest(script) for script in (*scripts, drawer)} == allowed
        assert len(scripts) == 5

    def test_links_lead_somewhere(self, page):
        found = parsed(page)
        assert {address[1:] for address in found.addresses} <= set(found.ids)

    def test_every_chart_is_there_to_be_drawn(self, page):
        charts = [each for each in laid_out(*contents.analysed(table(**SMALL))).charts() if each.live != ANSWER]
        assert [int(place) for place in re.findall(r'data-picture="(\d+)"', page)] == list(range(len(charts)))
        packed = re.search(r'id="pictures">([^<]*)<', page)[1]
        pictures = json.loads(gzip.decompress(base64.b64decode(packed)))
        assert pictures == json.loads(json.dumps([{"description": c.description, "spec": c.spec} for c in charts]))

    def test_without_points_every_chart_is_drawn_and_marks_have_titles(self):
        document = contents.document(table(**SMALL))
        charts, page = document.charts(), html.render(document)
        assert parsed(page).tags["svg"] == len(charts) + 1  # and the hatching
        assert re.search(r"<title>page_pool \(pool=2x\), ring 256: [\d.]+( ± [\d.]+)?</title>", page)

    def test_colours_follow_the_reader(self, page):
        assert "prefers-color-scheme: dark" in page
        used = set(re.findall(r"var\((--\w+)\)", page))
        assert used <= set(re.findall(r"(--\w+):", page))

    def test_it_is_small(self, page):
        assert len(page) < 1_000_000

    def test_names_from_the_sweep_are_only_text(self):
        source = table(**{**SMALL, "mixes": (EVIL,), "claims": [{"name": EVIL, "that": EVIL}]})
        named = source.schema.metadata[b"sweep"].replace(b"synthetic", b"<i>")
        text = report.render(source.replace_schema_metadata({"sweep": named}), "html")
        assert EVIL not in text
        assert "<i>" not in text.replace('<i style="border-top-color', "")
        assert "&lt;script&gt;" in text
        assert parsed(text).tags["script"] == 8  # five of ours, and three of data


class TestRoom:
    def test_the_largest_tables_and_pictures_are_left_out_and_counted(self, monkeypatch):
        document = contents.document(table(**SMALL))
        whole = html.render(document)
        assert 'class="left"' not in whole
        monkeypatch.setattr(html, "TABLES_BYTES", 20_000)
        monkeypatch.setattr(html, "MOST_BYTES", 20_000 + 60_000)
        text = html.render(document)
        left = [int(n) for n in re.findall(r"(\d+) tables? (?:and|or) pictures?[^.]* left out: a page", text)]
        blocks = [b for s in document.sections for b in s.blocks]
        kept = parsed(text).tags["table"] + parsed(text).tags["svg"] - 1
        assert sum(left) + kept == sum(isinstance(block, Table | Chart) for block in blocks)
        assert "Provenance" in text  # a small one
        assert len(text) < len(whole) - 80_000


class TestSameNumbersEverywhere:
    """What a table cell says stands in all three files."""

    def test_cells(self, page):
        document = contents.document(table(**SMALL))
        text, marked = plain_text.render(document), markdown.render(document)
        cells = [
            cell.text
            for section in document.sections
            for block in section.blocks
            if isinstance(block, Table)
            for row in (*block.rows, *block.foot)
            for cell in row
        ]
        assert len(cells) > 500
        for cell in set(cells):
            assert cell in text
            assert markdown.escape(cell) in marked
            assert cell.replace("<", "&lt;").replace("'", "&#39;") in page


def test_markdown_tables_are_rectangular_and_escaped():
    found = markdown.render(contents.document(table(**{**SMALL, "mixes": ("a|b",)})))
    widths = set()
    for line in found.splitlines():
        cells = re.split(r"(?<!\\)\|", line)
        if line.startswith("|"):
            widths.add(len(cells))
        elif widths:
            assert len(widths) == 1
            widths = set()
    assert r"a\|b" in found


def test_footnotes_are_numbered_once_per_text():
    cell = Cell("1", notes=("why",))
    made = Table("t", ("a", "b"), ((cell, Cell("2", notes=("how", "why"))),), foot=((cell, Cell("3")),))
    assert made.footnotes() == ["why", "how"]


def test_compacting_keeps_the_words_of_a_drawing():
    mark = '<path aria-label="ring 64: 3" role="graphics-symbol" d="M1.23456,0"/>'
    text = f'<svg xmlns="x"><text class="c">0.0001</text>{mark}</svg>'
    found = drawing.compact(text, 'a "b" <c>')
    assert '<svg role="img" aria-label="a &quot;b&quot; &lt;c>">' in found
    assert "<text>0.0001</text>" in found
    assert '<path d="M1.2,0"><title>ring 64: 3</title></path>' in found


def test_compacting_joins_lines_rounds_circles_and_drops_what_is_not_seen():
    line = '<line transform="translate(%d,0)" x2="0" y2="-150" stroke="var(--faint)" stroke-width="1"/>'
    arcs = "M2.5,0A2.5,2.5,0,1,1,-2.5,0A2.5,2.5,0,1,1,2.5,0"
    dot = f'<path transform="translate(3.14,2)" d="{arcs}" fill="red" stroke-width="2"/>'
    unseen = '<path d="" display="none"/><path d="M0,0h270v150h-270Z"/>'
    words = '<text font-size="10px" fill="var(--ink)">a</text><text font-size="11px" fill="red">b</text>'
    found = drawing.compact(f"<svg>{line % 0}{line % 5}{unseen}{dot}{words}</svg>", "d")
    assert found == (
        '<svg role="img" aria-label="d"><path d="M0,0l0,-150M5,0l0,-150" stroke="var(--faint)"/>'
        '<circle cx="3.1" cy="2" r="2.5" fill="red"/>'
        '<text>a</text><text font-size="11px" fill="red">b</text></svg>'
    )


def test_a_report_needs_no_simulation_code():
    writers = "sweep.report.contents, sweep.report.page.html, sweep.document.plain_text, sweep.document.markdown"
    others = ("sweep.model", "sweep.jobs", "sweep.config", "llvmlite", "ray", "pandas")
    code = f"import sys, {writers}; print([name for name in {others} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.slow
def test_a_page_of_twelve_thousand_rows_is_small(tmp_path):
    big = table(
        mixes=("router", "host", "host_slow_reader", "drop_flood", "bursty_host", "mixed"),
        rings=(64, 128, 256, 512, 1024, 2048, 4096),
        replicates=19,
        variants=True,
        effects=Effects(),
    )
    assert len(big) > 11_900
    path = Path(report.write(publish(tmp_path, big), formats=("html",))["html"])
    assert path.stat().st_size < 3_000_000
