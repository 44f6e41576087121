"""Cases of `hints`: tables that cannot be read or used as they are."""

from __future__ import annotations

import gzip
import io
import itertools
import json

import polars as pl
from hints import Case, Files, Input

GOOD = "x,y\n1,2\n3,4\n4,6\n"
TWO = {"two.csv": GOOD}
THREE = {"three.csv": "x,z,y\n1,2,3\n3,1,2\n4,4,4\n5,2,1\n"}
GROUPED = {"groups.csv": "g,x,y\nu,1,2\nu,3,4\nu,4,6\nv,1,1\nv,2,3\nv,5,4\n"}


def table(
    text: str | bytes, options: str = "", then: dict[str, str | Files | Input] | None = None, **fill: str
) -> Case:
    """A table t.csv that a fit refuses."""
    return Case(f"fit t.csv {options}".strip(), {"t.csv": text}, then or {}, fill)


def mended(text: str | bytes, words: str, right: str | bytes = GOOD, options: str = "") -> Case:
    """A table that a hint wants written otherwise."""
    return table(text, options, {words: {"t.csv": right}})


def parquet(**columns: object) -> bytes:
    """A Parquet file of these columns."""
    file = io.BytesIO()
    pl.DataFrame(columns).write_parquet(file)
    return file.getvalue()


def model(**parts: object) -> str:
    """A model of the column x with these parts."""
    return json.dumps({"schema": "gdsolve.fit/1", "data": {"features": ["x"]}, **parts})


LETTERS = [a + b + c for a, b, c in itertools.product("abcdefghij", repeat=3)]
LEVELS = "c,x,y\n" + "".join(f"{word},{place},{place % 7}\n" for place, word in enumerate([*LETTERS, "z"]))

PIECES = {"a.csv": GOOD, "b.csv": "5.5,6\n7,8\n"}
WHOLE = Input("fit whole.csv", {"whole.csv": GOOD + PIECES["b.csv"]})

COLUMNS = [
    Case("fit groups.csv --group-by g --format latex", GROUPED),
    *(Case(f"fit {files}", PIECES, {"cat a.csv b.csv > whole.csv": WHOLE}) for files in ("a.csv b.csv", "b.csv a.csv")),
    table("x,y\n1,2\n3,4\n", "--ignore x,y", {"leave out less": "fit t.csv"}),
    table("x,z,y\n1,2,3\n3,1,2\n4,4,4\n", "--features x,y", COLUMN="z"),
    table("x;y\n1;2\n3;4\n4;6\n", "--delimiter ,"),
    table("x\n1\n2\n", "", {"": {"t.csv": GOOD}}),
    table("x  y\n1  2\n3  4\n4  6\n", "--delimiter ,"),
    table("x,z,y\n1,2,3\n3,1,2\n4,4,4\n", "--target yy", {"did you mean 'y'?": "fit t.csv --target y"}),
    table("x,z,y\n1,2,3\n3,1,2\n4,4,4\n", "--features qqq", {"columns: x, z, y": "fit t.csv --features z"}),
    table(
        ",".join(f"c{place}" for place in range(30)) + "\n" + ("1," * 30)[:-1] + "\n",
        "--target qqq",
        {"and 18 more: gdsolve check FILE lists them": "check t.csv"},
    ),
    table("x,z,y\n1,2,3\n3,1,2\n4,4,4\n", "--weight z --target z", {"in one of them": "fit t.csv --weight z"}),
    table("x,z,y\n1,2,3\n3,1,2\n4,4,4\n", "--features z --ignore z", {"in one of them": "fit t.csv --ignore z"}),
    table("c,y\nu,1\nv,2\nu,3\n", "--categorical ignore", {"--categorical onehot": "fit t.csv --categorical onehot"}),
    table("c,c=v,y\nu,1,2\nv,2,4\nu,3,3\nv,5,1\n", "--categorical onehot"),
    table("x,x,y\n1,2,3\n3,1,2\n4,4,4\n5,2,1\n"),
    table(
        "x,,y\n2,1,3\n1,2,2\n4,3,4\n",
        "",
        {"--ignore": "fit t.csv --ignore column_2", "--features": "fit t.csv --features x"},
    ),
    table("x,n,y\n1,u,3\n3,v,2\n4,u,4\n"),
    table("x,z,y\n1,2,u\n3,1,v\n4,4,u\n", "", {"numbers are in: x, z": "fit t.csv --target x --ignore y"}),
    table("x,z,w,y\n1,1,u,3\n3,2,v,2\n4,1,u,4\n", "--weight w", {"--weight COLUMN": "fit t.csv --weight z --ignore w"}),
    table("x,z,n,y\n1,1,u,3\n3,2,v,2\n4,1,u,4\n", "--weight n", COLUMN="z"),
    table("x,z,n,y\n1,1,u,3\n3,2,v,2\n4,1,u,4\n", "--sigma n", {"--sigma COLUMN": "fit t.csv --sigma z --ignore n"}),
    table("x,d,y\n1,2020-01-01,3\n3,2020-01-02,2\n4,2020-01-05,4\n"),
    Case("fit t.parquet", {"t.parquet": parquet(x=[1.0, 3.0, 4.0], n=[[1], [2], [3]], y=[2.0, 4.0, 6.0])}),
    table(LEVELS, "--categorical onehot"),
]

