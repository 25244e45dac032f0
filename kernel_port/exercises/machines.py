# SPDX-License-Identifier: GPL-2.0-only
"""The exercises that ask for a machine on which something happens."""

from __future__ import annotations

from errno import EINVAL, ENOTTY

from ..hw.masks import Reset
from ..pci_regs import PCI_EXP_DEVCTL_BCR_FLR
from .exercise import MachineExercise
from .remarks import result
from .trials import Stand, Trial

CARD, SECOND = "0000:01:00.0", "0000:01:00.1"
#: Class codes: display, and multimedia audio.
DISPLAY, SOUND = 0x03, 0x04

ROOT_PORT = """\

[[function]]
address = "00:1c.0"
kind = "root-port"
bus = [1, 1]
pm = {no_soft_reset = true}
"""
SLOT_PORT = ROOT_PORT + "slot = {number = 1, button = true, attention_indicator = true, power_indicator = true}\n"
ENDPOINT = """\

[[function]]
address = "01:00.0"
kind = "endpoint"
class = 0x010700
bars = {0 = "16K"}
driver = "mpt2sas"
pm = {no_soft_reset = true}
express = {}
"""


def the_card_is_there(stand: Stand) -> str:
    """Look for 01:00.0."""
    return "" if CARD in stand.addresses else "There is no function 01:00.0, which the question is about."


def says(trial: Trial) -> str:
    """Return what a call returned, or how it ended."""
    return "does not return" if trial.result is None else f"returns {result(trial.result)}"


def was_reset(trial: Trial, address: str = CARD) -> bool:
    """Return whether the hardware reset a function."""
    return bool(trial.outcome.resets.get(address))


def lost_the_card(trial: Trial) -> bool:
    """Return whether pciehp took a reset for a removal, and removed the card."""
    outcome = trial.outcome
    return bool(outcome.spurious) and CARD in (*outcome.removed, *outcome.recreated)


# -- 13 ----------------------------------------------------------------------------------------------------------------


def flr_is_used(stand: Stand) -> str:
    """Look whether pci_reset_function() takes the card's claim of FLR."""
    trial = stand.call("pci_reset_function", CARD)
    if trial.wrote(CARD, "PCI_EXP_DEVCTL", PCI_EXP_DEVCTL_BCR_FLR):
        return ""
    return (
        f"pci_reset_function() {says(trial)} and does not try FLR on 01:00.0. It asks Device Capabilities whether a "
        "function has FLR: which option of `express` is that?"
    )


def the_kernel_believes_it(stand: Stand) -> str:
    """Look whether the kernel takes the reset for one that worked."""
    trial = stand.call("pci_reset_function", CARD)
    return "" if trial.result == 0 else f"pci_reset_function() {says(trial)}: the kernel is to believe that it worked."


def nothing_is_reset(stand: Stand) -> str:
    """Look whether the card went through no reset at all."""
    if not was_reset(stand.call("pci_reset_function", CARD)):
        return ""
    return (
        "01:00.0 claims FLR, and really is reset by it. A card that claims it and does nothing differs in how it "
        "behaves, not in its registers: which key is that? kernel-port why FILE names all keys if FILE has a wrong one."
    )


# -- 14 ----------------------------------------------------------------------------------------------------------------


def both_functions_are_there(stand: Stand) -> str:
    """Look for a display and a sound function on one card."""
    for address, code, name in ((CARD, DISPLAY, "display"), (SECOND, SOUND, "sound")):
        if address not in stand.addresses:
            return f"There is no function {address[5:]}: the card is to have a display and a sound function."
        if stand.class_of(address) != code:
            return f"{address[5:]} is no {name} function: its class is to begin with {code:#04x}."
    return ""


def the_display_is_refused(stand: Stand) -> str:
    """Look whether the display function cannot be reset by itself."""
    trial = stand.call("pci_reset_function", CARD)
    if trial.result == -ENOTTY:
        return ""
    if was_reset(trial, SECOND):
        return "The sound function is reset along with the display function: nobody had asked for that."
    return (
        f"pci_reset_function() of 01:00.0 {says(trial)}: it has a way of its own, and the bus is not asked. "
        "FLR comes first, then power management (what does no_soft_reset say?)."
    )


def the_sound_is_why(stand: Stand) -> str:
    """Look whether the display function can be reset once the sound function is away."""
    trial = stand.without(SECOND).call("pci_reset_function", CARD)
    if trial.result == 0 and was_reset(trial):
        return ""
    return (
        f"Without the sound function pci_reset_function() {says(trial)} just as well, so it is not the sound function "
        "that rules the bus reset out. Is there a bridge above the card?"
    )


# -- 15 ----------------------------------------------------------------------------------------------------------------


def it_is_alone_in_a_slot(stand: Stand) -> str:
    """Look for slot 1, with nothing in it but 01:00.0."""
    neighbours = [address for address in stand.addresses if address.startswith("0000:01:") and address != CARD]
    if neighbours:
        return f"{neighbours[0][5:]} is on the bus as well. Here 01:00.0 is to be alone in its slot: that is not why."
    if stand.slot_of(CARD) != "1":
        return "01:00.0 is in no slot that pciehp drives: slot 1 is to be that of the port above it."
    return ""


