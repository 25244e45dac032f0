# SPDX-License-Identifier: GPL-2.0-only
"""Inputs of any size, one for each way in which what a program reads can be long, and what reads them.

python tests/growing.py NAME SIZE FOLDER       reads one, for a program that counts instructions
"""

import base64
import gzip
import io
import json
import shutil
import sys
import tarfile
import zipfile
from pathlib import Path

from paths import TESTS

from kernel_port.census.ledger import Ledger
from kernel_port.census.paths import machines
from kernel_port.hw.errors import MachineError
from kernel_port.images import load, lspci
from kernel_port.images.names import Names
from kernel_port.recordings import golden, qemu_capture
from kernel_port.review.upstream import csource, mbox
from kernel_port.review.upstream.tree import Texts, open_tree, version

CONFIG = bytes.fromhex("8680d310") + bytes(60)
ROWS = "".join(lspci.rows(CONFIG))
HUNK = "--- a/x.c\n+++ b/x.c\n@@ -1 +1 @@\n-a\n+b\n"
MAIL = "From x Mon Sep 17 00:00:00 2001\nFrom: A <a@b>\nSubject: [PATCH {0}/9] x\n\ntext\n---\n" + HUNK + "\n"
WORDS = "00:01.0 Ethernet controller [0200]: Intel Corporation 82574L [8086:10d3]\n"
TABLE = '[[function]]\naddress = "00:00.0"\nvendor = 1\ndevice = 1\nkind = "pci"\n'


def addresses(count):
    return [f"{number >> 8:02x}:{number >> 3 & 31:02x}.{number & 7}" for number in range(count)]


def titles(count, rest):
    return "".join(f"{address} Ethernet controller: x\n{rest}\n" for address in addresses(count))


def tables(count):
    return "".join(TABLE.replace("00:00.0", address) for address in addresses(count))


def tree(folder, count):
    for address in addresses(count):
        (folder / f"0000:{address}").mkdir(parents=True)
        (folder / f"0000:{address}/config").write_bytes(CONFIG)
    return folder


def tar(path, count, name="0000:{0}/config", mode="w"):
    with tarfile.open(path, mode) as made:
        for address in addresses(count):
            info = tarfile.TarInfo(name.format(address))
            info.size = len(CONFIG)
            made.addfile(info, io.BytesIO(CONFIG))
    return path


def zipped(path, count):
    with zipfile.ZipFile(path, "w") as made:
        for address in addresses(count):
            made.writestr(f"0000:{address}/config", CONFIG)
    return path


def kernel(folder, count):
    (folder / "drivers/pci").mkdir(parents=True)
    for number in range(count):
        (folder / f"drivers/pci/{number}.c").write_text("int f(void)\n{\n}\n")
    return folder


def reports(path, count):
    line = {"file": "", "size": 1, "mtime_ns": 1, "patches": 8, "with": [], "yours": [], "error": "x"}
    path.write_text("".join(json.dumps(line | {"file": str(number)}, separators=(",", ":")) + "\n"
                            for number in range(count)))  # fmt: skip
    with Ledger(path, resume=True) as ledger:
        ledger.finish([])


def capture(count):
    made = json.loads((TESTS / "live/vga.json").read_text())
    made["ops"] = [op for op in made["ops"] if op[0] != "mark"][:20] * count
    return json.dumps(made)


def trace(count):
    made = json.loads((TESTS / "golden/chain.jsonl").read_text().partition("\n")[0])
    return json.dumps(made | {"ops": made["ops"] * count})


def mails(text):
    return mbox.mails(mbox.from_page(mbox.decode(text.encode())), "m")


def multipart(count):
    part = "--b\nContent-Type: text/plain\n\nx\n"
    return f"Subject: [PATCH] x\nContent-Type: multipart/mixed; boundary=b\n\n{part * count}--b--\n{HUNK}"


def makefile(text):
    return version(Texts("t", {"Makefile": text}))


def files(*texts):
    """Returns a function that writes what *texts* make of a size, and loads it as a machine."""
    return lambda folder, count: [load(write(folder / f"{at}.txt", text(count))) for at, text in enumerate(texts)]


