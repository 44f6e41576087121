"""Text to values: the same for flags and for YAML."""

from __future__ import annotations

import dataclasses
import itertools
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import gdsolve
from gdsolve.report.record import fit_record
from gdsolve.spec import Engine, Every, LearningRate, Loss, Spec
from gdsolve.spec.file import build_spec
from gdsolve.spec.numbers import parse_count, parse_learning_rate, parse_number, rate_text, rate_texts
from gdsolve.spec.values import CONVERTERS, convert, kinds
from gdsolve.status import GdsolveError


def message(call: object, *arguments: object) -> tuple[str, str | None]:
    with pytest.raises(GdsolveError) as caught:
        call(*arguments)  # type: ignore[operator]
    return caught.value.message, caught.value.hint


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("0", 0),
        ("1000000", 10**6),
        ("1e12", 10**12),
        ("1E12", 10**12),
        ("1e32", 10**32),
        ("1.5e3", 1500),
        (" 7 ", 7),
        ("-3", -3),
        ("10.0", 10),
        ("0e9", 0),
        ("123456789012345678901234567890", 123456789012345678901234567890),
        (1e12, 10**12),
        (5, 5),
    ],
)
def test_counts_are_exact(text: str | float, count: int) -> None:
    assert parse_count(text) == count
    assert type(parse_count(text)) is int


@pytest.mark.parametrize("text", ["1.5", "1e-3", "", "ten", "nan", "inf", "-inf", "1/2", "1e-999999999", "0x10"])
def test_what_is_no_count_is_refused(text: str) -> None:
    assert message(parse_count, text) == (
        f"max_iter: {text!r} is not a whole number",
        "write it as in --max-iter 1000, or 1e12",
    )


def test_a_count_too_long_to_write_out_is_refused_at_once() -> None:
    assert message(parse_count, "1e999999999", "seed")[0] == "seed: '1e999999999' is beyond 1e300"
    assert message(parse_count, "9" * 10_000)[0] == f"max_iter: '{'9' * 39}… is beyond 1e300"


@given(st.integers(min_value=-(10**299), max_value=10**299))
def test_every_integer_survives(count: int) -> None:
    assert parse_count(str(count)) == count


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_finite_number_survives(number: float) -> None:
    assert parse_number(repr(number)) == number


@given(st.integers(1, 10**6), st.integers(1, 10**6))
def test_a_quotient_is_the_nearest_float(over: int, under: int) -> None:
    assert parse_number(f"{over}/{under}") == over / under
    assert parse_learning_rate(f" {over} / {under} ") == over / under


@pytest.mark.parametrize("text", ["nan", "inf", "-inf", "1e999", "1/0", "0/0", "1/2/3", "", "/", "1:30", "3 4", "0,5"])
def test_what_is_no_finite_number_is_refused(text: str) -> None:
    assert message(parse_number, text, "tol") == (
        f"tol: {text!r} is not a finite number",
        "write it as in --tol 0.01, 1e-10 or 1/28",
    )


@pytest.mark.parametrize(
    ("given_rate", "rate"),
    [
        ("auto", "auto"),
        ("0.01", 0.01),
        ("1/28", 1 / 28),
        (0.1, 0.1),
        (1, 1.0),
        ("0.5,0.1", (0.5, 0.1)),
        (["0.5", "0.1,1/14"], (0.5, 0.1, 1 / 14)),
        ([0.5, "1e-3"], (0.5, 1e-3)),
        (["auto"], "auto"),
        ("1e-4..1:5", (1e-4, 1e-3, 1e-2, 1e-1, 1.0)),
        ("1..1e-2:3", (1.0, 0.1, 0.01)),
        ("0.3,1e-4..1e-3:2", (0.3, 1e-4, 1e-3)),
        ("1/28..1/14:2", (1 / 28, 1 / 14)),
    ],
)
def test_learning_rates(given_rate: str, rate: LearningRate) -> None:
    assert parse_learning_rate(given_rate) == rate


@given(st.floats(1e-300, 1e300), st.floats(1e-300, 1e300), st.integers(2, 60))
def test_a_range_keeps_its_ends_and_its_ratio(first: float, last: float, count: int) -> None:
    rates = parse_learning_rate(f"{first!r}..{last!r}:{count}")
    assert isinstance(rates, tuple)
    assert (rates[0], rates[-1], len(rates)) == (first, last, count)
    ratio = (math.log(last) - math.log(first)) / (count - 1)
    for one, next_one in itertools.pairwise(rates):
        assert math.log(next_one) - math.log(one) == pytest.approx(ratio, abs=1.1e-7)


