# SPDX-License-Identifier: MIT
"""What the README and docs/ say is so: commands run, end as promised and print what is shown; links lead somewhere.

`SWEEP_GOLDEN=write` writes outputs anew that are shown in full, after a change of the model.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from typed_pages import ROOT, Command, Place, blocks, commands, files, is_shown

from sweep import config

PAGES = sorted(
    path.relative_to(ROOT).as_posix()
    for path in (ROOT / "README.md", *ROOT.glob("docs/*.md"), *ROOT.glob("docs/how-to/*.md"))
)

# What this test does not run, and why.
PAGES_NOT_RUN = {
    "docs/clusters.md": "needs a cluster, or AWS: tests/clusters has what can be said without",
    "docs/how-to/show.md": "tests/cli/verbs/test_show.py runs it",
    "docs/how-to/analyse.md": "tests/docs/test_recipes.py runs it",
    "docs/python.md": "tests/docs/test_recipes.py runs it",
}
COMMANDS_NOT_RUN = {
    r"pip install": "takes dependencies from the package index: tests/clusters/test_wheel.py installs without",
    r"make ": "makes a virtual environment from the package index: CI does that",
    r".*'s3://": "needs a bucket: tests/jobs and tests/storage have a server of their own",
}


def text_of(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


def is_run(command: Command) -> bool:
    return not any(re.match(pattern, command.text) for pattern in COMMANDS_NOT_RUN)


PAGES_RUN = [page for page in PAGES if page not in PAGES_NOT_RUN and any(map(is_run, commands(text_of(page))))]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """One for all pages: a run of one is there for the next."""
    return Place(tmp_path_factory.mktemp("pages"))


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES_RUN)
def test_commands_and_programs_do_what_the_page_says(page: str, place: Place) -> None:
    text = text_of(page)
    place.save(text)
    found = list(filter(is_run, commands(text)))
    assert found
    wrong, renewed = [], text
    for command in found:
        done = place.type(command.text)
        assert done.returncode == command.exit_code, f"$ {command.text}\n{done.stdout}\n{done.stderr}"
        assert "Traceback" not in done.stderr, f"$ {command.text}\n{done.stderr}"
        assert "Warning" not in done.stderr, f"$ {command.text}\n{done.stderr}"
        if command.output and not is_shown(command.output, done.stdout):
            wrong.append(f"$ {command.text}\n{done.stdout}")
            if "...\n" not in command.output:
                renewed = renewed.replace(f"$ {command.text}\n{command.output}", f"$ {command.text}\n{done.stdout}")
    program = "\n".join(blocks(text, "python"))
    if program:
        done = place.python(program)
        assert done.returncode == 0, done.stderr
        assert done.stdout.strip()
    if wrong and os.environ.get("SWEEP_GOLDEN") == "write":
        (ROOT / page).write_text(renewed, encoding="utf-8")
    assert not wrong, "\n".join(["this is printed:", *wrong])


def test_what_is_not_run_is_there() -> None:
    assert PAGES_NOT_RUN.keys() <= set(PAGES)
    every = [command.text for page in PAGES for command in commands(text_of(page))]
    for pattern in COMMANDS_NOT_RUN:
        assert any(re.match(pattern, command) for command in every), pattern


@pytest.mark.parametrize(
    "page", [*PAGES, *sorted(p.relative_to(ROOT).as_posix() for p in ROOT.glob("docs/reference/*"))]
)
def test_links_lead_to_files_and_headings(page: str) -> None:
    here = (ROOT / page).parent
    for target in re.findall(
        r"\]\((?!https?:)([^)\s]+)\)", re.sub(r"```.*?```|`[^`\n]*`", "", text_of(page), flags=re.S)
    ):
        name, _, heading = target.partition("#")
        file = (here / name).resolve() if name else ROOT / page
        assert file.exists(), f"{page}: {target}"
        assert not heading or heading in headings(file), f"{page}: {target}"


def headings(file: Path) -> list[str]:
    """As GitHub names them."""
    titles = re.findall(r"^#+ (.*)", re.sub(r"```.*?```", "", file.read_text(encoding="utf-8"), flags=re.S), re.M)
    return [re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles]


@pytest.mark.parametrize("page", [page for page in PAGES if files(text_of(page))])
def test_sweep_files_of_the_pages_are_read(page: str, tmp_path: Path) -> None:
    saved = files(text_of(page))
    for name, text in saved.items():
        (tmp_path / name).write_text(text)
    for name, text in saved.items():
        if "axes:" in text:
            assert config.load(tmp_path / name).points > 1


def test_the_tutorial_shows_the_file_that_init_writes() -> None:
    from sweep.cli.verbs.init import SCHEMA_LINE

    shown = blocks(text_of("docs/tutorial.md"), "yaml")[0]
    assert shown == SCHEMA_LINE + (ROOT / "configs/questions/driver.yaml").read_text(encoding="utf-8")


def test_the_readme_begins_with_the_three_commands() -> None:
    typed = [command.text for command in commands(text_of("README.md"))]
    assert typed[:4] == ["pip install .", "sweep run smoke", "sweep init driver", "sweep run driver.yaml --open"]


def test_the_index_names_every_page() -> None:
    index = text_of("docs/README.md")
    for page in PAGES:
        assert page in ("README.md", "docs/README.md") or f"({page.removeprefix('docs/')})" in index, page


def test_the_readme_fits_a_screen_and_shows_the_set_up() -> None:
    text = text_of("README.md")
    assert len(text.splitlines()) <= 120
    assert re.findall(r"^\$ (make \w+)", text, re.M) == ["make demo", "make test"]
