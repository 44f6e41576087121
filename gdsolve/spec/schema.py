"""The JSON Schema of a YAML spec, so that editors complete and check it.

It describes what `yaml.safe_load` makes of a file that `gdsolve.spec.file` and `gdsolve.spec.graph` accept: a number is
often a text there (`1e-6`, `1/3`), and a column called 5 or true is none.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Any

from gdsolve.spec.choices import CODE_KINDS, ENGINE_NAMES, SOUGHT, Engine, Init, LearningRate, Strength
from gdsolve.spec.curves import BY_NAME
from gdsolve.spec.graph import SECTIONS
from gdsolve.spec.losses import LOSS_PARAMETERS
from gdsolve.spec.marks import BLANK_WORDS, COMMENT, GROUPING, NO_COMMENTS
from gdsolve.spec.offers import only_traced, options_of
from gdsolve.spec.option import OptionInfo, key_of
from gdsolve.spec.parameter import Constant, Parameter
from gdsolve.spec.spec import Spec
from gdsolve.spec.values import TRUTHS, is_optional, kinds
from gdsolve.spec.verbs import FORMATS

Schema = dict[str, Any]

_DIGITS = r"(\d[\d_]*\.?[\d_]*|\.\d[\d_]*)([eE][+-]?\d+)?"
_ZERO = r"(?=[0_.]*([eE]|/|\s*$))"
_COUNT = r"\d+\.?\d*([eE][+-]?\d+)?"
_SIGN = r"[+-]?"
_NO_MINUS = rf"(\+|-{_ZERO})?"
_RATE = rf"\s*\+?{_DIGITS}\s*(/\s*\+?{_DIGITS}\s*)?"
_RATES = rf"{_RATE}(\.\.{_RATE}(:\s*{_COUNT}\s*)?)?"
# Letters, digits and _, and whatever is beyond ASCII.
_NAME = r"^[^\x00-@\[-^`{-\x7f][^\x00-/:-@\[-^`{-\x7f]*$"

TEXT: Schema = {"type": ["string", "number", "boolean"]}
NUMBER: Schema = {
    "anyOf": [
        {"type": "number"},
        {"type": "string", "pattern": rf"^\s*{_SIGN}{_DIGITS}\s*(/\s*{_SIGN}{_DIGITS}\s*)?$"},
    ]
}
TRUTH: Schema = {
    "anyOf": [
        {"type": "boolean"},
        {
            "type": "string",
            "pattern": rf"^\s*({'|'.join(''.join(f'[{c}{c.upper()}]' for c in word) for word in TRUTHS)})\s*$",
        },
    ]
}
_ROW: Schema = {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/number"}}
MATRIX: Schema = {"type": "array", "minItems": 1, "items": {"anyOf": [{"$ref": "#/$defs/number"}, _ROW]}}
COLUMN: Schema = {
    "type": "array",
    "minItems": 1,
    "items": {"anyOf": [{"$ref": "#/$defs/number"}, {**_ROW, "maxItems": 1}]},
}
VALUE: Schema = {"anyOf": [{"$ref": "#/$defs/number"}, {"$ref": "#/$defs/matrix"}]}
_END = rf"\s*{_SIGN}{_DIGITS}\s*(/\s*{_SIGN}{_DIGITS}\s*)?"
START: Schema = {
    "anyOf": [{"$ref": "#/$defs/value"}, {"type": "string", "pattern": rf"^(?!.*\.\.\.){_END}\.\.{_END}$"}]
}
_POSITIVE: Schema = {"type": "number", "exclusiveMinimum": 0}
RATE: Schema = {
    "anyOf": [
        _POSITIVE,
        {"type": "string", "pattern": rf"^\s*auto\s*$|^{_RATES}(,{_RATES})*$"},
        {
            "type": "array",
            "minItems": 1,
            "items": {"anyOf": [_POSITIVE, {"type": "string", "pattern": rf"^{_RATES}(,{_RATES})*$"}]},
        },
        {"type": "array", "minItems": 1, "maxItems": 1, "items": {"const": "auto"}},
    ]
}
_STARTED: Schema = {
    "not": {"anyOf": [{"type": "null"}, {"type": "object", "not": {"required": ["start"]}}]},
}
DEFINITIONS: dict[str, Schema] = {
    "text": TEXT,
    "number": NUMBER,
    "truth": TRUTH,
    "matrix": MATRIX,
    "column": COLUMN,
    "value": VALUE,
    "start": START,
    "rate": RATE,
}


def _texts(at_least: int) -> Schema:
    """One text or a list of them; in a list even `null` is a text."""
    item = {"type": ["string", "number", "boolean", "null"]}
    one: Schema = {**TEXT, "minLength": 1} if at_least else TEXT
    return {"anyOf": [one, {"type": "array", "items": item, "minItems": at_least}]}


# What the type of a field and its limits do not say.
SPECIAL: dict[str, Schema] = {
    "data": _texts(at_least=1),
    "X": {"$ref": "#/$defs/matrix"},
    "y": {"$ref": "#/$defs/column"},
    "delimiter": {
        "anyOf": [
            {"type": "string", "minLength": 1, "maxLength": 1, "pattern": r"^[\x00-\x7f]*$"},
            {"type": "integer", "minimum": 0, "maximum": 9},
            {"enum": [*BLANK_WORDS]},
        ]
    },
    "comment": {"anyOf": [{"type": "string", "pattern": COMMENT}, {"const": NO_COMMENTS}, {"type": "null"}]},
    "decimal": {"enum": [".", ",", None]},
    "thousands": {"enum": [*GROUPING, None]},
    "engine": {"enum": [*(engine.value for engine in Engine), *ENGINE_NAMES]},
    # Editors offer the names of curves; any other text is a formula.
    "model": {"anyOf": [{"enum": [*BY_NAME]}, TEXT]},
    # YAML reads an unquoted yes as true.
    "header": {"anyOf": [{"const": "auto"}, {"$ref": "#/$defs/truth"}]},
    "every": {
        "anyOf": [
            {"enum": ["log", "none"]},
            {"type": "integer", "minimum": 1},
            {"type": "string", "pattern": rf"^\s*\+?{_COUNT}\s*$"},
        ]
    },
    "plot": {
        "anyOf": [
            {"$ref": "#/$defs/truth"},
            {"type": "string", "pattern": r"\.([sS][vV][gG]|[pP][nN][gG]|[pP][dD][fF])$"},
        ]
    },
    "code": {
        "anyOf": [
            {"$ref": "#/$defs/truth"},
            {"enum": [*CODE_KINDS]},
            {"type": "string", "pattern": r"\.[pP][yY]$"},
        ]
    },
    **{
        own.name: {"anyOf": [_POSITIVE, {"type": "string", "pattern": rf"^{_RATE}$"}]}
        for own in LOSS_PARAMETERS
        if own.below is None
    },
}
BELOW = {"confidence": 1, "interval": 1, **{own.name: own.below for own in LOSS_PARAMETERS if own.below is not None}}
ABOVE = {own.name: own.above for own in LOSS_PARAMETERS}
"""Numbers between 0, or what stands here, and a limit, which are neither of these."""


def json_schema() -> Schema:
    """The JSON Schema of a YAML spec: a problem, made from the fields of `Spec`, or a graph to trace."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "gdsolve spec",
        "description": "A problem and how to solve it, with the options of gdsolve; or a graph for gdsolve trace.",
        "oneOf": [{"$ref": "#/$defs/problem"}, {"$ref": "#/$defs/graph"}],
        "$defs": {**DEFINITIONS, "problem": _problem(), "graph": _graph()},
    }


