# SPDX-License-Identifier: GPL-2.0-only
"""Services that the series calls and never changes: threads, time, locks, timers, work, modules, messages, structs.

Each module stands for one kernel header or core file. The functions have the C's names and are linked with base/ and
patch/ (kernel_port.link). `system` is the machine that they run on.
"""
