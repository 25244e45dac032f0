# SPDX-License-Identifier: GPL-2.0-only
"""The target of what people post: parts of machines. Whatever is left out, the kernel knows all that is listed, and a
verdict that is firm is that of any machine it may be a part of."""

from dataclasses import replace

import machines
from unstated import another, masked, reached

from kernel_port.hw.errors import MachineError
from kernel_port.images.complete import complete
from kernel_port.images.doubts import refuse_nonsense
from kernel_port.machine import boot
from kernel_port.why.ladder import survey


def posted(rng, machine):
    """A part of *machine*: some functions, of some of them not all registers, and some that do not answer."""
    functions = [masked(rng, function) for function in machine.functions if rng.randrange(4)] or machine.functions[-1:]
    functions = [silent(function) if not rng.randrange(6) else function for function in functions]
    return replace(machine, functions=functions, recorded=True, quirks="")


def silent(function):
    return replace(function, config=b"\xff" * len(function.config), stated=None)


def verdicts(found):
    """(address, method) -> what it returns."""
    rungs = {(ladder.bdf, rung.function): rung.rc for ladder in found.ladders for rung in ladder.rungs}
    return rungs | {(ladder.bdf, ""): ladder.rc for ladder in found.ladders}


def part(rng):
    """A survey of a part of a machine, and of another machine that it may be a part of."""
    drawn, real = machines.machine(rng)
    description = posted(rng, drawn)
    try:
        refuse_nonsense(description.functions, "posted")
        with boot(description, trace_boot=False) as booted:
            names = {dev.dev.name for dev in booted.functions}
            # bus numbers that make no sense are given anew
            assert not real or names >= {str(function.address) for function in description.functions}
            firm = {key: rc for key, rc in verdicts(survey(booted, explain=False)).items() if rc is not None}
            there = reached(booted)
        whole = complete(description)
        other = replace(whole, functions=[each if each.stand_in else another(rng, each) for each in whole.functions])
        refuse_nonsense(other.functions, "another")
        with boot(other, trace_boot=False) as booted:
            if there <= reached(booted):
                found = verdicts(survey(booted, explain=False))
                wrong = {key: (rc, found[key]) for key, rc in firm.items() if found.get(key) not in (None, rc)}
                assert not wrong, wrong
    except MachineError:
        return


#: Name -> the target, and its share of all cases in thousandths.
TARGETS = {"posted": (part, 2)}
