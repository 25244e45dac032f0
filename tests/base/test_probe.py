# SPDX-License-Identifier: GPL-2.0-only
"""Finding functions: vendor IDs that are none, BAR sizes, header types, function numbers, port services."""

import pytest
from hw_machine import EXP, PCIX, exp, function, words
from hw_machine import bridge as any_bridge
from hw_machine import port as any_port
from paper import Paper, listed, pcie

from kernel_port.hw.description import MachineDescription
from kernel_port.machine import boot

ALL_ONES = 0xFFFFFFFF
MEM, IO, PREFETCH, MEM_64 = 0x200, 0x100, 0x2000, 0x100000  # include/linux/ioport.h IORESOURCE_*


def machine_of(*functions, **options):
    return boot(MachineDescription("test", list(functions)), **options)


def acts(machine, where=None):
    """(op, offset, size, value) of the accesses to one function since boot, or of all."""
    return [
        (event.op, *event.args[1:]) for event in machine.events if event.op in "rw" and where in (None, event.args[0])
    ]


# -- pci_bus_read_dev_vendor_id ----------------------------------------------------------------------------------


@pytest.fixture
def slot():
    """A bus with something on it whose vendor ID a test decides."""
    paper = Paper()
    bus = paper.bus()
    dev = paper.dev(bus)
    return paper, bus, lambda *values: paper.answer(dev, 0, *values)


@pytest.mark.parametrize("value", [0xFFFFFFFF, 0x00000000, 0x0000FFFF, 0xFFFF0000])
def test_pci_bus_read_dev_vendor_id_empty_slot_finds_nothing(slot, value):
    paper, bus, answer = slot
    answer(value)
    assert paper.kernel.pci_bus_read_dev_vendor_id(bus, 0, 60_000) == (False, value)
    assert paper.take() == [("r", "00:00.0", 0, 4)]


def test_pci_bus_read_dev_vendor_id_waits_twice_as_long_each_time(slot):
    paper, bus, answer = slot
    answer(0xFFFF0001, 0xFFFF0001, 0xFFFF0001, 0x12348086)
    assert paper.kernel.pci_bus_read_dev_vendor_id(bus, 0, 60_000) == (True, 0x12348086)
    assert [act for act in paper.take() if act[0] == "msleep"] == [("msleep", 1), ("msleep", 2), ("msleep", 4)]


def test_pci_bus_read_dev_vendor_id_without_patience_does_not_wait(slot):
    paper, bus, answer = slot
    answer(0xFFFF0001)
    assert paper.kernel.pci_bus_read_dev_vendor_id(bus, 0, 0) == (False, 0xFFFF0001)
    assert paper.take() == [("r", "00:00.0", 0, 4)]


@pytest.mark.parametrize("answers", [[(0x86, 0x12348086)], [0xFFFF0001, (0x86, 0x12348086)]], ids=["first", "again"])
def test_pci_bus_read_dev_vendor_id_a_read_that_fails_is_nobody(slot, answers):
    paper, bus, answer = slot
    answer(*answers)
    assert paper.kernel.pci_bus_read_dev_vendor_id(bus, 0, 1000)[0] is False


def test_pci_scan_device_has_a_minute_of_patience(slot):
    paper, bus, answer = slot
    answer(*[0xFFFF0001] * 20)
    assert paper.kernel.pci_scan_device(bus, 0) is None
    # 32768 ms was the last wait; doubled it is more than 60 * 1000 ms
    assert [act[1] for act in paper.take() if act[0] == "msleep"] == [1 << n for n in range(16)]


def test_pci_bus_read_dev_vendor_id_loses_patience(slot):
    paper, bus, answer = slot
    answer(*[0xFFFF0001] * 20)
    assert paper.kernel.pci_bus_read_dev_vendor_id(bus, 0, 100)[0] is False
    # 1 + 2 + ... + 64: after that the delay, doubled to 128 ms, is more than 100
    assert [act[1] for act in paper.take() if act[0] == "msleep"] == [1, 2, 4, 8, 16, 32, 64]
    ((level, text),) = paper.said
    assert level == "warning"
    assert text.startswith("pci 0000:00:00.0: ")


