# SPDX-License-Identifier: GPL-2.0-only
"""Booting a machine: what the kernel finds agrees with lspci; interrupts; machines that make no sense."""

import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from dataclasses import replace
from functools import partial
from time import monotonic
from types import SimpleNamespace

import pytest
from hw_machine import EXP, MSI, PM, exp, function, pm, words
from hw_machine import bridge as any_bridge
from hw_machine import port as any_port

from kernel_port._shims import lib
from kernel_port.hw.address import Address
from kernel_port.hw.description import FunctionDescription, MachineDescription
from kernel_port.hw.image import ConfigImage
from kernel_port.images import load
from kernel_port.machine import boot
from kernel_port.wiring import INTERRUPT_ROUNDS

DUMPS = ("pciutils-cap-dpc", "pciutils-tree-asus-p6t6", "pciutils-tree-fujitsu-p8010")


CLASS_BRIDGE_PCI = {"x08_4": 0x06040000}


def bridge(*args, registers=None, multifunction=False, **options):
    found = any_bridge(*args, registers=CLASS_BRIDGE_PCI | (registers or {}), **options)
    if multifunction:
        found.config = found.config[:0x0E] + b"\x81" + found.config[0x0F:]
    return found


def port(*args, **options):
    return any_port(*args, registers=CLASS_BRIDGE_PCI, **options)


def machine_of(*functions, **options):
    return boot(MachineDescription("test", list(functions)), **options)


@pytest.fixture(params=DUMPS)
def dump(request, shared):
    return shared / "dumps" / f"{request.param}.txt"


@pytest.fixture
def lspci():
    if shutil.which("lspci") is None:
        pytest.skip("no lspci")

    def run(dump, *options):
        """What lspci says of each function of a dump: address -> text."""
        out = subprocess.run(
            ["lspci", "-D", "-F", str(dump), *options], check=True, text=True, capture_output=True
        ).stdout  # fmt: skip
        return {block.split(maxsplit=1)[0]: block for block in re.split(r"\n(?=[0-9a-f]{4,}:)", out.strip())}

    return run


# -- agreement with lspci ----------------------------------------------------------------------------------------


def test_boot_finds_the_functions_that_lspci_lists(dump, lspci):
    with boot(dump) as machine:
        stand_ins = {str(each.address) for each in machine.description.functions if each.stand_in}
        assert [dev.dev.name for dev in machine.functions if dev.dev.name not in stand_ins] == sorted(lspci(dump))


def test_boot_reads_class_vendor_and_revision_as_lspci(dump, lspci):
    with boot(dump) as machine:
        for name, line in lspci(dump, "-n").items():
            dev = machine.function(name)
            class_, vendor, device, revision = re.match(
                r"\S+ (\w{4}): (\w{4}):(\w{4})(?: \(rev (\w+)\))?", line
            ).groups()  # fmt: skip
            assert f"{dev.class_ >> 8:04x} {dev.vendor:04x}:{dev.device:04x}" == f"{class_} {vendor}:{device}", name
            assert dev.revision == int(revision or "0", 16), name


def test_boot_gives_bridges_the_buses_that_lspci_reads(dump, lspci):
    with boot(dump) as machine:
        for name, text in lspci(dump, "-vv").items():
            numbers = re.search(r"Bus: primary=(\w+), secondary=(\w+), subordinate=(\w+)", text)
            below = machine.function(name).subordinate
            assert (below is None) == (numbers is None), name
            if numbers:
                found = below.primary, below.number, below.busn_res.end
                assert found == tuple(int(number, 16) for number in numbers.groups()), name


