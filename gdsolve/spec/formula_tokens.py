"""The tokens of a model formula, as `formulaic` takes them apart, each with its place."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from gdsolve.status import GdsolveError


class TokenKind(StrEnum):
    """What a token is."""

    NAME = "a name"
    NUMBER = "a number"
    CALL = "a call"
    OPERATOR = "an operator"
    OPEN = "("
    CLOSE = ")"


@dataclass(frozen=True, slots=True)
class FormulaToken:
    """A piece of a formula from `start` on and before `end`, counted from 0; `text` has no backticks around a name."""

    kind: TokenKind
    text: str
    start: int
    end: int

    @property
    def column(self) -> int:
        """Where it begins, counted from 1."""
        return self.start + 1

    @property
    def is_operand(self) -> bool:
        """True for what can be a term."""
        return self.kind in (TokenKind.NAME, TokenKind.NUMBER, TokenKind.CALL)


SIGNS = {"−": "-", "–": "-", "×": "*", "·": "*", "²": "**2", "∼": "~", "˜": "~", "≤": "<=", "≥": ">=", "’": "'"}
"""Signs of print, and what is written for them."""
_NAME = re.compile(r"[^\W\d][\w.]*|\.[^\W\d][\w.]*")
_NUMBER = re.compile(r"(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
_OPERATOR = re.compile(r"\*\*|%[^%]*%|::|<-|<=|>=|==|!=|&&|\|\||[~+\-*/:^|.=<>!&%,;$@?#\\\"'{}\[\]]")
_PAIRS = {"(": ")", "[": "]", "{": "}"}


def refused(column: int, words: str, hint: str) -> GdsolveError:
    """What is wrong at a column of a model formula, counted from 1."""
    return GdsolveError(f"column {column}: {words}", hint, option="formula", column=column)


def tokens_of(text: str) -> Iterator[FormulaToken]:
    """Take a formula apart.

    Raises:
        GdsolveError: a sign that no formula has, or brackets, quotes and backticks that are never closed.
    """
    place = 0
    while place < len(text):
        letter = text[place]
        if letter.isspace():
            place += 1
            continue
        token = _token(text, place)
        yield token
        place = token.end


def _token(text: str, place: int) -> FormulaToken:
    letter = text[place]
    if letter in "()":
        return FormulaToken(TokenKind.OPEN if letter == "(" else TokenKind.CLOSE, letter, place, place + 1)
    if letter == "`":
        end = _closing(text, place, letter)
        if end == place + 1:
            raise refused(
                place + 1, "no name between backticks", "write that of a column between them, or leave them out"
            )
        return FormulaToken(TokenKind.NAME, text[place + 1 : end], place, end + 1)
    if (number := _NUMBER.match(text, place)) is not None:
        return FormulaToken(TokenKind.NUMBER, number[0], place, number.end())
    if (name := _NAME.match(text, place)) is not None:
        if text[name.end() : name.end() + 1] == "(":
            end = end_of_bracket(text, name.end()) + 1
            return FormulaToken(TokenKind.CALL, text[place:end], place, end)
        return FormulaToken(TokenKind.NAME, name[0], place, name.end())
    if letter in SIGNS:
        raise refused(place + 1, f"{letter!r} has no place in a formula", f"write {SIGNS[letter]}")
    if (operator := _OPERATOR.match(text, place)) is not None:
        return FormulaToken(TokenKind.OPERATOR, operator[0], place, operator.end())
    raise refused(place + 1, f"{letter!r} has no place in a formula", "leave it out")


def end_of_bracket(text: str, place: int) -> int:
    """Where the bracket that opens at a place is closed.

    Raises:
        GdsolveError: it never is.
    """
    opened: list[int] = []
    at = place
    while at < len(text):
        letter = text[at]
        if letter in "'\"`":
            at = _closing(text, at, letter)
        elif letter in _PAIRS:
            opened.append(at)
        elif letter in _PAIRS.values():
            begun = text[opened[-1]]
            if _PAIRS[begun] != letter:
                raise refused(
                    at + 1, f"{letter!r} closes no {begun!r}", f"write {_PAIRS[begun]} for the {begun} before it"
                )
            opened.pop()
            if not opened:
                return at
        at += 1
    begun = text[opened[-1]]
    raise refused(opened[-1] + 1, f"{begun!r} was never closed", f"write the {_PAIRS[begun]} that goes with it")


def _closing(text: str, place: int, mark: str) -> int:
    """Where a quote or a backtick is closed."""
    end = text.find(mark, place + 1)
    if end < 0:
        raise refused(place + 1, f"{mark} was never closed", f"write the {mark} that goes with it")
    return end
