# SPDX-License-Identifier: GPL-2.0-only
"""What several test files need."""

import os
import signal

import pytest
from paths import ROOT

os.environ["KERNEL_PORT_DEBUG"] = "1"  # a defect is a traceback here, never one line


@pytest.fixture(scope="session")
def shared():
    """The directory with dumps, golden traces and live captures beside the repository."""
    directory = ROOT.parent / "shared"
    if not directory.is_dir():
        pytest.skip("no shared directory beside the repository")
    return directory


@pytest.fixture
def interruptible():
    """SIGINT interrupts, here and in processes started here; a shell has what it runs in the background ignore it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)
