"""The parameters and constants of a formula, from YAML and from flags such as `--start a=0,b=0`."""

from __future__ import annotations

import json
import math
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from numbers import Real
from typing import Any

from gdsolve.spec.curve_names import written
from gdsolve.spec.numbers import nearest, parse_number, shown
from gdsolve.spec.options import Options
from gdsolve.spec.parameter import DOTS, Constant, Parameter, StartRange, Value
from gdsolve.status import GdsolveError

OF_PARAMETERS = ("start", "fix")
"""Options about the parameters of a formula that a table has no use for."""
NAME_HINT = "use letters, digits and _, and begin with a letter, as in a or b1"

# A name, and a number or a list in brackets up to the next comma.
_GIVEN = re.compile(r"\s*([^=,\[\]]+?)\s*=\s*(\[(?:[^\[\]]|\[[^\[\]]*\])*\]|[^,\[\]]*)\s*(?:,|$)")


def is_name(text: str) -> bool:
    """True for what a formula can use as a name."""
    return text.isidentifier() and unicodedata.normalize("NFKC", text) == text


def parameters_of(spec: Options) -> tuple[Parameter, ...]:
    """The parameters of a spec, with what `start`, `lower`, `upper` and `fix` say of them.

    Of a curve those are missing that only its formula names: where they start is found from the data.

    Raises:
        GdsolveError: a name that is no name, a number that is none, bounds that leave no room or a start beyond them.
    """
    found = {parameter.name: parameter for parameter in spec.parameters}
    for name, value in _pairs("start", spec.start):
        found[name] = started(found.get(name, Parameter(name, 0.0)), value)
    for side in ("lower", "upper"):
        for name, value in _pairs(side, getattr(spec, side)):
            if not isinstance(value, float):
                raise GdsolveError(f"{name}: one number is expected", f"write --{side} {name}=0", option=side)
            known = _known(side, name, found, spec)
            found[name] = replace(known, lower=value) if side == "lower" else replace(known, upper=value)
    found = _of_curve(spec, found)
    if spec.nonnegative:
        for name, known in found.items():
            found[name] = replace(known, lower=0.0) if known.lower == -math.inf else known
    for name in _names(spec.fix):
        found[name] = replace(_known("fix", name, found, spec), fixed=True)
    if not found and not spec.finds_starts:
        raise GdsolveError("none is given", "say where they start, as in --start a=0,b=0", option="parameters")
    for parameter in found.values():
        _check(parameter)
    if found and all(parameter.fixed for parameter in found.values()) and not spec.finds_starts:
        raise GdsolveError("all of them are fixed", "leave at least one free to move", option="parameters")
    return tuple(found.values())


def _of_curve(spec: Options, found: dict[str, Parameter]) -> dict[str, Parameter]:
    """The parameters of a curve by its name, in its order, those without a start as well; of a formula as they are."""
    curve = written(spec.model, found) if spec.finds_starts and spec.model is not None else None
    if curve is None:
        return found
    return {name: found.get(name, Parameter(name, 0.0, sought=True)) for name in curve.parameters} | found


def parts_from(option: str, given: Mapping[str, Any]) -> tuple[Parameter | Constant, ...]:
    """The `parameters` or `constants` of a formula from names and values, as Python gives them.

    Raises:
        GdsolveError: a value that is neither a number nor a list of numbers, or a key that no parameter has.
    """
    found: list[Parameter | Constant] = []
    for name, value in given.items():
        described = value if isinstance(value, Mapping) and option == "parameters" else {"start": value}
        try:
            given_start = described.get("start") if option == "parameters" else value
            rest = {key: described[key] for key in described if key != "start"}
            if option == "parameters" and isinstance(given_start, str) and DOTS in given_start:
                found.append(started(Parameter(name, 0.0, **rest), parse_span(given_start, name, "parameters")))
                continue
            if given_start is None and option == "parameters":
                found.append(Parameter(name, 0.0, **rest, sought=True))
                continue
            number = as_value(given_start)
            found.append(Parameter(name, number, **rest) if option == "parameters" else Constant(name, number))
        except (ValueError, TypeError):
            raise GdsolveError(
                f"{name}: {shown(value)} is no value of it", "give a number or a list of numbers", option=option
            ) from None
    return tuple(found)