def test_boot_hangs_buses_below_bridges_as_lspci_t(dump, lspci):
    """lspci -t draws the tree: a bridge is followed by its buses and then by what is on them."""
    drawn = subprocess.run(["lspci", "-D", "-t", "-F", str(dump)], check=True, text=True, capture_output=True).stdout

    def draw(bus):
        found = []
        for dev in bus.devices:
            text = f"{dev.devfn >> 3:02x}.{dev.devfn & 7}"
            if dev.subordinate:
                first, last = dev.subordinate.number, dev.subordinate.busn_res.end
                text += f"[{first:02x}]" if first == last else f"[{first:02x}-{last:02x}]"
                text += "".join(draw(dev.subordinate))
            found.append(text)
        return found

    # as lspci draws it: a bus whose bridge is not in the dump is a root
    with boot(replace(load(dump), recorded=False)) as machine:
        ours = [f"[{b.sysdata.domain:04x}:{b.number:02x}]" + "".join(draw(b)) for b in machine.kernel.pci_root_buses]
    drawn = re.sub(r"[^\w.:[\]-]|(?<!\w)-|-(?!\w)", "", drawn)
    # lspci draws bus 0000:00 even where nothing is on it
    assert "".join(ours) == re.sub(r"\[\w{4}:\w\w\](?=\[\w{4}:)", "", drawn)


def test_boot_finds_capabilities_where_lspci_does(dump, lspci):
    with boot(dump) as machine:
        for name, text in lspci(dump, "-vv").items():
            dev = machine.function(name)
            at = {kind: int(where, 16) for where, kind in re.findall(r"Capabilities: \[(\w+)\] (PCI-X|\w+)", text)}
            assert dev.pm_cap == at.get("Power", 0), name
            assert dev.pcie_cap == at.get("Express", 0), name
            saved = {data.cap_nr for data in dev.saved_cap_space}
            assert saved == {number for number, cap in ((0x10, "Express"), (0x07, "PCI-X")) if cap in at}, name
            if "Express" in at:
                types = {"Root Port": 4, "Upstream Port": 5, "Downstream Port": 6}
                kind = re.search(r"Express \(v(\d)\) (?:Legacy )?([A-Z][A-Za-z -]+?)(?: \(Slot([+-])\))?, ", text)
                assert dev.pcie_flags_reg & 0xF == int(kind[1]), name
                if kind[2] in types:
                    assert dev.pcie_flags_reg >> 4 & 0xF == types[kind[2]], name
                assert bool(dev.pcie_flags_reg & 0x100) == (kind[3] == "+"), name


def test_boot_places_bars_where_lspci_does(dump, lspci):
    with boot(dump) as machine:
        for name, text in lspci(dump, "-vv").items():
            dev = machine.function(name)
            regions = re.findall(r"Region (\d): (I/O ports|Memory) at ([0-9a-f]+) ?(?:\((\d\d)-bit)?", text)
            for number, kind, start, width in regions:
                res = dev.resource[int(number)]
                assert res.start == int(start, 16), (name, number)
                assert bool(res.flags & 0x100) == (kind == "I/O ports"), (name, number)  # IORESOURCE_IO
                assert bool(res.flags & 0x100000) == (width == "64"), (name, number)  # IORESOURCE_MEM_64


def test_boot_leaves_registers_as_it_found_them(shared):
    """Sizing a BAR overwrites it, and scanning a bridge changes its control register: all of that is put back. Bridges
    are enabled: Command (4, 5) has bus mastering, and a conventional one a latency timer (0x0d) of at least 16."""
    description = MachineDescription("", [])
    with boot(shared / "dumps" / "pciutils-tree-asus-p6t6.txt") as machine:
        description = machine.description
        for found in description.functions:
            now = machine.fabric.config(found.address)
            pairs = enumerate(zip(found.config[:64], now, strict=False))
            changed = {i: old ^ new for i, (old, new) in pairs if old != new}
            bridge = bool(machine.function(str(found.address)).subordinate)
            # Bridges are enabled, and have a latency timer. A port whose driver has MSI enabled no longer interrupts by
            # its pin: INTx Disable of Command, byte 5.
            assert set(changed) <= ({0x04, 0x05, 0x0D} if bridge else set()), found.address
            assert changed.get(0x05, 0x04) == 0x04, found.address


# -- slots, drivers, power ---------------------------------------------------------------------------------------


