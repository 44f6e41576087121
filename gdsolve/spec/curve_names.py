"""From the names of curves to the formula that they stand for: `gaussian`, or a sum of several."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from gdsolve.spec.curves import ALSO, BY_NAME, CURVES, FEATURE, SUMMANDS, NamedCurve
from gdsolve.spec.numbers import nearest
from gdsolve.status import GdsolveError

KNOWN = f"by name there are {', '.join(BY_NAME)}; gdsolve curves shows their formulas"
_NAME = r"[^\W\d][\w.]*(?:[- ][\w.]+)*"
# Backticks hold columns; a name with a bracket behind it is called.
_WORD = r"`[^`]*`|[^\W\d][\w.]*(?:-[\w.]+)*(?!\w*\()"


@dataclass(frozen=True, slots=True)
class Written:
    """What a name, or a sum of names, stands for: a formula of x, and its parameters in order."""

    name: str
    formula: str
    parameters: tuple[str, ...]

    def of(self, column: str) -> str:
        """The formula of a column of a table, as a formula takes its name."""
        return re.sub(rf"\b{FEATURE}\b", lambda _: column, self.formula)


def curves() -> dict[str, NamedCurve]:
    """The curves that `model` knows by name: each with its formula, its parameters, and what it is."""
    return dict(BY_NAME)


def curve_of(name: str) -> NamedCurve | None:
    """The curve of a name, in any case, with - or _ or a blank between its words; None where there is none.

    >>> curve_of("Michaelis_Menten").parameters, curve_of("4pl").name, curve_of("gaussian + line")
    (('vmax', 'km'), 'dose-response', None)
    """
    plain = re.sub(r"[\s_-]+", "-", name.strip().lower())
    return BY_NAME.get(ALSO.get(plain, plain))


def written(model: str, others: Collection[str] = ()) -> Written | None:
    """What a model says by the name of a curve, or by a sum of such names; None for a formula.

    A word that is one of `others`, names that have a start, is a parameter. What several curves of a sum call by one
    name is numbered.

    >>> written("gaussian + gaussian + line").parameters
    ('height1', 'center1', 'sigma1', 'height2', 'center2', 'sigma2', 'intercept', 'slope')
    """
    words = model.split("+")
    found = [curve_of(word) for word in words]
    curves = [curve for curve in found if curve is not None]
    if len(curves) < len(words) or any(word.strip() in others for word in words):
        return None
    shared = Counter(name for curve in curves for name in curve.parameters)
    taken = {name for name, count in shared.items() if count == 1}
    formulas: list[str] = []
    parameters: list[str] = []
    for curve in curves:
        called = {name: name if shared[name] == 1 else _numbered(name, taken) for name in curve.parameters}
        taken |= {*called.values()}
        formulas.append(renamed(curve.formula, called))
        parameters += called.values()
    return Written(" + ".join(curve.name for curve in curves), " + ".join(formulas), tuple(parameters))


def is_named(model: str) -> bool:
    """True for the name of a curve, or a sum of names."""
    return written(model) is not None


def may_be_named(model: str) -> bool:
    """True for what may have been meant as such."""
    return all(re.fullmatch(_NAME, word.strip()) or curve_of(word) is not None for word in model.split("+"))


def require_formula(model: str, columns: Collection[str], others: Collection[str]) -> None:
    """Refuse what is meant as the name of a curve and is none; `others` are parameters with a start, and constants.

    A curve's name that is a summand of a formula, or any part of one that is of no column, was not meant as a parameter
    without a start; `power` in `a*x**power` was.

    Raises:
        GdsolveError: a name that is misspelt, one that is part of a formula, or a word that nothing is called by.
    """
    names = {*columns, *others}
    for term in model.split("+"):
        word = term.strip()
        if re.fullmatch(_NAME, word) and curve_of(word) is None and not _is_made_of(word, names):
            _require_no_near(word, alone=word == model.strip())
    words = [match for match in re.finditer(_WORD, model) if not _is_made_of(match[0].strip("`"), names)]
    of_columns = any(
        name in columns for found in re.findall(r"`[^`]*`|[^\W\d]\w*", model) for name in [found.strip("`")]
    )
    summands = {term.strip() for term in model.split("+")}
    for match in words:
        curve = curve_of(match[0])
        if curve is None or (of_columns and (match[0] not in summands or curve in CURVES[SUMMANDS])):
            continue
        raise GdsolveError(
            f"column {match.start() + 1}: {match[0]} is a curve's name, which stands alone or in a sum of names",
            f"write it out{_with_column(names)}: {curve.formula}; or add curves by name, as in {curve.name} + line",
            option="model",
            column=match.start() + 1,
        )


def _is_made_of(word: str, names: Collection[str]) -> bool:
    """True for a name, or a difference of names: `a-b` is one of two columns."""
    return word in names or all(part.strip() in names for part in re.split(r"[- ]", word))


def _require_no_near(word: str, *, alone: bool) -> None:
    near = nearest(re.sub(r"[\s_-]+", "-", word.lower()), [*BY_NAME, *ALSO])
    if near is None and not (alone and word.isidentifier()):
        return
    found = None if near is None else BY_NAME[ALSO.get(near, near)]
    hint = KNOWN if found is None else f"did you mean {near}? it is {found.formula}"
    raise GdsolveError(f"there is no curve, column or parameter called {word!r}", hint, option="model")


def _with_column(names: Collection[str]) -> str:
    return "" if FEATURE in names else f", with a column in place of {FEATURE}"


def _numbered(name: str, taken: Collection[str]) -> str:
    """The name with the first number that is free."""
    stem = f"{name}_" if name[-1].isdigit() else name
    return next(made for number in range(1, len(taken) + 2) if (made := f"{stem}{number}") not in taken)


def renamed(formula: str, called: Mapping[str, str]) -> str:
    """A formula of the table of curves with other names for some parameters."""
    return re.sub(r"\b[a-z_]\w*\b(?!\()", lambda match: called.get(match[0], match[0]), formula)
