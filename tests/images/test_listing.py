# SPDX-License-Identifier: GPL-2.0-only
"""Listings in words; the oracle is lspci itself, given the bytes that must come back."""

import re
import shutil
import subprocess

import pytest
from listings import OPTIONS, dump_of, printed, scribbled, wrong

from kernel_port import boot
from kernel_port.hw.address import Address
from kernel_port.hw.config_space import capabilities, extended_capabilities, header_type, word
from kernel_port.hw.description import FunctionDescription
from kernel_port.hw.registers import SHEET
from kernel_port.images import load, save
from kernel_port.images.generate import generate
from kernel_port.images.listing import read_listing
from kernel_port.pci_regs import PCI_CAP_ID_AF, PCI_CAP_ID_EXP, PCI_CAP_ID_PCIX, PCI_CAP_ID_PM, PCI_EXT_CAP_ID_VC
from kernel_port.why.ladder import survey

MORE = [pytest.param(seed, marks=pytest.mark.slow) for seed in range(1, 8)]
#: What decides a reset, register -> bits; of the header, and by capability. -vv prints all of it.
DECIDES = {"PCI_STATUS": 0x10, "PCI_HEADER_TYPE": 0x7F, "PCI_CLASS_DEVICE": 0xFFFF, "PCI_CLASS_PROG": 0xFF}
DECIDES_BRIDGE = {
    "PCI_PRIMARY_BUS": 0xFF, "PCI_SECONDARY_BUS": 0xFF, "PCI_SUBORDINATE_BUS": 0xFF, "PCI_BRIDGE_CONTROL": 0x40,
}  # fmt: skip
DECIDES_IN = {
    PCI_CAP_ID_PM: {"PCI_PM_PMC": 0x0607, "PCI_PM_CTRL": 0x000B},
    PCI_CAP_ID_AF: {"PCI_AF_CAP": 3, "PCI_AF_STATUS": 1},
    PCI_CAP_ID_EXP: {"PCI_EXP_FLAGS": 0x00FF, "PCI_EXP_DEVCAP": 1 << 28, "PCI_EXP_DEVSTA": 0x20},
}
DECIDES_SLOT = {
    "PCI_EXP_FLAGS": 0x100, "PCI_EXP_LNKCAP": 0x001003F0, "PCI_EXP_LNKSTA": 0x3BF0, "PCI_EXP_SLTCAP": 0xFFFE007F,
    "PCI_EXP_SLTCTL": 0x1FFF, "PCI_EXP_SLTSTA": 0x1FF,
}  # fmt: skip
HEAD = "01:00.0 VGA compatible controller [0300]: NVIDIA Corporation GP104 [GeForce GTX 1080] [10de:1b80] (rev a1)"
PLAIN_HEADER = [
    "\tControl: I/O+ Mem+ BusMaster- SpecCycle- MemWINV- VGASnoop- ParErr- Stepping- SERR- FastB2B- DisINTx-",
    "\tStatus: Cap+ 66MHz- UDF- FastB2B- ParErr- DEVSEL=fast >TAbort- <TAbort- <MAbort- >SERR- <PERR- INTx-",
]


def real_dumps(shared):
    return sorted((shared / "dumps").glob("*.txt"))


def dumped(machine):
    """Address as lspci -D prints it -> bytes."""
    return {str(function.address): function.config.ljust(4096, b"\0") for function in machine.functions}


def stated(listing, where, bits):
    """The bits of a register that are not stated."""
    known = int.from_bytes(listing.stated[where : where + 4].ljust(4, b"\0"), "little")
    return bits & ~known


def field(listing, where, size=1):
    """A value and the mask of it that is stated."""
    return tuple(int.from_bytes(of[where : where + size], "little") for of in (listing.config, listing.stated))


@pytest.mark.parametrize("seed", [0, *MORE])
def test_read_listing_of_any_registers_states_nothing_wrong(tmp_path, seed):
    configs = [scribbled(256 * seed + at) for at in range(32 if seed == 0 else 256)]
    dump = tmp_path / "dump"
    dump.write_text(dump_of(configs))
    for options in OPTIONS:
        for config, (title, lines) in zip(configs, printed(dump, options), strict=True):
            listing = read_listing(title, lines)
            assert not wrong(listing, config), (options, title, wrong(listing, config))
            assert listing.verbose