def test_boot_binds_pciehp_to_hot_plug_capable_slots_alone():
    no_hotplug = port("00:1d.0", 2, 2, sltcap=0)
    with machine_of(port("00:1c.0", 1, 1, sltcap=0x60 | 9 << 19), function("01:00.0"), no_hotplug) as machine:
        assert machine.slot("9").bus is machine.bus("01")
        assert machine.function("01:00.0").slot is machine.slot("9")
        assert machine.bus("02").slots == []
        assert machine.function("00:1d.0").driver.name == "pcieport"


def test_boot_card_that_is_no_device_0_has_no_slot():
    # Conventional numbering behind a bridge: only device 0 is the slot's (pciehp registers device number 0).
    with machine_of(bridge("00:1e.0", 1, 1), function("01:03.0")) as machine:
        assert machine.function("01:03.0").slot is None


def test_boot_wakes_what_has_a_driver_and_knows_nothing_of_the_rest():
    owned, free = function("00:01.0", pm(control=1), driver="e1000e"), function("00:02.0", pm())
    with machine_of(owned, free) as machine:
        assert machine.function("00:01.0").driver.name == "e1000e"
        assert machine.function("00:01.0").current_state == 0  # PCI_D0
        assert machine.fabric.read(0, 0, 0x08, PM + 4, 2) & 3 == 0
        assert machine.function("00:02.0").driver is None
        assert machine.function("00:02.0").current_state == 5  # PCI_UNKNOWN


def test_boot_poll_mode_uses_a_timer_and_no_interrupt():
    with machine_of(port("00:1c.0", 1, 1), function("01:00.0"), poll_mode=True) as machine:
        # That of the root port's wake-up events, which share it, is there all the same.
        assert [[action.name for action in line] for line in machine.system.irq_actions.values()] == [["PCIe PME"]]
        assert "add_timer" in [event.op for event in machine.boot_events]
        assert machine.fabric.read(0, 0, 0xE0, EXP + 0x18, 2) & 0x30 == 0  # neither HPIE nor CCIE


def test_boot_keeps_its_events_apart():
    with machine_of(function("00:01.0")) as machine:
        assert machine.events == []
        assert machine.boot_events[0].op == "printk"
        assert ("r", ("0000:00:01.0", 0, 4, 0x12348086)) in [(event.op, event.args) for event in machine.boot_events]


# -- cycles and interrupts ---------------------------------------------------------------------------------------


def test_pci_ops_reads_and_writes_are_events_with_the_statement_that_did_them():
    with machine_of(function("00:01.0")) as machine:
        dev = machine.function("00:01.0")
        assert machine.call("pci_read_config_word", dev, 4) == 0x0006
        machine.call("pci_write_config_word", dev, 4, 0x0406)
        read, write = machine.events
        assert (read.op, read.args) == ("r", ("0000:00:01.0", 4, 2, 0x0006))
        assert (write.op, write.args) == ("w", ("0000:00:01.0", 4, 2, 0x0406))
        assert [code.co_name for code, _ in read.stack] == ["pci_bus_read_config_word", "pci_read_config_word"]


def acts(machine):
    """What happened on interrupts, hot-plug registers (offset in the capability) and in hardware."""
    return [
        (event.context, event.op, *(event.args[1:3] if event.op in "rw" else event.args[:1]))
        for event in machine.events
        if event.op in ("irq", "hw", "msleep", "queue_work")
    ]


def test_an_interrupt_is_served_when_the_access_that_causes_it_is_over():
    with machine_of(port("00:1c.0", 1, 1), function("01:00.0"), patches=1) as machine:
        machine.call("pci_reset_bridge_secondary_bus", machine.function("00:1c.0"))
        names = [act[:3] for act in acts(machine)]
        down = names.index(("main", "hw", "link down"))
        assert names[down + 1 :][:3] == [
            ("main", "hw", "presence off"), ("main", "hw", "hot reset"), ("irq 0000:00:1c.0", "irq", "0000:00:1c.0")
        ]  # fmt: skip
        ops = [(event.op, event.args[:2]) for event in machine.events]
        assert ops.index(("w", ("0000:00:1c.0", 0x3E))) < ops.index(("hw", ("link down", "0000:00:1c.0")))