def started(parameter: Parameter, value: Value | StartRange) -> Parameter:
    """The parameter, started at a value or somewhere in a range."""
    if isinstance(value, StartRange):
        return replace(parameter, start=value.middle, span=value, sought=False)
    return replace(parameter, start=value, span=None, sought=False)


def parse_span(text: str, name: str, option: str = "start") -> StartRange:
    """A range such as 0..10 or 1e-3..1e3, of the parameter `name`.

    Raises:
        GdsolveError: ends that are no finite numbers, or do not rise.
    """
    hint = f"write a range as in --start {name}=0..10"
    ends = [end.strip() for end in text.split(DOTS)]
    if len(ends) != 2 or not all(ends) or any(end.startswith(".") for end in ends[1:]) or ends[0].endswith("."):
        raise GdsolveError(f"{name}: {shown(text)} is no range", hint, option=option)
    try:
        low, high = (parse_number(end, option) for end in ends)
    except GdsolveError as fault:
        raise fault.within(f"{name}: ").but(hint=hint) from None
    if low == high:
        raise GdsolveError(
            f"{name}: the range {shown(text)} is a single number", f"write --start {name}={low:g}", option=option
        )
    if low > high:
        raise GdsolveError(
            f"{name}: the range {shown(text)} falls", f"write --start {name}={ends[1]}..{ends[0]}", option=option
        )
    return StartRange(low, high)


def texts_of(given: Mapping[str, Any]) -> tuple[str, ...]:
    """Names with numbers, lists of them, and pairs that are ranges, as Python gives them, in the words of --start.

    >>> texts_of({"a": 1, "b": (0, 10), "w": [1.0, 2.0]})
    ('a=1.0', 'b=0.0..10.0', 'w=[1.0, 2.0]')
    """
    return tuple(f"{name}={_written(name, value)}" for name, value in given.items())


def _written(name: str, value: Any) -> str:
    if isinstance(value, str):
        return value
    plain = value.tolist() if hasattr(value, "tolist") else value
    if isinstance(plain, tuple) and len(plain) == 2 and all(isinstance(end, Real) for end in plain):
        return f"{float(plain[0])!r}{DOTS}{float(plain[1])!r}"
    try:
        return json.dumps(as_value(plain))
    except (ValueError, TypeError):
        raise GdsolveError(
            f"{name}: {shown(value)} is no start of it",
            "give a number, a pair of numbers for a range, or a list for a vector",
            option="start",
        ) from None


def _known(option: str, name: str, found: dict[str, Parameter], spec: Options) -> Parameter:
    if name not in found and spec.finds_starts:
        return Parameter(name, 0.0, sought=True)
    if name not in found:
        near = nearest(name, list(found))
        raise GdsolveError(
            f"{shown(name)} is no parameter",
            f"did you mean {near}?" if near else f"give it a start, as in --start {name}=1",
            option=option,
        )
    return found[name]


def _names(texts: Sequence[str]) -> Iterator[str]:
    yield from (name.strip() for text in texts for name in text.split(",") if name.strip())


def _pairs(option: str, texts: Sequence[str]) -> Iterator[tuple[str, Value | StartRange]]:
    for text in texts:
        place = 0
        while place < len(text):
            match = _GIVEN.match(text, place)
            if match is None:
                raise GdsolveError(
                    f"{shown(text[place:])} is not NAME=NUMBER", f"write it as in --{option} a=0,b=0", option=option
                )
            yield match[1], _value(option, match[1], match[2])
            place = match.end()


