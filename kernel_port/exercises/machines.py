# SPDX-License-Identifier: GPL-2.0-only
from __future__ import annotations
from .exercise import MachineExercise
EXERCISES: tuple[MachineExercise, ...] = ()