@pytest.mark.parametrize(("hz", "ms"), [(1000, 101), (250, 104), (100, 110)])
def test_boot_hz_is_the_grain_of_sleep(hz, ms):
    with boot("example:single", hz=hz) as machine:
        start = machine.clock.now
        machine.kernel.msleep(100)  # 100, 25 or 10 jiffies, and one more
        assert machine.clock.now - start == ms * 1_000_000


@pytest.mark.parametrize("hz", [0, 11, 12288])
def test_boot_hz_that_no_linux_has_is_refused(hz):
    with pytest.raises(ValueError, match=f"^HZ is {hz}, not 12 to 12287$"):
        boot("example:single", hz=hz)


def test_an_interrupt_in_time_is_served_on_the_sleepers_back():
    late = port("00:1c.0", 1, 1, slot_status_ms=30)
    with machine_of(late, function("01:00.0"), patches=1) as machine:
        start = machine.clock.now
        machine.call("pci_reset_bridge_secondary_bus", machine.function("00:1c.0"))
        times = [(event.time - start) / 1e6 for event in machine.events if event.op == "irq"]
        assert times == [30, 131]  # held for 100 ms and a jiffy


def test_a_port_that_never_stops_asking_is_given_up_in_the_end():
    with machine_of(port("00:1c.0", 1, 1), function("01:00.0")) as machine:
        dev = machine.function("00:1c.0")
        clears_nothing = machine.kernel.irqaction(lambda irq, dev_id: 0, None)
        machine.system.irq_actions[dev.irq][:] = [clears_nothing]
        machine.fabric.function(Address.parse("00:1c.0")).slot.event(0x08)  # presence detect changed
        assert [event.op for event in machine.events].count("irq") == INTERRUPT_ROUNDS


def test_a_port_without_a_handler_disturbs_nobody():
    with machine_of(port("00:1c.0", 1, 1), function("01:00.0")) as machine:
        dev = machine.function("00:1c.0")
        handler = machine.system.irq_actions.pop(dev.irq)
        machine.fabric.function(Address.parse("00:1c.0")).slot.event(0x08)
        assert [event.op for event in machine.events].count("irq") == 0
        machine.system.irq_actions[dev.irq] = handler
        machine.call("pci_read_config_word", dev, 0)  # the level is still there when the handler comes
        assert [event.op for event in machine.events].count("irq") == 1


# -- machines that make no sense ---------------------------------------------------------------------------------


def names(machine):
    return [dev.dev.name for dev in machine.functions]


def test_boot_bus_without_a_bridge_is_a_root_bus():
    with machine_of(function("00:01.0"), function("05:00.0")) as machine:
        assert names(machine) == ["0000:00:01.0", "0000:05:00.0"]
        assert machine.bus("05").parent is None


def test_boot_several_domains_have_their_own_buses():
    above, below = bridge("0001:00:01.0", 1, 1), function("0001:01:00.0")
    with machine_of(function("00:01.0"), above, below, function("01:00.0")) as machine:
        assert names(machine) == ["0000:00:01.0", "0000:01:00.0", "0001:00:01.0", "0001:01:00.0"]
        assert machine.bus("01").self is None
        assert machine.bus("0001:01").self is machine.function("0001:00:01.0")


def test_boot_bridge_without_numbers_gets_the_next_free_ones():
    with machine_of(bridge("00:01.0", 1, 3), function("01:00.0"), bridge("00:02.0", 0, 0)) as machine:
        found = machine.function("00:02.0").subordinate
        assert (found.number, found.busn_res.end) == (4, 4)
        assert machine.fabric.read(0, 0, 0x10, 0x18, 4) == 0x00040400


@pytest.mark.parametrize(
    ("secondary", "subordinate", "primary"),
    [(3, 2, 0), (1, 1, 7)],
    ids=["last before first", "another bus above"],
)
def test_boot_bridge_with_nonsense_numbers_is_renumbered(secondary, subordinate, primary):
    broken = bridge("00:01.0", secondary, subordinate, registers={"x18_1": primary})
    with machine_of(function("00:03.0"), broken) as machine:
        assert machine.function("00:01.0").subordinate.number == 1
        assert machine.fabric.read(0, 0, 0x08, 0x18, 4) == 0x00010100


