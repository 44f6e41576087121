"""From sources, flags and YAML to one `Spec`.

A YAML spec serves several verbs: a key that belongs to another verb than the one running (`iterates` while fitting) is
checked like any other and has no effect. A flag wins over a key.
"""

from __future__ import annotations

import difflib
import glob
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from gdsolve.bundled import SPEC_ENDINGS, known_as, named
from gdsolve.spec.choices import PlotKind
from gdsolve.spec.class_weights import texts_of as texts_of_classes
from gdsolve.spec.condition import Asked
from gdsolve.spec.document import Items, Keys, Scalar, read_entries
from gdsolve.spec.long_lists import LongList
from gdsolve.spec.methods import PLAIN
from gdsolve.spec.numbers import nearest, parse_count, parse_learning_rate, parse_number, shown
from gdsolve.spec.offers import check_format, only_traced
from gdsolve.spec.option import field_of, key_of
from gdsolve.spec.parameter import DOTS, Constant, Parameter, StartRange, Value
from gdsolve.spec.parameters import NAME_HINT, is_name, parse_span, parts_from, started, texts_of
from gdsolve.spec.plots import check_plot
from gdsolve.spec.program import code_beside
from gdsolve.spec.require_company import require_company
from gdsolve.spec.scans import check_scans
from gdsolve.spec.source_name import selecting, source_name
from gdsolve.spec.spec import Spec
from gdsolve.spec.strengths import check_strengths
from gdsolve.spec.values import convert, is_list, is_optional, kinds, require_kind
from gdsolve.spec.verbs import VERBS, Does
from gdsolve.status import GdsolveError, Place

__all__ = [
    "build_spec",
    "from_flag",
    "nearest_option",
    "parse_count",
    "parse_learning_rate",
    "read_matrix",
    "read_spec",
]

SINGLE_RATE_VERBS = ("fit", "report")
PATHS = ("init", "online", "weights", "save", "history", "plot", "checkpoint", "resume", "output")
GROUPING_VERBS = ("fit", "check", "predict")
"""Verbs that take rows by groups; `check` takes no tables one by one."""
HOME = "~/"
COUNTS = ("max_iter", "batch", "epochs", "every", "iterates", "seed", "cv", "points", "starts")
TWINS = {"header": "no_header", "no_header": "header"}
"""Two names of one option: a flag by either wins over a key by the other."""
FORMULA_PARTS = ("parameters", "constants")
BY_NAME = ("start", "lower", "upper")
"""Options of names with numbers, which are a mapping in Python."""
PARAMETER_KEYS = ("start", "lower", "upper", "fixed")
NICKNAMES = {
    "learning_rate": "lr",
    "alpha": "lr",
    "step_size": "lr",
    "max_iterations": "max_iter",
    "iterations": "max_iter",
    "steps": "max_iter",
    "tolerance": "tol",
    "l2": "ridge",
    "lambda": "ridge",
    "lasso": "l1",
    "file": "data",
    "weights": "weight",
    "sigmas": "sigma",
    "solver": "engine",
    "output": "format",
    "separator": "delimiter",
    "sep": "delimiter",
    "intercept": "no_intercept",
    "batch_size": "batch",
    "minibatch": "batch",
    "by": "group_by",
    "groups": "group_by",
    "groupby": "group_by",
}


def build_spec(sources: Sequence[str], given: Mapping[str, Any], verb: str, *, in_memory: bool = False) -> Spec:
    """The spec of one run: the first of what `read_spec` gives.

    Raises:
        GdsolveError: as `read_spec`.
    """
    return read_spec(sources, given, verb, in_memory=in_memory)[0]


