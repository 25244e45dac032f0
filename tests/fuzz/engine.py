# SPDX-License-Identifier: GPL-2.0-only
"""A fuzzer for volume: thousands of small cases a second, each made from a number alone, so that any can be made again.

Hypothesis looks for structure and shrinks what it finds (test_structure.py); this one mutates what is known to be good,
in 0.02 ms a case where Hypothesis takes 2 ms for the same edits.

Guided by coverage it does not get further. Atheris 3.0, from the same inputs and with the same 45 to 60 s of processor
time, found no bug either, and covered these lines where the mutations below covered those: lspci text 150 and 150, TOML
530 and 529, what is doubtful in them 127 and 119, mailboxes 138 and 138, C 337 and 338, golden traces 205 and 210. All
targets together cover more than either in 25,000 cases: 129 of what is doubtful, 539 of TOML, 141 of mailboxes.

    python tests/fuzz/campaign.py --cases 100000 --seed 1          all targets
    python tests/fuzz/campaign.py --target toml --case 1:4711      the one case that failed
"""

import atexit
import json
import resource
import shutil
import signal
import tempfile
from collections import Counter
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from random import Random

from kernel_port.hw.errors import MachineError

#: Seconds a single case may take. All time is virtual and all input small, so a case takes milliseconds.
TIME_LIMIT = 20
#: How much more memory a single case may need than those before, KiB: what is in a file must not make it gigabytes.
MEMORY_LIMIT = 512 << 10
#: What finds edges: sizes, signs, and what a parser may trip over.
NUMBERS = (0, 1, 2, 3, 4, 7, 8, 15, 16, 63, 64, 127, 128, 254, 255, 256, 4095, 4096, 65535, 65536, 2**32 - 1, 2**64)
TOKENS = (
    b"\x00", b"\xff", b"\xff" * 16, b"\r\n", b"\n", b"\n\n", b"\t", b" ", b"\"", b"'", b"\\", b"\\\n", b"[[", b"]]",
    b"=", b"{", b"}", b"(", b")", b"#", b"/*", b"*/", b"//", b"00:00.0", b"ffff:ff:1f.7", b"[size=4G]", b"<unassigned>",
    b"inf", b"nan", b"-1", b"1e999", b"9" * 400, b"\xef\xbb\xbf", b"\xe2\x80\xae", b"\x1b[2J", b"\xed\xa0\x80",
    b"@@ -1 +1 @@", b"--- ", b"+++ ", b"From ", b"Subject: [PATCH 1/8] ", b"=?utf-8?q?",
    b"Content-Transfer-Encoding: base64\n",
)  # fmt: skip


#: For the campaign's report: where input was refused, which kernel functions were called at which point of the series,
#: how many calls ended in a deadlock or oops, and the longest of them, virtual ns.
refusals: Counter[str] = Counter()
called: Counter[tuple[int, str]] = Counter()
halts = 0
longest = 0


class Hang(BaseException):
    """A case took longer than TIME_LIMIT; no handler of errors may swallow it."""


class Failure(AssertionError):
    """A case went wrong; says how to make it again."""


@contextmanager
def refused(name):
    """The body works, or a MachineError says what is wrong with the input called *name*."""
    try:
        yield
    except MachineError as error:
        assert name in str(error), error  # noqa: PT017 - it need not be raised
        place = error.__traceback__
        while place.tb_next:
            place = place.tb_next
        refusals[f"{Path(place.tb_frame.f_code.co_filename).name}:{place.tb_lineno}"] += 1


