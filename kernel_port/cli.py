# SPDX-License-Identifier: GPL-2.0-only
"""The kernel-port command: its subcommands, and how errors reach the user.

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

from .hw.errors import MachineError, did_you_mean
from .terminal import clean, doors

#: What a user wants -> subcommand -> what it is for. Each is a module in commands/, imported only when it is used.
GROUPS = {
    "ask a machine": {
        "why": "how a function can be reset, tried out, and why not in another way",
        "tree": "draw the machine: links, slots, drivers, and the resets of each function",
        "reset": "reset a function, slot or bus of a machine; every access, delay and lock shown",
        "census": "the resets of a whole fleet of machines: totals, charts, a page",
        "shell": "a prompt on a machine: registers by name, resets, time, undo",
        "convert": "write a machine as lspci text, raw ECAM image or machine description",
        "generate": "make up a machine of any size from a seed, up to 65,536 functions",
    },
    "read the series": {
        "list": "the series, patch by patch, and the file of each",
        "read": "the C and the Python side by side, in the terminal or as a page",
        "show": "where a symbol is defined at each point of the series",
        "diff": "what a patch or a mend changes in the Python",
        "export": "a kernel as one file, or the series as mails for git am",
        "new": "write the skeleton of a patch of your own",
    },
    "run it": {
        "scenarios": "the scenarios, each with the question it answers",
        "run": "run a scenario: what happened, the outcome, and the answer",
        "watch": "write a run as a page to step through, or for other tools",
        "bisect": "the same thing at base, +1 ... +8: which patch changes what",
        "explore": "run a scenario in every order of its threads that can matter, and report failures",
        "mends": "which mend of a later Linux mends which scenario: the matrix",
    },
    "learn": {
        "exercise": "exercises that check themselves: patches, repairs, machines",
        "lesson": "read a lesson of the course in PCI reset, or a term of its glossary",
    },
    "prove it": {
        "conform": "compare the port with recordings of the real C and of a real Linux",
        "check": "compare the port with the real series (a mailbox, patches) or any kernel tree",
        "compare": "the same reset in 2013 and in Linux 6.1, access by access",
        "bench": "measure how fast the port is here, and how exact its delays are",
    },
    "set up": {
        "manual": "write the manual page, or completion for bash, zsh or fish",
    },
}
COMMANDS = {name: purpose for group in GROUPS.values() for name, purpose in group.items()}

#: How much is shown of an error that nobody has foreseen.
LONGEST = 200

EPILOG = """\
MACHINE is a path (text with lspci -xxxx or a hexdump in it, sysfs directory or archive, config file, raw ECAM image,
machine description; packed or not), "host" for this computer (read only), "example:NAME", or "qemu:WORDS": devices of a
QEMU that runs no guest. TARGET is 01:00.0, slot:1 or bus:01.
"""


class Parser(argparse.ArgumentParser):
    """Reports an error in one line, with what was perhaps meant, and how to find out more."""

    def parse_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Parse; unlike the parent, say which option may be meant by an unknown one."""
        parsed, unknown = self.parse_known_args(args, namespace)
        if unknown:
            options = [option for option in self._option_string_actions if option.startswith("--")]
            hint = did_you_mean(unknown[0].partition("=")[0], options, " ")
            self.error(f"unrecognized arguments: {' '.join(unknown)}; {hint}".rstrip("; "))
        return parsed

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        """Refuse what is not among the choices; unlike the parent, do not hide which one is near."""
        if action.choices is not None and value not in action.choices:
            choices = list(map(str, action.choices))
            hint = did_you_mean(str(value), choices, f"choose from {', '.join(choices)}")
            raise argparse.ArgumentError(action, f"invalid choice: {value!r}; {hint}")

    def _print_message(self, message: str, file: Any = None) -> None:
        """Print; unlike the parent's, do not hide that it fails."""
        (file or sys.stderr).write(message)

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {clean(message)} (see {self.prog} --help)\n")


