# SPDX-License-Identifier: GPL-2.0-only
"""A machine on paper with one hotplug port, 00:00.0, bus 01 below it, and what cards a test puts there.

Offsets and bits are those of the PCI Express specification 3.0, 7.8, with the capability at 0x40, written as numbers so
that a wrong name in pci_regs.py shows. Work waits until a test runs it.
"""

from paper import Paper, pcie

PORT = "00:00.0"
LNKCAP, LNKCTL, LNKSTA, SLTCAP, SLTCTL, SLTSTA = 0x4C, 0x50, 0x52, 0x54, 0x58, 0x5A
# Slot Capabilities
BUTTON, POWER, LATCH, AMBER, GREEN, SURPRISE, INTERLOCK, NCCS = 0x1, 0x2, 0x4, 0x8, 0x10, 0x20, 0x2_0000, 0x4_0000
SLOT_7 = 7 << 19
# Slot Control
ABPE, PFDE, MRLSCE, PDCE, CCIE, HPIE, PCC, DLLSCE = 0x1, 0x2, 0x4, 0x8, 0x10, 0x20, 0x400, 0x1000
AMBER_ON, AMBER_BLINK, AMBER_OFF, GREEN_ON, GREEN_BLINK, GREEN_OFF = 0x40, 0x80, 0xC0, 0x100, 0x200, 0x300
# Slot Status
ABP, PFD, MRLSC, PDC, CC, MRLSS, PDS = 0x1, 0x2, 0x4, 0x8, 0x10, 0x20, 0x40
# Link Capabilities, Link Control, Link Status
DLLLARC, LINK_DISABLE, TRAINING, DLLLA, WIDTH_X1 = 0x10_0000, 0x10, 0x800, 0x2000, 0x10


class Slotted(Paper):
    def __init__(self, point=0, slot_cap=0, control=0, status=PDS, link_cap=DLLLARC, link_status=DLLLA | WIDTH_X1 | 1):
        super().__init__(point)
        self.system.runs_workers = False
        #: Whether a command completes at once.
        self.completes = not slot_cap & NCCS
        registers = {
            LNKCAP: link_cap.to_bytes(4, "little"),
            LNKSTA: link_status.to_bytes(2, "little"),
            SLTCAP: (slot_cap | SLOT_7).to_bytes(4, "little"),
            SLTCTL: control.to_bytes(2, "little"),
            SLTSTA: status.to_bytes(2, "little"),
        }
        self.port = self.dev(self.bus(), 0, registers, **pcie(2, 4, slot=True), hdr_type=1)
        self.below = self.bus(1, self.port)
        self.pcie = self.kernel.pcie_device(port=self.port, irq=17)

    def controller(self):
        """Bind pciehp and forget what that took."""
        assert self.kernel.pciehp_probe(self.pcie) == 0
        self.acts.clear()
        self.said.clear()
        return self.pcie.priv_data

    def word(self, where):
        return int.from_bytes(self.config[PORT][where : where + 2], "little")

    def put(self, where, value):
        self.config[PORT][where : where + 2] = value.to_bytes(2, "little")

    def fail(self, where, *values):
        """Have reads of the port fail, after these values."""
        self.answer(self.port, where, *values, (0x87, 0))

    def card(self, devfn=0, **fields):
        return self.dev(self.below, devfn, {0: b"\x86\x80\x34\x12"}, **fields)

    def run_work(self):
        """Run the oldest work item."""
        wq = self.pcie.priv_data.slot.wq
        self.kernel.process_one_work(self.kernel.worker(), wq.worklist.popleft())

    def _read(self, bus, devfn, where, size):
        if self._name(bus, devfn) not in self.config:
            self.acts.append(("r", self._name(bus, devfn), where, size))
            return 0, (1 << 8 * size) - 1
        return super()._read(bus, devfn, where, size)

    def _write(self, bus, devfn, where, size, value):
        before = self.word(SLTSTA)
        status = super()._write(bus, devfn, where, size, value)
        if self._name(bus, devfn) != PORT or status:
            return status
        if where == SLTSTA:
            self.put(SLTSTA, before & ~value)
        if where == LNKCTL:
            self.put(LNKSTA, self.word(LNKSTA) & ~DLLLA | (0 if value & LINK_DISABLE else DLLLA))
        if where == SLTCTL and self.completes:
            self.put(SLTSTA, before | CC)
            if value & HPIE and value & CCIE and 17 in self.system.irq_actions:
                self.system.sched.clock.call_at(0, lambda: self.kernel.do_IRQ(17, PORT))
        return status


def command(value):
    """The acts of a command whose completion nobody waits for."""
    return [
        ("lock", "ctrl", PORT),
        ("r", PORT, SLTSTA, 2),
        ("r", PORT, SLTCTL, 2),
        ("w", PORT, SLTCTL, 2, value),
        ("unlock", "ctrl", PORT),
    ]