def test_boot_primary_bus_hard_wired_to_0_is_accepted():
    inner = bridge("01:00.0", 2, 2, registers={"x18_1": 0})
    with machine_of(bridge("00:01.0", 1, 2), inner, function("02:00.0")) as machine:
        assert names(machine)[-1] == "0000:02:00.0"
        assert machine.function("01:00.0").subordinate.primary == 1
        assert machine.fabric.read(0, 1, 0, 0x18, 4) == 0x00020200  # and its numbers are left as they are


def test_boot_two_bridges_to_one_bus_share_it():
    with machine_of(bridge("00:01.0", 1, 1), bridge("00:02.0", 1, 1), function("01:00.0")) as machine:
        assert machine.function("00:01.0").subordinate is machine.bus("01")
        assert machine.function("00:02.0").subordinate is None
        assert names(machine) == ["0000:00:01.0", "0000:00:02.0", "0000:01:00.0"]


def test_boot_many_bridges_to_one_bus_on_every_level_come_to_an_end(untraced_boot):
    # 8 bridges on each of 20 buses lead to the next bus: scanning it again for each would be 8**20 scans.
    functions = [bridge(f"{bus:02x}:{dev:02x}.0", bus + 1, 20, registers={"x18_1": bus})
                 for bus in range(20) for dev in range(8)]  # fmt: skip
    with machine_of(*functions) as machine:
        assert len(machine.functions) == 160


@pytest.fixture
def untraced_boot(monkeypatch):
    """Boot as machines with many functions do."""
    monkeypatch.setattr("kernel_port.machine.TRACED_BOOT", 0)


def test_boot_of_a_large_machine_is_not_traced(untraced_boot):
    with machine_of(function("00:01.0")) as machine:
        assert machine.boot_events == []
        machine.call("pci_read_config_word", machine.function("00:01.0"), 0)
        assert len(machine.events) == 1


def test_boot_255_bridges_in_a_chain_are_found(untraced_boot):
    functions = [bridge(f"{bus:02x}:00.0", bus + 1, 255, registers={"x18_1": bus}) for bus in range(255)]
    with machine_of(*functions, function("ff:00.0")) as machine:
        assert len(machine.functions) == 256
        assert machine.function("ff:00.0").bus.parent.number == 254


def test_boot_more_bridges_than_bus_numbers_leaves_some_without_a_bus(untraced_boot):
    functions = [bridge(f"00:{dev:02x}.{fn}", 0, 0, multifunction=True) for dev in range(32) for fn in range(8)]
    with machine_of(*functions) as machine:
        buses = [dev.subordinate.number for dev in machine.functions if dev.subordinate]
        assert buses == list(range(1, 256))
        assert machine.function("00:1f.7").subordinate is None


def test_boot_new_numbers_avoid_the_root_buses_of_firmware():
    with machine_of(bridge("00:01.0", 0, 0), bridge("00:02.0", 0, 0), function("01:00.0")) as machine:
        assert machine.bus("01").self is None
        assert [machine.function(f"00:0{n}.0").subordinate.number for n in (1, 2)] == [2, 3]


def test_boot_header_of_unknown_type_is_ignored():
    with machine_of(function("00:01.0", registers={"x0e_1": 0x7F}), function("00:02.0")) as machine:
        assert names(machine) == ["0000:00:02.0"]


def test_boot_capability_list_that_loops_ends():
    loop = function("00:01.0", pm())
    config = bytearray(loop.config)
    config[PM + 1] = PM  # the next capability is this one
    broken = FunctionDescription(loop.address, bytes(config))
    with machine_of(broken) as machine:
        assert machine.function("00:01.0").pm_cap == PM
        assert machine.function("00:01.0").pcie_cap == 0


