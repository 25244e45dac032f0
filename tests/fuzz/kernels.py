# SPDX-License-Identifier: GPL-2.0-only
"""The target that runs kernels: every function that C lets others call, on random machines, anywhere in the series.

What a function takes is drawn by the types and names of its parameters. One that may be called only at a certain moment
(a lock is held, a device is new) has a recipe, which brings that moment about. So have the ways in that are no symbols:
the files of a slot, the operations of its driver, interrupts.
"""

import re
from errno import errorcode
from types import FunctionType

import engine
import machines
from engine import Hang

from kernel_port.hw.clock import NSEC_PER_MSEC
from kernel_port.kernel.sched import Halt
from kernel_port.machine import boot

#: Most events of one call on a machine of a few functions, and most virtual time: a restore that no register takes.
MOST_EVENTS = 50_000
MOST_NS = 120_000 * NSEC_PER_MSEC
#: What an int is, by the name of the parameter; any other is of up to 32 bits.
BELOW = {"probe": 2, "devfn": 256, "cap": 32, "state": 6, "resno": 7, "domain": 2, "busnr": 256, "bus": 256,
         "bus_max": 256, "type": 3, "crs_timeout": 2000}  # fmt: skip
#: Types of Python by the annotation of a result.
RESULTS = {"int": int, "None": type(None), "bool": bool, "tuple[int, int]": tuple, "tuple[bool, int]": tuple}
FILES = ("power", "attention", "latch", "adapter", "test")
TEXTS = ("0", "1", "2", "1\n", "", "-1", "256", "99999999999999999999", "x")


class Absent(LookupError):
    """This machine has nothing that the function could be called with."""


def is_public(kernel, name):
    """Whether C lets others call it: neither static nor a macro, and no part that the port made a function."""
    function = vars(kernel)[name]
    if not isinstance(function, FunctionType) or kernel.symbols[name].partition(".")[0] not in ("base", "patch"):
        return False
    return not re.search(r"C: [^;\n]*(static|macro|\()", function.__doc__)


def public(kernel):
    """The names of all public functions of base and patches."""
    return [name for name in kernel.symbols if is_public(kernel, name)]


# -- what a function can be given ------------------------------------------------------------------------------------


def one(rng, things):
    things = list(things)
    if not things:
        raise Absent
    return rng.choice(things)


def a_dev(rng, booted):
    return one(rng, booted.functions)


def a_bus(rng, booted):
    return one(rng, booted.buses())


def a_bridge(rng, booted):
    return one(rng, (dev for dev in booted.functions if dev.subordinate))


def a_slot(rng, booted):
    return one(rng, (slot for bus in booted.buses() for slot in bus.slots))


def a_hotplug_slot(rng, booted):
    return one(rng, (slot.hotplug for bus in booted.buses() for slot in bus.slots if slot.hotplug))


def a_port(rng, booted):
    """The bridge that leads to a hotplug slot."""
    return a_hotplug_slot(rng, booted).private.ctrl.pcie.port


#: Annotation -> what gives one.
DRAWS = {
    "pci_dev": a_dev,
    "pci_bus": a_bus,
    "pci_slot": a_slot,
    "hotplug_slot": a_hotplug_slot,
    "hotplug_slot | None": lambda rng, booted: rng.choice((None, a_hotplug_slot(rng, booted))),
    "hotplug_slot_info | None": lambda rng, booted: rng.choice((None, booted.kernel.hotplug_slot_info(*range(4)))),
    "slot": lambda rng, booted: a_hotplug_slot(rng, booted).private,
    "controller": lambda rng, booted: a_hotplug_slot(rng, booted).private.ctrl,
    "resource": lambda rng, booted: booted.kernel.resource(),
    "bool": lambda rng, booted: bool(rng.randrange(2)),
    "str": lambda rng, booted: rng.choice(TEXTS),
}