def _problem() -> Schema:
    names = [name for name in Spec.__dataclass_fields__ if not only_traced(name)]
    return {
        "title": "problem",
        **_keys({key_of(name): _field(name, FORMATS["fit"]) for name in names}),
        "anyOf": [{"required": ["data"]}, {"required": ["X", "y"]}, {"required": ["minimize"]}],
        "dependentRequired": {"X": ["y"], "y": ["X"]},
        "allOf": [
            {"not": {"required": ["data", "X"]}},
            {
                "not": {
                    "required": ["minimize", "model"],
                    "properties": {"minimize": {"not": {"type": "null"}}, "model": {"not": {"type": "null"}}},
                }
            },
            # The start of a curve can be found from the data.
            {
                "if": {"required": ["minimize"], "properties": {"minimize": {"not": {"type": "null"}}}},
                "then": {"properties": {"parameters": {"additionalProperties": _STARTED}}},
            },
        ],
    }


def _graph() -> Schema:
    text, truth, value = ({"$ref": f"#/$defs/{name}"} for name in ("text", "truth", "value"))
    leaf = _closed({"value": value, "requires_grad": truth}, "value")
    node = _closed({"expression": text, "retain_grad": truth, "detach": truth, "no_grad": truth}, "expression")
    compare = _closed({"formula": text, "leaf": text}, "formula")
    sections = dict(zip(SECTIONS, (_named([value, leaf]), _named([text, node]), text, compare), strict=True))
    options = {name: _field(name, FORMATS["trace"]) for name in options_of("trace")}
    begun = [{"required": ["leaves"]}, {"required": ["text"]}]
    return {"title": "graph", **_keys(sections | options), "anyOf": begun}


