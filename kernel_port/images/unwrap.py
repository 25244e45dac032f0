# SPDX-License-Identifier: GPL-2.0-only
"""Take off a text what mail, forums, logs and web pages put around its lines, and keep the numbers of the lines.

    > > 00:1c.0 PCI bridge ...                      quoted, with or without a name or a bar
        00:1c.0 PCI bridge ...                      indented
    [   12.345] 00: 86 80 ...                       a time, or what syslog writes; anything that all rows have
    <pre>, <br>, &lt;, NBSP, =20, =3D, soft line breaks, UTF-16, byte order marks, CRLF, colours of a terminal

A text is read in chunks of whole lines. A chunk in which nothing looks like an address or like bytes is passed over at
once, so that prose of any length costs next to nothing. Most chunks of a dump have nothing around their lines.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from .attachments import Attachments

#: Bytes read at once.
CHUNK = 1 << 20

#: What each character of a text is: a digit "h", a blank, or itself where it is part of an address or a line's end.
_KIND = {**dict.fromkeys(b"0123456789abcdefABCDEF", ord("h")), ord("\t"): ord(" "), **{code: code for code in b" :.\n"}}
_CLASSES = bytes(_KIND.get(code, ord("x")) for code in range(256))
_ADDRESS, _PAIRS, _WORDS = b"hh:hh.h", b"hh hh hh hh", b"hhhh hhhh hhhh"
#: Rows with an offset of many digits, as tools for any file write them.
_LONG_ROWS = (b"hhhhhh: ", b"hhhhhh hh hh hh", b"hhhhhh  hh hh hh", b"hhhhhh hhhh hhhh", b"hhhhhh    hhhh")

_BLANKS = dict.fromkeys("\u00a0\u2002\u2003\u2007\u2009\u202f\u3000", " ")
_NOTHING = dict.fromkeys("\u200b\u2060\ufeff\u00ad", "")
_ENTITIES = {
    **dict.fromkeys(("&nbsp;", "&#160;", "&#xa0;", "&#xA0;", "&#32;", "&#9;"), " "),
    "&lt;": "<", "&#60;": "<", "&gt;": ">", "&#62;": ">", "&quot;": '"', "&#34;": '"', "&#39;": "'", "&#58;": ":",
    "&#46;": ".", "&amp;": "&",
}  # fmt: skip
#: Ends a line of a page within a line of its source.
_BREAK = "\v"
_BREAKS = ("<br>", "<br/>", "<br />", "<BR>", "</p>", "</div>", "</li>", "</tr>", "<pre>", "</pre>", "</code>")
_TAG = re.compile(
    r"</?(?:pre|code|br|p|div|span|t[drt]|table|[abiu]|em|strong|font|html|body|blockquote|[uo]l|li)\b[^<>\n]{0,300}>",
    re.IGNORECASE,
)
_COLOUR = re.compile(r"\x1b\[[0-9;]*[A-Za-z]|\x1b\(B")
#: Characters that quoted-printable text spells out, and a blank at the end of a line: lspci itself writes name=20.
_SPELLED = re.compile(r"(?:=[C-F][0-9A-F](?:=[89AB][0-9A-F])+)+")
_SPELLED_BLANK = re.compile(r"(?:(?<!\w)|(?<= [0-9a-fA-F]{2}))=(?:20|09)$")
#: Shortest line that quoted-printable breaks.
_BROKEN = 60

_MARK = (
    r"[A-Za-z]{0,4}>+|[|%#*]|\[ {0,6}\d+\.\d+\]|<\d{1,3}>"
    r"|[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d(?:\.\d+)? \S{1,64} [^\s:]{1,64}:"
    r"|\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d\S{0,16}(?: \S{1,64} [^\s:]{1,64}:)?"
)
_PLACE = r"(?:[0-9a-f]{4,8}:)?[0-9a-f]{2}:[01][0-9a-f]\.[0-7](?!\S)"
_TITLE = re.compile(_PLACE, re.IGNORECASE)
#: The mark of an item of a list, and the box before a task.
_ITEM = re.compile(rf"(?:[-+•][ \t]+)?(?:\[[ xX]\][ \t]+)?(?={_PLACE})", re.IGNORECASE)
#: A command, and the first line of what it printed on the same line: mail lost the line's end.
_COMMAND = re.compile(rf"[$#] (?:sudo )?lspci(?: -\S+| [\w:.]+){{0,8}} (?={_PLACE} [A-Z])")
_FRONTS = re.compile(rf"(?>(?:{_MARK})[ \t]*|[ \t]+){{0,8}}+")
_ROW = re.compile(
    r"(?<![0-9a-z])(?:[0-9a-f]{2,8}:[ \t]|[0-9a-f]{6,8}[ \t])[ \t]*"
    r"(?:(?:[0-9a-f]{2}[ \t]+){3}[0-9a-f]{2}|(?:[0-9a-f]{4}[ \t]+){3}[0-9a-f]{4})(?![0-9a-z])",
    re.IGNORECASE,
)
#: What drivers log bytes of that are no configuration space.
_OTHER_BYTES = re.compile(r"eeprom|edid|i2c|nvram", re.IGNORECASE)
#: What hexdump and od put for rows like the last one, and the end of a file.
_REPEATED = re.compile(r"(?:^|[\s>|])(\*|[0-9a-f]{6,8})\s*$", re.IGNORECASE)
#: Most characters before a row, and most different ones before the rows of a text.
_FRONT, _SHAPES = 120, 16
#: Most characters looked at in a line that mentions an address, and colours in a chunk of what a terminal showed.
_LONG_LINE, _COLOURS = 400, 20_000


class Chunk(NamedTuple):
    """Some whole lines of a text, as they stand."""

    #: The number of the first.
    first: int
    text: str
    #: Whether anything in it looks like a row of bytes, or like the first line of a function.
    promising: bool
    #: The last line in which something looks like an address.
    mention: str

    @property
    def lines(self) -> int:
        """How many lines."""
        return self.text.count("\n")


def chunks(file: BinaryIO, encoding: str) -> Iterator[Chunk]:
    """Yield a text in chunks.

    :param encoding: "utf-16", or anything else for UTF-8 where it is that, else Latin-1"""
    first, attachments = 1, Attachments()
    for raw in _wide(file) if encoding == "utf-16" else _narrow(file):
        text = _cheaply(attachments.unpacked(raw))
        yield _chunk(first, text)
        first += text.count("\n")
    if text := _cheaply(attachments.rest()):
        yield _chunk(first, text)


def _chunk(first: int, text: str) -> Chunk:
    classes = _classes(text)
    last = classes.rfind(_ADDRESS)
    titles = last >= 0 and (b"hh:hh.h " in classes or b"hh:hh.h\n" in classes or classes.endswith(_ADDRESS))
    start = classes.rfind(b"\n", max(0, last - _LONG_LINE), last) + 1 if last >= 0 else 0
    mention = text[start : last + len(_ADDRESS)] if last >= 0 else ""
    return Chunk(first, text, titles or _PAIRS in classes or _WORDS in classes, mention)


def _narrow(file: BinaryIO) -> Iterator[str]:
    """Decode bytes, up to the end of a line each time; a line that never ends is cut."""
    rest = b""
    while data := file.read(CHUNK):
        end = data.rfind(b"\n") + 1 or (len(data) if len(rest) > CHUNK else 0)
        yield from _decoded(rest + data[:end]) if end else ()
        rest = data[end:] if end else rest + data
    yield from _decoded(rest)


def _decoded(data: bytes) -> Iterator[str]:
    if data:
        try:
            yield data.decode()
        except UnicodeDecodeError:
            yield data.decode("latin-1")


def _wide(file: BinaryIO) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder("utf-16")("replace")
    rest = ""
    while data := file.read(CHUNK):
        text = rest + decoder.decode(data)
        end = text.rfind("\n") + 1 or (len(text) if len(text) > CHUNK else 0)
        if end:
            yield text[:end]
        rest = text[end:]
    if rest := rest + decoder.decode(b"", True):
        yield rest


def _cheaply(text: str) -> str:
    """Replace what is the same everywhere; lines stay as many."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if not text.isascii():
        for odd, plain in (_BLANKS | _NOTHING).items():
            text = text.replace(odd, plain)
    if "\0" in text:
        text = text.replace("\0", "")
    if "=" in text:
        text = text.replace("=C2=A0", " ").replace("=A0", " ")
    if "&" in text:
        for entity, character in _ENTITIES.items():
            text = text.replace(entity, character)
    if "<" in text:
        for tag in _BREAKS:
            text = text.replace(tag, _BREAK)
    return text