def number(rng, name):
    """A number for a parameter of this name."""
    if name in BELOW:
        return rng.randrange(BELOW[name])
    if name in ("pos", "where", "start"):
        return rng.choice((rng.randrange(64), rng.randrange(256), rng.randrange(5000))) & ~rng.choice((0, 1, 3, 3))
    return rng.getrandbits(rng.choice((2, 8, 16, 32)))


def call(rng, booted, name):
    """Call the function *name*, or follow the recipe of that name."""
    if name in RECIPES:
        return RECIPES[name](rng, booted)
    function = getattr(booted.kernel, name)
    kinds = {parameter: kind for parameter, kind in function.__annotations__.items() if parameter != "return"}
    given = [number(rng, p) if kind == "int" else DRAWS[kind](rng, booted) for p, kind in kinds.items()]
    result = function(*given)
    expected = RESULTS.get(function.__annotations__["return"], object)
    assert isinstance(result, expected), f"{name} returned {result!r}"
    if expected is int:
        assert result >= 0 or -result in errorcode, f"{name} returned {result}, which is no errno"
    return result if expected is not object else type(result).__name__


def as_module(booted):
    """Make pciehp a module, which it cannot be, so that its references count."""
    owner = vars(booted.kernel)["THIS_MODULE"] = booted.kernel.module("pciehp")
    for slot in (slot for bus in booted.buses() for slot in bus.slots if slot.hotplug):
        slot.hotplug.ops.owner = owner


# -- recipes ---------------------------------------------------------------------------------------------------------


def cfg_access(rng, booted):
    """Keep user space off the registers for a moment; somebody wants to read one meanwhile."""
    linked, sched, dev = booted.kernel, booted.system.sched, a_dev(rng, booted)
    linked.pci_cfg_access_lock(dev)
    assert not linked.pci_cfg_access_trylock(dev), "a lock that is held was taken again"
    reader = sched.spawn("reader", lambda: linked.pci_user_read_config_word(dev, 0))
    sched.sleep(NSEC_PER_MSEC)
    assert reader in sched.threads, "user space got through"
    linked.pci_cfg_access_unlock(dev)
    sched.settle()
    assert linked.pci_cfg_access_trylock(dev), "a lock that is free was not taken"
    linked.pci_cfg_access_unlock(dev)


def reset_locked(rng, booted):
    """As a driver does that holds the device lock."""
    dev = a_dev(rng, booted)
    booted.kernel.device_lock(dev.dev)
    result = vars(booted.kernel)["__pci_reset_function_locked"](dev)
    booted.kernel.device_unlock(dev.dev)
    return result


def saved_state(rng, booted):
    """Save, store, load, restore; what was stored may be of another device."""
    linked, dev = booted.kernel, a_dev(rng, booted)
    linked.pci_save_state(dev)
    stored = linked.pci_store_saved_state(dev)
    other = rng.choice((dev, a_dev(rng, booted)))
    if rng.randrange(2):
        result = linked.pci_load_saved_state(other, rng.choice((stored, None)))
    else:
        box = [stored]
        result = linked.pci_load_and_free_saved_state(other, box)
        assert not any(box), "what was freed is still there"
    linked.pci_restore_state(dev)
    return result


def slept(rng, booted):
    """Have a device sleep, and wake it or not; what is asked for may be no state at all."""
    linked, dev = booted.kernel, a_dev(rng, booted)
    linked.pci_set_power_state(dev, number(rng, "state"))
    booted.system.sched.sleep(NSEC_PER_MSEC)
    return linked.pci_set_power_state(dev, rng.choice((0, 0, 3)))


def rebound(rng, booted):
    """Take a device from its driver, and give it back, in one of the ways there are."""
    linked, dev = booted.kernel, rng.choice((a_dev, a_port))(rng, booted)
    linked.device_release_driver(dev)
    if rng.randrange(2):
        return rng.choice((linked.device_attach, linked.pci_bus_add_device))(dev)
    drv = linked.pci_match_device(dev)
    linked.device_lock(dev.dev)
    result = linked.driver_probe_device(drv, dev) if drv else 0
    linked.device_unlock(dev.dev)
    return result


