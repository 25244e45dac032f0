# SPDX-License-Identifier: GPL-2.0-only
"""What mails, forums, logs and pages put around a dump. The oracle is the dump itself, loaded as it was."""

import base64
import bz2
import gzip
import html
import io
import lzma
import quopri
import re
import shutil
import subprocess
import textwrap
from functools import cache
from random import Random

import pytest
from paths import TESTS

from kernel_port.hw.errors import MachineError
from kernel_port.images import dump, load, lspci, unwrap
from kernel_port.images.generate import generate

CASES = TESTS / "cases" / "dumps"


@cache
def plain(count=4, seed=3):
    """A dump as lspci -v shows it, and its functions."""
    text = "".join(lspci.write(generate(count, seed).functions))
    return text, dump.read(io.BytesIO(text.encode()), "dump").functions


def read(data):
    data = data.encode() if isinstance(data, str) else data
    return dump.read(io.BytesIO(data), "dump")


def front(text, before):
    return "".join(f"{before}{line}".rstrip(" ") + "\n" for line in text.splitlines())


def stamped(text, form):
    return "".join(f"{form.format(9.5 + at / 7)}{line}\n" for at, line in enumerate(text.splitlines()))


WRAPS = {
    "quoted": lambda text: front(text, "> "),
    "quoted without a blank": lambda text: front(text, ">"),
    "quoted twice": lambda text: front(text, "> > "),
    "quoted twice, close": lambda text: front(text, ">> "),
    "quoted by name": lambda text: front(text, "AW> "),
    "bars": lambda text: front(text, "| "),
    "indented": lambda text: front(text, "    "),
    "indented by a tab": lambda text: front(text, "\t"),
    "comments": lambda text: front(text, "# "),
    "kernel time": lambda text: stamped(text, "[{:12.6f}] "),
    "syslog": lambda text: front(text, "Nov  9 01:02:03 host kernel: "),
    "syslog of a program": lambda text: front(text, "2026-11-28T01:02:03.123456+00:00 host lspci[123]: "),
    "a build's log": lambda text: stamped(text, "step-7 ({:7.3f}s) out| "),
    "fence": lambda text: f"Here it is:\n```\n{text}```\nThanks\n",
    "pre": lambda text: f"<html><body><pre>\n{html.escape(text)}</pre></body></html>\n",
    "breaks": lambda text: "<p>" + html.escape(text).replace(" ", "&nbsp;").replace("\n", "<br>\n") + "</p>\n",
    "breaks in one line": lambda text: "<div>" + html.escape(text).replace("\n", "<br />") + "</div>\n",
    "spans": lambda text: re.sub(r"(\w\w):", r'<span class="nv">\1:</span>', text),
    "no-break spaces": lambda text: text.replace(" ", "\u00a0"),
    "latin-1 no-break spaces": lambda text: text.replace(" ", "\u00a0").encode("latin-1"),
    "quoted-printable": lambda text: quopri.encodestring(text.encode(), quotetabs=False),
    "quoted-printable, blanks": lambda text: text.replace("=", "=3D").replace("\n\n", "\n=20\n"),
    "base64": lambda text: b"Content-Type: text/plain\nContent-Transfer-Encoding: base64\n\n"
    + base64.encodebytes(text.encode()) + b"\n--xyz--\n",
    "base64 up to the end": lambda text: b"Content-Transfer-Encoding: base64\n\n" + base64.encodebytes(text.encode()),
    "CRLF": lambda text: text.replace("\n", "\r\n"),
    "CR": lambda text: text.replace("\n", "\r"),
    "byte order mark": lambda text: text.encode("utf-8-sig"),
    "every line twice as far": lambda text: text.replace("\n", "\n\n"),
    "colours": lambda text: re.sub(r"(\w\w: )", "\x1b[01;31m\x1b[K\\1\x1b[m\x1b[K", text),
    "trailing blanks": lambda text: text.replace("\n", "   \n"),
    "upper case": lambda text: re.sub(r"(?m)^[0-9a-f]+: .*$", lambda row: row[0].upper(), text),
}  # fmt: skip


