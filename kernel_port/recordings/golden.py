# SPDX-License-Identifier: GPL-2.0-only
"""Golden traces (reset-golden/1): what the real C did, one JSON object per line; reading and checking."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..files import opened
from ..hw.address import Address
from ..hw.errors import MachineError
from ..limits import RECORDING

FORMAT = "reset-golden/1"
#: Least and most operands of each op.
OPERANDS = {
    "r": (4, 4), "w": (4, 4), "msleep": (1, 1), "mdelay": (1, 1), "udelay": (1, 1), "lock": (2, 2), "unlock": (2, 2),
    "get_module": (1, 1), "get_module_failed": (1, 1), "put_module": (1, 1), "wait": (3, 3), "irq": (1, 1),
    "queue_work": (2, 3), "queue_delayed_work": (2, 4), "cancel_delayed_work": (2, 4), "add_timer": (2, 2),
    "del_timer": (1, 1), "remove_device": (1, 1), "scan_slot": (2, 2), "step": (1, 1), "printk": (0, 9), "hw": (0, 9),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class GoldenFunction:
    """A function of a golden machine: its registers and the power state the kernel believes in."""

    address: Address
    config: bytes
    power_state: int


@dataclass(frozen=True, slots=True)
class GoldenTrace:
    """One recorded call; the fields are those of FORMAT.md."""

    source: str
    name: str
    level: int
    functions: tuple[GoldenFunction, ...]
    poll_mode: bool
    module_get_fails: bool
    slots: tuple[dict[str, Any], ...]
    call: dict[str, Any]
    ops: tuple[list[Any], ...]
    result: Any
    state_after: dict[str, dict[str, Any]]
    #: What it shows, in a sentence.
    about: str


def is_golden(path: Path) -> bool:
    """Return whether the first line of *path* announces golden traces."""
    try:
        with opened(path, RECORDING.bytes) as file:
            return FORMAT.encode() in file.readline(1 << 25)
    except OSError as error:
        raise MachineError(f"{path}: cannot be read: {error.strerror}") from None


def read(path: Path) -> Iterator[GoldenTrace]:
    """Yield the traces of a file, in order.

    :raises MachineError: a line is not a golden trace; names file and line"""
    try:
        with io.TextIOWrapper(opened(path, RECORDING.bytes), encoding="utf-8") as file:
            for number, line in enumerate(file, 1):
                if line.strip():
                    yield parse(line, f"{path}:{number}")
    except OSError as error:
        raise MachineError(f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise MachineError(f"{path}: is not text; expected golden traces, one JSON object a line") from None


def parse(line: str, source: str) -> GoldenTrace:
    """Parse one line of a golden file; *source* names it in errors.

    :raises MachineError: names *source* and what is wrong"""
    try:
        trace = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise MachineError(f"{source}: is not JSON: {error}") from None
    if not isinstance(trace, dict) or trace.get("format") != FORMAT:
        raise MachineError(f'{source}: is not a {FORMAT} trace (its "format" does not say so)')
    try:
        machine = trace["machine"]
        return GoldenTrace(
            source=source,
            name=str(trace["name"]),
            level=_level(trace["level"]),
            functions=tuple(map(_function, machine["functions"])),
            poll_mode=bool(machine.get("poll_mode", False)),
            module_get_fails=bool(machine.get("module_get_fails", False)),
            slots=tuple(map(_slot, machine.get("slots", ()))),
            call=_call(trace["call"]),
            ops=tuple(map(_op, trace["ops"])),
            result=trace["return"],
            state_after=dict(trace.get("state_after", {})),
            about=str(trace.get("about", "")),
        )
    except KeyError as error:
        raise MachineError(f"{source}: has no {error}") from None
    except ValueError as error:
        raise MachineError(f"{source}: {error}") from None
    except (TypeError, AttributeError, IndexError, OverflowError):
        raise MachineError(f"{source}: is not {FORMAT}: a value has the wrong type") from None


def _level(level: Any) -> int:
    if not isinstance(level, int) or not 0 <= level <= 8:
        raise ValueError(f"level {level!r} is not a point of the series (0 to 8)")
    return level


def _function(function: dict[str, Any]) -> GoldenFunction:
    config = bytes.fromhex(function["config"])
    if function.get("config_truncated"):
        config = config.ljust(4096, b"\0")
    if len(config) not in (256, 4096):
        raise ValueError(f"config of {function['bdf']} has {len(config)} bytes, not 256 or 4096")
    return GoldenFunction(Address.parse(function["bdf"]), config, int(function.get("power_state", 0)))


def _slot(slot: dict[str, Any]) -> dict[str, Any]:
    return {"bus": parse_bus(slot["bus"]), "device": int(slot["device"]), "hotplug": slot["hotplug"]}


def _call(call: dict[str, Any]) -> dict[str, Any]:
    for step in call["steps"] if call["function"] == "sequence" else [call]:
        if "hw" not in step and not isinstance(step["function"], str):
            raise ValueError(f"call of {step['function']!r}")
    return call


def _op(op: list[Any]) -> list[Any]:
    least, most = OPERANDS.get(op[0], (-1, -1))
    if not least <= len(op) - 1 <= most:
        raise ValueError(f"op {json.dumps(op)} is not one of {FORMAT}")
    if op[0] in ("r", "w") and not (all(type(number) is int for number in op[2:]) and op[3] in (1, 2, 4)):
        raise ValueError(f"op {json.dumps(op)[:80]} is not an access of 1, 2 or 4 bytes")
    return op


def parse_bus(text: str) -> tuple[int, int]:
    """Return domain and number of a bus written DDDD:BB."""
    address = Address.parse(f"{text}:00.0")
    return address.domain, address.bus
