# SPDX-License-Identifier: GPL-2.0-only
"""The kernel-port command: which subcommands there are, and how errors reach the user.

Exit status: 0 done, 1 the operation failed (or differs), 2 usage or bad input. No traceback reaches a user.
"""

from __future__ import annotations

import argparse
import io
import os
import signal
import sys
from contextlib import suppress
from importlib import import_module
from typing import Any, NoReturn

from .hw.errors import MachineError

#: Subcommand -> what it is for. Each is a room in commands/, imported only when it is used.
COMMANDS = {
    "reset": "reset a function, slot or bus of a machine; every access, delay and lock shown",
    "watch": "write a run as a page to step through, or for other tools",
    "list": "the series, patch by patch, and the room of each",
    "show": "where a symbol is defined at each point of the series",
    "read": "the C and the Python side by side, in the terminal or as a page",
    "diff": "what a patch changes in the Python",
    "export": "the kernel at a point of the series as one file, or the series as mails for git am",
    "check": "the port beside the real series (a mailbox, patches) or any kernel tree",
    "tree": "the machine drawn: links, slots, drivers, and the resets of each function",
    "why": "how a function can be reset, and why each other way is refused",
    "convert": "write a machine as lspci text, raw ECAM image or machine description",
    "generate": "make up a machine of any size from a seed, up to 65,536 functions",
    "census": "the resets of a whole fleet of machines: sums, charts, a page",
    "bench": "measure how fast the port is here, and how exact its delays are",
    "conform": "hold the port against recordings of the real C and of a real Linux",
    "scenarios": "the scenarios, each with the question it answers",
    "run": "run a scenario: what happened, what came of it, and the answer",
    "bisect": "the same thing at base, +1 ... +8: which patch changes what",
    "explore": "run a scenario in every order its threads can run in; does it ever go wrong?",
    "compare": "the same reset in 2013 and in Linux 6.1, access by access",
    "manual": "write the manual page, or completion for bash or zsh",
}

EPILOG = """\
MACHINE is a path (lspci -xxxx text, sysfs directory, raw ECAM image, machine description), "host" for this computer
(read only), or "example:NAME". TARGET is 01:00.0, slot:1 or bus:01.
"""


class Parser(argparse.ArgumentParser):
    """Says what is wrong in one line and how to find out more."""

    def error(self, message: str) -> NoReturn:
        from .terminal import clean  # here, because most runs have nothing to complain about

        self.exit(2, f"{self.prog}: {clean(message)} (see {self.prog} --help)\n")


def overview() -> Parser:
    """The parser of kernel-port itself: the subcommands, their arguments unread."""
    listing = "\n".join(f"  {name:<10} {purpose}" for name, purpose in COMMANDS.items())
    parser = Parser(
        prog="kernel-port",
        description="Linux's 2013 bus and slot reset series, in Python, on the config space of a real machine.",
        epilog=f"commands:\n{listing}\n\n{EPILOG}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="store_true", help="print the version and exit")
    parser.add_argument("command", nargs="?", metavar="COMMAND", help="one of those below; COMMAND --help tells more")
    parser.add_argument("arguments", nargs=argparse.REMAINDER, metavar="...", help=argparse.SUPPRESS)
    return parser


def room_of(name: str) -> Any:
    """The room of one of COMMANDS. An interrupt waits until it is there: import makes other errors of some."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        return import_module(f".commands.{name}", __package__)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def parser_of(name: str) -> Parser:
    """The parser of one of COMMANDS."""
    room = room_of(name)
    parser = Parser(
        prog=f"kernel-port {name}",
        description=room.__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    room.arguments(parser)
    return parser


def run(argv: list[str]) -> int:
    """Run one command line; errors come as exceptions."""
    parser = overview()
    args = parser.parse_args(argv)
    if args.version:
        from . import __version__

        print(f"kernel-port {__version__}")
        return 0
    if args.command is None:
        parser.print_help()
        return 0
    if args.command not in COMMANDS:
        parser.error(f"there is no command {args.command!r}")
    parser = parser_of(args.command)
    status: int = room_of(args.command).run(parser.parse_args(args.arguments))
    return status


def say(line: str) -> None:
    """Tell the user something, if there is anybody who listens."""
    with suppress(OSError):
        print(f"kernel-port: {line}", file=sys.stderr)


def complain(error: str) -> int:
    """Say what is wrong with the input, in one line that holds no control characters of a file; exit status 2."""
    from .terminal import clean

    say(clean(error))
    return 2


def main(argv: list[str] | None = None) -> int:
    """The entry point; turns errors into one line on standard error and an exit status."""
    for name in ("stdin", "stdout", "stderr"):
        if getattr(sys, name) is None:  # closed by whoever started us: it leads nowhere
            setattr(sys, name, open(os.devnull, "r" if name == "stdin" else "w"))  # noqa: PTH123, SIM115
    # Names of files may come in any encoding; what the terminal has no letters for is spelled out.
    for stream, errors in ((sys.stdin, "surrogateescape"), (sys.stdout, "backslashreplace")):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=errors)
    if sys.flags.optimize > 1:
        return complain("what docstrings say is shown, and -OO takes them away: run Python with -O, or without")
    try:
        status = run(sys.argv[1:] if argv is None else argv)
        sys.stdout.flush()
    except MachineError as error:
        return complain(str(error))
    except OSError as error:
        if isinstance(error, BrokenPipeError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the reader has gone; say nothing at exit
            return 0
        return complain(f"{error.filename or 'input or output'}: {error.strerror}")
    except KeyboardInterrupt:
        say("interrupted")
        return 130
    return status