@pytest.mark.parametrize("name", WRAPS)
def test_read_wrapped_dump_is_the_dump(name):
    text, functions = plain()
    if name == "every line twice as far":  # -v text ends at an empty line
        text = "".join(line for line in text.splitlines(keepends=True) if line[0] != "\t")
        functions = read(text).functions
    found = read(WRAPS[name](text))
    assert found.functions == functions
    assert found.warnings == []


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress], ids=["gzip", "bzip2", "xz"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-8-sig"])
def test_load_packed_or_wide_text_is_the_dump(tmp_path, pack, encoding):
    text, functions = plain()
    (tmp_path / "wide").write_bytes(text.encode(encoding))
    (tmp_path / "packed").write_bytes(pack(text.encode(encoding)))
    for name in "wide", "packed":
        machine = load(tmp_path / name)
        assert machine.name == name
        assert [(each.address, each.config) for each in machine.functions] == [
            (each.address, each.config) for each in functions
        ]


@pytest.mark.parametrize("seed", range(30))
def test_read_dump_in_anything_at_any_place(seed):
    """Two wraps of those that go together, prose around, and far into the text."""
    rng = Random(seed)
    text, functions = plain(1 + seed % 5, seed)
    alone = {"base64 up to the end", "every line twice as far", "byte order mark"}
    texts = [name for name in WRAPS if name not in alone and not isinstance(WRAPS[name](text), bytes)]
    first = rng.choice(texts)
    second = rng.choice(["fence", "CRLF", "quoted", "trailing blanks", "base64", "kernel time", "indented"])
    if first in ("CR", "CRLF", "breaks in one line", "quoted-printable, blanks"):
        second = "fence"
    data = WRAPS[second](WRAPS[first](text))
    data = data if isinstance(data, bytes) else data.encode()
    prose = b"Dear list,\n\non my machine at 10:30: 12 of them\n" * rng.choice((1, 100, 60_000))
    found = read(prose + data + b"\n-- \nbye: now\n")
    assert found.functions == functions, (first, second)


def test_unwrap_keeps_the_numbers_of_lines():
    text = "one<br>two\n" + "a" * 70 + "=\nb\n=3D\n01:00.0 x\n"
    (chunk,) = unwrap.chunks(io.BytesIO(text.encode()), "")
    assert list(unwrap.Unwrapper().lines(chunk)) == [
        (1, "one"), (1, "two"), (2, "a" * 70 + "b"), (4, "="), (5, "01:00.0 x")
    ]  # fmt: skip


def test_read_bytes_that_a_driver_logs_of_its_eeprom_are_no_configuration_space():
    text, functions = plain(1)
    logged = "".join(f"[   12.{at:03}] toy[0]: i2c eeprom {at:02x}: {'5a ' * 15}5a\n" for at in range(0, 256, 16))
    title = text.splitlines(keepends=True)[0]
    assert read(logged + text).functions == read(text + logged).functions == functions
    with pytest.raises(MachineError):
        read(title.split()[0] + " is the card\n" + logged)


LINES = ["04:00.0 Ethernet controller: Example Wire", "\tControl: I/O+ Mem+", "\tStatus: Cap+ 66MHz-"]


@pytest.mark.parametrize(
    ("before", "first"),
    [
        ("", "me@box:~$ sudo lspci -vvv -s 04:00.0 "),
        ("> > ", "[root@box etc]# lspci -s 04:00.0 -vv "),
        ("> ", "- [ ] "),
        ("", "- "),
        (">> ", "[x] "),
    ],
)
def test_unwrap_first_line_behind_a_command_or_the_mark_of_a_list(before, first):
    shown = [before + first + LINES[0], *(before + line for line in LINES[1:])]
    unwrapper = unwrap.Unwrapper()
    text = io.BytesIO("\n".join([*shown, ""]).encode())
    clean = [line for part in unwrap.chunks(text, "") for _, line in unwrapper.lines(part)]
    assert clean[0] == LINES[0]
    assert [(line[0].isspace(), line.strip()) for line in clean[1:]] == [(True, line.strip()) for line in LINES[1:]]


def test_unwrap_names_with_equals_signs_are_not_spelled_out():
    line = "\tBus: primary=00, secondary=C2, subordinate=80, sec-latency=20"
    (chunk,) = unwrap.chunks(io.BytesIO(f"01:00.0 x=3D\n{line}\n".encode()), "")
    assert list(unwrap.Unwrapper().lines(chunk))[1] == (2, line)


@pytest.mark.skipif(shutil.which("lspci") is None, reason="pciutils is not installed")
@pytest.mark.parametrize("way", ["as it is", "reply", "folded", "listing, then -vvv, then again"])
def test_read_what_lspci_vvv_xxxx_prints_in_a_mail(tmp_path, way):
    (tmp_path / "dump").write_text(plain(24, 7)[0])
    options = ["-F", tmp_path / "dump"]
    verbose, listing = (
        subprocess.run(["lspci", *words, *options], check=True, capture_output=True, text=True).stdout
        for words in (["-vvv", "-xxxx"], [])
    )
    mail = {
        "as it is": verbose,
        "reply": "Content-Transfer-Encoding: quoted-printable\n\nAnd then:\n"
        + quopri.encodestring(front(verbose, "> ").encode()).decode(),
        "folded": "\n".join(part for line in verbose.splitlines() for part in (textwrap.wrap(line, 72) or [""])),
        "listing, then -vvv, then again": f"{listing}\n{verbose}\nand once more:\n\n{verbose}",
    }[way]
    found = read(mail)
    assert [(each.address, each.config) for each in found.functions] == [
        (each.address, each.config) for each in plain(24, 7)[1]
    ]
    assert found.warnings == []


def test_read_reply_between_quoted_rows_is_passed_over():
    text, functions = plain(1, 1)
    quoted = front(text, "> ").splitlines(keepends=True)
    quoted[3:3] = ["\n", "\tKernel driver in use: mine\n", "What is this?\n", "\n"]
    assert read("".join(quoted)).functions == functions


def test_read_text_of_a_mail_and_its_quotation_are_the_dump_of_the_mail():
    text, functions = plain()
    assert read(front(text, "> ") + "\n" + text).functions == functions


@pytest.mark.parametrize("name", ["07-quoted", "11-indented-forum-post"])
def test_load_case_is_read_as_the_same_text_without_what_is_around_it(name):
    text = (CASES / f"{name}.txt").read_text()
    bare = re.sub(r"(?m)^(?:> |    )", "", text)
    assert load(CASES / f"{name}.txt").functions == read(bare).functions


def test_read_prose_of_any_length_is_refused_at_once():
    prose = b"The quick brown fox jumps over the lazy dog, and says hello there.\n" * 100_000
    with pytest.raises(MachineError, match=r"^dump: 100000 lines of text, and neither functions"):
        read(prose)
