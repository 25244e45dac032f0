# SPDX-License-Identifier: GPL-2.0-only
"""The register table, and writes through it."""

from random import Random

import pytest
from hw_machine import (
    AF,
    DOWNSTREAM,
    ENDPOINT,
    EXP,
    MSI,
    PCIX,
    PM,
    ROOT_PORT,
    Bench,
    bridge,
    config,
    exp,
    function,
    pm,
    port,
    words,
)

from kernel_port.hw import caps, qemu, regs
from kernel_port.hw.address import Address
from kernel_port.hw.description import FunctionDescription
from kernel_port.hw.image import ConfigImage
from kernel_port.hw.layout import Layout
from kernel_port.hw.masks import Masks, Reset
from kernel_port.hw.regs import Register

TABLES = [
    pytest.param(rows, id=f"{module.__name__.rsplit('.')[-1]}.{name}")
    for module in (regs, caps)
    for name, rows in vars(module).items()
    if name.isupper() and isinstance(rows, tuple) and isinstance(rows[0], Register)
]

#: Table, register, size, and its columns that are not 0: as the hardware of the golden traces is described, and for the
#: rest as the specifications have them (PCIe 7.8.4 and 7.8.19 RWS, 7.10 error reporting, 7.11 channels, 7.13 ARI, 7.16
#: ACS, 7.22 resizable BARs, 7.25 latencies, 3.1's 7.31 containment, 7.33 L1 substates; ATS 5.1; SR-IOV 3.3; PM 3.2.4).
SPECIFIED = """
COMMON PCI_COMMAND 2 rw=0x0547
COMMON PCI_STATUS 2 w1c=0xf900 raised=0x0008
COMMON PCI_CACHE_LINE_SIZE 1 rw=0xff
COMMON PCI_INTERRUPT_LINE 1 rw=0xff
COMMON_CONVENTIONAL PCI_COMMAND 2 rw=0x0557
COMMON_CONVENTIONAL PCI_LATENCY_TIMER 1 rw=0xf8
BRIDGE PCI_PRIMARY_BUS 1 rw=0xff
BRIDGE PCI_SECONDARY_BUS 1 rw=0xff
BRIDGE PCI_SUBORDINATE_BUS 1 rw=0xff
BRIDGE PCI_IO_BASE 1 rw=0xf0
BRIDGE PCI_IO_LIMIT 1 rw=0xf0
BRIDGE PCI_SEC_STATUS 2 w1c=0xf900
BRIDGE PCI_MEMORY_BASE 2 rw=0xfff0
BRIDGE PCI_MEMORY_LIMIT 2 rw=0xfff0
BRIDGE PCI_PREF_MEMORY_BASE 2 rw=0xfff0
BRIDGE PCI_PREF_MEMORY_LIMIT 2 rw=0xfff0
BRIDGE PCI_BRIDGE_CONTROL 2 rw=0x005f
BRIDGE_CONVENTIONAL PCI_PREF_MEMORY_LIMIT 2 rw=0xfff0
BRIDGE_CONVENTIONAL PCI_SEC_LATENCY_TIMER 1 rw=0xf8
BRIDGE_CONVENTIONAL PCI_BRIDGE_CONTROL 2 rw=0x007f
BRIDGE_IO_32 PCI_IO_BASE_UPPER16 2 rw=0xffff
BRIDGE_IO_32 PCI_IO_LIMIT_UPPER16 2 rw=0xffff
BRIDGE_PREF_64 PCI_PREF_BASE_UPPER32 4 rw=0xffffffff
BRIDGE_PREF_64 PCI_PREF_LIMIT_UPPER32 4 rw=0xffffffff
CARDBUS PCI_CB_PRIMARY_BUS 1 rw=0xff
CARDBUS PCI_CB_CARD_BUS 1 rw=0xff
CARDBUS PCI_CB_SUBORDINATE_BUS 1 rw=0xff
CARDBUS PCI_CB_BRIDGE_CONTROL 2 rw=0x007f
PM PCI_PM_CTRL 2 rw=0x0103 w1c=0x8000
PM_D3HOT PCI_PM_CTRL 2 rw=0x0103 w1c=0x8000 context=0x8100
PM_D3COLD PCI_PM_CTRL 2 rw=0x0103 w1c=0x8000 sticky=0x8100
PCIX PCI_X_CMD 2 rw=0x007f reset=0x0032
AF PCI_AF_STATUS 1 raised=0x01
AF_FLR PCI_AF_CTRL 1 w1t=0x01
MSI_32 PCI_MSI_FLAGS 2 rw=0x0071
MSI_32 PCI_MSI_ADDRESS_LO 4 rw=0xfffffffc
MSI_32 PCI_MSI_DATA_32 2 rw=0xffff
MSI_64 PCI_MSI_ADDRESS_HI 4 rw=0xffffffff
MSI_64 PCI_MSI_DATA_64 2 rw=0xffff
MSI_MASK_32 PCI_MSI_MASK_32 4 rw=0xffffffff
MSI_MASK_64 PCI_MSI_MASK_64 4 rw=0xffffffff
MSIX PCI_MSIX_FLAGS 2 rw=0xc000
EXP PCI_EXP_DEVCTL 2 rw=0x7fff reset=0x2810 shared=0x00e0 sticky=0x0400
EXP PCI_EXP_DEVSTA 2 w1c=0x000f raised=0x0020
EXP_FLR PCI_EXP_DEVCTL 2 rw=0x7fff w1t=0x8000 reset=0x2810 shared=0x00e0 sticky=0x0400
EXP_LINK PCI_EXP_LNKCTL 2 rw=0x01cb shared=0x01cb
EXP_LINK PCI_EXP_LNKSTA 2 w1c=0xc000
EXP_LINK_PORT PCI_EXP_LNKCTL 2 rw=0x01db w1t=0x0020 shared=0x01db
EXP_SLOT PCI_EXP_SLTCTL 2 rw=0x17ff w1t=0x0800
EXP_SLOT PCI_EXP_SLTSTA 2 w1c=0x011f
EXP_ROOT PCI_EXP_RTCTL 2 rw=0x001f
EXP_ROOT PCI_EXP_RTSTA 4 w1c=0x00010000
EXP_2 PCI_EXP_DEVCTL2 2 rw=0x001f
EXP_2_LINK PCI_EXP_LNKCTL2 2 rw=0xffbf sticky=0xffbf
AER PCI_ERR_UNCOR_STATUS 4 w1c=0x03fff030 sticky=0x03fff030
AER PCI_ERR_UNCOR_MASK 4 rw=0x03fff030 sticky=0x03fff030
AER PCI_ERR_UNCOR_SEVER 4 rw=0x03fff030 sticky=0x03fff030 reset=0x00062030
AER PCI_ERR_COR_STATUS 4 w1c=0x0000f1c1 sticky=0x0000f1c1
AER PCI_ERR_COR_MASK 4 rw=0x0000f1c1 sticky=0x0000f1c1 reset=0x00002000
AER PCI_ERR_CAP 4 rw=0x00000140 sticky=0x00000140
AER_ROOT PCI_ERR_ROOT_COMMAND 4 rw=0x00000007
AER_ROOT PCI_ERR_ROOT_STATUS 4 w1c=0x0000007f sticky=0x0000007f
ACS PCI_ACS_CTRL 2 rw=0x007f
ARI PCI_ARI_CTRL 2 rw=0x0073
ATS PCI_ATS_CTRL 2 rw=0x801f
VC PCI_VC_PORT_CTRL 2 rw=0x000e w1t=0x0001 shared=0x000e
VC PCI_VC_RES_CTRL 4 rw=0x000e00fe w1t=0x00010000 reset=0x000000fe shared=0x000e00fe
VC_FURTHER PCI_VC_RES_CTRL 4 rw=0x870e00fe w1t=0x00010000 shared=0x870e00fe
LTR PCI_LTR_MAX_SNOOP_LAT 2 rw=0x1fff
LTR PCI_LTR_MAX_NOSNOOP_LAT 2 rw=0x1fff
SRIOV PCI_SRIOV_CTRL 2 rw=0x0019
SRIOV PCI_SRIOV_NUM_VF 2 rw=0xffff
SRIOV PCI_SRIOV_SYS_PGSIZE 4 rw=0xffffffff reset=0x00000001
REBAR PCI_REBAR_CTRL 4 rw=0x00001f00
L1SS PCI_L1SS_CTL1 4 rw=0xe3ff000f shared=0xe3ff000f
L1SS PCI_L1SS_CTL2 4 rw=0x000000fb shared=0x000000fb
L1SS_PORT PCI_L1SS_CTL1 4 rw=0xe3ffff0f shared=0xe3ffff0f
DPC PCI_EXP_DPC_CTL 2 rw=0x00bf w1t=0x0040
DPC PCI_EXP_DPC_STATUS 2 w1c=0x0009 sticky=0x0009
""".strip().splitlines()
COLUMNS = ("rw", "w1c", "w1t", "reset", "sticky", "raised", "shared", "context")

