# SPDX-License-Identifier: MIT
"""What is hidden in a text is shown, in every form that leaves; and nothing leaves by another way."""

from __future__ import annotations

import ast
import csv
import io
import json
import re
import sys
import unicodedata
from pathlib import Path
from xml.etree import ElementTree

import pytest

from sweep import safe_text
from sweep.document import drawing_process, markdown, plain_text
from sweep.document.blocks import Cell, Chart, Document, Finding, Findings, Key, Paragraph, Section, Table
from sweep.document.statements import fixed
from sweep.report.page import html

PACKAGE = Path(safe_text.__file__).parent
NASTY = "a\x1b]0;pwned\x07\x1b[31mRED\u202e\u2066\u200b\x7f\x9b\r\ud800\u2028\ufeff\U000e0041z"
SEEN_MARKS = range(0x0600, 0x0606), (0x06DD, 0x070F, 0x0890, 0x0891, 0x08E2, 0x110BD, 0x110CD)


def hidden(text: str) -> list[str]:
    """Characters that a terminal or a browser would obey."""
    return [c for c in text if c not in "\n\t" and unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp")]


def test_every_character_that_is_not_seen_is_written_out() -> None:
    for number in range(sys.maxunicode + 1):
        letter = chr(number)
        unseen = unicodedata.category(letter) in ("Cc", "Cf", "Cs", "Zl", "Zp") and letter not in "\n\t"
        if unseen and not any(number in some for some in SEEN_MARKS):
            assert re.fullmatch(r"\\(r|x[0-9a-f]{2}|u[0-9a-f]{4}|U[0-9a-f]{8})", safe_text.visible(letter)), hex(number)
        elif letter.isalnum() and number not in (0x115F, 0x1160, 0x3164, 0xFFA0):
            assert safe_text.visible(letter) == letter, hex(number)
    assert safe_text.visible("ü\t→\n±…") == "ü\t→\n±…"
    assert safe_text.visible_line("a\tb\n") == "a\\tb\\n"
    assert safe_text.visible("a\x1b[0m\u202e\U000e0041") == "a\\x1b[0m\\u202e\\U000e0041"


def test_json_keeps_what_it_shows() -> None:
    for ascii in (True, False):
        text = safe_text.json_text({NASTY: [NASTY, "ü"]}, ascii=ascii, indent=1)
        assert json.loads(text) == {NASTY: [NASTY, "ü"]}
        assert not hidden(text)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        *(('=cmd|"/c calc"!A1', False), ("+1+cmd", False), ("@SUM(A1)", False), ("-2+3", False), (" =1", False)),
        *(("-0.5", True), ("+1,000", True), ("-7.5 %", True), ("-1e-05", True), ("-inf", True), ("page_pool", True)),
    ],
)
def test_a_spreadsheet_is_given_no_formula(text: str, kept: bool) -> None:
    assert safe_text.spreadsheet_text(text) == (text if kept else f"'{text}")


def a_document(text: str) -> Document:
    """A document that has `text` wherever one can be."""
    cells = ((Cell(text, detail=text, notes=(text,)), Cell(text)),)
    spec = {"data": {"values": [{"a": text, "b": 1}]}, "mark": {"type": "point"}}
    spec |= {"encoding": {"x": {"field": "a", "title": text}, "y": {"field": "b", "type": "quantitative"}}}
    blocks = (
        Paragraph(text),
        Paragraph(f"sweep run {text}", code=True),
        Table(text, (text, "b"), cells, cells, text, map=True, key=(Key(text, "red"),)),
        Findings((Finding(text, fixed(text), fixed(text), (fixed(text),)),)),
        Chart(text, text, spec, (Key(text, "red"),)),
    )
    return Document(text, text, (Section(text, blocks),))


@pytest.mark.parametrize(
    "render",
    [plain_text.render, markdown.render, lambda document: markdown.render(document, 72), html.render],
    ids=["text", "markdown", "mail", "html"],
)
def test_no_document_has_anything_hidden(render) -> None:
    text = render(a_document(NASTY))
    assert "x1b" in text
    assert not hidden(text)
    text.encode()