@pytest.mark.parametrize("seed", [0, *MORE])
def test_read_listing_of_generated_machines_states_nothing_wrong(tmp_path, seed):
    machine = generate(30 + 40 * seed, seed)
    save(machine, tmp_path / "m.txt")
    configs = dumped(machine)
    for options in (*OPTIONS, ("-nn",)):
        for title, lines in printed(tmp_path / "m.txt", options):
            listing = read_listing(title, lines)
            assert not wrong(listing, configs[title.split()[0]]), (options, title)


@pytest.mark.parametrize("options", [*OPTIONS, ("-nn",), ("-k",)], ids="".join)
def test_read_listing_of_real_machines_states_nothing_wrong(shared, options):
    for dump in real_dumps(shared):
        configs = dumped(load(dump))
        for title, lines in printed(dump, options):
            listing = read_listing(title, lines)
            assert not wrong(listing, configs[title.split()[0]]), (dump.name, title)


def test_read_listing_of_real_machines_states_all_that_decides_a_reset(shared):
    count = 0
    for dump in real_dumps(shared):
        configs = dumped(load(dump))
        for title, lines in printed(dump, ("-vv",)):
            listing, config = read_listing(title, lines), configs[title.split()[0]]
            for name, where, bits in decisive(config):
                count += bits.bit_count()
                assert not stated(listing, where, bits), (dump.name, title, name)
    assert count > 5000


def decisive(config):
    """Yield what of a function decides its resets: name, offset and bits."""
    bridge = header_type(config) == 1
    for name, bits in (DECIDES | (DECIDES_BRIDGE if bridge else {})).items():
        yield name, SHEET[name].offset, bits
    chain = list(capabilities(config))
    if chain:
        yield "first capability", 0x34 if header_type(config) != 2 else 0x14, 0xFC
    for cap, at in chain:
        yield "capability", at, 0xFCFF
        table = DECIDES_IN.get(cap, {})
        if cap == PCI_CAP_ID_EXP and bridge and word(config, at + 2) & 0xF0 in (0x40, 0x60):
            table = table | (DECIDES_SLOT if word(config, at + 2) & 0x100 else {"PCI_EXP_FLAGS": 0x1FF})
        for name, bits in table.items():
            yield name, at + SHEET[name].offset, bits
    for cap, at in extended_capabilities(config) if {PCI_CAP_ID_EXP, PCI_CAP_ID_PCIX} & dict(chain).keys() else ():
        # Two IDs have the name Virtual Channel.
        yield "extended capability", at, 0xFFCFFFF4 if cap == PCI_EXT_CAP_ID_VC else 0xFFCFFFFF


def verdicts(machine):
    found = survey(boot(machine, trace_boot=False), explain=False)
    return {
        **{each.bdf: (each.rc, [(rung.function, rung.rc) for rung in each.rungs]) for each in found.ladders},
        **{f"{group.kind} {group.name}": (group.rc, group.takes) for group in (*found.slots, *found.buses)},
    }


def read_back(dump, path, options):
    """The machine that lspci's words describe."""
    text = subprocess.run(["lspci", "-D", "-F", str(dump), *options], capture_output=True, check=True).stdout
    assert not re.search(rb"^[0-9a-f]{2,3}: ", text, re.MULTILINE)
    path.write_bytes(text)
    return load(path)


@pytest.mark.skipif(shutil.which("lspci") is None, reason="pciutils is not installed")
def test_load_words_of_real_machines_verdicts_are_the_dumps(shared, tmp_path):
    for dump in real_dumps(shared):
        right = verdicts(load(dump))
        assert verdicts(read_back(dump, tmp_path / dump.name, ["-vvv", "-nn"])) == right, dump.name
        for bdf, (rc, rungs) in verdicts(read_back(dump, tmp_path / dump.name, ["-vvv"])).items():
            if rc is not None:  # names that several devices have are no device ID, which decides about one method
                known = [(method, each) for method, each in rungs if each is not None] if ":" in bdf[4:5] else rungs
                assert rc == right[bdf][0]
                assert set(known) <= set(right[bdf][1])


