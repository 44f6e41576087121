"""Cases of `hints`: texts of other makes, encodings, and numbers that a command of the shell mends on their way."""

from __future__ import annotations

from hint_cases_data import GOOD, TWO, mended, table
from hints import Case, Input

ARFF = (
    "% a comment\n@relation weather\n@attribute 'temp x' numeric\n@attribute hum real\n@ATTRIBUTE y numeric\n@data\n"
    "1,2,3\n2,?,4\n3,1,6\n5,1,7\n"
)
NAMED = "x,z,y\na,1,2,3\nb,3,1,2\nc,4,4,4\nd,5,2,1\n"

MAKES = [
    table(ARFF),
    table(ARFF.replace("?", "3")),
    Case("fit -", {"t.arff": ARFF}, fill={"FILE": "t.arff"}, stdin=ARFF.encode()),
    table("x z y\n1  2 3\n3 1 2\n4 4 4\n5  2 1\n", "--delimiter ' '"),
    table("  x  z  y\n  1  2  3\n  3  1  2\n  4  4  4\n  5  2  1\n", "--delimiter ' '"),
    Case(
        "predict m.json t.csv --delimiter ' '",
        {**TWO, "t.csv": "x z\n1  2\n3 1\n"},
        fill={"MODEL": "m.json"},
        before=("fit two.csv --save m.json",),
    ),
    table(NAMED.replace("a,", "7,").replace("b,", "1.5,")),
    table(
        'x,y\n"1,234",2\n"12,34",4\n4,6\n',
        "--thousands ,",
        {"mend it": Input("fit t.csv --thousands ,", {"t.csv": "x,y\n1,2\n3,4\n4,6\n"})},
    ),
    table(
        "x,y\n1,234,2\n3,4\n4,6\n",
        "--thousands ,",
        {"in quotes": Input("fit t.csv --thousands ,", {"t.csv": 'x,y\n"1,234",2\n3,4\n4,6\n'})},
    ),
    table(",y\n1,2\n3,4\n4,6\n"),
    table("Title\nof two lines\nx;y\n1;2\n3;4\n4;6\n"),
]

ENCODINGS = [
    mended(b"x,y\n1,2\n3,\x1b$B4A\x1b(B\n4,6\n", "--encoding iso2022_jp reads '3,漢'"),
    mended(GOOD.encode("utf-16-le") * 1024, "leave --encoding out", options="--encoding big5"),
    Case("fit t.csv", {"t.csv": GOOD.encode("utf-16-le")}),
    Case("fit t.csv", {"t.csv": GOOD.encode("utf-32-be")}),
    table("x,y\n1,2\n3,4\n4,6\n", "--encoding utf-16"),
    table("x,\u540d\u524d,y\n1,2,2\n3,3,4\n4,1,6\n".encode("gb18030")),
    table(
        "x,n,y\n1,\u043c\u0438\u0440,2\n3,\u0433\u043e\u0434,4\n4,a,6\n".encode("cp1251"),
        "--categorical onehot --ridge 1",
    ),
]


def number(cell: str, others: str = "2.5", options: str = "") -> Case:
    """A table with a cell that a person reads as a number; every way that its hint says is to end well."""
    rows = "".join(f"{place}\t{other}\t{place % 3}\n" for place, other in enumerate([*others.split(), cell, "3", "4"]))
    return Case(f"fit t.tsv {options}".strip(), {"t.tsv": f"x\tz\ty\n{rows}"})


NUMBERS = [
    *(
        number(cell)
        for cell in (
            "$1.20",
            "$ 1,299.50",
            "1.20 \u20ac",
            "\u00a31.20",
            "12%",
            "12 %",
            "1 200",
            "1_200",
            "1'200",
            "1\u2019200",
            "1\u00a0200",
            "1\u202f200",
            "1\u2009200",
            "\u22125",
            "(5.00)",
            "12 kg",
            "12kg",
            "1,299",
            "1,299,000",
            "1.299,99",
            "1.299.000",
            "1,5",
        )
    ),
    number("1,299", others="7 8"),
    number("1.299,99", others="3,5 7,25"),
    table('x,z,y\n1,"1,299",3\n3,2,2\n4,4,4\n5,2,1\n'),
    table('x,z,y\n1,"1,5",3\n3,2.5,2\n4,4,4\n5,2,1\n'),
    table('x,z,y\n1,"1.299,99",3\n3,2.5,2\n4,4,4\n5,2,1\n'),
    table("x,z,y\n1,$1.20,3\n3,$2.50,2\n4,$4,4\n5,$2,1\n"),
    Case(
        "predict m.json new.csv",
        {**TWO, "new.csv": "x\n$1.20\n$3\n"},
        fill={"MODEL": "m.json"},
        before=("fit two.csv --save m.json",),
    ),
    Case(
        "fit -",
        {"t.tsv": "x\ty\n1 kg\t2\n3 kg\t3\n4 kg\t6\n"},
        fill={"FILE": "t.tsv"},
        stdin=b"x\ty\n1 kg\t2\n3 kg\t3\n",
    ),
]

CASES = [*MAKES, *ENCODINGS, *NUMBERS]
