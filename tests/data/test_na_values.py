"""`--na-values` adds to the usual texts for missing cells, and a list that begins with = replaces them."""

from __future__ import annotations

import io
import json
import re
import shlex
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from data_files import failure, load, write
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

import gdsolve
from gdsolve.cli.main import run
from gdsolve.report.plain import finite
from gdsolve.report.record import model_record
from gdsolve.spec import Missing, Spec
from gdsolve.spec.choices import NA_VALUES
from gdsolve.spec.command import Command
from gdsolve.spec.file import build_spec
from gdsolve.spec.missing import added_to, missing_flag, missing_texts
from gdsolve.spec.schema import json_schema
from gdsolve.status import GdsolveError

CLASSES = "x,k,y\n1,a,1\n2,NA,0\n3,bad,1\n4,a,0\n5,b,1\n6,b,0\n"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def model_of(fit: Any) -> str:
    Path("model.json").write_text(json.dumps(finite(model_record(fit))))
    return "model.json"


@pytest.mark.parametrize(
    ("given_values", "texts"),
    [
        ((), NA_VALUES),
        (("",), (*NA_VALUES, "")),
        (("bad", "-9"), (*NA_VALUES, "bad", "-9")),
        (("=bad", "-9"), ("", "bad", "-9")),
        ((" =bad", "=-9"), ("", "bad", "-9")),
        (("=",), ("", "")),
        (("==bad",), (*NA_VALUES, "=bad")),
        (("x", "===bad"), (*NA_VALUES, "x", "==bad")),
        (("=", "==bad"), ("", "", "=bad")),
    ],
)
def test_what_a_list_means(given_values: tuple[str, ...], texts: tuple[str, ...]) -> None:
    assert missing_texts(given_values) == texts
    assert Spec(na_values=given_values).missing_texts == texts


@pytest.mark.parametrize("values", [("bad", "=x"), ("", "=x"), ("==a", "=x", "y")])
def test_a_list_replaces_from_its_start_or_not_at_all(values: tuple[str, ...]) -> None:
    with pytest.raises(GdsolveError, match="na_values: '=x' comes after") as caught:
        Spec(na_values=values)
    flag, quoted, *rest = shlex.split((caught.value.hint or "").partition(";")[0])
    assert flag == "--na-values"
    assert rest == ["replaces", "them"]
    assert Spec(na_values=tuple(quoted.split(","))).missing_texts[1] == "x"
    assert (caught.value.hint or "").endswith("for the text =x itself write ==x")


letters = st.characters(categories=["L", "N", "P", "S"], exclude_characters=",", max_codepoint=1000)
cells = st.text(letters, min_size=1, max_size=5)


@given(st.lists(cells, max_size=3), cells)
def test_the_flag_of_a_hint_makes_its_cell_missing(values: list[str], cell: str) -> None:
    try:
        Spec(na_values=tuple(values))
    except GdsolveError:
        return
    name, value = shlex.split(re.sub(r"^(--[a-z-]+)=", r"\1 ", missing_flag(values, cell)))
    spec = build_spec(["t.csv"], {name.strip("-").replace("-", "_"): [*values, *value.split(",")]}, "fit")
    assert cell in spec.missing_texts
    assert set(missing_texts(values)) <= set(spec.missing_texts)
    assert ("NA" in spec.missing_texts) == ("NA" in missing_texts(values))


@pytest.mark.parametrize("name", ["t.csv", "t.tsv", "t.ndjson", "t.parquet"])
def test_following_the_hint_makes_no_class_of_na(name: str) -> None:
    frame = pl.read_csv(CLASSES.encode(), null_values=[])
    if name.endswith(".parquet"):
        frame.write_parquet(name)
    elif name.endswith(".ndjson"):
        frame.write_ndjson(name)
    else:
        frame.write_csv(name, separator="\t" if name.endswith(".tsv") else ",")
    options: dict[str, Any] = {"na": "drop", "categorical": "onehot"}
    added = gdsolve.fit(name, na_values="bad", **options)
    assert added.data.roles.levels == {"k": ("a", "b")}
    assert added.data.rows == 4
    replaced = gdsolve.fit(name, na_values=["=bad"], **options)
    assert replaced.data.roles.levels == {"k": ("NA", "a", "b")}
    assert replaced.data.rows == 5


def test_hints_name_what_was_given_already() -> None:
    path = write(Path("t.csv"), "a,y\n1,1\n?,2\nNA,4\nbad,1\n=x,3\n5,4\n6,7\n7,7\n8,9\n9,9\n")
    # All odd texts of the column are in the first hint already; what was given stays, and stays in front.
    for before, flag in (((), "'?,bad,==x'"), (("bad",), "'bad,?,==x'")):
        hint = failure(path, na=Missing.DROP, na_values=before)[2]
        assert hint.startswith(f"--na-values {flag} --na drop if they mean missing, or ")
        values = tuple(shlex.split(flag)[0].split(","))
    assert load(path, na=Missing.DROP, na_values=values).rows == 6
    hint = failure(path, na=Missing.DROP, na_values=("=?",))[2]
    assert hint.startswith("--na-values '=?,NA,bad,==x' --na drop if they mean missing")


