# SPDX-License-Identifier: GPL-2.0-only
"""Scenarios that name recordings of real kernels: at the recording's point, the run ends as the recording does.

Addresses, cards and times differ. The oracle is the recording: how the call ended, which functions were left, which
registers of them differ, and which functions of pciehp spoke, in order.
"""

import pytest
from paths import TESTS

from kernel_port import scenarios
from kernel_port.cli import main
from kernel_port.kernel.lockdep import BY_INSTANCE
from kernel_port.recordings.real_kernel import HANG, read
from kernel_port.recordings.real_log import LOCKDEP, UNRECORDED_FUNCTIONS, since_first_call, spoken
from kernel_port.trace.site import cause

NAMED = [(name, recording) for name in scenarios.names() for recording in scenarios.load(name).recordings]
HEADER, STATUS = range(0x40), (6, 7)


def as_recorded(name):
    return read(TESTS / "real" / f"{name}.json.gz")


def as_played(name, patches):
    """The scenario's run, with pciehp speaking as it does in the recordings (pciehp_debug)."""
    scenario = scenarios.load(name)
    with scenarios.ready(scenario, patches) as machine:
        vars(machine.kernel)["pciehp_debug"] = True
        return scenarios.perform(scenario, machine)


def cards(names):
    return sorted(name for name in names if not name.startswith("0000:00:"))


def left(recording):
    """Which cards were left, by their place in the order of addresses, and which of these have other registers."""
    before, after = recording.config_before, recording.config_after
    changed = {bdf for bdf in after if any(before[bdf][at] != after[bdf][at] for at in HEADER if at not in STATUS)}
    return [(place, bdf in changed) for place, bdf in enumerate(cards(before)) if bdf in after]


def left_by(run):
    outcome = run.outcome
    places = enumerate(cards(run.before))
    return [(place, bdf in outcome.lost) for place, bdf in places if bdf not in outcome.removed]


def speakers(run):
    """The functions of pciehp that spoke."""
    sites = [cause(event.stack) for event in run.events if event.op == "printk" and ":pcie" in event.args[1]]
    return [site.function for site in sites if site.function not in UNRECORDED_FUNCTIONS]


@pytest.mark.parametrize(("name", "recording"), NAMED)
def test_scenario_ends_as_the_recording_it_names(name, recording):
    real = as_recorded(recording)
    run = as_played(name, real.choice)
    outcome = run.outcome
    first = next(iter(run.scenario.threads))
    end = HANG if outcome.deadlock else "oops" if outcome.oops else str(outcome.results[first])
    assert [end] == [*real.return_codes, "oops"][:1]
    if real.config_after:
        assert left_by(run) == left(real)
    circles = (inversion.orders for inversion in outcome.inversions)
    by_class = any(not any({order.held[0], order.taken[0]} & BY_INSTANCE for order in orders) for orders in circles)
    assert by_class == any(message.function == LOCKDEP for message in since_first_call(real))
    expected = next(said for who, said in spoken(since_first_call(real))[0].items() if who.endswith(":pcie04"))
    got = speakers(run)
    if "pciehp_power_off_slot" not in expected:
        assert got == expected
    else:  # where presence goes with the power, as it does not in QEMU, there is one more event at the end
        rest = iter(got)
        assert [function for function in expected if function not in rest] == []
        assert expected.index("pciehp_power_off_slot") <= got.index("pciehp_power_off_slot")


@pytest.mark.parametrize(
    ("name", "patches", "recordings"),
    [
        ("mess", 4, ["p4-mess-func"]),
        ("mess", 0, ["v311-mess-lone", "v311-mess-lone-smp2"]),
        ("mess", 3, []),
        ("vga", 8, []),
    ],
)
def test_run_says_which_recordings_of_its_kernel_end_the_same(capsys, name, patches, recordings):
    main(["run", name, "-q", "--patches", str(patches)])
    told = [line for line in capsys.readouterr().out.splitlines() if line.startswith("  recorded ")]
    line = f"  recorded    in a real kernel, with the same end: {', '.join(recordings)} (tests/real)"
    assert told == [line] * bool(recordings)


def test_every_recording_of_the_accident_is_a_scenarios():
    """Those with presence following the reset (link_up_after_us) and one call that scenarios make."""
    named = {recording for _, recording in NAMED}
    mess = {path.name.partition(".")[0] for path in (TESTS / "real").glob("[pv]*-mess-*.gz")}
    not_told = {
        "v311-mess-raw",  # __pci_reset_function
        "v311-mess-vfio-hang",  # a race that went the other way than in p4-mess-vfio-hang
        "p8-mess-nopcp-bus", "p8-mess-slot",  # as mess-no-power and two-functions, by another call
        "p8-mess-sw-bus03",  # as bus-unmasked, below a switch
    }  # fmt: skip
    assert {name for name in mess if not name.startswith("v312")} - named == not_told
