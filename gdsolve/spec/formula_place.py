"""A model formula, `log(y) ~ x*z + C(g)`, read as far as to say what is wrong with it, and where.

What it means is for `formulaic` to say, which takes a second to be imported and evaluates what stands in brackets. So
every formula comes here first, from flags, YAML, Python and saved models alike; with the columns of the table, as soon
as they are known: a column with a blank or a dot in its name can then be told.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from gdsolve.spec.formula_call import CallReader, Mention, names_of
from gdsolve.spec.formula_remedies import for_missing, for_name, short
from gdsolve.spec.formula_tokens import FormulaToken, TokenKind, refused, tokens_of
from gdsolve.status import GdsolveError

_BINARY = ("+", "-", "*", "/", ":", "**", "^")
_EXAMPLE = "as in y ~ x + z"


@dataclass(frozen=True, slots=True)
class FormulaText:
    """A formula with what stands on both sides of ~, and its names; `standard` is the text that `formulaic` takes."""

    text: str
    standard: str
    target: str
    terms: str
    target_mentions: tuple[Mention, ...]
    mentions: tuple[Mention, ...]
    has_dot: bool

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that it names, those of the target first; `.` stands for more of them."""
        return tuple(names_of((*self.target_mentions, *self.mentions)))

    @property
    def target_columns(self) -> tuple[str, ...]:
        """The columns that the target is made of."""
        return tuple(names_of(self.target_mentions))


def checked_formula(text: str, columns: Sequence[str] | None = None) -> FormulaText:
    """Read a formula; with the columns of the table, see that they are there.

    Raises:
        GdsolveError: what is no formula, or names a column that is not there, with its place in the text.
    """
    known = () if columns is None else columns
    tokens = list(tokens_of(text))
    split = _split(text, tokens)
    sides: list[list[Mention]] = []
    dotted: list[tuple[int, int]] = []
    for side in (tokens[:split], tokens[split + 1 :]):
        sides.append([])
        _check_order(text, side, known)
        for token in side:
            if token.kind is TokenKind.NAME:
                sides[-1].append(Mention(token.text, token.column))
            elif token.kind is TokenKind.CALL:
                call = CallReader(token, known).read()
                sides[-1] += call.mentions
                dotted += call.dotted
    _check_target(text, tokens[:split])
    _check_terms(text, tokens[split + 1 :], tokens[:split])
    formula = FormulaText(
        text,
        _standard(text, dotted),
        text[: tokens[split].start].strip(),
        text[tokens[split].end :].strip(),
        tuple(sides[0]),
        tuple(sides[1]),
        any(token.text == "." for token in tokens[split:]),
    )
    _check_names(formula, columns)
    return formula


def columns_named(text: str) -> tuple[str, ...]:
    """The columns that a formula names; none where it cannot be read."""
    try:
        return checked_formula(text).columns
    except GdsolveError:
        return ()


def _standard(text: str, dotted: Sequence[tuple[int, int]]) -> str:
    """The text with backticks around columns with dots in calls, where Python reads a dot as its own."""
    for start, end in sorted(dotted, reverse=True):
        text = f"{text[:start]}`{text[start:end]}`{text[end:]}"
    return text


def _split(text: str, tokens: Sequence[FormulaToken]) -> int:
    """The place of ~ among the tokens."""
    if not tokens:
        raise refused(1, "no formula", f"write the target, ~, and the columns that it depends on, {_EXAMPLE}")
    places = [place for place, token in enumerate(tokens) if token.text == "~" and token.kind is TokenKind.OPERATOR]
    if len(places) > 1:
        raise refused(tokens[places[1]].column, "a second ~", "leave it out: one ~ stands after the target")
    if places:
        return places[0]
    for place, token in enumerate(tokens):
        if token.kind is TokenKind.OPERATOR and token.text in ("=", "==", "<-"):
            left, right = text[: token.start].strip(), text[token.end :].strip()
            raise refused(token.column, f"{token.text} in the place of ~", f"write ~, as in {left} ~ {right}")
        if token.kind is TokenKind.OPERATOR and token.text not in (*_BINARY, ".") and place:
            raise _no_operator(text, token, tokens, place)
    raise refused(
        len(text.rstrip()) + 1, "no ~ in the formula", f"write the target and ~ before the columns, {_EXAMPLE}"
    )


