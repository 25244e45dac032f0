# SPDX-License-Identifier: GPL-2.0-only
"""Machines that more than one scenario runs on."""

#: The smallest machine the series is about: a card with one function and no reset of its own, in a slot from which
#: cards may be pulled without notice.
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
slot = {number = 1, surprise = true, button = true, attention_lamp = true, power_lamp = true}
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