def read_spec(
    sources: Sequence[str], given: Mapping[str, Any], verb: str, *, in_memory: bool = False
) -> tuple[Spec, frozenset[str]]:
    """The spec of one run, and the keys that a YAML file sets.

    `sources` are tables, or one YAML spec; `given` holds the options that were given as flags, as text (several texts
    where the flag may be repeated) or as a value already. A table may be `in_memory`, beside the sources.

    Raises:
        GdsolveError: sources that do not go together, an unknown key, or a value out of its type or range.
    """
    specs = [source for source in sources if is_yaml(source)]
    if specs and len(sources) > 1:
        raise GdsolveError(
            f"a YAML spec stands alone, not with {len(sources) - 1} more",
            "name the tables under data: in the spec",
            place=Place(specs[0]),
        )
    flags = {name: from_flag(name, value, verb) for name, value in given.items()}
    if not specs:
        spec = Spec(**{"data": tuple(sources), **flags})
        return _fit_for(spec, verb, in_memory=in_memory), frozenset()
    return _from_yaml(specs[0], flags, verb)


def is_yaml(source: str) -> bool:
    """True for a source that is a spec and no table: by its ending, or by the name of one that comes with gdsolve."""
    if source.lower().endswith(SPEC_ENDINGS):
        return source_name(source).is_path
    bundled = named(source)
    return bundled is not None and bundled.is_spec


def is_url(source: str) -> bool:
    """True for an address on the web and the like, which is no file here."""
    return re.match(r"[A-Za-z][A-Za-z0-9+.-]+://", source) is not None


def at_home(path: str) -> str:
    """The path with the user's home in place of ~, which no shell has seen."""
    return str(Path(path).expanduser()) if path.startswith(HOME) else path


def nearest_option(name: str, names: Sequence[str]) -> str | None:
    """The one of `names` that was probably meant: a known other name for it, or the nearest spelling."""
    name = field_of(name.strip("-"))
    known = NICKNAMES.get(name.lower())
    if known in names:
        return known
    return next(iter(difflib.get_close_matches(name, names, n=1)), None)


def from_flag(name: str, value: Any, verb: str | None = None) -> Any:
    """The value of a field from what a flag or a caller gave.

    Raises:
        GdsolveError: a text that cannot be read as a value of this field.
    """
    value = os.fspath(value) if isinstance(value, os.PathLike) else value
    if name == "lr":
        return parse_learning_rate(value)
    if name in COUNTS and isinstance(value, float):
        return parse_count(value, name)
    if name in FORMULA_PARTS:
        return _parts(name, value, verb)
    if name in BY_NAME and isinstance(value, Mapping):
        value = texts_of(value)
    if name == "header" and isinstance(value, bool):
        value = "yes" if value else "no"
    if name == "class_weight" and isinstance(value, Mapping):
        return texts_of_classes(value)
    if isinstance(value, str | list | tuple) and all(isinstance(item, str) for item in value):
        return convert(name, _split_cells(name, value), verb)
    require_kind(name, value, verb or "fit")
    return value


def _parts(name: str, value: Any, verb: str | None) -> tuple[Parameter | Constant, ...]:
    """The parameters or constants of a formula from a mapping, or as they are."""
    if isinstance(value, Mapping):
        return parts_from(name, value)
    if not isinstance(value, tuple) or not all(isinstance(item, Parameter | Constant) for item in value):
        require_kind(name, value, verb or "fit")
    return tuple(value)


def _split_cells(name: str, texts: str | Sequence[str]) -> str | Sequence[str]:
    """Cells that count as missing, split at commas; names of columns are split where the header is known."""
    if name != "na_values":
        return texts
    return [part for text in ([texts] if isinstance(texts, str) else texts) for part in text.split(",")]


