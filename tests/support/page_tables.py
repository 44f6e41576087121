"""The tables that pages speak of, for their commands to run on: beside those of configs/, which are there by name."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import polars as pl
from places import ROOT
from source_tables import duckdb_file, sparse_lines, sqlite_file, workbook

GNUPLOT = "#x y z\n  1  2\t3\n 2 5 1\n\n# another block\n 4 4 4 # odd\n-1.5 .25   1e3  \n"
OF_R = '"x" "y" "z"\n"1" 1 2 3\n"b c" 2 5 1\n"3" 4 4 4\n"4" -1.5 .25 1e3\n'
INDEXED = ",x,y,z\n7,1,2,3\n3,2,5,1\n5,4,4,4\n9,-1.5,.25,1e3\n"


def lay_out(page: str) -> None:
    """Write the tables of a page into the current folder."""
    shutil.copytree(ROOT / "configs", "configs")
    {"docs/guide/tables.md": _of_tables, "docs/guide/scan.md": _of_scans, "docs/guide/groups.md": _of_groups}.get(
        page, _of_curves
    )()


def before(command: str) -> None:
    """What a command finds changed: a column of dates that is written in another way."""
    if "--date-format" in command:
        _sales("%d/%m/%Y")


def _write(name: str, columns: Mapping[str, object]) -> None:
    pl.DataFrame(columns).write_csv(name)


def _of_curves() -> None:
    x = np.linspace(0.0, 8.0, 40)
    noise = 0.01 * np.cos(37.0 * x)
    _write("data.csv", {"x": x, "y": 3.0 * (1.0 - np.exp(-0.5 * x)) + noise})
    peaks = 5.0 * np.exp(-((x - 2.0) ** 2)) + 3.0 * np.exp(-((x - 5.5) ** 2))
    _write("spectrum.csv", {"x": x, "y": 0.2 + 0.05 * x + peaks + noise})
    dose = np.geomspace(0.01, 100.0, 40)
    _write("assay.csv", {"plate": x, "dose": dose, "response": 1.0 + 9.0 / (1.0 + 3.0 / dose) + noise})


def _of_groups() -> None:
    draw = np.random.default_rng(5)
    country, year = np.repeat(["France", "Peru"], 20), np.tile([2023, 2024], 20)
    x = draw.normal(size=40)
    _write("data.csv", {"country": country, "year": year, "x": x, "y": 2.0 * x + draw.normal(size=40)})


def _of_scans() -> None:
    draw = np.random.default_rng(2)
    for day in ("mon", "tue", "wed"):
        rooms, area, age = draw.integers(1, 8, 40), draw.normal(90, 30, 40), draw.integers(0, 99, 40)
        price = 3 * area - age + draw.normal(0, 9, 40)
        columns = {"rooms": rooms, "area": area, "age": age, "sold": draw.integers(1, 5, 40), "price": price}
        _write(f"{day}.csv", columns)
        if day == "mon":
            _write("houses.csv", {"city": np.resize(["Rome", "Oslo", "Lima"], 40)} | columns)


def _of_tables() -> None:
    draw = np.random.default_rng(3)
    area, rooms, town = draw.integers(30, 150, 20), draw.integers(1, 6, 20), draw.integers(0, 3, 20)
    price = 3 * area + 10 * rooms + draw.integers(0, 20, 20)
    rows = [tuple(row) for row in np.column_stack([area, rooms, town, price]).tolist()]
    names = ("area", "rooms", "town", "price")
    pl.DataFrame(rows, schema=list(names), orient="row").write_parquet("sold.parquet")
    Path("houses.xlsx").write_bytes(workbook({"April": [names, *rows[:12]], "May": [names, *rows[12:]]}))
    sqlite_file(Path("houses.db"), {"sold": [names, *rows]})
    duckdb_file(
        Path("houses.duckdb"),
        "CREATE TABLE sold AS SELECT * FROM 'sold.parquet'",
        "CREATE TABLE towns AS SELECT range AS town, 'name ' || range AS name FROM range(3)",
    )
    Path("sold.svm").write_text(sparse_lines(rows))
    signs = [(*row[:3], 1 if place % 3 else -1) for place, row in enumerate(rows)]
    Path("late.svm").write_text(sparse_lines(signs))
    Path("new.svm").write_text("-1 1:40\n+1 2:3 9:1\n")
    Path("rows.dat").write_text(GNUPLOT)
    Path("cars.txt").write_text(OF_R)
    Path("prices.csv").write_text('size,y\n"1,200",2\n300,1\n"2,500",5\n900,3\n')
    Path("indexed.csv").write_text(INDEXED)
    _survey(draw)
    _sales("%Y-%m-%d")


def _survey(draw: np.random.Generator) -> None:
    year, age = np.tile([1999, 2010, 2024, 2024], 30), draw.integers(18, 90, 120)
    income = 100.0 * age + draw.normal(0, 50, 120)
    texts = {"sex": np.tile(["F", "M", "F"], 40), "region": np.repeat(["north", "south", "east"], 40)}
    pl.DataFrame({"year": year, "age": age, "income": income, **texts}).write_csv("survey.csv")
    Path("days").mkdir()
    pl.DataFrame({"temperature": draw.normal(10, 5, 40), "y": draw.normal(size=40)}).write_parquet("days/1.parquet")


def _sales(form: str) -> None:
    sold = pl.date_range(pl.date(2020, 1, 1), pl.date(2023, 12, 1), "1mo", eager=True)
    price = 100.0 + np.arange(len(sold)) + np.cos(np.arange(len(sold)))
    pl.DataFrame({"sold": sold, "price": price}).write_csv("sales.csv", date_format=form)
