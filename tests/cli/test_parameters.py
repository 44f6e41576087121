"""Parameters and constants of a formula, from flags and from YAML."""

from __future__ import annotations

import math
import shlex
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gdsolve.cli.main import run
from gdsolve.spec import Constant, Parameter, Spec
from gdsolve.spec.file import build_spec
from gdsolve.spec.parameters import labels, parameters_of
from gdsolve.status import ExitCode, GdsolveError


def asked(**options: object) -> tuple[Parameter, ...]:
    return parameters_of(Spec(minimize="a", **options))


def test_starts_bounds_and_what_is_fixed() -> None:
    found = asked(start=("a=0,b=1/3", "c=-2e-3"), lower=("a=-1", "c=-5"), upper=("c=0",), fix=("b",))
    assert found == (
        Parameter("a", 0.0, lower=-1.0),
        Parameter("b", 1 / 3, fixed=True),
        Parameter("c", -0.002, lower=-5.0, upper=0.0),
    )


def test_vectors_and_matrices() -> None:
    vector, matrix = asked(start=("w=[1, 2],W=[[1, 2], [3, 4]]",))
    assert (vector.start, matrix.start) == ((1.0, 2.0), ((1.0, 2.0), (3.0, 4.0)))
    assert labels(vector) == ("w[0]", "w[1]")
    assert labels(matrix) == ("W[0,0]", "W[0,1]", "W[1,0]", "W[1,1]")


def test_a_flag_wins_over_the_parameters_of_the_spec() -> None:
    found = asked(parameters=(Parameter("a", 1.0, lower=0.0), Parameter("b", 2.0)), start=("a=5",), fix=("b",))
    assert found == (Parameter("a", 5.0, lower=0.0), Parameter("b", 2.0, fixed=True))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"start": ("a",)}, "start: 'a' is not NAME=NUMBER"),
        ({"start": ("a=zero",)}, "start: 'zero' is not a finite number"),
        ({"start": ("a=[1, x]",)}, "start: a: '[1, x]' is no list of numbers"),
        ({"start": ("a=[[1], [2, 3]]",)}, "start: a: '[[1], [2, 3]]' is no list of numbers"),
        ({"start": ("2a=1",)}, "parameters: '2a' is no name"),
        ({"start": ("a b=1",)}, "parameters: 'a b' is no name"),
        ({"start": ("a=1",), "lower": ("b=0",)}, "lower: 'b' is no parameter"),
        ({"start": ("a=1",), "fix": ("b",)}, "fix: 'b' is no parameter"),
        ({"start": ("a=1",), "lower": ("a=2",)}, "a: starts at 1, beyond its bounds 2 to inf"),
        (
            {"start": ("a=1",), "lower": ("a=1",), "upper": ("a=1",)},
            "a: its lower bound 1 is not below its upper bound 1",
        ),
        ({"start": ("a=1",), "fix": ("a",)}, "parameters: all of them are fixed"),
        ({}, "parameters: none is given"),
    ],
)
def test_what_is_refused(options: dict[str, tuple[str, ...]], message: str) -> None:
    with pytest.raises(GdsolveError) as refused:
        asked(**options)
    assert refused.value.message == message
    assert refused.value.hint
    assert refused.value.exit_code is ExitCode.USAGE