@pytest.mark.skipif(shutil.which("lspci") is None, reason="pciutils is not installed")
@pytest.mark.parametrize("seed", [0, *MORE])
def test_load_words_of_generated_machines_verdicts_are_the_dumps(tmp_path, seed):
    machine = generate(24 + 30 * seed, 50 + seed)
    save(machine, tmp_path / "m.txt")
    assert verdicts(read_back(tmp_path / "m.txt", tmp_path / "words.txt", ["-vv", "-nn"])) == verdicts(machine)


def test_read_listing_title_has_class_ids_and_revision():
    listing = read_listing(HEAD, PLAIN_HEADER)
    assert field(listing, 0, 4) == (0x1B8010DE, 0xFFFFFFFF)
    assert field(listing, 8, 4) == (0x030000A1, 0xFFFFFFFF)


@pytest.mark.parametrize(
    ("title", "code"),
    [
        ("00:1c.0 PCI bridge: Intel Corporation Device a110", 0x0604),
        ("0000:00:1c.0 0604: 8086:a110 (rev f1)", 0x0604),
        ("00:1c.0 Class 0604: Device 8086:a110", 0x0604),
        ("00:1c.0 USB Controller: Intel Corporation Something", 0x0C03),
        ("00:1c.0 Generic system peripheral [0808]: Intel Corporation Device a110", 0x0808),
    ],
)
def test_read_listing_class_by_name_or_number(title, code):
    assert field(read_listing(title, []), 0x0A, 2) == (code, 0xFFFF)


def test_read_listing_title_that_is_prose_states_nothing():
    assert not any(read_listing("01:00.0 is the card that hangs", ["\tafter a while"]).stated)


def test_read_listing_ids_not_in_the_text_are_none_stated_and_none_of_nobody():
    listing = read_listing("01:00.0 VGA compatible controller: Nobody Ltd. Nothing", PLAIN_HEADER)
    vendor, known = field(listing, 0, 4)
    assert known == 0
    assert 0 < vendor & 0xFFFF < 0xFFFF


def test_read_listing_unnamed_device_has_its_number():
    assert field(read_listing("01:00.0 VGA compatible controller: Nobody Ltd. Device 2b85", []), 2, 2)[0] == 0x2B85


def test_read_listing_all_ones_by_header_type_7f():
    title = "01:00.0 VGA compatible controller: NVIDIA Corporation GP104 (rev ff) (prog-if ff)"
    listing = read_listing(title, ["\t!!! Unknown header type 7f", "\tKernel driver in use: vfio-pci"])
    assert set(listing.config) == set(listing.stated) == {0xFF}
    assert listing.driver == "vfio-pci"


def test_read_listing_without_root_rights_states_a_list_and_nothing_of_it():
    listing = read_listing(HEAD, [*PLAIN_HEADER, "\tCapabilities: <access denied>"])
    assert field(listing, 0x06)[0] & 0x10
    assert field(listing, 0x34) == (0, 0)
    assert len(listing.config) == 64
    assert field(listing, 0x0E) == (0, 0x7F)


def test_read_listing_order_of_capabilities_is_their_chain():
    lines = [
        *PLAIN_HEADER, "\tCapabilities: [60] Power Management version 3", "\t\tFlags: PMEClk- DSI- D1- D2-",
        "\t\tStatus: D0 NoSoftRst+ PME-Enable- DSel=0 DScale=0 PME-",
        "\tCapabilities: [50] PCI Advanced Features", "\t\tAFCap: TP+ FLR+", "\t\tAFCtrl: FLR-", "\t\tAFStatus: TP-",
    ]  # fmt: skip
    listing = read_listing(HEAD, lines)
    assert field(listing, 0x34) == (0x60, 0xFC)
    assert field(listing, 0x60, 2) == (0x5001, 0xFCFF)
    assert field(listing, 0x50, 2) == (0x0013, 0xFCFF)
    assert field(listing, 0x64, 2) == (0x0008, 0xFF0B)  # NoSoftRst is bit 3; bits 2 and 4 to 7 are not printed
    assert field(listing, 0x53) == (3, 3)


@pytest.mark.parametrize(
    "end", [[], ["\t\tFlags: PMEClk- DSI-"], ["\t\tStatus: D0 NoSoftRst+", "[...]"], ["\t\tStatus: D0", "..."]]
)
def test_read_listing_cut_short_states_no_end_of_the_chain(end):
    before = ["\tCapabilities: [50] PCI Advanced Features", "\t\tAFCap: TP+ FLR+", "\t\tAFStatus: TP-"]
    listing = read_listing(HEAD, [*PLAIN_HEADER, *before, "\tCapabilities: [60] Power Management version 3", *end])
    assert field(listing, 0x51) == (0x60, 0xFC)
    assert field(listing, 0x61) == (0, 0)


