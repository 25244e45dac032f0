# SPDX-License-Identifier: GPL-2.0-only
"""Machine descriptions in TOML: read and write. Their grammar is in grammar.py."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from ..hw.address import Address
from ..hw.description import FunctionDescription, MachineDescription
from ..hw.errors import MachineError
from ..pci_regs import PCI_STD_HEADER_SIZEOF
from . import firmware, grammar, lspci, rows
from .compose import Draft, compose
from .grammar import Key

#: tomllib's time for a dotted key grows with the square of its parts; no key here has a dot.
_MOST_DOTS = 64
_LINE_LIMIT = 16384
_CONFIG_ROW = re.compile(r"([0-9a-f]{2,3}):\s+(.+)", re.IGNORECASE)


class _Fault(Exception):
    """Something wrong in one function; the caller adds its place."""


def parse(data: bytes, name: str) -> MachineDescription:
    """Read a machine description.

    :param name: what to call it in messages
    :raises MachineError: it is not TOML, or impossible; the message has the line, or the table and key"""
    return build(_toml(data, name), name)


def build(document: dict[str, Any], name: str) -> MachineDescription:
    """Make the machine from the parsed tables of a description.

    :raises MachineError: as parse()"""
    document = dict(document)
    tables = document.pop("function", [])
    if not isinstance(tables, list) or not all(isinstance(entry, dict) for entry in tables):
        raise MachineError(f"{name}: function: not an array of tables; begin each function with [[function]]")
    try:
        machine = MachineDescription(functions=[], **_checked(document, grammar.MACHINE, "the machine"))
    except _Fault as fault:
        raise MachineError(f"{name}: {fault}") from None
    if not tables:
        raise MachineError(f"{name}: no [[function]]; add one for each function of the machine")
    drafts: list[Draft] = []
    for place, keys in _placed(tables, name):
        try:
            function, draft = _function(keys)
        except (_Fault, ValueError) as fault:
            raise MachineError(f"{place}: {fault}") from None
        machine.functions.append(function)
        drafts += [draft] if draft else []
    _compose(machine, drafts, name)
    return machine


def _toml(data: bytes, name: str) -> dict[str, Any]:
    import tomllib  # imported here, because most machines are dumps

    try:
        text = data.decode()
        for number, line in enumerate(text.splitlines(), 1):
            if len(line) > _LINE_LIMIT or (line.count(".") > _MOST_DOTS and not line.lstrip().startswith("#")):
                raise MachineError(f"{name}:{number}: line of {len(line)} characters; break it into shorter ones")
        return tomllib.loads(text)
    except MachineError:
        raise
    except UnicodeDecodeError as error:
        raise MachineError(f"{name}: offset {error.start:#x}: not UTF-8; save it as UTF-8") from None
    except RecursionError:
        raise MachineError(f"{name}: nested too deeply; a machine description needs three levels") from None
    except ValueError as error:
        raise MachineError(f"{name}: not TOML: {str(error)[:200]}; correct that line") from None


def _placed(tables: list[dict[str, Any]], name: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each function's checked keys, with its place for messages; refuse duplicates."""
    seen: dict[Address, int] = {}
    for number, raw in enumerate(tables, 1):
        place = f"{name}: function {number}"
        try:
            keys = _function_keys(raw)
        except _Fault as fault:
            at = f" ({raw['address']})" if isinstance(raw.get("address"), str) and len(raw["address"]) < 20 else ""
            raise MachineError(f"{place}{at}: {fault}") from None
        address = keys["address"]
        if (earlier := seen.setdefault(address, number)) != number:
            raise MachineError(f"{place}: {address} is function {earlier} already; remove one or change its address")
        yield f"{place} ({address})", keys