CELLS = [
    table("x,z,y\n1,2,3\n3,,2\n4,4,4\n5,2,1\n"),
    table("x,z,y\n1,,3\n3,,2\n4,,4\n5,,1\n"),
    table("x,z,y\n1,2,3\n3,1,\n4,4,4\n5,2,1\n", "", COLUMN="z"),
    table("x,z,y\n1,2,3\n3,1,\n4,4,4\n5,2,1\n", "--na mean"),
    table("x,w,y\n1,2,3\n3,,2\n4,4,4\n5,2,1\n", "--weight w --na mean"),
    table('x;z;y\n1;"1,5";3\n3;"2,5";2\n4;"3,5";4\n', "--decimal ."),
    table("g,x,y\nu,1,2\nu,3,4\nu,4,6\n,1,1\nv,2,3\nv,5,4\nv,6,4\n", "--group-by g --format json"),
    table(
        "g,x,z,y\nu,1,1,2\nu,3,5,4\nu,4,2,6\nv,,1,1\nv,,3,3\nv,,4,4\n",
        "--group-by g --na mean --format json",
        {
            "--na drop": "fit t.csv --group-by g --na drop --format json",
            "with --ignore": "fit t.csv --group-by g --na drop --ignore x",
        },
    ),
    table("x,z,y\n1,2,3\n3,inf,2\n4,4,4\n5,2,1\n"),
    table("x,z,y\n1,2,3\n3,nan,2\n4,4,4\n5,2,1\n", "--na-values =NA"),
    table("x,z,y\n1,2,3\n3,1e999,2\n4,4,4\n5,2,1\n"),
    table("x,z,y\n1,2,3\n3,n.d.,2\n4,4,4\n5,2,1\n"),
    table('x;z;y\n1;2;3\n3;"1,5";2\n4;4;4\n5;2;1\n', "--decimal ."),
    table(
        "x,z,w,y\n1,1,2,3\n3,1,-1,2\n4,2,4,4\n5,1,2,1\n",
        "--weight w",
        {"choose another": "fit t.csv --weight z --ignore w"},
    ),
    table(
        "x,z,s,y\n1,1,2,3\n3,1,0,2\n4,2,4,4\n5,1,2,1\n",
        "--sigma s",
        {"choose another": "fit t.csv --sigma z --ignore s"},
    ),
    table(
        "x,s,y\n1,1e-170,3e-170\n3,2e-170,2e-170\n4,1e-170,4e-170\n",
        "--sigma s",
        {"rescale the target": {"t.csv": "x,s,y\n1,1,3\n3,2,2\n4,1,4\n"}},
    ),
    table(
        "x,z,w,y\n1,1,0,3\n3,2,0,2\n4,1,0,4\n5,1,0,1\n",
        "--weight w",
        {"another column with --weight": "fit t.csv --weight z --ignore w"},
    ),
    table(
        "x,z,y\n1,,3\n,1,2\n4,,4\n,2,1\n",
        "--na drop",
        {"--ignore": "fit t.csv --na drop --ignore z", "--na mean": "fit t.csv --na mean"},
    ),
    table("x,z,y\n1,NA,3\n2,NA,2\n4,NA,4\n5,NA,1\n", "--na mean", {"": "fit t.csv --ignore z"}),
    table(
        "x,y\n1,0\n3,1\n4,2\n",
        "--loss logistic --max-iter 5",
        {"": Input("fit t.csv --loss logistic --ridge 1 --max-iter 5", {"t.csv": "x,y\n1,0\n3,1\n4,0\n"})},
    ),
    table(
        "x,y\n1,a\n3,b\n4,c\n5,a\n6,b\n",
        "--loss logistic --ridge 1 --max-iter 5",
        {"takes all of them": "fit t.csv --loss softmax --ridge 1 --max-iter 5"},
    ),
    table(
        "x,y\n1,a\n3,a\n4,a\n",
        "--loss logistic --ridge 1 --max-iter 5",
        {
            "--target COLUMN": Input(
                "fit t.csv --loss logistic --ridge 1 --max-iter 5", {"t.csv": "x,y\n1,a\n3,b\n4,a\n"}
            )
        },
    ),
    table(
        "x,y\n1,-1\n3,1\n4,2\n",
        "--loss poisson --max-iter 5",
        {"": Input("fit t.csv --loss poisson --max-iter 5", {"t.csv": "x,y\n1,1\n3,1\n4,2\n"})},
    ),
    table(
        "x,n,y\n1,u,3\n3,v,2\n4,u,4\n",
        "--model 'a*x + n' --start a=1",
        {"leave it out": "fit t.csv --model 'a*x' --start a=1"},
    ),
]

