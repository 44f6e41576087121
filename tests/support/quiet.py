"""The environment of a process whose output is compared to the letter."""

from __future__ import annotations

import os

from places import ROOT

QUIET_ENVIRONMENT = {
    name: value
    for name, value in os.environ.items()
    if name not in ("NO_COLOR", "FORCE_COLOR", "GITHUB_ACTIONS", "COLUMNS", "PYTHONWARNINGS")
} | {"PYTHONPATH": str(ROOT), "TERM": "xterm"}
