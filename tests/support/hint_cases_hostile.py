"""Cases of `hints`: names that no file has, models that somebody edited, and values that nothing can hold."""

from __future__ import annotations

import io
import json

import polars as pl
from hint_cases_models import FOUR, OLD
from hints import Case

FIT = "fit four.csv --save n.json"
AGAIN = {"save the model again": "predict n.json four.csv"}
WRITES = {"a model is what": FIT}
LISTS = {"l": [[1], [2], [3]], "x": [1.0, 2.0, 4.0], "y": [1.0, 2.5, 3.0], "g": ["a", "b", "a"]}


def lists() -> dict[str, bytes]:
    file = io.BytesIO()
    pl.DataFrame(LISTS).write_parquet(file)
    return {"l.parquet": file.getvalue()}


def model(content: str, then: dict[str, str]) -> Case:
    return Case("predict m.json four.csv", {**FOUR, "m.json": content}, then, before=(FIT,))


def old(**keys: object) -> str:
    return json.dumps({**OLD, **keys})


ARROW = "import pyarrow as pa; gdsolve.fit(pa.table({'x': [1.0, 2.0, 4.0], 'y': [1.0, 2.5, 3.0], 'c': "
SPANS = "pa.array([(1, 2, 3)] * 3, pa.month_day_nano_interval())}), target='y')"
TIMES = "pa.array([90_000_000] * 3, pa.int32()).view(pa.time32('ms'))}), target='y', group_by='c', features='x')"
DATED = "pl.DataFrame({'x': [1.0, 2.0, 4.0], 'd': pl.Series([1, 2, 2147483647], dtype=pl.Int32).cast(pl.Date)"
CASES = [
    Case(
        "fit l.parquet --features x --target y --group-by=",
        lists(),
        {"give the column": "fit l.parquet --features x --target y --group-by g --ridge 1"},
    ),
    model("[" * 100_000, WRITES),
    model('{"schema": ' + "9" * 5000 + "}", WRITES),
    Case(
        "fit nul.yaml",
        {**FOUR, "nul.yaml": 'data: "four\\0.csv"\n'},
        {"take it out": {"nul.yaml": "data: four.csv\n"}},
    ),
    model(old(weights_by_class={}), AGAIN),
    model(old(covariance={"factor": ["a"]}), AGAIN),
    model(json.dumps({"schema": "gdsolve.groups/1", "groups": []}), AGAIN),
    Case(
        "predict m.json four.csv",
        {
            **FOUR,
            "m.json": old(
                weights={"scale(x)": 1.0},
                data={
                    "features": ["scale(x)"],
                    "target": "y",
                    "formula": {
                        "text": "y ~ scale(x)",
                        "rest": None,
                        "texts": [],
                        "levels": {},
                        "state": {"scale(x)": {"ddof": 1, "center": 1.0, "scale": []}},
                    },
                },
            ),
        },
        AGAIN,
        before=(FIT,),
    ),
    Case("fit four.csv --formula '`` ~ x'", FOUR, {"write that of a column": "fit four.csv --formula '`y` ~ x'"}),
    Case(
        "fit four.csv --where '" + " or ".join(["x = 1"] * 300) + "'",
        FOUR,
        {"write x in (1, 2, 3)": "fit four.csv --where 'x in (1, 2, 3)'"},
    ),
    Case(
        f"gdsolve.fit({DATED}, 'y': [1.0, 2.5, 3.0]}}), target='y')",
        {},
        {"leave the column out": "gdsolve.fit(pl.DataFrame({'x': [1.0, 2.0, 4.0], 'y': [1.0, 2.5, 3.0]}), target='y')"},
        python=True,
    ),
    Case(ARROW + SPANS, {}, {"leave it out": ARROW + "[1.0, 1.0, 0.0]}), target='y')"}, python=True),
    Case(
        ARROW + TIMES,
        {},
        {"give its cells": ARROW + "['u', 'u', 'u']}), target='y', group_by='c', features='x')"},
        python=True,
    ),
    Case(
        "fit l.parquet --target y --features x --se cluster:l",
        lists(),
        {"--se cluster:COLUMN": "fit l.parquet --target y --features x --se cluster:g"},
        fill={"COLUMN": "g"},
    ),
]
