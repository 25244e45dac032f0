# SPDX-License-Identifier: GPL-2.0-only
"""A user changes the registers of a device, and closes it. Which state does the next user find?

At +8 the one of before the first user: VFIO loads it, resets the device and restores it. In v3.14 the reset is one that
saves by itself: it saves what the user left over what was loaded, and that is restored. Later VFIO again calls the
reset that saves nothing.
"""

from ..machine import Machine
from ..pci_regs import PCI_CACHE_LINE_SIZE
from . import Scenario
from ._machines import FIXED_CARD
from ._outcome import Outcome
from ._script import card
from ._tell import code, lost
from ._vfio import close_device
from .unbind import bind


def leave(machine: Machine) -> int:
    """Change a register of the device, as its user may, then close it."""
    dev = machine.function(card(machine))
    machine.kernel.pci_user_write_config_byte(dev, PCI_CACHE_LINE_SIZE, 0x20)
    return close_device(machine, card(machine))


def answer(outcome: Outcome, patches: int) -> str:
    return f"Closing returned {code(outcome.results['main'])}; not as before its first user: {lost(outcome)}."


SCENARIO = Scenario(
    machine=FIXED_CARD,
    threads={"main": leave},
    prepare=bind,
    answer=answer,
    needs="card",
    opened_by=("try-reset",),
    mended_by=("vfio-restore-original-state",),
)