def _fit_for(spec: Spec, verb: str, *, in_memory: bool = False) -> Spec:
    # Both ask for pictures: the page has them all, and no other verb writes one.
    page = verb == "report"
    if page:
        spec = replace(spec, plot=False, plot_kind=PlotKind.AUTO, watch=False)
    elif spec.output is not None and Does.CHOOSES not in VERBS[verb].does:
        spec = replace(spec, output=None)
    check_format(spec.format, verb)
    check_plot(spec, verb)
    if verb in SINGLE_RATE_VERBS and isinstance(spec.lr, tuple):
        raise GdsolveError(
            f"{len(spec.lr)} rates, and {verb} takes one", "run gdsolve compare-lr, which takes several", option="lr"
        )
    if verb == "compare-lr" and not spec.method.may_be_plain:
        raise GdsolveError(
            f"compare-lr compares rates of {PLAIN.value}, not of {spec.method.value}",
            "run gdsolve compare for methods, or leave --method out",
            option="method",
        )
    if spec.group_by and verb not in GROUPING_VERBS:
        raise GdsolveError(
            f"{verb} looks at all rows together", "take it out of the spec; it goes with gdsolve fit", option="group_by"
        )
    if spec.each and (verb not in GROUPING_VERBS or verb == "check"):
        raise GdsolveError(
            f"{verb} takes all tables as one", "take it out of the spec; it goes with gdsolve fit", option="each"
        )
    check_scans(spec, verb)
    require_company(Asked(spec, verb, in_memory))
    check_strengths(spec, verb)
    if spec.sheet is not None or spec.query is not None:
        spec = replace(spec, data=selecting(spec.data, spec))
    if spec.formula is None:
        return spec
    # What reads a formula takes longer to import than most specs to read.
    from gdsolve.spec.model_formula import settled_by_formula

    return settled_by_formula(spec)


def _from_yaml(path: str, flags: dict[str, Any], verb: str) -> tuple[Spec, frozenset[str]]:
    lines: dict[str, int] = {}
    values: dict[str, Any] = {}
    for entry in read_entries(path, flat=kinds().keys() - set(FORMULA_PARTS), tables=("X", "y")):
        name = _field_name(path, entry.key, entry.line)
        if name in lines:
            raise GdsolveError(
                f"given before, on line {lines[name]}",
                "keep one of them",
                place=Place(path, entry.line),
                option=entry.key,
            )
        lines[name] = entry.line
        if name not in flags and TWINS.get(name) not in flags:
            values[name] = relative(path, name, _read_value(path, name, entry.value, verb))

    def where(name: str) -> Place | None:
        return Place(path, lines[name]) if name in values else Place(path) if name in ("X", "y") else None

    try:
        spec = _fit_for(Spec(**values, **flags), verb)
    except GdsolveError as fault:
        subject = next(iter(fault.subjects), None)
        raise (fault if subject is None else fault.but(place=where(subject))) from None
    if not spec.data and spec.X is None and spec.minimize is None:
        raise GdsolveError(
            "neither data nor X and y",
            "add data: and a path, or X: and y: with the numbers, or minimize:",
            place=Place(path),
        )
    if spec.X is not None and spec.y is not None and len(spec.X) != len(spec.y):
        raise GdsolveError(
            f"{len(spec.y)} numbers for {len(spec.X)} rows of X",
            "give one number per row",
            option="y",
            place=where("y"),
        )
    return spec, frozenset(lines)


def _field_name(path: str, key: str, line: int) -> str:
    name = field_of(key)
    names = [known for known in kinds() if not only_traced(known)]
    if name in names:
        return name
    near = nearest_option(key, names)
    raise GdsolveError(
        f"unknown key {shown(key)}",
        f"did you mean {key_of(near)}?" if near else "gdsolve schema lists the keys",
        place=Place(path, line),
    )