# -- BARs --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("base", "maxbase", "mask", "size"),
    [
        # the bits that stuck of all ones say: 0x...fff0_0000 is 1 MiB
        (0xE0000000, 0xFFF00000, 0xFFFFFFF0, 0xFFFFF),
        (0, 0, 0xFFFFFFF0, 0),
        # an I/O BAR with 16 address bits: 0xffe0 is 32 ports
        (0xD800, 0xFFE0, 0xFFFC, 0x1F),
        # the BAR did not change although all ones were written: right only if they were there before
        (0xA0000000, 0xA0000000, 0xFFFFFFF0, 0),
        (0xFFF00000, 0xFFF00000, 0xFFFFFFF0, 0xFFFFF),
        # 64 bit: 8 GiB
        (0x4_0000_0000, 0xFFFFFFFE_00000000, 0xFFFFFFFF_FFFFFFF0, 0x1_FFFF_FFFF),
    ],
)
def test_pci_size(base, maxbase, mask, size):
    assert Paper().kernel.pci_size(base, maxbase, mask) == size


def test_pci_read_bases_sizes_each_kind_of_bar():
    registers = {"x10_4": 0xD801, "x14_4": 0xE000000C, "x18_4": 1, "x1c_4": 0xF0000000, "x30_4": 0xC0000001}
    dev = function("00:01.0", registers=registers, bars={0: 32, 1: 1 << 28, 3: 4096}, rom=0x8000)
    with machine_of(dev) as machine:
        res = machine.function("00:01.0").resource
        found = [(r.start, r.end, r.flags & (MEM | IO | PREFETCH | MEM_64)) for r in res[:7]]
        assert found == [
            (0xD800, 0xD81F, IO),
            (0x1_E000_0000, 0x1_EFFF_FFFF, MEM | PREFETCH | MEM_64),
            (0, 0, 0),  # the upper half of BAR 1
            (0xF0000000, 0xF0000FFF, MEM),
            (0, 0, 0),
            (0, 0, 0),
            (0xC0000000, 0xC0007FFF, MEM | PREFETCH),
        ]
        assert res[6].flags & 1  # IORESOURCE_ROM_ENABLE
        assert {r.name for r in res[:7]} == {"0000:00:01.0", ""}
        assert machine.function("00:01.0").rom_base_reg == 0x30


def test_pci_read_bases_of_an_io_bar_above_64_ki_counts_16_address_bits():
    # The device decodes 32 bits; x86 has 64 Ki ports, and the size is counted in what of the mask is below.
    dev = function("00:01.0", registers={"x10_4": 0x1}, bars={0: 0x20000})
    with machine_of(dev) as machine:
        assert machine.function("00:01.0").resource[0].flags == 0


def test_pci_read_bases_flags_are_those_of_ioport_h():
    registers = {"x10_4": 0xD801, "x14_4": 0xE0000000, "x30_4": 0xC0000000}
    with machine_of(function("00:01.0", registers=registers, bars={0: 32, 1: 4096}, rom=0x8000)) as machine:
        res = machine.function("00:01.0").resource
        # SIZEALIGN 0x40000; IO 0x100, MEM 0x200; low bits of the BAR: 1 is I/O
        assert (res[0].flags, res[1].flags) == (0x40101, 0x40200)
        # MEM 0x200, PREFETCH 0x2000, READONLY 0x4000, CACHEABLE 0x8000, SIZEALIGN 0x40000; not enabled
        assert res[6].flags == 0x4E200


