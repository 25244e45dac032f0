# SPDX-License-Identifier: GPL-2.0-only
"""Exercises that check themselves: the patches of the series, repairs of it, and machines on which something happens.

patches.py, repairs.py and machines.py have their texts; templates.py writes the file that a student gets, judge.py runs
what judges it, remarks.py says the first thing that differs, child.py runs a check in a process of its own.
"""
