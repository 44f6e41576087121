"""The command that is shown again is the command that was given."""

from __future__ import annotations

import shlex

from gdsolve.spec.command import Command


def test_a_name_with_a_comma_gets_a_flag_of_its_own() -> None:
    command = Command("check", ("t.csv",), {"ignore": ["a,b", "c d"], "target": "y"})
    assert command.but("fit") == "gdsolve fit t.csv --ignore a,b --ignore 'c d' --target y"
    assert command.but("fit", ignore=("x", "z")) == "gdsolve fit t.csv --ignore x,z --target y"
    assert shlex.split(command.but(features=["a,b", "c,d"]))[-4:] == ["--features", "a,b", "--features", "c,d"]


def test_a_file_whose_name_begins_with_a_dash_is_not_taken_for_an_option() -> None:
    command = Command("check", ("-neg.csv", "data.csv", "-", "-more *.csv"), {"weight": "w"})
    assert command.but("fit", lr=0.5) == "gdsolve fit ./-neg.csv data.csv - './-more *.csv' --weight w --lr 0.5"