def overview() -> Parser:
    """Return the parser of kernel-port itself: the subcommands, their arguments unread."""
    listing = "\n\n".join(
        f"{wish}\n" + "\n".join(f"  {name:<10} {purpose}" for name, purpose in group.items())
        for wish, group in GROUPS.items()
    )
    parser = Parser(
        prog="kernel-port",
        description="Linux's 2013 bus and slot reset series, in Python, on the config space of a real machine.",
        epilog=f"{listing}\n\n{EPILOG}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="store_true", help="print the version and exit")
    parser.add_argument("command", nargs="?", metavar="COMMAND", help="one of those below; see COMMAND --help")
    parser.add_argument("arguments", nargs=argparse.REMAINDER, metavar="...", help=argparse.SUPPRESS)
    return parser


def module_of(name: str) -> Any:
    """Import the module of one of COMMANDS. Hold back interrupts meanwhile: import turns some into other errors."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        return import_module(f".commands.{name}", __package__)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def parser_of(name: str) -> Parser:
    """Return the parser of one of COMMANDS."""
    module = module_of(name)
    parser = Parser(
        prog=f"kernel-port {name}",
        description=module.__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    module.arguments(parser)
    return parser


def run(argv: list[str]) -> int:
    """Run one command line; errors are exceptions."""
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
        parser.error(f"there is no command {args.command!r}; {did_you_mean(args.command, COMMANDS)}")
    parser = parser_of(args.command)
    status: int = module_of(args.command).run(parser.parse_args(args.arguments))
    return status


def say(line: str) -> None:
    """Tell the user something, if anybody listens."""
    with suppress(OSError):
        print(f"kernel-port: {line}", file=sys.stderr)


def complain(error: str) -> int:
    """Report what is wrong with the input, in one line without control characters; return exit status 2."""
    say(clean(error))
    return 2


def main(argv: list[str] | None = None) -> int:
    """Run kernel-port: turn errors into one line on standard error and an exit status."""
    for name in ("stdin", "stdout", "stderr"):
        if getattr(sys, name) is None:  # the parent closed it: it leads nowhere
            setattr(sys, name, open(os.devnull, "r" if name == "stdin" else "w"))  # noqa: PTH123, SIM115
    # File names may be in any encoding; escape what the terminal cannot show.
    for stream, errors in ((sys.stdin, "surrogateescape"), (sys.stdout, "backslashreplace")):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=errors)
    with doors():
        return guarded(sys.argv[1:] if argv is None else argv)


def guarded(argv: list[str]) -> int:
    """Run a command line; errors are a line."""
    if sys.flags.optimize > 1:
        return complain("the output includes docstrings, and -OO removes them: run Python with -O or without")
    if not os.path.exists(__file__):  # noqa: PTH110
        return complain("verdicts read the package's own source, which is packed here: install it with pip instead")
    if bad := next((word for word in argv if not is_sayable(word)), None):
        return complain(f"{bad[:LONGEST]}: no system takes this as an argument")
    try:
        try:
            status = run(argv)
        except SystemExit:  # after --help
            sys.stdout.flush()
            raise
        sys.stdout.flush()
        return status
    except MachineError as error:
        return complain(str(error))
    except OSError as error:
        with suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # what is left would fail again at exit
        if isinstance(error, BrokenPipeError):  # the reader has gone
            return 0
        return complain(f"{error.filename or 'input or output'}: {error.strerror}")
    except KeyboardInterrupt:
        say("interrupted")
        return 130
    except Exception as error:
        return defect(error, argv)


def is_sayable(word: str) -> bool:
    """Return whether a shell could hand *word* over: what is no text is bytes in the system's encoding, without 0."""
    try:
        return b"\0" not in os.fsencode(word)
    except UnicodeEncodeError:
        return False


def defect(error: Exception, argv: list[str]) -> int:
    """Report what no other part of the program has foreseen, in one line; return exit status 2.

    It is in a module of the user's own, if there is one, or ours."""
    from .mends import blame, suspect  # loaded already, if a file of the user's is

    if what := blame(error) or suspect(error, argv):
        return complain(what)
    if os.environ.get("KERNEL_PORT_DEBUG") == "1":
        raise error
    if isinstance(error, ImportError) and "subinterpreters" in str(error):
        return complain(f"{error}, in Python's words: run kernel-port in the main interpreter")
    if isinstance(error, ImportError) and str(error.name).endswith(("_shims", "_cffi_backend")):
        return complain(f"the part written in C cannot be loaded here ({error}): install the package with pip")
    what = f"{type(error).__name__}: {error}".rstrip(": ")
    return complain(
        f"{what[:LONGEST]}; this is a defect of kernel-port: please report it, with the command and its input "
        "(KERNEL_PORT_DEBUG=1 shows where it is)"
    )
