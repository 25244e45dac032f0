# SPDX-License-Identifier: GPL-2.0-only
"""Targets that read files: whatever is in them, the outcome is data or a MachineError, and soon."""

import atexit
import contextlib
import io
import json
import re
import shutil
import tempfile
from functools import cache
from pathlib import Path

from engine import mutated, mutated_json, mutated_lines, other_json

from kernel_port.cli import main
from kernel_port.hw.clock import Clock
from kernel_port.hw.description import MachineDescription
from kernel_port.hw.errors import MachineError
from kernel_port.hw.fabric import Fabric
from kernel_port.images import example_names, load, lspci, machine_toml
from kernel_port.images.doubts import guess_sizes, refuse_nonsense, warnings
from kernel_port.images.generate import draw, generate, text
from kernel_port.review import check_series, csource, mbox
from kernel_port.review.c_side import SeriesSide
from kernel_port.review.c_statements import c_members, c_statements
from kernel_port.review.ported import ported
from kernel_port.trace import golden, live
from kernel_port.trace.replay import replay

TESTS = Path(__file__).parents[1]
#: What a raw ECAM image must have at least to be one.
PAGE = 4096
#: Keys of a function that are tables, arrays or text.
KEYS = ("bars", "config", "slot", "express", "pm", "storage", "writes_needed", "slot_events", "size", "rom", "bus")
RESOURCE = b"0x00000000f0000000 0x00000000f0000fff 0x0000000000040200\n" * 7
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


@cache
def folder():
    """Where the inputs go, in memory if there is such a place."""
    memory = Path("/dev/shm")
    place = Path(tempfile.mkdtemp(prefix="kernel_port-fuzz-", dir=memory if memory.is_dir() else None))
    atexit.register(shutil.rmtree, place, ignore_errors=True)
    return place


def written(name, data):
    path = folder() / name
    path.write_bytes(data)
    return path


@cache
def dumps():
    made = [generate(count, count) for count in (1, 3, 6)] + [load("example:vga"), load("example:conventional")]
    plain = [b"".join(line.encode() for line in lspci.write(machine.functions)) for machine in made]
    short = [b"\n".join(line for line in d.split(b"\n") if line[:1] in b"0\t" and line[:3] < b"100") for d in plain]
    verbose = b"00:02.0 VGA compatible controller: A \"B\" <C> (rev 1)\n"
    verbose += b"\tRegion 0: Memory at f0000000 (64-bit) [size=256M]\n"
    verbose += b"\tCapabilities: [40] Express\n\tKernel driver in use: i915\n" + short[0].partition(b"\n")[2]
    return (*short, *plain[:1], verbose, verbose.replace(b"\n", b"\r\n"))


@cache
def descriptions():
    examples = [(TESTS.parent / f"kernel_port/images/examples/{name}.toml").read_bytes() for name in example_names()]
    return (*examples, "".join(text(draw(5, 5))).encode())


@cache
def images():
    found = []
    for count in (1, 3):
        functions = generate(count, count).functions
        found.append(b"".join(function.config.ljust(PAGE, b"\xff") for function in functions))
    return tuple(found)


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


@cache
def mailboxes():
    return tuple(path.read_bytes() for path in sorted((TESTS / "series").glob("*.mbox")))


def whole(machine):
    """What was loaded is a machine: it can be built and written, and what is written is read as the same."""
    known = [(function.address, function.config) for function in machine.functions]
    with contextlib.suppress(MachineError):
        Fabric(machine, Clock()).close()
    again = machine_toml.parse("".join(machine_toml.write(machine)).encode(), "again")
    assert [(function.address, function.config) for function in again.functions] == known
    dumped = lspci.parse(io.StringIO("".join(lspci.write(machine.functions))), "again")
    assert [(function.address, function.config) for function in dumped] == known


def loaded(path):
    try:
        machine = load(path)
    except MachineError as error:
        assert str(path) in str(error), error  # noqa: PT017 - it need not be raised
        return
    whole(machine)


def dump(rng):
    """lspci text with anything wrong with it."""
    data = rng.choice(dumps())
    if rng.randrange(2):
        data = digits(rng, data)
    else:
        data = (mutated_lines if rng.randrange(2) else mutated)(rng, data, dumps())
    loaded(written("dump.txt", data))


def digits(rng, data):
    """*data* with other digits in it, so that it stays a dump."""
    data = bytearray(data)
    places = [place for place in range(1, len(data)) if data[place] in b"0123456789abcdef" and data[place - 1] == 0x20]
    for _ in range(1 + rng.randrange(6)):
        data[rng.choice(places)] = rng.choice(b"0123456789abcdef")
    return bytes(data)


def toml(rng):
    """A machine description with anything wrong with it."""
    change = mutated_lines if rng.randrange(3) else mutated
    loaded(written("machine.toml", change(rng, rng.choice(descriptions()), descriptions())))


def tables(rng):
    """A machine description that is TOML, and says anything."""
    document = mutated_json(rng, draw(1 + rng.randrange(5), rng.randrange(50)))
    for table in document.get("function", ()) if isinstance(document.get("function"), list) else ():
        if isinstance(table, dict) and not rng.randrange(3):
            table[rng.choice(KEYS)] = other_json(rng)
    try:
        whole(machine_toml.build(document, "tables"))
    except MachineError as error:
        assert str(error).startswith("tables"), error  # noqa: PT017