@contextmanager
def time_limit(seconds):
    """Raise Hang if the body takes longer."""

    def stop(_signal, _frame):
        raise Hang(f"more than {seconds} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds, seconds)  # again and again: who is stopped may not end either
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def most_memory():
    """The most memory this process has had, KiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def run(name, target, cases, seed=0, first=0):
    """Run *cases* cases of a target; each gets random numbers of its own."""
    for number in range(first, first + cases):
        try:
            with time_limit(TIME_LIMIT):
                before = most_memory()
                target(Random(f"{name}:{seed}:{number}"))
                assert most_memory() - before < MEMORY_LIMIT, f"{most_memory()} KiB of memory"
        except (Exception, Hang) as error:
            again = f"python tests/fuzz/campaign.py --target {name} --case {seed}:{number}"
            raise Failure(f"{type(error).__name__}: {str(error)[:500]}\nagain: {again}") from error


@cache
def folder():
    """Where the inputs go, in memory if there is such a place."""
    memory = Path("/dev/shm")
    place = Path(tempfile.mkdtemp(prefix="kernel_port-fuzz-", dir=memory if memory.is_dir() else None))
    atexit.register(shutil.rmtree, place, ignore_errors=True)
    return place


def written(name, data):
    path = folder() / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data)
    return path


def mutated(rng, data, others=(b"",), most=6):
    """*data* with a few things wrong with it."""
    data = bytearray(data)
    for _ in range(1 + rng.randrange(most)):
        at = rng.randrange(len(data) + 1)
        length = min(len(data) - at, 1 << rng.randrange(10) if rng.randrange(2) else 1)
        match rng.randrange(9):
            case 0 if data:
                data[at % len(data)] ^= 1 << rng.randrange(8)
            case 1 if data:
                data[at % len(data)] = rng.randrange(256)
            case 2:
                data[at:at] = rng.choice(TOKENS)
            case 3:
                del data[at : at + length]
            case 4:
                data[at:at] = data[at : at + length] * rng.choice((1, 1, 2, 30))
            case 5:
                start = rng.randrange(len(data) + 1)
                data[at:at] = data[start : start + length]
            case 6:
                other = rng.choice(others)
                start = rng.randrange(len(other) + 1)
                data[at : at + length] = other[start : start + length]
            case 7:
                del data[at:]
            case 8:
                data[at:at] = str(rng.choice((1, -1)) * rng.choice(NUMBERS)).encode()
    return bytes(data)


def mutated_lines(rng, data, others=(b"",)):
    """*data* with lines missing, doubled, swapped, or from elsewhere, or with wrong bytes in a line."""
    lines = data.split(b"\n")
    for _ in range(1 + rng.randrange(4)):
        at, other = rng.randrange(len(lines)), rng.randrange(len(lines))
        match rng.randrange(6):
            case 0 if len(lines) > 1:
                del lines[at]
            case 1:
                lines.insert(at, lines[other])
            case 2:
                lines[at], lines[other] = lines[other], lines[at]
            case 3:
                lines.insert(at, rng.choice(rng.choice(others).split(b"\n")))
            case _:
                lines[at] = mutated(rng, lines[at], most=2)
    return b"\n".join(lines)


def mutated_json(rng, value, most=3):
    """A value of JSON with a few parts of it exchanged, missing or of another kind."""
    value = json.loads(json.dumps(value))
    for _ in range(1 + rng.randrange(most)):
        at = value
        while True:
            keys = list(at) if isinstance(at, dict) else range(len(at))
            if not keys:
                break
            key = keys[rng.randrange(len(keys))]
            if isinstance(at[key], dict | list) and rng.randrange(5):
                at = at[key]
                continue
            match rng.randrange(4):
                case 0:
                    del at[key]
                case 1:
                    at[key] = other_json(rng)
                case 2 if isinstance(at[key], int):
                    at[key] = at[key] + rng.choice((1, -1)) * rng.choice(NUMBERS)
                case 2 if isinstance(at[key], str):
                    at[key] = mutated(rng, at[key].encode("utf-8", "replace"), most=2).decode("utf-8", "replace")
                case _ if isinstance(at, list):
                    at.insert(key, at[rng.randrange(len(at))])
                case _:
                    at[str(key) + "x"] = at[key]
            break
    return value


def other_json(rng):
    """Something else than was there."""
    scalars = (None, True, False, "", "x", "00:00.0", "\ud800", 1.5, float("inf"), float("nan"), [], {}, [[]], {"": []})
    return rng.choice((*scalars, -1, *NUMBERS))
