"""Every option of every verb, with and without it: what is accepted changes something that can be seen.

Two runs are compared by what they print, write and end with, without seconds, without the commands that repeat what was
asked, and without the part of a record that does. A new option needs an example in `EXAMPLES`.
"""

from __future__ import annotations

import functools
import io
import json
import re
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import torch
from places import ROOT
from source_tables import sqlite_file, workbook

import gdsolve
from gdsolve.api import COMMAND_LINE
from gdsolve.cli.main import run
from gdsolve.pictures import draw
from gdsolve.report.check_record import check_record
from gdsolve.report.compare_record import method_comparison_record
from gdsolve.report.group_record import groups_record
from gdsolve.report.html import inline_picture
from gdsolve.report.path_record import path_record
from gdsolve.report.record import comparison_record, fit_record
from gdsolve.report.scan_record import scan_record
from gdsolve.report.trace_records import TraceRecords
from gdsolve.spec import VERBS, flag, options_of

# The first rows of a table that every method fits in a few steps: k and g are groups, w weights, c classes.
ROWS = [(1, 1, 1, 2, 0, 3.1), (1, 2, 4, 1, 0, 4.7), (1, 3, 2, 1, 1, 8.2), (2, 4, 5, 3, 0, 9.6), (2, 5, 1, 1, 1, 13.3)]
ROWS += [(2, 6, 3, 2, 1, 14.7), (1, 7, 6, 1, 1, 16.2), (2, 8, 2, 2, 0, 21.1)]
NAMES = ("g", "x", "z", "w", "c", "y")


# What `predict` predicts with, by the table.
MODELS = {
    "t.csv": "--features x",
    "marks.csv": "--features x --delimiter ~",
    "half.csv": "--decimal ,",
    "grouped.csv": "--thousands ,",
    "odd.csv": "--comment !",
    "latin.csv": "--encoding latin-1",
    "years.csv": "--header no",
    "gap.csv": "--na drop --na-values ?",
    "classes.csv": "--loss logistic",
    "days.csv": "--dates days --date-format %d/%m/%Y",
    "two.xlsx": "--features x",
    "t.db": "--features x",
}


