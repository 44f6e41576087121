"""Groups that are missing, unknown, constant or short of rows say so in words of their own, in every output."""

from __future__ import annotations

import csv
import io
import json
import logging
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import gdsolve
from gdsolve.cli.main import run

KEYLESS = "g,x,y\nA,1,2\nA,2,4\n,3,6\nB,1,5\nB,2,3\nNA,4,4\nB,3,1\n"
EMPTY = "t.csv: row 3 (line 4) has no group: column 'g' is empty (1 more row has none)"
STILL = "g,a,b,y\nA,1,3,2\nA,2,1,4\nA,3,2,7\nB,1,1,5\nB,1,2,5\nB,1,4,5\nC,1,9,1\nD,1,1,1\nD,2,2,2\nD,3,3,4\n"
MODEL = "g,x,y\nA,1,2\nA,2,4\nA,3,6\nB,1,5\nB,2,3\nB,3,1\n"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("na", ["error", "mean"])
def test_rows_without_a_group_are_told_in_every_format(na: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("t.csv").write_text(KEYLESS)
    command = ["fit", "t.csv", "--group-by", "g", "--na", na]
    assert run(command) == 5
    table = capsys.readouterr()
    assert f"{EMPTY}; --na drop leaves such rows out" in " ".join(table.out.split())
    assert "1 cannot be fitted (the rows without a group)" in table.err
    assert run([*command, "--format", "json", "--save", "m.json"]) == 5
    lines = capsys.readouterr()
    keyless = next(line for line in map(json.loads, lines.out.splitlines()) if line["group"]["g"] is None)
    assert (keyless["status"], keyless["exit_code"], keyless["message"]) == ("failed", 5, EMPTY)
    assert keyless["hint"] == "--na drop leaves such rows out"
    assert EMPTY in lines.err
    assert json.loads(Path("m.json").read_text())["rows_without_group"] == 2
    assert run([*command, "--format", "csv"]) == 5
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [row["message"] for row in rows if not row["g"]] == [EMPTY]


@pytest.mark.parametrize("form", ["table", "json", "csv"])
def test_dropped_rows_without_a_group_are_counted(form: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("t.csv").write_text(KEYLESS)
    assert run(["fit", "t.csv", "--group-by", "g", "--na", "drop", "--format", form, "--save", "m.json"]) == 0
    streams = capsys.readouterr()
    assert "2 rows without a group dropped" in (streams.out if form == "table" else streams.err)
    saved = json.loads(Path("m.json").read_text())
    assert (saved["rows_without_group"], saved["data"]["rows_dropped"], len(saved["groups"])) == (2, 2, 2)


def test_a_group_that_is_called_na_can_be_one(capsys: pytest.CaptureFixture[str]) -> None:
    Path("t.csv").write_text(KEYLESS.replace("\n,3,6\n", "\nA,3,6\n"))
    fits = gdsolve.fit("t.csv", group_by="g")
    message = "t.csv: row 6 (line 7) has no group: 'NA' in column 'g' counts as missing"
    assert (fits[None].message, fits[None].hint) == (
        message,
        "--na drop leaves such rows out; where NA is the name of a group: --na-values '='",
    )
    assert [one.group for one in gdsolve.fit("t.csv", group_by="g", na_values="=")] == ["A", "B", "NA"]
    assert gdsolve.fit("t.csv", group_by="g", na_values="bad")[None].hint == (
        "--na drop leaves such rows out; where NA is the name of a group: --na-values '=,bad'"
    )
    assert run(["fit", "t.csv", "--group-by", "g", "--na-values", "=,bad", "--save", "m.json"]) == 0
    capsys.readouterr()
    # The model knows that NA is a group of it.
    Path("new.csv").write_text("g,x\nNA,1\nA,5\n")
    assert gdsolve.predict("m.json", "new.csv").tolist() == pytest.approx([4.0, 10.0])


@pytest.mark.parametrize("na", ["error", "drop", "mean"])
def test_no_row_has_a_group(na: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("t.csv").write_text("g,x,y\n,1,2\n,2,4\n,3,5\n")
    assert run(["fit", "t.csv", "--group-by", "g", "--na", na]) == 5
    streams = capsys.readouterr()
    if na == "drop":
        assert streams.err.splitlines() == [
            "gdsolve: error: t.csv: no row has a group: column 'g' is empty",
            "hint: --group-by COLUMN, another one, and --ignore g",
        ]
    else:
        said = "t.csv: row 1 (line 2) has no group: column 'g' is empty (2 more rows have none)"
        assert said in " ".join(streams.out.split())


def test_weights_that_are_not_unique_say_why(capsys: pytest.CaptureFixture[str]) -> None:
    Path("t.csv").write_text(STILL)
    assert run(["fit", "t.csv", "--group-by", "g", "--format", "json"]) == 0
    lines = {line["group"]["g"]: line for line in map(json.loads, capsys.readouterr().out.splitlines())}
    whys = {"B": "column 'a' is constant", "C": "1 row for 3 weights", "D": "features are linearly dependent"}
    for group, line in lines.items():
        vague = f"The weights are not unique: {whys.get(group)}; those of minimum norm are given."
        assert (vague in line["message"]) == (group in whys)
        assert line["optimum"]["unique"] == (group not in whys)
        assert ("There is no R²: the target is constant." in line["message"]) == (line["r2"] is None)
    assert [group for group, line in lines.items() if line["r2"] is None] == ["B", "C"]
    # The target of B does not vary, and is what the intercept alone gives.
    assert lines["B"]["weights"] == pytest.approx({"a": 0.0, "b": 0.0}, abs=1e-12)
    assert lines["B"]["intercept"] == pytest.approx(5.0)
    assert run(["fit", "t.csv", "--group-by", "g"]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert f"3 groups have no unique weights ({'; '.join(f'{g}: {why}' for g, why in whys.items())})" in said
    through_zero = gdsolve.fit("t.csv", group_by="g", no_intercept=True)
    assert through_zero["B"].found is not None
    assert through_zero["B"].found.optimum.unique


def test_no_r2_of_a_target_of_zeros_through_the_origin() -> None:
    Path("t.csv").write_text("g,x,y\nA,1,0\nA,2,0\n")
    fit = gdsolve.fit("t.csv", group_by="g", no_intercept=True)["A"]
    assert fit.message.endswith("There is no R²: the target is 0 in every row.")


@pytest.mark.parametrize("quiet", [False, True])
def test_predict_says_why_rows_lack_a_prediction(quiet: bool, capsys: pytest.CaptureFixture[str]) -> None:
    Path("t.csv").write_text(MODEL + "C,1,1\nC,bad,2\n")
    run(["fit", "t.csv", "--group-by", "g", "--save", "m.json", "--format", "csv", "--quiet"])
    new = "g,x\nA,4\n\nZ,1\nQ,1\nZ,2\n,3\nNA,3\nC,1\nB,\nB,1\n"
    Path("new.csv").write_text(new)
    capsys.readouterr()
    assert run(["predict", "m.json", "new.csv", *(["--quiet"] if quiet else [])]) == 0
    out, err = capsys.readouterr()
    numbers = [float(row["prediction"] or "nan") for row in csv.DictReader(io.StringIO(out))]
    assert numbers == pytest.approx([8.0, *[float("nan")] * 7, 5.0], nan_ok=True)
    lines = [
        "no prediction for 2 of 9 rows: no group: column 'g' has no value (first: new.csv: row 5 (line 7))",
        "no prediction for 3 of 9 rows: no groups 'Z', 'Q' in the model, which has 'A', 'B' "
        "(first: new.csv: row 2 (line 4))",
        "no prediction for 1 of 9 rows: group 'C' could not be fitted: t.csv: row 8 (line 9), column 'x': "
        "'bad' is not a number (first: new.csv: row 7 (line 9))",
        "no prediction for 1 of 9 rows: a cell that the model needs is missing "
        "(first: new.csv: row 8 (line 10), column 'x')",
    ]
    assert err.splitlines() == ([] if quiet else [f"gdsolve: warning: {line}" for line in lines])


def test_python_hears_of_groups_and_not_of_missing_cells(caplog: pytest.LogCaptureFixture) -> None:
    Path("t.csv").write_text(MODEL)
    fits = gdsolve.fit("t.csv", group_by="g")
    with caplog.at_level(logging.WARNING, "gdsolve"):
        frame = pl.DataFrame({"x": [4.0, None, 1.0], "g": ["A", "A", "Z"]})
        assert gdsolve.predict(fits, frame).tolist() == pytest.approx([8.0, np.nan, np.nan], nan_ok=True)
        frame.write_csv("new.csv")
        assert gdsolve.predict(fits, "new.csv").tolist() == pytest.approx([8.0, np.nan, np.nan], nan_ok=True)
    unknown = "no prediction for 1 of 3 rows: no group 'Z' in the model, which has 'A', 'B' (first: {})"
    assert caplog.messages == [unknown.format("inline: row 3"), unknown.format("new.csv: row 3 (line 4)")]


KEYS = [
    (["1", "2"], pl.Series([1, 2])),
    (["1", "2"], pl.Series([1.0, 2.0])),
    (["1.0", "2.0"], pl.Series([1, 2])),
    (["-1.50", "1e3"], pl.Series([-1.5, 1000.0])),
    (["true", "false"], pl.Series([True, False])),
    (["TRUE", "False"], pl.Series([True, False])),
    (["1", "0"], pl.Series([True, False])),
    (["New York", "a b"], pl.Series(["New York", "a b"])),
    ([" New York ", "a b"], pl.Series(["New York ", " a b"])),
    (["2020-01-01", "2021-02-03"], pl.Series(["2020-01-01", "2021-02-03"]).str.to_date()),
]


@pytest.mark.parametrize(("texts", "keys"), KEYS)
def test_a_key_of_another_type_is_the_same_group(texts: list[str], keys: pl.Series) -> None:
    rows = [f"{texts[0]},1,2", f"{texts[0]},2,4", f"{texts[1]},1,5", f"{texts[1]},2,3"]
    Path("t.csv").write_text("g,x,y\n" + "\n".join(rows) + "\n")
    typed = pl.DataFrame({"g": keys, "x": [10.0, 10.0]})
    written = pl.DataFrame({"g": texts, "x": [10.0, 10.0]})
    typed.write_parquet("new.parquet")
    typed.write_ndjson("new.ndjson")
    written.write_csv("new.csv")
    expected = pytest.approx([20.0, -13.0])
    for source in ("t.csv", "t.parquet"):
        if source == "t.parquet":
            pl.DataFrame({"g": keys.gather([0, 0, 1, 1]), "x": [1, 2, 1, 2], "y": [2, 4, 5, 3]}).write_parquet(source)
        fits = gdsolve.fit(source, group_by="g")
        for new in ("new.parquet", "new.ndjson", "new.csv", typed):
            assert gdsolve.predict(fits, new).tolist() == expected


def test_groups_of_an_array_are_those_of_its_predictions() -> None:
    X = np.array([[1.0, 1.0], [1.0, 2.0], [0.0, 1.0], [0.0, 2.0]])
    fits = gdsolve.fit(X, [2.0, 4.0, 5.0, 3.0], names=["g", "x"], group_by="g")
    for keys in ([1.0, 0.0], [1, 0], [True, False], ["1", "0"], ["true", "false"]):
        new = np.array([[keys[0], 10.0], [keys[1], 10.0]], dtype=object)
        assert gdsolve.predict(fits, new, names=["g", "x"]).tolist() == pytest.approx([20.0, -13.0])


@pytest.mark.parametrize(("key", "known"), [("1", "01"), ("01", "1"), ("1", "1.0,1.00"), ("12345678901234567", "")])
def test_keys_that_may_not_be_the_same_are_not(key: str, known: str) -> None:
    names = known.split(",") if known else ["12345678901234568", "12345678901234569"]
    Path("t.csv").write_text("g,x,y\n" + "".join(f"{name},1,2\n{name},2,4\n" for name in names))
    fits = gdsolve.fit("t.csv", group_by="g")
    Path("new.csv").write_text(f"g,x\n{key},1\n")
    assert np.isnan(gdsolve.predict(fits, "new.csv")).all()


@pytest.mark.parametrize("na", ["drop", "mean"])
def test_missing_features_of_groups(na: str) -> None:
    Path("t.csv").write_text("g,x,y\nA,1,2\nA,,3\nA,3,6\nB,1,5\nB,2,3\n,1,1\n" if na == "drop" else MODEL + "A,,3\n")
    fits = gdsolve.fit("t.csv", group_by="g", na=na)
    assert [one.group for one in fits] == ["A", "B"]
    assert (fits["A"].rows, fits["A"].rows_dropped, fits["A"].cells_filled) == (
        (2, 1, 0) if na == "drop" else (4, 0, 1)
    )
    assert fits.adrift == (1 if na == "drop" else 0)


def test_lines_of_groups_say_whether_the_table_has_a_header(capsys: pytest.CaptureFixture[str]) -> None:
    Path("t.csv").write_text("1,1,2\n1,2,4\n2,1,5\n2,2,3\n")
    for options, found in (((), False), (("--features", "x2"), False)):
        assert run(["fit", "t.csv", "--group-by", "x1", "--format", "json", *options]) == 0
        assert [json.loads(line)["data"]["has_header"] for line in capsys.readouterr().out.splitlines()] == [found] * 2
    Path("t.csv").write_text(MODEL)
    assert run(["fit", "t.csv", "--group-by", "g", "--format", "json"]) == 0
    assert all(json.loads(line)["data"]["has_header"] for line in capsys.readouterr().out.splitlines())
