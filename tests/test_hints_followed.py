"""Every hint that gdsolve can print is followed, from an input that fails to a run that does not."""

from __future__ import annotations

from pathlib import Path

import hint_cases_formulas
import hint_cases_python
import hint_cases_runs
import hint_cases_spec
import pytest
from hints import Case, follow, sites

CASES: list[Case] = [*hint_cases_spec.CASES, *hint_cases_formulas.CASES, *hint_cases_runs.CASES, *hint_cases_python.CASES]
MADE: dict[int, set[str]] = {}


def followed(place: int, folder: Path) -> set[str]:
    if place not in MADE:
        MADE[place] = follow(CASES[place], folder)
    return MADE[place]


@pytest.mark.parametrize("place", range(len(CASES)), ids=lambda place: CASES[place].text[:60])
def test_a_hint_leads_to_the_end(place: int, tmp_path: Path) -> None:
    followed(place, tmp_path)