def _classes(text: str) -> bytes:
    return text.encode("ascii", "replace").translate(_CLASSES)


class Unwrapper:
    """Yields the clean lines of chunks; keeps what it has learnt of what is around them."""

    def __init__(self) -> None:
        #: What is before the lines of the current function, and before rows: its text -> a pattern of its like.
        self._around: re.Pattern[str] | None = None
        self._shapes: dict[str, re.Pattern[str]] = {}

    def lines(self, chunk: Chunk) -> Iterator[tuple[int, str]]:
        """Yield each line of *chunk* with its number, without line end; those that were joined have the first's."""
        if not _needs_work(chunk.text):
            classes = b"\n" + _classes(chunk.text)
            if self._around is None and _is_plain(classes):
                return iter(enumerate(chunk.text.removesuffix("\n").split("\n"), chunk.first))
        numbers, lines = _separated(chunk)
        return self._unwrapped(numbers, lines)

    def _unwrapped(self, numbers: list[int], lines: list[str]) -> Iterator[tuple[int, str]]:
        classes = _classes("\n".join(lines)).split(b"\n")
        rows: dict[int, int] = {}
        for at, kinds in enumerate(classes):
            if (_PAIRS in kinds or _WORDS in kinds) and (row := _ROW.search(lines[at], 0, _FRONT + 80)):
                front = lines[at][: row.start()]
                if not _OTHER_BYTES.search(front):
                    rows[at] = row.start()
                    self._learn(front)
        for at, (number, line) in enumerate(zip(numbers, lines, strict=True)):
            if at in rows:
                yield number, line[rows[at] :]
            elif at - 1 in rows and (repeated := _REPEATED.search(line)):
                rows[at] = 0  # what follows it may be the end
                yield number, repeated[1]
            elif not line:
                yield number, line
            elif _ADDRESS in classes[at] and (title := self._title(line)):
                around, start = title
                self._around = _pattern(line[:around]) if around else None
                yield number, line[start:]
            elif self._around is None:
                yield number, line
            elif inside := self._around.match(line):
                yield number, line[inside.end() :]
            elif not line.strip() or self._around.match(f"{line} "):
                yield number, ""
            else:
                yield number, line.lstrip() or "-"  # around the quotation: no text of the function, and not its end

    def _title(self, line: str) -> tuple[int, int] | None:
        """Return where what is around ends and where the address begins, if the line is the first of a function."""
        marks = _FRONTS.match(line)
        end = marks.end() if marks else 0
        if item := _ITEM.match(line, end):
            return end, item.end()
        if "lspci " in line and (command := _COMMAND.search(line, end, _LONG_LINE)):
            return end, command.end()
        ends = (front.end() for shape in self._shapes.values() if (front := shape.match(line)))
        return next(((end, end) for end in ends if _TITLE.match(line, end)), None)

    def _learn(self, front: str) -> None:
        if front.strip() and front not in self._shapes and len(front) <= _FRONT and len(self._shapes) < _SHAPES:
            self._shapes[front] = _pattern(front)


