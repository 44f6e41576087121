"""Groups of several columns: named by all of them in every output, and found by all of them in what is saved."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import gdsolve
from gdsolve.cli.main import run
from gdsolve.status import GdsolveError

KEYED = """country,year,x,y
a,2020,1,2
a, 2020,2,4
a,2020,3,6
a,2021,1,1
b,2020,1,5
b,2020,2,3
a,2021,2,3
b,2020,3,1
"""
KEYS = [("a", "2020"), ("a", "2021"), ("b", "2020")]
SLOPES, INTERCEPTS = [2.0, 2.0, -2.0], [0.0, -1.0, 7.0]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("t.csv").write_text(KEYED)
    return tmp_path


@pytest.mark.parametrize("flags", [["--group-by", "country,year"], ["--group-by", "country", "--group-by", "year"]])
def test_lines_carry_all_keys_by_name(flags: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["fit", "t.csv", *flags, "--format", "json", "--save", "m.json"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [tuple(line["group"].items()) for line in lines] == [
        (("country", one), ("year", other)) for one, other in KEYS
    ]
    assert [line["weights"]["x"] for line in lines] == pytest.approx(SLOPES)
    saved = json.loads(Path("m.json").read_text())
    assert (saved["group_by"], saved["group_keys"]) == ("country,year", ["country", "year"])
    assert saved["data"]["features"] == ["x"]
    assert run(["fit", "t.csv", *flags, "--format", "csv"]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [(row["country"], row["year"]) for row in rows] == KEYS
    assert run(["fit", "t.csv", *flags]) == 0
    table = capsys.readouterr().out
    assert "by country, year" in table
    assert [tuple(line.split()[:2]) for line in table.splitlines() if "converged " in line] == KEYS


def test_one_key_keeps_its_fields(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["fit", "t.csv", "--group-by", "country", "--features", "x", "--save", "m.json", "--quiet"]) == 0
    capsys.readouterr()
    saved = json.loads(Path("m.json").read_text())
    assert (saved["group_by"], saved["group_keys"], saved["groups"][0]["group"]) == (
        "country",
        ["country"],
        {"country": "a"},
    )
    # Models from before there were several keys are read.
    del saved["group_keys"]
    Path("old.json").write_text(json.dumps(saved))
    assert gdsolve.predict("old.json", "t.csv").tolist() == gdsolve.predict("m.json", "t.csv").tolist()


def test_predict_and_score_choose_by_all_keys(caplog: pytest.LogCaptureFixture) -> None:
    fits = gdsolve.fit("t.csv", group_by=["country", "year"], save="m.json")
    assert [one.group for one in fits] == KEYS
    assert (fits.column, fits.columns) == ("country,year", ("country", "year"))
    assert fits["b", "2020"].intercept == pytest.approx(7.0)
    with pytest.raises(KeyError):
        fits["b", "2021"]
    new = pl.DataFrame({"year": [2021.0, 2020.0, 2021.0, None], "country": ["a", "b", "b", "a"], "x": [10.0] * 4})
    expected = [19.0, -13.0, np.nan, np.nan]
    assert gdsolve.predict(fits, new).tolist() == pytest.approx(expected, nan_ok=True)
    assert gdsolve.predict("m.json", new).tolist() == pytest.approx(expected, nan_ok=True)
    told = "no prediction for 1 of 4 rows: no group 'b, 2021' in the model, which has 'a, 2020', 'a, 2021', 'b, 2020'"
    assert caplog.messages[1].startswith(told)
    assert caplog.messages[0].startswith(
        "no prediction for 1 of 4 rows: no group: one of the columns country, year has no value"
    )
    assert gdsolve.score(fits, "t.csv").r2 == pytest.approx(1.0)


@pytest.mark.parametrize("na", ["error", "drop"])
def test_a_missing_cell_of_any_key_is_no_group(na: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("t.csv").write_text(KEYED + "a,,1,1\n,2020,1,1\n")
    code = run(["fit", "t.csv", "--group-by", "country,year", "--na", na, "--format", "json"])
    out, err = capsys.readouterr()
    lines = [json.loads(line) for line in out.splitlines()]
    if na == "drop":
        assert (code, len(lines)) == (0, 3)
        assert "2 rows without a group dropped" in err
    else:
        assert code == 5
        assert lines[-1]["group"] == {"country": None, "year": None}
        assert lines[-1]["message"] == (
            "t.csv: row 9 (line 10) has no group: column 'year' is empty (1 more row has none)"
        )
    assert [line["weights"]["x"] for line in lines[:3]] == pytest.approx(SLOPES)


def test_the_mean_is_that_of_the_group_of_all_keys() -> None:
    Path("t.csv").write_text(KEYED + "a,2021,,4\n")
    fits = gdsolve.fit("t.csv", group_by="country,year", na="mean")
    alone = gdsolve.fit([[1.0], [2.0], [1.5]], [1.0, 3.0, 4.0], names=["x"])
    assert fits["a", "2021"].weights == pytest.approx(alone.weights)
    assert fits["a", "2021"].cells_filled == 1


def test_yaml_takes_a_list_and_arrays_take_names() -> None:
    Path("p.yaml").write_text("data: t.csv\ngroup_by: [country, year]\n")
    assert [one.weights["x"] for one in gdsolve.fit("p.yaml")] == pytest.approx(SLOPES)  # type: ignore[index]
    X = [[1, 5, 1.0], [1, 5, 2.0], [1, 6, 1.0], [1, 6, 2.0]]
    fits = gdsolve.fit(X, [1.0, 3.0, 2.0, 6.0], names=["g", "h", "x"], group_by=["g", "h"])
    assert [one.group for one in fits] == [("1", "5"), ("1", "6")]
    assert [one.weights["x"] for one in fits] == pytest.approx([2.0, 4.0])
    assert [one.weights["x"] for one in gdsolve.fit("t.csv", group_by="country,year", formula="y ~ x")] == (
        pytest.approx(SLOPES)
    )


def test_keys_that_are_written_otherwise_are_the_same_only_where_they_are_plain() -> None:
    fits = gdsolve.fit("t.csv", group_by=["country", "year"])
    new = pl.DataFrame({"country": ["a", "a"], "year": ["2021.0", "02021"], "x": [10.0, 10.0]})
    assert gdsolve.predict(fits, new).tolist() == pytest.approx([19.0, np.nan], nan_ok=True)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"group_by": ["country", "z"]}, "--group-by: t.csv has no column 'z'"),
        (
            {"group_by": "country,year", "features": ["x", "year"]},
            "column 'year' is in --group-by and in --features",
        ),
        ({"group_by": "country,y", "target": "y"}, "column 'y' is in --target and in --group-by"),
    ],
)
def test_keys_that_cannot_be(options: dict[str, object], message: str) -> None:
    with pytest.raises(GdsolveError) as caught:
        gdsolve.fit("t.csv", **options)
    assert message in str(caught.value)
