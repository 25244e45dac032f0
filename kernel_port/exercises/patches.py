# SPDX-License-Identifier: GPL-2.0-only
"""The exercises of the series: each of its eight patches, the easiest first."""

from __future__ import annotations

from .exercise import Mistake, PatchExercise

EXERCISES = (
    PatchExercise(
        number=1,
        title="One more operation of a slot",
        level=1,
        patch=2,
        task="""\
A slot's driver tells the kernel what it can do with the slot: a struct of functions, NULL where the driver has
none. From now on a driver may know how to reset what is in the slot.

Find out: what does a driver get that fills in none of this (most do), and what do those that exist keep? What are
the two arguments of the operation, and what does it return? What the C declares: one more pointer to a function,
which takes the slot and an int, at the end of the struct. Write the member; the class below has all others by
inheritance.
""",
        hints=(
            (
                "The operations that exist are in kernel_port/base/pci_hotplug.py (kernel-port show "
                "hotplug_slot_ops): how do they say that a driver has none?"
            ),
            (
                "A member of a dataclass is a name, a type and a default. The type of a pointer to a function is "
                "Callable, with the types of the arguments in brackets."
            ),
            (
                "The member is called reset_slot, takes (hotplug_slot, int), returns an int, and is NULL until a "
                "driver sets it."
            ),
        ),
        traces=(
            "l?-hotplug-slot-*",
            "l?-slot-function-slot-no-method-*",
            "l?-pciehp-op-reset-slot",
            "l?-reset-slot-lone",
        ),
        scenarios=("mess",),
        recording="p5-mess-func",
        mistakes=(
            Mistake(
                "*",
                "error AttributeError *no attribute 'reset_slot'*",
                "The struct has no member reset_slot: pciehp cannot say that it has that operation, and nobody "
                "can ask for it.",
            ),
        ),
        reading={"hotplug_slot_ops": "the operations that exist (kernel-port show hotplug_slot_ops)"},
    ),
    PatchExercise(
        number=2,
        title="Reset a bus through its bridge",
        level=1,
        patch=1,
        task="""\
A bridge can reset everything below it: Secondary Bus Reset, a bit of its Bridge Control register. So far only
pci_parent_bus_reset() did that, for a device that is alone on its bus. Others will need it, so it gets a name.

Find out: which bit of which register is it, who sets it and who clears it? How long is the reset held, and how long
has the bus to settle (the docstrings have it)? What happens to the other bits of the register? How often is it
read? And what are the three reasons, besides a neighbour, not to reset a bus for the sake of one device; what is
returned then; and what does `probe` ask for?
""",
        hints=(
            (
                "PCI_BRIDGE_CONTROL holds more than the reset: read it, change one bit, write it back. kernel-port "
                "watch mess --patches 0 shows what v3.11 does."
            ),
            "One read is enough: the second write is made of the value that the first one wrote.",
            (
                "The guards come first, in this order: a root bus, a device that is itself a bridge, a bus without a "
                "known bridge; then any other device on dev.bus.devices; then probe. All but the last return "
                "-ENOTTY."
            ),
        ),
        traces=("l?-bridge-reset-root-port", "l?-bridge-reset-*", "l?-parent-bus-*", "l?-chain-none-*"),
        scenarios=("calm", "not-a-bridge"),
        recording="p1-mess-func",
        reading={
            "pci_parent_bus_reset": "what pci_parent_bus_reset() asks first (its docstring, and the three questions)",
            "pci_reset_bridge_secondary_bus": "what pci_reset_bridge_secondary_bus() does, step by step",
        },
        mistakes=(
            Mistake(
                "end",
                "r PCI_BRIDGE_CONTROL",
                "Your code resets the bus where the C leaves it alone. Was it only a probe? Or would the reset hit "
                "somebody else, too?",
                inside="pci_reset_bridge_secondary_bus",
            ),
            Mistake(
                "msleep 100",
                "w PCI_BRIDGE_CONTROL BUS_RESET-",
                "Your code sets Secondary Bus Reset and clears it at once: nobody below may have noticed. The "
                "reset is a level, and the C holds it for a while.",
            ),
            Mistake(
                "w PCI_BRIDGE_CONTROL BUS_RESET-",
                "r PCI_BRIDGE_CONTROL",
                "Your code reads Bridge Control a second time before it ends the reset. The C reads it once, and "
                "makes both writes from that value.",
            ),
            Mistake(
                "msleep 100",
                "end",
                "Your code ends the reset and returns at once. The links have to train and the devices to get "
                "ready before anybody reads their registers: the C gives them time to settle.",
            ),
            Mistake(
                "return 0",
                "return -ENOTTY",
                "Your code refuses a device that has no neighbour. Is the device itself among the devices of its bus?",
                inside="pci_parent_bus_reset",
            ),
        ),
    ),
    PatchExercise(
        number=3,
        title="Wake a device before it is saved",
        level=1,
        patch=8,
        task="""\
pci_dev_save_and_disable() saves the config space of a device and switches the device off, before a reset. A device
that sleeps has little to save; below a bridge that sleeps, nothing answers at all.

Find out: in which order do the three things happen: wake, save, switch off? What is written to Command so that the
device is quiet, and is Command read for that? What if waking fails? What is the state of a device after a reset (so
why is it not put to sleep again)?
""",
        hints=(
            "kernel-port run asleep-bridge --patches 7 shows what is saved without this patch.",
            (
                "pci_set_power_state() wakes; nobody looks at what it returns. If the device is awake it does not "
                "touch it."
            ),
            "Only one bit of Command is set, INTX_DISABLE, and all others are cleared: one write, no read.",
        ),
        traces=("l?-save-disable-*", "l?-reset-function-*", "l?-reset-slot-asleep*", "l?-reset-bus-*asleep*"),
        scenarios=("asleep-bridge", "unknown-state"),
        recording="p8-d3",
        reading={"pci_dev_save_and_disable": "in which order pci_dev_save_and_disable() does its three things"},
        mistakes=(
            Mistake(
                "w PCI_COMMAND *",
                "r PCI_COMMAND",
                "Your code reads Command to change it. The C does not care what was there: it writes the one bit "
                "that is to be set.",
            ),
            Mistake(
                "r PCI_PM_CTRL",
                "r PCI_VENDOR_ID*",
                "Your code saves a device that may be asleep. What is read of it then? Wake it first.",
            ),
            Mistake(
                "r PCI_VENDOR_ID*",
                "w PCI_COMMAND *",
                "Your code switches the device off before it is saved: then it is the switched-off device that "
                "is restored.",
            ),
        ),
    ),
    PatchExercise(
        number=4,
        title="Hold the module while its slot is reset",
        level=1,
        patch=3,
        task="""\
The driver of a slot may be a module, which somebody may unload at any moment. Who calls one of its functions must
hold it meanwhile. pci_hp_reset_slot() does so for all who want a slot to be reset.

Find out: what if there is no hotplug driver, or if it is on its way out? What if it has no reset_slot? In each of
these cases, is there a reference to drop? Is the module held for a probe, too? What is returned?
""",
        hints=(
            "try_module_get() answers whether it took a reference: only then is there one to drop.",
            (
                "There are two guards and a question: no driver, or no reference: leave. No reset_slot: do not call "
                "it, but the reference has been taken by then."
            ),
            "Begin with rc = -ENOTTY, and let one place at the end drop the reference and return rc.",
        ),
        traces=("l?-hotplug-slot-*", "l?-slot-function-*", "l?-slot-step-*", "l?-chain-slot-module-gone-locked"),
        scenarios=("module-going",),
        recording="p5-mess-func",
        reading={"pci_hp_reset_slot": "what pci_hp_reset_slot() is to do in each of the cases"},
        mistakes=(
            Mistake(
                "put_module *",
                "end",
                "Your code returns and keeps its reference to the module, which can never be unloaded again. "
                "Every way out behind try_module_get() has to drop what that took.",
            ),
            Mistake(
                "end",
                "put_module *",
                "Your code drops a reference that it was not given: try_module_get() refused. Whose reference is it?",
            ),
            Mistake(
                "get_module *",
                "end",
                "Your code answers before it holds the module, although it looks into what belongs to the "
                "module. Take the reference first, and ask then.",
            ),
        ),
    ),
    PatchExercise(
        number=5,
        title="Ask the slot before the bus",
        level=2,
        patch=5,
        task="""\
__pci_dev_reset() tries one way to reset a function after the other, until one does not answer -ENOTTY ("not me"). A
function that is alone in a hot-plug slot could be reset by the driver of the slot, which does not make a mess of
it.

Find out: which ways are there (the imports have them), and where does the slot belong? What does an error other
than -ENOTTY mean? For pci_dev_reset_slot_function(): when is a function not alone in its slot; does a neighbour on
the bus that is in no slot, or in another one, count? Why is a bridge refused?
""",
        hints=(
            (
                "The order goes from what touches one function to what touches most: what only this device has, FLR, "
                "AF FLR, power management, the slot, the bus."
            ),
            "Each way is asked alike: call it, and return what it says unless that is -ENOTTY. The last one decides.",
            "A neighbour counts if it is another device and its slot is the same slot: compare with `is`.",
        ),
        traces=("l?-slot-function-*", "l?-chain-*", "l?-probe-function-*", "l?-raw-reset-function-*"),
        scenarios=("mess", "two-functions"),
        recording="p5-mess-func",
        reading={
            "__pci_dev_reset": "in which order the ways are tried, and what ends the search",
            "pci_dev_reset_slot_function": "whom pci_dev_reset_slot_function() refuses, and why",
        },
        mistakes=(
            Mistake(
                "get_module *",
                "end",
                "Your code finds an answer and never asks the slot, whose driver could do it without a mess. Who "
                "is asked first?",
                inside="__pci_dev_reset",
            ),
            Mistake(
                "unlock device",
                "*",
                "Your code goes on after a way has answered with an error. Only -ENOTTY means 'not me'; any other "
                "answer ends the search.",
                inside="__pci_dev_reset",
            ),
            Mistake(
                "get_module *",
                "w PCI_BRIDGE_CONTROL *",
                "Your code resets the bus although the slot could do it: pciehp will take that for a removal. "
                "Who is asked first?",
                inside="__pci_dev_reset",
            ),
            Mistake(
                "get_module *",
                "r PCI_BRIDGE_CONTROL",
                "Your code resets the bus although the slot could do it: pciehp will take that for a removal. "
                "Who is asked first?",
            ),
            Mistake(
                "get_module *",
                "end",
                "Your code finds the function not alone in its slot. Who is on the bus, but not in this slot? "
                "And is the function its own neighbour?",
                inside="pci_dev_reset_slot_function",
            ),
        ),
    ),
    PatchExercise(
        number=6,
        title="Lock, save, restore, unlock: one function each",
        level=2,
        patch=6,
        task="""\
Resets of a slot and of a bus will do to many functions what pci_reset_function() does to one. So its parts get
names. Nothing that happens on the bus changes.

Find out: which two locks are taken, in which order, and how are they released? Are they taken for a probe? What is
saved, and what is written to Command afterwards? In pci_reset_function(): what is asked first, what if the answer
is no, and what happens after a reset that failed? Whose result is returned? (The locks do not cover the saving:
that is how the series has it; exercise 12 mends it.)
""",
        hints=(
            "kernel-port show pci_dev_reset shows how it was: the same acts, in one function.",
            "What is taken last is released first. The lock of config accesses from user space is the outer one.",
            (
                "pci_reset_function() probes; if that is not 0, it returns it. Then save and disable, reset, "
                "restore, in every case, and return what the reset said."
            ),
        ),
        traces=(
            "l?-devreset-*",
            "l?-save-disable-*",
            "l?-chain-*-locked",
            "l?-raw-reset-function-*",
            "l?-reset-function-*",
        ),
        scenarios=("calm", "unbind"),
        recording="p6-mess-func",
        reading={
            "pci_dev_lock": "which lock is the outer one",
            "pci_dev_unlock": "in which order the locks are released",
            "pci_dev_save_and_disable": "what is saved, and what is written then",
            "pci_dev_reset": "for what pci_dev_reset() takes the locks",
            "pci_reset_function": "what pci_reset_function() does, and in which order",
        },
        mistakes=(
            Mistake(
                "lock cfg",
                "lock device",
                "Your code takes the device lock first. The lock of config accesses is the outer one: who holds "
                "the device lock may be waiting for user space to finish with the registers.",
            ),
            Mistake(
                "unlock device",
                "unlock cfg",
                "Your code releases the locks in the order in which it took them. The C releases the one that it "
                "took last first.",
            ),
            Mistake(
                "r *",
                "lock cfg",
                "Your code takes the locks for a probe, too. A probe changes nothing, and must not wait for anybody.",
                inside="pci_dev_lock",
            ),
        ),
    ),
    PatchExercise(
        number=7,
        title="Reset a slot without a mess",
        level=2,
        patch=4,
        given=("init_slot",),
        task="""\
A reset of the bus below a hot-plug port looks to the port like a card that goes and comes back: presence changes,
pciehp is interrupted and removes the device. pciehp itself can reset the slot and not fall for it.

Find out: which bit of Slot Control lets the port report a change of presence; what has to be done before the reset,
and what after it, in which order? What of the event that the port has seen meanwhile (which register, how is it
cleared)? In which slots is that needed at all (look for HP_SUPR_RM)? What if pciehp polls the slot by a timer
(pciehp_poll_mode)? What is done for a probe? And init_slot(), which you get as it was: one operation is missing
there.
""",
        hints=(
            (
                "kernel-port watch mess --patches 0 shows the accident. Which event starts it, and which bit of Slot "
                "Control would keep the port from reporting it?"
            ),
            (
                "Commands to the slot go through pcie_write_cmd(), which waits for each; Slot Status is written as "
                "it is, a 1 clears an event. A slot without surprise removal drops the event later: nothing is "
                "masked there."
            ),
            (
                "Mask; stop the timer if there is one; reset the bus; forget the change of presence that it caused; "
                "unmask; poll once if there is a timer, which arms it again."
            ),
        ),
        traces=("l?-pciehp-*", "l?-spurious-*", "l?-chain-slot-*", "l?-reset-function-*"),
        scenarios=("mess", "mess-polled", "calm", "no-completion"),
        recording="p5-mess-func",
        reading={
            "pciehp_reset_slot": "what pciehp_reset_slot() does before the reset, and what after it",
            "reset_slot": "what reset_slot() has to do: nearly nothing",
            "init_slot": "which operation init_slot() has to set",
        },
        mistakes=(
            Mistake(
                "r PCI_EXP_SLTSTA",
                "unlock ctrl",
                "After Slot Control is written your code goes on without waiting for the command; the C waits: read "
                "pcie_write_cmd() again (kernel-port show pcie_write_cmd).",
            ),
            Mistake(
                "return 0",
                "return -ENOTTY",
                "pciehp cannot reset its slot, says pci_hp_reset_slot(): which operation has init_slot() not set?",
            ),
            Mistake(
                "wait",
                "r PCI_BRIDGE_CONTROL",
                "After PDCE is cleared your code resets the bus without waiting for the command; the C waits: "
                "read pcie_write_cmd() again.",
            ),
            Mistake(
                "lock ctrl",
                "w PCI_EXP_SLTCTL *",
                "Your code writes Slot Control itself. That is a command to the slot: another one may be under "
                "way, and it takes time to complete. Read pcie_write_cmd() again (kernel-port show "
                "pcie_write_cmd).",
            ),
            Mistake(
                "lock ctrl",
                "r PCI_EXP_SLTCTL",
                "Your code changes Slot Control itself. That is a command to the slot: another one may be under "
                "way, and it takes time to complete. Read pcie_write_cmd() again (kernel-port show "
                "pcie_write_cmd).",
            ),
            Mistake(
                "w PCI_EXP_SLTSTA PDC+",
                "lock ctrl",
                "Your code lets the port report changes of presence again while Slot Status still holds the one "
                "that the reset caused: it is reported at once. What has to be done before?",
            ),
            Mistake(
                "lock ctrl",
                "r PCI_BRIDGE_CONTROL",
                "Your code resets the bus of a slot with surprise removal, and the port may report the change of "
                "presence that it causes: pciehp takes that for a removal. What has to be masked first?",
            ),
            Mistake(
                "r PCI_BRIDGE_CONTROL",
                "lock ctrl",
                "Your code masks presence in a slot without surprise removal. There pciehp drops the event by "
                "itself: the C leaves Slot Control alone.",
            ),
            Mistake(
                "lock ctrl",
                "end",
                "Your code leaves presence masked after the reset: when somebody really pulls the card, nobody "
                "will notice. What was switched off is switched on again.",
            ),
        ),
    ),
    PatchExercise(
        number=8,
        title="Reset everything in a slot, or on a bus",
        level=3,
        patch=7,
        task="""\
Some devices can only be reset together: all functions in a slot, or all on a bus. Who owns them all may do that,
with pci_reset_slot() and pci_reset_bus(): save everything, lock everything, reset, unlock, restore.

Find out: in which order are devices and the buses below them locked, unlocked, saved and restored; why must a
parent be restored first, and when is it to be unlocked? In a slot: which devices of slot.bus.devices belong to it;
and what of a bus below one of them? What is asked before anything is saved? What does a probe take and touch? What
is returned where there is no slot, or no bridge? Is anything masked when a bus is reset (exercise 9 mends that)?
""",
        hints=(
            (
                "The eight walks are alike. Those of a slot skip what is in no slot or in another one; below a "
                "device with a subordinate bus the walk of buses takes over."
            ),
            (
                "Lock, save and restore go from the top down: the device, then what is below. Unlocking goes from "
                "the bottom up. Siblings come in the order of the list, every time."
            ),
            (
                "pci_slot_reset() and pci_bus_reset() do the locked part, and answer a probe; pci_reset_slot() and "
                "pci_reset_bus() probe, save, reset, restore, and return what the reset said."
            ),
        ),
        traces=("l?-slot-step-*", "l?-bus-step-*", "l?-reset-slot-*", "l?-reset-bus-*"),
        scenarios=("two-functions", "nested", "two-slots", "vfio"),
        recording="p8-mess-slot",
        reading={
            "pci_bus_lock": "in which order a bus is locked",
            "pci_bus_unlock": "in which order a bus is unlocked",
            "pci_slot_lock": "which devices are in the slot, and in which order they are locked",
            "pci_slot_unlock": "which devices are in the slot, and in which order they are unlocked",
            "pci_bus_save_and_disable": "in which order a bus is saved",
            "pci_slot_save_and_disable": "which devices are in the slot, and in which order they are saved",
            "pci_bus_restore": "in which order a bus is restored",
            "pci_slot_restore": "which devices are in the slot, and in which order they are restored",
            "pci_slot_reset": "what pci_slot_reset() does for a probe, and what else",
            "pci_bus_reset": "what pci_bus_reset() does for a probe, and what else",
            "pci_reset_slot": "what pci_reset_slot() does, and in which order",
            "pci_reset_bus": "what pci_reset_bus() does, and in which order",
        },
        mistakes=(
            Mistake(
                "get_module *",
                "lock cfg",
                "Your code locks the slot for a probe, too. A probe changes nothing, and must not wait for anybody.",
                first=True,
            ),
            Mistake(
                "lock cfg",
                "get_module *",
                "Your code resets the slot while nothing in it is locked: a driver may be bound, and user space "
                "may write registers, in the middle of the reset.",
            ),
            Mistake(
                "lock cfg",
                "r PCI_BRIDGE_CONTROL",
                "Your code resets the bus while nothing on it is locked: a driver may be bound, and user space "
                "may write registers, in the middle of the reset.",
            ),
        ),
    ),
)