def test_boot_hidden_function_is_not_found():
    with machine_of(function("00:01.0"), function("00:01.1"), function("00:02.1")) as machine:
        assert names(machine) == ["0000:00:01.0"]


def test_boot_second_device_behind_a_root_port_is_not_looked_for():
    with machine_of(port("00:1c.0", 1, 1), function("01:00.0"), function("01:01.0")) as machine:
        assert names(machine) == ["0000:00:1c.0", "0000:01:00.0"]


# -- determinism, time, end --------------------------------------------------------------------------------------


def trace(seed):
    with machine_of(port("00:1c.0", 1, 1), function("01:00.0"), patches=4, seed=seed) as machine:
        machine.call("pci_reset_function", machine.function("01:00.0"))
        return [(event.time, event.context, event.op, event.args) for event in machine.events]


def test_same_machine_call_and_seed_give_the_same_trace():
    assert trace(1) == trace(1)
    assert trace(None) == trace(None)


def test_boot_in_real_time_sleeps_for_real():
    with machine_of(function("00:01.0"), real_time=True) as machine:
        started = monotonic()
        machine.call("msleep", 20)
        assert monotonic() - started >= 0.020
        machine.call("mdelay", 5)
        assert monotonic() - started >= 0.025


@pytest.mark.usefixtures("interruptible")
@pytest.mark.parametrize(("thread", "delay"), [("main", "msleep"), ("main", "mdelay"), ("worker", "msleep")])
def test_interrupt_ends_a_delay_in_real_time(monkeypatch, thread, delay):
    waiting = threading.Event()

    def waits(delay):
        return lambda count: (waiting.set(), delay(count))

    shim = SimpleNamespace(msleep=waits(lib.msleep), mdelay=waits(lib.mdelay), udelay=lib.udelay)
    monkeypatch.setattr("kernel_port.machine.lib", shim)
    machine = machine_of(function("00:01.0"), real_time=True)
    waiting.clear()

    def run():
        wait = partial(getattr(machine.kernel, delay), 60_000)
        with machine:
            if thread == "main":
                wait()
            machine.system.sched.spawn(thread, wait)
            machine.system.sched.settle()

    def interrupt():
        waiting.wait()
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=interrupt).start()
    started = monotonic()
    with pytest.raises(KeyboardInterrupt):
        run()
    assert monotonic() - started < 30  # of 60 s
    assert [thread.name for thread in machine.system.sched.threads] == ["main"]


def test_boot_on_an_image_leaves_the_registers_there(tmp_path):
    path = tmp_path / "ecam"
    path.write_bytes(bytes(1 << 20))
    described = function("00:01.0")
    with ConfigImage.in_place(path) as image, machine_of(described, images={0: image}) as machine:
        machine.call("pci_write_config_byte", machine.function("00:01.0"), 0x3C, 0x42)
    assert path.read_bytes()[1 << 15 :][0x3C] == 0x42


