"""How many examples Hypothesis draws: all where a session searches, some where they are the same in every run."""

from __future__ import annotations

import os

PROFILE = os.environ.get("HYPOTHESIS_PROFILE", "steady")


def examples(count: int) -> int:
    """So many in the profile `search`; in every other run two fifths of them, and no fewer than ten."""
    return count if PROFILE == "search" else max(10, 2 * count // 5)
