"""Options of the table: its sources, its columns, and what becomes of its cells."""

from __future__ import annotations

from dataclasses import dataclass

from gdsolve.spec import company
from gdsolve.spec.choices import (
    Categorical,
    Dates,
    Header,
    Missing,
    WeightKind,
)
from gdsolve.spec.option import option
from gdsolve.spec.verbs import (
    CHOOSING,
    READING,
    SCORING,
    SOLVED,
)

MODELLED = tuple(verb for verb in CHOOSING if verb != "scan")


@dataclass(frozen=True, slots=True, kw_only=True)
class TableOptions:
    """Which table is read, and how."""

    data: tuple[str, ...] = option(
        (), "Tables to read; a path in a YAML spec is relative to the spec.", "Data", verbs=()
    )
    X: tuple[tuple[float, ...], ...] | None = option(None, "Inline design matrix, one list per row.", "Data", verbs=())
    y: tuple[float, ...] | None = option(None, "Inline target, one number per row.", "Data", verbs=())

    target: str | None = option(
        None,
        "Target column; with --model also an expression of one, such as 'log(y)'.",
        "Columns",
        verbs=CHOOSING,
        metavar="COLUMN",
        default_text="the column y, else the last one",
        goes_with=(company.NO_FORMULA, company.BEFORE_TILDE),
        by_verb={"scan": {"help": "Target of a fit that names none; any other column may be the target all the same."}},
    )
    formula: str | None = option(
        None,
        "Target and features as R writes them: 'log(price) ~ area*rooms + poly(age, 2) + C(zone) - 1'.",
        "Columns",
        verbs=CHOOSING,
        metavar="FORMULA",
        goes_with=(company.LINEAR, company.TABLE),
    )
    features: tuple[str, ...] = option(
        (),
        "Feature columns; of a curve by its name, the one that is its x.",
        "Columns",
        verbs=CHOOSING,
        metavar="COLUMNS",
        default_text="all others",
        goes_with=(company.FEATURES, company.BEHIND_TILDE),
        by_verb={"scan": {"help": "Columns to keep, beside the target."}},
    )
    ignore: tuple[str, ...] = option(
        (),
        "Columns that are not used.",
        "Columns",
        verbs=CHOOSING,
        metavar="COLUMNS",
        goes_with=(company.NO_FORMULA, company.TAKEN_OUT, company.COLUMNS_LEFT),
    )
    where: str | None = option(
        None,
        "Rows to read: those of which this condition of SQL is true, as in 'year > 2000 and sex == \"F\"'. All else is "
        "as if the table had no other rows. A missing cell satisfies no comparison; 'age is null' asks for one.",
        "Columns",
        verbs=READING,
        metavar="CONDITION",
        default_text="all rows",
        goes_with=company.TABLE,
    )
    dates: Dates = option(
        Dates.ERROR,
        "Columns of dates and times: stop with an error, or read them as numbers: days or seconds since 1970-01-01 "
        "(UTC), or years with decimals, 2024.5. A model keeps it for predict.",
        "Columns",
        verbs=CHOOSING,
        goes_with=company.TABLE,
    )
    date_format: str | None = option(
        None,
        "How dates are written, as strptime has it: %d/%m/%Y, say, where the day comes first.",
        "Columns",
        verbs=READING,
        metavar="FORMAT",
        default_text="ISO 8601, or the month by name",
        goes_with=(company.TABLE, company.DATED),
    )
    offset: str | None = option(
        None,
        "Column of offsets: numbers that are added to the prediction before its mean is taken, with no weight of their "
        "own; new rows need them as well.",
        "Columns",
        verbs=MODELLED,
        metavar="COLUMN",
        goes_with=(company.NO_FORMULA, company.ONE_A_ROW),
    )
    exposure: str | None = option(
        None,
        "Column of exposures, such as a time or an area at risk: the offset is its logarithm, so that the mean is in "
        "proportion to it.",
        "Columns",
        verbs=MODELLED,
        metavar="COLUMN",
        goes_with=(company.NO_FORMULA, company.LOG_LINK),
    )
    weight: str | None = option(
        None,
        "Column of row weights: 1/variance up to a factor, as in R; see --weight-kind. A row of weight 0 is left out.",
        "Columns",
        verbs=(*CHOOSING, *SCORING),
        metavar="COLUMN",
        by_verb={
            "score": {
                "help": "Column of row weights. A row of weight 0 is left out.",
                "default_text": "the model's, if the table has it",
            }
        },
        goes_with=company.NO_FORMULA,
    )
    weight_kind: WeightKind = option(
        WeightKind.PRECISION,
        "What --weight means to standard errors: precision (rows - p degrees of freedom), or frequency, by which a "
        "weight of 2 is the row written twice (sum of the weights - p).",
        "Columns",
        verbs=tuple(verb for verb in CHOOSING if verb != "path"),
        goes_with=company.WEIGHT,
    )
    sigma: str | None = option(
        None,
        "Column of the standard deviations of the target: every row weighs 1/σ².",
        "Columns",
        verbs=CHOOSING,
        metavar="COLUMN",
        goes_with=(company.NO_FORMULA, company.NUMBERS),
    )
    absolute_sigma: bool = option(
        False,
        "Take --sigma as known, in units of the target: standard errors are not scaled by the residuals.",
        "Columns",
        verbs=(*SOLVED, "scan"),
        goes_with=(company.SIGMA, company.SQUARES),
    )
    group_by: tuple[str, ...] = option(
        (),
        "Fit each group of rows, those with the same values in these columns: one result for each. "
        "The exit code is that of the worst group: 2 before 5, 4 and 3.",
        "Columns",
        verbs=("fit", "check"),
        metavar="COLUMNS",
        by_verb={"check": {"help": "Say what groups there are by these columns, and how many rows each of them has."}},
        default_text="all rows together",
    )
    each: bool = option(
        False,
        "Fit each SOURCE by itself: one line for each, in the order given, or with --format json one JSON object a "
        "line. One that fails leaves the others alone. The exit code is the most serious one: 1 before 2, 5, 4 and 3.",
        "Columns",
        verbs=("fit",),
    )
    no_intercept: bool = option(
        False, "Fit without an intercept, through the origin.", "Columns", goes_with=(company.LINEAR, company.MINUS_ONE)
    )
    delimiter: str | None = option(
        None,
        "Character between the cells of a row, or blanks: any number of spaces and tabs.",
        "Columns",
        verbs=READING,
        metavar="CHAR",
        default_text="sniffed",
        goes_with=(company.FILES, company.CSV),
    )
    decimal: str | None = option(
        None,
        "Decimal mark: . or ,",
        "Columns",
        verbs=READING,
        metavar="CHAR",
        default_text="sniffed",
        goes_with=(company.FILES, company.CSV),
    )
    thousands: str | None = option(
        None,
        "Sign that groups the thousands of numbers: , . ' _ or a blank, so that 1,234.5 is 1234.5.",
        "Columns",
        verbs=READING,
        metavar="CHAR",
        default_text="none",
        goes_with=(company.FILES, company.CSV),
    )
    comment: str | None = option(
        None,
        "Character that comments begin with, or none. Names in a comment right above the data are the header.",
        "Columns",
        verbs=READING,
        metavar="CHAR",
        default_text="detected: # or %",
        goes_with=(company.FILES, company.CSV),
    )
    sheet: str | None = option(
        None,
        "Sheet of an Excel workbook, by its name; 'FILE?sheet=NAME' says so of one file.",
        "Columns",
        verbs=READING,
        metavar="NAME",
        default_text="the first",
        goes_with=company.FILES,
    )
    query: str | None = option(
        None,
        "What is read of a SQLite or DuckDB database: one SELECT; 'FILE?query=SELECT ...' says so of one file.",
        "Columns",
        verbs=READING,
        metavar="SELECT",
        default_text="its only table",
        goes_with=company.FILES,
    )
    encoding: str | None = option(
        None,
        "Encoding of text files.",
        "Columns",
        verbs=READING,
        metavar="NAME",
        default_text="UTF-8, or as the BOM says",
        goes_with=(company.FILES, company.TEXT),
    )
    header: Header = option(
        Header.AUTO,
        "Whether the first line names the columns (yes) or is data (no; columns are then x1…xn, y).",
        "Columns",
        verbs=READING,
        default_text="detected",
        goes_with=(company.FILES, company.HEADER),
    )
    no_header: bool | None = option(
        None, "Short for --header no.", "Columns", verbs=READING, goes_with=(company.FILES, company.HEADER)
    )
    na: Missing = option(
        Missing.ERROR,
        "Missing cells in the columns used: stop with an error, drop the row, or fill in the column's mean.",
        "Columns",
        verbs=(*CHOOSING, *SCORING),
        by_verb={"score": {"help": "Missing cells in the columns used: stop with an error, or drop the row."}},
        goes_with=(company.TABLE, company.CELLS),
    )
    na_values: tuple[str, ...] = option(
        (),
        "More cells that count as missing, beside the empty one, NA, N/A, NaN, null and None; in any case, a number "
        "means its value. A list that begins with = replaces these: '=bad,-9'; for the text =bad write ==bad.",
        "Columns",
        verbs=READING,
        metavar="VALUES",
        goes_with=company.TABLE,
    )
    categorical: Categorical = option(
        Categorical.ERROR,
        "Text columns: stop with an error, make 0/1 columns of their levels, or ignore them.",
        "Columns",
        verbs=CHOOSING,
        goes_with=(company.LINEAR, company.LEVELS, company.TEXTS),
    )