def test_pci_read_base_of_a_rom_writes_its_address_bits_alone():
    paper = Paper()
    dev = paper.dev(paper.bus(), registers={0x30: b"\x01\x00\x00\xe0"})
    paper.kernel.__dict__["__pci_read_base"](dev, paper.kernel.pci_bar_mem32, paper.kernel.resource(), 0x30)
    # 0xfffff800 are the address bits, bit 0 is the enable bit that was set
    assert [write for write in paper.writes() if write[0] == 0x30] == [(0x30, 4, 0xFFFFF801), (0x30, 4, 0xE0000001)]


def test_pci_read_bases_sizes_a_bar_beyond_4_gib_by_its_upper_half():
    dev = function("00:01.0", registers={"x10_4": 0x0000000C, "x14_4": 0x4}, bars={0: 8 << 30})
    with machine_of(dev) as machine:
        res = machine.function("00:01.0").resource[0]
        assert (res.start, res.end) == (0x4_0000_0000, 0x5_FFFF_FFFF)


def test_pci_read_base_switches_decoding_off_and_puts_everything_back():
    with machine_of(function("00:01.0", registers={"x04_2": 0x0007}, bars={0: 0x10000})) as machine:
        dev, kernel = machine.function("00:01.0"), machine.kernel
        assert kernel.__dict__["__pci_read_base"](dev, kernel.pci_bar_unknown, kernel.resource(), 0x10) == 0
        assert acts(machine) == [
            ("r", 0x04, 2, 0x0007), ("w", 0x04, 2, 0x0004),
            ("r", 0x10, 4, 0xE0000000), ("w", 0x10, 4, ALL_ONES),
            ("r", 0x10, 4, 0xFFFF0000), ("w", 0x10, 4, 0xE0000000),
            ("w", 0x04, 2, 0x0007),
        ]  # fmt: skip


def test_pci_read_base_of_a_device_that_must_keep_decoding_leaves_command_alone():
    with machine_of(function("00:01.0")) as machine:
        dev, kernel = machine.function("00:01.0"), machine.kernel
        dev.mmio_always_on = 1
        kernel.__dict__["__pci_read_base"](dev, kernel.pci_bar_unknown, kernel.resource(), 0x10)
        assert [act[1] for act in acts(machine)] == [0x10] * 4


@pytest.mark.parametrize(("class_", "always"), [(0x060000, 1), (0x060001, 1), (0x060100, 0), (0x020000, 0)])
def test_quirk_mmio_always_on_is_for_host_bridges(class_, always):
    with machine_of(function("00:00.0", registers={"x08_4": class_ << 8})) as machine:
        assert machine.function("00:00.0").mmio_always_on == always


@pytest.mark.parametrize(("kind", "flags"), [("pci_bar_mem32", 0), ("pci_bar_unknown", MEM)])
def test_pci_read_base_that_holds_all_ones_starts_at_0(kind, flags):
    paper = Paper()
    dev = paper.dev(paper.bus())
    paper.answer(dev, 0x10, ALL_ONES, 0xFFF00000)
    res = paper.kernel.resource()
    paper.kernel.__dict__["__pci_read_base"](dev, getattr(paper.kernel, kind), res, 0x10)
    assert (res.start, res.end, res.flags & (MEM | IO | 1)) == (0, 0xFFFFF, flags)


def test_pci_read_bridge_bases_reads_windows_of_every_width():
    # I/O d000-dfff with 32 address bits, memory fbd00000-fbdfffff, prefetchable 1_f8d00000-1_f8dfffff
    registers = {
        "x08_4": 0x06040000, "x1c_1": 0xD1, "x1d_1": 0xD1, "x30_2": 1, "x32_2": 1,
        "x24_2": 0xF8D1, "x26_2": 0xF8D1, "x28_4": 1, "x2c_4": 1,
    }  # fmt: skip
    with machine_of(any_bridge("00:1c.0", 1, 1, registers=registers)) as machine:
        io, mem, pref = machine.bus("01").resource[:3]
        assert machine.function("00:1c.0").resource[7:10] == [io, mem, pref]
        assert (io.start, io.end, io.flags) == (0x1D000, 0x1DFFF, IO | 1)
        assert (mem.start, mem.end, mem.flags) == (0xE0000000, 0xE01FFFFF, MEM)
        assert (pref.start, pref.end, pref.flags) == (0x1_F8D0_0000, 0x1_F8DF_FFFF, MEM | PREFETCH | MEM_64 | 1)