MSI_64_MASKED = (MSI, 0x05, words(0x0180, 0, 0, 0, 0, 0, 0, 0, 0, 0))
LAYOUTS = {
    "conventional": function(
        "00:05.0", pm(), (AF, 0x13, bytes([6, 3, 0, 0])), (PCIX, 0x07, words(0x32, 0, 0)), MSI_64_MASKED
    ),
    "conventional-bridge": bridge("00:1e.0", 1, 1, pm()),
    "endpoint": function("01:00.0", pm(), exp(ENDPOINT, devcap=0x10008000), MSI_64_MASKED, size=4096,
                         registers={"x100_4": 0x14810001, "x148_4": 0x1500000D, "x14c_2": 0x005F, "x150_4": 0x1600000E,
                                    "x160_4": 0x0000000F}),
    "root-port": port("00:1c.0", 1, 1, sltcap=0x0002007F),
    "downstream-port": port("02:01.0", 3, 3, port_type=DOWNSTREAM, slot=False),
}  # fmt: skip


@pytest.mark.parametrize("rows", TABLES)
def test_register_columns_are_disjoint_and_within_the_register(rows):
    for row in rows:
        for one, other in ((row.rw, row.w1c), (row.rw, row.w1t), (row.w1c, row.w1t), (row.raised, row.rw | row.w1c)):
            assert not one & other, row.name
        assert not (row.rw | row.w1c | row.w1t | row.raised) >> 8 * row.size, row.name
        assert not row.reset & ~row.rw, row.name
        assert not row.sticky & ~(row.rw | row.w1c), row.name
        assert not row.shared & ~row.rw, row.name
        assert not row.context & ~(row.rw | row.w1c), row.name
        assert row.ro ^ (row.rw | row.w1c | row.w1t) == (1 << 8 * row.size) - 1, row.name


