# SPDX-License-Identifier: GPL-2.0-only
"""A machine to try things on, at a prompt or in a notebook: registers by name, resets, time, undo."""

from ..machine import Machine
from .session import Session, drawing

__all__ = ["Session"]

# What a notebook shows of a machine; the machine itself knows nothing of verdicts.
Machine._repr_html_ = lambda self: drawing(self)._repr_html_()  # type: ignore[attr-defined]