def notified_again(rng, booted):
    """Switch the events of a slot off and on."""
    ctrl = a_hotplug_slot(rng, booted).private.ctrl
    booted.kernel.pcie_shutdown_notification(ctrl)
    return booted.kernel.pcie_init_notification(ctrl)


def found_anew(rng, booted):
    """What discovery does with one device, step by step; it may have been there before."""
    linked, old = booted.kernel, a_dev(rng, booted)
    bus = old.bus
    dev = linked.pci_alloc_dev(bus)
    dev.devfn = rng.choice((old.devfn, old.devfn, rng.randrange(256)))
    if rng.randrange(2):
        linked.pci_stop_and_remove_bus_device(old)
    ok, vendor = linked.pci_bus_read_dev_vendor_id(bus, dev.devfn, rng.choice((0, 100)))
    dev.vendor, dev.device = vendor & 0xFFFF, vendor >> 16
    if not ok or linked.pci_setup_device(dev) or any(known.devfn == dev.devfn for known in bus.devices):
        return 0
    linked.pci_device_add(dev, bus)
    return len(bus.devices)


def removed(rng, booted):
    """Remove a device, look at its bus again, put into use what is found."""
    linked, dev = booted.kernel, a_dev(rng, booted)
    bus = dev.bus
    linked.pci_stop_and_remove_bus_device(dev)
    if rng.randrange(2):
        linked.pci_scan_child_bus(bus)
        linked.pci_bus_add_devices(bus)
    return len(bus.devices)


def bus_gone(rng, booted):
    """Remove a bus with all that is on it, then have another one there."""
    linked, bridge = booted.kernel, a_bridge(rng, booted)
    linked.device_release_driver(bridge)
    for dev in bridge.subordinate.devices[:]:
        linked.pci_stop_and_remove_bus_device(dev)
    linked.pci_remove_bus(bridge.subordinate)
    bridge.subordinate = None
    free = next(n for n in range(255, -1, -1) if not linked.pci_find_bus(bridge.bus.sysdata.domain, n))
    linked.pci_add_new_bus(bridge.bus, bridge, free)
    return linked.pci_scan_child_bus(bridge.subordinate)


def bridge_scanned(rng, booted):
    """Look behind a bridge once more, as a rescan does or as if it had just been plugged in."""
    linked, bridge = booted.kernel, a_bridge(rng, booted)
    if rng.randrange(2):
        return linked.pci_hp_add_bridge(bridge)
    top = linked.pci_bus_max_busnr(bridge.bus)
    for pass_ in range(2):
        top = linked.pci_scan_bridge(bridge.bus, bridge, top, pass_)
    return top


def assigned(rng, booted):
    """Assign what is behind a bridge."""
    return booted.kernel.pci_assign_unassigned_bridge_resources(a_bridge(rng, booted))


def another_root(rng, booted):
    """One more root bus."""
    bus = a_bus(rng, booted)
    made = booted.kernel.pci_create_root_bus(rng.randrange(256), bus.ops, bus.sysdata)
    return made and booted.kernel.pci_scan_child_bus(made)


def walked(rng, booted):
    """A walk over a bus and what is below, stopped somewhere or not: no device comes twice."""
    seen, last = [], rng.randrange(20)
    booted.kernel.pci_walk_bus(a_bus(rng, booted), lambda dev, data: seen.append(dev) or len(seen) == data, last)
    assert len({id(dev) for dev in seen}) == len(seen)
    return len(seen)


def placeholder(rng, booted):
    """A slot without hotplug driver, for a moment; another one may have its name."""
    linked = booted.kernel
    slot = linked.pci_create_slot(a_bus(rng, booted), rng.randrange(-1, 32), rng.choice(("1", "x")), None)
    dev = a_dev(rng, booted)
    result = linked.pci_reset_function(dev) if rng.randrange(2) else 0
    linked.pci_destroy_slot(slot)
    return result