def _check_order(text: str, tokens: Sequence[FormulaToken], columns: Collection[str]) -> None:
    """See that terms and operators take turns, and that brackets match."""
    opened: list[FormulaToken] = []
    before: FormulaToken | None = None
    for place, token in enumerate(tokens):
        wants_term = before is None or before.kind is TokenKind.OPEN or _is_sign(before)
        if token.kind is TokenKind.OPERATOR and token.text != ".":
            if token.text not in _BINARY:
                raise _no_operator(text, token, tokens, place)
            is_lone = before is None or before.kind is TokenKind.OPEN or before.text in ("+", "-")
            if wants_term and (token.text not in ("+", "-") or not is_lone):
                after = f"after {before.text!r}" if before else "before it"
                raise refused(token.column, f"{token.text} with no term {after}", f"write a term before {token.text}")
        elif token.kind is TokenKind.CLOSE:
            if not opened:
                raise refused(token.column, "')' closes no bracket", "take it out, or write the ( that goes with it")
            if wants_term:
                raise refused(token.column, "nothing stands before ')'", "write a term, or take the brackets out")
            opened.pop()
        elif not wants_term and before is not None:
            hint = for_missing(before, token, text, columns)
            raise refused(token.column, f"no operator between {before.text!r} and {token.text!r}", hint)
        if token.kind is TokenKind.OPEN:
            opened.append(token)
        before = token
    if opened:
        raise refused(opened[-1].column, "'(' was never closed", "write the ) that goes with it")
    if before is not None and _is_sign(before):
        hint = f"write a term behind it, or take the {before.text} out"
        raise refused(before.column, f"nothing follows {before.text}", hint)


def _is_sign(token: FormulaToken) -> bool:
    return token.kind is TokenKind.OPERATOR and token.text != "."


def _no_operator(text: str, token: FormulaToken, tokens: Sequence[FormulaToken], place: int) -> GdsolveError:
    """For an operator that no formula has."""
    left = tokens[place - 1].text if place else "x"
    right = tokens[place + 1].text if place + 1 < len(tokens) else "z"
    words = f"{token.text} has no place in a formula"
    if token.text == "|":
        if left in ("1", "0"):
            words = "| : effects of groups that are random are not fitted here"
            return refused(token.column, words, f"for a level of each write C({right}) in place of the brackets")
        return refused(token.column, words, "write + between terms, or fit what stands behind it by itself")
    if token.text == "%in%":
        return refused(token.column, words, f"write {left}:{right} for {left} within {right}")
    remedies = {
        "=": f"write one ~ and no {token.text}; to compare write I({left} == {right})",
        "==": f"to compare write I({left} == {right})",
        "%%": f"for the remainder write I({left} % {right})",
        "%": f"for the remainder write I({left} % {right})",
        "::": f"write {right} without {left}::",
        ",": "write + between terms, and decimals with a point",
        "$": f"write {right} alone: all columns are those of the table",
        "{": "write I(…) for arithmetic",
        "[": "take the brackets out",
        "&": f"write {left}:{right} for their interaction",
        "!": "write - to take a term out",
        "'": "write the name of a column without quotes; one with blanks goes in backticks",
        '"': "write the name of a column without quotes; one with blanks goes in backticks",
    }
    if token.text in ("<", ">", "<=", ">=", "!="):
        return refused(token.column, words, f"to compare write I({left} {token.text} {right})")
    return refused(token.column, words, remedies.get(token.text, "use + - * / : ** and functions"))


def _check_target(text: str, tokens: Sequence[FormulaToken]) -> None:
    if not tokens:
        raise refused(1, "no target before ~", f"write the column that is to be explained before it, {_EXAMPLE}")
    if len(tokens) > 1 or tokens[0].kind not in (TokenKind.NAME, TokenKind.CALL):
        inner = text[tokens[0].start : tokens[-1].end].replace("^", "**")
        if all(token.kind is TokenKind.NUMBER for token in tokens):
            raise refused(tokens[0].column, "a target that is a number", f"write a column before ~, {_EXAMPLE}")
        raise refused(
            tokens[0].column,
            "a target is one column or one function of columns",
            f"for arithmetic write I({inner}) before ~",
        )


def _check_terms(text: str, tokens: Sequence[FormulaToken], target: Sequence[FormulaToken]) -> None:
    """See what no term can be: numbers within arithmetic, powers of one column, the target itself; and that one is."""
    if not tokens:
        raise refused(len(text.rstrip()), "nothing follows ~", f"name what the target depends on, {_EXAMPLE}")
    for place, token in enumerate(tokens):
        before = tokens[place - 1] if place else None
        after = tokens[place + 1] if place + 1 < len(tokens) else None
        if token.kind is TokenKind.OPERATOR and token.text in ("**", "^"):
            _check_power(text, token, before, after)
        elif token.kind is TokenKind.NUMBER and not (before and before.text in ("**", "^")):
            _check_number(text, tokens, place)
        elif token.kind is TokenKind.NAME and len(target) == 1 and target[0].kind is TokenKind.NAME:
            subtracted = before is not None and before.text == "-"
            if token.text == target[0].text and not subtracted:
                raise refused(token.column, f"{token.text!r} is the target itself", "take it out")
        if before is not None and before.text == "-" and token.kind in (TokenKind.NAME, TokenKind.CALL):
            _check_difference(text, tokens, place)
    # An intercept alone is a model: the mean of the target.
    alone = [token.text for token in tokens] == ["1"]
    if not alone and not any(
        (token.is_operand and token.kind is not TokenKind.NUMBER) or token.text == "." for token in tokens
    ):
        raise refused(
            tokens[0].column,
            "no column behind ~",
            f"write 1 for the mean alone, or what the target depends on, {_EXAMPLE}",
        )


