# SPDX-License-Identifier: GPL-2.0-only
"""Read a lesson of the course, or list the lessons. Each takes 15 to 20 minutes, with commands to try as one reads.

"glossary" lists the terms of the field, and with TERM says what one is, its register, the clause of the specification,
and where in the code it is. -o writes a page instead, one file that fetches nothing (pip install markdown).

Examples: kernel-port lesson 1
          kernel-port lesson glossary FLR
          kernel-port lesson 1 -o lesson-1.html
"""

from __future__ import annotations

import argparse
import shlex
from pathlib import Path
from textwrap import wrap

from ..files import refuse_outputs, write_text
from ..hw.errors import MachineError
from ..teach.lesson_page import lesson_page
from ..teach.lessons import entries, glossary, lesson, lessons, terms
from ..teach.text import terminal
from ..terminal import Paint, page, width

GLOSSARY = "glossary"
#: Longer lines of prose are hard to read.
WIDEST = 100
INDENT = "   "


def arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments of lesson."""
    numbers = [str(each.number) for each in lessons()]
    parser.add_argument("what", metavar="N", nargs="?", choices=[*numbers, GLOSSARY], help="a lesson, or glossary")
    parser.add_argument("term", metavar="TERM", nargs="?", help="a term of the glossary")
    parser.add_argument("-o", "--output", metavar="FILE", type=Path, help="write a page (HTML) there")
    parser.add_argument("--no-pager", action="store_true", help="print it all at once")


def run(args: argparse.Namespace) -> int:
    """Print the list, the lesson or the term; or write the page."""
    if args.term is not None and args.what != GLOSSARY:
        raise MachineError("a TERM goes with glossary: kernel-port lesson glossary TERM")
    if args.output is not None:
        if args.what is None or args.term is not None:
            raise MachineError("a page has one lesson, or the whole glossary: kernel-port lesson 1 -o lesson-1.html")
        write_page(args.what, args.output)
        return 0
    columns, paint = min(width(), WIDEST), Paint()
    if args.what is None:
        lines = listing(columns, paint)
    elif args.what != GLOSSARY:
        lines = list(terminal(lesson(int(args.what)).text, columns, paint))[1:]
    elif args.term is None:
        lines = [*terms(), "", "kernel-port lesson glossary TERM says what one is."]
    else:
        lines = list(terminal(entries(args.term), columns, paint))[1:]
    page(lines, wanted=not args.no_pager)
    return 0


def listing(columns: int, paint: Paint) -> list[str]:
    """Return the lines that list the lessons."""
    lines = []
    for each in lessons():
        lines.append(f"{paint('bold', f'{each.number}. {each.title}')}")
        lines += wrap(each.about, columns, initial_indent=INDENT, subsequent_indent=INDENT)
    return [*lines, "", "kernel-port lesson N reads one, kernel-port lesson glossary has the terms."]


def write_page(what: str, path: Path) -> None:
    """Write a lesson, or the glossary, as a page."""
    refuse_outputs([path])
    text = glossary() if what == GLOSSARY else lesson(int(what)).text
    title = "Glossary" if what == GLOSSARY else f"Lesson {what}: {lesson(int(what)).title}"
    write_text(path, lesson_page(title, text, shlex.join(["kernel-port", "lesson", what, "-o", path.name])))
