# SPDX-License-Identifier: GPL-2.0-only
"""Write the manual page, or completion for bash, zsh or fish, from the commands' own help.

Examples: kernel-port manual > ~/.local/share/man/man1/kernel-port.1
          kernel-port manual bash > ~/.local/share/bash-completion/completions/kernel-port
          kernel-port manual zsh > ~/.zfunc/_kernel-port
          kernel-port manual fish > ~/.config/fish/completions/kernel-port.fish
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Iterator
from inspect import cleandoc

from .. import __version__
from ..cli import COMMANDS, EPILOG, overview, parser_of
from ..hw.errors import MachineError
from ..terminal import clean
from ._completion import bash, documented, fish, value, words, zsh

STATUS = """\
0: done. 1: the operation failed, or things that should be equal differ. 2: usage or bad input; one line on standard
error says what to do. 130: interrupted."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments of manual."""
    parser.add_argument(
        "form",
        nargs="?",
        choices=FORMS,
        default="man",
        help="default: man, the page for man(1); words: for the scripts",
    )
    parser.add_argument("typed", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)


def run(args: argparse.Namespace) -> int:
    """Print the page or the script."""
    for line in FORMS[args.form](args.typed):
        print(line)
    return 0


def manual() -> Iterator[str]:
    """Yield the manual page."""
    yield f'.TH KERNEL\\-PORT 1 "" "kernel\\-port {roff(__version__)}"'
    yield from (".SH NAME", f"kernel\\-port \\- {roff(overview().description or '')}")
    yield from (".SH SYNOPSIS", ".B kernel\\-port", ".I COMMAND", "[\\fIargument\\fR ...]")
    yield from (".SH DESCRIPTION", *paragraphs(EPILOG), ".SH COMMANDS")
    for name in COMMANDS:
        parser = parser_of(name)
        yield from (f".SS {roff(name)}", *paragraphs(parser.description or ""))
        for action, purpose in documented(parser):
            bold, italic = roff(", ".join(action.option_strings)), roff(value(action))
            yield from (".TP", " ".join(filter(None, [bold and f"\\fB{bold}\\fR", italic and f"\\fI{italic}\\fR"])))
            yield roff(purpose)
    yield from (".SH EXIT STATUS", roff(STATUS), ".SH SEE ALSO", ".BR lspci (8),", ".BR setpci (8)")


def paragraphs(text: str) -> Iterator[str]:
    """Yield text as paragraphs; one with indented lines keeps its lines."""
    for paragraph in re.split(r"\n{2,}", cleandoc(text)):
        yield ".PP"
        kept = re.search("^ ", paragraph, re.MULTILINE) is not None
        yield from (".nf", roff(paragraph), ".fi") if kept else (roff(paragraph),)


def roff(text: str) -> str:
    """Return *text* escaped so that troff shows it unchanged."""
    escaped = text.replace("\\", "\\e").replace("-", "\\-")
    return re.sub(r"^(?=[.'])", r"\\&", escaped, flags=re.MULTILINE)


def script(lines: Callable[[], Iterator[str]]) -> Callable[[list[str]], Iterator[str]]:
    """Return what yields the lines of a form to which no words belong."""

    def form(typed: list[str]) -> Iterator[str]:
        if typed:
            raise MachineError(f"no words follow the form: {clean(' '.join(typed))}")
        return lines()

    return form


#: What to write, and what makes its lines. words is for the scripts: the names that an argument may be.
FORMS = {"man": script(manual), "bash": script(bash), "zsh": script(zsh), "fish": script(fish), "words": words}
