# SPDX-License-Identifier: GPL-2.0-only
"""The prompt of `kernel-port shell`: Python's own, or IPython's, that understands lines such as these besides.

    01:00.0 COMMAND             read a register, named as setpci(8) names it
    00:1c.0 BRIDGE_CONTROL=40:40    write one: value, and mask of the bits to change
    reset slot:1                reset a function, slot or bus
    wait 100                    let so many ms pass
    why 01:00.0                 how it can be reset, and why not in another way
    tree                        draw the machine
    undo                        take back the last write, wait or reset
    trace                       the events of the last reset

Everything else is Python: `session` is the machine with all of this as methods, `kernel` has the C's functions.
"""

from __future__ import annotations

import code
import re
from inspect import cleandoc
from typing import Any

from ..hw.errors import MachineError
from ..kernel.sched import Unusable
from ..terminal import clean
from .answers import Lines, Reset
from .session import Session

#: A function's address and a register.
ACCESS = re.compile(r"\s*(?:[0-9a-f]{1,8}:)?[0-9a-f]{1,2}:[0-9a-f]{1,2}\.[0-7]\s+\S.*", re.IGNORECASE | re.ASCII)
#: A command, alone or with a word behind it that is no Python.
COMMAND = re.compile(r"\s*(?:(undo|tree|trace|help)|(reset|wait|why)\s+(\w[\w:.]*))\s*", re.ASCII)
ENOUGH = "Ctrl-D ends; help says what there is."


class Console:
    """Carries out lines that are not Python."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self._last: Reset | None = None

    def understands(self, line: str) -> bool:
        """Return whether a line is one of the prompt's own."""
        return bool(ACCESS.fullmatch(line) or COMMAND.fullmatch(line))

    def do(self, line: str) -> Any:
        """Carry out such a line, and return the answer; None if there is none.

        :raises MachineError: there is no such function, register, target or value"""
        if ACCESS.fullmatch(line):
            return self.session.put(line) if "=" in line else self.session.get(line)
        matched = COMMAND.fullmatch(line)
        assert matched, "understands() says so"
        alone, command, word = matched.groups()
        match alone or command:
            case "undo":
                return self.session.undo()
            case "tree":
                return self.session.tree()
            case "help":
                return Lines(cleandoc(__doc__ or "").splitlines()[2:])
            case "trace":
                return self._last.trace if self._last else Lines(["nothing was reset yet"])
            case "why":
                return self.session.why(word)
            case "reset":
                self._last = self.session.reset(word)
                return self._last
            case _:
                try:
                    return self.session.wait(float(word))
                except ValueError:
                    raise MachineError(f"{word!r} is not a number of ms") from None

    def names(self) -> dict[str, Any]:
        """Return what Python knows at the prompt."""
        return {"session": self.session, "kernel": self.session.kernel, "console": self}


class Prompt(code.InteractiveConsole):
    """The prompt without IPython."""

    def __init__(self, console: Console) -> None:
        super().__init__(console.names(), "<prompt>")
        self._console = console

    def runsource(self, source: str, filename: str = "<prompt>", symbol: str = "single") -> bool:
        """Run one input; the prompt's own lines are no Python."""
        if not self._console.understands(source):
            return super().runsource(source, filename, symbol)
        try:
            if (answer := self._console.do(source)) is not None:
                print(repr(answer))
        except (MachineError, Unusable) as error:
            self.write(f"{clean(str(error))}\n")
        self.locals.update(self._console.names())
        return False


def interact(session: Session, banner: str) -> None:
    """Read lines and carry them out until there are no more."""
    console = Console(session)
    try:
        from IPython.terminal.embed import InteractiveShellEmbed
    except ImportError:
        InteractiveShellEmbed = None
    if InteractiveShellEmbed is None:  # not in the handler: each error at the prompt would be "during" that one
        complete(console)
        Prompt(console).interact(f"{banner}\n{ENOUGH}", exitmsg="")
    else:
        shell = InteractiveShellEmbed(banner1=f"{banner}\n{ENOUGH}\n", user_ns=console.names())

        def ours(lines: list[str]) -> list[str]:
            line = lines[0].strip() if len(lines) == 1 else ""
            return [f"console.do({line!r})\n"] if console.understands(line) else lines

        shell.input_transformers_cleanup.append(ours)
        shell()


def complete(console: Console) -> None:
    """Complete names on Tab, where Python has readline."""
    try:
        import readline
        import rlcompleter
    except ImportError:
        return
    readline.set_completer(rlcompleter.Completer(console.names()).complete)
    readline.parse_and_bind("tab: complete")
