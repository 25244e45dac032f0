# SPDX-License-Identifier: GPL-2.0-only
"""kernel-port lesson: the list, a lesson in the terminal, a term, and pages; the texts in an installed package."""

import re
import sys

import pytest

from kernel_port import terminal as terminal_module
from kernel_port.cli import main
from kernel_port.teach.lesson_page import lesson_page
from kernel_port.teach.lessons import lessons
from kernel_port.teach.text import terminal
from kernel_port.terminal import Paint

TEXT = """\
# Lesson 9: Nothing

One line about it that is longer than twenty columns, and [a link](../glossary.md#flr).

- an item that needs two lines
- another

```console
$ kernel-port list --json, a line that is not folded
 kept   as it is
```

<details markdown="1">
<summary>1. Why is that?</summary>

Because of `this`.

</details>

## Exercises

- 1: One
"""


def test_list_has_each_lesson(capsys):
    assert main(["lesson"]) == 0
    out = capsys.readouterr().out
    assert re.findall(r"^(\d)\. (.+)$", out, re.MULTILINE) == [(str(each.number), each.title) for each in lessons()]
    assert "   20 minutes. " in out


def test_terminal_folds_prose_keeps_output_and_answers_at_the_end():
    assert list(terminal(TEXT, 24, Paint())) == [
        "",
        "Lesson 9: Nothing",
        "",
        "One line about it that",
        "is longer than twenty",
        "columns, and a link.",
        "",
        "- an item that needs two",
        "  lines",
        "- another",
        "",
        "  $ kernel-port list --json, a line that is not folded",
        "   kept   as it is",
        "",
        "1. Why is that?",
        "",
        "Exercises",
        "",
        "- 1: One",
        "",
        "Answers",
        "",
        "1. Why is that?",
        "Because of `this`.",
    ]


def test_every_lesson_is_shown_without_marks_of_html(capsys):
    for each in lessons():
        assert main(["lesson", str(each.number)]) == 0
        out = capsys.readouterr().out
        assert out.startswith(f"Lesson {each.number}: {each.title}\n")
        assert out.count("\nAnswers\n") == 1
        assert "<details" not in out
        assert "```" not in out
        assert "](" not in out


def test_lesson_goes_through_the_pager(monkeypatch, tmp_path):
    shown = tmp_path / "shown"
    monkeypatch.setenv("PAGER", f"cat > {shown}")
    monkeypatch.setattr(terminal_module.sys.stdout, "isatty", lambda: True)
    assert main(["lesson", "2"]) == 0
    assert "Lesson 2: " in shown.read_text()


def test_glossary_lists_its_terms_and_says_one(capsys):
    assert main(["lesson", "glossary"]) == 0
    assert "\nFLR, Function Level Reset\n" in capsys.readouterr().out
    assert main(["lesson", "glossary", "flr"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("FLR, Function Level Reset\n")
    assert "`PCI_EXP_DEVCAP` at +0x04 (PCIe 7.8.3)" in " ".join(out.split())


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["1", "flr"], "a TERM goes with glossary: kernel-port lesson glossary TERM"),
        (["-o", "x.html"], "a page has one lesson, or the whole glossary: kernel-port lesson 1 -o lesson-1.html"),
        (["glossary", "frob"], "the glossary does not have 'frob'; kernel-port lesson glossary lists its "),
    ],
)
def test_misuse_is_one_line(capsys, words, said):
    assert main(["lesson", *words]) == 2
    err = capsys.readouterr().err
    assert err.startswith(f"kernel-port: {said}")
    assert err.count("\n") == 1


def test_page_needs_a_library_and_says_which(monkeypatch, capsys, tmp_path):
    monkeypatch.setitem(sys.modules, "markdown", None)
    assert main(["lesson", "1", "-o", str(tmp_path / "1.html")]) == 2
    assert capsys.readouterr().err == "kernel-port: a page needs Python-Markdown: pip install markdown\n"
    assert list(tmp_path.iterdir()) == []


def test_page_folds_answers_and_leads_to_other_pages():
    pytest.importorskip("markdown")
    text = f"{TEXT}\n[two](2-config-space-and-the-ways-to-reset.md)\n\n## A `term`, and more\n\n<b>x</b>\n"
    page = lesson_page("T", text, "kernel-port lesson 9 -o x.html")
    assert "<details>\n<summary>1. Why is that?</summary>\n<p>Because of <code>this</code>.</p>\n</details>" in page
    assert 'href="glossary.html#flr"' in page
    assert 'href="lesson-2.html"' in page
    assert '<h2 id="a-term-and-more">A <code>term</code>, and more</h2>' in page
    assert "<footer>kernel-port lesson 9 -o x.html</footer>" in page


@pytest.mark.parametrize("what", [*map(str, range(1, 7)), "glossary"])
def test_pages_fetch_nothing_and_their_links_are_pages(capsys, tmp_path, what):
    pytest.importorskip("markdown")
    path = tmp_path / "page.html"
    assert main(["lesson", what, "-o", str(path)]) == 0
    text = path.read_text()
    assert re.findall(r"(?:src|srcset|action)=", text) == []
    for target in re.findall(r'href="([^"]*)"', text):
        assert re.fullmatch(r"data:,|(lesson-[1-6]|glossary)\.html(#[\w-]+)?|#[\w-]+", target), target
    assert text.count("<details>") == (0 if what == "glossary" else 3)
