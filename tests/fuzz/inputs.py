# SPDX-License-Identifier: GPL-2.0-only
"""Targets that read machines: whatever is in their files, the outcome is a machine or a MachineError, and soon."""

import base64
import bz2
import contextlib
import gzip
import io
import lzma
import quopri
import re
import shutil
import tarfile
import zipfile
from functools import cache

from engine import folder, mutated, mutated_json, mutated_lines, other_json, refused, written
from machines import scribbled
from paths import ROOT

from kernel_port.hw.clock import Clock
from kernel_port.hw.description import MachineDescription
from kernel_port.hw.errors import MachineError
from kernel_port.hw.fabric import Fabric
from kernel_port.images import dump as dump_text
from kernel_port.images import example_names, load, lspci, machine_toml
from kernel_port.images.doubts import guess_sizes, refuse_nonsense, warnings
from kernel_port.images.generate import draw, generate, text
from kernel_port.images.listing import read_listing

EXAMPLES = ROOT / "kernel_port/images/examples"
#: What a raw ECAM image must have at least to be one.
PAGE = 4096
#: Keys of a function that are tables, arrays or text.
KEYS = ("bars", "config", "slot", "express", "pm", "storage", "writes_needed", "slot_events", "size", "rom", "bus")
#: What lspci -vv says in words.
LISTING = b"""\
00:1c.0 PCI bridge [0604]: Intel Corporation Root Port [8086:9d10] (rev f1) (prog-if 00 [Normal decode])
\tControl: I/O+ Mem+ BusMaster+ SpecCycle- MemWINV- VGASnoop- ParErr- Stepping- SERR- FastB2B- DisINTx+
\tStatus: Cap+ 66MHz- UDF- FastB2B- ParErr- DEVSEL=fast >TAbort- <TAbort- <MAbort- >SERR- <PERR- INTx-
\tLatency: 0, Cache Line Size: 64 bytes
\tInterrupt: pin A routed to IRQ 122
\tBus: primary=00, secondary=01, subordinate=01, sec-latency=0
\tI/O behind bridge: 0000e000-0000efff [size=4K]
\tMemory behind bridge: df100000-df1fffff [size=1M]
\tPrefetchable memory behind bridge: 00000000fff00000-00000000000fffff [disabled]
\tBridgeCtl: Parity- SERR- NoISA- VGA- VGA16- MAbort- >Reset- FastB2B-
\t\tPriDiscTmr- SecDiscTmr- DiscTmrStat- DiscTmrSERREn-
\tCapabilities: [40] Express (v2) Root Port (Slot+), MSI 00
\t\tDevCap:\tMaxPayload 256 bytes, PhantFunc 0
\t\t\tExtTag- RBE+
\t\tDevSta:\tCorrErr- NonFatalErr- FatalErr- UnsupReq- AuxPwr+ TransPend-
\t\tLnkCap:\tPort #1, Speed 8GT/s, Width x4, ASPM L0s L1, Exit Latency L0s <1us, L1 <16us
\t\t\tClockPM- Surprise- LLActRep+ BwNot+ ASPMOptComp+
\t\tSltCap:\tAttnBtn- PwrCtrl- MRL- AttnInd- PwrInd- HotPlug+ Surprise+
\t\t\tSlot #4, PowerLimit 25.000W; Interlock- NoCompl+
\t\tSltCtl:\tEnable: AttnBtn- PwrFlt- MRL- PresDet+ CmdCplt- HPIrq+ LinkChg+
\t\t\tControl: AttnInd Unknown, PwrInd Unknown, Power- Interlock-
\tCapabilities: [a0] Power Management version 3
\t\tFlags: PMEClk- DSI- D1- D2- AuxCurrent=0mA PME(D0+,D1-,D2-,D3hot+,D3cold+)
\t\tStatus: D0 NoSoftRst- PME-Enable- DSel=0 DScale=0 PME-
\tCapabilities: [100 v1] Virtual Channel
\t\tCaps:\tLPEVC=0 RefClk=100ns PATEntryBits=1
\t\tVC0:\tCaps:\tPATOffset=00 MaxTimeSlots=1 RejSnoopTrans-
\t\t\tCtrl:\tEnable+ ID=0 ArbSelect=Fixed TC/VC=ff
\tKernel driver in use: pcieport

01:00.0 VGA compatible controller: NVIDIA Corporation GP104 [GeForce GTX 1080] (rev a1) (prog-if 00 [VGA controller])
\tSubsystem: Device 1234:5678
\tFlags: bus master, fast devsel, latency 0, IRQ 16, IOMMU group 1
\tMemory at de000000 (32-bit, non-prefetchable) [size=16M]
\tExpansion ROM at 000c0000 [virtual] [disabled] [size=128K]
\tCapabilities: <access denied>
\tKernel driver in use: vfio-pci

01:00.1 Audio device: NVIDIA Corporation GP104 High Definition Audio Controller (rev ff) (prog-if ff)
\t!!! Unknown header type 7f
"""
RESOURCE = b"0x00000000f0000000 0x00000000f0000fff 0x0000000000040200\n" * 7


