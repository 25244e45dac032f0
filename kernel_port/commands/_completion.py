# SPDX-License-Identifier: GPL-2.0-only
"""Completion for bash, zsh and fish: scripts that know the options, and ask kernel-port for the names.

A name may be one of a scenario, an example, a mend, a symbol, or what a machine has that was typed before."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Iterator
from itertools import chain
from shlex import quote

from .. import scenarios
from ..choice import ALL
from ..cli import COMMANDS, parser_of
from ..hw.errors import MachineError
from ..images import load
from ..images.load import example_names
from ..link import link
from ..machine import boot
from ..mends import shipped, versions
from ..series import PATCHES

#: A machine with more functions is not looked through: the user is waiting.
MOST_FUNCTIONS = 1000

# -- the names ---------------------------------------------------------------------------------------------------------


def machines(typed: list[str]) -> Iterator[str]:
    """Yield the machines that have names."""
    yield "host"
    yield from (f"example:{name}" for name in example_names())


def scenario_names(typed: list[str]) -> Iterator[str]:
    """Yield the scenarios."""
    yield from scenarios.names()


def mends(typed: list[str]) -> Iterator[str]:
    """Yield what may be put on top."""
    yield from chain(versions(), shipped())


def symbols(typed: list[str]) -> Iterator[str]:
    """Yield the names of the kernel with all patches."""
    yield from link(ALL).symbols


def patches(typed: list[str]) -> Iterator[str]:
    """Yield the numbers of the patches."""
    yield from (str(patch.number) for patch in PATCHES)


def targets(typed: list[str]) -> Iterator[str]:
    """Yield what a reset of the first machine among the words *typed* can be aimed at."""
    for word in typed:
        if word.startswith(("-", "qemu:")):
            continue
        try:
            description = load(word)
        except MachineError:
            continue
        if len(description.functions) <= MOST_FUNCTIONS:
            with boot(description, patches=ALL) as machine:
                yield from (str(function.address).removeprefix("0000:") for function in description.functions)
                for bus in machine.buses():
                    yield from (f"slot:{slot.kobj_name}" for slot in bus.slots)
                    yield f"bus:{bus.number:02x}"
        return


#: Argument -> what it may be; one that differs from command to command has the command's name in front.
NAMES: dict[str, tuple[Callable[[list[str]], Iterator[str]], ...]] = {
    "call": (symbols,),
    "diff what": (patches, mends),
    "extra": (mends,),
    "machine": (machines,),
    "modifies": (symbols,),
    "read what": (patches, mends, symbols),
    "scenario": (scenario_names,),
    "symbol": (symbols, patches, mends),
    "target": (targets,),
    "what": (scenario_names, machines),
}


def names(command: str, argument: str) -> tuple[Callable[[list[str]], Iterator[str]], ...]:
    """Return what yields the names that an argument may be; nothing if it has none."""
    return NAMES.get(f"{command} {argument}", NAMES.get(argument, ()))


def words(typed: list[str]) -> Iterator[str]:
    """Yield the names that an argument may be, for a script.

    :param typed: a command, one of its arguments, and the words before"""
    for each in names(*typed[:2]) if len(typed) > 1 else ():
        yield from each(typed[2:])


def asking(command: str, action: argparse.Action) -> str:
    """Return the command line that prints the names of an argument, without the words before; "" if it has none."""
    return f"kernel-port manual words {command} {action.dest}" if names(command, action.dest) else ""


# -- what the scripts are made of --------------------------------------------------------------------------------------


def documented(parser: argparse.ArgumentParser) -> Iterator[tuple[argparse.Action, str]]:
    """Yield the documented arguments of a parser, each with its help."""
    for action in parser._actions:  # argparse has no other way to ask
        if action.help != argparse.SUPPRESS:
            yield action, (action.help or "") % {**vars(action), "prog": parser.prog}


def choices(action: argparse.Action) -> list[str]:
    """Return the possible values of an argument, if it has a list of them."""
    return [str(choice) for choice in action.choices or ()]


def value(action: argparse.Action) -> str:
    """Return the name of an argument's value; "" if it has none."""
    if action.option_strings and action.nargs == 0:
        return ""
    return str(action.metavar or "|".join(choices(action)) or action.dest.upper())