def test_yaml_gives_the_same(tmp_path: Path) -> None:
    path = tmp_path / "p.yaml"
    path.write_text(
        "minimize: a*X + b + c\n"
        "parameters:\n  a: 1/2\n  b: {start: [1, 2], lower: 0, fixed: yes}\n  c: {start: -1, upper: 3}\n"
        "constants: {X: [[1, 2], [3, 4]], k: 1e-3}\n"
    )
    spec = build_spec([str(path)], {}, "fit")
    assert spec.parameters == (
        Parameter("a", 0.5),
        Parameter("b", (1.0, 2.0), lower=0.0, fixed=True),
        Parameter("c", -1.0, upper=3.0),
    )
    assert spec.constants == (Constant("X", ((1.0, 2.0), (3.0, 4.0))), Constant("k", 0.001))


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("parameters: [1, 2]", "line 2: parameters: names are expected", "write parameters: {a: 0, b: 0}"),
        (
            "parameters: {a: {}}",
            "line 2: parameters: a: no start, and a formula has no target to find one from",
            "give it one, as in a: 1.0",
        ),
        (
            "parameters: {a: {start: 1, min: 0}}",
            "line 2: a: unknown key 'min'",
            "known here: start, lower, upper, fixed",
        ),
        ("parameters: {a: {start: 1, uper: 0}}", "line 2: a: unknown key 'uper'", "did you mean upper?"),
        ("parameters: {a: 1, a: 2}", "line 2: parameters: a is given twice", "keep one of them"),
        (
            "parameters: {a b: 1}",
            "line 2: parameters: 'a b' is no name",
            "use letters, digits and _, and begin with a letter, as in a or b1",
        ),
        ("parameters: {a: x}", "line 2: a: 'x' is not a finite number", "write a: 1.0"),
        (
            "constants: {k: [[1], [2, 3]]}",
            "line 2: k: row 2 has 2 numbers, row 1 has 1",
            "give every row as many numbers",
        ),
    ],
)
def test_errors_in_yaml_name_the_line(tmp_path: Path, text: str, message: str, hint: str) -> None:
    path = tmp_path / "p.yaml"
    path.write_text(f"minimize: a\n{text}\n")
    with pytest.raises(GdsolveError) as refused:
        build_spec([str(path)], {}, "fit")
    assert refused.value.message == f"{path}: {message}"
    assert refused.value.hint == hint


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"start": ("a=1",)}, "start: --start is for the parameters of --model and --minimize; a table alone has none"),
        ({"minimize": "a", "model": "a"}, "minimize and model exclude each other"),
        ({"minimize": "a", "ridge": 1.0}, "ridge: goes with linear models, and this is a minimize"),
        ({"minimize": "a", "loss": "sse"}, "loss: the formula of minimize is the loss itself"),
        ({"minimize": "a", "target": "y"}, "target: a formula names the columns that it uses"),
        ({"model": "a", "engine": "leap"}, "engine: leap is for linear models, and this is a model"),
        ({"momentum": 1.0, "method": "momentum"}, "momentum: 1 is not below 1"),
        ({"momentum": 0.5, "method": "adam"}, "momentum: goes with --method momentum or nesterov"),
        ({"schedule": "cosine"}, "schedule: cosine needs to know the length of the run"),
    ],
)
def test_options_that_contradict_each_other(options: dict[str, object], message: str) -> None:
    with pytest.raises(GdsolveError) as refused:
        build_spec(["t.csv"], options, "fit")
    assert refused.value.message == message
    assert refused.value.hint


@given(st.dictionaries(st.sampled_from("abcdefg"), st.floats(-1e9, 1e9), min_size=1))
def test_a_start_is_read_as_it_is_written(starts: dict[str, float]) -> None:
    text = ",".join(f"{name}={value!r}" for name, value in starts.items())
    assert {one.name: one.start for one in asked(start=(text,))} == starts
    assert all(one.lower == -math.inf and one.upper == math.inf for one in asked(start=(text,)))


def test_python_gives_parameters_and_constants_by_name() -> None:
    given = {"a": 1, "w": [1.0, 2], "c": {"start": 0.5, "lower": 0.0, "fixed": True}}
    spec = build_spec([], {"minimize": "a", "parameters": given, "constants": {"k": 2}}, "fit")
    assert parameters_of(spec) == (
        Parameter("a", 1.0),
        Parameter("w", (1.0, 2.0)),
        Parameter("c", 0.5, lower=0.0, fixed=True),
    )
    assert spec.constants == (Constant("k", 2.0),)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"a": "one"}, "parameters: a: 'one' is no value of it"),
        ({"a": {"lower": 0.0}}, "parameters: a: no start"),
        ({"a": {"start": 1.0, "least": 0.0}}, "parameters: a: .* is no value of it"),
        ({"a": [[1.0], [1.0, 2.0]]}, "parameters: a: .* is no value of it"),
    ],
)
def test_python_gives_parameters_that_are_none(given: dict[str, object], said: str) -> None:
    with pytest.raises(GdsolveError, match=said):
        build_spec([], {"minimize": "a", "parameters": given}, "fit")


@pytest.mark.parametrize(
    ("words", "ending"),
    [
        ("--ridge 1", "curve: gdsolve fit t.csv --target y --model 'a*x + b1' --start a=0,b1=0"),
        ("--engine rows", "curve: gdsolve fit t.csv --target y --model 'a*x + b1' --start a=0,b1=0"),
        ("--no-intercept", "curve: gdsolve fit t.csv --target y --model 'a*x' --start a=0"),
        ("--group-by b0", "leave --start out (a table starts where --init says)"),
    ],
)
def test_a_line_is_typed_out_with_what_a_curve_takes(
    words: str, ending: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing that is for tables alone stays, no parameter has the name of a column, and no intercept comes back."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "t.csv").write_text("x,b,b0,y\n1,p,u,1\n2,q,u,2\n3,p,u,4\n4,q,u,4\n")
    assert run(["fit", "t.csv", "--start", "x=1", *words.split()]) == 2
    command = capsys.readouterr().err.strip()
    assert command.endswith(ending)
    if "curve: " in ending:
        assert run(shlex.split(ending.partition("gdsolve ")[2])) == 0
