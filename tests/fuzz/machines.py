# SPDX-License-Identifier: GPL-2.0-only
"""Targets that run machines: the hardware under random configuration cycles, and kernels on random machines."""

from dataclasses import replace
from functools import cache

from engine import Hang

from kernel_port.hw.address import bdf
from kernel_port.hw.clock import NSEC_PER_MSEC, Clock
from kernel_port.hw.description import MachineDescription
from kernel_port.hw.fabric import Fabric
from kernel_port.images import example_names, load
from kernel_port.images.generate import generate
from kernel_port.kernel.sched import Deadlock
from kernel_port.machine import boot
from kernel_port.pci_regs import (
    PCI_BRIDGE_CONTROL,
    PCI_BRIDGE_CTL_BUS_RESET,
    PCI_CAP_ID_AF,
    PCI_CAP_ID_EXP,
    PCI_CAP_ID_PM,
    PCI_CAP_LIST_NEXT,
    PCI_CAPABILITY_LIST,
    PCI_CLASS_REVISION,
    PCI_COMMAND,
    PCI_EXP_DEVCAP,
    PCI_EXP_FLAGS_SLOT,
    PCI_EXP_LNKCAP,
    PCI_EXP_SLTCAP,
    PCI_HEADER_TYPE,
    PCI_HEADER_TYPE_BRIDGE,
    PCI_HEADER_TYPE_MASK,
    PCI_INTERRUPT_PIN,
    PCI_PM_PMC,
    PCI_PRIMARY_BUS,
    PCI_SECONDARY_BUS,
    PCI_SUBORDINATE_BUS,
    PCI_VENDOR_ID,
)

#: What no write and no reset changes, by the specifications: offset and length in the header, and in capabilities.
FIXED = (
    (PCI_VENDOR_ID, 4), (PCI_CLASS_REVISION, 4), (PCI_HEADER_TYPE, 1), (PCI_CAPABILITY_LIST, 1), (PCI_INTERRUPT_PIN, 1),
)  # fmt: skip
FIXED_IN = {
    PCI_CAP_ID_PM: ((PCI_PM_PMC, 2),),
    PCI_CAP_ID_EXP: ((2, 2), (PCI_EXP_DEVCAP, 4), (PCI_EXP_LNKCAP, 4)),
    PCI_CAP_ID_AF: ((2, 2),),
}
#: Most events of one call on a machine of a few functions.
MOST_EVENTS = 50_000
#: Operations of a hotplug slot.
OF_SLOT = (
    "enable_slot", "disable_slot", "get_power_status", "get_attention_status", "get_adapter_status", "reset_slot",
)  # fmt: skip
#: Kernel functions of a device, by what else they are given.
OF_DEVICE = (
    "pci_reset_function", "__pci_reset_function", "pci_probe_reset_function", "pci_save_state", "pci_restore_state",
    "pci_reset_bridge_secondary_bus", "pci_set_power_state", "pci_find_capability",
    "pci_find_ext_capability", "pcie_capability_read_word", "pcie_capability_clear_and_set_word", "saved_state",
    "pci_user_read_config_dword", "pci_user_write_config_word", "cfg_access", "reset_locked",
)  # fmt: skip


@cache
def bases():
    """Small machines, most with bridges: a generated one has a bus to every four functions."""
    examples = (load(f"example:{name}") for name in example_names())
    return (*examples, *(generate(1 + seed % 14, seed) for seed in range(60)))


