"""The JSON Schema of a YAML spec, so that editors complete and check it."""

from __future__ import annotations

from typing import Any

from gdsolve.spec.choices import FORMATS
from gdsolve.spec.options import Spec, only_traced
from gdsolve.spec.values import kinds


def json_schema() -> dict[str, Any]:
    """The JSON Schema of a YAML spec, made from the fields of `Spec`."""
    from pydantic import TypeAdapter

    schema = TypeAdapter(Spec).json_schema()
    schema["properties"] = {name: field for name, field in schema["properties"].items() if not only_traced(name)}
    for name, field in schema["properties"].items():
        field.pop("title", None)
        info = Spec.__dataclass_fields__[name].metadata["option"]
        field["description"] = info.help
        limits = {"minimum": info.minimum, "maximum": info.maximum}
        for kind in field.get("anyOf", [field]):
            if kind.get("type") in ("number", "integer"):
                kind.update({word: int(limit) for word, limit in limits.items() if limit is not None})
        if kinds()[name] == tuple[str, ...]:
            # What is read as a list may be written as a single value.
            field["anyOf"] = [{"type": "string"}, {"type": field.pop("type"), "items": field.pop("items")}]
    for choice in schema["$defs"].values():
        del choice["title"], choice["description"]
    schema["$defs"]["Format"]["enum"] = list(FORMATS["fit"])
    schema["properties"]["delta"] |= {"exclusiveMinimum": 0}
    schema["properties"]["quantile"] |= {"exclusiveMinimum": 0, "exclusiveMaximum": 1}
    _loosen(schema["properties"])
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **schema,
        "title": "gdsolve spec",
        "description": "A problem and how to solve it: tables or inline numbers, and the options of gdsolve.",
        "additionalProperties": False,
        "anyOf": [{"required": ["data"]}, {"required": ["X", "y"]}],
    }


def _loosen(properties: dict[str, Any]) -> None:
    """Let the schema say what its types do not: rates as text, a flat X, a column y, a confidence below 1."""
    number = {"type": "number"}
    rate: dict[str, Any] = {"anyOf": [{"type": "number", "exclusiveMinimum": 0}, {"type": "string"}]}
    properties["lr"]["anyOf"] = [*rate["anyOf"], {"type": "array", "items": rate, "minItems": 1}]
    properties["confidence"] |= {"exclusiveMinimum": 0, "exclusiveMaximum": 1}
    row = {"type": "array", "items": number, "minItems": 1}
    properties["X"]["anyOf"] = [{"type": "array", "minItems": 1, "items": {"anyOf": [number, row]}}]
    one = {"type": "array", "items": number, "minItems": 1, "maxItems": 1}
    properties["y"]["anyOf"] = [{"type": "array", "minItems": 1, "items": {"anyOf": [number, one]}}]
    for name in ("X", "y"):
        del properties[name]["default"]