def test_boot_that_fails_closes_the_machine(monkeypatch):
    closed = []
    monkeypatch.setattr("kernel_port.machine.Machine.close", lambda machine: closed.append(machine))  # noqa: PLW0108 - binds
    monkeypatch.setattr("kernel_port.machine.Machine.start", lambda machine, **options: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        machine_of(function("00:01.0"))
    assert len(closed) == 1


def test_close_leaves_no_thread_behind():
    machine = machine_of(port("00:1c.0", 1, 1), function("01:00.0"), patches=4)
    machine.call("pci_reset_function", machine.function("01:00.0"))  # the card seems to be pulled: there is work
    _, *workers = machine.system.sched.threads
    assert len(workers) == 2  # one removes the card, one adds it again
    machine.close()
    assert len(machine.system.sched.threads) == 1
    assert [worker.frame for worker in workers] == [None, None]  # they have left the code they waited in


def test_express_endpoint_has_4096_bytes_where_the_extended_space_answers():
    answers = function("00:01.0", exp(9), size=4096)
    silent = function("00:02.0", exp(9))
    with machine_of(answers, silent) as machine:
        assert machine.function("00:01.0").cfg_size == 4096
        assert machine.function("00:02.0").cfg_size == 256


def test_recursion_limit_is_never_lowered():
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(20_000)
    try:
        with machine_of(function("00:01.0")) as machine:
            seen = []
            machine.system.listen = lambda event: seen.append(sys.getrecursionlimit())
            machine.call("pci_reset_function", machine.function("00:01.0"))
            assert set(seen) == {20_000}
    finally:
        sys.setrecursionlimit(before)


def test_boot_what_drivers_had_switched_on_is_on_and_survives_a_reset():
    """ATS at 0x100, by pages of 2 MiB; SR-IOV at 0x120, four of eight virtual functions. FLR loses what it loses."""
    registers = {
        "x100_4": 0x1201000F, "x104_4": 0x80090005,
        "x120_4": 0x00010010, "x128_2": 0x0009, "x12c_4": 0x00080008, "x130_2": 4, "x134_4": 0x00020080,
        "x13c_4": 0x553, "x140_4": 1,
    }  # fmt: skip
    card = function("00:05.0", exp(0, devcap=0x10008000), size=4096, registers=registers)
    with machine_of(card) as machine:
        dev = machine.function("00:05.0")
        assert (dev.ats.stu, dev.ats.is_enabled, dev.sriov.num_VFs, dev.sriov.ctrl) == (21, 1, 4, 9)
        machine.fabric.put(Address.parse("00:05.0"), card.config)
        assert machine.call("pci_reset_function", dev) == 0
        restored = [event.args[1:] for event in machine.events if event.op == "w" and event.args[1] == 0x106]
        assert restored == [(0x106, 2, 0x8009)]
        assert int.from_bytes(machine.fabric.config(Address.parse("00:05.0"))[0x106:0x108], "little") == 0x8009


@pytest.mark.parametrize(("not_ready", "command"), [("silent", 0x0000), ("crs", 0x0006)])
def test_a_card_that_asks_for_retries_gets_its_registers_back_when_it_is_ready(not_ready, command):
    # 150 ms after the reset the series restores; who stalls it until 400 ms is restored, who is silent is not.
    card = function("01:00.0", pm(), exp(0), ready_ms=400, not_ready=not_ready)
    with machine_of(port("00:1c.0", 1, 1, sltcap=0), card) as machine:
        assert machine.call("pci_reset_function", machine.function("01:00.0")) == 0
        stalls = [event for event in machine.events if event.args[:1] == ("request retried",)]
        assert len(stalls) == (not_ready == "crs")
        machine.clock.advance(machine.clock.now + 1_000_000_000)
        assert machine.fabric.read(0, 1, 0, 0x04, 2) == command


#: A port that has MSI enabled, 64-bit addresses, and is a bus master; its slot tells presence changes at once.
MESSAGES = (MSI, 0x05, words(0x0081, 0, 0, 0, 0, 0))


def test_a_message_is_lost_if_it_is_not_enabled_when_the_event_happens():
    # PCIe 6.7.3.4: a message is sent when the conditions become true, if the port is enabled for messages then.
    slot = exp(4, sltcap=0x60, sltsta=0x40, slot=True)
    described = bridge("00:1c.0", 1, 1, pm(), slot, MESSAGES, registers={"x04_2": 0x0407})
    with machine_of(described, function("01:00.0", pm(), exp(0))) as machine:
        served = lambda: [event.args for event in machine.events if event.op == "irq"]  # noqa: E731
        hardware = machine.fabric.function(Address.parse("00:1c.0"))
        control = machine.fabric.read(0, 0, 0xE0, MSI + 2, 2)
        assert control & 1
        machine.fabric.write(0, 0, 0xE0, MSI + 2, 2, control & ~1)
        hardware.slot.event(0x08)
        machine.fabric.write(0, 0, 0xE0, MSI + 2, 2, control)
        assert served() == []
        machine.fabric.write(0, 0, 0xE0, EXP + 0x1A, 2, 0x08)
        hardware.slot.event(0x08)
        assert served() == [("0000:00:1c.0",)]
