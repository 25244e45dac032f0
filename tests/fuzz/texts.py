# SPDX-License-Identifier: GPL-2.0-only
"""Targets that read what is no machine: mailboxes, C, recordings, pci.ids, reports of a census, names of scenarios."""

import bz2
import gzip
import io
import json
import lzma
import shutil
import tarfile
from functools import cache

from engine import folder, mutated, mutated_json, mutated_lines, refused, written
from paths import TESTS

from kernel_port import scenarios
from kernel_port.census.answer import Job, answer
from kernel_port.census.ledger import Ledger
from kernel_port.census.page import page
from kernel_port.census.paths import machines
from kernel_port.census.table import Table
from kernel_port.census.totals import Totals
from kernel_port.choice import KernelChoice
from kernel_port.explore import parse
from kernel_port.images.names import Names
from kernel_port.recordings import golden, qemu_capture
from kernel_port.recordings.golden_replay import replay
from kernel_port.review.port.ported import ported
from kernel_port.review.read.c_side import KernelSide, SeriesSide
from kernel_port.review.upstream import check_series, csource, mbox
from kernel_port.review.upstream.c_statements import c_members, c_statements
from kernel_port.review.upstream.given import open_source
from kernel_port.review.upstream.tree import open_tree

C = b"""\
#include <linux/pci.h>
/* in { a comment */
#define PCI_OP(size, type) \\
int pci_op_##size(struct pci_dev *dev, type *value) \\
{ \\
	return 0; \\
}
PCI_OP(byte, u8)
struct hotplug_slot_ops {
	int (*reset_slot)(struct hotplug_slot *slot, int probe);
	u8 bits:3, more[4];
};
static int __must_check
pci_two(struct pci_dev *dev, int probe)
{
	switch (probe) {
	case 1:
		goto done;
	default:
		do { probe--; } while (probe > 0);
	}
	if (probe && dev->slot)
		return -ENOTTY;
	else
		for (;;)
			break;
done:
	return 0;
}
EXPORT_SYMBOL_GPL(pci_two);
"""
MAKEFILE = b"VERSION = 3\nPATCHLEVEL = 12\nSUBLEVEL = 0\n"
PCI_IDS = b"""\
# a comment
8086  Intel Corporation
\t10d3  82574L
\t\t8086 a01f  Desktop
\t10d4  other
10de  NVIDIA
C 03  Display controller
\t00  VGA compatible controller
\t\t00  VGA
"""


@cache
def captures():
    found = []
    for path in (TESTS / "live/vga.json", TESTS / "live/nohp.json"):
        capture = json.loads(path.read_bytes())
        capture["ops"] = capture["ops"][:40]
        found.append(capture)
    return tuple(found)


@cache
def traces():
    lines = [line for path in sorted((TESTS / "golden").glob("*.jsonl")) for line in path.read_text().splitlines()]
    return tuple(json.loads(line) for line in lines if len(line) < 4000)


@cache
def definitions():
    return ported()


#: A cover letter as an archive shows it, with nothing true in it but two subjects and two counts.
LETTER = b"""[PATCH v2 0/8] pci: bus and slot reset interface

From: A. Tester
Date: Mon Nov 23 2026 - 03:27:24 UTC

A. Tester (2):
pci: Add pci_hp_reset_slot
pci: Implement reset_slot for pciehp

drivers/pci/pci.c | 313 ++++++++++++---
include/linux/pci_hotplug.h | 12 +
2 files changed, 299 insertions(+), 26 deletions(-)
"""


@cache
def mailboxes():
    return (LETTER, *(path.read_bytes() for path in sorted((TESTS / "series").glob("*.mbox"))))


def mailbox(rng):
    """A mailbox with anything wrong with it, compared with the series."""
    change = mutated_lines if rng.randrange(3) else mutated
    data = change(rng, rng.choice(mailboxes()), mailboxes())
    if not rng.randrange(8):
        series(rng, data)
        return
    with refused("mailbox"):
        mails = mbox.mails(mbox.from_page(mbox.decode(data)), "mailbox")
        if not rng.randrange(40) or all(mail.is_cover for mail in mails):
            check_series.check(mails, "mailbox")
            SeriesSide(mails, "mailbox").find(rng.choice(definitions()))


def series(rng, data):
    """The same as a file, packed or not, or in a folder of patches."""
    if rng.randrange(2):
        data = mutated(rng, gzip.compress(data), most=1) if rng.randrange(2) else gzip.compress(data)
    path = written(rng.choice(("series.mbox", "patches/0001.patch")), data)
    with refused("series.mbox" if path.suffix == ".mbox" else "patches"):
        open_source(str(path if path.suffix == ".mbox" else path.parent))


def c_file(rng):
    """A C file with anything wrong with it."""
    change = mutated_lines if rng.randrange(2) else mutated
    read_c(change(rng, C, (C,)).decode("utf-8", "replace"), unfinished=bool(rng.randrange(2)))


def read_c(source, unfinished=False):
    """What is found in C has its lines in the text."""
    found = csource.read(source, "fuzz.c", unfinished=unfinished)
    lines = source.split("\n")
    for each in (*found.functions, *found.structs):
        assert 1 <= each.line <= each.end_line <= len(lines)
    for function in found.functions:
        c_statements(function.text)
    for struct in found.structs:
        c_members(struct.text)