@pytest.mark.parametrize("line", SPECIFIED, ids=lambda line: " ".join(line.split()[:2]))
def test_register_columns_are_those_of_the_specification(line):
    table, name, size, *columns = line.split()
    (row,) = [row for row in {**vars(regs), **vars(caps)}[table] if row.name == name]
    assert row.size == int(size)
    given = {column: int(value, 16) for column, _, value in (column.partition("=") for column in columns)}
    assert {column: getattr(row, column) for column in COLUMNS if getattr(row, column)} == given


@pytest.mark.parametrize(
    ("capability", "writable"),
    [  # PCIe 7.8.15 and 7.8.16; ordering (0x0300) is writable wherever there are Device Capabilities 2 at all
        (0x00000000, 0x0000),
        (0x00000001, 0x0300),  # completion timeouts, which every function of version 2 has
        (0x00000010, 0x0300),
        (0x00000020, 0x0320),  # ARI forwarding
        (0x00000040, 0x03C0),  # atomic operations: routing, then the three that complete them
        (0x00000080, 0x03C0),
        (0x00000100, 0x03C0),
        (0x00000200, 0x03C0),
        (0x00000400, 0x0300),
        (0x00000800, 0x0700),  # latency tolerance reporting
        (0x00040000, 0x6300),  # optimized buffer flush and fill, by message and by wake signal
        (0x00080000, 0x6300),
        (0x00100000, 0x0300),
        (0x00200000, 0x8300),  # end-end prefixes
        (0xFFFFFFFF, 0xE7E0),
    ],
)
def test_device_control_2_has_what_device_capabilities_2_announce(capability, writable):
    assert caps.device_control_2(capability) == writable


@pytest.mark.parametrize("registers_of", [Layout.registers, qemu.registers], ids=["silicon", "qemu"])
@pytest.mark.parametrize("description", LAYOUTS.values(), ids=LAYOUTS.keys())
def test_layout_registers_do_not_overlap(description, registers_of):
    taken = set()
    for row in registers_of(Layout(description)):
        where = set(range(row.start, row.start + row.size))
        assert not taken & where, row.name
        assert not row.rw & (row.w1c | row.w1t), row.name
        assert not row.sticky & ~(row.rw | row.w1c), row.name
        assert not row.reset & ~row.rw, row.name
        taken |= where


