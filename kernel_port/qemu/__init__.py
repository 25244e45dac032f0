# SPDX-License-Identifier: GPL-2.0-only
"""QEMU as the hardware: its device models in the place of ours, without a guest, spoken to over its test protocol."""

from .fabric import PREFIX, QemuFabric, describe

__all__ = ("PREFIX", "QemuFabric", "describe")
