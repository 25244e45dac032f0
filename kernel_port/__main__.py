# SPDX-License-Identifier: GPL-2.0-only
"""python -m kernel_port is the kernel-port command."""

import sys

from .cli import main

sys.exit(main())
