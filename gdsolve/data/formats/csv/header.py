"""Is the first line of a CSV file the header, or a row of data?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gdsolve.data.formats.csv.first_line import FirstLine
from gdsolve.data.formats.csv.head import Record

# Rows that the first line is held against.
_ROWS = 50


@dataclass(frozen=True, slots=True)
class HeaderGuess:
    """Whether the first line is the header; where it may be otherwise, `doubt` gives the reason."""

    is_header: bool
    doubt: str | None = None


def judge(records: Sequence[Record], delimiter: str, decimal: str, missing: frozenset[str]) -> HeaderGuess:
    """Tell whether the first of some records is the header, by the rows below it.

    Names stand above columns; a row is like the rows below it. A cell is a number, a missing mark (a word of
    `missing`, `?` and its kind) or a text, and so is a column, by most of its cells. The rule, the first that fits:

    1. No number in the line, nor a missing mark above a column of numbers: it is the header. But in a table of two
       columns of text or more it is data, if most of its texts come again below in their own columns.
    2. A text above a column of numbers is a name: the line is the header.
    3. Where a text comes again below in its column, or is a date above dates, or true or false above such, the line
       is data.
    4. The numbers are names, and the line is the header, where they are in quotes and those below are not; or where
       they are all different, without a sign, and

       - are whole and run from 0 or from 1 in steps of 1 (as pandas and R number columns), but not 0,1 or 1,2 alone
         above whole numbers, or
       - stand beside an empty first cell above an index, or
       - are three or more, equally far apart, and whole beside texts, or far outside the ranges of their columns, or
       - are years above columns of other numbers, or
       - are whole above decimals, and far outside the ranges of their columns.

       Whole numbers that go on in the rows below (1,2 above 2,4 above 3,6), or come again, are a row all the same; so
       is a line with a missing mark, but for the empty first cell above an index.
    5. Else a line of numbers and missing marks is data. One with texts above texts is data if its numbers have
       decimals or signs, are repeated, or lie within the ranges of most of their columns, or if its texts look like
       those below; else it is the header.

    A header with numbers above columns of numbers is in doubt, and so is data with texts (1, 3 and 5), and data of
    numbers that run from 0 or 1, that are whole above decimals, far outside the ranges of their columns, or four or
    more and equally far apart.
    """
    cells = [cell.strip() for cell in records[0].cells]
    rows = [record for record in records[1 : _ROWS + 1] if len(record.cells) >= len(cells)]
    first = FirstLine(cells, records[0], rows, delimiter, decimal, missing)
    if not first.numbers and not (first.marks and first.numeric):
        return _of_texts(first)
    if not rows:
        return HeaderGuess(is_header=bool(first.texts) or not first.numbers)
    if first.texts_above_numbers:
        return HeaderGuess(True, "for a name stands above a column of numbers" if first.numbers_above_numbers else None)
    if any(map(first.comes_again, first.texts)):
        return HeaderGuess(False, "for its texts are of the same kind as those below")
    return _of_numbers(first) if first.numbers else HeaderGuess(bool(first.texts))


def _of_texts(first: FirstLine) -> HeaderGuess:
    if first.numeric or not first.rows or len(first.cells) == 1:
        return HeaderGuess(True)
    again = sum(map(first.comes_again, first.texts))
    return (
        HeaderGuess(False, "for most of its texts come again below")
        if 2 * again > len(first.cells)
        else HeaderGuess(True)
    )


def _of_numbers(first: FirstLine) -> HeaderGuess:
    if not first.marks and (reason := first.names):
        return HeaderGuess(True, f"for {reason}")
    if not first.texts:
        odd = None if first.marks else first.sequence or first.whole_above_decimals or first.unlike or first.spaced
        return HeaderGuess(False, odd and f"though {odd}")
    if first.is_like_a_row:
        return HeaderGuess(False, "for its cells are like those below")
    return HeaderGuess(True, f"for {first.unlike or 'its numbers may be names'}")