FILES = [
    Case("fit absent", TWO, {"give a CSV": "fit two.csv"}),
    Case("fit twoo.csv", TWO),
    Case("fit 'q*.csv'", TWO, {"check the pattern": "fit 't*.csv'", "name the files": "fit two.csv"}),
    Case("fit d", {"d/a.csv": GOOD}, {"'d/*.csv'": "fit 'd/*.csv'"}),
    Case("fit - -", {}, {"give - once": "fit -"}, stdin=GOOD.encode()),
    Case("fit two.csv --encoding utf-9", TWO),
    Case("fit two.csv --encoding qqq", TWO, {"utf-8": "fit two.csv --encoding utf-8"}),
    Case("fit t.parquet --encoding latin-1", {"t.parquet": parquet(x=[1.0, 3.0, 4.0], y=[2.0, 4.0, 5.0])}),
    Case("fit s3://a/b.csv", TWO, {"copy it to a file": "fit two.csv"}),
    Case("fit two.csv/x", TWO, {"check the path": "fit two.csv"}),
    Case(
        "fit t.parquet",
        {"t.parquet": parquet(x=pl.Series([], dtype=pl.Float64), y=pl.Series([], dtype=pl.Float64))},
        {"at least one row": Input("fit t.parquet", {"t.parquet": parquet(x=[1.0, 3.0, 4.0], y=[2.0, 4.0, 5.0])})},
    ),
    mended('x,y\n1,"2"3\n3,4\n4,6\n', "quote"),
    Case(
        "fit t.ndjson",
        {"t.ndjson": b'{"x": 1, "y": 2}\n{"x": "\xe9", "y": 4}\n'},
        {"encoding": Input("fit t.ndjson", {"t.ndjson": '{"x": 1, "y": 2}\n{"x": 4, "y": 6}\n'})},
    ),
    mended("", "at least one row"),
    mended("\n\n", "at least one row"),
    mended("x,y\n", "at least one row"),
    mended(b"x\x00y\n\x00\x01\n", "save it as CSV"),
    Case("fit t.csv", {"t.csv": GOOD.encode("utf-16-le")}),
    Case(
        "fit t.csv",
        {"t.csv": '[{"x": 1, "y": 2}, {"x": 3, "y": 4}]'},
        {
            "one object a line": Input(
                "fit t.ndjson", {"t.ndjson": '{"x": 1, "y": 2}\n{"x": 3, "y": 4}\n{"x": 4, "y": 6}\n'}
            )
        },
    ),
    Case("fit t.parquet", {"t.parquet": GOOD, **TWO}, {".csv": "fit two.csv"}),
    Case(
        "fit t.csv.gz",
        {"t.csv.gz": gzip.compress(GOOD.encode() * 99)[:-30], **TWO},
        {"fetch or compress": "fit two.csv"},
    ),
    Case(
        "fit t.csv --encoding utf-16",
        {"t.csv": b"\xff\xfe\x00\xd8x"},
        {"encoding": Input("fit t.csv", {"t.csv": GOOD})},
    ),
    mended('x,y\n1,2\n"3,4\n4,6\n5,6\n', "quote"),
    mended("x,y\n1,2\n3,4,5\n4,6\n", "quote the cells"),
    table("x y\n1 2\n3  4\n4 6\n", "--delimiter ' '"),
    table(
        b"x,c,y\n1,caf\xe9,2\n3,th\xe9,4\n4,caf\xe9,6\n",
        "--categorical onehot",
        {"--encoding latin-1": "fit t.csv --categorical onehot --encoding latin-1"},
    ),
    table(b"x,n\xe9,y\n1,2,2\n3,3,4\n4,1,6\n", "", {"--encoding latin-1": "fit t.csv --encoding latin-1"}),
    table(b"x,z,y\n1,2\xe9,2\n3,3,4\n4,1,6\n", "", {"--encoding latin-1": "fit t.csv --encoding latin-1 --ignore z"}),
    Case("fit t.csv", {"t.csv": "A title\n\nx,y\n1,2\n3,4\n4,6\n"}),
    Case(
        "fit t.ndjson",
        {"t.ndjson": '{"x": 1, "y": 2}\n{"x": NaN, "y": 4}\n'},
        {
            "null is": Input(
                "fit t.ndjson --na drop",
                {"t.ndjson": '{"x": 1, "y": 2}\n{"x": null, "y": 4}\n{"x": 4, "y": 6}\n{"x": 3, "y": 6}\n'},
            )
        },
    ),
    Case("fit a.csv b.csv", {"a.csv": GOOD, "b.csv": "x,z\n1,2\n"}, {"": Input("fit a.csv b.csv", {"b.csv": GOOD})}),
    Case(
        "fit a.csv b.csv", {"a.csv": GOOD, "b.csv": "x,y,z\n1,2,3\n"}, {"": Input("fit a.csv b.csv", {"b.csv": GOOD})}
    ),
    Case(
        "fit t.ndjson",
        {"t.ndjson": "{}\n{}\n"},
        {"at least one feature": Input("fit t.ndjson", {"t.ndjson": '{"x": 1, "y": 2}\n{"x": 4, "y": 6}\n'})},
    ),
    Case(
        "fit t.ndjson",
        {"t.ndjson": '{"x": 1, "z": 2}\n{"z": 3, "x": 3}\n{"x": 4, "z": 5}\n'},
        fill={"COLUMN": "x"},
    ),
    Case("fit two.csv --target q", TWO, {"columns: x, y": "fit two.csv --target x"}),
]