def _check_difference(text: str, tokens: Sequence[FormulaToken], place: int) -> None:
    """See that a term that is taken out was there; `.` has all of them."""
    token, others = tokens[place], [one.text for one in tokens[:place] if one.is_operand or one.text == "."]
    if token.text in others or "." in others or _is_joined(tokens, place + 1):
        return
    before = tokens[place - 2] if place > 1 else None
    words = f"there is no term {token.text} to take out"
    whole = text[before.start : token.end] if before is not None and before.is_operand else ""
    hint = f"for a difference write I({whole})" if whole else f"write + {token.text}, or I(-{token.text})"
    raise refused(token.column, words, hint)


def _is_joined(tokens: Sequence[FormulaToken], place: int) -> bool:
    """True where more of the same term follows."""
    return place < len(tokens) and tokens[place].text in (":", "*", "/")


def _check_power(text: str, token: FormulaToken, before: FormulaToken | None, after: FormulaToken | None) -> None:
    if after is None or not after.text.isdigit() or int(after.text) < 1:
        place = token if after is None else after
        words = f"the power of a formula is a whole number, which {short(place.text)} is not"
        raise refused(place.column, words, "for the power of a column write I(x**2), with the brackets")
    if before is not None and before.kind is not TokenKind.CLOSE:
        written = text[before.start : before.end]
        raise refused(
            token.column,
            f"{token.text} crosses terms, and of one term that is the term itself",
            f"for the power write I({written}**{after.text})",
        )


def _check_number(text: str, tokens: Sequence[FormulaToken], place: int) -> None:
    """0 and 1 stand for the intercept; other numbers are arithmetic, which stands in I(…)."""
    first, last = place, place
    while first > 0 and not _parts(tokens[first - 1]):
        first -= 1
    while last + 1 < len(tokens) and not _parts(tokens[last + 1]):
        last += 1
    token = tokens[place]
    if first == last and token.text in ("0", "1"):
        return
    inner = text[tokens[first].start : tokens[last].end].replace("^", "**")
    if first == last:
        words = f"a term that is the number {token.text}"
        raise refused(token.column, words, "write 0 or - 1 for no intercept, I(x + 2) for a sum, or leave it out")
    raise refused(token.column, f"the number {token.text} within a term", f"for arithmetic write I({inner})")


def _parts(token: FormulaToken) -> bool:
    """True for what stands between two terms."""
    return token.kind in (TokenKind.OPEN, TokenKind.CLOSE) or (token.text in ("+", "-") and not token.is_operand)


def _check_names(formula: FormulaText, columns: Sequence[str] | None) -> None:
    """See that what is called is no column as well, and that columns are there."""
    mentions = (*formula.target_mentions, *formula.mentions)
    called = {one.name for one in mentions if one.called}
    for one in mentions:
        if not one.called and one.name in called:
            words = f"{one.name} is a column here, and a function as well"
            raise refused(one.column, words, "rename the column in the table")
        if columns is None or one.called or one.name in columns:
            continue
        hint = for_name(one.name, columns, formula.text)
        raise refused(one.column, f"no column {short(one.name)}", hint)


def explained(fault: Exception) -> GdsolveError:
    """What `formulaic` says of a formula all the same, at the term that it was about."""
    place, cause = 1, fault.__cause__ or fault
    trace = fault.__traceback__
    while trace is not None:
        factor: Any = trace.tb_frame.f_locals.get("factor")
        token: Any = getattr(getattr(factor, "factor", factor), "token", None)
        if isinstance(getattr(token, "source_start", None), int):
            place = token.source_start + 1
        trace = trace.tb_next
    reason = re.sub(r"\x1b\[[0-9;]*m|[⧛⧚]", "", str(cause)).strip()
    first = reason.splitlines()[0] if reason else type(cause).__name__
    return refused(place, first.rstrip("."), "see its arguments; docs/guide/formulas.md has every function with them")