def _read_value(path: str, name: str, node: Any, verb: str) -> Any:
    """The value of a key, converted by the type of its field."""
    if name in ("X", "y"):
        return read_matrix(path, node) if name == "X" else _column(path, node)
    if name in FORMULA_PARTS:
        return _formula_parts(path, name, node)
    if isinstance(node, Scalar):
        if node.null and is_optional(name):
            return None
        if node.null:
            raise GdsolveError("no value", "give one, or take the key out", place=Place(path, node.line), option=name)
        texts = _split_cells(name, node.text)
    else:
        if not all(isinstance(item, Scalar) for item in node.items):
            raise GdsolveError("a list in a list", "write a flat list", place=Place(path, node.line), option=name)
        if not is_list(name):
            raise GdsolveError(
                "a list where one value is expected",
                f"write {name}: and one value",
                place=Place(path, node.line),
                option=name,
            )
        texts = [item.text for item in node.items]
    try:
        return convert(name, texts, verb)
    except GdsolveError as fault:
        raise fault.but(place=Place(path, node.line)) from None


def _formula_parts(path: str, name: str, node: Any) -> tuple[Parameter | Constant, ...]:
    """The parameters or constants of a formula, by name."""
    if not isinstance(node, Keys):
        raise GdsolveError(
            "names are expected", f"write {name}: {{a: 0, b: 0}}", place=Place(path, node.line), option=name
        )
    found: dict[str, Parameter | Constant] = {}
    for entry in node.entries:
        place = Place(path, entry.line)
        if not is_name(entry.key):
            raise GdsolveError(f"{shown(entry.key)} is no name", NAME_HINT, place=place, option=name)
        if entry.key in found:
            raise GdsolveError(f"{entry.key} is given twice", "keep one of them", place=place, option=name)
        if name == "constants":
            found[entry.key] = Constant(entry.key, read_value(path, entry.key, entry.value))
        else:
            found[entry.key] = _parameter(path, entry.key, entry.value)
    return tuple(found.values())


def _parameter(path: str, name: str, node: Any) -> Parameter:
    if isinstance(node, Scalar) and node.null:
        return Parameter(name, 0.0, sought=True)
    if not isinstance(node, Keys):
        return started(Parameter(name, 0.0), _start(path, name, node))
    given: dict[str, Any] = {}
    start: Value | StartRange | None = None
    for entry in node.entries:
        place = Place(path, entry.line)
        if entry.key not in PARAMETER_KEYS:
            near = nearest(entry.key, PARAMETER_KEYS)
            remedy = f"did you mean {near}?" if near else f"known here: {', '.join(PARAMETER_KEYS)}"
            raise GdsolveError(f"unknown key {shown(entry.key)}", remedy, place=place, option=name)
        if entry.key == "start":
            start = _start(path, name, entry.value)
        elif not isinstance(entry.value, Scalar):
            text, hint = f"{entry.key}: one value is expected", f"write {entry.key}: and one value"
            raise GdsolveError(text, hint, place=place, option=name)
        elif entry.key == "fixed":
            given["fixed"] = _fixed(path, entry)
        else:
            given[entry.key] = _bound(path, entry)
    if start is None:
        return Parameter(name, 0.0, **given, sought=True)
    return started(Parameter(name, 0.0, **given), start)


def _start(path: str, name: str, node: Any) -> Value | StartRange:
    """Where a parameter starts: a value, or a range."""
    if not isinstance(node, Scalar) or DOTS not in node.text:
        return read_value(path, name, node)
    try:
        return parse_span(node.text, name, "parameters")
    except GdsolveError as fault:
        raise fault.but(hint=f"write {name}: 0..10", place=Place(path, node.line)) from None


def _bound(path: str, entry: Any) -> float:
    try:
        return parse_number(entry.value.text, entry.key)
    except GdsolveError as fault:
        raise fault.but(hint=f"write {entry.key}: 1.0", place=Place(path, entry.line)) from None


def _fixed(path: str, entry: Any) -> bool:
    try:
        return bool(convert("quiet", entry.value.text))
    except GdsolveError:
        raise GdsolveError(
            f"{shown(entry.value.text)} is neither true nor false",
            "write fixed: true, or leave it out",
            place=Place(path, entry.line),
            option="fixed",
        ) from None


