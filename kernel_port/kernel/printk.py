# SPDX-License-Identifier: GPL-2.0-only
"""include/linux/printk.h and drivers/base/core.c: messages. They are trace events, nothing is printed."""

from __future__ import annotations

from .structs import device
from .system import system


def printk(level: str, text: str) -> None:
    """Log a message without a device.

    C: kernel/printk.c, exported, service"""
    system.emit("printk", level, text)


def dev_err(dev: device, text: str) -> None:
    """Log an error.

    C: drivers/base/core.c, exported, service"""
    system.emit("printk", "err", f"{dev.name}: {text}")


def dev_warn(dev: device, text: str) -> None:
    """Log a warning.

    C: drivers/base/core.c, exported, service"""
    system.emit("printk", "warning", f"{dev.name}: {text}")


def dev_info(dev: device, text: str) -> None:
    """Log information.

    C: drivers/base/core.c, exported, service"""
    system.emit("printk", "info", f"{dev.name}: {text}")


def dev_dbg(dev: device, text: str) -> None:
    """Log a debug message.

    C: include/linux/device.h, macro, service"""
    system.emit("printk", "debug", f"{dev.name}: {text}")
