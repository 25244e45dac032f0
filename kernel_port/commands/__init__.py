# SPDX-License-Identifier: GPL-2.0-only
"""One room per subcommand of kernel-port: arguments(parser) describes them, run(args) gives the exit status."""
