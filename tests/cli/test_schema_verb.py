"""`gdsolve schema` prints the JSON Schema of a spec, and nothing else."""

from __future__ import annotations

import json

import pytest

from gdsolve.cli.main import run
from gdsolve.spec.schema import json_schema


def test_the_schema_is_printed_whole(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["schema"]) == 0
    printed = capsys.readouterr()
    assert (json.loads(printed.out), printed.out[-2:], printed.err) == (json_schema(), "}\n", "")
