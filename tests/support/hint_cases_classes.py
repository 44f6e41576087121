"""Cases of `hints`: several classes, and the weights of classes."""

from __future__ import annotations

import json

from hints import Case, Input

FIT = "fit t.csv --loss softmax --ridge 1"
ABC = {"t.csv": "x,z,y\n1,2,a\n2,5,b\n3,1,c\n4,4,b\n5,2,a\n6,3,c\n"}
MANY = {"t.csv": "x,z,y\n" + "".join(f"{row},{row % 3},{row}\n" for row in range(1, 1003))}
OTHER = ("fit t.csv --target x --ignore y --save m.json",)
SAVED = ("fit t.csv --loss softmax --ridge 1 --save m.json --quiet",)


def changed(levels: list[str] | None) -> str:
    """A model of the classes a, b and c whose target has other levels, or is of numbers."""
    data = {"features": ["x", "z"], "target": "y", "target_levels": levels, "classes": ["a", "b", "c"]}
    each = {name: {"weights": {"x": 1.0, "z": 0.0}, "intercept": 0.0} for name in "abc"}
    weights = {f"{weight}[{name}]": 0.0 for name in "abc" for weight in ("x", "z", "intercept")}
    parts = {"data": data, "weights_by_class": each, "weights": weights, "intercept": None}
    return json.dumps({"schema": "gdsolve.fit/1", "descent": {"loss": "softmax"}, **parts})


CASES = [
    Case(f"{FIT} --class-weight d=2", ABC, {"say": f"{FIT} --class-weight a=2"}),
    Case(f"{FIT} --class-weight aa=2", ABC, {"did you mean a": f"{FIT} --class-weight a=2"}),
    Case(f"{FIT} --class-weight often", ABC, {"with names": f"{FIT} --class-weight a=5,b=1"}),
    Case(f"{FIT} --class-weight a=1,a=2", ABC, {"keep one": f"{FIT} --class-weight a=2"}),
    Case(f"{FIT} --class-weight a=0", ABC, {"leave its rows out": f"{FIT} --class-weight a=1"}),
    Case("fit t.csv --class-weight balanced", {"t.csv": "x,y\n1,0\n2,1\n3,0\n4,1\n"}),
    Case("fit t.csv --target x --ignore y --report --reference a", ABC),
    Case(f"{FIT} --report --reference d", ABC),
    Case(f"{FIT} --model a*x --start a=1", ABC, {"for two classes": FIT, "leave --model out": FIT}),
    Case(FIT, {"t.csv": "x,z,y\n1,2,4\n2,5,4\n3,1,4\n"}, fill={"COLUMN": "z"}),
    Case(FIT, MANY, fill={"COLUMN": "z"}),
    Case(FIT, {"t.csv": "x,z,y\n1,2,0.5\n2,5,1\n3,1,2\n"}, {"": f"{FIT} --target z"}),
    Case(f"{FIT} --init m.json", ABC, {"start from a model": FIT}, before=OTHER),
    Case(f"{FIT} --features x --init m.json", ABC, {"start from a model": FIT}, before=SAVED),
    Case(f"{FIT} --no-intercept --init m.json", ABC, {"without intercept": FIT}, before=SAVED),
    Case("predict m.json t.csv --interval 0.9", ABC, before=SAVED),
    Case("predict m.json t.csv --diagnose", ABC, before=SAVED),
    *(
        Case(
            f"{command} m.json t.csv{option}",
            {**ABC, "m.json": changed(levels)},
            {"": f"{command} n.json t.csv{option}"},
            before=(SAVED[0].replace("m.json", "n.json"),),
        )
        for command, option, levels in (("score", "", ["a", "b", "d"]), ("score", "", None))
    ),
    Case(
        "certify t.csv --weights w.json",
        {**ABC, "w.json": '{"coef_": [[1, 2], [3], [4, 5]], "intercept_": [0, 0, 0]}'},
        {"write": Input("certify t.csv --weights w.json", {"w.json": '{"coef_": [[1, 2], [3, 0], [4, 5]]}'})},
    ),
]