def test_markdown_obeys_no_name() -> None:
    text = markdown.render(a_document("a | b\n# c &#x202e; <b> ```\n[x](y)"))
    (command,) = re.findall(r"(?ms)^````sh\n(.*?)\n````$", text)
    assert not re.search(r"(?m)^#+ c|(?<!\\)&#|(?<!\\)<b>", text.replace(command, ""))
    assert command.startswith("sweep run a | b")


def test_a_picture_that_cannot_be_drawn_is_one_picture_less(monkeypatch: pytest.MonkeyPatch) -> None:
    """The chart library may end its own process: then the next picture gets a new one."""
    good = Chart("good", "good", {"data": {"values": [{"a": 1}]}, "mark": "point", "encoding": {"x": {"field": "a"}}})
    for bad in ({"mark": 7}, {"data": {"values": "x" * 10}, "mark": "point", "encoding": 3}):
        page = html.render(Document("t", "", (Section("s", (Chart("bad", "bad", bad), good)),)))
        assert page.count("could not be drawn") == 1
        assert page.count('aria-label="good"') >= 1
    drawer = drawing_process.DrawingProcess()
    assert "<svg" in drawer.draw(good.spec | {"$schema": "https://vega.github.io/schema/vega-lite/v5.json"})
    drawer._process.kill()
    drawer._process.wait()
    assert drawer.draw(good.spec) is None
    assert drawer.draw(good.spec) is not None
    drawer.end()


def test_a_csv_and_junit_have_nothing_hidden() -> None:
    import pyarrow as pa

    from sweep.query import rows

    table = pa.table(
        {NASTY.replace("\ud800", ""): [NASTY.replace("\ud800", ""), "=1+1", "two\nlines", None], "n": [-1, 2, 3, 4]}
    )
    sink = io.BytesIO()
    rows.csv(table.schema, table.to_batches(), sink)
    text = sink.getvalue().decode()
    assert not hidden(text)
    assert [row[0] for row in csv.reader(io.StringIO(text))][2:] == ["'=1+1", "two\nlines", ""]
    sink = io.BytesIO()
    rows.json_lines(table.schema, table.to_batches(), sink)
    assert not hidden(sink.getvalue().decode())
    assert json.loads(sink.getvalue())[0] == {name: values[0] for name, values in table.to_pydict().items()}
    ElementTree.fromstring(f"<a>{safe_text.visible(NASTY.replace('&', ''))}</a>")


ALLOWED = {  # who may get at what lies below the screen
    "sweep/cli/screen.py": {"console"},
    "sweep/cli/verbs/query.py": {"buffer"},  # CSV and JSON, made visible where they are written; Arrow for a pipe
    "sweep/cli/ending.py": {"write"},  # as a process ends
    "sweep/__main__.py": {"write"},
    "sweep/jobs/signals.py": {"write"},
}


DRAWS = ("Live", "Progress", "Status")  # rich's displays


def below(tree: ast.AST) -> set[str]:
    """Ways to standard output and error that go past `cli.screen`."""
    found = set()
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    names = {each.asname or each.name: node.module for node in imports for each in node.names if each.name in DRAWS}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and ast.unparse(node) in (
            "os.write",
            "sys.stdout.buffer",
            "sys.stderr.buffer",
        ):
            found.add(node.attr)
        if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in (
            "Console",
            "echo",
            "secho",
            "rprint",
        ):
            found.add("console")
        if isinstance(node, ast.Call) and "rich" in names.get(ast.unparse(node.func), ""):
            words = {word.arg: ast.unparse(word.value) for word in node.keywords}
            if words.get("redirect_stdout") != "False" or not words.get("console", "").startswith("console("):
                found.add("rich")
    return found


def test_nothing_gets_past_the_screen() -> None:
    ways = {str(path.relative_to(PACKAGE.parent)): below(ast.parse(path.read_text())) for path in PACKAGE.rglob("*.py")}
    del ways["sweep/document/drawing_process.py"]  # a process whose standard output is a pipe to its parent
    assert {name: found for name, found in ways.items() if found - ALLOWED.get(name, set())} == {}
