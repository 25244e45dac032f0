# SPDX-License-Identifier: GPL-2.0-only
"""Write the manual page, or completion for bash or zsh, from the commands' own help.

Examples: kernel-port manual > ~/.local/share/man/man1/kernel-port.1
          kernel-port manual bash > ~/.local/share/bash-completion/completions/kernel-port
          kernel-port manual zsh > ~/.zfunc/_kernel-port
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from inspect import cleandoc
from shlex import quote

from .. import __version__
from ..cli import COMMANDS, EPILOG, overview, parser_of

STATUS = """\
0: done. 1: the operation failed, or things that should be equal differ. 2: usage or bad input; one line on standard
error says what to do. 130: interrupted."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments of manual."""
    parser.add_argument("form", nargs="?", choices=FORMS, default="man", help="default: man, the page for man(1)")


def run(args: argparse.Namespace) -> int:
    """Print the page or the script."""
    for line in FORMS[args.form]():
        print(line)
    return 0


def documented(parser: argparse.ArgumentParser) -> Iterator[tuple[argparse.Action, str]]:
    """Yield the documented arguments of a parser, each with its help."""
    for action in parser._actions:  # argparse has no other way to ask
        if action.help != argparse.SUPPRESS:
            yield action, (action.help or "") % {**vars(action), "prog": parser.prog}


def words(action: argparse.Action) -> list[str]:
    """Return the possible values of an argument, if it has a list of them."""
    return [str(choice) for choice in action.choices or ()]


def value(action: argparse.Action) -> str:
    """Return the name of an argument's value; "" if it has none."""
    if action.option_strings and action.nargs == 0:
        return ""
    return str(action.metavar or "|".join(words(action)) or action.dest.upper())


# -- man(7) --------------------------------------------------------------------------------------------------------


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


# -- completion ----------------------------------------------------------------------------------------------------


def bash() -> Iterator[str]:
    """Yield a script for bash: completes commands, options, values of options, and files."""
    yield "# bash completion for kernel-port, written by: kernel-port manual bash"
    yield "_kernel_port() {"
    yield '\tlocal word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} options="" words=""'
    first = quote(" ".join([*COMMANDS, "--help", "--version"]))
    yield '\tif [ "$COMP_CWORD" -eq 1 ]; then'
    yield f'\t\tCOMPREPLY=($(compgen -W {first} -- "$word"))'
    yield from ("\t\treturn", "\tfi", "\tcase ${COMP_WORDS[1]} in")
    for name in COMMANDS:
        actions = [action for action, _ in documented(parser_of(name))]
        options = " ".join(option for action in actions for option in action.option_strings)
        places = " ".join(word for action in actions if not action.option_strings for word in words(action))
        yield f"\t{name}) options={quote(options)} words={quote(places)} ;;"
    yield from ("\tesac", "\tcase ${COMP_WORDS[1]}:$before in")
    for name in COMMANDS:
        for action, _ in documented(parser_of(name)):
            if action.option_strings and action.choices:
                patterns = "|".join(f"{name}:{option}" for option in action.option_strings)
                choices = quote(" ".join(words(action)))
                yield f'\t{patterns}) COMPREPLY=($(compgen -W {choices} -- "$word")); return ;;'
    yield "\tesac"
    yield "\tcase $word in"
    yield '\t-*) COMPREPLY=($(compgen -W "$options" -- "$word")) ;;'
    yield '\t*) mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word"; compgen -f -- "$word") ;;'
    yield from ("\tesac", "}", "complete -o filenames -F _kernel_port kernel-port")


def zsh() -> Iterator[str]:
    """Yield a function for zsh, the same with explanations."""
    yield "#compdef kernel-port"
    yield "# zsh completion for kernel-port, written by: kernel-port manual zsh"
    yield "local -a known=("
    yield from (f"\t{quote(f'{name}:{purpose}')}" for name, purpose in COMMANDS.items())
    yield from (")", "if (( CURRENT == 2 )); then", "\t_describe command known", "\treturn", "fi")
    yield from ("shift words", "(( CURRENT-- ))", "case $words[1] in")
    for name in COMMANDS:
        specs = [quote(spec) for action, purpose in documented(parser_of(name)) for spec in zsh_specs(action, purpose)]
        yield f"{name}) _arguments {' '.join(specs)} ;;"
    yield "esac"


def zsh_specs(action: argparse.Action, purpose: str) -> Iterator[str]:
    """Yield what _arguments needs to know of an argument."""
    takes = f"({' '.join(words(action))})" if action.choices else "_files"
    name = re.sub(r"([\\:])", r"\\\1", value(action))
    if not action.option_strings:
        yield f"{'*' if action.nargs in ('*', '+') else ''}:{name}:{takes}"
    for option in action.option_strings:
        explained = re.sub(r"([\\:\[\]])", r"\\\1", purpose)
        yield f"{option}[{explained}]{f':{name}:{takes}' if name else ''}"


#: What to write, and the function that makes its lines.
FORMS = {"man": manual, "bash": bash, "zsh": zsh}
