# SPDX-License-Identifier: GPL-2.0-only
"""The wires between kernel and hardware: configuration cycles go down through pci_ops, interrupts come up to do_IRQ.

Nothing here refers to the Machine, so that one that nobody uses any more can be collected and closed.
"""

from __future__ import annotations

from typing import Any

from .hw.address import Address, bdf
from .hw.fabric import Fabric
from .hw.messages import messages
from .kernel.system import System
from .link import Kernel

#: Rounds of interrupt handling after which an asserted line is taken as stuck.
INTERRUPT_ROUNDS = 8


class Wiring:
    """Connects a fabric with the kernel that runs on it."""

    def __init__(self, system: System, kernel: Kernel, fabric: Fabric) -> None:
        self._system, self._kernel, self._fabric = system, kernel, fabric
        #: Ports whose interrupt is pending, and those of them that sent a message for it.
        self.asking: set[str] = set()
        self._sent: set[str] = set()
        self._accessing = False
        fabric.interrupt = self._interrupt
        fabric.message = self._message
        fabric.stall = self._stall
        fabric.observe = lambda what, where: system.emit("hw", what, where)
        system.msi_message = self._described_message

    def pci_ops(self) -> Any:
        """Make the two functions that every configuration cycle goes through. A hot path."""
        fabric_read, fabric_write, system, asking = self._fabric.read, self._fabric.write, self._system, self.asking
        record, sched = system.record, system.sched

        def read(bus: Any, devfn: int, where: int, size: int) -> tuple[int, int]:
            domain, number = bus.sysdata.domain, bus.number
            value = fabric_read(domain, number, devfn, where, size)
            if system.tracing:
                record("r", (bdf(domain, number, devfn), where, size, value))
            sched.act()
            if asking:
                self._serve()
            return 0, value

        def write(bus: Any, devfn: int, where: int, size: int, value: int) -> int:
            domain, number = bus.sysdata.domain, bus.number
            if system.tracing:
                record("w", (bdf(domain, number, devfn), where, size, value))
            sched.act()
            self._accessing = True
            fabric_write(domain, number, devfn, where, size, value)
            self._accessing = False
            if asking:
                self._serve()
            return 0

        return self._kernel.pci_ops(read=read, write=write)

    def _stall(self, until: int) -> None:
        """Let time pass while the processor waits for a completion; interrupts are handled after the access."""
        outer, self._accessing = self._accessing, True
        try:
            self._system.sched.delay_until(until)
        finally:
            self._accessing = outer

    def _interrupt(self, port: str) -> None:
        """Handle the interrupt of *port*: at once, or after the access that caused it."""
        self.asking.add(port)
        if not self._accessing:
            self._serve()

    def _message(self, port: str) -> None:
        """Handle a message of *port* once, even if its request is gone by then. Without a handler it is ignored."""
        if _irq(port) in self._system.irq_actions:
            self._sent.add(port)
            self._interrupt(port)

    def _serve(self) -> None:
        """Serve the ports that assert an interrupt, in order of address, until none does; handlers do not nest."""
        if self._system.sched.in_interrupt:
            return
        for _ in range(INTERRUPT_ROUNDS):
            served = [port for port in sorted(self.asking) if _irq(port) in self._system.irq_actions]
            if not served:
                return
            for port in served:
                self.asking.discard(port)
                if port in self._sent or self._fabric.pulls(port):
                    self._sent.discard(port)
                    self._kernel.do_IRQ(_irq(port), port)
                    if self._fabric.pulls(port):
                        self.asking.add(port)
        self.asking.difference_update(served)

    def _described_message(self, irq: int) -> tuple[int, int, int] | None:
        """Return the message that the function with interrupt *irq* was described with."""
        address, fabric = Address(irq >> 16, irq >> 8 & 0xFF, irq >> 3 & 0x1F, irq & 7), self._fabric
        return messages(fabric.function(address).description.config).msi if fabric.has(address) else None


def _irq(port: str) -> int:
    """Return the number of a port's interrupt, as pci_read_irq() sets it."""
    domain, bus, device, function = Address.parse(port)
    return domain << 16 | bus << 8 | device << 3 | function
