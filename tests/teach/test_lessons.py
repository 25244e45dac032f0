# SPDX-License-Identifier: GPL-2.0-only
"""The lessons: each has what a lesson has, its commands print what follows them, and its links lead somewhere."""

import re

import pytest
from paths import ROOT

from kernel_port.cli import COMMANDS, main
from kernel_port.teach.lessons import lessons

DOCS = ROOT / "docs"
LESSONS = sorted((DOCS / "lessons").glob("*.md"))
TEXTS = [*LESSONS, DOCS / "glossary.md", DOCS / "teaching.md"]
#: In this order; between the second and the last three there is the story.
HEADINGS = ["What you will be able to do", "Look at it", "Questions", "Exercises"]


def anchor(heading):
    """The name of a heading in links, as GitHub and MkDocs make it."""
    return re.sub(r"[^\w\- ]", "", heading).strip().lower().replace(" ", "-")


def consoles(path):
    """Each block of commands and their output."""
    return re.findall(r"^```console\n(.*?)^```$", path.read_text(), re.MULTILINE | re.DOTALL)


def test_lessons_are_numbered_one_to_six():
    assert [each.number for each in lessons()] == [1, 2, 3, 4, 5, 6]
    assert [path.name[0] for path in LESSONS] == list("123456")


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_lesson_has_what_a_lesson_has(path):
    text = path.read_text()
    headings = re.findall(r"^## (.+)$", text, re.MULTILINE)
    assert [heading for heading in headings if heading in HEADINGS] == HEADINGS
    assert re.findall(r"^<summary>(\d)\. .+\?</summary>$", text, re.MULTILINE) == ["1", "2", "3"]
    assert len(re.findall(r"^</details>$", text, re.MULTILINE)) == 3
    assert "\n$ kernel-port watch " in text
    assert "\n```text\n" in text  # a drawing
    *_, exercises = text.partition("\n## Exercises\n")
    assert re.search(r"^- \d+: .+$", exercises, re.MULTILINE)
    assert "\n\n\n" not in text
    assert "\n|" not in text  # a terminal has no tables


def test_bytes_of_lesson_2_are_those_of_the_machine(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    quoted = re.findall(r"^[0-9a-f]{2}: (?:[0-9a-f]{2} ?){16}$", LESSONS[1].read_text(), re.MULTILINE)
    assert main(["convert", "example:vga", "-o", "vga.txt"]) == 0
    assert len(quoted) == 7
    assert "\n".join(quoted) in (tmp_path / "vga.txt").read_text()


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.stem)
def test_prose_fits_the_page(path):
    fenced = re.sub(r"^```.*?^```$", "", path.read_text(), flags=re.MULTILINE | re.DOTALL)
    assert [line for line in fenced.splitlines() if len(line) > 120 and not line.startswith(("<summary>", "|"))] == []
    for language, longest in (("text", 78), ("console", 118)):
        shown = re.findall(rf"^```{language}\n(.*?)^```$", path.read_text(), re.MULTILINE | re.DOTALL)
        assert [line for block in shown for line in block.splitlines() if len(line) > longest] == []


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.stem)
def test_links_lead_somewhere(path):
    for target, name in re.findall(r"\]\(([^)#:]*)(?:#([\w-]+))?\)", path.read_text()):
        there = path.parent / target if target else path
        assert there.exists(), target
        headings = re.findall(r"^#+ (.+)$", there.read_text(), re.MULTILINE) if name else []
        assert not name or name in map(anchor, headings), name


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.stem)
def test_commands_named_are_those_there_are(path):
    named = re.findall(r"`kernel-port (\w+)", path.read_text())
    assert [name for name in named if name not in COMMANDS and name != "exercise"] == []  # which has its own tests
