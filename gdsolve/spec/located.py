"""Where in a YAML spec the option stands that a fault is about, when it shows only once the data are there."""

from __future__ import annotations

import re
from collections.abc import Container, Sequence

from gdsolve.spec.document import read_entries
from gdsolve.spec.file import FORMULA_PARTS, is_yaml
from gdsolve.spec.option import flag
from gdsolve.spec.values import kinds
from gdsolve.status import GdsolveError


def located(fault: GdsolveError, sources: Sequence[str], given: Container[str]) -> GdsolveError:
    """The fault with file, line and key, if it is about an option that a spec among `sources` sets and no flag did."""
    specs = [source for source in sources if is_yaml(source)]
    if len(specs) != 1 or fault.message.startswith(specs[0]):
        return fault
    subjects = [name for name in _subjects(fault.message) if name in kinds() and name not in given]
    if not subjects:
        return fault
    entries = read_entries(specs[0], flat=kinds().keys() - set(FORMULA_PARTS))
    lines = {entry.key.replace("-", "_"): entry.line for entry in entries}
    name = next((name for name in subjects if name in lines), None)
    if name is None:
        return fault
    told = re.sub(rf"^({flag(name)}|{name}): ", "", fault.message)
    fault.message = told
    return fault.within(f"{specs[0]}: line {lines[name]}: {name}: ")


def _subjects(message: str) -> list[str]:
    """The options that a message may be about: its first word, and the flags in it."""
    words = re.findall(r"^[a-z_]+(?=:)|--[a-z][a-z-]*", message)
    return [word.removeprefix("--").replace("-", "_") for word in words]
