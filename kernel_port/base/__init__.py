# SPDX-License-Identifier: GPL-2.0-only
"""Linux 3.11 before the series, a module per C file.

To be read beside the C:

- A module has the functions of its C file that a reset can reach, in the C's order; each has the C's statements in the
  C's order, its blank lines, and its parentheses where Python would do without. `goto out` is what stands at `out`.
- The `C:` line of a docstring names the C file, the linkage there (static, global, exported, macro, struct) and the
  point of the series.
- What the C hands back through a pointer is handed back with the result: `status, value = pciehp_readw(ctrl, reg)`.
- `from ..pci_regs import *` is the C's #include. An import under TYPE_CHECKING would be a cycle: the linker
  (kernel_port/link.py) finds these names, as it finds all.
- `# PORT:` marks what is not as in C, and says why; patches/BASE.md lists them all. No comment is copied.
- The comment directly above a test that refuses a reset (`return -ENOTTY`, `return -EINVAL`) is what `kernel-port why`
  prints. It says what is the matter with the device, in words that need no code beside them.
- Messages have the C's level, place and values, and words of our own. Nothing may look for those words: what somebody
  wants to know is an event (`system.emit`).
"""
