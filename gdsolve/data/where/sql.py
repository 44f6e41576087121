"""The text of a condition -> the columns that it names, and the SQL that polars takes.

What people write beyond SQL is taken as they mean it: `==` is `=`, a text in double quotes that is the name of no
column is a text, and a name in backticks is a column whatever is in it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace

from gdsolve.data.columns import columns_listed, nearest
from gdsolve.data.literal import literal
from gdsolve.data.where.words import AGGREGATES, FUNCTIONS, OPERATORS, TIMES, TODAY, WHOLE_TABLE
from gdsolve.status import GdsolveError

_TOKEN = re.compile(
    r"""(?P<space>\s+)
    |(?P<comment>--|/\*)
    |(?P<text>'(?:[^']|'')*')
    |(?P<double>"(?:[^"]|"")*")
    |(?P<tick>`(?:[^`]|``)*`)
    |(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?(?![\w.]))
    |(?P<name>[^\W\d]\w*(?:\.\w+)*)
    |(?P<mark><>|!=|==|<=|>=|\|\||&&|!~\*?|~\*?|::|.)""",
    re.VERBOSE | re.DOTALL,
)
_COMPARED = ("=", "==", "!=", "<>", "<", "<=", ">", ">=")
MOST_OPERATORS = 500
"""Operators of a condition: the time that polars takes grows as their cube, and 20,000 overflow its stack."""
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}([.,]\d{1,9})?)?\s*(Z|[+-]\d{2}:?(\d{2})?)?)?")
_EACH_ROW = "--where looks at each row by itself: compare its columns with numbers and texts, as in 'year > 2000'"
_SAID_OTHERWISE = {
    "&&": "write and for &&",
    "||": "write or for ||; concat(a, b) puts texts together",
    "!": "write not for !",
    "^": "write pow(x, 2) for x^2",
    ";": "give one condition; and joins two",
}


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of a condition: its kind, its text as written, and the column or text that it means."""

    kind: str
    text: str
    start: int
    meaning: str = ""

    @property
    def word(self) -> str:
        """The text in lower case, of a name that is not quoted; nothing else is a word."""
        return self.text.lower() if self.kind == "name" else ""


_NOTHING = Token("", "", 0)


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition as it was given, its tokens with what each means, and the columns that it reads, in their order."""

    text: str
    tokens: tuple[Token, ...]
    columns: tuple[str, ...]

    def sql(self, dates: Collection[str]) -> str:
        """The condition as polars takes it; texts that are compared with columns of `dates` are times.

        Raises:
            GdsolveError: such a text is no date.
        """
        times = _compared_with(self.tokens, dates)
        return " ".join(
            _as_time(token) if place in times else _written(token) for place, token in enumerate(self.tokens)
        )


def read_condition(text: str, names: Sequence[str], table: str) -> Condition:
    """Read a condition about a table that is called `table` in messages, with columns of these `names`.

    Raises:
        GdsolveError: a column that is not there, or what cannot be told of one row by itself.
    """
    tokens = tuple(_tokens(text))
    operators = sum(token.word in OPERATORS or (token.kind == "mark" and token.text not in "(),") for token in tokens)
    if operators > MOST_OPERATORS:
        raise fault(
            f"has {operators:,} operators, and {MOST_OPERATORS} are read at most",
            "write x in (1, 2, 3) for x = 1 or x = 2 or x = 3; or leave the rows out of the table beforehand",
        )
    found = tuple(_resolved(tokens, place, names, table) for place in range(len(tokens)))
    columns = tuple(dict.fromkeys(token.meaning for token in found if token.kind == "column"))
    if not columns:
        raise fault("names no column", f"compare one, as in 'year > 2000'; {columns_listed(names)}")
    return Condition(text, found, columns)


def columns_named(text: str, names: Collection[str]) -> list[str]:
    """The columns among `names` that a condition may read, whether it can be read itself or not."""
    meant = (_unquoted(match[0]) for match in _TOKEN.finditer(text))
    return list(dict.fromkeys(word for word in meant if word in names))


def fault(text: str, hint: str) -> GdsolveError:
    """That a condition is none, told after the option."""
    return GdsolveError(text, hint, option="where", as_flag=True)


def _tokens(text: str) -> Iterator[Token]:
    for match in _TOKEN.finditer(text):
        kind, written = match.lastgroup or "", match[0]
        if kind == "space":
            continue
        if kind == "comment":
            raise fault(f"{written} at character {match.start() + 1} begins a comment in SQL", "put a blank between")
        if kind == "mark" and written in "'\"`":
            raise fault(
                f"the quote {written} at character {match.start() + 1} is never closed",
                f"close it; within quotes write {written}{written} for one",
            )
        if kind == "mark" and written in _SAID_OTHERWISE:
            raise fault(f"{written} at character {match.start() + 1} is not of SQL", _SAID_OTHERWISE[written])
        yield Token(kind, written, match.start())


def _unquoted(written: str) -> str:
    mark = written[0]
    return written[1:-1].replace(mark * 2, mark) if mark in "'\"`" and len(written) > 1 else written


def _resolved(tokens: Sequence[Token], place: int, names: Sequence[str], table: str) -> Token:
    token = tokens[place]
    if token.kind in ("double", "tick"):
        meaning = _unquoted(token.text)
        if meaning in names:
            return replace(token, kind="column", meaning=meaning)
        if token.kind == "double":
            return replace(token, kind="text", meaning=meaning)
        raise _unknown(meaning, names, table)
    if token.kind == "text":
        return replace(token, meaning=_unquoted(token.text))
    if token.kind != "name" or _is_of_sql(tokens, place, names):
        return token
    if token.text in names:
        return replace(token, kind="column", meaning=token.text)
    raise _unknown(token.text, names, table)