@pytest.mark.parametrize("quirks", ["", "qemu"])
@pytest.mark.parametrize("description", LAYOUTS.values(), ids=LAYOUTS.keys())
def test_write_of_anything_anywhere_leaves_read_only_bits(description, quirks):
    """The specification of a write, bit by bit, against the model's byte masks; seeds make it repeatable."""
    random = Random(20130507)
    layout = Layout(description)
    rows = (qemu.registers if quirks else Layout.registers)(layout)
    rw, w1c = [0] * description.size, [0] * description.size
    for row in rows:
        for byte in range(row.size):
            rw[row.start + byte] = row.rw >> 8 * byte & 0xFF
            w1c[row.start + byte] = row.w1c >> 8 * byte & 0xFF
    for where, length in qemu.storage(layout) if quirks else ():
        rw[where : where + length] = [0xFF] * length
    # Registers that do more than remember are the business of other tests.
    acting = {
        "PCI_BRIDGE_CONTROL", "PCI_EXP_DEVCTL", "PCI_EXP_SLTCTL", "PCI_EXP_SLTSTA", "PCI_EXP_LNKCTL", "PCI_AF_CTRL",
        "PCI_PM_CTRL", "PCI_SECONDARY_BUS", "PCI_SUBORDINATE_BUS", *(("PCI_MSI_FLAGS",) if quirks else ()),
    }  # fmt: skip
    act = {byte for row in rows if row.name in acting for byte in range(row.start, row.start + row.size)}
    bench = Bench(description, quirks=quirks)
    function = bench.fabric.function(description.address)
    for _ in range(500):
        size = random.choice((1, 2, 4))
        where = random.randrange(0, description.size, size)
        if act & set(range(where, where + size)):
            continue
        function.put(where, size, random.getrandbits(8 * size))
        old, value = function.dump(), random.getrandbits(32)
        function.write(where, size, value & (1 << 8 * size) - 1)
        expected = bytearray(old)
        for byte in range(size):
            written, before, at = value >> 8 * byte & 0xFF, old[where + byte], where + byte
            expected[at] = ((before & ~rw[at]) | (written & rw[at])) & ~(written & w1c[at])
        assert function.dump() == bytes(expected), f"{where:#x}/{size}"


def test_write_command_and_status_in_one_dword():
    # 0x02b0 status: capabilities 0x10, 66 MHz 0x20, fast 0x80, DEVSEL 0x0200; plus errors 0xf900 to be cleared.
    bench = Bench(function("00:05.0", registers={"x04_4": 0xFBB00000}))
    bench.write("00:05.0", 0x04, 4, 0x8100FFFF)
    # Command takes 0x0557 (IO, memory, master, MWI, parity, SERR, INTx disable); status loses 0x8100 of its 0xfbb0.
    assert bench.read("00:05.0", 0x04, 4) == 0x7AB00557


def test_write_byte_to_the_high_half_of_command():
    bench = Bench(function("00:05.0"))
    bench.write("00:05.0", 0x05, 1, 0xFF)
    assert bench.read("00:05.0", 0x04, 2) == 0x0506


def test_write_byte_to_slot_status_leaves_the_other_half():
    bench = Bench(port("00:1c.0", 1, 1), function("01:00.0", pm(), exp(ENDPOINT)))
    bench.fabric.function(LAYOUTS["root-port"].address).put(EXP + 0x1A, 2, 0x0149)
    bench.write("00:1c.0", EXP + 0x1B, 1, 0x01)
    assert bench.read("00:1c.0", EXP + 0x1A, 2) == 0x0049
    bench.write("00:1c.0", EXP + 0x1A, 1, 0x09)
    assert bench.read("00:1c.0", EXP + 0x1A, 2) == 0x0040


@pytest.mark.parametrize(
    ("value", "size", "sized"),
    [
        (0xE0000000, 0x10000, 0xFFFF0000),  # 64 KiB memory: ~0xffff
        (0x0000C001, 0x20, 0xFFFFFFE1),  # 32 bytes of I/O: ~0x1f, bit 0 says I/O
        (0xD0000008, 0x100000, 0xFFF00008),  # 1 MiB prefetchable
        (0xFE400000, None, 0xFFC00000),  # size untold: lowest address bit 0x400000, so 4 MiB
        (0xFE400000, 0, 0xFE400000),  # known to be read-only
    ],
)
def test_bar_written_all_ones_tells_its_size(value, size, sized):
    bars = {} if size is None else {0: size}
    bench = Bench(function("00:05.0", registers={"x10_4": value}, bars=bars))
    bench.write("00:05.0", 0x10, 4, 0xFFFFFFFF)
    assert bench.read("00:05.0", 0x10, 4) == sized


def test_bar_of_64_bits_is_sized_over_both_halves():
    # 8 GiB at 0x3_8000_0000_00 + 64-bit prefetchable (0xc): lower half has no address bit, upper ~1.
    bench = Bench(function("00:05.0", registers={"x10_4": 0x0000000C, "x14_4": 0x38}, bars={0: 8 << 30}))
    bench.write("00:05.0", 0x10, 4, 0xFFFFFFFF)
    bench.write("00:05.0", 0x14, 4, 0xFFFFFFFF)
    assert bench.read("00:05.0", 0x10, 4) == 0x0000000C
    assert bench.read("00:05.0", 0x14, 4) == 0xFFFFFFFE