def c_tree(rng):
    """A kernel tree, as a folder or as an archive, with anything wrong with its files or with the archive."""
    change = mutated_lines if rng.randrange(2) else mutated
    named = C.replace(b"pci_two", rng.choice((b"pci_reset_function", b"pci_two")))
    files = {"drivers/pci/pci.c": change(rng, named, (C,)), "include/linux/pci.h": C, "Makefile": change(rng, MAKEFILE)}
    path = folder() / "linux"
    shutil.rmtree(path, ignore_errors=True)
    if rng.randrange(2):
        for name, data in files.items():
            (path / name).parent.mkdir(parents=True, exist_ok=True)
            (path / name).write_bytes(data)
        (path / "drivers/pci/link.c").symlink_to(rng.choice(("/etc/passwd", "link.c", "..", "pci.c")))
    else:
        path = written("linux.tar", archive(rng, files))
    with refused(str(path)):
        KernelSide(open_tree(path)).find(rng.choice(definitions()))


def archive(rng, files):
    """A tarball of *files*, compressed or not, broken before or after that or not at all."""
    buffer = io.BytesIO()
    with tarfile.open(None, "w", buffer) as tar:
        for name, data in files.items():
            member = tarfile.TarInfo(rng.choice(("linux-3.12/", "./linux-3.12/", "../", "/")) + name)
            member.size = len(data)
            member.type = rng.choice((tarfile.REGTYPE, tarfile.REGTYPE, tarfile.REGTYPE, tarfile.SYMTYPE))
            member.linkname = "/etc/passwd"
            tar.addfile(member, io.BytesIO(data))
    whole = buffer.getvalue()
    if not rng.randrange(3):
        whole = mutated(rng, whole, most=2)
    whole = rng.choice((bytes, gzip.compress, bz2.compress, lzma.compress))(whole)
    return whole if rng.randrange(2) else mutated(rng, whole, most=2)


def golden_line(rng):
    """A golden trace with anything wrong with it: read, and replayed if it can be."""
    trace = rng.choice(traces())
    if rng.randrange(3):
        read_golden(json.dumps(mutated_json(rng, trace)))
    else:
        read_golden(mutated(rng, json.dumps(trace).encode(), most=2).decode("utf-8", "replace"))


def read_golden(line):
    with refused("golden"):
        replay(golden.parse(line, "golden:1"))


def capture(rng):
    """A live capture with anything wrong with it: read, and replayed if it can be."""
    path = written("capture.json", json.dumps(mutated_json(rng, rng.choice(captures()))).encode())
    with refused(""):
        qemu_capture.replay(qemu_capture.read(path))


def pci_ids(rng):
    """Names of devices with anything wrong with them: text in one line, or nothing."""
    names = Names((mutated_lines if rng.randrange(2) else mutated)(rng, PCI_IDS, (PCI_IDS,)))
    device = names.device(*rng.choice(((0x8086, 0x10D3), (0x8086, 0x10D4), (0x10DE, 1), (rng.getrandbits(16), 0))))
    for name in (device, names.vendor(rng.choice((0x8086, 0x10DE))), names.class_name(rng.choice((0x300, 0x301, 0)))):
        assert not name or name.isprintable(), name


@cache
def report_lines():
    """Lines of a census of two machines that are there."""
    for name in ("vga", "conventional"):
        written(f"{name}.toml", (TESTS.parent / f"kernel_port/images/examples/{name}.toml").read_bytes())
    return tuple(answer(Job.of(str(folder() / f"{name}.toml"), KernelChoice(8))) for name in ("vga", "conventional"))


def report(rng):
    """A report of a census with anything wrong with it, gone on with."""
    lines = list(report_lines())
    at = rng.randrange(2)
    if rng.randrange(2):
        lines[at] = json.dumps(mutated_json(rng, json.loads(lines[at]))) + "\n"
    else:
        lines[at] = mutated(rng, lines[at].encode(), most=2).decode("utf-8", "replace")
    path = written("report.jsonl", "".join(lines).encode("utf-8", "replace"))
    with refused(str(path)):
        ledger, totals, table = Ledger(path, resume=True), Totals(KernelChoice(8)), Table(io.StringIO())
        for line in filter(
            None, (ledger.line(Job.of(json.loads(known)["file"], KernelChoice(8))) for known in report_lines())
        ):
            totals.add(json.loads(line))
            table.add(json.loads(line))
        ledger.finish([])
        "".join(page(totals))


def fleet(rng):
    """A list of machines for a census that names anything: every one is answered, or there is none."""
    written("fleet/vga.toml", (TESTS.parent / "kernel_port/images/examples/vga.toml").read_bytes())
    top = f"{folder()}/fleet/"  # beside it are inputs of other targets, some of which take seconds to refuse
    listed = [mutated(rng, f"{top}{name}".encode(), most=1).decode("utf-8", "replace")
              for name in ("vga.toml", "*.toml", "**/*.toml", "nothing", "")]  # fmt: skip
    within = [name for name in listed if name.startswith(top) and ".." not in name and "\n" not in name]
    for file in machines(["-"], io.StringIO("\n".join(within))):
        json.loads(answer(Job.of(file, KernelChoice(8))))


def scenario(rng):
    """The name of a scenario, and of a schedule, with anything wrong with it."""
    name = mutated(rng, rng.choice(scenarios.names()).encode(), most=1).decode("utf-8", "replace")
    with refused("scenario"):
        scenarios.load(name)
    with refused("schedule"):
        assert parse(mutated(rng, b"0.1.0.2", most=1).decode("utf-8", "replace"))


#: Name -> the target, and its share of all cases in thousandths.
TARGETS = {
    "mailbox": (mailbox, 35), "c_file": (c_file, 200), "c_tree": (c_tree, 5), "golden": (golden_line, 40),
    "capture": (capture, 10), "pci_ids": (pci_ids, 40), "report": (report, 20), "fleet": (fleet, 2),
    "scenario": (scenario, 8),
}  # fmt: skip