def written(rows: list[tuple[Any, ...]], names: tuple[str, ...] = NAMES, mark: str = ",") -> str:
    return "".join(mark.join(map(str, row)) + "\n" for row in (names, *rows))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tables, specs and models that the examples name."""
    made = tmp_path_factory.mktemp("options")
    (made / "t.csv").write_text(written(ROWS))
    (made / "four.csv").write_text("x,y\n1,2\n2,5\n3,6.5\n4,20\n")
    (made / "counts.csv").write_text("x,y\n1,2\n2,5\n3,6\n4,9\n")
    (made / "classes.csv").write_text("x,c\n1,no\n2,yes\n3,no\n4,yes\n5,no\n6,yes\n7,yes\n")
    # Days or months first.
    (made / "days.csv").write_text("d,y\n01/02/2024,1\n03/02/2024,2.5\n04/05/2024,4\n")
    (made / "gap.csv").write_text("x,y\n1,2\n,5\n3,6.5\n4,8\n?,11\n")
    (made / "text.csv").write_text("k,x,y\na,1,2\nb,2,5\na,3,6.5\nb,4,9\nc,5,11\n")
    (made / "latin.csv").write_bytes("größe,y\n1,2\n2,5\n3,6.5\n".encode("latin-1"))
    (made / "marks.csv").write_text(written([row[1:] for row in ROWS], NAMES[1:], "~"))
    # Thousands, or three decimals: it has to be said.
    (made / "half.csv").write_text("x;y\n1,225;2\n2,345;5\n3,456;7\n")
    (made / "grouped.csv").write_text('x,y\n"1,225",2\n"2,345",5\n"3,456",7\n')
    (made / "odd.csv").write_text("x,y\n1,2\n!3,4\n2,5\n3,7\n")
    (made / "years.csv").write_text("2019,2020\n1,2\n2,5\n3,6.5\n")
    pl.DataFrame(ROWS, schema=list(NAMES), orient="row").write_parquet(made / "t.parquet")
    (made / "two.xlsx").write_bytes(workbook({"all": [NAMES, *ROWS], "few": [NAMES, *ROWS[:-1]]}))
    sqlite_file(made / "t.db", {"t": [NAMES, *ROWS]})
    (made / "t.ndjson").write_text("".join(json.dumps(dict(zip(NAMES, row, strict=True))) + "\n" for row in ROWS))
    (made / "i.yaml").write_text(f"X: {[list(row[1:3]) for row in ROWS]}\ny: {[row[-1] for row in ROWS]}\n")
    (made / "g.yaml").write_text("leaves: {t: 1.5}\nnodes: {y: t**2, z: y**2 + t}\n")
    (made / "again.yaml").write_text("leaves: {t: 1.5}\nnodes: {y: t**2}\nrepeat: 2\nretain_graph: true\n")
    for name, weights in {
        "w": {"x": 1},
        "k": {"x": 1, "k=b": 2, "k=c": 3},
        "ab": {"a": 1, "b": 1},
        "a": {"a": 1},
    }.items():
        (made / f"{name}.json").write_text(json.dumps({"weights": weights, "intercept": 0.5}))
    (made / "one.json").write_text('{"weights": [1], "intercept": 0.5}')
    assert run(["scan", str(made / "t.csv"), "-o", str(made / "all.tri"), "--quiet"]) == 0
    for name, options in MODELS.items():
        assert run(["fit", str(made / name), "--save", str(made / f"{name}.json"), "--quiet", *options.split()]) == 0
    return made


@dataclass(frozen=True)
class Example:
    """A value of an option, none for a plain flag; what it is given `beside`, and on which `source`.

    `more` goes with the value, of which it is a part; `refused` where the value cannot be had here, which is told;
    `elsewhere` is the test of what no two runs show; where it is `repeated` to run next is what it changes.
    """

    value: str | None = None
    beside: tuple[str, ...] = ()
    source: str = "t.csv"
    refused: bool = False
    elsewhere: str = ""
    more: tuple[str, ...] = ()
    repeated: bool = False

    def words(self, name: str) -> list[str]:
        return [flag(name), *([] if self.value is None else [self.value]), *self.more]


SLOW = ("--lr", "0.01", "--max-iter", "20")
FORMULA = ("--minimize", "(a-1)**2 + (b-a)**2")
EXAMPLES: dict[str, Example] = {
    "target": Example("x"),
    "formula": Example("y ~ x + log(z)"),
    "features": Example("x,z"),
    "ignore": Example("z"),
    "offset": Example("z"),
    "exposure": Example("z", ("--loss", "gamma", "--features", "x")),
    "weight": Example("w"),
    "weight_kind": Example("frequency", ("--weight", "w")),
    "sigma": Example("w"),
    "absolute_sigma": Example(None, ("--sigma", "w")),
    "group_by": Example("g", ("--features", "x")),
    "each": Example(),
    "no_intercept": Example(),
    "delimiter": Example("~", source="marks.csv"),
    "decimal": Example(",", source="half.csv"),
    "thousands": Example(",", source="grouped.csv"),
    "comment": Example("!", source="odd.csv"),
    "sheet": Example("few", source="two.xlsx"),
    "query": Example("SELECT * FROM t WHERE x < 8", source="t.db"),
    "encoding": Example("latin-1", source="latin.csv"),
    "header": Example("no", source="years.csv"),
    "no_header": Example(None, source="years.csv"),
    "na": Example("drop", ("--na-values", "?"), "gap.csv"),
    "na_values": Example("?", ("--na", "drop"), "gap.csv"),
    "categorical": Example("onehot", source="text.csv"),
    "where": Example("x > 3"),
    "dates": Example("days", ("--date-format", "%d/%m/%Y", "--where", "y > 0"), "days.csv"),
    "date_format": Example("%d/%m/%Y", ("--dates", "days"), "days.csv"),
    "minimize": Example("sum((y - a*x)**2)", more=("--start", "a=0")),
    "model": Example("a*x", more=("--start", "a=0")),
    "start": Example("a=5,b=1", ("--minimize", "(a-1)**2 + (b-a)**2", "--max-iter", "2"), ""),
    "starts": Example("5", ("--minimize", "(a-1)**2", "--start", "a=0..3"), ""),
    "lower": Example("a=2", (*FORMULA, "--start", "a=3,b=1"), ""),
    "upper": Example("b=0.5", (*FORMULA, "--start", "a=0,b=0"), ""),
    "nonnegative": Example(None, (*FORMULA, "--start", "a=0,b=0"), ""),
    "fix": Example("b", (*FORMULA, "--start", "a=0,b=0"), ""),
    "loss": Example("mse"),
    "link": Example("log", ("--model", "a*x", "--start", "a=1", "--loss", "poisson"), "counts.csv"),
    "delta": Example("0.1", ("--loss", "huber", "--max-iter", "20"), "four.csv"),
    "quantile": Example("0.25", ("--loss", "quantile", "--max-iter", "20"), "four.csv"),
    "power": Example("1.2", ("--loss", "tweedie", "--max-iter", "20")),
    "dispersion": Example("0.1", ("--loss", "negative-binomial", "--max-iter", "20"), "counts.csv"),
    "class_weight": Example("yes=3", ("--loss", "logistic", "--ridge", "1"), "classes.csv"),
    "ridge": Example("3"),
    "l1": Example("3"),
    "penalty_scale": Example("standard", ("--ridge", "3")),
    "penalize_intercept": Example(None, ("--ridge", "3")),
    "l1_ratio": Example("0.5"),
    "points": Example("5"),
    "method": Example("nesterov"),
    "methods": Example("gd"),
    "momentum": Example("0.3", ("--method", "momentum")),
    "lr": Example("0.02", ("--max-iter", "20")),
    "schedule": Example("invscaling", SLOW),
    "batch": Example("2"),
    "epochs": Example("3", ("--batch", "2")),
    "shuffle": Example("none", ("--batch", "2")),
    "average": Example(None, ("--batch", "2", "--lr", "0.01")),
    "online": Example("t.csv.json", ("--features", "x")),
    "max_iter": Example("3"),
    "tol": Example("0.01"),
    "loss_tol": Example("0.1"),
    "grad_tol": Example("0.1"),
    "stop": Example("best", ("--cv", "2", "--seed", "1")),
    "init": Example("random"),
    "seed": Example("7", ("--init", "random")),
    "scale": Example("none", ("--max-iter", "5")),
    "engine": Example("rows"),
    "device": Example("cuda", refused=not torch.cuda.is_available()),
    "dtype": Example("float32"),
    "cv": Example("3"),
    "cv_by": Example("z", ("--cv", "2", "--seed", "1")),
    "select": Example("min", ("--cv", "2", "--seed", "1")),
    "holdout": Example("0.4"),
    "backward_from": Example("y", source="g.yaml"),
    "repeat": Example("0", source="g.yaml"),
    "retain_graph": Example(None, ("--repeat", "2"), "g.yaml"),
    "zero_grad": Example(None, source="again.yaml"),
    "retain_grad": Example("y", source="g.yaml"),
    "symbols": Example(None, source="g.yaml"),
    "steps": Example(None, source="g.yaml"),
    "format": Example("csv"),
    "every": Example("2"),
    "report": Example(),
    "confidence": Example("0.5", ("--report",)),
    "reference": Example("yes", ("--loss", "softmax", "--report"), "classes.csv"),
    "se": Example("hc3"),
    "show": Example("gradient"),
    "history": Example("h.csv"),
    "save": Example("m.json"),
    "checkpoint": Example("c.ck", (*SLOW, "--engine", "triangle")),
    "checkpoint_every": Example(elsewhere="test_checkpoint.py"),
    "resume": Example("none.ck", refused=True),
    "output": Example("page.html"),
    "iterates": Example("3"),
    "check_gradient": Example(),
    "list": Example(None, ("--case", "B1"), ""),
    "lang": Example("zh", ("--case", "A1"), ""),
    "exercises": Example("none", ("--case", "E"), ""),
    "case": Example("B4", ("--list",), ""),
    "plot": Example("p.svg"),
    "code": Example("autograd"),
    "plot_kind": Example("spectrum", ("--plot", "p.svg")),
    "watch": Example(),
    "interval": Example("0.9"),
    "interval_of": Example("mean", ("--interval", "0.9")),
    "diagnose": Example(),
    "class_": Example(source="classes.csv"),
    "only": Example(),
    "weights": Example("w.json"),
    "quiet": Example(source="years.csv"),
    "verbose": Example(),
    "exit_zero": Example(None, SLOW),
}
# Where a verb needs something else.
OF_VERB: dict[tuple[str, str], Example] = {
    ("compare", "momentum"): Example("0.3", ("--methods", "momentum")),
    ("compare", "schedule"): Example("invscaling", (*SLOW, "--methods", "gd")),
    ("compare", "lr"): Example("0.02", ("--max-iter", "20", "--methods", "gd")),
    ("compare-lr", "lr"): Example("0.02,0.03"),
    ("compare-lr", "scale"): Example("standard", ("--lr", "0.02")),
    ("compare-lr", "plot_kind"): Example("spectrum", ("--plot", "p.svg")),
    ("compare-lr", "tol"): Example("0.01"),
    ("compare-lr", "class_weight"): Example(
        "yes=3", ("--loss", "logistic", "--ridge", "1", "--max-iter", "20"), "classes.csv"
    ),
    ("compare-lr", "exposure"): Example("z", ("--loss", "gamma", "--features", "x", "--max-iter", "20")),
    ("compare-lr", "l1"): Example("3", ("--max-iter", "200")),
    ("compare-lr", "link"): Example(
        "log", ("--model", "a*x", "--start", "a=1", "--loss", "poisson", "--max-iter", "20"), "counts.csv"
    ),
    ("check", "delta"): Example("0.1", ("--loss", "huber"), "four.csv", repeated=True),
    ("check", "class_weight"): Example("yes=3", ("--loss", "logistic"), "classes.csv", repeated=True),
    ("check", "quantile"): Example("0.25", ("--loss", "quantile"), "four.csv", repeated=True),
    ("check", "plot_kind"): Example("loss", ("--plot", "p.svg"), refused=True),
    ("trace", "plot_kind"): Example("loss", ("--plot", "p.svg"), "g.yaml", refused=True),
    ("report", "lr"): Example("0.02", ("--max-iter", "20")),
    ("predict", "na_values"): Example("3", source="gap.csv"),
    ("predict", "where"): Example("x > 3"),
    ("predict", "date_format"): Example("%m/%d/%Y", source="days.csv"),
    ("score", "date_format"): Example("%m/%d/%Y", ("--format", "json"), "days.csv"),
    ("certify", "dates"): Example(
        "days", ("--weights", "one.json", "--date-format", "%d/%m/%Y", "--where", "y > 0"), "days.csv"
    ),
    ("certify", "date_format"): Example("%d/%m/%Y", ("--weights", "one.json", "--dates", "days"), "days.csv"),
    ("predict", "quiet"): Example(source="gap.csv"),
    ("predict", "header"): Example("yes", source="years.csv", refused=True),
    ("predict", "no_header"): Example(refused=True),
    ("score", "na"): Example("drop", ("--na-values", "?", "--format", "json"), "gap.csv"),
    ("score", "na_values"): Example("3", ("--na", "drop", "--format", "json"), "gap.csv"),
    ("score", "quiet"): Example(None, ("--na", "drop"), "gap.csv"),
    ("score", "header"): Example("yes", source="years.csv", refused=True),
    ("score", "no_header"): Example(refused=True),
    ("compare", "l1"): Example("3", ("--methods", "gd")),
    ("compare", "quantile"): Example("0.25", ("--loss", "quantile", "--max-iter", "20", "--methods", "gd"), "four.csv"),
    ("certify", "target"): Example("z", ("--weights", "w.json")),
    ("certify", "features"): Example("z", ("--weights", "one.json")),
    ("certify", "formula"): Example("log(y) ~ x", ("--weights", "w.json")),
    ("certify", "ignore"): Example("g,w,c,z", ("--weights", "one.json")),
    ("certify", "no_intercept"): Example(refused=True),
    ("certify", "minimize"): Example("sum((y - a*x)**2)", ("--weights", "a.json")),
    ("certify", "model"): Example("a*x", ("--weights", "a.json")),
    ("certify", "lower"): Example("a=1", (*FORMULA, "--weights", "ab.json"), ""),
    ("certify", "upper"): Example("b=1", (*FORMULA, "--weights", "ab.json"), ""),
    ("certify", "nonnegative"): Example(None, (*FORMULA, "--weights", "ab.json"), ""),
    ("certify", "fix"): Example("b", (*FORMULA, "--weights", "ab.json"), ""),
    ("certify", "link"): Example("log", ("--model", "a*x", "--loss", "poisson", "--weights", "a.json"), "counts.csv"),
    ("certify", "categorical"): Example("onehot", ("--weights", "k.json"), "text.csv"),
    ("certify", "weight_kind"): Example("frequency", ("--weight", "w")),
    ("certify", "exposure"): Example("w", ("--loss", "gamma", "--features", "x")),
    ("certify", "power"): Example("1.2", ("--loss", "tweedie", "--features", "x")),
    ("certify", "dispersion"): Example("0.1", ("--loss", "negative-binomial"), "counts.csv"),
    ("path", "dispersion"): Example(
        "0.5", ("--loss", "negative-binomial", "--points", "4"), "counts.csv", repeated=True
    ),
    ("check", "power"): Example("1.2", ("--loss", "tweedie"), repeated=True),
    ("check", "dispersion"): Example("0.1", ("--loss", "negative-binomial"), "counts.csv", repeated=True),
    ("certify", "delta"): Example("0.1", ("--loss", "huber"), "four.csv"),
    ("certify", "class_weight"): Example("yes=3", ("--loss", "logistic"), "classes.csv"),
    ("certify", "quantile"): Example("0.25", ("--loss", "quantile"), "four.csv"),
    ("certify", "encoding"): Example("latin-1", ("--weights", "one.json"), "latin.csv"),
    ("certify", "header"): Example("no", ("--weights", "one.json"), "years.csv"),
    ("certify", "no_header"): Example(None, ("--weights", "one.json"), "years.csv"),
    ("certify", "quiet"): Example(None, ("--weights", "one.json"), "years.csv"),
    ("certify", "delimiter"): Example("~", source="marks.csv"),
    ("path", "power"): Example("1.2", ("--loss", "tweedie", "--points", "4"), "counts.csv"),
    ("path", "delta"): Example("0.5", ("--loss", "huber", "--points", "4"), "four.csv", repeated=True),
    ("path", "penalty_scale"): Example("standard"),
    ("path", "penalize_intercept"): Example(),
    ("path", "seed"): Example("7", ("--cv", "2")),
    ("path", "save"): Example("m.json", ("--cv", "2", "--seed", "1", "--select", "min")),
    ("path", "plot_kind"): Example("validation", ("--cv", "2", "--seed", "1", "--plot", "p.svg")),
    ("scan", "output"): Example("s.tri"),
    ("configs", "format"): Example("json", source=""),
    ("scan", "format"): Example("json"),
    ("scan", "seed"): Example("7", ("--cv", "2")),
    ("trace", "format"): Example("json", source="g.yaml"),
    ("trace", "plot"): Example("p.svg", source="g.yaml"),
    ("trace", "code"): Example("autograd", source="g.yaml"),
}

# What only repeats what was asked, or differs from run to run.
ASKED = ("advice", "next", "commands", "seconds", "message", "version")
DESCENT = (
    "loss",
    "delta",
    "quantile",
    "power",
    "dispersion",
    "dispersion_found",
    "ridge",
    "penalize_intercept",
    "scale",
    "init",
    "dtype",
    "loss_tol",
    "grad_tol",
)
DESCENT += ("l1", "penalty_scale")
DESCENT += ("max_iter", "tol", "momentum", "schedule", "method", "reason")
SECONDS = re.compile(r"\b\d[\d.]*(e-?\d+)? ?(s|ms|us|µs)\b")


@dataclass(frozen=True)
class Outcome:
    """What can be seen of a run; `refused` where one line says why, and a hint what to do instead."""

    code: int
    out: str
    err: str
    files: tuple[tuple[str, str], ...]
    refused: bool


def plain(text: str, *, repeated: bool = False) -> str:
    """The text without what only repeats what was asked, but for commands where they count."""
    if text.startswith("{"):
        documents = text.splitlines() if text.startswith('{"schema"') else [text]
        return "\n".join(json.dumps(of_record(json.loads(one), repeated), sort_keys=True) for one in documents)
    if text.startswith("<!doctype"):
        text = re.sub(r"<script.*?</script>|<code>.*?</code>", "", text, flags=re.DOTALL)
    return "\n".join(line for line in SECONDS.sub("#", text).splitlines() if "gdsolve " not in line)


def of_record(record: Any, repeated: bool = False) -> Any:
    if not isinstance(record, dict):
        return record
    kept = {name: value for name, value in record.items() if name not in ASKED or (repeated and name == "commands")}
    if "descent" in kept:
        kept["descent"] = {name: value for name, value in kept["descent"].items() if name not in DESCENT}
    if "methods" in kept:
        kept["methods"] = [{**one, "seconds": 0.0, "reason": ""} for one in kept["methods"]]
    return kept


@functools.cache
def outcome(folder: Path, *words: str, repeated: bool = False) -> Outcome:
    """Run a command line in the folder, and take away what it wrote."""
    before = {path.name for path in folder.iterdir()}
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8") for _ in range(2))
    with redirect_stdout(out), redirect_stderr(err):
        code = run(words)
    said, told = ((stream.flush(), stream.buffer.getvalue().decode())[1] for stream in (out, err))
    made = sorted(path for path in folder.iterdir() if path.name not in before)
    files = tuple((path.name, plain(path.read_bytes().decode("utf-8", "replace"))) for path in made)
    for path in made:
        path.unlink()
    errors, hints = (
        [line for line in told.splitlines() if line.startswith(word)] for word in ("gdsolve: error: ", "hint: ")
    )
    refused = code in (2, 5) and said == "" and (len(errors), len(hints)) == (1, 1)
    return Outcome(code, plain(said, repeated=repeated), plain(told), files, refused)


@pytest.fixture(autouse=True)
def here(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    monkeypatch.setattr(sys, "warnoptions", ["error"])


QUICK = {"compare": ("--methods", "gd,newton"), "compare-lr": ("--lr", "0.01,0.04")}
# JSON has all but what these show.
AS_TABLE = ("format", "only", "verbose", "plot", "plot_kind", "steps", "code")


WRITTEN = {"report": "-", "scan": "s.tri"}
"""What a verb writes, that has to be named."""


def base_of(verb: str, name: str, example: Example) -> list[str]:
    """The words of the run without the option."""
    model = [f"{example.source}.json"] if verb in ("predict", "score") else []
    words = [verb, *model, *([example.source] if example.source else []), *example.beside]
    quick = QUICK.get(verb, ())
    words += [] if quick[:1] == (flag(name),) or set(quick[:1]) & set(words) or not quick else quick
    words += ["--weights", "w.json"] if verb == "certify" and name != "weights" and "--weights" not in words else []
    words += ["-o", WRITTEN[verb]] if verb in WRITTEN and name != "output" else []
    return words + (["--format", "json"] if "format" in options_of(verb) and name not in AS_TABLE else [])


PAIRS = [(verb, name) for verb in VERBS for name in options_of(verb)]


@pytest.mark.parametrize(("verb", "name"), PAIRS, ids=str)
def test_an_option_changes_something(folder: Path, verb: str, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if verb == "report":
        # Its pictures take most of the time, and no option is about them.
        monkeypatch.setattr(draw, "kinds_drawn", lambda spec: ())
        monkeypatch.setattr(inline_picture, "inline_svg", lambda picture: "<svg/>")
    example = OF_VERB.get((verb, name)) or EXAMPLES[name]
    if example.elsewhere:
        assert name in next((ROOT / "tests").rglob(example.elsewhere)).read_text()
        return
    base = base_of(verb, name, example)
    without = outcome(folder, *base, repeated=example.repeated)
    given = outcome(folder, *base, *example.words(name), repeated=example.repeated)
    assert given != without, f"{name} changes nothing: {' '.join(base)}"
    assert given.refused == example.refused, given
    assert given.refused or given.code in (0, 3, 4), given


def test_every_option_has_an_example() -> None:
    """A new option is walked as well, and one that is gone leaves no example behind."""
    assert set(EXAMPLES) == {name for _, name in PAIRS}
    assert set(OF_VERB) <= set(PAIRS)


# What only the data or the outcome tell: an option is taken though nothing comes of it here.
DEPENDS = {
    "where": "all rows satisfy it",
    "dates": "no column holds dates",
    "date_format": "no column holds dates",
    "ignore": "a curve has the columns that it names, and y is there as target",
    "na": "no cell is missing",
    "na_values": "no cell is such a text",
    "categorical": "no column holds texts",
    "encoding": "all letters are ASCII",
    "decimal": "no number has decimals",
    "thousands": "no number has four digits",
    "comment": "there is none",
    "header": "the first line is what it is said to be",
    "weight": "every group has the same weights",
    "upper": "the minimum is within the bounds",
    "lower": "the minimum is within the bounds",
    "loss_tol": "another rule stops the run first",
    "grad_tol": "another rule stops the run first",
    "tol": "another rule stops the run first",
    "max_iter": "the run ends before",
    "scale": "the coordinates are these",
    "engine": "this one is taken anyway",
    "quiet": "there is nothing to warn of",
    "exit_zero": "the run converges",
}
COLUMN_OPTIONS = (
    "target",
    "features",
    "ignore",
    "weight",
    "weight_kind",
    "offset",
    "exposure",
    "sigma",
    "absolute_sigma",
    "delimiter",
    "decimal",
    "thousands",
    "comment",
    "sheet",
    "query",
    "encoding",
    "header",
    "no_header",
)
COLUMN_OPTIONS += ("na", "na_values", "categorical", "no_intercept")
DESCENT_OPTIONS = (
    "loss",
    "delta",
    "quantile",
    "power",
    "dispersion",
    "ridge",
    "penalize_intercept",
    "method",
    "momentum",
    "lr",
    "schedule",
)
DESCENT_OPTIONS += ("l1", "penalty_scale")
DESCENT_OPTIONS += ("max_iter", "tol", "loss_tol", "grad_tol", "init", "seed", "scale", "engine", "dtype")
OUTPUT_OPTIONS = (
    "every",
    "report",
    "confidence",
    "se",
    "history",
    "save",
    "checkpoint",
    "checkpoint_every",
    "check_gradient",
)
OUTPUT_OPTIONS += ("plot_kind", "watch", "quiet", "verbose", "exit_zero")
FORMULA_OPTIONS = ("start", "lower", "upper", "nonnegative", "fix")
ALL = (*COLUMN_OPTIONS, *FORMULA_OPTIONS, *DESCENT_OPTIONS, *OUTPUT_OPTIONS)
ON_A_CURVE = ("t.csv", "--model", "a*x + b", "--start", "a=1,b=1")
KINDS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "a table": (("t.csv",), ALL),
    "Parquet": (("t.parquet",), COLUMN_OPTIONS),
    "NDJSON": (("t.ndjson",), COLUMN_OPTIONS),
    "numbers in a spec": (("i.yaml",), COLUMN_OPTIONS),
    "a scan": (("all.tri",), ALL),
    "a formula": ((*FORMULA, "--start", "a=0,b=0"), ALL),
    "a formula of a table": (("t.csv", "--minimize", "mean((y - a*x)**2)", "--start", "a=0", "--max-iter", "30"), ALL),
    "a curve": (ON_A_CURVE, ALL),
    "groups": (("t.csv", "--features", "x,z", "--group-by", "g"), ALL),
    "huber": (("four.csv", "--loss", "huber", "--max-iter", "50"), (*DESCENT_OPTIONS, *OUTPUT_OPTIONS)),
    # The method of the example is that which an l1 penalty takes anyway.
    "l1": (("t.csv", "--l1", "0.5"), tuple(name for name in DESCENT_OPTIONS if name != "method")),
    "momentum": (("t.csv", "--method", "momentum"), DESCENT_OPTIONS),
    "lm": (("t.csv", "--method", "lm"), DESCENT_OPTIONS),
    "lbfgs": (("t.csv", "--method", "lbfgs"), DESCENT_OPTIONS),
    "adam": (("t.csv", "--method", "adam", "--max-iter", "20"), DESCENT_OPTIONS),
    "a report in CSV": (("t.csv", "--report", "--format", "csv"), OUTPUT_OPTIONS),
    "CSV": (("t.csv", "--format", "csv"), OUTPUT_OPTIONS),
    "Markdown": (("t.csv", "--format", "markdown"), OUTPUT_OPTIONS),
    "a picture in JSON": (("t.csv", "--plot", "p.svg", "--format", "json"), ("plot_kind",)),
}


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_accepted_is_honoured(folder: Path, kind: str) -> None:
    """Alone, without what goes with it: an option changes something, or one line says why it cannot."""
    base, names = KINDS[kind]
    words = ["fit", *base, *([] if "--format" in base else ["--format", "json"])]
    without = outcome(folder, *words)
    silent = []
    assert without.code in (0, 3), without
    for name in names:
        if flag(name) in words or (name == "max_iter" and kind == "groups"):
            continue
        value = {"lr": "1e9", "features": "z", "target": "z"}.get(name) or EXAMPLES[name].value or ""
        value = "5" if name == "checkpoint_every" else "2" if name == "every" else value
        given = outcome(folder, *words, flag(name), *([value] if value else []))
        # A cell that cannot be read fails its group.
        assert given.code in (0, 3, 4) or given.refused or (kind == "groups" and given.code == 5), (name, given)
        if given == without and name not in DEPENDS:
            silent.append(name)
    assert silent == []


PYTHON: dict[str, tuple[Any, Any]] = {
    "fit": (gdsolve.fit, lambda found: groups_record(found) if hasattr(found, "groups") else fit_record(found)),
    "check": (gdsolve.check, check_record),
    "compare": (gdsolve.compare, method_comparison_record),
    "compare-lr": (gdsolve.compare_lr, comparison_record),
    "path": (gdsolve.path, path_record),
    "scan": (gdsolve.scan, scan_record),
}
# A DataFrame has its missing cells already.
OF_FRAMES = {"na": Example("drop", (), "gap.csv"), "na_values": Example("3", ("--na", "drop"), "gap.csv")}
# What a table in memory has nothing of.
OF_FILES = ("delimiter", "decimal", "thousands", "comment", "sheet", "query", "encoding", "header", "no_header")
CALLS = [
    (verb, name, form)
    for verb in PYTHON
    for name in options_of(verb)
    for form in ("arrays", "a frame", "a file")
    if form == "arrays" or verb == "fit" or (verb == "check" and form == "a frame" and name in COLUMN_OPTIONS)
]


def keywords(words: tuple[str, ...]) -> dict[str, Any]:
    """Flags and their values as keyword arguments."""
    found: dict[str, Any] = {}
    for place, word in enumerate(words):
        if word.startswith("--"):
            value = words[place + 1] if place + 1 < len(words) and not words[place + 1].startswith("--") else True
            found[word[2:].replace("-", "_")] = value
    return found


def given_as(form: str, source: str) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """The table of a source as arguments of a call."""
    if form == "a file" or not source:
        return ((source,) if source else ()), {}
    # The same rows.
    source = {"two.xlsx": "t.csv", "t.db": "t.csv"}.get(source, source)
    mark = {"marks.csv": "~", "half.csv": ";"}.get(source, ",")
    encoding = "latin-1" if source == "latin.csv" else "utf8"
    missing = ["?"] if form == "a frame" else None
    frame = pl.read_csv(Path(source).read_bytes().decode(encoding).encode(), separator=mark, null_values=missing)
    features = frame.columns[:-1]
    if form == "a frame":
        return (frame[features], frame[frame.columns[-1]]), {}
    rows = [list(row) for row in frame[features].rows()]
    return (rows, frame[frame.columns[-1]].to_list()), {"names": features}


def as_json(value: Any) -> Any:
    """The rows of a trace, which are made when they are asked for, and anything else as it is written."""
    return list(value) if isinstance(value, TraceRecords) else str(value)


def called(folder: Path, verb: str, arguments: tuple[Any, ...], options: dict[str, Any]) -> tuple[Any, ...]:
    """What can be seen of a call: its record and files, or the error; and whether that is a refusal."""
    before = {path.name for path in folder.iterdir()}
    call, record_of = PYTHON[verb]
    try:
        seen: Any = plain(json.dumps(record_of(call(*arguments, **options)), default=as_json), repeated=verb == "check")
        refused = False
    except gdsolve.GdsolveError as fault:
        seen, refused = fault.message, bool(fault.hint)
    made = sorted(path for path in folder.iterdir() if path.name not in before)
    files = [(path.name, plain(path.read_bytes().decode("utf-8", "replace"))) for path in made]
    for path in made:
        path.unlink()
    return seen, files, refused


@functools.cache
def called_without(
    folder: Path, verb: str, form: str, source: str, beside: tuple[tuple[str, Any], ...]
) -> tuple[Any, ...]:
    """The call that many options are compared with, made once."""
    arguments, named = given_as(form, source)
    return called(folder, verb, arguments, {**named, **dict(beside)})


@pytest.mark.parametrize(("verb", "name", "form"), CALLS, ids=str)
def test_a_keyword_changes_something(folder: Path, verb: str, name: str, form: str) -> None:
    """What is accepted for arrays, DataFrames and files is honoured, or refused with a remedy."""
    example = OF_VERB.get((verb, name)) or EXAMPLES[name]
    example = OF_FRAMES.get(name, example) if form == "a frame" else example
    if example.elsewhere:
        return
    quick = keywords(QUICK.get(verb, ()))
    beside = {**({} if name in quick else quick), **keywords(example.beside)}
    arguments, named = given_as(form, example.source)
    given = {**named, **beside, **keywords(tuple(example.words(name)))}
    with_it = called(folder, verb, arguments, given)
    if name in COMMAND_LINE or (name in OF_FILES and form != "a file" and example.source):
        assert with_it[2], with_it
        assert with_it[0].startswith(f"{name}: ")
        return
    without = called_without(folder, verb, form, example.source, tuple(sorted(beside.items())))
    assert with_it != without, f"{name} changes nothing"
    assert with_it[2] == example.refused, with_it