def _function_keys(raw: dict[str, Any]) -> dict[str, Any]:
    if "address" not in raw:
        raise _Fault('no address; add one such as address = "01:00.0"')
    if "config" in raw:
        if clash := sorted(raw.keys() & grammar.COMPOSED.keys()):
            raise _Fault(f"{clash[0]}: config gives the bytes already; remove one of the two")
        return _checked(raw, grammar.FUNCTION, "a function")
    kind = grammar.KINDS.get(str(raw.get("kind", "endpoint")))
    if kind and kind.express is not None:
        raw.setdefault("express", {})
    keys = _checked(raw, grammar.FUNCTION, "a function")
    for name, options in grammar.CAPABILITIES.items():
        if keys[name] is not None:
            given = {grammar.OLD_OPTIONS.get(key, key): value for key, value in keys[name].items()}
            keys[name] = _checked(given, options, name, f"{name}.")
    return keys


def _checked(raw: dict[str, Any], keys: dict[str, Key], what: str, prefix: str = "") -> dict[str, Any]:
    """Return the value of every key, given or default; refuse unknown keys and wrong values."""
    for key in raw:
        if key not in keys:
            named = key if len(key) < 40 and key.isprintable() else _shown(key)
            raise _Fault(f"{prefix}{named}: no such key; {what} has {', '.join(keys)}")
    checked = {}
    for key, (read, default, _about) in keys.items():
        if key not in raw:
            checked[key] = default
            continue
        try:
            checked[key] = read(raw[key])
        except ValueError as error:
            raise _Fault(f"{prefix}{key}: {_shown(raw[key])} is not {error}") from None
    return checked


def _shown(value: Any) -> str:
    """Format a wrong value for a message: short, on one line."""
    if isinstance(value, int) and value.bit_length() > 64:
        return "an integer of more than 64 bits"
    shown = repr(value)
    return shown if len(shown) <= 60 else shown[:57] + "..."


def _function(keys: dict[str, Any]) -> tuple[FunctionDescription, Draft | None]:
    knobs = {name: keys[name] for name in grammar.KNOBS}
    bars = {number: bar.size for number, bar in keys["bars"].items()}
    size = keys["size"]
    if size not in (None, 256, 4096):
        raise _Fault(f"size: {size} is neither 256 nor 4096; choose one")
    stated = None
    if keys["config"] is not None:
        config = _rows(keys["config"])
        stated = _mask(keys["stated"], len(config))
        size = size or (4096 if len(config) > 256 else 256)
        if len(config) > size:
            raise _Fault(f"size: {size}, but config has {len(config)} bytes; remove size")
        draft = None
    else:
        size = size or (256 if grammar.KINDS[keys["kind"]].express is None else 4096)
        if size == 256 and keys["ari"] is not None:
            raise _Fault("size: ari is an extended capability and needs 4096; remove size")
        if keys["stated"] is not None:
            raise _Fault("stated: goes with config; remove it")
        config, stated = b"", None
        draft = Draft(keys["address"], keys, bytearray(size), [])
    function = FunctionDescription(
        keys["address"], config, size=size, bars=bars, rom=keys["rom"], stated=stated, **knobs
    )
    return function, draft


def _rows(text: str, key: str = "config") -> bytes:
    """Parse rows of an lspci dump; rows of zeros may be left out, except the last."""
    config = bytearray()
    for line in text.splitlines():
        if not line.strip():
            continue
        row = _CONFIG_ROW.fullmatch(line.strip())
        data = rows.hex_bytes(row[2]) if row else None
        if not row or data is None:
            raise _Fault(f'{key}: {_shown(line.strip())} is not a row such as "40: 01 50 03 c8", of 16 bytes')
        offset = int(row[1], 16)
        if offset % rows.ROW == 0:
            config += bytes(max(0, min(offset, 4096) - len(config)))
        _append(config, offset, data, key)
    if len(config) < PCI_STD_HEADER_SIZEOF:
        raise _Fault(f"{key}: {len(config)} bytes, at least 64 are needed; give rows 00 to 30")
    return bytes(config)


