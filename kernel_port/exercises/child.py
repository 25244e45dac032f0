# SPDX-License-Identifier: GPL-2.0-only
"""Checks a student's file in a process of its own, with limits on time and memory.

That keeps an endless loop or a memory hog from taking the computer along. It is no sandbox: the file is a program, and
runs as the user does.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from types import FrameType
from typing import Any

from ..hw.image import DOMAIN_SIZE
from ..mends import LOADED
from .judge import UNUSABLE, WRONG, Verdict, judge
from .remarks import Remark
from .table import exercise

#: Seconds of processor time, and on the clock, that a check may take; and its memory, bytes.
PROCESSOR, CLOCK, MEMORY = 30, 90, 1 << 30
#: Address space for images of configuration space, bytes: each takes 256 MiB of it, and next to no memory.
IMAGES = 16 * DOMAIN_SIZE
#: Seconds that a process over its limit gets to say where it is.
GRACE = 5
#: What a pipe holds at most, bytes.
PIPE = 1 << 20
STDERR = 2


def check(number: int, path: Path, processor: int = PROCESSOR, clock: int = CLOCK, memory: int = MEMORY) -> Verdict:
    """Judge a file for exercise *number*, in a child process.

    :param processor: seconds of processor time
    :param clock: seconds on the clock
    :param memory: bytes"""
    reader, writer = os.pipe()
    limits = (processor, clock, memory)
    # -P: what else is in the student's folder, a random.py, is not ours to import; but we are, from where we are.
    command = [sys.executable, "-P", "-m", __spec__.name, str(number), str(path), str(writer), *map(str, limits)]
    path_list = [str(Path(__file__).parents[2]), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(path_list)}
    # What the file prints is for its author, and no part of the answer.
    with subprocess.Popen(
        command, pass_fds=[writer], stdin=subprocess.DEVNULL, stdout=STDERR, env=environment, start_new_session=True
    ) as child:
        os.close(writer)
        try:
            status = child.wait(clock + GRACE)
        except subprocess.TimeoutExpired:
            status = -signal.SIGALRM
        finally:
            with suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)  # with what the file has forked
    verdict, doing = answered(reader)
    return verdict or Verdict(UNUSABLE if doing == "loading it" else WRONG, ended(status, doing, path))


def answered(reader: int) -> tuple[Verdict | None, str]:
    """Return the verdict in a pipe, if there is one, and what was being looked at last.

    A process that the file has started may still hold the other end, and the file itself may have written to it."""
    verdict, doing, data = None, "loading it", b""
    os.set_blocking(reader, False)
    with suppress(BlockingIOError), os.fdopen(reader, "rb", 0) as pipe:
        data = os.read(pipe.fileno(), PIPE)
    for line in data.splitlines():
        with suppress(ValueError, TypeError, KeyError, RecursionError):  # not ours
            said = json.loads(line)
            if "at" in said:
                doing = str(said["at"])
            else:
                verdict = Verdict(int(said["status"]), Remark(**said["remark"]))
    return verdict, doing


def ended(status: int, doing: str, path: Path) -> Remark:
    """Say why a child has not answered."""
    if status in (-signal.SIGXCPU, -signal.SIGALRM, -signal.SIGKILL):
        text = "Your code does not come to an end in the time that a check may take."
    elif status < 0:
        text = f"Your code ends Python itself (signal {-status})."
    else:
        text = f"Your code ends the program (exit status {status}). A kernel does not: a function returns."
    return Remark(text, path.name, doing)


def within_limits(processor: int, clock: int, memory: int, over: Callable[[int, FrameType | None], None]) -> None:
    """Limit this process; *over* is called when its time is up."""
    resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))
    resource.setrlimit(resource.RLIMIT_AS, (memory + IMAGES, memory + IMAGES))
    resource.setrlimit(resource.RLIMIT_CPU, (processor, processor + GRACE))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGXCPU, over)
    signal.signal(signal.SIGALRM, over)
    signal.alarm(clock)


def main(number: str, name: str, fd: str, *limits: str) -> None:
    """Judge the file *name*; write what is being looked at, and the verdict, to *fd*, one JSON object a line."""
    path, doing = Path(name), ["loading it"]

    def say(what: dict[str, Any]) -> None:
        with suppress(OSError):  # the file has closed it
            os.write(int(fd), (json.dumps(what) + "\n").encode())

    def at(what: str) -> None:
        doing[0] = what
        say({"at": what})

    def answer(verdict: Verdict) -> None:
        say({"status": verdict.status, "remark": asdict(verdict.remark)})

    def over(signum: int, frame: FrameType | None) -> None:
        where = loop(frame) or path.name
        text = "Your code does not come to an end in the time that a check may take: a loop without an end?"
        answer(Verdict(UNUSABLE if doing[0] == "loading it" else WRONG, Remark(text, where, doing[0])))
        os._exit(WRONG)

    processor, clock, memory = map(int, limits)
    within_limits(processor, clock, memory, over)
    try:
        verdict = judge(exercise(number), path, at)
    except MemoryError:
        verdict = Verdict(
            WRONG, Remark(f"Your code wants more than {memory >> 20} MiB of memory.", path.name, doing[0])
        )
    except BaseException as error:  # out of a trace function or a signal handler of the file's: in the middle of us
        text = f"Your code stops what judges it: {type(error).__name__}."
        verdict = Verdict(UNUSABLE if doing[0] == "loading it" else WRONG, Remark(text, path.name, doing[0]))
    answer(verdict)
    with suppress(OSError, ValueError):
        sys.stdout.flush()
    os._exit(verdict.status)  # whatever threads the file has left behind


def loop(frame: FrameType | None) -> str:
    """Return where in the student's file some thread is; "" if none is in it."""
    for top in [frame, *sys._current_frames().values()]:
        each = top
        while each is not None:
            if shown := LOADED.get(each.f_code.co_filename):
                function = each.f_code.co_name
                return f"{shown.name}:{each.f_lineno}" + f", in {function}" * (function != "<module>")
            each = each.f_back
    return ""


if __name__ == "__main__":
    main(*sys.argv[1:])
