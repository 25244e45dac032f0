# SPDX-License-Identifier: GPL-2.0-only
"""A lesson, or the glossary, as a page: one file that fetches nothing. Markdown is read by Python-Markdown,
as for the site (mkdocs.yml)."""

from __future__ import annotations

import re

from ..hw.errors import MachineError
from ..review.pages.html import page, text

#: Output and drawings, tables, folded answers, and names of headings for links.
EXTENSIONS = ["fenced_code", "tables", "md_in_html", "toc"]
STYLES = ("page.css", "lesson.css")
#: Links from text to text. Lessons and glossary are pages, which lie side by side; no other text is one.
LESSON_LINK = re.compile(r'href="(?:lessons/)?(\d+)-[\w-]+\.md(#[\w-]+)?"')
GLOSSARY_LINK = re.compile(r'href="(?:\.\./)?glossary\.md(#[\w-]+)?"')
OTHER_LINK = re.compile(r'<a href="[^"]*\.md(?:#[\w-]+)?">(.*?)</a>')


def lesson_page(title: str, markdown: str, command: str) -> str:
    """Return the page.

    :param markdown: a text of ours: its HTML is taken as it is
    :param command: the command line that makes the page
    :raises MachineError: Python-Markdown is not installed"""
    try:
        from markdown import markdown as converted  # an optional extra
    except ImportError:
        raise MachineError("a page needs Python-Markdown: pip install markdown") from None
    body: str = converted(markdown, extensions=EXTENSIONS)
    body = LESSON_LINK.sub(r'href="lesson-\1.html\2"', body)
    body = GLOSSARY_LINK.sub(r'href="glossary.html\1"', body)
    body = OTHER_LINK.sub(r"\1", body)
    body = body.replace("<pre>", '<pre tabindex="0">')  # they scroll, by keyboard too
    return page(title, f"<main>\n{body}</main>\n<footer>{text(command)}</footer>", STYLES)
