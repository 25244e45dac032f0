# SPDX-License-Identifier: GPL-2.0-only
"""Machines that several scenarios run on."""

#: The smallest machine the series is about: a card with one function and no reset of its own, in a slot with surprise
#: removal.
LONE_CARD = """
name = "lone-card"

[[function]]
address = "00:1c.0"
kind = "root-port"
vendor = 0x8086
device = 0x340a
bus = [1, 1]
pm = {no_soft_reset = true}
express = {width = 8}
slot = {number = 1, surprise = true, button = true, attention_indicator = true, power_indicator = true}
link_training_ms = 20

[[function]]
address = "01:00.0"
vendor = 0x1000
device = 0x0072
class = 0x010700
interrupt = 16
bars = {0 = "256 io", 1 = "16K 64-bit"}
driver = "mpt2sas"
pm = {no_soft_reset = true}
express = {width = 8}
"""

#: The same in a slot that can be switched off.
POWERED_CARD = LONE_CARD.replace("lone-card", "powered-card").replace(
    "button = true,", "power_controller = true, button = true,"
)

_SECOND_FUNCTION = """
[[function]]
address = "{address}"
vendor = 0x1000
device = 0x0073
class = 0x010700
interrupt = 17
bars = {{0 = "256 io", 1 = "16K 64-bit"}}
driver = "mpt2sas"
pm = {{no_soft_reset = true}}
express = {{width = 8}}
"""

#: The same with a second function on the card.
TWO_FUNCTIONS = LONE_CARD.replace("lone-card", "two-functions") + _SECOND_FUNCTION.format(address="01:00.1")

#: The same with a second function number so high that, with Alternative Routing-ID, it looks like another device.
HIGH_FUNCTION = (
    TWO_FUNCTIONS.replace("two-functions", "high-function")
    .replace("01:00.1", "01:01.0")
    .replace("express = {width = 8}", "express = {width = 8, ari = true}", 1)
    .replace("express = {width = 8}\n", "express = {width = 8}\nari = {}\n")
)

#: The same card in a slot that does not expect surprises.
CALM_CARD = LONE_CARD.replace("lone-card", "calm-card").replace("surprise = true, ", "")

#: The same card where nothing is hot-pluggable: its bus can be reset, and belongs to no slot.
FIXED_CARD = "\n".join(line for line in LONE_CARD.splitlines() if not line.startswith("slot =")).replace(
    "lone-card", "fixed-card"
)

#: A switch with two cards, without hotplug.
SWITCH = """
name = "switch"

[[function]]
address = "00:03.0"
kind = "root-port"
bus = [1, 4]
pm = {no_soft_reset = true}

[[function]]
address = "01:00.0"
kind = "upstream-port"
bus = [2, 4]
pm = {no_soft_reset = true}

[[function]]
address = "02:00.0"
kind = "downstream-port"
bus = [3, 3]
pm = {no_soft_reset = true}

[[function]]
address = "02:01.0"
kind = "downstream-port"
bus = [4, 4]
pm = {no_soft_reset = true}

[[function]]
address = "03:00.0"
class = 0x020000
bars = {0 = "128K"}
driver = "e1000e"
pm = {no_soft_reset = true}

[[function]]
address = "04:00.0"
class = 0x010802
bars = {0 = "16K 64-bit"}
driver = "nvme"
pm = {no_soft_reset = true}
"""

#: The same with a hot-plug slot below its first downstream port.
INNER_SLOT = SWITCH.replace("switch", "inner-slot").replace(
    "bus = [3, 3]\n", "bus = [3, 3]\nslot = {number = 3, surprise = true, power_indicator = true, button = true}\n"
)

#: The same in a hot-plug slot that can be switched off.
NESTED_SLOTS = INNER_SLOT.replace("inner-slot", "nested-slots").replace(
    "bus = [1, 4]\n",
    "bus = [1, 4]\nslot = {number = 1, surprise = true, power_controller = true, power_indicator = true}\n"
    "link_training_ms = 20\n",
    1,
)
