"""Flags are the fields of `Spec`, and every verb has help and examples."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from gdsolve.cli import columns
from gdsolve.cli.app import command_of
from gdsolve.cli.described import SHORT, default_text
from gdsolve.cli.main import run
from gdsolve.cli.parameters import given
from gdsolve.spec import VERBS, Scale, Spec, flag, options_of
from gdsolve.spec.file import nearest_option
from gdsolve.spec.values import kinds


@pytest.mark.parametrize("verb", VERBS)
def test_flags_are_the_options_of_the_verb(verb: str) -> None:
    parameters: list[Any] = [*command_of(verb).params]
    assert [parameter.name for parameter in parameters if parameter.param_type_name == "argument"] == [
        operand.name for operand in VERBS[verb].operands
    ]
    options = {parameter.name: parameter for parameter in parameters if parameter.param_type_name == "option"}
    assert list(options) == [*options_of(verb), "help"]
    del options["help"]
    for name, parameter in options.items():
        assert parameter.opts == [flag(name), *([SHORT[name]] if name in SHORT else [])]
        assert parameter.secondary_opts == []
        assert parameter.rich_help_panel == options_of(verb)[name].panel
        assert parameter.is_flag == (kinds()[name] in (bool, bool | None))


def test_every_option_that_is_not_data_is_a_flag_of_some_verb() -> None:
    flags = {name for verb in VERBS for name in options_of(verb)}
    assert {field.name for field in dataclasses.fields(Spec)} - flags == {"data", "X", "y", "parameters", "constants"}


@pytest.mark.parametrize("verb", VERBS)
def test_the_help_has_every_option_and_an_example(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([verb, "--help"]) == 0
    text = " ".join(capsys.readouterr().out.split())
    assert text.startswith(f"Usage: gdsolve {verb} [OPTIONS]")
    for name, info in options_of(verb).items():
        assert flag(name) in text
        assert info.help in text
        shown = default_text(name, info)
        assert shown is None or f"{info.help} [default: {shown}]" in text
    for example in VERBS[verb].examples:
        assert example in text
    assert VERBS[verb].help in text


def test_examples_use_flags_that_exist() -> None:
    for verb, entry in VERBS.items():
        for example in entry.examples:
            words = example.split()
            assert words[:2] == ["gdsolve", verb]
            assert {word for word in words if word.startswith("--")} <= set(map(flag, options_of(verb)))


def test_the_defaults_in_the_help_are_those_of_the_spec() -> None:
    shown = {name: default_text(name, info) for name, info in options_of("fit").items()}
    assert shown["loss"] == "half-mse"
    assert shown["ridge"] == "0"
    assert shown["seed"] == "0"
    assert shown["scale"] == Scale.AUTO.value
    assert shown["loss_tol"] == "off"
    assert shown["no_intercept"] is None
    assert shown["save"] is None


def test_only_what_was_given_counts() -> None:
    values = {"lr": None, "quiet": False, "features": [], "verbose": True, "target": "", "tol": "0"}
    assert given(values) == {"verbose": True, "target": "", "tol": "0"}


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("--lrr", "lr"),
        ("--learning-rate", "lr"),
        ("--maxiter", "max_iter"),
        ("alpha", "lr"),
        ("zzzzzz", None),
    ],
)
def test_the_option_that_was_meant(word: str, meant: str | None) -> None:
    assert nearest_option(word, list(options_of("fit"))) == meant


def test_columns_are_read_as_a_run_would_read_them(tmp_path: Path) -> None:
    table = tmp_path / "t.csv"
    table.write_bytes('\ufeffa;"b; c";d\r\n1;2;3\r\n'.encode())
    (tmp_path / "p.yaml").write_text("data: t.csv\ndelimiter: ','\n")
    assert columns.columns_of(str(table), {}) == ("a", "b; c", "d")
    assert columns.columns_of(str(table), {"delimiter": ",", "lr": "nonsense"}) == ('a;"b; c";d',)
    assert columns.columns_of(str(tmp_path / "p.yaml"), {"delimiter": ";"}) == ("a", "b; c", "d")


def test_what_cannot_be_read_has_no_columns(tmp_path: Path) -> None:
    (tmp_path / "t.parquet").write_bytes(b"PAR1,x")
    (tmp_path / "p.yaml").write_text("data: [")
    for name in ("t.parquet", "none.csv", "p.yaml"):
        assert columns.columns_of(str(tmp_path / name), {}) == ()