def _is_of_sql(tokens: Sequence[Token], place: int, names: Sequence[str]) -> bool:
    """True for a word of SQL; False for a name of a column, which may be known or not.

    Raises:
        GdsolveError: a word of SQL that looks at more than one row, or a function that is not there.
    """
    token, known = tokens[place], tokens[place].text in names
    before = tokens[place - 1] if place else _NOTHING
    after = tokens[place + 1] if place + 1 < len(tokens) else _NOTHING
    if token.word in OPERATORS or _is_type(tokens, place, before, after):
        return True
    if after.text == "(":
        return _is_function(token, known=known)
    if token.word == "over" and before.text == ")":
        raise _of_many_rows("over")
    if _joins(tokens, place, before, known=known):
        return True
    if token.word in WHOLE_TABLE and not known:
        raise _of_many_rows(token.word)
    return token.word in TODAY and not known


def _is_type(tokens: Sequence[Token], place: int, before: Token, after: Token) -> bool:
    """True for a type, a part of a date, and what makes a time of the text after it."""
    if before.word == "as" or before.text == "::":
        return True
    if before.text == "(" and place > 1 and tokens[place - 2].word == "extract":
        return True
    return tokens[place].word in TIMES and after.kind == "text"


def _joins(tokens: Sequence[Token], place: int, before: Token, *, known: bool) -> bool:
    """True for words that are of SQL behind others alone: similar to, is distinct from, extract(year from …)."""
    word = tokens[place].word
    if word == "from":
        return not known or before.word == "distinct" or (place > 2 and tokens[place - 3].word == "extract")
    joined = {"to": ("similar",), "distinct": ("is", "not")}
    return before.word in joined.get(word, ()) or (word == "escape" and not known)


def _is_function(token: Token, *, known: bool) -> bool:
    word = token.word
    if word in FUNCTIONS:
        return True
    if word in AGGREGATES or word in WHOLE_TABLE:
        raise _of_many_rows(f"{word}()")
    if known:
        return False
    near = nearest(word, sorted(FUNCTIONS))
    remedy = f"did you mean {near}()?" if near else f"there are {', '.join(sorted(FUNCTIONS)[:12])} and more of SQL"
    raise fault(f"there is no function {token.text}()", remedy)


def _of_many_rows(word: str) -> GdsolveError:
    return fault(f"{word} looks at many rows", _EACH_ROW)


def _unknown(name: str, names: Sequence[str], table: str) -> GdsolveError:
    near, listed = nearest(name, names), columns_listed(names)
    if near and re.fullmatch(r"[^\W\d]\w*", near) is None:
        near = f"`{near}`"
    said = f"did you mean {near}? " if near else ""
    text = name.replace("'", "''")
    return fault(f"{table} has no column {name!r}", f"{said}for the text write '{text}'; {listed}")


def _written(token: Token) -> str:
    if token.kind == "column":
        return '"' + literal(token.meaning).replace('"', '""') + '"'
    if token.kind == "text":
        return "'" + token.meaning.replace("'", "''") + "'"
    return "=" if token.text == "==" else token.text


def _as_time(token: Token) -> str:
    if _ISO.fullmatch(token.meaning) is None:
        raise fault(
            f"{token.meaning!r} is compared with a date",
            "write dates as YYYY-MM-DD, or YYYY-MM-DD HH:MM:SS",
        )
    from gdsolve.data.dates import moment_of

    return f"timestamp '{moment_of(token.meaning)}'"


def _compared_with(tokens: Sequence[Token], dates: Collection[str]) -> set[int]:
    """The places of the texts that stand beside a column of `dates`: compared, in a list, or as bounds."""

    def is_date(place: int) -> bool:
        return 0 <= place < len(tokens) and tokens[place].kind == "column" and tokens[place].meaning in dates

    def is_text(place: int) -> bool:
        return place < len(tokens) and tokens[place].kind == "text"

    found: set[int] = set()
    for place, token in enumerate(tokens):
        if token.text in _COMPARED:
            _refuse_numbers(tokens, place, is_date)
            found |= {at for at, other in ((place + 1, place - 1), (place - 1, place + 1)) if is_date(other)} & {
                at for at in (place - 1, place + 1) if at >= 0 and is_text(at)
            }
            continue
        beside = place - 1 - (place > 0 and tokens[place - 1].word == "not")
        if token.word == "in" and is_date(beside):
            found |= set(_while(tokens, place + 1, lambda one: one.text in ("(", ",") or one.kind == "text"))
        elif token.word == "between" and is_date(beside):
            found |= {at for at in (place + 1, place + 3) if is_text(at)}
        elif token.word == "from" and place > 1 and tokens[place - 1].word == "distinct":
            start = place - 3 - (tokens[place - 2].word == "not")
            found |= {place + 1} if is_date(start) and is_text(place + 1) else set()
    return found


def _refuse_numbers(tokens: Sequence[Token], place: int, is_date: Callable[[int], bool]) -> None:
    for at, other in ((place + 1, place - 1), (place - 1, place + 1)):
        if is_date(other) and 0 <= at < len(tokens) and tokens[at].kind == "number":
            raise fault(
                f"{tokens[at].text} is compared with {tokens[other].meaning}, a column of dates",
                f"write a date, as in '2024-01-31', or compare year({tokens[other].text})",
            )


def _while(tokens: Sequence[Token], start: int, fits: Callable[[Token], bool]) -> Iterator[int]:
    """The places of texts from `start` on, as long as tokens fit."""
    for place in range(start, len(tokens)):
        if not fits(tokens[place]):
            return
        if tokens[place].kind == "text":
            yield place