@cache
def dumps():
    made = [generate(count, count) for count in (1, 3, 6)] + [load("example:vga"), load("example:conventional")]
    plain = [b"".join(line.encode() for line in lspci.write(machine.functions)) for machine in made]
    short = [b"\n".join(line for line in d.split(b"\n") if line[:1] in b"0\t" and line[:3] < b"100") for d in plain]
    verbose = b'00:02.0 VGA compatible controller: A "B" <C> (rev 1)\n'
    verbose += b"\tRegion 0: Memory at f0000000 (64-bit) [size=256M]\n\tExpansion ROM at fe000000 [size=512K]\n"
    verbose += b"\tMemory at fe000000 (32-bit) [size=1M]\n\tI/O ports at 1000 [size=32]\n"
    verbose += b"\tMemory at <ignored> [size=4K]\n"
    verbose += b"\tCapabilities: [40] Express\n\tKernel driver in use: i915\n" + short[0].partition(b"\n")[2]
    return (*short, *plain[:1], verbose, verbose.replace(b"\n", b"\r\n"))


@cache
def descriptions():
    examples = [(EXAMPLES / f"{name}.toml").read_bytes() for name in example_names()]
    rows = ["".join(machine_toml.write(machine)).encode() for machine in (generate(2, 2), load("example:conventional"))]
    return (*examples, "".join(text(draw(5, 5))).encode(), *rows)


@cache
def images():
    found = []
    for count in (1, 3):
        functions = generate(count, count).functions
        found.append(b"".join(function.config.ljust(PAGE, b"\xff") for function in functions))
    return tuple(found)


def whole(machine):
    """What was loaded is a machine: it can be built and written, and what is written is read as the same."""
    known = [(function.address, function.config) for function in machine.functions]
    with contextlib.suppress(MachineError):
        Fabric(machine, Clock()).close()
    again = machine_toml.parse("".join(machine_toml.write(machine)).encode(), "again")
    assert [(function.address, function.config) for function in again.functions] == known
    if known and all(function.stated is None or any(function.stated) for function in machine.functions):
        written_out = "".join(lspci.write(machine.functions)).encode()
        dumped = dump_text.read(io.BytesIO(written_out), "again").functions
        assert [(each.address, *known_bytes(each)) for each in dumped] == [
            (each.address, *known_bytes(each)) for each in machine.functions
        ]


def known_bytes(function):
    """The bytes that a dump can state, and the mask of them."""
    stated = function.stated if function.stated is not None else b"\xff" * len(function.config)
    mask = bytes(0xFF if bits == 0xFF else 0 for bits in stated[: len(function.config)]).rstrip(b"\0")
    return bytes(byte & bits for byte, bits in zip(function.config, mask, strict=False)), mask


def loaded(path):
    with refused(str(path)):
        whole(load(path))


def dump(rng):
    """lspci text with anything wrong with it."""
    data = rng.choice(dumps())
    if rng.randrange(2):
        data = digits(rng, data)
    else:
        data = (mutated_lines if rng.randrange(2) else mutated)(rng, data, dumps())
    loaded(written("dump.txt", data))


def listing(rng):
    """lspci's words with anything wrong with them: as a file, and as the lines of one function."""
    change = mutated_lines if rng.randrange(3) else mutated
    data = change(rng, LISTING, (LISTING, dumps()[-1]))
    if rng.randrange(2):
        loaded(written("listing.txt", data))
        return
    title, *lines = data.decode("latin-1").split("\n")
    found = read_listing(title, lines)
    assert len(found.config) == len(found.stated)
    assert len(found.config) in {64, 256, 4096}


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
    with refused("tables"):
        whole(machine_toml.build(document, "tables"))


def registers(rng):
    """A dump that is text as lspci writes it, and has any bytes in it."""
    machine = generate(1 + rng.randrange(4), rng.randrange(50))
    for function in machine.functions:
        function.config = scribbled(rng, function).config[: rng.choice((64, 128, 256, 256, 4096))]
        function.size = 4096 if len(function.config) > 256 else 256
    with refused("registers"):
        refuse_nonsense(machine.functions, "registers")
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


def wrapped(rng):
    """A dump in what mails, forums and logs put around it, with anything wrong with that."""
    data = rng.choice(dumps())
    for _ in range(rng.randrange(4)):
        data = rng.choice(WRAPS)(data)
    if rng.randrange(2):
        data = (mutated_lines if rng.randrange(2) else mutated)(rng, data, dumps())
    loaded(written("mail.txt", data * (1 + rng.randrange(2))))