PREDICTED = [
    Case(
        "predict m.json new.csv",
        {**TWO, "new.csv": "z\n1\n"},
        {"the model needs": Input("predict m.json new.csv", {"new.csv": "x\n1\n"})},
        before=("fit two.csv --save m.json",),
    ),
    Case(
        "predict m.json new.csv",
        {**TWO, "new.csv": "X\n1\n"},
        {"rename": Input("predict m.json new.csv", {"new.csv": "x\n1\n"})},
        before=("fit two.csv --save m.json",),
    ),
    Case("predict m.json new.csv", {**TWO, "new.csv": "x\nbad\n"}, before=("fit two.csv --save m.json",)),
    Case("predict m.json new.csv", {**TWO, "new.csv": "x\ninf\n"}, before=("fit two.csv --save m.json",)),
    Case(
        "predict m.json new.csv",
        {"c.csv": "c,y\nu,1\nv,2\nu,3\n", "new.csv": "c\nw\n"},
        before=("fit c.csv --categorical onehot --save m.json",),
    ),
    Case(
        "predict m.json new.parquet",
        {**TWO, "new.parquet": parquet(x=[1.0], n=[[1]])},
        before=("fit two.csv --save m.json",),
    ),
    Case(
        "predict m.json new.ndjson",
        {**TWO, "new.ndjson": '{"x": [1]}\n{"x": [2]}\n'},
        {"numbers or texts": Input("predict m.json new.ndjson", {"new.ndjson": '{"x": 1}\n{"x": 2}\n'})},
        before=("fit two.csv --save m.json",),
    ),
    Case(
        "predict m.json two.csv",
        {
            **TWO,
            "m.json": model(weights={"x": 1.0}, descent={"loss": "zzz"}),
        },
        {"": "predict n.json two.csv"},
        before=("fit two.csv --save n.json",),
    ),
]

