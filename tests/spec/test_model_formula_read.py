"""What a formula names: its target, its columns, whether it has an intercept and whether a dot takes all others."""

from __future__ import annotations

import pytest

from gdsolve.spec.model_formula import ModelFormula, read_formula

pytest.importorskip("formulaic")


@pytest.mark.parametrize(
    ("text", "columns", "intercept", "takes_rest"),
    [
        ("y ~ x", ("x",), True, False),
        ("y ~ x + z - 1", ("x", "z"), False, False),
        ("y ~ .", (), True, True),
        ("y ~ log(x) + .", ("x",), True, True),
        ("y ~ x:z + log(x)", ("x", "z"), True, False),
    ],
)
def test_what_stands_behind_the_tilde(text: str, columns: tuple[str, ...], intercept: bool, takes_rest: bool) -> None:
    found = read_formula(text)
    assert (found.columns, found.intercept, found.takes_rest) == (columns, intercept, takes_rest)
    assert (found.target, found.target_columns, found.is_column) == ("y", ("y",), True)
    assert found.named == tuple(dict.fromkeys((*columns, "y")))


def test_a_dot_is_the_columns_that_are_known() -> None:
    found = read_formula("y ~ . + log(a)", ("a", "b"))
    assert (found.columns, found.takes_rest) == (("a", "b"), True)
    assert found.factors == (("log(a)", ("a",)),)


def test_a_target_may_be_made_of_columns() -> None:
    found: ModelFormula = read_formula("log(y / w) ~ x")
    assert (found.target_columns, found.is_column) == (("y", "w"), False)
    assert found.named == ("x", "y", "w")