def registered(rng, booted):
    """A hotplug driver with other operations than pciehp has, for a moment; its slot may have been there before."""
    linked = booted.kernel
    bus, place = a_bus(rng, booted), rng.randrange(32)
    before = linked.pci_create_slot(bus, place, "before", None) if rng.randrange(2) else None
    result = with_driver(rng, linked, bus, place)
    if before:
        linked.pci_destroy_slot(before)
    return result


def with_driver(rng, linked, bus, place):
    """Register a hotplug driver for a place, use it, deregister it."""
    ops = linked.hotplug_slot_ops(
        enable_slot=rng.choice((None, lambda slot: -5)), hardware_test=rng.choice((None, lambda slot, test: 0))
    )
    info = linked.hotplug_slot_info() if rng.randrange(8) else None
    made = linked.hotplug_slot(ops=ops, info=info, release=lambda slot: None)
    register = vars(linked)["__pci_hp_register"]
    owner = linked.module("other", going=not rng.randrange(4))
    result = register(made, bus, place, rng.choice(("1", "x")), owner, "other")
    if result:
        return result
    files = [linked.pci_slot_attr_show(made.pci_slot, name) for name in made.pci_slot.attrs]
    stored = [linked.pci_slot_attr_store(made.pci_slot, name, "1") for name in made.pci_slot.attrs]
    reset = linked.pci_reset_slot(made.pci_slot) if hasattr(linked, "pci_reset_slot") else None
    linked.pci_hp_change_slot_info(made, rng.choice((None, linked.hotplug_slot_info(1, 1, 1, 1))))
    linked.pci_hp_deregister(made)
    assert linked.pci_hp_deregister(made) < 0, "a slot was deregistered twice"
    return str((files, stored, reset))


def slot_file(rng, booted):
    """Read or write a file of a slot."""
    slot = a_slot(rng, booted)
    name = one(rng, (name for name in FILES if name in slot.attrs))
    if rng.randrange(2):
        return booted.kernel.pci_slot_attr_show(slot, name)
    return booted.kernel.pci_slot_attr_store(slot, name, rng.choice(TEXTS))


def slot_operation(rng, booted):
    """What the driver of a slot can do."""
    hotplug = a_hotplug_slot(rng, booted)
    names = [name for name in hotplug.ops.__match_args__ if callable(getattr(hotplug.ops, name))]
    name = one(rng, names)
    more = [rng.randrange(2)] if name in ("reset_slot", "set_attention_status") else []
    return getattr(hotplug.ops, name)(hotplug, *more)


def messages(rng, booted):
    """Let a function that nobody listens to interrupt by messages, listen, restore them, and give them back."""
    linked = booted.kernel
    quiet = [dev for dev in booted.functions if dev.irq not in booted.system.irq_actions]
    able = [dev for dev in quiet if dev.msix_cap] or [dev for dev in quiet if dev.msi_cap]
    dev = one(rng, able if rng.randrange(8) else quiet)
    linked.pci_disable_msix(dev)
    linked.pci_disable_msi(dev)
    if not dev.msix_cap:
        result = linked.pci_enable_msi_block(dev, rng.choice((1, rng.randrange(34))))
    else:
        entries = [linked.msix_entry(entry=rng.randrange(1 << rng.randrange(5))) for _ in range(rng.randrange(4))]
        result = linked.pci_enable_msix(dev, entries, len(entries))
    assert (result == 0) == bool(dev.msi_enabled or dev.msix_enabled), f"{result}, but they are on, or not"
    linked.request_irq(dev.irq, lambda irq, dev_id: 0, linked.IRQF_SHARED, "", dev)
    linked.pci_restore_msi_state(dev)
    linked.free_irq(dev.irq, dev)
    linked.pci_disable_msix(dev)
    linked.pci_disable_msi(dev)
    assert not dev.msi_list, "an interrupt is left behind"
    return result