def test_read_listing_lines_about_drivers_are_the_end():
    end = ["\tCapabilities: [60] Power Management version 3", "\tKernel driver in use: nvidia"]
    listing = read_listing(HEAD, [*PLAIN_HEADER, *end])
    assert field(listing, 0x61) == (0, 0xFC)
    assert (listing.driver, listing.iommu_group) == ("nvidia", None)


def test_read_listing_capabilities_left_out_between_are_not_linked():
    lines = [
        "\tCapabilities: [60] Power Management version 3",
        "\t...",
        "\tCapabilities: [78] Express (v2) Endpoint, MSI 00",
    ]
    assert field(read_listing(HEAD, [*PLAIN_HEADER, *lines]), 0x61) == (0, 0)


def test_read_listing_wrapped_and_without_indentation_as_mail_has_it():
    lines = [
        "Control: I/O+ Mem+ BusMaster- SpecCycle- MemWINV- VGASnoop- ParErr-", "Stepping- SERR+ FastB2B- DisINTx+",
        "Status: Cap+ 66MHz- UDF- FastB2B- ParErr- DEVSEL=fast >TAbort-", "<TAbort- <MAbort+ >SERR- <PERR- INTx-",
        "Capabilities: [78] Express (v2) Endpoint, MSI 00",
        "DevCap: MaxPayload 256 bytes, PhantFunc 0, Latency L0s", "unlimited, L1 <64us",
        "ExtTag+ AttnBtn- AttnInd- PwrInd- RBE+", "FLReset+ SlotPowerLimit 75.000W",
    ]  # fmt: skip
    listing = read_listing(HEAD, lines)
    assert field(listing, 0x04, 2) == (0x0503, 0x07FF)
    assert field(listing, 0x06, 2) == (0x2010, 0xFFF8)
    # MaxPayload 1, L0s 7 << 6, L1 6 << 9, ExtTag, RBE, FLR; the power limit may be 75 or 750 tenths
    assert field(listing, 0x7C, 4) == (0x10008DE1, 0x1000FFFF)


def test_read_listing_title_wrapped_as_mail_has_it():
    title, rest = HEAD.replace(" GP104", "\nGP104").split("\n")
    listing = read_listing(title, [rest + " (prog-if 01)", *PLAIN_HEADER])
    assert field(listing, 0, 4) == (0x1B8010DE, 0xFFFFFFFF)
    assert field(listing, 8, 4) == (0x030001A1, 0xFFFFFFFF)


def test_read_listing_says_what_is_missing_and_what_to_do():
    listing = read_listing(
        "01:00.0 VGA compatible controller: Nobody Ltd. Nothing", ["\tCapabilities: <access denied>"]
    )
    assert len(listing.warnings) == 2
    assert all("lspci -nn" in warning for warning in listing.warnings)
    assert read_listing(HEAD, [*PLAIN_HEADER, "\tKernel driver in use: x"]).warnings == []


def test_read_listing_of_lspci_3_1():
    lines = [
        *PLAIN_HEADER, "\tCapabilities: [78] Express (v1) Root Port (Slot+), MSI 00",
        "\t\tDevCtl:\tReport errors: Correctable- Non-Fatal+ Fatal- Unsupported+",
        "\t\t\tRlxdOrd+ ExtTag- PhantFunc- AuxPwr- NoSnoop-", "\t\t\tMaxPayload 128 bytes, MaxReadReq 512 bytes",
        "\t\tDevSta:\tCorrErr+ UncorrErr- FatalErr- UnsuppReq- AuxPwr- TransPend+",
        "\t\tLnkCap:\tPort #1, Speed 5GT/s, Width x4, ASPM L0s L1, Latency L0 <256ns, L1 <4us",
        "\t\t\tClockPM- Surprise+ LLActRep+ BwNot-",
        "\t\tLnkCtl:\tASPM Disabled; RCB 64 bytes Disabled- Retrain- CommClk+",
        "\t\tLnkSta:\tSpeed 2.5GT/s, Width x1, TrErr- Train- SlotClk+ DLActive+ BWMgmt- ABWMgmt-",
    ]  # fmt: skip
    listing = read_listing(HEAD, lines)
    assert field(listing, 0x7A, 2) == (0x0141, 0x3FFF)
    assert field(listing, 0x80, 2) == (0x201A, 0x7FFF)  # NFERE, URRE, RELAX_EN, 512 = 2 << 12
    assert field(listing, 0x82, 2) == (0x0021, 0x003F)
    # 5GT/s, 4 << 4, L0s and L1 3 << 10, <256ns 2 << 12, <4us 2 << 15, SDERC, DLLLARC, 1 << 24
    assert field(listing, 0x84, 4) == (0x01192C42, 0xFF3FFFFF)
    assert field(listing, 0x8A, 2) == (0x3011, 0xFFFF)


