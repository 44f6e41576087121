"""Parameters that only the formula of a curve names, and what is said where none of them could move."""

from __future__ import annotations

import math
from typing import Any

import pytest

from gdsolve.solve.sought import with_sought
from gdsolve.spec import Spec
from gdsolve.spec.parameter import Constant, Parameter
from gdsolve.status import GdsolveError


def spec_of(model: str, **options: Any) -> Spec:
    return Spec(data=("t.csv",), model=model, **options)


def test_what_the_formula_alone_names_is_sought_from_one() -> None:
    given = Parameter("b", 3.0, lower=-1.0)
    found = with_sought(spec_of("a*exp(-b*x) + k", constants=(Constant("k", 2.0),)), (given,), ["x", "y"])
    assert found == (given, Parameter("a", 1.0, sought=True))
    (found_within,) = with_sought(spec_of("a*x", nonnegative=True), (), ["x"])
    assert (found_within.lower, found_within.upper) == (0.0, math.inf)


@pytest.mark.parametrize(("lower", "upper", "start"), [(2.0, 9.0, 2.0), (-9.0, -2.0, -2.0), (0.0, 4.0, 1.0)])
def test_the_start_of_what_is_sought_is_within_its_bounds(lower: float, upper: float, start: float) -> None:
    (found,) = with_sought(spec_of("a*x"), (Parameter("a", 0.0, lower, upper, sought=True),), ["x"])
    assert found == Parameter("a", start, lower, upper, sought=True)


@pytest.mark.parametrize(
    ("model", "parameters", "message", "hint", "option"),
    [
        ("2*x + 1", (), "model: the formula has no parameter that could move", "write one, as in a*x + b", "model"),
        (
            "a*x + 1",
            (Parameter("a", 1.0, fixed=True),),
            "parameters: the formula has no parameter that could move",
            "leave at least one free to move",
            "parameters",
        ),
        (
            "rate*x",
            (Parameter("rat", 1.0, sought=True),),
            "rat: the formula does not use this parameter",
            "did you mean rate?",
            None,
        ),
        (
            "a*x",
            (Parameter("q", 1.0, sought=True), Parameter("a", 1.0)),
            "q: the formula does not use this parameter",
            "leave it out",
            None,
        ),
    ],
)
def test_why_nothing_can_be_sought(
    model: str, parameters: tuple[Parameter, ...], message: str, hint: str, option: str | None
) -> None:
    with pytest.raises(GdsolveError) as caught:
        with_sought(spec_of(model), parameters, ["x", "y"])
    assert (caught.value.message, caught.value.hint, caught.value.option) == (message, hint, option)
