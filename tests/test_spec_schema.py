"""The JSON Schema of a spec says what the reader accepts."""

from __future__ import annotations

import dataclasses

from gdsolve.spec import Loss, Spec, only_traced, options_of
from gdsolve.spec.schema import json_schema


def test_the_schema_has_every_field_and_no_other() -> None:
    schema = json_schema()
    assert list(schema["properties"]) == [
        field.name for field in dataclasses.fields(Spec) if not only_traced(field.name)
    ]
    assert schema["additionalProperties"] is False
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["title"] == "gdsolve spec"
    assert schema["anyOf"] == [{"required": ["data"]}, {"required": ["X", "y"]}]


def test_descriptions_are_the_help_of_the_options() -> None:
    properties = json_schema()["properties"]
    assert {name: properties[name]["description"] for name in options_of("fit")} == {
        name: info.help for name, info in options_of("fit").items()
    }


def test_other_forms_are_allowed() -> None:
    properties = json_schema()["properties"]
    text = {"type": "string"}
    number = {"type": "number"}
    rate = {"anyOf": [{"type": "number", "exclusiveMinimum": 0}, text]}
    assert properties["data"]["anyOf"] == [text, {"type": "array", "items": text}]
    assert properties["features"]["anyOf"] == [text, {"type": "array", "items": text}]
    assert properties["lr"]["anyOf"] == [*rate["anyOf"], {"type": "array", "items": rate, "minItems": 1}]
    assert properties["X"]["anyOf"][0]["items"]["anyOf"] == [
        number,
        {"type": "array", "items": number, "minItems": 1},
    ]
    assert properties["y"]["anyOf"][0]["items"]["anyOf"][0] == number


def test_limits_and_choices() -> None:
    schema = json_schema()
    assert schema["properties"]["tol"]["anyOf"][0] == {"type": "number", "minimum": 0}
    assert schema["properties"]["seed"]["maximum"] == 2**63 - 1
    assert schema["properties"]["delta"]["exclusiveMinimum"] == 0
    limits = {"exclusiveMinimum": 0, "exclusiveMaximum": 1}
    assert schema["properties"]["quantile"].items() >= limits.items()
    assert schema["$defs"]["Loss"]["enum"] == list(Loss)
