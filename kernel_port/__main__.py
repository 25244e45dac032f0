# SPDX-License-Identifier: GPL-2.0-only
"""Run the kernel-port command as python -m kernel_port."""

import sys

from .cli import main

sys.exit(main())
