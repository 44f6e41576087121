"""Where in a YAML spec the option stands that a fault is about, when it shows only once the data are there."""

from __future__ import annotations

from collections.abc import Container, Sequence

from gdsolve.spec.document import read_entries
from gdsolve.spec.file import FORMULA_PARTS, is_yaml
from gdsolve.spec.option import field_of
from gdsolve.spec.values import kinds
from gdsolve.status import GdsolveError, Place


def located(fault: GdsolveError, sources: Sequence[str], given: Container[str]) -> GdsolveError:
    """The fault with file, line and key, if it is about an option that a spec among `sources` sets and no flag did."""
    specs = [source for source in sources if is_yaml(source)]
    subjects = [name for name in fault.subjects if name in kinds() and name not in given]
    if len(specs) != 1 or fault.place is not None or not subjects:
        return fault
    entries = read_entries(specs[0], flat=kinds().keys() - set(FORMULA_PARTS), tables=("X", "y"))
    lines = {field_of(entry.key): entry.line for entry in entries}
    name = next((name for name in subjects if name in lines), None)
    if name is None:
        return fault
    told = fault.but(place=Place(specs[0], lines[name]), option=name, as_flag=False)
    # What was told of another option keeps its name.
    return told if fault.option in (None, name) else told.within(f"{fault.label}: ")