def _mask(value: int | str | None, length: int) -> bytes | None:
    """Parse the mask of the bits that are known, or the number of bytes that are, for so many bytes."""
    if value is None:
        return None
    mask = b"\xff" * value if isinstance(value, int) else _rows(value, "stated")
    if len(mask.rstrip(b"\0")) > length:
        raise _Fault(f"stated: {len(mask)} bytes, but config has {length}; give as many")
    return mask[:length]


def _append(config: bytearray, offset: int, data: bytes, key: str) -> None:
    """Add a row at *offset*, which must be the next one."""
    if offset + len(data) > 4096:
        raise _Fault(f"{key}: row {offset:#x}: configuration space ends at 0x1000; remove it")
    if offset != len(config):
        raise _Fault(f"{key}: row {offset:#04x} where row {len(config):#04x} should be; put the rows in order")
    if len(data) != rows.ROW:
        raise _Fault(f"{key}: row {offset:#04x} has {len(data)} bytes instead of {rows.ROW}; make it whole")
    config += data


def _compose(machine: MachineDescription, drafts: list[Draft], name: str) -> None:
    """Compose the described functions, which know their neighbours by then, and assign addresses."""
    buses: dict[tuple[int, int], list[int]] = defaultdict(list)
    for function in sorted(machine.functions, key=lambda function: function.address):
        buses[function.address[:2]].append(function.address.devfn)
    drafts.sort(key=lambda draft: draft.address)
    for draft in drafts:
        draft.neighbours = buses[draft.address[:2]]
        if bus := draft.keys["bus"]:
            draft.occupied = (draft.address.domain, bus[0]) in buses
        try:
            compose(draft)
        except ValueError as error:
            raise MachineError(f"{name}: {draft.address}: {error}") from None
    try:
        firmware.assign(drafts)
    except ValueError as error:
        raise MachineError(f"{name}: {error}") from None
    composed = {draft.address: bytes(draft.config) for draft in drafts}
    for function in machine.functions:
        function.config = composed.get(function.address, function.config)


def write(machine: MachineDescription) -> Iterator[str]:
    """Yield the text of a machine description that reads back equal: bytes as rows, known sizes, unusual behaviour."""
    for key in grammar.MACHINE:
        if value := getattr(machine, key):
            yield f"{key} = {value_text(value)}\n"
    for function in machine.functions:
        yield f'\n[[function]]\naddress = "{function.address}"\n'
        if function.size != (4096 if len(function.config) > 256 else 256):
            yield f"size = {function.size}\n"
        known = {number: size for number, size in function.bars.items() if number not in function.guessed}
        if known:
            yield f"bars = {value_text({number: lspci.size_text(size) for number, size in sorted(known.items())})}\n"
        if function.rom and 6 not in function.guessed:
            yield f'rom = "{lspci.size_text(function.rom)}"\n'
        for key, (_read, default, _about) in grammar.KNOBS.items():
            if (value := getattr(function, key)) != default:
                yield f"{key} = {value_text(value)}\n"
        yield from _stated(function)
        yield 'config = """\n'
        yield from _known_rows(function.config)
        yield '"""\n'


def _stated(function: FunctionDescription) -> Iterator[str]:
    """Yield the key that says which bits are known, if not all are."""
    stated = function.stated
    if stated is None:
        return
    if stated == b"\xff" * len(stated):
        yield f"stated = {len(stated)}\n"
        return
    yield 'stated = """\n'
    yield from _known_rows(stated.ljust(max(PCI_STD_HEADER_SIZEOF, -(-len(stated) // rows.ROW) * rows.ROW), b"\0"))
    yield '"""\n'


def _known_rows(config: bytes) -> Iterator[str]:
    lines = list(lspci.rows(config))
    for offset, row in zip(range(0, len(config), rows.ROW), lines, strict=True):
        if row is lines[-1] or any(config[offset : offset + rows.ROW]):
            yield row


def value_text(value: Any) -> str:
    """Format a value as TOML."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
        return f'"{escaped}"'
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {value_text(entry)}" for key, entry in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(value_text, value)) + "]"
    return repr(value)
