"""Where the descent on each group starts: as one table does, or at the model of its own that --init names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from gdsolve.data.group_keys import Key, text_of
from gdsolve.data.group_models import model_of_group, models_by_group
from gdsolve.model import GROUPS, Model, read_model
from gdsolve.spec import Spec
from gdsolve.status import GdsolveError


@dataclass(frozen=True, slots=True)
class GroupStarts:
    """The saved groups that `init` names, by their values; None where all groups start alike."""

    name: str
    model: Mapping[str, Any] | None
    places: Mapping[Key, int]

    @classmethod
    def of(cls, spec: Spec) -> GroupStarts:
        """What a spec says of starts.

        Raises:
            GdsolveError: a file that is no model, or the model of other groups.
        """
        if spec.init in ("zeros", "random"):
            return cls("", None, {})
        model = read_model(spec.init, groups=True)
        if model["schema"] != GROUPS:
            return cls(str(spec.init), None, {})
        return cls(str(spec.init), model, models_by_group(model))

    def within(self, spec: Spec, key: Key) -> Spec:
        """The spec of one group, with its start.

        Raises:
            GdsolveError: the model has no weights of the group.
        """
        if self.model is None or key is None:
            return spec
        if key not in self.places:
            raise GdsolveError(
                f"{self.name}: has no weights of the group {text_of(key)}",
                "leave --init out, or start from a model of the same groups",
                option="init",
            )
        return replace(spec, init=Model(self.name, model_of_group(self.model, self.places[key])))
