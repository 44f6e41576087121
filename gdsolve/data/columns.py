"""Which columns play which part: target, features, weight, and what is left out."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gdsolve.data.cells import ColumnKind
from gdsolve.nearest import nearest_names
from gdsolve.quoting import joined, quoted
from gdsolve.spec import Categorical, Spec, flag
from gdsolve.spec.command import list_words
from gdsolve.spec.marks import BLANKS
from gdsolve.status import DataError, GdsolveError

if TYPE_CHECKING:
    from gdsolve.data.formula.columns import FormulaColumns

MOST_LISTED = 12
_TWO = "a fit takes two columns or more: the target, and what explains it"


@dataclass(frozen=True, slots=True)
class Roles:
    """Which columns play which part.

    `features` are source columns; `levels` holds the one-hot levels by column, sorted, the reference level first;
    `design` names the columns of the design matrix, after one-hot encoding: `size`, `color=red`.
    `target_column` is the column of a target that is an expression of one, and `target_levels` are the texts of one
    that is read as 0, 1, …, in this order. `group` are the columns whose
    values tell the groups apart, and `together` the one whose values keep rows in one fold. Rows with the same value in
    the column `cluster` may depend on each other. Rows are weighed by the column `weight`: its cells are weights, or
    standard deviations where the spec has `sigma`. `formula` is what makes design and target of columns, if one does.
    """

    target: str
    target_reason: str
    features: tuple[str, ...]
    weight: str | None
    ignored: tuple[str, ...]
    levels: Mapping[str, tuple[str, ...]]
    design: tuple[str, ...]
    target_levels: tuple[str, ...] | None = None
    group: tuple[str, ...] = ()
    together: str | None = None
    cluster: str | None = None
    target_column: str | None = None
    offset: str | None = None
    exposure: str | None = None
    formula: FormulaColumns | None = None

    @property
    def texts(self) -> tuple[str, ...]:
        """The features that are read as text."""
        return tuple(self.levels) if self.formula is None else self.formula.texts

    @property
    def target_columns(self) -> tuple[str, ...]:
        """The columns that the target is made of."""
        return (self.formula and self.formula.target_columns) or (self.target,)


def columns_used(roles: Roles) -> set[str]:
    """The columns that are read, by any part that they play."""
    named = () if roles.formula is None else (*roles.formula.numbers, *roles.formula.texts)
    single = (roles.weight, roles.offset, roles.exposure, roles.together, roles.cluster)
    several = (*roles.features, *roles.target_columns, *named, *roles.group)
    return {name for name in (*several, roles.target_column, *single) if name}


@dataclass(frozen=True, slots=True)
class Parts:
    """What the flags alone say, before a cell is looked at; `named` are the columns that a flag asked for by name."""

    target: str
    target_reason: str
    features: tuple[str, ...]
    weight: str | None
    named: frozenset[str]
    group: tuple[str, ...] = ()
    together: str | None = None
    cluster: str | None = None
    offset: str | None = None
    exposure: str | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    """The columns that a formula uses; the last one of a formula without a target stands as `target`."""

    features: tuple[str, ...]
    target: str
    reason: str

    def roles(self, names: Sequence[str], spec: Spec) -> Roles:
        """The roles of a table that is read for a formula."""
        cluster = spec.errors.cluster
        used = {*self.features, self.target, spec.weight_column, cluster, spec.offset, spec.exposure}
        ignored = tuple(name for name in names if name not in used)
        features = self.features
        return Roles(
            self.target,
            self.reason,
            features,
            spec.weight_column,
            ignored,
            {},
            features,
            cluster=cluster,
            offset=spec.offset,
            exposure=spec.exposure,
        )


def assign(
    names: Sequence[str], spec: Spec, table: str, has_header: bool = True, row_names: str | None = None
) -> Parts:
    """Give every column its part, by the flags or by default; without a header, names say nothing of the target.

    The column `row_names`, if there is one, has a part only where a flag names it.

    Raises:
        GdsolveError: a flag that names no column, or gives one column two parts.
        DataError: no column is left to explain the target with.
    """
    ignored = columns_in("ignore", spec.ignore, names, table)
    features = columns_in("features", spec.features, names, table)
    weight = _column(spec.weight_option, spec.weight_column, names, table)
    target = _column("target", spec.target, names, table)
    group = columns_in("group_by", spec.group_by, names, table)
    together = _column("cv_by", spec.cv_by, names, table)
    cluster = cluster_column(names, spec, table)
    offset, exposure = offsets_of(names, spec, table)
    single = {"target": target, spec.weight_option: weight, "cv_by": together}
    single |= {"offset": offset, "exposure": exposure}
    _forbid_two_parts(single, {"ignore": ignored, "features": features, "group_by": group})
    # A feature may tell clusters apart as well: where it is named as one, or stands among texts.
    if cluster is not None and cluster in (target, weight):
        raise _in_two_parts(cluster, "se", "target" if cluster == target else spec.weight_option)
    apart = {*ignored, weight, *group, together, row_names, cluster, offset, exposure}
    left = [name for name in names if name not in apart]
    if not left:
        raise DataError(f"{table}: no column is left", "leave out less with --ignore")
    if target is not None:
        reason = "--target"
    else:
        target, reason = usual_target(left, has_header)
    if target in features:
        raise GdsolveError(
            f"the target {target!r} ({reason}) is named in --features as well",
            "give --target COLUMN",
            about=("target", "features"),
        )
    chosen = features or tuple(name for name in left if name != target)
    if not chosen:
        index = f"{flag_for('features', [row_names])} takes the column without a name" if row_names else None
        more = index or f"leave out less with --ignore, or choose another --target or {flag(spec.weight_option)}"
        raise DataError(_lonely(table, names, target), (split_hint(names[0]) or _TWO) if len(names) == 1 else more)
    named = {name for name in (spec.target and target, weight, cluster, offset, exposure, *features) if name}
    return Parts(target, reason, chosen, weight, frozenset(named), group, together, cluster, offset, exposure)


def cluster_column(names: Sequence[str], spec: Spec, table: str) -> str | None:
    """The column by which errors are clustered, if they are.

    Raises:
        GdsolveError: there is no such column.
    """
    return _column("se", spec.errors.cluster, names, table)


def offsets_of(names: Sequence[str], spec: Spec, table: str) -> tuple[str | None, str | None]:
    """The columns of offsets and of exposures, if there are any.

    Raises:
        GdsolveError: there is no such column.
    """
    return _column("offset", spec.offset, names, table), _column("exposure", spec.exposure, names, table)


def usual_target(names: Sequence[str], has_header: bool = True) -> tuple[str, str]:
    """The target where none is named, and why: the column y of a header, else the last one."""
    return ("y", "the column y") if has_header and "y" in names else (names[-1], "the last column")


def split_hint(name: str) -> str | None:
    """Say what splits the cells of the only column of a table; None where its name holds no delimiter."""
    mark = re.search("[,;|:^~]", name)
    if mark is None and not re.search(r"\s", name):
        return None
    return f"if cells are split wrongly, name the delimiter: --delimiter {quoted(mark[0] if mark else BLANKS)}"


def _lonely(table: str, names: Sequence[str], target: str) -> str:
    if len(names) == 1:
        return f"{table}: has only one column, {target!r}; a fit needs a target and at least one feature"
    return f"{table}: no feature column is left for the target {target!r}"


def columns_in(option: str, values: Sequence[str], names: Sequence[str], table: str) -> tuple[str, ...]:
    """Split a list flag at commas; a value that is one column's whole name is that column, commas included.

    Raises:
        GdsolveError: a column that is not there.
    """
    chosen: list[str] = []
    known = set(names) if values else set()
    for value in values:
        whole = value.strip() in known
        parts = [value.strip()] if whole else [part.strip() for part in value.split(",")]
        chosen.extend(part if part in known else known_column(option, part, names, table) for part in parts if part)
    return tuple(dict.fromkeys(chosen))


def _column(option: str, value: str | None, names: Sequence[str], table: str) -> str | None:
    return None if value is None else known_column(option, value.strip(), names, table)


def known_column(option: str, name: str, names: Sequence[str], table: str) -> str:
    """The name, if a table has a column of it.

    Raises:
        GdsolveError: it has none.
    """
    if name in names:
        return name
    near, listed = nearest(name, names), columns_listed(names)
    remedy = f"did you mean {near!r}? {listed}" if near else listed
    raise GdsolveError(f"{table} has no column {name!r}", remedy, option=option, as_flag=True)


def columns_listed(names: Sequence[str]) -> str:
    """The columns of a table for a message: the first of many, and how many more there are.

    >>> columns_listed(["x", "y"])
    'columns: x, y'
    """
    beyond = ": gdsolve check FILE lists them" if len(names) > MOST_LISTED else ""
    return f"columns: {first_of(names)}{beyond}"


def first_of(names: Sequence[str]) -> str:
    """The first of many names for a message, and how many more there are.

    >>> first_of([*"abcdefghijklmno"])
    'a, b, c, d, e, f, g, h, i, j, k, l, and 3 more'
    """
    more = len(names) - MOST_LISTED
    return ", ".join(names[:MOST_LISTED]) + (f", and {more:,} more" if more > 0 else "")


def nearest(name: str, names: Sequence[str]) -> str | None:
    """Give the name that is most like the one asked for, in any case of letters; None where none is near."""
    folded = {known.lower(): known for known in names}
    near = nearest_names(name.lower(), folded)
    return folded[near[0]] if near else None


def _forbid_two_parts(single: Mapping[str, str | None], lists: Mapping[str, tuple[str, ...]]) -> None:
    for (option, name), (other, twin) in itertools.combinations(single.items(), 2):
        if name is not None and name == twin:
            raise _in_two_parts(name, option, other)
    pairs = [(option, name) for option, name in single.items() if name is not None]
    named = {other: frozenset(members) for other, members in lists.items()}
    pairs += [("features", name) for name in lists["features"] if name in named["ignore"]]
    pairs += [("group_by", name) for name in lists["group_by"]]
    for option, name in pairs:
        for other, members in named.items():
            if other != option and name in members:
                raise _in_two_parts(name, option, other)


def _in_two_parts(name: str, option: str, other: str) -> GdsolveError:
    return GdsolveError(
        f"column {name!r} is in {flag(option)} and in {flag(other)}", "name it in one of them", about=(option, other)
    )


def flag_for(option: str, names: Sequence[str]) -> str:
    """Write a list flag as a shell takes it: `--ignore name,city`; a name with a comma gets a flag of its own."""
    return joined(list_words(flag(option), names))


def without_texts(parts: Parts, kinds: Mapping[str, ColumnKind], spec: Spec) -> tuple[str, ...]:
    """Give the features that stay under `--categorical ignore`: those that are numbers."""
    if spec.categorical is not Categorical.IGNORE:
        return parts.features
    return tuple(name for name in parts.features if kinds[name] in (ColumnKind.NUMBER, ColumnKind.BOOLEAN))


def build_roles(
    names: Sequence[str],
    parts: Parts,
    features: tuple[str, ...],
    levels: Mapping[str, tuple[str, ...]],
    intercept: bool,
    table: str,
    *,
    every_level: bool = False,
) -> Roles:
    """Settle the roles, and name the columns of the design matrix, with `every_level` the reference levels too.

    Raises:
        DataError: two columns of the design matrix with one name, or none at all.
    """
    design: list[str] = []
    full = not intercept
    for name in features:
        if name not in levels:
            design.append(name)
            continue
        # With an intercept all levels together would be collinear with it; without one, only from the second column on.
        design.extend(f"{name}={level}" for level in levels[name][0 if full or every_level else 1 :])
        full = False
    if not design:
        raise DataError(
            f"{table}: no feature column is left for the target {parts.target!r}",
            "--categorical onehot, or leave out less",
        )
    doubled = sorted(name for name, times in Counter(design).items() if times > 1) if levels else []
    if doubled:
        raise DataError(f"{table}: a level and a column are both called {doubled[0]!r}", flag_for("ignore", doubled))
    used = {*features, parts.target, parts.weight, *parts.group, parts.together, parts.cluster}
    used |= {parts.offset, parts.exposure}
    ignored = tuple(name for name in names if name not in used)
    return Roles(
        parts.target,
        parts.target_reason,
        features,
        parts.weight,
        ignored,
        dict(levels),
        tuple(design),
        group=parts.group,
        together=parts.together,
        cluster=parts.cluster,
        offset=parts.offset,
        exposure=parts.exposure,
    )