def the_function_is_refused(stand: Stand) -> str:
    """Look whether neither the slot nor anything else resets the function."""
    trial = stand.call("pci_dev_reset_slot_function", CARD, 0)
    if trial.result != -ENOTTY:
        return (
            f"pci_dev_reset_slot_function() {says(trial)}: the slot is reset for its sake. It refuses not only "
            "neighbours: what else does it ask of the function (kernel-port show pci_dev_reset_slot_function)?"
        )
    trial = stand.call("pci_reset_function", CARD)
    if trial.result != -ENOTTY:
        return f"pci_reset_function() {says(trial)}: 01:00.0 has another way to be reset. Here it is to have none."
    return ""


def the_slot_itself_is_reset(stand: Stand) -> str:
    """Look whether the slot can be reset as a whole."""
    trial = stand.call("pci_reset_slot", "slot:1")
    return "" if trial.result == 0 else f"pci_reset_slot() of slot 1 {says(trial)}: the slot as a whole is to be reset."


# -- 16 and 18 ---------------------------------------------------------------------------------------------------------


def base_loses_the_card(stand: Stand) -> str:
    """Look for the accident at base."""
    trial = stand.call("pci_reset_function", CARD, patches=0)
    if lost_the_card(trial):
        return ""
    if Reset.HOT.value not in trial.outcome.resets.get(CARD, []):
        return (
            f"At base pci_reset_function() {says(trial)} and resets no bus. It comes to that only for a function that "
            "has no better way, and is alone on its bus."
        )
    if trial.outcome.spurious:
        return (
            "At base pciehp notices that presence changed, and drops it: so it does in every slot where a card "
            "may not be removed by surprise."
        )
    return (
        "At base the bus is reset and pciehp notices nothing. It notices what the slot reports: is there a slot, "
        "and does presence follow the link?"
    )


def the_series_keeps_the_card(stand: Stand) -> str:
    """Look whether +8 resets the card and keeps it."""
    trial = stand.call("pci_reset_function", CARD)
    if trial.result != 0:
        return f"At +8 pci_reset_function() {says(trial)}: it is to work there."
    if lost_the_card(trial) or trial.outcome.spurious:
        return (
            "At +8 there is still a mess: presence is masked, but something else makes pciehp look. What does "
            "the slot report during the reset, or too late?"
        )
    return ""


def the_mask_does_not_help(stand: Stand) -> str:
    """Look for the accident in a reset of the slot at +8."""
    trial = stand.call("pci_reset_slot", "slot:1")
    if trial.result != 0:
        return f"At +8 pci_reset_slot() of slot 1 {says(trial)}: the reset itself is to work."
    if lost_the_card(trial):
        return ""
    if stand.slot_of(CARD) != "1":
        return "01:00.0 is not in slot 1."
    if trial.outcome.spurious:
        return "pciehp notices that presence changed, and drops it: may a card be removed from this slot by surprise?"
    return (
        "At +8 slot 1 is reset without a mess: presence is masked. The mask is off after 200 ms; and while it is "
        "on, the handler of any other event of the slot sees the change of presence, too. Who is late, or who "
        "interrupts?"
    )


# -- 17 ----------------------------------------------------------------------------------------------------------------


def the_probe_says_yes(stand: Stand) -> str:
    """Look whether +7 says that the function can be reset."""
    trial = stand.call("pci_probe_reset_function", CARD, patches=7)
    return "" if trial.result == 0 else f"At +7 pci_probe_reset_function() {says(trial)}: the probe is to say yes."


def the_reset_says_no(stand: Stand) -> str:
    """Look whether +7 refuses to reset it."""
    trial = stand.call("pci_reset_function", CARD, patches=7)
    if trial.result == -EINVAL:
        return ""
    return (
        f"At +7 pci_reset_function() {says(trial)}. The way that probes well and then refuses is the power management "
        "reset: what does it ask for only when it is in earnest (kernel-port show pci_pm_reset)?"
    )


def patch_8_helps(stand: Stand) -> str:
    """Look whether +8 resets it."""
    trial = stand.call("pci_reset_function", CARD)
    return "" if trial.result == 0 else f"At +8 pci_reset_function() {says(trial)}: patch 8 is to help."


