# SPDX-License-Identifier: GPL-2.0-only
"""What goes wrong with a machine or an input."""


class MachineError(ValueError):
    """The machine or its description is bad; the message names file, line or offset, and the remedy."""
