# SPDX-License-Identifier: GPL-2.0-only
"""How faithful the silicon is: the specification, or somebody's simplification of it."""

from __future__ import annotations

from dataclasses import dataclass

from .errors import MachineError


@dataclass(frozen=True, slots=True)
class Policy:
    """Behaviour that differs between silicon and emulators. The defaults are silicon."""

    #: Secondary Bus Reset holds what is below silent, and the link down, as long as it is set.
    reset_holds: bool = True
    #: Waking from D3hot resets a function whose No_Soft_Reset is clear.
    soft_reset: bool = True
    #: A bridge in D3hot forwards nothing.
    sleeping_bridges_block: bool = True


POLICIES = {
    "": Policy(),
    "qemu": Policy(reset_holds=False, soft_reset=False, sleeping_bridges_block=False),
}


def policy_of(quirks: str) -> Policy:
    """The policy of a machine description's *quirks*.

    :raises MachineError: nobody's simplifications have that name"""
    try:
        return POLICIES[quirks]
    except KeyError:
        known = ", ".join(repr(name) for name in POLICIES)
        raise MachineError(f"quirks {quirks!r} are unknown; known are {known}") from None
