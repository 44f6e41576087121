"""`gdsolve schema`: the JSON Schema of a YAML spec."""

from __future__ import annotations

import json
import sys

from gdsolve.cli.output import writing
from gdsolve.cli.request import Request
from gdsolve.ranks import Ranks
from gdsolve.status import ExitCode


def run(_request: Request, _ranks: Ranks) -> int:
    """Print the JSON Schema of a spec; returns the exit code."""
    from gdsolve.spec.schema import json_schema

    with writing("standard output"):
        json.dump(json_schema(), sys.stdout, indent=2, ensure_ascii=False)
        sys.stdout.write("\n")
        sys.stdout.flush()
    return int(ExitCode.OK)