def test_read_listing_addresses_of_a_function_that_decodes_nothing_are_not_stated():
    lines = [
        "\tControl: I/O- Mem- BusMaster- SpecCycle-",
        "\tRegion 0: Memory at e0000000 (64-bit, prefetchable) [disabled] [size=256M]",
        "\tRegion 2: Memory at f0000000 (32-bit, non-prefetchable) [virtual] [size=16M]",
        "\tRegion 5: I/O ports at <unassigned> [disabled]",
        "\tExpansion ROM at f1000000 [disabled] [size=512K]",
        "\tCapabilities: <access denied>",
    ]
    listing = read_listing(HEAD, lines)
    assert field(listing, 0x10, 4) == (0xC, 0xF)
    assert field(listing, 0x18, 4) == (0, 0xFFFFFFF0)
    assert field(listing, 0x24, 4) == (1, 1)
    assert field(listing, 0x30, 4) == (0, 1)
    assert (listing.bars, listing.rom) == ({0: 256 << 20, 2: 16 << 20}, 512 << 10)


def test_read_listing_windows_of_a_bridge():
    lines = [
        "\tControl: I/O+ Mem+ BusMaster+ SpecCycle-",
        "\tBus: primary=00, secondary=01, subordinate=03, sec-latency=0",
        "\tI/O behind bridge: 0000e000-0000ffff [size=8K]",
        "\tMemory behind bridge: f6000000-f70fffff [size=17M]",
        "\tPrefetchable memory behind bridge: 00000000c0000000-00000000d1ffffff [size=288M]",
        "\tIOMMU group: 12", "\tCapabilities: <access denied>",
    ]  # fmt: skip
    listing = read_listing("00:01.0 PCI bridge: Intel Corporation Nothing", lines)
    assert field(listing, 0x0E) == (1, 0x7F)
    assert field(listing, 0x18, 4) == (0x00030100, 0xFFFFFFFF)
    assert field(listing, 0x1C, 2) == (0xF0E0, 0xF0F0)  # 16 or 32 bits: not printed
    assert field(listing, 0x20, 4) == (0xF700F600, 0xFFFFFFFF)
    assert field(listing, 0x24, 4) == (0xD1F1C001, 0xFFFFFFFF)
    assert field(listing, 0x28, 4) == (0, 0xFFFFFFFF)
    assert listing.iommu_group == 12


def test_apply_keeps_what_the_rows_state_and_adds_the_rest():
    lines = [*PLAIN_HEADER, "\tCapabilities: [60] Power Management version 3",
             "\t\tStatus: D3 NoSoftRst- PME-Enable- DSel=0 DScale=0 PME-", "\tKernel driver in use: x"]  # fmt: skip
    function = FunctionDescription(Address(0, 1, 0, 0), bytes(range(64)))
    read_listing(HEAD, lines).apply(function)
    assert function.config[:64] == bytes(range(64))
    assert function.stated[:64] == b"\xff" * 64
    assert (len(function.config), function.config[0x64], function.stated[0x64]) == (256, 3, 0x0B)
    assert function.driver == "x"


