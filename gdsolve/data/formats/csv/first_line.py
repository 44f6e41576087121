"""What the first line of a CSV file looks like beside the rows below it: a line of names, or one row more."""

from __future__ import annotations

import re
from collections import Counter
from functools import cached_property
from itertools import pairwise

from gdsolve.data.cells import is_date
from gdsolve.data.formats.csv.head import Record, is_number

# Columns that numbers of the first line are held against.
_COLUMNS = 50
_PREFIX = 3
# So many numbers are equally far apart by chance hardly ever.
_SPACED = 4
_LEAST_YEAR, _LATEST_YEAR = 1500, 2200
# What people and programs write where a number is missing, and nobody calls a column.
_MARK = re.compile(r"[^\w\s#%$€£¥°\"']+|#[a-z/0!?]+!?|<na>|\\n|missing|unknown|n\.?[ad]\.?|n/d|nil", re.IGNORECASE)


class FirstLine:
    """The first line beside the rows below it; `numbers`, `texts` and `missing` are the places of such cells in it.

    `marks` are the places of missing cells but for an empty first one: an index has no name.
    """

    def __init__(
        self,
        cells: list[str],
        record: Record,
        rows: list[Record],
        delimiter: str,
        decimal: str,
        missing: frozenset[str],
    ) -> None:
        self.cells, self.rows, self._record, self._delimiter = cells, rows, record, delimiter
        self._mark, self._words = re.escape(decimal), missing
        self._columns: dict[int, list[str]] = {}
        kinds = [self._kind(cell) for cell in cells]
        self.numbers = [place for place, kind in enumerate(kinds) if kind == "number"]
        self.missing = [place for place, kind in enumerate(kinds) if kind == "missing"]
        self.texts = [place for place, kind in enumerate(kinds) if kind == "text"]
        self.marks = [place for place in self.missing if self.cells[place] or place]

    def _kind(self, cell: str) -> str:
        if is_number(cell, self._mark):
            return "number"
        lower = cell.lower()
        return "missing" if not lower or lower in self._words or _MARK.fullmatch(lower) else "text"

    def below(self, place: int) -> list[str]:
        """The cells below that are not missing."""
        if place not in self._columns:
            cells = (record.cells[place].strip() for record in self.rows)
            self._columns[place] = [cell for cell in cells if self._kind(cell) != "missing"]
        return self._columns[place]

    def values(self, place: int) -> list[float]:
        """The numbers below."""
        return [value for value in map(self._value, self.below(place)) if value is not None]

    def _value(self, cell: str) -> float | None:
        return float(re.sub(self._mark, ".", cell)) if is_number(cell, self._mark) else None

    def is_numeric(self, place: int) -> bool:
        """True above a column most cells of which are numbers."""
        below = self.below(place)
        return bool(below) and 2 * len(self.values(place)) >= len(below)

    @cached_property
    def numeric(self) -> bool:
        """True where any column is one of numbers."""
        return any(self.is_numeric(place) for place in range(len(self.cells)))

    @cached_property
    def texts_above_numbers(self) -> bool:
        """True where a text stands above a column of numbers."""
        return any(map(self.is_numeric, self.texts))

    @cached_property
    def numbers_above_numbers(self) -> bool:
        """True where a number does."""
        return any(map(self.is_numeric, self.numbers))

    def comes_again(self, place: int) -> bool:
        """True where a text is a value of its column beyond doubt."""
        cell, below = self.cells[place], self.below(place)
        if cell.lower() in ("true", "false"):
            return bool(below) and all(other.lower() in ("true", "false") for other in below)
        return cell in below or (is_date(cell) and 2 * sum(map(is_date, below)) > len(below))

    @cached_property
    def names(self) -> str | None:
        """Why the numbers are names rather than values; None where nothing says so."""
        if self._is_quoted:
            return "its numbers are in quotes, those below are not"
        if self.sequence:
            short = len(self.numbers) == 2 and not self.texts and not self.whole_above_decimals
            return None if short or self._goes_on or self._comes_again else self.sequence
        if not self._above or self._distinct is None:
            return None
        if self._index:
            return "its first cell is empty, above an index"
        return self._series or self._years or (self.whole_above_decimals if self.unlike else None)

    @property
    def _series(self) -> str | None:
        apart = len(self.numbers) > 2 and self._equally_apart and not self._goes_on
        names = apart and (self.unlike or (self.texts and self._whole))
        return "its numbers are equally far apart" if names else None

    @cached_property
    def spaced(self) -> str | None:
        """What to say of four or more different numbers that are equally far apart, and do not go on below."""
        apart = len(self.numbers) >= _SPACED and self._distinct and self._equally_apart and not self._goes_on
        return "its numbers are equally far apart" if apart else None

    @property
    def _years(self) -> str | None:
        years = self._whole and all(_LEAST_YEAR <= number <= _LATEST_YEAR for number in self._whole)
        if not years or len(self._whole) + len(self.texts) < 2:
            return None
        names = not any(map(self._has_years, self._above)) or (self.texts and self._steps == {1})
        return "its numbers may be years" if names else None

    @cached_property
    def sequence(self) -> str | None:
        """What to say of numbers that run from 0 or from 1 in steps of 1, above numbers."""
        whole = self._whole
        if self._steps != {1} or whole[0] not in (0, 1) or not self._above:
            return None
        return f"its numbers run from {whole[0]} to {whole[-1]}"

    @cached_property
    def unlike(self) -> str | None:
        """What to say of several numbers, all of them far from those below."""
        far = len(self._above) > 1 and len(self.rows) > 1 and all(map(self._is_far, self._above))
        return "its numbers are far from those below" if far else None

    @cached_property
    def _index(self) -> bool:
        """True where an empty first cell stands above texts, or above whole numbers in steps of 1."""
        if self.missing != [0] or self.cells[0]:
            return False
        values = self.values(0)
        steps = {after - before for before, after in pairwise(values)}
        return not self.is_numeric(0) or (steps <= {1.0} and all(map(float.is_integer, values)))

    @cached_property
    def _distinct(self) -> list[float] | None:
        """The numbers, if they are all different and none has a sign."""
        written = [self.cells[place] for place in self.numbers]
        if len(set(written)) < len(written) or any(cell[0] in "+-" for cell in written):
            return None
        return [self._value(cell) or 0.0 for cell in written]

    @cached_property
    def _equally_apart(self) -> bool:
        values = self._distinct or [0.0]
        steps = [after - before for before, after in pairwise(values)]
        return all(abs(step - steps[0]) <= 1e-6 * abs(steps[0]) for step in steps)

    @cached_property
    def _whole(self) -> list[int]:
        """The numbers, if they are whole, all different and without a sign."""
        written = [self.cells[place] for place in self.numbers]
        usable = self._distinct is not None and all(re.fullmatch(r"[0-9]{1,15}", cell) for cell in written)
        return [int(cell) for cell in written] if usable else []

    @cached_property
    def _steps(self) -> set[int]:
        return {after - before for before, after in pairwise(self._whole)}

    @cached_property
    def _above(self) -> list[int]:
        """Where numbers stand above columns of numbers, as far as it takes to tell."""
        return [place for place in self.numbers[:_COLUMNS] if self.is_numeric(place)]

    @cached_property
    def _is_quoted(self) -> bool:
        """True for numbers in quotes above numbers that are not."""
        quoted = self._record.quoted(self._delimiter) if '"' in self._record.text else ()
        if not quoted or not self._above or not all(quoted[place] for place in self._above):
            return False
        below = (record.quoted(self._delimiter) for record in self.rows if '"' in record.text)
        return not any(flags[place] for flags in below for place in self._above)

    def _is_inside(self, place: int) -> bool:
        """True for a number within the range of its column."""
        value, values = self._value(self.cells[place]), self.values(place)
        return value is not None and min(values) <= value <= max(values)

    def _is_far(self, place: int) -> bool:
        """True for a number that is further from the range of its column than that is wide."""
        value, values = self._value(self.cells[place]) or 0.0, self.values(place)
        least, largest = min(values), max(values)
        return not 2 * least - largest <= value <= 2 * largest - least

    def _has_years(self, place: int) -> bool:
        years = sum(_LEAST_YEAR <= value <= _LATEST_YEAR for value in self.values(place))
        return 2 * years > len(self.values(place))

    @cached_property
    def whole_above_decimals(self) -> str | None:
        """What to say of whole numbers above columns all of which have decimals."""
        if len(self._whole) < 2 or len(self.rows) < 2 or not all(map(self._has_decimals, self.numbers[:_COLUMNS])):
            return None
        return "its numbers are whole, those below are not"

    def _has_decimals(self, place: int) -> bool:
        below = self.below(place)
        return bool(below) and all(re.search(self._mark + r"\d", cell) for cell in below)

    @cached_property
    def _comes_again(self) -> bool:
        return any(record.cells == self._record.cells for record in self.rows)

    @cached_property
    def _goes_on(self) -> bool:
        """True where a column of whole numbers goes on from the line in equal steps: the line is its first row."""
        return not self.texts and any(map(self._goes_on_at, self._above))

    def _goes_on_at(self, place: int) -> bool:
        values = [float(self.cells[place]), *self.values(place)]
        steps = {after - before for before, after in pairwise(values)}
        return len(steps) == 1 and 0.0 not in steps and all(map(float.is_integer, values))

    @cached_property
    def is_like_a_row(self) -> bool:
        """True where the numbers beside texts are values rather than names, or the texts look like those below."""
        if not self._whole:
            return self._distinct is None or self.unlike is None
        inside = sum(map(self._is_inside, self._above))
        return 2 * inside > len(self._above) or any(map(self._looks_alike, self.texts))

    def _looks_alike(self, place: int) -> bool:
        """True for a text that begins as those below do, or one with digits, S-001, above others of its make, S-002."""
        cell, below = self.cells[place], self.below(place)
        shapes = Counter(map(_shape, below))
        made_alike = "9" in _shape(cell) and 2 * shapes[_shape(cell)] > len(below)
        return bool(below) and (made_alike or all(other[:_PREFIX] == cell[:_PREFIX] for other in below))


def _shape(text: str) -> str:
    """The text with 9 for every digit, A for every capital and a for every other letter."""
    return "".join(
        "9" if letter.isdigit() else "A" if letter.isupper() else "a" if letter.isalpha() else letter for letter in text
    )