def machine(rng):
    """A small machine whose functions have random defects."""
    base = rng.choice(bases())
    late = (0, 0, 0, 0.1, 1, 60, 150, 1200, -1)
    functions = []
    for function in base.functions:
        changes = {}
        for name in ("pending_ms", "ready_ms", "link_training_ms", "slot_status_ms", "command_ms"):
            if not rng.randrange(6):
                changes[name] = rng.choice(late) if name != "slot_status_ms" else abs(rng.choice(late))
        for name in ("soft_reset_works", "flr_works", "power_state_changes", "presence_follows_link"):
            if not rng.randrange(8):
                changes[name] = False
        if not rng.randrange(8):
            changes["writes_needed"] = {4 * rng.randrange(64): 1 + rng.randrange(12)}
        if not rng.randrange(8):
            times = [rng.choice((0.5, 20, 100, 5000)) for _ in range(1 + rng.randrange(4))]
            changes["slot_events"] = [(when, 1 << rng.randrange(9)) for when in times]
        if not rng.randrange(12):
            changes["slot_events_on_clear"] = 1 << rng.randrange(9)
        functions.append(replace(function, **changes))
    return MachineDescription(base.name, functions, quirks="qemu" if not rng.randrange(8) else "")


def fixed(config):
    """The bytes of *config* that never change: (offset, what is there)."""
    places = list(FIXED)
    at = config[PCI_CAPABILITY_LIST] & ~3
    while at:
        places += [(at, 2), *((at + where, length) for where, length in FIXED_IN.get(config[at], ()))]
        if config[at] == PCI_CAP_ID_EXP and config[at + 3] & PCI_EXP_FLAGS_SLOT >> 8:
            places.append((at + PCI_EXP_SLTCAP, 4))
        at = config[at + PCI_CAP_LIST_NEXT] & ~3
    return [(where, config[where : where + length]) for where, length in places]


class Routes:
    """Who could answer, by the registers of all bridges: written anew here, and too generous rather than too strict."""

    def __init__(self, description, fabric):
        self.fabric = fabric
        self.holds = description.quirks != "qemu"
        self.on_bus, self.leads_to = {}, {}
        for function in sorted(description.functions, key=lambda function: function.address):
            address, config = function.address, function.config
            self.on_bus.setdefault((address.domain, address.bus), []).append(function)
            if config[PCI_HEADER_TYPE] & PCI_HEADER_TYPE_MASK == PCI_HEADER_TYPE_BRIDGE and config[PCI_SECONDARY_BUS]:
                self.leads_to.setdefault((address.domain, config[PCI_SECONDARY_BUS]), address)
        self.roots = [bus for bus in self.on_bus if bus not in self.leads_to]

    def answers(self, domain, bus, devfn, end):
        """Whether somebody may answer for the register that ends at *end*."""
        found = [home for home in self.on_bus if home[0] == domain and self.leads(home, bus, True)]
        return any(f.address.devfn == devfn and end <= f.size for home in found for f in self.on_bus[home])

    def leads(self, home, bus, last):
        """Whether a cycle for *bus* gets to the wires that were bus *home* at power on."""
        if home in self.roots:
            return not last or bus == home[1]
        bridge = self.leads_to[home]
        now = self.fabric.config(bridge)
        secondary, subordinate = now[PCI_SECONDARY_BUS], now[PCI_SUBORDINATE_BUS]
        in_reset = now[PCI_BRIDGE_CONTROL] & PCI_BRIDGE_CTL_BUS_RESET and self.holds
        fits = bus == secondary if last else secondary < bus <= subordinate
        return fits and not in_reset and self.leads((bridge.domain, bridge.bus), bus, False)


def hardware(rng):
    """Configuration cycles, resets and time, all at random: what is fixed stays, nobody answers who cannot."""
    description = machine(rng)
    clock = Clock()
    fabric = Fabric(description, clock)
    try:
        routes = Routes(description, fabric)
        constant = {function.address: fixed(function.config) for function in description.functions}
        for _ in range(1 + rng.randrange(24)):
            cycle(rng, description, fabric, clock, routes)
        for address, places in constant.items():
            now = fabric.config(address)
            for where, was in places:
                found = now[where : where + len(was)]
                assert found == was, f"{address}: {where:#x}: {was.hex()} is {found.hex()}"
    finally:
        fabric.close()