def test_load_words_and_rows_in_one_file(tmp_path):
    rows = "".join(f"{at:02x}: " + "11 " * 15 + "11\n" for at in range(0, 64, 16)).replace("11", "00")
    header = rows.replace("00: 00 00 00 00", "00: 86 80 d3 10", 1)
    path = tmp_path / "m.txt"
    path.write_text("\n".join([HEAD, *PLAIN_HEADER, "\tKernel driver in use: nvidia", "", f"02:00.0 Other\n{header}"]))
    first, second = load(path).functions
    assert (first.driver, first.config[:4]) == ("nvidia", b"\xde\x10\x80\x1b")
    # The title states vendor and device, offsets 0 to 3; no line says what Interrupt Line, offset 0x3c, has.
    assert (first.stated[:4], first.stated[0x3C]) == (b"\xff" * 4, 0)
    assert second.stated == b"\xff" * 64  # of 256: there is no capability list


TITLES = """\
00:00.0 Host bridge [0600]: Example Root [1234:0001]
00:01.0 PCI bridge [0604]: Example Port [1234:0002]
00:02.0 PCI bridge [0604]: Example Port [1234:0002]
01:00.0 VGA compatible controller [0300]: Example Card [1234:0003] (rev a1)
\tKernel driver in use: toy
02:00.0 Ethernet controller [0200]: Example Wire [1234:0004]
3f:00.0 Host bridge [0600]: Example Memory Hub [1234:0005]
"""


def test_load_titles_alone_are_functions_of_which_nothing_else_is_known(tmp_path):
    (tmp_path / "m.txt").write_text(TITLES)
    machine = load(tmp_path / "m.txt")
    assert [str(each.address)[5:] for each in machine.functions] == [
        line[:7] for line in TITLES.splitlines() if line[0] != "\t"
    ]
    card = machine.functions[3]
    assert (card.driver, card.config[:4], card.config[8]) == ("toy", bytes.fromhex("34120300"), 0xA1)
    # IDs (0 to 3), revision (8) and class (0xa, 0xb) are in the title.
    assert [at for at, known in enumerate(card.stated) if known] == [0, 1, 2, 3, 8, 0xA, 0xB]
    assert len(machine.warnings) == 1
    with boot(machine, trace_boot=False) as booted:
        found = survey(booted)
    ladders = {ladder.bdf[5:]: ladder for ladder in found.ladders}
    assert {name: ladders[name].rc for name in ("00:01.0", "01:00.0", "02:00.0")} == {
        "00:01.0": None, "01:00.0": None, "02:00.0": None,
    }  # fmt: skip
    # Which of the two ports leads to which bus is not said, so neither is taken for it; a host bridge is on a root bus.
    groups = {group.name[5:]: group for group in found.buses}
    assert [(groups[bus].rc, bool(groups[bus].unknown)) for bus in ("01", "02")] == [(None, True)] * 2
    assert groups["3f"].rc == groups["00"].rc == -25


def test_load_titles_with_more_buses_than_places_for_devices(tmp_path):
    many = [f"{bus:02x}:00.0 Ethernet controller [0200]: Example Wire [1234:0004]\n" for bus in range(1, 101)]
    (tmp_path / "m.txt").write_text("".join([*TITLES.splitlines(keepends=True)[:2], *many]))
    with boot(load(tmp_path / "m.txt"), trace_boot=False) as booted:
        found = survey(booted, explain=False)
        assert len([each for each in booted.description.functions if each.stand_in]) == 100
    assert {ladder.rc for ladder in found.ladders if ladder.bdf[5:7] != "00"} == {None}


def test_load_titles_of_a_bridge_below_a_bridge_keep_their_addresses(tmp_path):
    lines = TITLES.splitlines(keepends=True)
    switch = "01:00.0 PCI bridge [0604]: Example Switch [1234:0006]\n"
    (tmp_path / "m.txt").write_text("".join([*lines[:2], switch, lines[5], "04:00.0 VGA compatible controller: Toy\n"]))
    machine = load(tmp_path / "m.txt")
    with boot(machine, trace_boot=False) as booted:
        names = {dev.dev.name[5:] for dev in booted.functions}
        assert all(ladder.rc is None for ladder in survey(booted).ladders if ladder.bdf[5:] in ("02:00.0", "04:00.0"))
    assert {str(each.address)[5:] for each in machine.functions} <= names


