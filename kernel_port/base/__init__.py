# SPDX-License-Identifier: GPL-2.0-only
"""Linux 3.11 before the series, a module per C file.

How to read it beside the C:

- A module has the functions of its C file that a reset can reach, in the C's order; each has the C's statements in the
  C's order, its blank lines, and its parentheses where Python needs none. `goto out` is the code at `out`.
- The `C:` line of a docstring names the C file, the linkage there (static, global, exported, macro, struct) and the
  point of the series.
- What the C returns through a pointer is returned with the result: `status, value = pciehp_readw(ctrl, reg)`.
- `from ..pci_regs import *` is the C's #include. An import under TYPE_CHECKING would be a cycle: the linker
  (kernel_port/link.py) resolves these names, as it does all.
- `# PORT:` marks a difference from the C, and says why; patches/BASE.md lists them all. No comment is copied. A name
  alone, `# PORT: list_del()`, means: this statement does what that function does. What recurs everywhere is told in
  review/port/kinds.py. `kernel-port read --unexplained` says which statement a mark accounts for.
- The comment directly above a test that refuses a reset (`return -ENOTTY`, `return -EINVAL`) is what `kernel-port why`
  prints. It says why the device cannot be reset, and must make sense without the code.
- Messages have the C's level, place and values, and words of our own. Nothing may match on those words; what other code
  needs to know is an event (`system.emit`).
"""
