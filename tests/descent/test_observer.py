"""What the loop tells of itself while it runs."""

from __future__ import annotations

import pytest
from problems import pose, random_table

import gdsolve.descent.iterate as loop
from gdsolve.descent.methods.gradient import GradientDescent
from gdsolve.descent.methods.lbfgs import LBFGS
from gdsolve.descent.rates import ConstantRate
from gdsolve.descent.schedule import Schedule
from gdsolve.descent.stop import Step
from gdsolve.solve.fit import fit
from gdsolve.spec import Engine, Method, RateSchedule, Spec


@pytest.mark.parametrize(
    ("method", "expected"),
    [(GradientDescent(ConstantRate(0.01)), [*range(65), 128, 150]), (LBFGS(), [0, 1, 2, 3, 4, 5])],
)
def test_the_observer_is_told_the_first_block_and_the_latest_step_after_every_other(
    method: GradientDescent | LBFGS, expected: list[int]
) -> None:
    told: list[Step] = []
    posed = pose(random_table(3, 30, 6), 1 / 30)
    found = loop.iterate(
        posed.quadratic,
        posed.start,
        method,
        (),
        max_iter=expected[-1],
        schedule=Schedule(1),
        observe=told.append,
    )
    assert [step.k for step in told] == expected
    for step in told:
        assert step.value == found.trace.values[step.k]
        assert step.gradient_norm == found.trace.gradient_norms[step.k]
        assert step.update == found.trace.updates[step.k]


@pytest.mark.parametrize(
    ("options", "last"),
    [
        ({"engine": Engine.ROWS, "lr": 0.01, "max_iter": 100}, 100),
        ({"engine": Engine.TRIANGLE, "method": Method.ADAM, "max_iter": 100}, 100),
        ({"engine": Engine.LEAP, "lr": 0.01, "max_iter": 100}, None),
        ({"schedule": RateSchedule.INVSCALING, "lr": 0.01, "max_iter": 100}, 100),
    ],
)
def test_fit_hands_the_observer_to_the_loop(options: dict[str, object], last: int | None) -> None:
    told: list[Step] = []
    spec = Spec(X=((1.0,), (2.0,), (4.0,)), y=(1.0, 3.0, 2.0), **options)  # type: ignore[arg-type]
    fit(spec, observe=told.append)
    assert (told[-1].k if told else None) == last
