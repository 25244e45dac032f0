# SPDX-License-Identifier: GPL-2.0-only
"""The machine of a golden trace as kernel objects, and the calls on it (golden/FORMAT.md).

Everything comes from the recorded registers: set-up is the port's own probing against registers that only store.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..choice import KernelChoice
from ..hw.address import Address, bdf
from ..hw.config_space import dword
from ..hw.errors import MachineError
from ..link import Kernel, link
from ..pci_regs import (
    PCI_BASE_ADDRESS_0,
    PCI_BASE_ADDRESS_MEM_MASK,
    PCI_EXP_FLAGS_SLOT,
    PCI_EXP_SLTCAP,
    PCI_EXP_SLTCAP_HPC,
    PCI_EXP_TYPE_DOWNSTREAM,
    PCI_EXP_TYPE_ROOT_PORT,
    PCI_HEADER_TYPE,
    PCI_HEADER_TYPE_BRIDGE,
    PCI_ROM_ADDRESS_ENABLE,
    PCI_SECONDARY_BUS,
)
from .golden import GoldenTrace, parse_bus
from .tape import Divergence, Tape


def leads_somewhere(config: bytes) -> bool:
    """Return whether these are the registers of a bridge with a secondary bus."""
    return config[PCI_HEADER_TYPE] & 0x7F == PCI_HEADER_TYPE_BRIDGE and config[PCI_SECONDARY_BUS] != 0


class GoldenMachine:
    """The machine of a trace as kernel objects, set up as FORMAT.md says, and the calls on it."""

    def __init__(self, trace: GoldenTrace, choice: KernelChoice | None = None) -> None:
        self.source = trace.source
        self.tape = Tape(trace.ops)
        self.tape.interrupt = self._interrupt
        self.kernel: Kernel = link(trace.level if choice is None else choice, self.tape)
        self.registers = {str(function.address): function.config for function in trace.functions}
        self.devices: dict[str, Any] = {}
        self.buses: dict[tuple[int, int], Any] = {}
        #: The stored copy of a saved state; freeing it leaves NULL there, as in C.
        self.saved: list[Any] = [None]
        # The configuration of their kernel: pciehp was a module, and there was no MSI.
        vars(self.kernel).update(
            THIS_MODULE=self.kernel.module("pciehp"),
            pci_msi_init_pci_dev=lambda dev: None,
            pci_restore_msi_state=lambda dev: None,
            pciehp_poll_mode=int(trace.poll_mode),
        )
        self._make_buses(trace)
        for function in trace.functions:
            self._make_device(function.address, function.config, function.power_state)
        for slot in trace.slots:
            self._make_slot(**slot)
        self.controllers = {name: self._bind_pciehp(dev) for name, dev in self.devices.items() if self._hotplug(dev)}
        if trace.module_get_fails:
            for bus in self.buses.values():
                for slot in bus.slots:
                    if slot.hotplug:
                        slot.hotplug.ops.owner.going = True
        self._stub_removal()

    # -- set-up ----------------------------------------------------------------------------------------------------

    def _make_buses(self, trace: GoldenTrace) -> None:
        ops = self.kernel.pci_ops(read=self._read, write=self._write)
        numbers = {(f.address.domain, f.address.bus) for f in trace.functions}
        numbers |= {
            (f.address.domain, f.config[PCI_SECONDARY_BUS]) for f in trace.functions if leads_somewhere(f.config)
        }
        for domain, number in sorted(numbers):
            sysdata = self.kernel.pci_sysdata(domain)
            self.buses[domain, number] = self.kernel.pci_bus(number=number, ops=ops, sysdata=sysdata)

    def _make_device(self, address: Address, config: bytes, power_state: int) -> None:
        dev = self.kernel.pci_scan_single_device(self.buses[address.domain, address.bus], address.devfn)
        self._set_resources(dev, config)
        dev.current_state = power_state
        dev.state_saved = 0
        self.devices[str(address)] = dev
        if leads_somewhere(config):
            bus = self.buses[address.domain, config[PCI_SECONDARY_BUS]]
            dev.subordinate, bus.self, bus.parent = bus, dev, dev.bus
            dev.bus.children.append(bus)

    def _set_resources(self, dev: Any, config: bytes) -> None:
        """Set resources without sizing: a BAR exists if its register is not 0, the ROM counts if it is enabled."""
        kernel, count = self.kernel, 2 if dev.hdr_type == PCI_HEADER_TYPE_BRIDGE else 6
        dev.resource = [kernel.resource() for _ in range(kernel.DEVICE_COUNT_RESOURCE)]
        words = [dword(config, PCI_BASE_ADDRESS_0 + 4 * i) for i in range(7)]
        i = 0
        while i < count:
            res, word = dev.resource[i], words[i]
            if word:
                res.flags = kernel.decode_bar(dev, word)
                mask = PCI_BASE_ADDRESS_MEM_MASK if res.flags & kernel.IORESOURCE_MEM else ~0x3
                res.start = res.end = word & mask
                if res.flags & kernel.IORESOURCE_MEM_64:
                    res.start = res.end = res.start | words[i + 1] << 32
                    i += 1
            i += 1
        rom = dword(config, dev.rom_base_reg) if dev.rom_base_reg else 0
        if rom & PCI_ROM_ADDRESS_ENABLE:
            res = dev.resource[kernel.PCI_ROM_RESOURCE]
            res.start = res.end = rom & ~0x7FF
            res.flags = kernel.IORESOURCE_MEM | kernel.IORESOURCE_ROM_ENABLE

    def _make_slot(self, bus: tuple[int, int], device: int, hotplug: str | None) -> None:
        kernel, hotplug_slot = self.kernel, None
        if hotplug is not None:
            ops = kernel.hotplug_slot_ops(owner=kernel.module(hotplug))
            hotplug_slot = kernel.hotplug_slot(ops=ops)
        slot = kernel.pci_create_slot(self.buses[bus], device, str(device), hotplug_slot)
        assert not isinstance(slot, int)  # an error: no other driver has it
        slot.hotplug = hotplug_slot

    def _hotplug(self, dev: Any) -> bool:
        kernel = self.kernel
        return bool(
            dev.subordinate
            and kernel.pci_is_pcie(dev)
            and kernel.pci_pcie_type(dev) in (PCI_EXP_TYPE_ROOT_PORT, PCI_EXP_TYPE_DOWNSTREAM)
            and kernel.pcie_caps_reg(dev) & PCI_EXP_FLAGS_SLOT
            and kernel.pcie_capability_read_dword(dev, PCI_EXP_SLTCAP)[1] & PCI_EXP_SLTCAP_HPC
        )

    def _bind_pciehp(self, dev: Any) -> Any:
        """Bind pciehp, then undo what its own commands did to its state: they were not answered."""
        kernel = self.kernel
        pcie = kernel.pcie_device(port=dev, irq=dev.irq)
        kernel.pciehp_probe(pcie)
        ctrl = pcie.priv_data
        ctrl.cmd_busy = ctrl.power_fault_detected = 0
        ctrl.no_cmd_complete = int(
            bool(kernel.NO_CMD_CMPL(ctrl))
            or not (kernel.POWER_CTRL(ctrl) or kernel.ATTN_LED(ctrl) or kernel.PWR_LED(ctrl) or kernel.EMI(ctrl))
        )
        ctrl.slot.state = kernel.STATIC_STATE
        return ctrl

    def _stub_removal(self) -> None:
        """Make a removal and a scan one op each, as on tapes, which do not record what they do inside."""
        remove = self.kernel.pci_stop_and_remove_bus_device

        def pci_stop_and_remove_bus_device(dev: Any) -> None:
            self.tape.emit("remove_device", self.kernel.pci_name(dev))
            self.tape.rolling = False
            remove(dev)
            self.tape.rolling = True

        def pci_scan_slot(bus: Any, devfn: int) -> int:
            self.tape.emit("scan_slot", f"{bus.sysdata.domain:04x}:{bus.number:02x}", devfn >> 3)
            return 0

        vars(self.kernel).update(
            pci_stop_and_remove_bus_device=pci_stop_and_remove_bus_device, pci_scan_slot=pci_scan_slot
        )

    # -- hardware --------------------------------------------------------------------------------------------------

    def _read(self, bus: Any, devfn: int, where: int, size: int) -> tuple[int, int]:
        name = bdf(bus.sysdata.domain, bus.number, devfn)
        if self.tape.rolling:
            return 0, self.tape.read(name, where, size)
        config = self.registers.get(name, b"")
        return 0, int.from_bytes(config[where : where + size].ljust(size, b"\xff"), "little")

    def _write(self, bus: Any, devfn: int, where: int, size: int, value: int) -> int:
        self.tape.emit("w", bdf(bus.sysdata.domain, bus.number, devfn), where, size, value)
        return 0

    def _interrupt(self, name: str) -> None:
        self.kernel.do_IRQ(self.devices[name].irq, name)

    # -- calls -----------------------------------------------------------------------------------------------------

    def perform(self, call: dict[str, Any]) -> Any:
        """Make one call of the trace on the objects.

        :return: its result in the form of the trace
        :raises Divergence: the kernel has no such function at this point of the series
        :raises MachineError: the call names something the machine does not have"""
        name = call["function"]
        try:
            values = {"probe": 0, **call.get("args", {}), **call, "target": self._target(name, call.get("target"))}
            operands = [values[key] for key in OPERANDS.get(name, ())]
        except (KeyError, StopIteration, ValueError, AttributeError) as error:
            raise MachineError(f"{self.source}: {name} of {call.get('target')}: no such thing: {error!r}") from None
        if name in SPECIAL:
            return SPECIAL[name](self, values)
        if not hasattr(self.kernel, name):
            raise Divergence(f"{self.kernel.__name__} has no function {name}")
        return getattr(self.kernel, name)(values["target"], *operands)

    def _target(self, name: str, target: str | None) -> Any:
        """Return the object that *target* means: device, bus or slot, or what *name* takes of a slot."""
        if target is None:
            return None
        kind, _, rest = target.partition(" ")
        if kind == "bus":
            return self.buses[parse_bus(rest)]
        if kind != "slot":
            return self.devices[target]
        if rest.startswith("at "):
            slot = self.controllers[rest[3:]].slot.hotplug_slot.pci_slot
        else:
            bus, _, number = rest.partition("/")
            slot = next(slot for slot in self.buses[parse_bus(bus)].slots if slot.number == int(number))
        return SLOT_SIDE.get(name, lambda slot: slot)(slot)

    def run_work(self) -> None:
        """Run the oldest queued item, as the worker would."""
        wq = self.controllers[self.tape.work.popleft()].slot.wq
        self.kernel.process_one_work(self.kernel.worker(), wq.worklist.popleft())

    def poll(self, ctrl: Any) -> None:
        """Call the poll function as its timer does, after it is no longer pending."""
        ctrl.poll_timer.handle = None
        self.kernel.int_poll_timeout(ctrl)

    def store_saved_state(self, dev: Any) -> int:
        """Store a copy of the saved state; return 1 if there was one."""
        self.saved[0] = self.kernel.pci_store_saved_state(dev)
        return int(bool(self.saved[0]))


#: Operands after the target, by their names in a call.
OPERANDS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(
        (
            "pcie_flr", "pci_af_flr", "pci_pm_reset", "pci_parent_bus_reset", "pci_dev_reset_slot_function",
            "__pci_dev_reset", "pci_dev_reset", "pci_slot_reset", "pci_hp_reset_slot", "pci_bus_reset",
            "pciehp_reset_slot", "reset_slot",
        ),
        ("probe",),
    ),
    "pci_set_power_state": ("state",),
    "pcie_write_cmd": ("cmd", "mask"),
    "pci_find_capability": ("cap",),
    "pci_find_next_capability": ("pos", "cap"),
    "pci_find_ext_capability": ("cap",),
    "pci_find_next_ext_capability": ("start", "cap"),
    "pcie_capability_write_word": ("pos", "value"),
    "pcie_capability_write_dword": ("pos", "value"),
    "pcie_capability_set_word": ("pos", "value"),
    "pcie_capability_set_dword": ("pos", "value"),
    "pcie_capability_clear_word": ("pos", "value"),
    "pcie_capability_clear_dword": ("pos", "value"),
}  # fmt: skip

#: What a function takes of a slot if that is not the struct pci_slot itself.
SLOT_SIDE: dict[str, Callable[[Any], Any]] = {
    "pci_hp_reset_slot": lambda slot: slot.hotplug,
    "reset_slot": lambda slot: slot.hotplug,
    "pciehp_reset_slot": lambda slot: slot.hotplug.private,
    **dict.fromkeys(
        ("pcie_isr", "int_poll_timeout", "pcie_write_cmd", "pcie_enable_notification", "pcie_disable_notification"),
        lambda slot: slot.hotplug.private.ctrl,
    ),
}


def value_or_error(answer: tuple[int, int]) -> int:
    """Return the result of an accessor as traces have it: the value, or the negative error."""
    status, value = answer
    return status if status < 0 else value


#: Calls whose operands or result have another form in Python than in a trace.
SPECIAL: dict[str, Callable[[GoldenMachine, dict[str, Any]], Any]] = {
    "run_work": lambda stage, v: stage.run_work(),
    "int_poll_timeout": lambda stage, v: stage.poll(v["target"]),
    "pcie_isr": lambda stage, v: stage.kernel.pcie_isr(v["target"].pcie.irq, v["target"]),
    "pci_bus_find_capability": lambda stage, v: stage.kernel.pci_bus_find_capability(
        v["target"].bus, v["target"].devfn, v["cap"]
    ),
    "pcie_capability_read_word": lambda stage, v: value_or_error(
        stage.kernel.pcie_capability_read_word(v["target"], v["pos"])
    ),
    "pcie_capability_read_dword": lambda stage, v: value_or_error(
        stage.kernel.pcie_capability_read_dword(v["target"], v["pos"])
    ),
    "pci_store_saved_state": lambda stage, v: stage.store_saved_state(v["target"]),
    "pci_load_saved_state": lambda stage, v: stage.kernel.pci_load_saved_state(v["target"], stage.saved[0]),
    "pci_load_and_free_saved_state": lambda stage, v: stage.kernel.pci_load_and_free_saved_state(
        v["target"], stage.saved
    ),
}
