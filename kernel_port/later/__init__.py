# SPDX-License-Identifier: GPL-2.0-only
"""The mends: what Linux changed after the series, a module per commit, on top of any point of it.

A mend is written like a patch of the series (kernel_port/patch): whole functions with the C's names and statements, a
docstring for a reviewer, ADDS and MODIFIES. What is more:

- Its file is v312_tune_bus_reset_timing.py: the version of Linux that has it, then its name, tune-bus-reset-timing,
  which is what `--with` takes. `--with v3.12` stands for all mends of that version.
- The docstring has the paragraphs Why, What, Look at, Upstream (the commit, the version, how far that is verified) and
  Adapted (what differs from the commit, as in a backport).
- REQUIRES names the mends that it is written on top of. A function that an earlier mend has modified is repeated with
  that modification in it, so both name each other's order: the linker refuses two mends of one function of which
  neither requires the other.
- A `C:` line ends in the version: `C: drivers/pci/pci.c, static, v3.12`.

A user's own file (kernel_port/mends.py loads it) is the same, but for name, Upstream and Adapted.
"""