def _value(option: str, name: str, text: str) -> Value | StartRange:
    if option == "start" and DOTS in text and not text.startswith("["):
        return parse_span(text, name)
    if not text.startswith("["):
        try:
            return parse_number(text, option)
        except GdsolveError as fault:
            raise fault.but(hint=f"write it as in --{option} {name}=1") from None
    try:
        return as_value(json.loads(text))
    except (ValueError, TypeError):
        raise GdsolveError(
            f"{name}: {shown(text)} is no list of numbers", f"write --{option} '{name}=[0, 0]'", option=option
        ) from None


def as_value(given: Any) -> Value:
    """A number, a vector or a matrix from numbers and lists.

    Raises:
        ValueError: anything else.
    """
    if isinstance(given, bool | str) or not (isinstance(given, Real) or len(given)):
        raise ValueError("no numbers")
    if isinstance(given, Real):
        return float(given)
    rows = tuple(as_value(item) for item in given)
    widths = {_width(row) for row in rows}
    if len(widths) > 1:
        raise ValueError("neither a vector nor a matrix")
    return rows


def _width(row: Value) -> int:
    if isinstance(row, float):
        return 0
    if isinstance(row[0], tuple):
        raise ValueError("deeper than a matrix")
    return len(row)


def _check(parameter: Parameter) -> None:
    name = parameter.name
    if not is_name(name):
        raise GdsolveError(f"{shown(name)} is no name", NAME_HINT, option="parameters")
    if parameter.span is not None:
        _check_span(parameter, parameter.span)
    if not parameter.lower < parameter.upper:
        raise GdsolveError(
            f"{name}: its lower bound {parameter.lower:g} is not below its upper bound {parameter.upper:g}",
            f"leave one of them out; to hold {name} where it starts, give --fix {name} and no bounds of it",
        )
    if parameter.sought and parameter.fixed:
        raise GdsolveError(
            f"{name}: is fixed, and nothing says at which number", f"give it one: --start {name}=1", option="fix"
        )
    for number in () if parameter.span is not None or parameter.sought else entries(parameter.start):
        if not math.isfinite(number):
            raise GdsolveError(
                f"{name}: starts at {number}, which is not finite", f"start it at a number: --start {name}=1"
            )
        if not parameter.lower <= number <= parameter.upper:
            raise GdsolveError(
                f"{name}: starts at {number:g}, beyond its bounds {parameter.lower:g} to {parameter.upper:g}",
                f"start it within them, as in --start {name}={min(max(number, parameter.lower), parameter.upper):g}",
            )


def _check_span(parameter: Parameter, span: StartRange) -> None:
    name = parameter.name
    if parameter.fixed:
        raise GdsolveError(
            f"{name}: is fixed, and its start {span.text} is a range",
            f"give it a number, as in --start {name}={span.middle:g}, or let it move",
            option="fix",
        )
    if span.high < parameter.lower or span.low > parameter.upper:
        within = min(max(span.middle, parameter.lower), parameter.upper)
        raise GdsolveError(
            f"{name}: its range {span.text} is beyond its bounds {parameter.lower:g} to {parameter.upper:g}",
            f"start it within them, as in --start {name}={within:g}",
        )


def entries(value: Value) -> list[float]:
    """The numbers of a value, row by row."""
    if isinstance(value, float | int):
        return [float(value)]
    return [number for item in value for number in entries(item)]


def labels(parameter: Parameter) -> tuple[str, ...]:
    """One name per number of a parameter: `a`, or `w[0]`, `w[1]`, or `W[0,1]`."""
    name, start = parameter.name, parameter.start
    if isinstance(start, float | int):
        return (name,)
    if isinstance(start[0], tuple):
        return tuple(f"{name}[{i},{j}]" for i, row in enumerate(start) for j in range(len(row)))
    return tuple(f"{name}[{i}]" for i in range(len(start)))