def test_bar_of_64_bits_may_be_the_last_two_and_never_the_last_one():
    # BAR 4 and 5 are one of 8 GiB; BAR 5 alone says 64 bits, and there is no register behind it for the upper half.
    registers = {"x20_4": 0x0000000C, "x24_4": 0x38}
    rows = {r.name: r.rw for r in Layout(function("00:05.0", registers=registers, bars={4: 8 << 30})).registers()}
    assert (rows["PCI_BASE_ADDRESS_4"], rows["PCI_BASE_ADDRESS_5"]) == (0, 0xFFFFFFFE)
    alone = function("00:05.0", registers={"x24_4": 0xE000000C}, bars={5: 65536})
    rows = {r.name: r.rw for r in Layout(alone).registers()}
    assert rows["PCI_BASE_ADDRESS_5"] == 0xFFFF0000


@pytest.mark.parametrize(("rom", "value", "sized"), [(0x20000, 0, 0xFFFE0001), (0, 0xE0080000, 0xFFF80001), (0, 0, 0)])
def test_rom_written_all_ones_tells_its_size_and_enable_bit(rom, value, sized):
    bench = Bench(function("00:05.0", registers={"x30_4": value}, rom=rom))
    bench.write("00:05.0", 0x30, 4, 0xFFFFFFFF)
    assert bench.read("00:05.0", 0x30, 4) == sized


def test_rom_nobody_told_of_and_no_address_hints_at_is_not_there():
    assert "PCI_ROM_ADDRESS" not in {row.name for row in Layout(function("00:05.0")).registers()}


@pytest.mark.parametrize("registers_of", [Layout.registers, qemu.registers], ids=["silicon", "qemu"])
@pytest.mark.parametrize("description", LAYOUTS.values(), ids=LAYOUTS.keys())
def test_shim_does_with_the_masks_of_the_table_what_python_does(description, registers_of):
    random = Random(20261126)
    layout, address = Layout(description), description.address
    masks = Masks(tuple(registers_of(layout)), description.size, tuple(qemu.storage(layout)))
    with ConfigImage() as image:
        write = image.masked_writer(address.bus, address.devfn, masks.image)
        for size in (1, 2, 4):
            for where in range(0, description.size, size):
                old, value = random.randrange(1 << 8 * size), random.randrange(1 << 8 * size)
                image.write(address.bus, address.devfn, where, size, old)
                write(where, size, value)
                assert image.read(address.bus, address.devfn, where, size) == masks.written(where, size, old, value)
        for kind in Reset:
            before = random.randbytes(description.size)
            image.load(address, before)
            image.merge(address, *masks.lost(kind))
            assert image.dump(address, description.size) == masks.after(kind, before)


def test_storage_keeps_what_is_written_through_a_reset_unknown_bytes_keep_nothing():
    masks = Masks((Register("PCI_COMMAND", rw=0xFFFF),), 256, ((0x50, 4),))
    assert masks.access(0x50, 4) == (0xFFFFFFFF, 0)
    assert masks.access(0x4E, 4) == (0xFFFF0000, 0)
    image = bytes(range(256))
    after = masks.after(Reset.POWER, image)
    assert after[:4] + after[6:] == image[:4] + image[6:]
    assert after[4:6] == b"\0\0"


def test_storage_is_where_it_is_described_in_any_order():
    masks = Masks((), 256, ((0x60, 2), (0x50, 4)))
    found = [where for where in range(0, 256, 2) if masks.access(where, 2) == (0xFFFF, 0)]
    assert found == [0x50, 0x52, 0x60]


def test_layout_ends_at_a_capability_of_all_ones():
    image = config(x00_4=0x12348086, x06_2=0x10, x34_1=0x40, x40_2=0x50FF, x50_2=0x0001)
    assert Layout(FunctionDescription(Address.parse("00:05.0"), bytes(image), 256)).capability_list == ()


def test_storage_does_not_make_a_register_writable():
    masks = Masks((Register("PCI_STATUS", w1c=0xF900),), 256, ((0x04, 4),))
    assert masks.access(0x04, 4) == (0x0000FFFF, 0xF9000000)