def service_driver(rng, booted):
    """Register a driver that takes no service of a port."""
    linked = booted.kernel
    driver = linked.pcie_port_service_driver(
        "none", lambda dev: -19, port_type=rng.choice((linked.PCIE_ANY_PORT, 4, 6)), service=1 << rng.randrange(4)
    )
    result = linked.pcie_port_service_register(driver)
    linked.pcie_port_service_unregister(driver)
    return result


def vfio_user(rng, booted):
    """Bind a device to vfio-pci; a user opens, resets and closes it; then unbind it."""
    linked, dev = booted.kernel, a_dev(rng, booted)
    linked.device_release_driver(dev)
    linked.pci_drivers[dev.dev.name] = linked.vfio_pci_driver
    linked.device_attach(dev)
    del linked.pci_drivers[dev.dev.name]
    device = linked.dev_get_drvdata(dev.dev)
    if not device:
        raise Absent
    result = linked.vfio_group_get_device_fd(device.group, dev.dev.name)
    if not result:
        result = linked.vfio_device_fops_unl_ioctl(device, linked.VFIO_DEVICE_RESET, 0)
        linked.vfio_device_fops_release(device)
    linked.device_release_driver(dev)
    assert not linked.dev_get_drvdata(dev.dev), "vfio-pci still has the device"
    return result


def device_file(rng, booted):
    """Create a file of a device, write to it, and remove it."""
    linked, dev = booted.kernel, a_dev(rng, booted)
    linked.device_create_file(dev.dev, "x", None, rng.choice((None, lambda dev, text: len(text))))
    result = linked.dev_attr_store(dev, "x", rng.choice(TEXTS))
    linked.device_remove_file(dev.dev, "x")
    return result


def stray_interrupt(rng, booted):
    """An interrupt that nobody asked for, as on a line that is shared."""
    irq = one(rng, sorted(booted.system.irq_actions))
    return booted.kernel.do_IRQ(irq, "stray")


RECIPES = {
    **dict.fromkeys(("pci_cfg_access_lock", "pci_cfg_access_trylock", "pci_cfg_access_unlock"), cfg_access),
    "__pci_reset_function_locked": reset_locked,
    **dict.fromkeys(("pci_store_saved_state", "pci_load_saved_state", "pci_load_and_free_saved_state"), saved_state),
    **dict.fromkeys(("device_attach", "driver_probe_device", "pci_bus_add_device", "pcie_port_device_register",
                     "pcie_port_device_remove", "pcie_init", "pciehp_release_ctrl"), rebound),
    **dict.fromkeys(("default_restore_msi_irqs", "mask_msi_irq", "unmask_msi_irq", "__write_msi_msg", "write_msi_msg",
                     "pci_enable_msi_block", "pci_msi_shutdown", "pci_disable_msi", "pci_enable_msix",
                     "pci_msix_shutdown", "pci_disable_msix", "pci_msi_init_pci_dev", "setup_msi_irq",
                     "native_setup_msi_irqs", "native_teardown_msi_irq"), messages),
    **dict.fromkeys(("pcie_port_service_register", "pcie_port_service_unregister"), service_driver),
    **dict.fromkeys(("pcie_enable_notification", "pcie_init_notification"), notified_again),
    **dict.fromkeys(("pci_alloc_dev", "pci_setup_device", "pci_device_add"), found_anew),
    "pci_set_power_state": slept,
    **dict.fromkeys(("pci_stop_and_remove_bus_device", "klist_del"), removed),
    **dict.fromkeys(("device_create_file", "device_remove_file"), device_file),
    **dict.fromkeys(("vfio_add_group_dev", "vfio_del_group_dev", "vfio_device_put", "vfio_config_init",
                     "vfio_config_free"), vfio_user),
    **dict.fromkeys(("pci_remove_bus", "pci_add_new_bus"), bus_gone),
    **dict.fromkeys(("pci_scan_bridge", "pci_hp_add_bridge"), bridge_scanned),
    "pci_assign_unassigned_bridge_resources": assigned,
    "pci_create_root_bus": another_root,
    "pci_walk_bus": walked,
    **dict.fromkeys(("pci_create_slot", "pci_destroy_slot", "kobject_put"), placeholder),
    **dict.fromkeys(("__pci_hp_register", "pci_hp_deregister"), registered),
    "slot file": slot_file, "slot operation": slot_operation, "stray interrupt": stray_interrupt,
}  # fmt: skip
#: What the series is about is called as often as all the rest.
RESETS = ("pci_reset_function", "pci_reset_slot", "pci_reset_bus", "slot file", "slot operation", "stray interrupt")


