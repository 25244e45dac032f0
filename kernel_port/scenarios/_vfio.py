# SPDX-License-Identifier: GPL-2.0-only
"""VFIO as a consumer of the series, as in v3.11 (base/vfio_pci.py): a user opens, resets and closes a function. For
hot resets see users.hot_reset()."""

from __future__ import annotations

from typing import Any

from ..machine import Machine
from ..users import vfio_device


def open_device(machine: Machine, function: str) -> int:
    """Bind a function to vfio-pci and open it, as its user does.

    :return: 0, or an error"""
    dev = machine.function(function)
    rc: int = machine.kernel.vfio_group_get_device_fd(vfio_device(machine, dev).group, dev.dev.name)
    return rc


def reset_device(machine: Machine, function: str) -> int:
    """Reset the function for its user: VFIO_DEVICE_RESET."""
    kernel = machine.kernel
    rc: int = kernel.vfio_device_fops_unl_ioctl(_device(machine, function), kernel.VFIO_DEVICE_RESET, 0)
    return rc


def close_device(machine: Machine, function: str) -> int:
    """Close the function for its user."""
    rc: int = machine.kernel.vfio_device_fops_release(_device(machine, function))
    return rc


def _device(machine: Machine, function: str) -> Any:
    """Return the struct vfio_device of a function."""
    return machine.kernel.dev_get_drvdata(machine.function(function).dev)
