"""Conditions of options, one by one."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from gdsolve.spec.choices import Format
from gdsolve.spec.company import _iterations_are_shown, _momentum_is_used


def asked(verb: str, **spec: Any) -> Any:
    return SimpleNamespace(verb=verb, spec=SimpleNamespace(**spec))


@pytest.mark.parametrize("verb", ["fit", "report"])
@pytest.mark.parametrize("history", [None, "h.csv"])
@pytest.mark.parametrize("form", Format)
def test_iterations_are_shown_by_two_formats_by_reports_and_by_histories(
    form: Format, history: str | None, verb: str
) -> None:
    shown = form in (Format.TABLE, Format.JSON) or verb == "report" or history is not None
    assert _iterations_are_shown(asked(verb, format=form, history=history)) is shown
    assert not _iterations_are_shown(asked("fit", format=Format.CSV, history=None))


@pytest.mark.parametrize(
    ("verb", "method", "methods", "used"),
    [
        ("fit", "gd", (), False),
        ("fit", "nesterov", (), True),
        ("fit", "momentum", ("gd",), True),
        ("compare", "gd", (), True),
        ("compare", "gd", ("gd,lbfgs",), False),
        ("compare", "gd", ("gd, nesterov",), True),
        ("compare", "gd", ("gd", "momentum"), True),
    ],
)
def test_momentum_is_for_methods_that_have_it(verb: str, method: str, methods: tuple[str, ...], used: bool) -> None:
    assert _momentum_is_used(asked(verb, method=method, methods=methods)) is used
