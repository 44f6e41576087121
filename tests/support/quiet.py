"""The environment of a process whose output is compared to the letter."""

from __future__ import annotations

import os

from places import ROOT

KEPT_OUT = ("NO_COLOR", "FORCE_COLOR", "GITHUB_ACTIONS", "COLUMNS", "PYTHONWARNINGS", "PYTHONUNBUFFERED")
"""Variables that would have a run here look different from one elsewhere."""
QUIET_ENVIRONMENT = {name: value for name, value in os.environ.items() if name not in KEPT_OUT}
QUIET_ENVIRONMENT |= {"PYTHONPATH": str(ROOT), "TERM": "xterm"}