def test_pci_read_bridge_bases_closed_windows_are_none():
    registers = {"x08_4": 0x06040000, "x1c_1": 0xF0, "x24_2": 0xFFF0}
    with machine_of(any_bridge("00:1c.0", 1, 1, registers=registers)) as machine:
        io, _, pref = machine.bus("01").resource[:3]
        assert (io.flags, pref.flags) == (0, 0)


# -- what a function is ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("pin", "reads"), [(0, [0x3D]), (1, [0x3D, 0x3C])])
def test_pci_read_irq_reads_the_line_if_there_is_a_pin(pin, reads):
    paper = Paper()
    dev = paper.dev(paper.bus(), registers={0x3C: bytes([11, pin])})
    paper.kernel.pci_read_irq(dev)
    assert (dev.pin, paper.reads()) == (pin, reads)


@pytest.mark.parametrize(("cap", "found"), [(0x03, 0), (0x05, -19)])
def test_pci_vpd_pci22_init_looks_for_vital_product_data(cap, found):
    paper = Paper()
    dev = paper.dev(paper.bus(), registers=listed((0x44, cap, b"")))
    assert paper.kernel.pci_vpd_pci22_init(dev) == found


@pytest.mark.parametrize(
    ("progif", "legacy"),
    [
        (0x80, [(0x1F0, 0x1F7), (0x3F6, 0x3F6), (0x170, 0x177), (0x376, 0x376)]),
        (0x84, [(0x1F0, 0x1F7), (0x3F6, 0x3F6), (0, 0), (0, 0)]),
        (0x81, [(0, 0), (0, 0), (0x170, 0x177), (0x376, 0x376)]),
        (0x85, [(0, 0)] * 4),
    ],
)
def test_pci_setup_device_ide_in_compatibility_mode_has_fixed_addresses(progif, legacy):
    registers = {"x08_4": 0x01010000 | progif << 8, "x10_4": 0}
    with machine_of(function("00:1f.0", registers=registers, bars={})) as machine:
        resources = machine.function("00:1f.0").resource[:4]
        assert [(res.start, res.end) for res in resources] == legacy
        # ioport.h: IORESOURCE_IO 0x100; pci_regs.h or ioport.h's PCI bits: IORESOURCE_PCI_FIXED 1 << 4
        assert {res.flags for res in resources if res.end} <= {0x110}


def test_pci_setup_device_takes_ids_class_and_port_type_apart():
    card = function("01:00.0", exp(0, devcap=0x8FC2), registers={"x08_4": 0x02000105})
    with machine_of(any_port("00:1c.0", 1, 1), card) as machine:
        dev = machine.function("01:00.0")
        assert (dev.vendor, dev.device, dev.revision, dev.class_) == (0x8086, 0x1234, 0x05, 0x020001)
        # PCI Express at 0x50, version 2, endpoint; Max_Payload_Size supported is the low three bits
        assert (dev.pcie_cap, dev.pcie_flags_reg, dev.pcie_mpss) == (EXP, 2, 2)
        assert (dev.hdr_type, dev.multifunction, dev.error_state, dev.match_driver) == (0, 0, 1, 1)


def test_pci_setup_device_asks_for_six_base_addresses_and_the_rom():
    with machine_of(function("00:01.0")) as machine:
        sized = [args[1] for args in (e.args for e in machine.boot_events if e.op == "w") if args[2:] == (4, ALL_ONES)]
        # the ROM's enable bit and what lies between are not written
        assert sized == [0x10, 0x14, 0x18, 0x1C, 0x20, 0x24]
        assert machine.function("00:01.0").rom_base_reg == 0x30