@pytest.mark.parametrize(("flags", "mask"), [(0x0180, 0x1), (0x0184, 0xF), (0x018A, 0xFFFFFFFF), (0x018E, 0xFFFFFFFF)])
def test_msi_mask_of_qemu_has_a_bit_for_each_message(flags, mask):
    # Multiple Message Capable is bits 3:1, the power of two of messages: 1, 4 and 32 of them;
    # 128 cannot be
    body = words(flags, 0, 0, 0, 0, 0, 0, 0, 0, 0)
    bench = Bench(function("00:05.0", (MSI, 0x05, body)), quirks="qemu")
    bench.write("00:05.0", MSI + 0x10, 4, 0xFFFFFFFF)
    assert bench.read("00:05.0", MSI + 0x10, 4) == mask


def test_storage_of_qemu_leaves_out_every_vendor_capability():
    """A virtio device has several; each says its length in its third byte."""
    vendor = [(0x40, 0x09, bytes([0x10])), (0x50, 0x09, bytes([0x14]))]
    layout = Layout(function("00:05.0", *vendor))
    assert layout.capability_list == ((0x09, 0x40), (0x09, 0x50))
    # 0x10 bytes from 0x40 and 0x14 bytes from 0x50 belong to them, 0x64 is the first byte behind
    assert qemu.storage(layout) == tuple((where, 1) for where in range(0x64, 0x100))


def test_layout_without_a_capability_list_has_no_capabilities():
    found = function("00:05.0", pm())
    assert Layout(found).capabilities == {0x01: PM}
    # Status bit 4 says that there is a list; the pointer alone means nothing.
    found.config = found.config[:0x06] + b"\x00" + found.config[0x07:]
    assert Layout(found).capabilities == {}


def test_layout_capability_list_that_loops_ends():
    layout = Layout(function("00:05.0", (0x40, 0x09, b"\0\0"), (0x48, 0x01, b"\0\0"), registers={"x49_1": 0x40}))
    looped = bytearray(layout.config)
    looped[0x49] = 0x40
    layout.description.config = bytes(looped)
    assert Layout(layout.description).capabilities == {0x09: 0x40, 0x01: 0x48}


def test_layout_extended_list_that_loops_or_leaves_ends():
    looped = function("00:05.0", exp(ENDPOINT), size=4096, registers={"x100_4": 0x20010001, "x200_4": 0x1001000D})
    assert Layout(looped).extended == {0x01: 0x100, 0x0D: 0x200}
    outside = function("00:05.0", exp(ENDPOINT), size=4096, registers={"x100_4": 0xFFC10001, "xffc_4": 0x0001000D})
    assert Layout(outside).extended == {0x01: 0x100, 0x0D: 0xFFC}
    # The row of a register that would not fit is left out, so a write there is no error.
    assert max(row.start + row.size for row in Layout(outside).registers()) <= 4096
    Bench(outside).write("00:05.0", 0xFFC, 4, 0xFFFFFFFF)


@pytest.mark.parametrize(("port_type", "root"), [(ROOT_PORT, True), (10, True), (DOWNSTREAM, False), (ENDPOINT, False)])
def test_layout_root_ports_and_event_collectors_have_root_registers(port_type, root):
    found = function("00:05.0", exp(port_type), size=4096, registers={"x100_4": 0x00010001})
    names = {row.name for row in Layout(found).registers()}
    both = {"PCI_EXP_RTCTL", "PCI_EXP_RTSTA", "PCI_ERR_ROOT_COMMAND", "PCI_ERR_ROOT_STATUS"}
    assert names & both == (both if root else set())


@pytest.mark.parametrize(("port_type", "link"), [(9, False), (10, False), (ENDPOINT, True), (1, True)])
def test_layout_integrated_functions_have_no_link(port_type, link):
    names = {row.name for row in Layout(function("00:05.0", exp(port_type))).registers()}
    both = {"PCI_EXP_LNKCTL", "PCI_EXP_LNKSTA", "PCI_EXP_LNKCTL2"}
    assert names & both == (both if link else set())


@pytest.mark.parametrize(
    ("registers", "there"),
    [
        ({}, set()),
        ({"x1c_1": 0x01}, {"PCI_IO_BASE_UPPER16", "PCI_IO_LIMIT_UPPER16"}),
        ({"x24_2": 0x0001}, {"PCI_PREF_BASE_UPPER32", "PCI_PREF_LIMIT_UPPER32"}),
    ],
)
def test_layout_upper_halves_of_windows_are_there_where_the_low_nibble_says_so(registers, there):
    names = {row.name for row in Layout(bridge("00:1e.0", 1, 1, registers=registers)).registers()}
    assert {name for name in names if "UPPER" in name} == there


