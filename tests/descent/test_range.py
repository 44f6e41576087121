"""Numbers whose squares float64 or float32 cannot hold: told by column, never fitted to NaN."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from data_files import write

import gdsolve

LARGER = "rescale it: other units, larger numbers"
SMALLER = "rescale it: other units, smaller numbers"


def refusal(tmp_path: Path, text: str, **options: Any) -> tuple[int, str, str | None]:
    with pytest.raises(gdsolve.GdsolveError) as caught:
        gdsolve.fit(write(tmp_path / "t.csv", text), **options)
    return int(caught.value.exit_code), caught.value.message.replace(f"{tmp_path}/", ""), caught.value.hint


@pytest.mark.parametrize("options", [{}, {"lr": 0.1}, {"engine": "rows"}, {"engine": "leap"}, {"no_intercept": True}])
@pytest.mark.parametrize(
    ("text", "column", "reason", "hint"),
    [
        ("a,y\n1,1e300\n2,2e300\n3,5e300\n", "y", "are beyond", SMALLER),
        ("a,y\n1e200,1\n2e200,2\n3e200,5\n", "a", "are beyond", SMALLER),
        ("b,a,y\n1,1.7e308,1\n2,1.5e308,2\n5,-1.7e308,5\n", "a", "are beyond", SMALLER),
        ("a,y\n1e-200,1\n2e-200,2\n3e-200,5\n", "a", "vanish in", LARGER),
        ("a,y\n1,1e-170\n2,2e-170\n3,5e-170\n", "y", "vanish in", LARGER),
    ],
)
def test_squares_out_of_range(
    tmp_path: Path, text: str, column: str, reason: str, hint: str, options: dict[str, Any]
) -> None:
    expected = (5, f"t.csv: column {column!r}: its squares {reason} float64", hint)
    assert refusal(tmp_path, text, **options) == expected


@pytest.mark.parametrize(
    ("text", "options", "reason"),
    [
        ("a,y\n1e50,1\n2e50,2\n3e50,5\n", {}, "are beyond"),
        ("a,y\n1e30,1\n2e30,2\n3e30,5\n", {"lr": 1e-60}, "are beyond"),
        ("a,y\n1e-30,1\n2e-30,2\n3e-30,5\n", {"lr": 1.0}, "vanish in"),
    ],
)
def test_squares_out_of_the_range_of_float32(tmp_path: Path, text: str, options: dict[str, Any], reason: str) -> None:
    code, message, hint = refusal(tmp_path, text, dtype="float32", **options)
    assert (code, message) == (5, f"t.csv: column 'a': its squares {reason} float32")
    assert hint is not None
    assert hint.startswith("--dtype float64, or rescale it")
    assert gdsolve.fit(str(tmp_path / "t.csv"), dtype="float64").status is gdsolve.Status.CONVERGED


@pytest.mark.parametrize("size", ["1e300", "1e-310"])
def test_weights_out_of_range(tmp_path: Path, size: str) -> None:
    text = f"a,w,y\n1,{size},1\n2,{size},2\n3,{size},5\n"
    code, message, _ = refusal(tmp_path, text, weight="w")
    assert code == 5
    assert message.startswith("t.csv: column 'w': its weights sum to ")


def test_what_has_room_is_fitted(tmp_path: Path) -> None:
    for size in ("e140", "e-140"):
        fit = gdsolve.fit(
            write(tmp_path / "t.csv", f"a,z,y\n1{size},0,1{size}\n2{size},0,2{size}\n3{size},0,5{size}\n")
        )
        assert fit.status is gdsolve.Status.CONVERGED
        assert fit.weights["a"] == pytest.approx(2.0)


def test_a_descent_that_is_not_finite_has_diverged(tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv", "a,y\n1,1\n2,2\n3,5\n")
    for engine in ("rows", "triangle", "leap"):
        assert gdsolve.fit(path, lr=1e300, engine=engine).exit_code is gdsolve.ExitCode.DIVERGED