def test_pci_setup_device_class_that_does_not_match_the_header_counts_as_none():
    with machine_of(function("00:01.0", registers={"x08_4": 0x06040000})) as machine:
        assert machine.function("00:01.0").class_ == 0
        assert ("printk", "err") in [(event.op, event.args[0]) for event in machine.boot_events]


def test_pci_setup_device_bridge_subsystem_and_transparency():
    body = 0x50, 0x0D, words(0, 0x1043, 0x82EA)
    with machine_of(any_bridge("00:1e.0", 1, 1, body, registers={"x08_4": 0x06040100})) as machine:
        dev = machine.function("00:1e.0")
        assert (dev.subsystem_vendor, dev.subsystem_device, dev.transparent) == (0x1043, 0x82EA, 1)


def test_pci_setup_device_header_type_that_cannot_be_read_gives_EIO():
    paper = Paper()
    dev = paper.dev(paper.bus())
    paper.answer(dev, 0x0E, (0x87, 0x00))  # PCIBIOS_BAD_REGISTER_NUMBER
    assert paper.kernel.pci_setup_device(dev) == -5
    assert paper.reads() == [0x0E]


def test_pci_setup_device_header_type_of_no_kind_gives_EIO():
    paper = Paper()
    dev = paper.dev(paper.bus(), registers={0x0E: b"\x83"})
    assert paper.kernel.pci_setup_device(dev) == -5
    assert [level for level, _ in paper.said if level != "debug"] == ["err"]


@pytest.mark.parametrize(("answer", "size"), [(0, 4096), (ALL_ONES, 256), ((0x87, 0), 256)])
def test_pci_cfg_space_size_ext_is_there_if_it_answers(answer, size):
    paper = Paper()
    dev = paper.dev(paper.bus())
    paper.answer(dev, 0x100, answer)
    assert paper.kernel.pci_cfg_space_size_ext(dev) == size


@pytest.mark.parametrize(("status", "size"), [(0x40000000, 4096), (0x80000000, 4096), (0x00000000, 256)])
def test_pci_cfg_space_size_pcix_mode_2_has_the_extended_space(status, size):
    body = PCIX, 7, words(0) + status.to_bytes(4, "little")
    with machine_of(function("00:01.0", body, size=4096)) as machine:
        assert machine.function("00:01.0").cfg_size == size


def test_pci_cfg_space_size_host_bridge_is_asked():
    with machine_of(function("00:00.0", registers={"x08_4": 0x06000000}, size=4096)) as machine:
        assert machine.function("00:00.0").cfg_size == 4096


def test_pci_setup_device_names_lock_and_interrupt_after_the_address():
    with machine_of(function("0001:02:03.0", registers={"x3d_1": 2})) as machine:
        dev = machine.function("0001:02:03.0")
        assert (dev.dev.name, dev.pin) == ("0001:02:03.0", 2)
        assert (dev.dev.mutex.kind, dev.dev.mutex.of) == ("device", "0001:02:03.0")
        assert dev.irq == 0x1_0000 | 0x02 << 8 | 3 << 3


# -- function numbers --------------------------------------------------------------------------------------------


def multifunction(found):
    found.config = found.config[:0x0E] + bytes([found.config[0x0E] | 0x80]) + found.config[0x0F:]
    return found


def found(machine, bus):
    return [dev.devfn for dev in machine.bus(bus).devices]


def test_pci_scan_slot_function_numbers_may_have_gaps():
    functions = [multifunction(function("00:03.0")), function("00:03.2"), function("00:03.7")]
    with machine_of(*functions) as machine:
        assert found(machine, "00") == [0x18, 0x1A, 0x1F]
        assert [dev.multifunction for dev in machine.functions] == [1, 1, 1]


