# SPDX-License-Identifier: GPL-2.0-only
"""Reader of recordings of the real kernels of the series (real/1, tests/real/FORMAT.md)."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from ..archives import unpacked
from ..choice import ALL, KernelChoice
from ..files import opened
from ..hw.address import Address, bdf
from ..hw.errors import MachineError
from ..limits import RECORDING

FORMAT = "real/1"
#: The later kernel of some recordings.
V3_12 = "v3.12.10"
#: The return code of a call that never returned.
HANG = "hang"


class Cycle(NamedTuple):
    """One configuration cycle of the real kernel, or a mark between them."""

    op: str
    """"r", "w", or "mark"."""
    bdf: str
    """The name of a mark."""
    where: int
    size: int
    value: int
    time: int
    """ns since the start of the recording."""

    def is_like(self, other: Cycle) -> bool:
        """Return whether both are the same access or mark; the value of a read and the time do not matter."""
        return self[:4] == other[:4] and (self.op == "r" or self.value == other.value)


class Message(NamedTuple):
    """A message of the kernel log."""

    speaker: str
    """The device: "0000:00:03.0" or, of a service of a port, "0000:00:03.0:pcie04"; "" if none."""
    function: str
    """C function, or "oops", "warning", "lockdep", "hung_task", "lab"."""
    values: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Recording:
    """One recording; the fields are FORMAT.md's."""

    source: str
    name: str
    kernel: str
    choice: KernelChoice
    """The kernel that the port is to be: a point of the series, or the whole series and v3.12's mends."""
    machine: str
    link_up_after_us: int | None
    pciehp_poll: bool
    tests: tuple[str, ...]
    return_codes: tuple[str, ...]
    config_before: dict[str, bytes]
    config_after: dict[str, bytes]
    resources: dict[str, list[list[int]]]
    drivers: dict[str, str]
    boot: tuple[Cycle, ...]
    ops: tuple[Cycle, ...]
    log: tuple[Message, ...]


def is_recorded(recording: Recording, cycle: Cycle) -> bool:
    """Return whether a recording would contain *cycle*: it has none beyond the registers of a function."""
    config = recording.config_before.get(cycle.bdf)
    return config is None or cycle.where + cycle.size <= len(config)


def is_real(path: Path) -> bool:
    """Return whether *path* begins as a recording of a real kernel does.

    :raises MachineError: it cannot be read"""
    try:
        with suppress(MachineError):
            return FORMAT.encode() in _text(path, 1 << 16)
    except OSError as error:
        raise MachineError(f"{path}: cannot be read: {error.strerror}") from None
    return False


def _text(path: Path, longest: int = -1) -> bytes:
    """Read a file that may be compressed, or its first *longest* bytes."""
    with opened(path, RECORDING.bytes) as file:
        return unpacked(file, file.peek(6), str(path), RECORDING).read(longest)


def read(path: Path) -> Recording:
    """Read a recording.

    :raises MachineError: *path* cannot be read or is not a recording; the message has its name"""
    try:
        recording = json.loads(_text(path))
    except OSError as error:
        raise MachineError(f"{path}: cannot be read: {error.strerror or error}") from None
    except (ValueError, RecursionError):
        raise MachineError(f"{path}: is not JSON") from None
    if not isinstance(recording, dict) or recording.get("format") != FORMAT:
        raise MachineError(f'{path}: is not a {FORMAT} recording (its "format" does not say so)')
    try:
        return parse(recording, str(path))
    except KeyError as error:
        raise MachineError(f"{path}: has no {error}") from None
    except ValueError as error:
        raise MachineError(f"{path}: {error}") from None
    except (TypeError, AttributeError, IndexError, OverflowError):
        raise MachineError(f"{path}: is not of the form of {FORMAT}: a value is of another kind") from None


def parse(recording: dict[str, Any], source: str) -> Recording:
    """Return a JSON object as a recording.

    :raises KeyError: there is no such key
    :raises ValueError: a value is not what FORMAT.md says"""
    point = recording["point"]
    if point != V3_12 and not (type(point) is int and 0 <= point <= 8):
        raise ValueError(f"point {point!r} is not one of the series (0 to 8), nor {V3_12}")
    after = recording["link_up_after_us"]
    if after is not None and not (type(after) is int and 0 <= after < 1 << 40):
        raise ValueError(f"link_up_after_us is {after!r}: not a number of microseconds, nor null")
    tests, codes = (tuple(map(_word, recording[key])) for key in ("tests", "return_codes"))
    if len(codes) > len(tests):
        raise ValueError(f"{len(codes)} return codes of {len(tests)} calls")
    before, later = (_configs(recording[key]) for key in ("config_before", "config_after"))
    if not before:
        raise ValueError("config_before is empty: there is no machine")
    ops = tuple(_cycle(op, f"op {index}") for index, op in enumerate(recording["ops"]))
    begun = sum(op.op == "mark" and op.bdf == "begin" for op in ops)
    if begun > len(tests):
        raise ValueError(f"{begun} calls begin, but {len(tests)} are in tests")
    return Recording(
        source=source,
        name=_word(recording["name"]),
        kernel=_word(recording["kernel"]),
        choice=KernelChoice(ALL, ("v3.12",)) if point == V3_12 else KernelChoice(point),
        machine=_word(recording["machine"]),
        link_up_after_us=after,
        pciehp_poll=bool(recording["pciehp_poll"]),
        tests=tests,
        return_codes=codes,
        config_before=before,
        config_after=later,
        resources=dict(recording["resources"]),
        drivers={_word(name): _word(driver) for name, driver in recording["drivers"].items()},
        boot=tuple(_cycle(op, f"boot {index}") for index, op in enumerate(recording["boot"])),
        ops=ops,
        log=tuple(map(_message, recording["log"])),
    )


def _word(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{json.dumps(value)[:80]} is not a string")
    return value


def _configs(configs: dict[str, str]) -> dict[str, bytes]:
    registers = {_name(name): bytes.fromhex(text) for name, text in configs.items()}
    for name, config in registers.items():
        if len(config) not in (256, 4096):
            raise ValueError(f"config of {name} has {len(config)} bytes, not 256 or 4096")
    return registers


def name_of(address: Address) -> str:
    """Return a function's name as events have it."""
    domain, bus, device, function = address
    return bdf(domain, bus, device << 3 | function)


def _name(text: str) -> str:
    return name_of(Address.parse(text))


def _cycle(op: list[Any], where: str) -> Cycle:
    match op:
        case ["mark", str(name), int(time)]:
            return Cycle("mark", name, 0, 0, 0, time * 1000)
        case ["r" | "w" | "x" as kind, str(name), int(offset), 1 | 2 | 4 as size, int(value), int(time)] if (
            0 <= offset <= 4096 - size and value >= 0
        ):
            value &= (1 << 8 * size) - 1  # QEMU traces a read without a completion as 64 ones
            return Cycle("w" if kind == "w" else "r", _name(name), offset, size, value, time * 1000)
    raise ValueError(f"{where} is {json.dumps(op)[:80]}: expected [r, w or x, function, offset, size, value, us]")


def _message(row: list[Any]) -> Message:
    _, who, function, values = row
    return Message(_word(who).rpartition(" ")[2], _word(function), dict(values))