def cycle(rng, description, fabric, clock, routes):
    """A read or a write of whatever, or some time."""
    address = rng.choice(description.functions).address
    size = rng.choice((1, 2, 4))
    domain, bus, devfn = address.domain, address.bus, address.devfn
    if not rng.randrange(6):
        domain, bus, devfn = rng.randrange(2), rng.randrange(256), rng.randrange(256)
    where = rng.choice((PCI_BRIDGE_CONTROL, PCI_PRIMARY_BUS, PCI_COMMAND, *map(rng.randrange, (64, 256, 5000))))
    where -= where % size
    kind = rng.randrange(5)
    if kind == 0:
        clock.advance(clock.now + rng.randrange(1, 200 * NSEC_PER_MSEC))
    elif kind == 1:
        value = fabric.read(domain, bus, devfn, where, size)
        ones = (1 << 8 * size) - 1
        assert 0 <= value <= ones
        if value != ones:
            told = f"{bdf(domain, bus, devfn)} {where:#x} is {value:#x}"
            assert routes.answers(domain, bus, devfn, where + size), told
    else:
        value = rng.choice((0, 0xFFFFFFFF, rng.getrandbits(32), 1 << rng.randrange(32)))
        if kind == 2 and fabric.has(address):  # as it is, but for a bit
            domain, bus, devfn = address.domain, address.bus, address.devfn
            now = fabric.config(address)
            value = int.from_bytes(now[where : where + size], "little") ^ 1 << rng.randrange(8 * size)
        fabric.write(domain, bus, devfn, where, size, value)


def kernel(rng):
    """A kernel at a point of the series on a machine, and calls with pokes between: no exception but Deadlock, which is
    an answer; all locks released; an int or nothing returned; and the same again if done again."""
    description, point, seed = machine(rng), rng.randrange(9), rng.choice((None, rng.randrange(1000)))
    moves = rng.getrandbits(64)
    first = session(type(rng)(moves), description, point, seed)
    if not rng.randrange(8):
        assert session(type(rng)(moves), description, point, seed) == first


def session(rng, description, point, seed):
    """Some calls on one machine; what happened, without the stacks."""
    told = []
    with boot(description, point, seed=seed, poll_mode=not rng.randrange(6), trace_boot=False) as booted:
        system = booted.system

        def note(event):
            told.append(event[:4])
            if len(told) - start > MOST_EVENTS:
                raise Hang(f"more than {MOST_EVENTS} events of {called}")

        system.listen = note
        for _ in range(1 + rng.randrange(5)):
            start, called = len(told), "pokes"
            for _ in range(rng.randrange(4)):
                poke(rng, booted)
            called, function, args = drawn_call(rng, booted)
            try:
                system.sched.settle()
                result = function(*args)
                system.sched.settle()
            except Deadlock as error:
                told.append(str(error))
                break
            assert result is None or isinstance(result, int), f"{called} returned {result!r}"
            told.append((called, result))
            held = [(thread.name, thread.held) for thread in system.sched.threads if thread.held]
            assert not held, f"after {called}: {held}"
            blocked = [dev.dev.name for dev in booted.functions if dev.block_cfg_access]
            assert not blocked, f"after {called}: configuration access of {blocked} is blocked"
            system.events.clear()
    return told


def poke(rng, booted):
    """What somebody with setpci, or time, does."""
    function = rng.choice(booted.description.functions)
    if not rng.randrange(4):
        booted.system.sched.sleep(rng.randrange(1, 300 * NSEC_PER_MSEC))
        return
    size = rng.choice((1, 2, 4))
    where = rng.choice((PCI_COMMAND, PCI_BRIDGE_CONTROL, rng.randrange(64), rng.randrange(256)))
    where -= where % size
    address = function.address
    booted.fabric.write(address.domain, address.bus, address.devfn, where, size, rng.getrandbits(32))


