# SPDX-License-Identifier: GPL-2.0-only
"""Which mend mends what: a scenario fails at +8, or with the mends that open its hole, and holds with its mends."""

import pytest

from kernel_port import scenarios
from kernel_port.choice import KernelChoice
from kernel_port.mends import shipped

MENDED = [name for name in scenarios.names() if scenarios.load(name).mended_by]

#: Scenarios whose flaw breaks no invariant: nothing happens where something should, or the kernel only warns. The
#: answer differs.
QUIET = {"claimed", "unlocked-twice"}


def with_mends(scenario, mends):
    return scenarios.play(scenario, KernelChoice.of(8, mends, needs=True))


@pytest.mark.parametrize("name", MENDED)
def test_scenario_fails_without_its_mends_and_holds_with_them(name):
    scenario = scenarios.load(name)
    assert {*scenario.mended_by, *scenario.opened_by} <= shipped().keys()
    before, after = with_mends(scenario, scenario.opened_by), with_mends(scenario, scenario.mended_by)
    assert before.broken or name in QUIET
    assert (after.broken, after.outcome.unfinished) == ([], [])
    assert after.answer != before.answer
