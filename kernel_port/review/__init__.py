# SPDX-License-Identifier: GPL-2.0-only
"""What a reviewer reads: the flat source, the mails, the C beside the Python, a run as a page."""
