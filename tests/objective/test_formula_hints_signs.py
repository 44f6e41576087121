"""Signs that no formula has are told with their place, unless they belong to the name of a column."""

from __future__ import annotations

import pytest

from gdsolve.objective.formula_hints import SIGNS, for_sign


@pytest.mark.parametrize("sign", sorted(SIGNS))
def test_a_sign_is_told_where_no_name_has_it(sign: str) -> None:
    found = for_sign(f"a + {sign}b", ["a", "b", f"other{sign}name"])
    form = SIGNS[sign]
    told = f"{sign!r} has no place in a formula"
    assert found == (4, told, f"write {form}" if form else "leave it out")
    assert for_sign(f"a + b{sign}c", ["a", f"b{sign}c"]) is None


@pytest.mark.parametrize(
    ("line", "place", "told"),
    [("a^2", 1, "^ is no power"), ("a # b", 2, "'#' has no place"), ("\\a", 0, "'\\\\' has no place")],
)
def test_some_signs_are_never_part_of_a_formula(line: str, place: int, told: str) -> None:
    found = for_sign(line, ["a", "b", line])
    assert found is not None
    assert found[0] == place
    assert found[1].startswith(told)
    assert for_sign("a*x + b", ["a", "x", "b"]) is None
