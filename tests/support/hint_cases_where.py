"""Cases of `hints`: conditions of `--where` that are none, and dates that are not clear."""

from __future__ import annotations

import io
import json

import polars as pl
from hints import Case

TABLE = {"t.csv": "year,sex,x,y\n1999,F,1,2\n2001,M,2,3.5\n2002,F,3,6\n2003,F,4,7\n"}
DATES = {"d.csv": "d,x,y\n2024-01-01,1,2\n2024-01-03,2,3.5\n2024-02-01,4,6\n2024-02-09,3,7\n"}
UNCLEAR = {"d.csv": "d,x,y\n03/04/2024,1,2\n04/04/2024,2,3.5\n06/05/2024,4,6\n07/08/2024,3,7\n"}
ONE = {"t.csv": "x,y\n1,2\n2,3.5\n3,6\n"}
DATA = {"features": ["d"], "dates": {"unit": "days", "columns": {"d": "date"}, "format": None}}
MODEL = json.dumps({"schema": "gdsolve.fit/1", "data": DATA, "weights": {"d": 1.0}, "intercept": 0.0})


def condition(text: str, words: str, right: str = "year > 2000") -> Case:
    """A condition that is mended where a hint says these words."""
    fits = "fit t.csv --ignore sex --where"
    return Case(f'{fits} "{text}"', TABLE, {words: f'{fits} "{right}"'})


def lists() -> bytes:
    """A file with a column of lists."""
    file = io.BytesIO()
    pl.DataFrame({"l": [[1], [2], [3]], "x": [1.0, 2.0, 3.0], "y": [1.0, 2.5, 3.0]}).write_parquet(file)
    return file.getvalue()


CASES = [
    condition("yaer > 2000", "did you mean year?"),
    condition("sex = F", "for the text write 'F'", "sex = 'F'"),
    condition("1 = 1", "compare one"),
    condition("year > 2000 -- 1", "put a blank between"),
    condition("sex = 'F", "close it", "sex = 'F'"),
    condition("year > 2000 && x > 1", "write and for &&", "year > 2000 and x > 1"),
    condition("sqrtt(x) > 1", "did you mean sqrt()?", "sqrt(x) > 1"),
    condition("sum(x) > 1", "--where looks at each row by itself"),
    condition("year > 2000 x", "as in 'year > 2000"),
    condition("year", "compare it with another one"),
    condition("sex > 1", "texts and dates stand in 'quotes'", "sex = 'F'"),
    condition("cast(sex as int) > 1", "try_cast(x as double)", "try_cast(sex as double) is null"),
    condition("year > 3000", "change the condition: year runs from 1999 to 2003"),
    Case(
        "fit d.csv --ignore d --where \"d > 'x'\"",
        DATES,
        {"write dates as YYYY-MM-DD": "fit d.csv --ignore d --where \"d > '2024-01-01'\""},
    ),
    Case(
        "fit d.csv --ignore d --where 'd > 3'",
        DATES,
        {"write a date": "fit d.csv --ignore d --where \"d > '2024-01-01'\""},
    ),
    Case("fit d.csv --ignore d --where \"d > '2024-04-03'\"", UNCLEAR),
    Case("fit t.csv --where 'x > 1'", {"t.csv": "x,y\n1,2\n2,3.5\n3,6\nz,1\n4,7\n5,9\n"}),
    Case(
        "fit t.parquet --features x --where 'l > 1'",
        {"t.parquet": lists()},
        {"leave the column out of it": "fit t.parquet --features x --where 'x > 1'"},
    ),
    Case("fit d.csv", DATES),
    Case("fit d.csv", UNCLEAR),
    Case("fit d.csv --dates days", UNCLEAR),
    Case("fit d.csv --dates days", {"d.csv": "d,y\n2024-01-01,1\nsoon,2\n2024-01-03,3\n2024-01-07,5\n"}),
    Case("fit t.csv --date-format %d/%m/%Y", ONE),
    Case(
        "gdsolve.predict('m.json', pl.DataFrame({'d': ['2024-01-01', 'soon']}))",
        {"m.json": MODEL},
        {"leave the row out of X": "gdsolve.predict('m.json', pl.DataFrame({'d': ['2024-01-01']}))"},
        python=True,
    ),
    Case(
        "fit a.tri b.tri",
        DATES,
        {"scan the tables alike, anew": "fit a.tri"},
        before=("scan d.csv --dates days -o a.tri", "scan d.csv --dates year -o b.tri"),
    ),
]
