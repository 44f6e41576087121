"""Cases of `hints`: scans, and what cannot be done with one."""

from __future__ import annotations

import io

import numpy as np
from hints import Case, Files, Input

from gdsolve.data.scan_file import FORMAT

TWO = {"two.csv": "x,y\n1,2\n3,4\n4,6\n"}
THREE = {"three.csv": "x,z,y\n1,2,3\n3,1,2\n4,4,4\n5,2,1\n"}
TEXT = {"t.csv": "c,x,y\nred,1,2\nblue,2,3\nred,4,4\n"}
SCANNED = ("scan two.csv -o two.tri",)
WHOLE = {"give the table": "fit two.csv"}


def archive(text: bytes = b"", **arrays: np.ndarray) -> bytes:
    """A file of numpy's, of these arrays, that says this of itself."""
    file = io.BytesIO()
    np.savez(file, **arrays, about=np.frombuffer(text, dtype=np.uint8))  # type: ignore[arg-type]
    return file.getvalue()


def scanned(text: str, then: dict[str, str | Files | Input] | None = None, files: Files = TWO, **fill: str) -> Case:
    """What is asked of the scan of a table."""
    return Case(text, files, then or {}, fill, before=tuple(f"scan {name} -o {name[:-4]}.tri" for name in files))


def bad(content: bytes) -> Case:
    """A file that is no scan, or no more: the table is scanned anew."""
    anew = Input("scan two.csv -o f.tri", TWO)
    return Case("fit f.tri", {"f.tri": content}, {"scan": anew})


ASKED = [
    Case(
        "predict m.json two.tri",
        TWO,
        {"give the table": "predict m.json two.csv"},
        before=(*SCANNED, "fit two.csv --save m.json"),
    ),
    scanned("fit two.tri --weight x", {"": "fit two.tri"}),
    scanned("fit two.tri --na drop", {"": "scan two.csv --na drop -o two.tri"}),
    scanned("fit two.tri --loss huber", {"give --loss": "fit two.tri --loss sse"}),
    scanned("fit two.tri --loss huber", WHOLE),
    scanned("fit two.tri --se hc1", {"leave --se out": "fit two.tri"}),
    scanned("fit two.tri --engine rows", {"leave --engine out": "fit two.tri"}),
    scanned("fit two.tri --model 'a*x' --start a=1", WHOLE),
    Case(
        "fit three.tri two.csv",
        {**TWO, **THREE, "two.csv": THREE["three.csv"]},
        before=("scan three.csv -o three.tri",),
    ),
    scanned("fit two.tri --target z", {"columns: x, y": "fit two.tri --target x"}),
]

WRITTEN = [
    Case("scan two.csv", TWO, fill={"FILE.tri": "two.tri"}),
    Case("scan two.csv -o two.npz", TWO, fill={"FILE.tri": "two.tri"}),
    Case(
        "scan t.csv --categorical onehot -o t.tri",
        {"t.csv": "c,d\nred,a\nblue,b\n"},
        {"a scan needs one": TEXT},
    ),
    Case("scan t.csv --categorical ignore -o t.tri", {"t.csv": "c,x\nred,1\nblue,2\n"}),
    Case(
        "fit t.tri",
        TEXT,
        {"give --target COLUMN": "fit t.tri --target x"},
        before=("scan t.csv --categorical onehot --target c -o t.tri",),
    ),
]

READ = [
    Case("fit f.npz", {"f.npz": archive(factor_0=np.ones(3))}, {"rename it": Input("scan two.csv -o f.tri", TWO)}),
    bad(b"x,y\n1,2\n"),
    bad(archive(b"{}")),
    bad(archive(b"{")),
    bad(archive(b'{"format": "gdsolve.scan", "schema": 1}')),
    bad(archive(f'{{"format": "{FORMAT}", "schema": 99, "version": "99"}}'.encode())),
    Case("fit tow.tri", TWO, before=SCANNED),
    Case("fit d.tri", {"d.tri/x.csv": "x,y\n1,2\n"}, {"check the path": Input("fit two.csv", TWO)}),
]


def merged(first: str, second: str, words: str, *, before: tuple[str, ...] | None = None) -> Case:
    """Scans of two tables that do not go together."""
    return Case(
        "scan a.tri b.tri -o whole.tri",
        {"a.csv": first, "b.csv": second},
        {words: Input("scan a.csv b.csv --categorical onehot -o whole.tri", {"b.csv": first})},
        before=before or ("scan a.csv --categorical onehot -o a.tri", "scan b.csv --categorical onehot -o b.tri"),
    )


MERGED = [
    merged("x,z,y\n1,2,3\n4,5,7\n", "x,q,y\n1,2,3\n4,5,8\n", "scan each with the same --features"),
    merged(TEXT["t.csv"], "c,x,y\nred,1,2\ngreen,2,3\n", "scan the tables together"),
    merged(TEXT["t.csv"], "c,x,y\n1,1,2\n2,2,3\n", "scan the tables together"),
    merged(
        "x,w,y\n1,2,3\n4,5,7\n3,1,1\n",
        "x,w,y\n1,2,3\n4,5,7\n3,1,1\n",
        "scan the tables alike",
        before=("scan a.csv --weight w -o a.tri", "scan b.csv --sigma w -o b.tri"),
    ),
]

FOLDS = {"t.csv": "x,g,y\n" + "".join(f"{row},{row % 4},{row * row % 7}\n" for row in range(12))}
DEALT = [
    Case("fit t.tri --cv 3", FOLDS, {"scan the table": "scan t.csv --cv 3 -o t.tri"}, before=("scan t.csv -o t.tri",)),
    Case(
        "fit t.tri --cv 3",
        FOLDS,
        {"give --cv 2": "fit t.tri --cv 2"},
        before=("scan t.csv --cv 2 -o t.tri",),
    ),
    Case(
        "fit t.tri --cv 2 --seed 7",
        FOLDS,
        {"give --seed 0": "fit t.tri --cv 2 --seed 0"},
        before=("scan t.csv --cv 2 -o t.tri",),
    ),
    Case(
        "scan a.tri b.tri -o whole.tri",
        FOLDS,
        {"scan the tables": "scan t.csv --cv 2 -o whole.tri"},
        before=("scan t.csv --cv 2 -o a.tri", "scan t.csv --cv 3 -o b.tri"),
    ),
    Case(
        "scan a.tri b.tri -o whole.tri",
        FOLDS,
        {"scan the tables together": "scan t.csv --cv 2 --cv-by g -o whole.tri"},
        before=("scan t.csv --cv 2 --cv-by g -o a.tri", "scan t.csv --cv 2 --cv-by g -o b.tri"),
    ),
    scanned("fit two.tri --holdout 0.5", {"leave --holdout out": "fit two.tri"}),
    scanned("fit two.tri --holdout 0.5", WHOLE),
]

AT_HAND = "s = gdsolve.scan('two.csv'); "
CALLED = [
    Case(AT_HAND + "gdsolve.fit(s, [1.0])", TWO, {"give target": AT_HAND + "gdsolve.fit(s, target='y')"}, python=True),
    Case(AT_HAND + "gdsolve.scan(s)", TWO, {"X.save(FILE)": AT_HAND + "s.save('s.tri')"}, python=True),
]

CASES = [*CALLED, *DEALT, *ASKED, *WRITTEN, *READ, *MERGED]