def test_layout_bridge_has_two_base_address_registers():
    names = [row.name for row in Layout(bridge("00:1e.0", 1, 1)).registers()]
    assert [name for name in names if name.startswith("PCI_BASE")] == ["PCI_BASE_ADDRESS_0", "PCI_BASE_ADDRESS_1"]


def test_layout_extended_capabilities_have_their_control_registers():
    rows = {row.name: row.start for row in Layout(LAYOUTS["endpoint"]).registers()}
    # ACS at 0x148, ARI at 0x150, ATS at 0x160: control is the word at 6
    where = {name: start for name, start in rows.items() if name in ("PCI_ACS_CTRL", "PCI_ARI_CTRL", "PCI_ATS_CTRL")}
    assert where == {"PCI_ACS_CTRL": 0x14E, "PCI_ARI_CTRL": 0x156, "PCI_ATS_CTRL": 0x166}


@pytest.mark.parametrize(
    ("port_type", "slot", "has_link", "has_slot"),
    [(ROOT_PORT, True, True, True), (DOWNSTREAM, False, True, False), (5, True, False, False)],
)
def test_layout_slot_is_where_a_link_and_the_capability_are(port_type, slot, has_link, has_slot):
    layout = Layout(port("00:1c.0", 1, 1, port_type=port_type, slot=slot))
    assert (layout.has_link, layout.has_slot) == (has_link, has_slot)


def test_layout_acs_control_has_what_the_capability_announces():
    found = function("00:05.0", exp(ENDPOINT), size=4096, registers={"x100_4": 0x0001000D, "x104_2": 0x0015})
    rows = {row.name: row for row in Layout(found).registers()}
    assert (rows["PCI_ACS_CTRL"].start, rows["PCI_ACS_CTRL"].rw) == (0x106, 0x0015)


def test_layout_of_a_cardbus_bridge_walks_from_its_own_pointer():
    # PC Card Standard: the pointer is at 0x14, and there is one base address register
    found = function("00:05.0", registers={"x0e_1": 2, "x06_2": 0x0010, "x14_1": 0x80, "x80_4": 0x00030001})
    layout = Layout(found)
    assert layout.capabilities == {0x01: 0x80}
    names = [row.name for row in layout.registers()]
    assert [name for name in names if name.startswith("PCI_BASE")] == ["PCI_BASE_ADDRESS_0"]
    assert {"PCI_COMMAND", "PCI_CB_CARD_BUS"} <= set(names)


def test_layout_slot_lamps_are_off_after_reset_where_they_exist():
    rows = {row.name: row for row in Layout(port("00:1c.0", 1, 1, sltcap=0x60 | 0x10)).registers()}
    assert rows["PCI_EXP_SLTCTL"].reset == 0x0300
    rows = {row.name: row for row in Layout(port("00:1c.0", 1, 1, sltcap=0x60 | 0x18)).registers()}
    assert rows["PCI_EXP_SLTCTL"].reset == 0x03C0


def test_layout_pm_of_a_function_that_wakes_from_d3cold_is_sticky():
    rows = {row.name: row for row in Layout(function("00:05.0", pm(capability=0x8003))).registers()}
    assert (rows["PCI_PM_CTRL"].start, rows["PCI_PM_CTRL"].sticky) == (PM + 4, 0x8100)
    rows = {row.name: row for row in Layout(function("00:05.0", pm())).registers()}
    assert rows["PCI_PM_CTRL"].sticky == 0


def extended(*found, size=4096):
    """An endpoint with extended capabilities: (offset, ID, {register: (bytes, value)})."""
    registers = {}
    for (offset, identity, values), following in zip(found, [*(where for where, _, _ in found[1:]), 0], strict=True):
        registers[f"x{offset:x}_4"] = following << 20 | 1 << 16 | identity
        registers |= {f"x{offset + where:x}_{width}": value for where, (width, value) in values.items()}
    return function("01:00.0", pm(), exp(ENDPOINT, devcap=0x10008000), size=size, registers=registers)


