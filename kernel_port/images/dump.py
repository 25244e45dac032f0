# SPDX-License-Identifier: GPL-2.0-only
"""Read what people post of a machine: lspci -x, -xxx and -xxxx, hexdump and xxd of config files, and text around it.

    00:01.0 PCI bridge: Intel Corporation ...     a function begins, with or without a domain
    <tab>Region 0: Memory at ... [size=128K]      -v text (listing.py), even below an empty line
    00: 86 80 08 34 ...                           its rows of bytes (rows.py)

What is around the lines comes off first (unwrap.py). Prose is passed over. A row that is missing or damaged leaves
bytes that nobody states, and a warning. The same function several times is put together (snapshots.py): the listing and
the dump, -vvv and -xxxx, before and after. Rows below no function's line are those of the address named last. Of a
function that lspci only names, nothing but its class and IDs is known; but it is there, and is reset with its bus.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import BinaryIO, NamedTuple

from ..hw.address import Address
from ..hw.config_space import dword, header_type
from ..hw.description import FunctionDescription
from ..hw.errors import MachineError
from ..limits import DUMP
from ..pci_regs import PCI_HEADER_TYPE_CARDBUS, PCI_STD_HEADER_SIZEOF, PCI_VENDOR_ID
from . import rows
from .config_file import largest_size
from .entry import Bytes, Entry
from .lspci import take_text
from .rows import ROW, Row
from .snapshots import is_listing, merged
from .unwrap import Unwrapper, chunks

#: Most functions that a text names, -v lines that one has, lines without a row before the rest is not worth reading,
#: and warnings about lines.
ENTRIES, TEXT_LINES, IDLE, WARNINGS = 1 << 18, 2000, 100_000, 50
#: Functions that a warning names.
_NAMED = 16
#: Bytes of configuration space, and what tools give of it: a header, a CardBus header, all of PCI, all of PCI Express.
END, LENGTHS = 4096, (64, 128, 256, 4096)

_TITLE = re.compile(r"((?:[0-9a-f]{4,8}:)?[0-9a-f]{2}:[01][0-9a-f]\.[0-7])(?:\s+|$)(.*)", re.IGNORECASE)
_MENTION = re.compile(r"(?<![0-9a-f:.])(?:[0-9a-f]{4,8}:)?[0-9a-f]{2}:[01][0-9a-f]\.[0-7](?![0-9a-f])", re.IGNORECASE)
_OFFSET = re.compile(r"[0-9a-f]{6,8}$", re.IGNORECASE)
_HEX = frozenset("0123456789abcdefABCDEF")
#: How lspci begins each row, and last what begins no line; how long the rest of a row is.
_STARTS = (*(f"{offset:02x}: " for offset in range(0, END, ROW)), "\n")
_PAIRS = 3 * ROW - 1
#: How errors of lspci and of its library begin.
_MESSAGES = ("lspci: ", "pcilib: ")
#: What shows that -v text goes on below an empty line.
_GOES_ON = re.compile(r"\s+(?:Capabilities: [\[<]|[A-Z][\w/ ]{0,40}:(?:\s|$))|\t\t")
#: Shortest line that mail breaks, and how many lines without indentation end the -v text of a function.
_BROKEN, _STRAYS = 55, 3


class Found(NamedTuple):
    """What a text has of a machine."""

    functions: list[FunctionDescription]
    warnings: list[str]


def read(
    file: BinaryIO, name: str, encoding: str = "", at: Address | None = None, near: Address | None = None
) -> Found:
    """Read the functions of a text, in the order of their first lines.

    :param name: what to call it in messages
    :param encoding: as for unwrap.chunks()
    :param at: the address of rows that have no function's line above them
    :param near: the same, if the text names none
    :raises MachineError: there is no function with bytes; the message says what there is, and what to do"""
    reader = _Reader(name, at, near)
    reader.read(file, encoding)
    entries, warnings = merged([entry for entry in reader.entries if _is_function(entry)])
    functions: list[FunctionDescription] = []
    named: list[Address] = []
    left_out: list[Address] = []
    for entry in entries:
        function = described(entry, reader.warn) if entry.rows.config else listed(entry, reader.warn)
        if function is None:
            left_out.append(entry.address)
            continue
        functions.append(function)
        if not entry.rows.config and not is_listing(entry.text_lines):
            named.append(entry.address)
    if not functions or (len(named) == len(functions) and reader.lone_rows):
        raise MachineError(f"{name}: {reader.nothing(entries)}")
    if any(not entry.rows.config for entry in entries):
        from .listing import take_siblings  # imported here, because most texts have bytes

        take_siblings(functions)
    for addresses, text in (
        (named, "only named: what decides about resets is unknown; whoever has the machine can send: sudo lspci -xxxx"),
        (left_out, "named in the text without bytes, and left out"),
    ):
        if addresses:
            more = f" and {len(addresses) - _NAMED} more" if len(addresses) > _NAMED else ""
            warnings.append(f"{', '.join(map(str, addresses[:_NAMED]))}{more}: {text}")
    return Found(functions, reader.warnings() + warnings)


def _is_function(entry: Entry) -> bool:
    """Return whether the rows of an entry can be of configuration space."""
    config = entry.rows.config
    if not entry.doubtful or len(config) in LENGTHS:
        return True
    is_header = PCI_STD_HEADER_SIZEOF <= len(config) <= END and header_type(config) <= PCI_HEADER_TYPE_CARDBUS
    return is_header and dword(config, PCI_VENDOR_ID) not in (0, 0xFFFFFFFF)


def described(entry: Entry, warn: Callable[[int, Address, str], None]) -> FunctionDescription:
    """Make the description of a function with bytes."""
    config = entry.rows.config
    length = max(PCI_STD_HEADER_SIZEOF, len(config) + -len(config) % ROW)
    known = entry.rows.known().ljust(length, b"\0")
    size = largest_size(bytes(config.ljust(length, b"\0")))
    function = FunctionDescription(entry.address, bytes(config.ljust(length, b"\0")), size=size, title=entry.title)
    if length < size or 0 in known:
        function.stated = known
    take_text(function, entry.text_lines, lambda text: warn(entry.line, entry.address, text))
    if entry.text_lines and (length <= PCI_STD_HEADER_SIZEOF or 0 in known):
        add_listing(function, entry, warn)
    return function


def listed(entry: Entry, warn: Callable[[int, Address, str], None]) -> FunctionDescription | None:
    """Make the description of a function without bytes from its title and -v text; None if lspci wrote neither."""
    function = FunctionDescription(entry.address, b"", stated=b"", title=entry.title)
    return function if add_listing(function, entry, warn) else None


def add_listing(function: FunctionDescription, entry: Entry, warn: Callable[[int, Address, str], None]) -> bool:
    """Add what title and -v text say of registers whose bytes are not there; return whether they say anything."""
    from .listing import read_listing

    listing = read_listing(entry.title, entry.text_lines)
    if not listing.verbose and (entry.rows.config or not listing.titled):
        return False
    listing.apply(function)
    for text in listing.warnings if listing.verbose else ():
        warn(entry.line, entry.address, text)
    return True


class _Reader:
    """Reads lines one by one."""

    def __init__(self, name: str, at: Address | None, near: Address | None) -> None:
        self.name, self.at, self.near = name, at, near
        self.entries: list[Entry] = []
        self._entry: Entry | None = None
        #: Whether -v text still belongs to the entry, whether the last line was empty, and how many lines since the
        #: last of that text are none.
        self._in_text, self._paused, self._strays = False, False, 0
        self._mention: Address | None = None
        self._title_line = self._row_line = self._last = 0
        #: Whether the rows since the last one leave out repetitions, and whether their offsets are octal.
        self._squeezed = self._octal = False
        #: Where a row that broke off goes on, and how many bytes of it are missing.
        self._broken = (0, 0)
        #: Rows that belong to no function: how many, and the line of the first.
        self.lone_rows, self._lone_line = 0, 0
        self._damage: list[str] = []

    def read(self, file: BinaryIO, encoding: str) -> None:
        """Read all lines."""
        unwrapper, length, idle = Unwrapper(), 0, 0
        for chunk in chunks(file, encoding):
            length += len(chunk.text)
            if length > DUMP:
                raise MachineError(f"{self.name}: more than {DUMP} characters of text; leave functions out of it")
            self._last = chunk.first + chunk.lines - chunk.text.endswith("\n")
            if not chunk.promising and not self._in_text:
                self._note(chunk.mention)
                continue
            entries = len(self.entries)
            self._lines(unwrapper.lines(chunk))
            named = (len(self.entries) - entries) * TEXT_LINES
            idle = 0 if self._row_line >= chunk.first or named > chunk.lines else idle + chunk.lines
            if idle > IDLE:
                self._damage.append(f"nothing was read after line {self._last}: no row of bytes in {idle} lines")
                break

    def _lines(self, lines: Iterator[tuple[int, str]]) -> None:
        held, row = self._sound()
        for number, line in lines:
            start = _STARTS[row]
            if line.startswith(start) and len(line) == len(start) + _PAIRS:
                data = rows.hex_bytes(line[len(start) :])
                if data and len(data) == ROW:  # the only case in a sound dump; the rest finds out what is wrong
                    held += data
                    row += 1
                    self._row_line = number
                    continue
            self._line(number, line)
            held, row = self._sound()

    def _sound(self) -> tuple[bytearray, int]:
        """Return where the next row goes if it is sound, and its number; a number that no line has if it cannot be."""
        if self._entry is None or self._broken[1] or self._squeezed:
            return bytearray(), -1
        held = self._entry.rows
        whole = held.stated is None and not len(held.config) % ROW
        return held.config, len(held.config) // ROW if whole else -1

    def _line(self, number: int, line: str) -> None:
        if not line.strip():
            self._paused = True
            return
        if self._paused and self._in_text:
            self._in_text = _GOES_ON.match(line) is not None
        self._paused = False
        if self._broken[1] and self._continues(number, line):
            return  # the rest of a row that a mail program broke
        if line[0] in " \t":
            if self._in_text and self._entry is not None and len(self._entry.text_lines) < TEXT_LINES:
                self._entry.text_lines.append(line)
                self._strays = 0
            elif self._entry is not None and len(self._entry.text_lines) >= TEXT_LINES:
                self._in_text = False
        elif line[0] in _HEX and (title := _TITLE.match(line)):
            self._begin(Address.parse(title[1]), number, title[2])
        elif line[0] in _HEX and (row := rows.parse(line)):
            self._take(row, number)
        elif number == self._row_line + 1 and line.rstrip() == "*":
            self._squeezed, self._row_line = True, number
        elif self._squeezed and number == self._row_line + 1 and _OFFSET.match(line):
            self._repeat(int(line, 8 if self._octal else 16))
        else:
            if self._in_text and not line.startswith(_MESSAGES):
                self._stray(line)
            self._note(line)

    def _stray(self, line: str) -> None:
        """Take a line that mail has broken off the one before; after some others, no -v text is left."""
        texts = self._entry.text_lines if self._entry is not None else []
        if texts and len(texts[-1]) >= _BROKEN and not self._strays:
            texts[-1] += f" {line.strip()}"
        self._strays += 1
        self._in_text = self._strays < _STRAYS

    def _note(self, line: str) -> None:
        """Note the last address that a line of prose mentions."""
        if ":" in line:
            for mention in _MENTION.finditer(line):
                self._mention = Address.parse(mention[0])

    def _begin(self, address: Address, number: int, title: str = "", doubtful: bool = False) -> None:
        """Begin a function."""
        if len(self.entries) == ENTRIES:
            raise MachineError(f"{self.name}:{number}: more than {ENTRIES} functions are named; leave some of them out")
        # The last line of a listing says nothing of what comes after the listing.
        self._mention = address if number > self._title_line + 1 else None
        self._title_line = number
        self._entry = Entry(address, title.strip(), line=number, doubtful=doubtful)
        self.entries.append(self._entry)
        self._in_text, self._paused, self._strays = not doubtful, False, 0
        self._squeezed, self._octal, self._broken = False, False, (0, 0)

    def _take(self, row: Row, number: int) -> None:
        """Take a row."""
        if row.offset == 0 and (self._entry is None or self._entry.rows.config or (row.any_file and not self._in_text)):
            # The first row without a function's line above it.
            again = self._entry.address if self._entry is not None and self._entry.rows.config else None
            address = (self.at or self._mention or again or self.near) if row.any_file or not again else again
            if address is None:
                self._entry = None
            else:
                self._begin(address, number, doubtful=row.any_file)
                self._mention = address
        if self._entry is None:
            self.lone_rows += 1
            self._lone_line = self._lone_line or number
            return
        held, offset = self._entry.rows, row.offset
        end, self._row_line = len(held.config), number
        if row.octal >= 0 and (self._octal or (row.octal == end != offset)):
            self._octal, offset = True, row.octal
        if offset + len(row.data) > END:
            self._entry.doubtful |= row.any_file
            held.config += bytes(row.any_file)  # no length of configuration space
            self.warn(number, self._entry.address, f"row {offset:#x}: configuration space ends at {END:#x}")
            return
        if self._squeezed and offset > end:
            self._repeat(offset)
        elif offset > end:
            self.warn(number, self._entry.address, f"no bytes {end:#04x} to {offset - 1:#04x} above: they are unknown")
        self._squeezed = False
        self._put(held, offset, row, number)

    def _put(self, held: Bytes, offset: int, row: Row, number: int) -> None:
        assert self._entry is not None
        data, known = row.data, held.known()
        both = zip(held.config[offset:], data, known[offset:], strict=False)
        if any(before != now and stated for before, now, stated in both):
            self.warn(number, self._entry.address, f"row {offset:#04x} a second time, with other bytes: they are taken")
        held.put(offset, data)
        for place in row.unknown:
            held.put(offset + place, b"\0", stated=False)
        if row.damage:
            missing = ROW - len(data)
            unknown = len(row.unknown) or missing
            self.warn(number, self._entry.address, f"row {offset:#04x}: {row.damage}: {unknown} of its bytes unknown")
            if missing and offset + ROW > len(held.config):
                self._broken = offset + len(data), missing
                held.put(offset + len(data), bytes(missing), stated=False)

    def _continues(self, number: int, line: str) -> bool:
        """Take the rest of a row that a message of lspci has torn apart, if this line is that; return whether it is."""
        offset, missing = self._broken
        if self._entry is None or number > self._row_line + 3:
            self._broken = 0, 0
            return False
        data = rows.hex_bytes(line)
        if data is None or len(data) != missing:
            return False
        self._entry.rows.put(offset, data)
        self._damage.pop()
        self._broken = 0, 0
        return True

    def _repeat(self, offset: int) -> None:
        """Repeat the last row up to *offset*."""
        held = self._entry.rows if self._entry is not None else Bytes()
        last, end = bytes(held.config[-ROW:]), len(held.config)
        if len(last) == ROW and offset <= END and held.stated is None:
            held.put(end, (last * (END // ROW))[: max(0, offset - end)])
        self._squeezed = False

    def warn(self, number: int, address: Address, text: str) -> None:
        """Warn about a line."""
        self._damage.append(f"line {number}: {address}: {text}")

    def warnings(self) -> list[str]:
        """Return what is wrong with lines."""
        more = len(self._damage) - WARNINGS
        return self._damage[:WARNINGS] + ([f"{more} more lines are damaged or missing"] if more > 0 else [])

    def nothing(self, entries: list[Entry]) -> str:
        """Say what there is instead of functions with bytes, and what to do about it."""
        if self.lone_rows:
            return (
                f"rows of bytes from line {self._lone_line} on, and no address such as 01:00.0 near them; say whose "
                "they are with --at 01:00.0, or in a line above them"
            )
        if other := [entry for entry in self.entries if not _is_function(entry)]:
            return (
                f"{len(other[0].rows.config)} bytes from line {other[0].line} on, which are no configuration space; "
                "name the file that has 64, 256 or 4096 bytes of a function, or the output of lspci -xxxx"
            )
        if entries:
            count = f"{len(entries)} functions are" if len(entries) > 1 else "one function is"
            return (
                f"{count} named (line {entries[0].line}: {entries[0].address}), but there are no rows of bytes; "
                "whoever has the machine can give them: sudo lspci -xxxx"
            )
        count = f"{self._last} line{'s' * (self._last != 1)}"
        return (
            f"{count} of text, and neither functions such as 01:00.0 nor rows of their bytes in them; name the file "
            "that has the output of lspci -xxxx, or ask whoever has the machine for it"
        )