def test_load_titles_with_which_no_other_machine_can_be_made_are_unknown(tmp_path):
    # Whatever the ports on further root buses lead to, its number is that of a bus that is there.
    titles = []
    for root in range(0, 256, 32):
        titles.append(f"{root:02x}:00.0 Host bridge [0600]: Example Root [1234:0001]\n")
        titles.append(f"{root:02x}:01.1 PCI bridge [0604]: Example Port [1234:0002]\n")
        titles += [f"{root + at:02x}:00.0 VGA compatible controller [0300]: Toy [1234:0003]\n" for at in (1, 2, 3)]
    (tmp_path / "m.txt").write_text("".join(titles))
    with boot(load(tmp_path / "m.txt"), trace_boot=False) as booted:
        assert {ladder.rc for ladder in survey(booted, explain=False).ladders} == {None}


def test_load_empty_lines_within_a_listing_do_not_end_it(tmp_path):
    def loaded(text):
        (tmp_path / "m.txt").write_text(text)
        return load(tmp_path / "m.txt").functions

    lines = [HEAD, *PLAIN_HEADER, "\tKernel driver in use: nvidia", ""]
    whole = loaded("\n".join(lines))
    for at in range(2, len(lines) - 1):
        assert loaded("\n".join([*lines[:at], "", *lines[at:]])) == whole
    (function,) = loaded("\n".join([*lines, "    I think so, too", "\tKernel driver in use: other", ""]))
    assert function.driver == "nvidia"


# -- words and rows of one function ------------------------------------------------------------------------------------


def hex_of(config):
    return "".join(f"{at:02x}: {config[at : at + 16].hex(' ')}\n" for at in range(0, len(config), 16))


def words(*lines):
    return "".join(f"\t{line}\n" for line in lines)


#: A header of 64 bytes, with a list from 0x40 on, and what lspci -vv says of a function with Power Management there.
SHORT = bytes.fromhex("de10801b0600 1000 a1000003 00000000".replace(" ", "")).ljust(64, b"\0")
SHORT = SHORT[:0x34] + b"\x40" + SHORT[0x35:]
SAID = words("Control: I/O- Mem+ BusMaster+ SpecCycle- MemWINV- VGASnoop- ParErr- Stepping- SERR- FastB2B- DisINTx-",
             "Capabilities: [40] Power Management version 3",
             "\tFlags: PMEClk- DSI- D1- D2- AuxCurrent=0mA PME(D0-,D1-,D2-,D3hot-,D3cold-)",
             "\tStatus: D0 NoSoftRst+ PME-Enable- DSel=0 DScale=0 PME-",
             "Kernel driver in use: vfio-pci")  # fmt: skip


def one(tmp_path, text):
    (tmp_path / "m.txt").write_text(text)
    (function,) = (each for each in load(tmp_path / "m.txt").functions if not each.stand_in)
    return function


def test_load_words_below_64_bytes_say_the_rest(tmp_path):
    function = one(tmp_path, f"{HEAD}\n{SAID}{hex_of(SHORT)}\n")
    assert function.config[:64] == SHORT
    # PM Control: bit 3 is No_Soft_Reset; bits 1:0 the power state, 0
    assert (function.config[0x44] & 0x0B, function.stated[0x44] & 0x0B) == (0x08, 0x0B)


def test_load_words_in_one_place_and_rows_in_another_are_one_function(tmp_path):
    whole = bytearray(SHORT.ljust(256, b"\0"))
    whole[0x40:0x46] = bytes.fromhex("010003000000")  # No_Soft_Reset is clear: the rows win
    function = one(tmp_path, f"{HEAD}\n{SAID}\nThen with -xxx:\n\n{HEAD}\n{hex_of(whole)}\n")
    assert (function.config[:256], function.driver) == (bytes(whole), "vfio-pci")


def test_load_words_fill_a_missing_row_and_nothing_else(tmp_path):
    whole = bytearray(SHORT.ljust(256, b"\0"))
    whole[0x40:0x46] = bytes.fromhex("010003000800")
    rows = hex_of(whole).splitlines(keepends=True)
    del rows[4]
    function = one(tmp_path, f"{HEAD}\n{SAID}{''.join(rows)}\n")
    assert (function.config[0x44] & 8, function.stated[0x44] & 8) == (8, 8)
    assert function.stated[0x46:0x50] == bytes(10)


def test_load_the_same_words_twice_are_one_listing(tmp_path):
    function = one(tmp_path, f"{HEAD}\n{SAID}\nand with -vv again:\n\n{HEAD}\n{SAID}\n")
    assert (function.config[0x40], function.config[0x44] & 8) == (1, 8)
