# SPDX-License-Identifier: GPL-2.0-only
"""The fuzzer in the test suite: pytest -m fuzz, of FUZZ_CASES cases (10,000) with FUZZ_SEED (0)."""

import os

import campaign
import engine
import pytest

pytestmark = pytest.mark.fuzz

CASES = campaign.shares(int(os.environ.get("FUZZ_CASES", "10000")))
SEED = os.environ.get("FUZZ_SEED", "0")


@pytest.mark.parametrize("name", campaign.TARGETS)
def test_fuzz_target_keeps_its_promises(name):
    engine.run(name, campaign.TARGETS[name][0], CASES[name], SEED)
