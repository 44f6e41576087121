"""Without a package that is installed on request a line says how to have it, before any work; all else runs."""

from __future__ import annotations

import gzip
import io
import sys
import tomllib
from pathlib import Path

import polars as pl
import pytest
from in_process import completed
from nursery import Done
from places import ROOT

import gdsolve
from gdsolve.extras import is_installed
from gdsolve.spec.choices import PLOT_ENDINGS
from gdsolve.spec.model_formula import read_formula
from gdsolve.spec.verbs import DRAWN, VERBS, Does
from gdsolve.status import GdsolveError

EXCEL = "Excel is read by fastexcel, which is not installed"
DUCKDB = "DuckDB is read by duckdb, which is not installed"
FRAME = pl.DataFrame({"x": [1.0, 2, 3, 4], "z": [0.0, 1, 0, 1], "y": [1.0, 3, 2, 5]})
OPERANDS = {
    "predict": ("m.json", "{}"),
    "score": ("m.json", "{}"),
    "scan": ("{}", "-o", "t.tri"),
    "report": ("{}", "-o", "r.html"),
    "certify": ("{}", "--weights", "m.json"),
}
READERS = [name for name, verb in VERBS.items() if Does.READS in verb.does]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    FRAME.write_csv("t.csv")
    FRAME.write_excel("t.xlsx")
    Path("t.duckdb").write_bytes(bytes(8) + b"DUCK" + bytes(4096))
    gdsolve.fit("t.csv", save="m.json")
    return tmp_path


def hide(monkeypatch: pytest.MonkeyPatch, *packages: str) -> None:
    for package in packages:
        monkeypatch.setitem(sys.modules, package, None)


def told(words: str, extra: str) -> Done:
    return Done(2, "", f"gdsolve: error: {words}\nhint: pip install 'gdsolve[{extra}]'\n")


def asked(verb: str, source: str) -> list[str]:
    return [verb, *(word.format(source) for word in OPERANDS.get(verb, ("{}",)))]


@pytest.mark.parametrize("verb", READERS)
def test_every_verb_that_reads_says_what_reads(verb: str, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hide(monkeypatch, "fastexcel", "duckdb")
    assert completed(*asked(verb, "t.xlsx")) == told(f"t.xlsx: {EXCEL}", "excel")
    assert completed(*asked(verb, "t.duckdb")) == told(f"t.duckdb: {DUCKDB}", "duckdb")


def test_every_form_of_input_says_what_reads(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hide(monkeypatch, "fastexcel", "duckdb")
    workbook = Path("t.xlsx").read_bytes()
    Path("t.xlsx.gz").write_bytes(gzip.compress(workbook))
    Path("s.yaml").write_text("data: t.xlsx\n")
    for words, name in (
        (("t.xlsx.gz",), "t.xlsx.gz"),
        (("s.yaml",), "t.xlsx"),
        (("t.csv", "t.xlsx"), "t.xlsx"),
        (("t.x*",), "t.xlsx"),
        (("t.xlsx?sheet=Sheet1",), "t.xlsx?sheet=Sheet1"),
    ):
        assert completed("fit", *words) == told(f"{name}: {EXCEL}", "excel")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(workbook)))
    assert completed("fit", "-") == told(f"standard input: {EXCEL}", "excel")
    query = "duckdb:?query=SELECT * FROM 't.csv'"
    assert completed("fit", query) == told(f"{query}: {DUCKDB}", "duckdb")
    with pytest.raises(GdsolveError) as caught:
        gdsolve.fit("t.xlsx")
    assert (caught.value.message, caught.value.exit_code) == (f"t.xlsx: {EXCEL}", 2)


def test_excel_and_duckdb_need_pyarrow(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hide(monkeypatch, "pyarrow")
    for name, what in (("t.xlsx", "fastexcel"), ("t.duckdb", "DuckDB")):
        extra = "excel" if name == "t.xlsx" else "duckdb"
        words = f"{name}: what {what} finds is read by pyarrow, which is not installed"
        assert completed("fit", name) == told(words, extra)
    assert completed("fit", "t.csv", "--quiet").code == 0


def test_formulas_need_pyarrow(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read_formula.cache_clear()
    hide(monkeypatch, "pyarrow")
    words = "formula: is computed by formulaic with pyarrow, which is not installed"
    assert completed("fit", "t.csv", "--formula", "y ~ x") == told(words, "formula")


@pytest.mark.parametrize("verb", DRAWN)
def test_every_verb_that_draws_says_what_draws(verb: str, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hide(monkeypatch, "matplotlib")
    source = "A1" if verb == "trace" else "t.csv"
    for ending in PLOT_ENDINGS:
        if ending == ".gif" and verb != "fit":
            continue
        kind = ("--plot-kind", "path") if ending == ".gif" else ()
        words = f"plot: picture{ending} is drawn by matplotlib, which is not installed"
        assert completed(*asked(verb, source), "--plot", f"picture{ending}", *kind) == told(words, "plot")
    assert not list(here.glob("picture*"))


def test_a_report_says_what_draws(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hide(monkeypatch, "matplotlib")
    words = "what a report shows is drawn by matplotlib, which is not installed"
    assert completed("report", "t.csv", "-o", "r.html") == told(words, "plot")
    assert completed("report", "t.csv", "-o", "-") == told(words, "plot")
    assert not Path("r.html").exists()


def test_pictures_in_the_terminal_need_no_matplotlib(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hide(monkeypatch, "matplotlib")
    for kind in ("loss", "path", "fit"):
        done = completed("fit", "t.csv", "--features", "x", "--plot", "--plot-kind", kind)
        assert (done.code, done.err) == (0, "")
    assert completed("trace", "A1", "--plot").code == 0


def test_pictures_in_python_say_what_draws(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hide(monkeypatch, "matplotlib")
    fit, trace = gdsolve.fit("t.csv"), gdsolve.trace("A1")
    assert fit._repr_html_().startswith("<")
    for draw, words in (
        (lambda: gdsolve.fit("t.csv", plot="p.svg"), "plot: p.svg"),
        (fit.plot, "a figure"),
        (trace.svg, "a graph"),
        (trace.plot, "a graph"),
        (lambda: trace.plot("p.svg"), "a graph"),
    ):
        with pytest.raises(GdsolveError) as caught:
            draw()
        assert caught.value.message == f"{words} is drawn by matplotlib, which is not installed"
        assert (caught.value.hint, caught.value.exit_code) == ("pip install 'gdsolve[plot]'", 2)


def test_what_is_hidden_here_is_known_by_its_absence(monkeypatch: pytest.MonkeyPatch) -> None:
    assert is_installed("json")
    hide(monkeypatch, "json")
    assert not is_installed("json")
    assert not is_installed("a_package_of_no_one")


def test_each_extra_is_declared_and_nothing_installs_it_unasked() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = {name: "\n".join(lines) for name, lines in project["optional-dependencies"].items()}
    named = {"excel": "fastexcel", "duckdb": "duckdb", "plot": "matplotlib", "parquet": "pyarrow"}
    named |= {"formula": "formulaic", "fast": "numba"}
    for extra, package in named.items():
        assert package in extras[extra]
        assert extra in extras["all"]
        assert package not in "\n".join(project["dependencies"])
    assert "gdsolve[all]" in extras["dev"]
    for extra in ("excel", "duckdb", "formula"):
        assert "pyarrow" in extras[extra]