# -- the target ------------------------------------------------------------------------------------------------------


def kernel(rng):
    """A kernel on a machine, and calls with pokes between: no exception but a deadlock or oops, which are answers;
    bounded accesses and time; all locks and modules released; what is fixed stays; the same if done again."""
    drawn, point, seed = machines.machine(rng), rng.randrange(9), rng.choice((None, rng.randrange(1000)))
    moves = rng.getrandbits(64)
    first = session(type(rng)(moves), *drawn, point, seed)
    if not rng.randrange(8):
        assert session(type(rng)(moves), *drawn, point, seed) == first, "done again, it was not the same"


def session(rng, description, real, point, seed):
    """Some calls on one machine; what happened, without the stacks."""
    told = []
    with boot(description, point, seed=seed, poll_mode=not rng.randrange(6), trace_boot=False) as booted:
        as_module(booted)
        names = public(booted.kernel)
        booted.system.sched.preemptive = seed is not None and seed % 2 > 0
        for _ in range(1 + rng.randrange(5)):
            for _ in range(rng.randrange(4)):
                poke(rng, booted)
            name = rng.choice(rng.choice((names, RESETS)))
            if name in RECIPES or name in names:
                try:
                    told += watched(rng, booted, name)
                except Halt as error:
                    engine.halts += 1
                    told.append(str(error))
                    break
        changed = machines.moved(description, booted.fabric) if real else ""
        assert not changed, changed
    return told


def watched(rng, booted, name):
    """Call *name* and let the machine come to rest; what happened. Afterwards nothing is held."""
    system, told, start = booted.system, [], booted.clock.now

    def note(event):
        told.append(event[:4])
        if len(told) > MOST_EVENTS or event.time - start > MOST_NS:
            raise Hang(f"{name}: {len(told)} events, {event.time - start} ns")

    system.listen = note
    try:
        system.sched.settle()
        told.append((name, call(rng, booted, name)))
        system.sched.settle()
    except Absent:
        return told
    finally:
        system.listen = None
        system.events.clear()
    engine.called[booted.kernel.point, name] += 1
    engine.longest = max(engine.longest, booted.clock.now - start)
    assert booted.clock.now - start <= MOST_NS, f"{name} took {booted.clock.now - start} ns"
    held = [(thread.name, thread.held) for thread in system.sched.threads if thread.held]
    assert not held, f"after {name}: {held}"
    blocked = [dev.dev.name for dev in booted.functions if dev.block_cfg_access]
    assert not blocked, f"after {name}: configuration access of {blocked} is blocked"
    assert not booted.kernel.THIS_MODULE.refcount, f"after {name}: the module is still held"
    return told


def poke(rng, booted):
    """What somebody with setpci, or time, does."""
    function = rng.choice(booted.description.functions)
    if not rng.randrange(4):
        booted.system.sched.sleep(rng.randrange(1, 300 * NSEC_PER_MSEC))
        return
    size = rng.choice((1, 2, 4))
    where = machines.register(rng, function.config, size)
    address = function.address
    value = rng.choice((0, 0xFFFFFFFF, rng.getrandbits(32)))
    booted.fabric.write(address.domain, address.bus, address.devfn, where, size, value)


#: Name -> the target, and its share of all cases in thousandths.
TARGETS = {"kernel": (kernel, 60)}