def test_the_shell_and_the_spec_say_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    write(Path("t.csv"), "a,y\n1,1\nbad,2\nNA,4\n3,3\n-9,1\n4,4\n7,5\n")
    lines = [
        ("--na-values", "bad,-9"),
        ("--na-values", "bad", "--na-values", "-9.0"),
        ("--na-values", "=bad,NA,-9"),
        ("--na-values", "=bad", "--na-values", "=NA,-9"),
    ]
    for words in lines:
        assert run(["fit", "t.csv", "--na", "drop", "--format", "json", *words]) == 0, words
        assert json.loads(capsys.readouterr().out)["data"]["rows"] == 4
    for text in ("[bad, -9]", "bad,-9", "['=bad', NA, -9]", "[=bad, NA, -9]", '["=NA", "=bad", "-9"]'):
        Path("s.yaml").write_text(f"data: t.csv\nna: drop\nna_values: {text}\n")
        assert run(["fit", "s.yaml", "--format", "json"]) == 0, text
        assert json.loads(capsys.readouterr().out)["data"]["rows"] == 4
    Path("s.yaml").write_text("data: t.csv\nna: drop\nna_values: =\n")
    assert run(["fit", "s.yaml"]) == 5
    assert "column 'a': 'bad' is not a number" in capsys.readouterr().err
    Path("s.yaml").write_text("data: t.csv\nna_values: [bad, =NA]\n")
    assert run(["fit", "s.yaml"]) == 2
    assert "s.yaml: line 2: na_values: '=NA' comes after 'bad'" in capsys.readouterr().err


def test_the_schema_takes_such_lists() -> None:
    schema = json_schema()
    for values in ("=bad", ["=bad", "-9"], ["bad", -9], []):
        assert Draft202012Validator(schema).is_valid({"data": "t.csv", "na_values": values})
    assert "begins with = replaces" in schema["$defs"]["problem"]["properties"]["na_values"]["description"]


@pytest.mark.parametrize("values", ["bad", "=bad"])
def test_a_model_keeps_what_predict_needs(values: str) -> None:
    Path("t.csv").write_text(CLASSES)
    fit = gdsolve.fit("t.csv", na="drop", categorical="onehot", na_values=values)
    Path("new.csv").write_text("x,k\n1,a\n1,NA\n1,bad\n1,?\n")
    out = io.StringIO()
    # A level NA is no missing cell where the fit had it as a level.
    with pytest.raises(GdsolveError, match="'\\?' was not among the levels") as caught:
        gdsolve.predict(model_of(fit), "new.csv", out)
    assert caught.value.hint == "--na-values '?' leaves such predictions empty"
    found = gdsolve.predict(model_of(fit), "new.csv", na_values="?")
    assert np.isfinite(found).tolist() == [True, values == "=bad", False, False]
    frame = pl.read_csv("new.csv", null_values=[])
    assert gdsolve.predict(fit, frame, na_values="?").tolist() == pytest.approx(found.tolist(), nan_ok=True)
    with pytest.raises(GdsolveError, match="'bad' was not among the levels"):
        gdsolve.predict(fit, "new.csv", na_values=["=?", "NA"])


def test_older_models_have_the_usual_texts() -> None:
    Path("t.csv").write_text("x,y\n1,1\n2,2\n")
    record = model_record(gdsolve.fit("t.csv"))
    assert record["data"].pop("na_values") == []
    Path("model.json").write_text(json.dumps(finite(record)))
    Path("new.csv").write_text("x\nNA\n3\n")
    assert gdsolve.predict("model.json", "new.csv").tolist() == pytest.approx([float("nan"), 3.0], nan_ok=True)
    record["data"]["na_values"] = "bad"
    Path("model.json").write_text(json.dumps(finite(record)))
    with pytest.raises(GdsolveError, match=r"data\.na_values is 'bad', not a list"):
        gdsolve.predict("model.json", "new.csv")
    assert added_to(["=bad"], ["x"]) == ("=bad", "x")
    assert added_to(["bad"], ["=x"]) == ("=x",)


def test_a_command_that_is_shown_again_keeps_the_list_for_any_shell() -> None:
    command = Command("fit", ("t.csv",), {"na_values": ("=bad", "-9"), "na": Missing.DROP})
    assert command.but(max_iter=5) == "gdsolve fit t.csv --na-values '=bad,-9' --na drop --max-iter 5"
