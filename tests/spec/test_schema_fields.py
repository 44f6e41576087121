"""Every option stands in the JSON Schema of a spec with its own default, where it has one that can be written."""

from __future__ import annotations

from enum import StrEnum

import pytest

from gdsolve.spec import Spec
from gdsolve.spec.schema import json_schema

PROBLEM = json_schema()["$defs"]["problem"]["properties"]
PROPERTIES = {name: PROBLEM[name] for name in PROBLEM if name in Spec.__dataclass_fields__}


def test_most_options_are_there() -> None:
    assert len(PROPERTIES) > 40


@pytest.mark.parametrize("name", sorted(PROPERTIES))
def test_a_field_has_the_default_of_its_option(name: str) -> None:
    default, described = Spec.__dataclass_fields__[name].default, PROPERTIES[name]
    if default is None or isinstance(default, tuple) or name in {"X", "y"}:
        assert "default" not in described
    else:
        assert described["default"] == (default.value if isinstance(default, StrEnum) else default)
        assert type(described["default"]) in {str, int, float, bool}
    assert described["description"] == Spec.__dataclass_fields__[name].metadata["option"].help