def _keys(properties: dict[str, Schema]) -> Schema:
    """An object with these keys, in which - may stand for _, and no others."""
    spelled = [name for name in properties if "_" in name]
    return {
        "type": "object",
        "properties": properties,
        "patternProperties": {f"^{name.replace('_', '[-_]')}$": properties[name] for name in spelled},
        "additionalProperties": False,
    }


def _closed(properties: dict[str, Schema], *required: str) -> Schema:
    return {"type": "object", "properties": properties, "required": list(required), "additionalProperties": False}


def _named(forms: list[Schema]) -> Schema:
    """Names, and what each of them is."""
    return {"type": "object", "propertyNames": {"pattern": _NAME}, "additionalProperties": {"anyOf": forms}}


def _field(name: str, formats: Iterable[str]) -> Schema:
    """One field of `Spec`: what it takes, what it means, and its default."""
    field = Spec.__dataclass_fields__[name]
    schema = (
        {"enum": list(formats)} if name == "format" else SPECIAL.get(name) or _of_kind(name, field.metadata["option"])
    )
    if is_optional(name) and "anyOf" in schema:
        schema = {"anyOf": [*schema["anyOf"], {"type": "null"}]}
    described = {**schema, "description": field.metadata["option"].help}
    if field.default is None or name in ("X", "y") or isinstance(field.default, tuple):
        return described
    default = field.default.value if isinstance(field.default, StrEnum) else field.default
    return {**described, "default": default}


def _of_kind(name: str, info: OptionInfo) -> Schema:
    kind = kinds()[name]
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return {"enum": [word.value for word in kind]}
    if kind == Strength:
        return {"anyOf": [{"const": str(SOUGHT)}, *_numeric(name, info, whole=False)["anyOf"]]}
    return _by_kind().get(kind) or _numeric(name, info, whole=kind in (int, int | None))


def _by_kind() -> dict[object, Schema]:
    number, truth, value, start = ({"$ref": f"#/$defs/{name}"} for name in ("number", "truth", "value", "start"))
    parameter = _closed({"start": start, "lower": number, "upper": number, "fixed": truth})
    return {
        Init: {"anyOf": [TEXT]},
        Init | None: {"anyOf": [TEXT]},
        str | None: {"anyOf": [TEXT]},
        bool: truth,
        bool | None: truth,
        tuple[str, ...]: _texts(at_least=0),
        LearningRate: {"$ref": "#/$defs/rate"},
        tuple[Constant, ...]: _named([value]),
        tuple[Parameter, ...]: _named([start, parameter, {"type": "null"}]),
    }


def _numeric(name: str, info: OptionInfo, *, whole: bool) -> Schema:
    sign = _SIGN if info.minimum is None else _NO_MINUS
    quotient = "" if whole else rf"(/\s*{_SIGN}{_DIGITS}\s*)?"
    number: Schema = {"type": "integer" if whole else "number"}
    if name in BELOW:
        number |= {"exclusiveMinimum": ABOVE.get(name, 0), "exclusiveMaximum": BELOW[name]}
    limits = {"minimum": info.minimum, "maximum": info.maximum}
    number |= {word: int(limit) for word, limit in limits.items() if limit is not None}
    text = {"type": "string", "pattern": rf"^\s*{sign}{_COUNT if whole else _DIGITS}\s*{quotient}$"}
    return {"anyOf": [number, text]}
