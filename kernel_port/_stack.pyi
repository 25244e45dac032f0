# SPDX-License-Identifier: GPL-2.0-only
"""c_shims/stack.c, as the type checker sees it."""

from typing import Any

def kernel_stack(symtab: dict[str, Any]) -> tuple[Any, ...]: ...