def bash() -> Iterator[str]:
    """Yield a script for bash: completes commands, options, values of options, names and files.

    A colon ends a word for bash, so what stands before it is taken off what is offered."""
    yield "# bash completion for kernel-port, written by: kernel-port manual bash"
    yield "_kernel_port() {"
    yield '\tlocal typed=() line=${COMP_LINE:0:COMP_POINT} options="" words="" asked=""'
    yield '\tread -ra typed <<< "$line"; [[ $line == *[[:space:]] ]] && typed+=("")'
    yield "\tlocal word=${typed[-1]} before=${typed[-2]}"
    first = quote(" ".join([*COMMANDS, "--help", "--version"]))
    yield '\tif [ "${#typed[@]}" -eq 2 ]; then'
    yield f'\t\tCOMPREPLY=($(compgen -W {first} -- "$word"))'
    yield from ("\t\treturn", "\tfi", "\tcase ${typed[1]} in")
    for name in COMMANDS:
        actions = [action for action, _ in documented(parser_of(name))]
        options = " ".join(option for action in actions for option in action.option_strings)
        places = [action for action in actions if not action.option_strings]
        known = " ".join(word for action in places for word in choices(action))
        ask = "; ".join(f'{asking(name, action)} "${{typed[@]:2}}"' for action in places if asking(name, action))
        yield f"\t{name}) options={quote(options)} words={quote(known)} asked={quote(ask)} ;;"
    yield from ("\tesac", "\tcase ${typed[1]}:$before in")
    for name in COMMANDS:
        for action, _ in documented(parser_of(name)):
            patterns = "|".join(f"{name}:{option}" for option in action.option_strings)
            if patterns and action.choices:
                known = quote(" ".join(choices(action)))
                yield f'\t{patterns}) COMPREPLY=($(compgen -W {known} -- "$word")); return ;;'
            elif patterns and asking(name, action):
                yield f"""\t{patterns}) words="" asked='{asking(name, action)} "${{typed[@]:2}}"' ;;"""
    yield "\tesac"
    yield '\tif [[ $word == -* ]]; then COMPREPLY=($(compgen -W "$options" -- "$word")); return; fi'
    yield '\twords+=" $(eval "$asked" 2>/dev/null)"'
    yield '\tmapfile -t COMPREPLY < <(compgen -W "$words" -- "$word"; compgen -f -- "$word")'
    yield "\t[[ $word == *:* && $COMP_WORDBREAKS == *:* ]] || return 0"
    yield '\tbefore=${word%"${word##*:}"} COMPREPLY=("${COMPREPLY[@]#"$before"}")'
    yield from ("}", "complete -o filenames -F _kernel_port kernel-port")


def zsh() -> Iterator[str]:
    """Yield a function for zsh, the same with explanations."""
    yield "#compdef kernel-port"
    yield "# zsh completion for kernel-port, written by: kernel-port manual zsh"
    yield "local -a known=("
    yield from (f"\t{quote(f'{name}:{purpose}')}" for name, purpose in COMMANDS.items())
    yield from (")", "if (( CURRENT == 2 )); then", "\t_describe command known", "\treturn", "fi")
    yield from ("shift words", "(( CURRENT-- ))", "case $words[1] in")
    for name in COMMANDS:
        specs = [quote(each) for action, text in documented(parser_of(name)) for each in zsh_specs(name, action, text)]
        yield f"{name}) _arguments {' '.join(specs)} ;;"
    yield "esac"


def zsh_specs(command: str, action: argparse.Action, purpose: str) -> Iterator[str]:
    """Yield what _arguments needs to know of an argument."""
    takes = f"({' '.join(choices(action))})" if action.choices else "_files"
    if ask := asking(command, action):
        takes = f'{{compadd -- ${{(f)"$({ask} $words[2,CURRENT-1] 2>/dev/null)"}}; _files}}'
    name = re.sub(r"([\\:])", r"\\\1", value(action))
    if not action.option_strings:
        yield f"{'*' if action.nargs in ('*', '+') else ''}:{name}:{takes}"
    for option in action.option_strings:
        explained = re.sub(r"([\\:\[\]])", r"\\\1", purpose)
        yield f"{option}[{explained}]{f':{name}:{takes}' if name else ''}"


def fish() -> Iterator[str]:
    """Yield commands for fish, with explanations."""
    yield "# fish completion for kernel-port, written by: kernel-port manual fish"
    for name, purpose in COMMANDS.items():
        yield f"complete -c kernel-port -f -n __fish_use_subcommand -a {name} -d {quote(purpose)}"
    for name in COMMANDS:
        for action, purpose in documented(parser_of(name)):
            ask = asking(name, action)
            offered = " ".join(choices(action)) or (f"({ask} (commandline -opc)[3..])" if ask else "")
            parts = [f"complete -c kernel-port -n '__fish_seen_subcommand_from {name}'"]
            parts += (f"-l {each[2:]}" if each.startswith("--") else f"-s {each[1:]}" for each in action.option_strings)
            if action.option_strings and value(action):
                parts.append("-r")
            if offered:
                parts.append(f"-a {quote(offered)}")
            if action.option_strings or offered:
                yield " ".join([*parts, f"-d {quote(purpose)}"])
