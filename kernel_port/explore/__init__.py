# SPDX-License-Identifier: GPL-2.0-only
"""Every order in which threads can run: all schedules of a scenario, or one for each order that matters.

schedule.py says what a schedule is, and runs all of them; reduction.py runs one for each order that can matter.
"""

from .engine import Engine
from .exploration import Exploration, explore, explore_reduced, simplify
from .reduction import Runner
from .schedule import Choices, Chooser, Schedule, Trial, parse, schedules, written
from .shared import shared_variables
from .stage import Stage, one_processor

__all__ = ["Choices", "Chooser", "Engine", "Exploration", "Runner", "Schedule", "Stage", "Trial", "explore",
           "explore_reduced", "one_processor", "parse", "schedules", "shared_variables", "simplify",
           "written"]  # fmt: skip