def _pattern(front: str) -> re.Pattern[str]:
    """Return a pattern of what is before a line: the same text, with any numbers."""
    pieces = re.split(r"( *\d+)", front)
    return re.compile("".join(r" *\d+" if at % 2 else re.escape(piece) for at, piece in enumerate(pieces)))


def _is_plain(classes: bytes) -> bool:
    """Return whether all rows begin their lines, and are lspci's: then its titles do, too."""
    plain = classes.count(b"\nhh: hh hh hh") + classes.count(b"\nhhh: hh hh hh")
    return bool(plain) and plain == classes.count(b"hh: hh hh hh") and not any(map(classes.count, _LONG_ROWS))


def _needs_work(text: str) -> bool:
    """Return whether lines may have to be split or joined, or characters taken out of them."""
    return _BREAK in text or "\x1b" in text or "=\n" in text or "=3D" in text or "=20\n" in text or (
        "<" in text and bool(_TAG.search(text))
    )  # fmt: skip


def _separated(chunk: Chunk) -> tuple[list[int], list[str]]:
    """Return the lines of a chunk with their numbers: pages split at their tags, broken lines joined."""
    text = chunk.text.removesuffix("\n")
    if not _needs_work(text):
        lines = text.split("\n")
        return list(range(chunk.first, chunk.first + len(lines))), lines
    if text.count("\x1b") < _COLOURS:
        text = _COLOUR.sub("", text)
    if "<" in text:
        text = _TAG.sub("", text)
    numbers: list[int] = []
    lines = []
    joined = False
    for number, whole in enumerate(text.split("\n"), chunk.first):
        for line in whole.removesuffix(_BREAK).split(_BREAK):
            breaks = len(line) >= _BROKEN and line.endswith("=") and not line.endswith(("==", " ="))
            clean = _spelled_out(line[:-1] if breaks else line) if "=" in line else line
            if joined and lines:
                lines[-1] += clean
            else:
                numbers.append(number)
                lines.append(clean)
            joined = breaks
    return numbers, lines


def _spelled_out(line: str) -> str:
    """Undo quoted-printable as far as it cannot be anything else: lspci's own text is full of name=value."""
    line = _SPELLED_BLANK.sub(" ", line).replace("=3D", "=")
    return _SPELLED.sub(lambda found: bytes.fromhex(found[0].replace("=", "")).decode("utf-8", "replace"), line)