def test_a_range_has_ten_rates_unless_it_says_otherwise() -> None:
    rates = parse_learning_rate("1e-4..1")
    assert isinstance(rates, tuple)
    assert len(rates) == 10


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("0", "lr: '0' is not a positive number"),
        ("-1", "lr: '-1' is not a positive number"),
        ("fast", "lr: 'fast' is not a finite number"),
        ("auto,0.1", "lr: auto stands alone, not among other rates"),
        ("0.1,", "lr: '' is not a finite number"),
        ("0..1", "lr: '0' is not a positive number"),
        ("1e-4..1:1", "lr: a range of 1 rates; it takes 2 to 100000"),
        ("1e-4..1:1e6", "lr: a range of 1000000 rates; it takes 2 to 100000"),
        ("1e-4..1:x", "lr: 'x' is not a whole number"),
        ("1e-4..1:100000,1", "lr: more than 100000 rates"),
    ],
)
def test_what_is_no_rate_is_refused(text: str, said: str) -> None:
    assert message(parse_learning_rate, text)[0] == said


def test_no_rate_at_all_is_refused() -> None:
    assert message(parse_learning_rate, []) == (
        "lr: no rate is given",
        "give --lr 0.01, --lr 1/28 or --lr auto",
    )


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("no_intercept", "yes", True),
        ("no_intercept", "Off", False),
        ("target", "no", "no"),
        ("features", "a,b", ("a,b",)),
        ("features", ["a", "b"], ("a", "b")),
        ("every", "log", "log"),
        ("every", "1e3", 1000),
        ("tol", "1e-10", 1e-10),
        ("loss", "sse", "sse"),
    ],
)
def test_convert_goes_by_the_type_of_the_field(name: str, text: str, value: object) -> None:
    assert convert(name, text) == value


@pytest.mark.parametrize(
    ("name", "text", "said", "hint"),
    [
        ("loss", "SSE", f"loss: 'SSE' is not one of {', '.join(Loss)}", "give one of them, as in --loss sse"),
        ("loss", "", f"loss: '' is not one of {', '.join(Loss)}", "give one of them, as in --loss half-mse"),
        ("quiet", "maybe", "quiet: 'maybe' is neither true nor false", "write quiet: true, or leave it out"),
        ("every", "1.5", "every: '1.5' is not a whole number", "write it as in --every 1000, or 1e12"),
        ("tol", ["1", "2"], "tol: a list where one value is expected", "write tol: and a single value"),
    ],
)
def test_convert_says_what_is_wrong(name: str, text: str, said: str, hint: str) -> None:
    assert message(convert, name, text) == (said, hint)


def test_every_field_but_the_inline_data_can_be_converted() -> None:
    def known(kind: object) -> bool:
        return kind in (LearningRate, tuple[str, ...]) or kind in CONVERTERS or isinstance(kind, type)

    assert {name for name, kind in kinds().items() if not known(kind)} == {"X", "y", "parameters", "constants"}
    assert set(kinds()) == {field.name for field in dataclasses.fields(Spec)}
    assert CONVERTERS[Every]("log", "every") == "log"


@given(st.floats(1e-6, 1.0), st.integers(0, 10**20))
def test_flags_and_python_give_the_same_spec(tol: float, max_iter: int) -> None:
    assert Spec(tol=convert("tol", repr(tol)), max_iter=convert("max_iter", str(max_iter))) == Spec(
        tol=tol, max_iter=max_iter
    )


@given(st.floats(1e-300, 1e300), st.integers(2, 12))
def test_a_rate_is_shown_rounded_down(rate: float, digits: int) -> None:
    shown = float(rate_text(rate, digits))
    assert rate * (1 - 10.0 ** (1 - digits)) <= shown <= rate * (1 + 1e-12)


@given(st.integers(1, 99_999), st.integers(-12, 3))
def test_a_short_rate_is_shown_as_it_is(number: int, power: int) -> None:
    rate = float(f"{number}e{power}")
    assert float(rate_text(rate)) == rate


@pytest.mark.parametrize(
    ("rate", "text"),
    [(2 / 3, "0.666666"), (1.1561599e-11, "1.15615e-11"), (1 - 1e-14, "1"), (0.0, "0"), (math.inf, "inf")],
)
def test_rates_as_text(rate: float, text: str) -> None:
    assert rate_text(rate) == text


def test_a_rate_and_a_limit_are_told_apart() -> None:
    assert rate_texts(0.1234567, 0.1234561) == ("0.1234567", "0.1234561")
    assert rate_texts(0.2, 0.1234567) == ("0.2", "0.123456")


def test_the_closed_form_has_two_names(tmp_path: Path) -> None:
    (tmp_path / "p.yaml").write_text("X: [1, 3]\ny: [2, 4]\nengine: closed-form\n")
    for asked in ("leap", "closed-form"):
        assert build_spec(["t.csv"], {"engine": asked}, "fit").engine is Engine.LEAP
    assert build_spec([str(tmp_path / "p.yaml")], {}, "fit").engine is Engine.LEAP
    fit = gdsolve.fit([[1.0], [3.0]], [2.0, 4.0], engine="closed-form")
    assert fit_record(fit)["descent"]["engine"] == "leap"
    assert fit.w.tolist() == gdsolve.fit([[1.0], [3.0]], [2.0, 4.0], engine="leap").w.tolist()
    with pytest.raises(GdsolveError, match="engine: 'closed' is not one of auto, rows, triangle, leap, autograd"):
        build_spec(["t.csv"], {"engine": "closed"}, "fit")