def write(path, text):
    path.write_bytes(text.encode("utf-8", "surrogateescape") if isinstance(text, str) else text)
    return path


def read_c(text):
    found = csource.read(text, "x.c")
    return len(found.functions)


#: Name -> what reads an input of some size in a folder, and a size that takes a moment.
INPUTS = {
    "dump": (files(lambda n: titles(n, ROWS)), 60),
    "dump of one function, again and again": (files(lambda n: f"00:01.0 x\n{ROWS}\n" * n), 60),
    "dump with long rows": (files(lambda n: "00:01.0 x\n00: " + "00 " * 40 * n + "\n"), 60),
    "dump in one line": (files(lambda n: ROWS.replace("\n", " ") * n), 60),
    "dump, quoted": (files(lambda n: "> " + titles(n, ROWS).replace("\n", "\n> ")), 60),
    "dump, quoted and quoted": (files(lambda n: "> " * n + "00:01.0 x\n" + ROWS), 500),
    "dump, as a page": (files(lambda n: "<pre>" + titles(n, ROWS).replace("\n", "<br>\n") + "</pre>"), 60),
    "dump, coloured": (files(lambda n: titles(n, ROWS).replace("00: ", "\x1b[1m00: ")), 60),
    "dump, broken lines": (files(lambda n: "x" * 70 + "=\n" * n + titles(1, ROWS)), 500),
    "dump, as UTF-16": (files(lambda n: titles(n, ROWS).encode("utf-16")), 60),
    "dump, attached": (files(lambda n: b"Content-Transfer-Encoding: base64\n\n"
                             + base64.encodebytes(titles(n, ROWS).encode())), 60),
    "attachments": (files(lambda n: "Content-Transfer-Encoding: base64\n\nMDA=\n\n" * n), 100),
    "dump, packed": (files(lambda n: gzip.compress(titles(n, ROWS).encode(), mtime=0)), 60),
    "prose": (files(lambda n: "prose 00:01.0 prose\n" * n), 500),
    "a line of prose": (files(lambda n: "prose 00:01.0 " * n), 500),
    "titles": (files(lambda n: titles(n, "")), 60),
    "rows": (files(lambda n: "00: 00 11 22 33 44 55 66 77 88 99 aa bb cc dd ee ff\n" * n), 200),
    "listing": (files(lambda n: "".join(WORDS.replace("00:01.0", each) + "\tControl: I/O+ Mem+ BusMaster+\n\n"
                                        for each in addresses(n))), 60),
    "listing of one function": (files(lambda n: WORDS + "\tCapabilities: [40] Express (v2) Endpoint\n" * n), 60),
    "listing of long lines": (files(lambda n: WORDS + "\tControl: " + "I/O+ " * n + "\n"), 4000),
    "toml": (files(tables), 30),
    "toml of keys": (files(lambda n: TABLE + "".join(f"k{number} = 1\n" for number in range(n))), 200),
    "toml of rows": (files(lambda n: TABLE + 'config = """\n' + "00: 00\n" * n + '"""'), 500),
    "toml of comments": (files(lambda n: TABLE + "# ...\n" * n), 500),
    "toml of brackets": (files(lambda n: TABLE + "x = " + "[" * n), 50),  # all within the limit of recursion
    "ecam": (lambda folder, n: load(write(folder / "m", (CONFIG.ljust(4096, b"\xff")) * n)), 60),
    "sysfs": (lambda folder, n: load(tree(folder / "t", n)), 60),
    "resource": (lambda folder, n: (write(tree(folder / "t", 1) / "0000:00:00.0/resource", "0x0 0x0 0x0\n" * n),
                                    load(folder / "t")), 500),
    "tar": (lambda folder, n: load(tar(folder / "m", n)), 60),
    "tar of something else": (lambda folder, n: load(tar(folder / "m", n, "x/{0}")), 60),
    "tar, packed": (lambda folder, n: load(tar(folder / "m", n, mode="w:gz")), 60),
    "zip": (lambda folder, n: load(zipped(folder / "m", n)), 60),
    "mailbox": (lambda folder, n: mails("".join(MAIL.format(number) for number in range(n))), 60),
    "mailbox of something else": (lambda folder, n: mails("From x\n\nFrom y\nz\n" * n + MAIL), 200),
    "mail of lines": (lambda folder, n: mails(MAIL.replace("text", "text\n" * n)), 500),
    "mail of hunks": (lambda folder, n: mails(MAIL + "@@ -1 +1 @@\n-a\n+b\n" * n), 200),
    "mail of files": (lambda folder, n: mails(MAIL + HUNK * n), 100),
    "mail of headers": (lambda folder, n: mails(MAIL.replace("From: ", "X: y\n" * n + "From: ")), 200),
    "mail of parts": (lambda folder, n: mails(multipart(n)), 100),
    "mail of encoded words": (lambda folder, n: mails(MAIL.replace("x\n", "=?utf-8?q?x?= " * n + "\n", 1)), 200),
    "subject of tags": (lambda folder, n: mbox.untagged("[a] " * n + "x"), 500),
    "subject of blanks": (lambda folder, n: mbox.untagged(" " * n + "x"), 500),
    "letter": (lambda folder, n: mails("[PATCH v2 0/8] x\n\nFrom: a\n\n" + "a.c | 3 +++\n" * n + HUNK), 200),
    "C": (lambda folder, n: read_c("".join(f"int f{number}(void)\n{{\n}}\n" for number in range(n))), 60),
    "C of macros": (lambda folder, n: read_c("".join(f"#define M{number} 1\n" for number in range(n))), 200),
    "C of macro uses": (lambda folder, n: read_c("#define G(a) int f##a(void) { ; }\n"
                                                 + "".join(f"G(x{number})\n" for number in range(n))), 60),
    "C of comments": (lambda folder, n: read_c("/* x */\n" * n), 500),
    "C of comments without end": (lambda folder, n: read_c("/* x " * n), 500),
    "C of quotes": (lambda folder, n: read_c("'\"" * n), 500),
    "C of braces": (lambda folder, n: read_c("int f(void)\n" + "{\n" * n), 500),
    "C of braces that close": (lambda folder, n: read_c("int f(void)\n" + "{\n" * n + "}\n" * n), 500),
    "C of parentheses": (lambda folder, n: read_c("int f" + "(" * n), 500),
    "C of conditions": (lambda folder, n: read_c("#if x\n" * n), 200),
    "C of words": (lambda folder, n: read_c("static int " * n), 500),
    "C of lines that go on": (lambda folder, n: read_c("#define x \\\n" * n), 500),
    "C tree": (lambda folder, n: open_tree(kernel(folder / "l", n)), 60),
    "C tarball": (lambda folder, n: open_tree(tar(folder / "l.tar", n, "linux/drivers/pci/{0}.c")), 60),
    "Makefile": (lambda folder, n: makefile("VERSION = x\n" * n), 500),
    "Makefile of blanks": (lambda folder, n: makefile("VERSION" + " " * n), 500),
    "report": (lambda folder, n: reports(folder / "r", n), 60),
    "capture": (lambda folder, n: qemu_capture.replay(qemu_capture.read(write(folder / "c", capture(n)))), 4),
    "golden": (lambda folder, n: list(golden.read(write(folder / "g", trace(n)))), 20),
    "golden of lines": (lambda folder, n: list(golden.read(write(folder / "g", (trace(1) + "\n") * n))), 20),
    "pci.ids": (lambda folder, n: Names("".join(f"{number:04x}  x\n\t0001  y\n" for number in range(n)).encode())
                .device(0x10, 1), 500),
    "list of machines": (lambda folder, n: machines(["-"], io.StringIO("".join(f"x{at}\n" for at in range(n)))), 100),
    "folder of machines": (lambda folder, n: [write(folder / str(at), "x") for at in range(n)]
                           and machines([str(folder)], io.StringIO()), 60),
}  # fmt: skip


def read(name, count, folder):
    """Read an input of some size."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        INPUTS[name][0](folder, count)
    except MachineError:
        return False
    return True


if __name__ == "__main__":
    read(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]))