EXERCISES = (
    MachineExercise(
        number=13,
        title="A card that claims FLR and does nothing",
        level=1,
        file="claims_flr.toml",
        start=ROOT_PORT + ENDPOINT,
        checks=(the_card_is_there, flr_is_used, the_kernel_believes_it, nothing_is_reset),
        task="""\
Some devices claim an ability and do not have it. Describe a machine on which pci_reset_function() of 01:00.0 uses
the function level reset, returns 0, and nothing has been reset.

Find out: which register says that a function has FLR, and how does a description say it? How does it say that the
hardware does nothing? See what the port makes of it: kernel-port why FILE 01:00.0
""",
        hints=(
            (
                "FLR is announced in the PCI Express capability, so it is an option of `express`. Write one that does "
                "not exist, and kernel-port why FILE names all that do."
            ),
            "What a function does, other than what it says, is a key of [[function]]; a wrong key there lists all.",
            "express = {flr = true} claims it; flr_works is the key.",
        ),
    ),
    MachineExercise(
        number=14,
        title="A graphics card whose sound function rules the bus reset out",
        level=1,
        file="graphics_and_sound.toml",
        start=ROOT_PORT + ENDPOINT.replace("0x010700", "0x030000").replace('driver = "mpt2sas"\n', ""),
        checks=(the_card_is_there, both_functions_are_there, the_display_is_refused, the_sound_is_why),
        task="""\
This is the card that the series was written for. 01:00.0 is a display function, 01:00.1 its sound function.
Describe a machine on which pci_reset_function() of 01:00.0 returns -ENOTTY, only because of the sound function:
without it the function would be reset through its bus.

Find out: which ways come before the bus, and how does the card keep each of them from being taken?
""",
        hints=(
            "Two tables [[function]] with addresses that differ in the last digit are two functions of one device.",
            "The class of a display begins with 0x03, that of sound with 0x04. Neither function may have FLR.",
            "A function that is not reset by waking says so: pm = {no_soft_reset = true}. Then only the bus is left.",
        ),
    ),
    MachineExercise(
        number=15,
        title="A slot that refuses a slot reset",
        level=2,
        file="switch_in_a_slot.toml",
        start=SLOT_PORT + ENDPOINT,
        checks=(
            the_card_is_there,
            it_is_alone_in_a_slot,
            the_function_is_refused,
            the_slot_itself_is_reset,
        ),
        task="""\
01:00.0 is alone in slot 1, and yet the slot is not reset for its sake: pci_dev_reset_slot_function() returns
-ENOTTY, and so does pci_reset_function(). Only pci_reset_slot() resets the slot. Describe such a machine.

Find out: what else than a neighbour makes pci_dev_reset_slot_function() refuse, and why?
""",
        hints=(
            "kernel-port show pci_dev_reset_slot_function: two questions come before the walk.",
            "A slot reset hits all that is below the function, too. Which functions have something below them?",
            (
                "Put a switch into the slot: an upstream port at 01:00.0 with bus = [2, 3] or so, a downstream port "
                "at 02:00.0, a device below. The port above needs bus = [1, 3] then."
            ),
        ),
    ),
    MachineExercise(
        number=16,
        title="A port with a mess at base, and none at +8",
        level=2,
        file="surprise_slot.toml",
        start=SLOT_PORT + ENDPOINT,
        checks=(the_card_is_there, base_loses_the_card, the_series_keeps_the_card),
        task="""\
Describe a machine on which pci_reset_function() of 01:00.0 makes pciehp remove the card at base, and resets it in
peace at +8.

Find out: what has to be true of the slot, of the card and of its neighbours? See it: kernel-port watch FILE 01:00.0
--patches 0 -o mess.html, if you like.
""",
        hints=(
            "The accident needs a bus reset, a slot that reports it, and a driver that believes it.",
            "pciehp drops a change of presence unless cards may be removed from the slot without notice.",
            "The option of `slot` is called surprise.",
        ),
    ),
    MachineExercise(
        number=17,
        title="A function that probes well and then refuses, until patch 8",
        level=2,
        file="asleep.toml",
        start=ROOT_PORT + ENDPOINT,
        checks=(the_card_is_there, the_probe_says_yes, the_reset_says_no, patch_8_helps),
        task="""\
Describe a machine on which, at +7, pci_probe_reset_function() of 01:00.0 returns 0, and pci_reset_function()
returns -EINVAL all the same; and at +8 it returns 0.

Find out: which way to reset a function asks in earnest for something that it does not ask for in a probe? What does
patch 8 change about it?
""",
        hints=(
            "Not FLR, not the bus: they answer a probe and the real thing alike. kernel-port show pci_pm_reset.",
            "The power management reset needs a function that the kernel takes to be in D0.",
            (
                "A function in D3hot that resets on waking (so no_soft_reset is not set), and that no driver has "
                "enabled: options of `pm`."
            ),
        ),
    ),
    MachineExercise(
        number=18,
        title="A slot with a mess even at +8",
        level=3,
        file="late_status.toml",
        start=SLOT_PORT.replace("number = 1,", "number = 1, surprise = true,") + ENDPOINT,
        checks=(the_card_is_there, the_mask_does_not_help),
        task="""\
The mask of patch 4 has holes. Describe a machine on which, at +8, pci_reset_slot() of slot 1 returns 0, and pciehp
removes 01:00.0 all the same.

Find out: for how long is presence masked; what does the interrupt handler look at, the enables or the status; and
for which commands does nobody wait?
""",
        hints=(
            (
                "There is more than one way. kernel-port scenarios has several under hot-plug: late-status, "
                "late-completion, button."
            ),
            "Presence is masked for 200 ms. A port that reports what happened later than that reports it unmasked.",
            "The knob of the port is slot_status_ms.",
        ),
    ),
)