def drawn_call(rng, booted):
    """A kernel function and what it is given: (what to call it, the function, its arguments)."""
    linked = booted.kernel
    slots = [slot for bus in booted.buses() for slot in bus.slots]
    buses = list(booted.buses())
    devices = booted.functions
    kind = rng.choice((0, 0, 1, 1, 2, 2, 3, 4, 4, 4))
    if kind == 0 and slots and hasattr(linked, "pci_reset_slot"):
        return "pci_reset_slot", linked.pci_reset_slot, [rng.choice(slots)]
    if kind == 1 and hasattr(linked, "pci_reset_bus"):
        return "pci_reset_bus", linked.pci_reset_bus, [rng.choice(buses)]
    if kind == 2 and slots:
        hotplug = rng.choice(slots).hotplug
        name = rng.choice(OF_SLOT)
        if hotplug is not None and (operation := getattr(hotplug.ops, name, None)) is not None:
            more = [rng.randrange(2)] if name == "reset_slot" else []
            return name, lambda *args: number(operation(*args)), [hotplug, *more]
    if kind == 3:
        name = f"pci_bus_read_config_{rng.choice(('byte', 'word', 'dword'))}"
        read = getattr(linked, name)
        return name, lambda *args: number(read(*args)), [rng.choice(buses), rng.randrange(256), rng.randrange(5000)]
    if not devices:
        return "pci_bus_max_busnr", linked.pci_bus_max_busnr, [rng.choice(buses)]
    dev, name = rng.choice(devices), rng.choice(OF_DEVICE)
    if name == "pci_reset_bridge_secondary_bus" and not (dev.subordinate and hasattr(linked, name)):
        name = "pci_reset_function"
    return name, *of_device(rng, linked, name, dev)


def of_device(rng, linked, name, dev):
    """A function of a device, and its arguments."""
    where = 2 * rng.randrange(128)
    match name:
        case "pci_set_power_state":
            return linked.pci_set_power_state, [dev, rng.randrange(5)]
        case "pci_find_capability" | "pci_find_ext_capability":
            return getattr(linked, name), [dev, rng.randrange(32)]
        case "pcie_capability_read_word":
            return lambda *args: number(linked.pcie_capability_read_word(*args)), [dev, where % 64]
        case "pcie_capability_clear_and_set_word":
            bits = [rng.getrandbits(16), rng.getrandbits(16)]
            return linked.pcie_capability_clear_and_set_word, [dev, where % 64, *bits]
        case "pci_user_read_config_dword":
            return lambda *args: number(linked.pci_user_read_config_dword(*args)), [dev, where]
        case "pci_user_write_config_word":
            return linked.pci_user_write_config_word, [dev, where, rng.getrandbits(16)]
        case "saved_state" | "cfg_access" | "reset_locked":
            return globals()[name], [linked, dev]
    return getattr(linked, name), [dev]


def number(result):
    """A status, or the first of status and value."""
    return result[0] if isinstance(result, tuple) else result


def saved_state(linked, dev):
    """Save, store, load, restore."""
    linked.pci_save_state(dev)
    stored = linked.pci_store_saved_state(dev)
    result = linked.pci_load_saved_state(dev, stored)
    linked.pci_restore_state(dev)
    return result


def cfg_access(linked, dev):
    """Keep user space off the registers for a moment."""
    linked.pci_cfg_access_lock(dev)
    result = linked.pci_cfg_access_trylock(dev)
    linked.pci_cfg_access_unlock(dev)
    assert not result, "a lock that is held was taken again"


def reset_locked(linked, dev):
    """As a driver does that holds the device lock."""
    linked.device_lock(dev.dev)
    result = linked.__dict__["__pci_reset_function_locked"](dev)
    linked.device_unlock(dev.dev)
    return result


#: Name -> the target, and its share of all cases in thousandths.
TARGETS = {"hardware": (hardware, 110), "kernel": (kernel, 8)}
