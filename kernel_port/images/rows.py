# SPDX-License-Identifier: GPL-2.0-only
"""One row of bytes, as lspci, xxd, hexdump and od write it.

    40: 01 48 03 00 ...                        lspci -x: two or three digits, sixteen pairs
    00000040: 0148 0300 ...  .H..              xxd: bytes in order, in groups, and as characters
    00000040  01 48 03 00 ...  |.H..|          hexdump -C
    000040 01 48 03 00 ...                     od -A x -t x1; od -t x1 has octal offsets
    0040    01 48 03 00 ...  .H..              others
    0000040 4801 0003 ...                      hexdump, od -x: words, the low byte last

A row that is damaged gives the bytes that are certain: those before the damage, and those after it if all sixteen
places are there.
"""

from __future__ import annotations

import re
from typing import NamedTuple

#: Bytes in a row.
ROW = 16
#: Fewest bytes that make a damaged line a row rather than prose.
_LEAST = 4
_PAIR = re.compile(r"[0-9a-f]{2}", re.IGNORECASE)
_ROW = re.compile(r"([0-9a-f]{2,8})(:[ \t]{0,4}|[ \t]{1,4})(?=[0-9a-f]{2})(.*)", re.IGNORECASE | re.DOTALL)
_WORDS = re.compile(r"[0-9a-f]{4}(?:[ \t]+[0-9a-f]{4}){0,7}[ \t]*$", re.IGNORECASE)
#: xxd's groups of two or more bytes, then two blanks and the characters.
_GROUPS = re.compile(
    r"(?:[0-9a-f]{4}|[0-9a-f]{8}|[0-9a-f]{16})(?: (?:[0-9a-f]{2}){1,8}){0,7}(?=  |[ \t]*$)", re.IGNORECASE
)
#: What lspci and its library write of errors, which may be in the middle of a row.
_MESSAGE = re.compile(r"lspci: |pcilib: ")
#: Fewest digits of an offset that no colon follows.
_BARE = 6
#: Fewer are an offset before a whole row.
_FOUR = 4
_WHOLE = re.compile(r"[0-9a-f]{2}(?:[ \t]{1,2}[0-9a-f]{2}){15}(?![^ \t])", re.IGNORECASE)


class Row(NamedTuple):
    """What a line says."""

    offset: int
    data: bytes
    #: Places in *data* that the line does not give, as offsets from its start.
    unknown: tuple[int, ...] = ()
    #: What is wrong with it, as a clause; "" if nothing is.
    damage: str = ""
    #: The offset read as octal, as od writes it; -1 if it cannot be.
    octal: int = -1
    #: Whether it is of a tool for any file, not of lspci.
    any_file: bool = False


def hex_bytes(text: str) -> bytes | None:
    """Parse pairs of hexadecimal digits; None if *text* is something else."""
    try:
        return bytes.fromhex(text)
    except ValueError:
        return None


def parse(line: str) -> Row | None:
    """Read a row that begins at column 0; None if the line is none."""
    match = _ROW.match(line)
    if match is None:
        return None
    digits, gap, body = match[1], match[2], match[3]
    offset = int(digits, 16)
    if gap[0] != ":":
        if len(digits) < _BARE and not (len(digits) == _FOUR and _WHOLE.match(body)):
            return None
        octal = int(digits, 8) if not set(digits) & set("89abcdefABCDEF") else -1
        if _WORDS.match(body):
            words = bytes.fromhex(body)
            return Row(offset, b"".join(words[at + 1 : at - 1 if at else None : -1] for at in range(0, len(words), 2)),
                       octal=octal, any_file=True)  # fmt: skip
        row = _pairs(offset, body, octal)
        return row._replace(any_file=True) if row else None
    any_file = len(digits) >= _BARE
    if groups := _GROUPS.match(body):
        return Row(offset, bytes.fromhex(groups[0]), any_file=any_file)
    row = _pairs(offset, body, -1)
    return row._replace(any_file=any_file) if row else None


def _pairs(offset: int, body: str, octal: int) -> Row | None:
    """Read pairs up to sixteen; what follows two blanks or a bar are the bytes as characters."""
    torn = _MESSAGE.search(body)
    data, text = bytearray(), (body[: torn.start()] if torn else body.partition("|")[0]).rstrip()
    if torn and (whole := hex_bytes(text)) is not None and len(whole) <= ROW:
        return Row(offset, whole, (), f"ends in {body[torn.start() :][:40].rstrip()!r}", octal)
    if (whole := hex_bytes(text)) is not None and "".join(text.split()) and len(whole) <= ROW and _spaced(text):
        return Row(offset, whole, octal=octal)
    words = re.split(r"[ \t]+", text)
    for word in words:
        if not _PAIR.fullmatch(word) or len(data) == ROW:
            break
        data += bytes.fromhex(word)
    count = len(data)
    if count == ROW:
        rest = re.sub(r"^(?:[ \t]*[0-9a-f]{2}){16}", "", body, flags=re.IGNORECASE)
        if rest.startswith(("  ", "\t", " |")) or not _PAIR.match(rest.lstrip()):  # the bytes as characters
            return Row(offset, bytes(data), octal=octal)
        return Row(offset, b"", damage=f"more than {ROW} bytes", octal=octal)
    shown = " ".join(words[count:])[:40]
    if len(words) == ROW and sum(map(bool, map(_PAIR.fullmatch, words))) >= ROW // 2:
        places = [place for place, word in enumerate(words) if not _PAIR.fullmatch(word)]
        filled = bytes(0 if place in places else int(word, 16) for place, word in enumerate(words))
        return Row(offset, filled, tuple(places), f"not pairs of hexadecimal digits: {shown!r}", octal)
    if count < _LEAST:
        return None
    return Row(offset, bytes(data), (), f"ends in {shown!r}", octal)


def _spaced(text: str) -> bool:
    """Return whether digits come in pairs, or in no groups at all; bytes.fromhex() takes pairs without blanks, too."""
    return all(len(word) == 2 for word in text.split()) or len(text.split()) == 1