def registers(rng):
    """A dump that is text as lspci writes it, and has any bytes in it."""
    machine = generate(1 + rng.randrange(4), rng.randrange(50))
    for function in machine.functions:
        config = bytearray(function.config[: rng.choice((64, 128, 256, 256, 4096))])
        for _ in range(rng.randrange(8)):
            telling = (0x06, 0x0E, 0x18, 0x19, 0x1A, 0x34, config[0x34] + 1, 0x101, 0x103)
            where = rng.choice((rng.choice(telling), rng.randrange(64), rng.randrange(256), rng.randrange(len(config))))
            where %= len(config)
            config[where] = rng.choice((rng.randrange(256), 0, 0xFF, 0x40, 0x10, config[where] ^ 1 << rng.randrange(8)))
        function.config = bytes(config)
        function.size = 4096 if len(config) > 256 else 256
    try:
        refuse_nonsense(machine.functions, "registers")
    except MachineError:
        return
    guess_sizes(machine.functions)
    warnings(machine.functions)
    whole(MachineDescription("registers", machine.functions))


def ecam(rng):
    """A raw ECAM image with anything wrong with it."""
    data = mutated(rng, rng.choice(images()), images())
    if rng.randrange(4):
        data += bytes(-len(data) % PAGE)
    loaded(written("machine.ecam", data))


def sysfs(rng):
    """A sysfs tree whose names and files say anything."""
    tree = folder() / "tree"
    shutil.rmtree(tree, ignore_errors=True)
    for number in range(1 + rng.randrange(3)):
        name = f"0000:00:{number:02x}.0"
        if not rng.randrange(4):
            name = re.sub("[\0/]", "", mutated(rng, name.encode(), most=1).decode("utf-8", "replace"))[:99]
        place = tree / (name or "x")
        if place.exists() or name in (".", ".."):
            continue
        place.mkdir(parents=True)
        config = generate(1 + rng.randrange(3), rng.randrange(9)).functions[0].config
        config = config[: rng.choice((64, 256, 4096))] if rng.randrange(3) else mutated(rng, config, most=3)
        (place / "config").write_bytes(config)
        if rng.randrange(2):
            (place / "resource").write_bytes(mutated_lines(rng, RESOURCE))
        if not rng.randrange(3):
            (place / "driver").symlink_to(rng.choice(("../../bus/drivers/x\x1b[31m", "/", "..", "e1000e", "driver")))
        if not rng.randrange(6):
            (place / "resource").unlink(missing_ok=True)
            (place / "resource").symlink_to("/etc/passwd")
    if tree.exists():
        loaded(tree)


def mailbox(rng):
    """A mailbox with anything wrong with it, compared with the series."""
    change = mutated_lines if rng.randrange(3) else mutated
    data = change(rng, rng.choice(mailboxes()), mailboxes())
    try:
        mails = mbox.mails(mbox.decode(data), "mailbox")
        if not rng.randrange(40):
            check_series.check(mails, "mailbox")
            SeriesSide(mails, "mailbox").find(rng.choice(definitions()))
    except MachineError as error:
        assert str(error).startswith("mailbox"), error  # noqa: PT017


def c_file(rng):
    """A C file with anything wrong with it; what is found has its lines in the file."""
    change = mutated_lines if rng.randrange(2) else mutated
    source = change(rng, C, (C,)).decode("utf-8", "replace")
    found = csource.read(source, "fuzz.c", unfinished=bool(rng.randrange(2)))
    lines = source.split("\n")
    for each in (*found.functions, *found.structs):
        assert 1 <= each.line <= each.end_line <= len(lines)
    for function in found.functions:
        c_statements(function.text)
    for struct in found.structs:
        c_members(struct.text)


def golden_line(rng):
    """A golden trace with anything wrong with it: read, and replayed if it can be."""
    trace = rng.choice(traces())
    if rng.randrange(3):
        line = json.dumps(mutated_json(rng, trace))
    else:
        line = mutated(rng, json.dumps(trace).encode(), most=2).decode("utf-8", "replace")
    with contextlib.suppress(MachineError):
        replay(golden.parse(line, "golden:1"))


def capture(rng):
    """A live capture with anything wrong with it: read, and replayed if it can be."""
    path = written("capture.json", json.dumps(mutated_json(rng, rng.choice(captures()))).encode())
    with contextlib.suppress(MachineError):
        live.replay(live.read(path))


def command(rng):
    """A command on a machine with anything wrong with it: exit status 0, 1 or 2, and at most one line of complaint."""
    data = mutated_lines(rng, rng.choice(dumps()), dumps())
    path = str(written("command.txt", data))
    argv = rng.choice((["tree", path], ["why", path, "00:00.0"], ["why", path, "--json"], ["tree", path, "--json"],
                       ["reset", path, rng.choice(("00:00.0", "slot:1", "bus:01", "bus:x", "01:00.0"))],
                       ["convert", path, "-o", str(folder() / "out.toml")]))  # fmt: skip
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = main(argv)
    assert status in (0, 1, 2), status
    if status == 2:
        complaint = err.getvalue()
        assert complaint.count("\n") == 1, complaint
        assert complaint[:-1].isprintable(), complaint


#: Name -> the target, and its share of all cases in thousandths.
TARGETS = {
    "dump": (dump, 250), "toml": (toml, 25), "tables": (tables, 90), "registers": (registers, 40), "ecam": (ecam, 100),
    "sysfs": (sysfs, 35), "mailbox": (mailbox, 40), "c_file": (c_file, 250), "golden": (golden_line, 40),
    "capture": (capture, 10), "command": (command, 2),
}  # fmt: skip