def read_value(path: str, name: str, node: Any) -> Value:
    """A number, a vector as a flat list, or a matrix as a list of rows.

    Raises:
        GdsolveError: anything else.
    """
    if isinstance(node, Scalar):
        try:
            return parse_number(node.text, name)
        except GdsolveError as fault:
            raise fault.but(hint=f"write {name}: 1.0", place=Place(path, node.line)) from None
    rows = read_matrix(path, node, name)
    flat = isinstance(node, Items) and isinstance(node.items[0], Scalar)
    return tuple(number for (number,) in rows) if flat else rows


def read_matrix(path: str, node: Any, name: str = "X") -> tuple[tuple[float, ...], ...]:
    """Rows of numbers, all of one length; a flat list is one column.

    Raises:
        GdsolveError: anything else.
    """
    if isinstance(node, LongList):
        return tuple(tuple(row) if isinstance(row, list) else (row,) for row in node.values)
    if not isinstance(node, Items) or not node.items:
        raise GdsolveError(
            "a list of numbers is expected", f"write {name}: [1, 2, 3]", place=Place(path, node.line), option=name
        )
    rows: list[tuple[float, ...]] = []
    for item in node.items:
        cells = item.items if isinstance(item, Items) else [item]
        if not cells or (rows and len(cells) != len(rows[0])):
            width = f", row 1 has {len(rows[0])}" if rows else ""
            raise GdsolveError(
                f"row {len(rows) + 1} has {len(cells)} numbers{width}",
                "give every row as many numbers",
                place=Place(path, item.line),
                option=name,
            )
        rows.append(tuple(_cell(path, name, cell) for cell in cells))
    return tuple(rows)


def _column(path: str, node: Any) -> tuple[float, ...]:
    """Numbers, as a flat list or as a column of lists of one number each."""
    rows = read_matrix(path, node, "y")
    if len(rows[0]) != 1:
        raise GdsolveError(
            f"{len(rows[0])} numbers a row", "give one number per row", place=Place(path, node.line), option="y"
        )
    return tuple(number for (number,) in rows)


def _cell(path: str, name: str, cell: Any) -> float:
    if isinstance(cell, Items):
        raise GdsolveError(
            "a list where a number is expected",
            f"write numbers alone, as in {name}: [[1, 2], [3, 4]]",
            place=Place(path, cell.line),
            option=name,
        )
    try:
        return parse_number(cell.text, name)
    except GdsolveError as fault:
        hint = "X and y hold numbers only" if name in ("X", "y") else f"{name} holds numbers only"
        raise fault.but(hint=hint, place=Place(path, cell.line)) from None


def relative(path: str, name: str, value: Any) -> Any:
    """The value of an option of a spec; a path is taken from the folder of the spec."""
    if name == "data":
        return tuple(_table_beside(path, entry) for entry in value)
    if name == "code" and isinstance(value, str):
        return code_beside(value, lambda file: _beside(path, file))
    if name in PATHS and value not in (None, "zeros", "random", True, False):
        return _beside(path, value)
    return value


def _table_beside(path: str, entry: str) -> str:
    """A table of a spec: the file of that name beside it, else what comes with gdsolve under it."""
    beside = _beside(path, entry)
    bundled = known_as(entry)
    if bundled is None or (named(path) is None and Path(beside).exists()):
        return beside
    # A file where gdsolve runs may have the name too, and is not meant.
    return bundled.name if named(entry) is bundled else str(bundled.path)


def _beside(path: str, entry: str) -> str:
    if entry == "-" or is_url(entry):
        return entry
    if not (name := source_name(entry)).is_path:
        return replace(name, path=_beside(path, name.path)).text if name.path else entry
    entry, folder = at_home(entry), Path(path).parent
    # A folder called `runs[1]` is no pattern, even where the entry is one.
    return str(Path(glob.escape(str(folder))) / entry) if glob.has_magic(entry) else str(folder / entry)
