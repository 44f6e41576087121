"""The lines of a program that read its table: X, y, and what weighs or moves a row."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from gdsolve.bundled import named, path_of
from gdsolve.data.literal import literal, literals
from gdsolve.paths import is_file
from gdsolve.programs.text import called, no_program, number, numbers
from gdsolve.solve.data import DataInfo
from gdsolve.spec import Missing, Spec
from gdsolve.spec.losses import Target

READERS = {".parquet": "read_parquet", ".ndjson": "read_ndjson", ".jsonl": "read_ndjson", ".arrow": "read_ipc"}
READERS |= {".feather": "read_ipc", ".ipc": "read_ipc"}
MOST_INLINE = 1000
"""Numbers that stand in a program itself."""
LOOKED_AT = 20_000_000
"""The size of a file, in bytes, up to which polars reads it at once to see that nothing is different."""
INFERRED = 100
"""Rows by which polars decides on the types of columns, unless it is told to look at all of them."""


def table_lines(spec: Spec, info: DataInfo) -> list[str]:
    """The lines that leave X, (m, n) without the column of ones, y, (m, 1), and omega and offset, if there are any.

    Raises:
        GdsolveError: a table that polars reads in another way, or that is in no file.
    """
    roles = info.roles
    if spec.X is not None and spec.y is not None:
        columns = _inline(spec, info)
        rows = zip(*(columns[name] for name in roles.features), strict=True)
        return [
            *called("X = torch.tensor([", [numbers(row) for row in rows], "])"),
            *called("y = torch.tensor([", [f"[{number(value)}]" for value in columns[roles.target]], "])"),
        ]
    lines = _read(spec, info)
    plain = [name for name in roles.features if name not in roles.levels]
    if roles.levels:
        parts = [part for one in roles.features for part in _parts_of(one, roles.levels.get(one))]
        items = [part for part in parts if _named(part, roles.design)]
        lines += [*called("columns = [", [_column(part) for part in items], "]"), _tensor("X", "columns")]
    elif len(plain) > 6:
        lines += [*called("features = [", [repr(literal(name)) for name in plain], "]"), _tensor("X", "features")]
    else:
        lines.append(_tensor("X", ", ".join(map(_column_name, plain))))
    return [*lines, *_target(spec, info), *_weights(spec, info), *_offsets(spec, info)]


def column_lines(spec: Spec, info: DataInfo, names: tuple[str, ...], target: str | None) -> list[str]:
    """The lines that leave columns, (m,) each, by their names, the `target` as `y_observed`, and omega, if it is there.

    Raises:
        GdsolveError: as `table_lines`.
    """
    if info.roles.target_levels is not None or info.roles.levels or info.roles.offset or info.roles.exposure:
        raise no_program("a curve through classes, or with offsets", "give columns of numbers")
    if spec.X is not None and spec.y is not None:
        columns = _inline(spec, info)
        lines = [line for name in names for line in called(f"{name} = torch.tensor([", _texts(columns[name]), "])")]
        return (
            lines if target is None else [*lines, *called("y_observed = torch.tensor([", _texts(columns[target]), "])")]
        )
    lines = _read(spec, info)
    lines += [f"{name} = {_vector(name)}" for name in names]
    lines += [] if target is None else [f"y_observed = {_vector(target)}"]
    if info.roles.weight is not None and target is not None:
        sigma = spec.sigma is not None
        lines.append(f"{'sigma' if sigma else 'omega'} = {_vector(info.roles.weight)}")
        lines += ["omega = 1 / sigma**2  # the weight of a row"] if sigma else []
    return lines


def _inline(spec: Spec, info: DataInfo) -> dict[str, tuple[float, ...]]:
    """The columns of numbers that stand in the spec, by name.

    Raises:
        GdsolveError: too many of them, or columns that weigh or move rows.
    """
    assert spec.X is not None and spec.y is not None
    if len(spec.y) * (len(spec.X[0]) + 1) > MOST_INLINE:
        raise no_program(f"more than {MOST_INLINE} numbers in no file", "write them to a file, as in data.csv")
    roles = info.roles
    if roles.weight or roles.offset or roles.exposure or info.rows != len(spec.y) or spec.loss.info.target.is_classes:
        raise no_program("such numbers that are in no file", "write them to a file, as in data.csv")
    width = len(spec.X[0])
    names = ["x"] if width == 1 else [f"x{j}" for j in range(1, width + 1)]
    return dict(zip((*names, "y"), (*zip(*spec.X, strict=True), spec.y), strict=True))


def _texts(column: Iterable[float]) -> list[str]:
    return [number(value) for value in column]


def _vector(name: str) -> str:
    return f"table[{_double(name)}].cast(pl.Float64).to_torch()"


def _read(spec: Spec, info: DataInfo) -> list[str]:
    """The lines that leave the rows that are used in `table`.

    Raises:
        GdsolveError: as `opened`, and where polars reads the table otherwise than gdsolve, as far as can be seen.
    """
    lines = opened(spec, info)
    if named(info.source[0]) is not None:
        lines = _in_text(spec, info, lines)
    lines += _kept(spec, info)
    if path_of(info.source[0]).stat().st_size <= LOOKED_AT and not _is_same(info, lines):
        if spec.where is not None:
            raise no_program(f"--where {spec.where!r}", "keep the rows in a table of their own, and fit that", "where")
        raise no_program(
            f"{info.source[0]}, which polars alone reads otherwise",
            "write it as plain CSV, names in the first line and numbers without marks, and fit that",
        )
    return lines


def _in_text(spec: Spec, info: DataInfo, lines: list[str]) -> list[str]:
    """A small table that comes with gdsolve as numbers and texts in the program: its file is no user's.

    Raises:
        GdsolveError: it is too large.
    """
    import polars as pl

    space: dict[str, Any] = {"pl": pl}
    exec("\n".join(lines), space)
    table, roles = space["table"], info.roles
    used = [*roles.features, roles.target, *filter(None, (roles.weight, roles.offset, roles.exposure))]
    table = table if spec.where else table.select(literals(used))
    if table.height * table.width > MOST_INLINE:
        name = info.source[0]
        raise no_program(f"a table as large as {name}", f"copy it: gdsolve configs {name} > {name}.csv; and fit that")
    return called(
        "table = pl.DataFrame({", [f"{_double(name)}: {table[name].to_list()}" for name in table.columns], "})"
    )


def _is_same(info: DataInfo, lines: list[str]) -> bool:
    """True where polars finds as many rows, with numbers and texts where gdsolve has found them."""
    import polars as pl

    space: dict[str, Any] = {"pl": pl}
    try:
        exec("\n".join(lines), space)
    except (pl.exceptions.PolarsError, OSError):
        return False
    table, roles = space["table"], info.roles
    used = [*roles.features, roles.target, *filter(None, (roles.weight, roles.offset, roles.exposure))]
    if table.height != info.rows or not set(used) <= set(table.columns):
        return False
    texts = dict(roles.levels) | ({roles.target: roles.target_levels} if roles.target_levels else {})
    known = all(set(table[name].unique()) <= set(levels) for name, levels in texts.items())
    numeric = (
        table.schema[name].is_numeric() or table.schema[name] == pl.Boolean for name in used if name not in texts
    )
    return known and all(numeric)


def opened(spec: Spec, info: DataInfo) -> list[str]:
    """The line that reads the file into `table`.

    Raises:
        GdsolveError: there is no such file, or not one alone.
    """
    _require_plain(spec, info)
    path = str(path_of(info.source[0]))
    if info.delimiter is None:
        ending = "".join(Path(path).suffixes[-1:]).lower()
        if ending not in READERS:
            raise no_program(f"a table such as {path}", "write it as .csv or .parquet, and fit that")
        return [f"table = pl.{READERS[ending]}({_double(path)})"]
    if info.delimiter != "\t" and (len(info.delimiter) != 1 or info.delimiter.isspace()):
        raise no_program(f"cells that stand between blanks, as in {path}", "write the table as .csv, and fit that")
    options = [_double(path)]
    if info.delimiter != ",":
        options.append(f"separator={_double(info.delimiter)}")
    if info.decimal == ",":
        options.append("decimal_comma=True")
    if info.comments:
        sign = spec.comment if spec.comment not in (None, "none") else "#"
        options.append(f"comment_prefix={_double(sign)}")
    if spec.encoding is not None:
        options.append(f"encoding={_double(spec.encoding)}")
    if not info.has_header:
        options.append("has_header=False")
    if info.rows > INFERRED:
        options.append("infer_schema_length=None")
    texts = [*info.roles.levels, *([info.roles.target] if info.roles.target_levels else [])]
    if texts:
        options.append(f"schema_overrides={{{', '.join(f'{_double(name)}: pl.String' for name in texts)}}}")
    if spec.na is not Missing.ERROR or spec.na_values:
        options.append(f"null_values=[{', '.join(map(_double, spec.missing_texts))}]")
    lines = called("table = pl.read_csv(", options, ")")
    if not info.has_header:
        lines.append('table.columns = [*(f"x{j}" for j in range(1, table.width)), "y"]')
    return lines


def _require_plain(spec: Spec, info: DataInfo) -> None:
    source = info.source
    if len(source) != 1:
        raise no_program(f"{len(source)} tables at once", "give one table")
    if source[0] == "-" or not is_file(path_of(source[0])):
        raise no_program("a table that is in no file of its own", "write it to a file, as in data.csv, and fit that")
    if info.is_scan:
        raise no_program("a scan", "give the table that was scanned")
    if spec.thousands is not None:
        raise no_program("--thousands", "write the numbers without it, and leave --thousands out", "thousands")
    if info.dates is not None:
        raise no_program("--dates", "write the dates as numbers, and leave --dates out", "dates")
    if spec.class_weight:
        raise no_program("--class-weight", "leave --class-weight out", "class_weight")
    if info.roles.target_column is not None:
        raise no_program("a target that is an expression", "make it a column of the table, and name that", "target")


def _kept(spec: Spec, info: DataInfo) -> list[str]:
    roles = info.roles
    used = [*roles.features, roles.target, *filter(None, (roles.weight, roles.offset, roles.exposure))]
    lines = [f"table = table.filter(pl.sql_expr({_double(_condition(spec.where, spec, info))}))"] if spec.where else []
    if spec.na is Missing.DROP and info.rows_dropped:
        return lines + called("table = table.drop_nulls([", [_column_name(name) for name in used], "])")
    if spec.na is Missing.MEAN and info.cells_filled:
        raise no_program("--na mean", "give --na drop", "na")
    return lines


def _condition(where: str, spec: Spec, info: DataInfo) -> str:
    """The condition of --where as polars takes it."""
    import polars as pl

    from gdsolve.data.where.sql import read_condition

    space: dict[str, Any] = {"pl": pl}
    try:
        exec("\n".join(opened(spec, info)).removesuffix(")") + ", n_rows=1)", space)
    except (pl.exceptions.PolarsError, SyntaxError):
        return where
    return read_condition(where, space["table"].columns, info.source[0]).sql([])


def _parts_of(name: str, levels: tuple[str, ...] | None) -> list[tuple[str, str | None]]:
    """A column of numbers, or one of text with each of its levels."""
    return [(name, None)] if levels is None else [(name, level) for level in levels]


def _named(part: tuple[str, str | None], design: Iterable[str]) -> bool:
    name, level = part
    return level is None or f"{name}={level}" in design


def _column(part: tuple[str, str | None]) -> str:
    name, level = part
    column = f"pl.col({_column_name(name)})"
    return column if level is None else f"({column} == {_double(level)}).alias({_double(f'{name}={level}')})"


def _target(spec: Spec, info: DataInfo) -> list[str]:
    roles, target = info.roles, _double(info.roles.target)
    kind = spec.loss.info.target
    if kind is Target.CLASSES:
        assert info.classes is not None
        if roles.target_levels is None:
            return [f"classes = {numbers(info.classes.values)}", f"labels = table[{target}]", CODES]
        names = called("classes = [", [_double(name) for name in info.classes.names], "]")
        return [*names, f"labels = table[{target}]", CODES]
    if roles.target_levels is not None:
        level, name = _double(roles.target_levels[-1]), _column_name(roles.target)
        return [f"y = table.select(pl.col({name}) == {level}).to_torch(dtype=pl.Float64)  # 1 for {level}, else 0"]
    return [_tensor("y", _column_name(roles.target))]


CODES = "y = torch.tensor([[float(label == c) for c in classes] for label in labels])  # one-hot"


def _weights(spec: Spec, info: DataInfo) -> list[str]:
    if info.roles.weight is None:
        return []
    column = _column_name(info.roles.weight)
    if spec.sigma is not None:
        return [_tensor("sigma", column), "omega = 1 / sigma**2  # the weight of a row"]
    return [_tensor("omega", column) + "  # the weight of a row"]


def _offsets(spec: Spec, info: DataInfo) -> list[str]:
    roles = info.roles
    parts = [f"pl.col({_column_name(roles.offset)})"] if roles.offset else []
    parts += [f"pl.col({_column_name(roles.exposure)}).log()"] if roles.exposure else []
    return [_tensor("offset", " + ".join(parts))] if parts else []


def _tensor(name: str, columns: str) -> str:
    return f"{name} = table.select({columns}).to_torch(dtype=pl.Float64)"


def _column_name(name: str) -> str:
    return _double(literal(name))


def _double(text: str) -> str:
    return f'"{text}"' if text.isprintable() and '"' not in text and "\\" not in text else repr(text)