WRAPS = (
    lambda data: b"".join(b"> " + line for line in data.splitlines(keepends=True)),
    lambda data: b"".join(b"\t" + line for line in data.splitlines(keepends=True)),
    lambda data: b"".join(b"[  %4d.5] " % at + line for at, line in enumerate(data.splitlines(keepends=True))),
    lambda data: b"x\n<pre>" + data.replace(b"<", b"&lt;") + b"</pre>",
    lambda data: data.replace(b"\n", b"<br>\n"),
    lambda data: data.replace(b"\n", b"<br>"),
    lambda data: data.decode("latin-1").encode("utf-16"),
    quopri.encodestring,
    lambda data: b"Content-Transfer-Encoding: base64\n\n" + base64.encodebytes(data) + b"\n--x\n",
    lambda data: data.replace(b" ", b"\xc2\xa0"),
    lambda data: data.replace(b"\n", b" lspci: Unable to load: error -12\n", 3),
    gzip.compress, lzma.compress, bz2.compress,
)  # fmt: skip


@cache
def hexdumps():
    config = generate(3, 1).functions[1].config
    rows = [(at, config[at : at + 16]) for at in range(0, 256, 16)]
    tools = {
        "hexdump -C": [f"{at:08x}  {row[:8].hex(' ')}  {row[8:].hex(' ')}  |{'.' * 16}|" for at, row in rows],
        "xxd": [f"{at:08x}: {row.hex(' ', 2)}  {'.' * 16}" for at, row in rows],
        "hexdump": [f"{at:07x} " + " ".join(row[k : k + 2][::-1].hex() for k in range(0, 16, 2)) for at, row in rows],
        "od": [f"{at:07o} {row.hex(' ')}" for at, row in rows],
    }
    return tuple("\n".join([*lines[:9], "*", *lines[10:], ""]).encode() for lines in tools.values())


def config(rng):
    """A config file, or a dump of one by any tool, with anything wrong with it."""
    path = rng.choice(("0000:01:00.0/config", "config"))
    if rng.randrange(3):
        data = b"$ xxd 0000:01:00.0/config\n" * rng.randrange(2) + rng.choice(hexdumps())
        data = (mutated_lines if rng.randrange(2) else mutated)(rng, data, hexdumps())
    else:
        data = generate(1 + rng.randrange(3), rng.randrange(9)).functions[0].config[: rng.choice((64, 256, 4096))]
        data = mutated(rng, data, most=2) if rng.randrange(2) else data
    path = written(path, data)
    with refused(str(path)):
        whole(load(path, rng.choice(("", "01:00.0"))))


def archive(rng):
    """A tar or zip of a sysfs tree, packed or not, broken before or after that or not at all."""
    buffer = io.BytesIO()
    files = {}
    for number in range(1 + rng.randrange(3)):
        place = rng.choice(("sys/bus/pci/devices", "devices/pci0000:00", "..", "\x1b[2J"))
        name = f"{place}/0000:00:{number:02x}.0"
        config = generate(1 + rng.randrange(3), rng.randrange(9)).functions[0].config[: rng.choice((64, 256, 4096))]
        files[f"{name}/config"] = config.ljust(rng.choice((64, 4096)), b"\0")
        files[f"{name}/resource"] = mutated_lines(rng, RESOURCE) if rng.randrange(2) else RESOURCE
        files[f"{name}/uevent"] = rng.choice((b"DRIVER=e1000e\n", b"DRIVER=\x1b[2J\n"))
    if rng.randrange(3):
        with tarfile.open(None, "w", buffer, format=rng.choice((tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT,
                                                                 tarfile.PAX_FORMAT))) as made:  # fmt: skip
            for name, data in files.items():
                member = tarfile.TarInfo(name * (1 if made.format == tarfile.USTAR_FORMAT else rng.choice((1, 9))))
                member.size = len(data)
                member.type = rng.choice((tarfile.REGTYPE,) * 5 + (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE))
                member.linkname = rng.choice(("x", "/etc/passwd", "\x1b[2J"))
                made.addfile(member, io.BytesIO(data))
    else:
        with zipfile.ZipFile(buffer, "w", rng.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))) as made:
            for name, data in files.items():
                made.writestr(name, data)
    data = buffer.getvalue()
    data = mutated(rng, data, most=2) if not rng.randrange(3) else data
    data = rng.choice((bytes, bytes, gzip.compress))(data)
    path = written("tree.archive", mutated(rng, data, most=2) if rng.randrange(2) else data)
    with refused(str(path)):
        whole(load(path))


#: Name -> the target, and its share of all cases in thousandths.
TARGETS = {
    "dump": (dump, 170), "listing": (listing, 40), "toml": (toml, 30), "tables": (tables, 80),
    "registers": (registers, 40), "ecam": (ecam, 100), "sysfs": (sysfs, 35), "wrapped": (wrapped, 60),
    "config": (config, 60), "archive": (archive, 25),
}  # fmt: skip