def ari(address, next_function):
    """A function with an ARI capability at 0x100, version 1, and nothing behind it."""
    registers = {"x100_4": 0x0001000E, "x104_4": next_function << 8}
    return function(address, exp(0), size=4096, registers=registers)


def ari_port(forwards=True):
    made = any_port("00:1c.0", 1, 1, sltcap=0)
    config = bytearray(made.config)
    config[EXP + 0x24] = 0x20 if forwards else 0  # Device Capabilities 2: ARI forwarding supported
    made.config = bytes(config)
    return made


def test_pci_scan_slot_with_ari_follows_the_list_of_functions():
    listed = ari("01:00.0", 9), ari("01:01.1", 0x22), ari("01:04.2", 0)
    with machine_of(ari_port(), *listed, ari("01:00.1", 0)) as machine:
        assert found(machine, "01") == [0x00, 0x09, 0x22]
        assert machine.function("00:1c.0").ari_enabled == 1
        assert machine.fabric.read(0, 0, 0xE0, EXP + 0x28, 2) & 0x20  # Device Control 2: ARI forwarding


def test_pci_scan_slot_with_ari_list_that_leads_back_ends():
    with machine_of(ari_port(), ari("01:00.0", 9), ari("01:01.1", 9)) as machine:
        assert found(machine, "01") == [0x00, 0x09]


@pytest.mark.parametrize("second", [(), (function("01:01.1", exp(0), size=4096),)], ids=["nobody", "no capability"])
def test_pci_scan_slot_with_ari_list_that_leads_nowhere_ends(second):
    with machine_of(ari_port(), ari("01:00.0", 9), *second) as machine:
        assert found(machine, "01") == [0x00, 0x09][: 1 + len(second)]


def test_pci_bus_add_device_lets_drivers_match():
    paper = Paper()
    dev = paper.dev(paper.bus())
    assert paper.kernel.pci_bus_add_device(dev) == 0
    assert (dev.match_driver, dev.is_added) == (1, 1)


def test_pci_bus_add_devices_leaves_alone_what_is_in_use():
    with machine_of(function("00:01.0", driver="a")) as machine:
        machine.call("pci_bus_add_devices", machine.bus("00"))
        assert machine.events == []


@pytest.mark.parametrize("what", ["not PCI Express", "not function 0"])
def test_pci_configure_ari_of_others_leaves_the_port_alone(what):
    paper = Paper()
    port = paper.dev(paper.bus(), **pcie(2, 4))
    devfn, fields = (0, {}) if what == "not PCI Express" else (1, pcie(2, 0))
    paper.kernel.pci_configure_ari(paper.dev(paper.bus(1, port), devfn, **fields))
    assert paper.take() == []


def test_pci_configure_ari_without_the_bridge_is_off():
    with machine_of(ari_port(forwards=False), ari("01:00.0", 9), ari("01:01.1", 0)) as machine:
        assert found(machine, "01") == [0x00]
        assert machine.function("00:1c.0").ari_enabled == 0


def test_pci_configure_ari_without_the_device_is_switched_off():
    port = ari_port()
    port.config = port.config[: EXP + 0x28] + b"\x20" + port.config[EXP + 0x29 :]
    with machine_of(port, function("01:00.0", exp(0), size=4096)) as machine:
        assert machine.fabric.read(0, 0, 0xE0, EXP + 0x28, 2) & 0x20 == 0


def test_pci_scan_slot_counts_what_is_new():
    with machine_of(multifunction(function("00:03.0")), function("00:03.1")) as machine:
        kernel, bus = machine.kernel, machine.bus("00")
        assert kernel.pci_scan_slot(bus, 3 << 3) == 0
        machine.function("00:03.1").is_added = 0
        assert kernel.pci_scan_slot(bus, 3 << 3) == 1
        assert ("scan_slot", ("0000:00", 3)) in [(event.op, event.args) for event in machine.events]
