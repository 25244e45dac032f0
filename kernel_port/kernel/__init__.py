# SPDX-License-Identifier: GPL-2.0-only
"""Services the series calls and never changes: threads, time, locks, timers, work, modules, messages, structs.

Each room stands for one kernel header or core file. Their functions carry the C's names and are linked with
base and patches (kernel_port.link); what they know of the computer they run on is `system`.
"""