@pytest.mark.parametrize(
    ("found", "where", "written", "after_flr", "after_hot"),
    [
        # PCIe 7.11.7: traffic class 0 is always on channel 0, whose ID and enable are fixed; 6.6.2: FLR leaves it.
        ((0x100, 0x02, {0x04: (4, 1)}), 0x114, 0x000E00FE, 0x000E00FE, 0x000000FE),
        ((0x100, 0x02, {0x04: (4, 1)}), 0x120, 0x870E00FE, 0x870E00FE, 0),  # the further channel, 0xc behind
        ((0x100, 0x02, {0x04: (4, 0)}), 0x120, 0, 0, 0),  # there is none
        ((0x100, 0x18, {}), 0x104, 0x1FFF1FFF, 0, 0),  # PCIe 7.25: values and scales
        ((0x100, 0x10, {0x1C: (4, 0x553)}), 0x120, 0x553, 1, 1),  # SR-IOV 3.3.13: 4 KiB out of reset
        ((0x100, 0x10, {0x1C: (4, 0x553)}), 0x110, 0xFFFF, 0, 0),
        ((0x100, 0x15, {0x08: (4, 0x840), 0x10: (4, 0x402)}), 0x108, 0x1F40, 0x840, 0x840),  # as it was found
        ((0x100, 0x15, {0x08: (4, 0x840), 0x10: (4, 0x402)}), 0x110, 0x1F02, 0x402, 0x402),
        ((0x100, 0x1E, {}), 0x108, 0xE3FF000F, 0xE3FF000F, 0),
        ((0x100, 0x1D, {}), 0x104, 0x00BF0000, 0, 0),
    ],
)  # fmt: skip
def test_extended_capability_takes_what_it_can_and_loses_it_in_resets(found, where, written, after_flr, after_hot):
    bench = Bench(extended(found))
    card = bench.fabric.function(Address.parse("01:00.0"))
    bench.write("01:00.0", where, 4, 0xFFFFFFFF)
    assert bench.read("01:00.0", where, 4) == written
    card.reset(Reset.FLR)
    assert bench.read("01:00.0", where, 4) == after_flr
    card.reset(Reset.HOT)
    assert bench.read("01:00.0", where, 4) == after_hot


def test_containment_status_is_sticky_and_cleared_by_software():
    bench = Bench(extended((0x100, 0x1D, {0x08: (2, 0x0009)})))
    bench.fabric.function(Address.parse("01:00.0")).reset(Reset.HOT)
    assert bench.read("01:00.0", 0x108, 2) == 0x0009
    bench.write("01:00.0", 0x108, 2, 0x0001)
    assert bench.read("01:00.0", 0x108, 2) == 0x0008


@pytest.mark.parametrize(
    ("capability", "soft", "hot"),
    [
        (0x0003, 0x0000, 0x0000),  # cannot wake
        (0x4003, 0x0100, 0x0000),  # from D3hot: PM 5.4.1, PME context is kept on the way to D0
        (0xC003, 0x0100, 0x0100),  # from D3cold: PM 3.2.4, sticky
    ],
)
def test_wake_enable_outlives_the_resets_it_is_for(capability, soft, hot):
    bench = Bench(function("01:00.0", pm(capability=capability), exp(ENDPOINT)))
    bench.write("01:00.0", PM + 4, 2, 0x0103)
    bench.write("01:00.0", PM + 4, 2, 0x0100)
    assert bench.read("01:00.0", PM + 4, 2) == soft
    bench.write("01:00.0", PM + 4, 2, 0x0100)
    bench.fabric.function(Address.parse("01:00.0")).reset(Reset.HOT)
    assert bench.read("01:00.0", PM + 4, 2) == hot


@pytest.mark.parametrize(
    ("kind", "control", "control_2"),
    [(Reset.FLR, 0x0400, 0x0001), (Reset.HOT, 0x0400, 0x0001), (Reset.POWER, 0, 0x0001 << 1)],
)
def test_auxiliary_power_and_target_link_speed_are_lost_with_power_alone(kind, control, control_2):
    # PCIe 7.8.4, 7.8.19: RWS; the target speed is the highest after power on, here 5 GT/s.
    bench = Bench(function("01:00.0", pm(), exp(ENDPOINT, lnkcap=0x12)))
    bench.write("01:00.0", EXP + 0x08, 2, 0x0400)
    bench.write("01:00.0", EXP + 0x30, 2, 0x0001)
    bench.fabric.function(Address.parse("01:00.0")).reset(kind)
    assert bench.read("01:00.0", EXP + 0x08, 2) & 0x0400 == control
    assert bench.read("01:00.0", EXP + 0x30, 2) == control_2


def test_retrain_link_is_a_ports_and_reads_zero():
    # PCIe 7.8.7: Retrain Link always reads 0; it and Link Disable are not for the lower end of a link.
    bench = Bench(port("00:1c.0", 1, 1), function("01:00.0", pm(), exp(ENDPOINT)))
    for address, kept in (("01:00.0", 0x01CB), ("00:1c.0", 0x01DB)):
        bench.write(address, EXP + 0x10, 2, 0xFFFF)
        assert bench.held(address, EXP + 0x10, 2) == kept