CURVES = [
    Case(
        "predict m.json two.csv",
        {
            **TWO,
            "m.json": model(
                weights={"a": 1.0}, objective={"kind": "curve", "formula": "a*x", "fixed": {}, "constants": {}}
            ),
        },
        {"gdsolve fit wrote with --save": "predict n.json two.csv"},
        before=("fit two.csv --save n.json",),
    ),
]

GROUPS = [
    Case(
        "fit groups.csv --group-by g --format json",
        {"groups.csv": GROUPED["groups.csv"] + "NA,1,1\nNA,2,3\nNA,5,9\n"},
    ),
    Case(
        "fit groups.csv --group-by g --na drop",
        {"groups.csv": "g,k,x,y\n,1,1,2\n,1,3,4\n,1,4,6\n,2,4,2\n,2,5,2\n"},
        fill={"COLUMN": "k"},
    ),
    Case(
        "fit t.ndjson --group-by g",
        {"t.ndjson": "".join(f'{{"g": [1], "k": "u", "x": {row}, "y": {row * row}}}\n' for row in range(4))},
        {"--group-by COLUMN": "fit t.ndjson --group-by k --ignore g"},
    ),
    Case(
        "fit groups.csv --group-by g --weight w --format json",
        {"groups.csv": "g,x,w,y\nu,1,0,2\nu,3,0,4\nv,1,1,1\nv,2,1,3\nv,5,1,4\n"},
        {"another column with --weight": "fit groups.csv --group-by g --weight y --target x"},
    ),
    Case(
        "fit groups.csv --group-by g --format json",
        {"groups.csv": "g,x,y\nu,1e200,2\nu,3e200,4\nu,4e200,5\nv,1,1\nv,2,3\nv,5,4\n"},
        {"rescale it": Input("fit groups.csv --group-by g", GROUPED)},
    ),
    Case(
        "fit groups.csv --group-by g --weight w --format json",
        {"groups.csv": "g,x,w,y\nu,1,1e-320,2\nu,3,1e-320,4\nu,4,1e-320,4\nv,1,1,1\nv,2,1,3\nv,5,1,4\n"},
        {"rescale them": Input("fit groups.csv --group-by g", GROUPED)},
    ),
    Case(
        "fit groups.csv --group-by g --na drop --format json",
        {"groups.csv": "g,x,z,y\nu,,1,2\nu,,5,4\nu,,2,5\nv,1,1,1\nv,2,2,3\nv,5,7,4\n"},
        {"with --ignore": "fit groups.csv --group-by g --na drop --ignore x"},
    ),
]

CLUSTERED = [
    table("k,x,y\na,1,3\n,3,2\nb,4,4\nb,5,1\n", "--se cluster:k"),
    table("k,x,y\n,1,3\n,3,2\n,4,4\n", "--se cluster:k", {"another one": "fit t.csv --se cluster:x --ignore k,x"}),
    table(
        "k,g,x,y\na,1,1,3\na,2,3,2\na,2,4,4\na,1,5,1\n",
        "--se cluster:k",
        {"another one": "fit t.csv --se cluster:g --ignore k", "or --se hc1": "fit t.csv --se hc1 --ignore k"},
    ),
    table("k,x,y\n1,1,3\n1,3,2\n2,4,4\n2,5,1\n", "--se cluster:kk", {"did you mean": "fit t.csv --se cluster:k"}),
    table("k,x,y\n1,1,3\n1,3,2\n2,4,4\n2,5,1\n", "--target y --se cluster:y", {"": "fit t.csv --se cluster:k"}),
]

CASES = [*COLUMNS, *CELLS, *FILES, *PREDICTED, *CURVES, *GROUPS, *CLUSTERED]
