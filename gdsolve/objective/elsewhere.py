"""What other programs have and a formula writes otherwise: functions of numpy, R, Excel, gnuplot and MATLAB, and signs.

A function stands here only where what is written instead means the same. `x`, `y` and `z` are its arguments.
"""

from __future__ import annotations

import ast
import importlib
import re
import warnings
from collections.abc import Sequence

SAME: dict[str, str] = {
    "ln": "log(x)",
    "lg": "log10(x)",
    "alog": "log(x)",
    "logarithm": "log(x)",
    "log_10": "log10(x)",
    "exponential": "exp(x)",
    "total": "sum(x)",
    "log1m": "log1p(-x)",
    "log1pexp": "softplus(x)",
    "log1p_exp": "softplus(x)",
    "log1mexp": "log1p(-exp(x))",
    "log1m_exp": "log1p(-exp(x))",
    "log2": "log(x)/log(2)",
    "lb": "log(x)/log(2)",
    "logit": "log(x/(1 - x))",
    "log_sum_exp": "logsumexp(x)",
    "xlogy": "x*log(y)",
    "xlog1py": "x*log1p(y)",
    "exp2": "2**x",
    "exp10": "10**x",
    "pow10": "10**x",
    "arcsine": "arcsin(x)",
    "arccosine": "arccos(x)",
    "arctangent": "arctan(x)",
    "atn": "arctan(x)",
    "atg": "arctan(x)",
    "arctg": "arctan(x)",
    "squareroot": "sqrt(x)",
    "absval": "abs(x)",
    "arsinh": "asinh(x)",
    "argsinh": "asinh(x)",
    "arcosh": "acosh(x)",
    "argcosh": "acosh(x)",
    "artanh": "atanh(x)",
    "argtanh": "atanh(x)",
    "sine": "sin(x)",
    "cosine": "cos(x)",
    "tangent": "tan(x)",
    "tg": "tan(x)",
    "sh": "sinh(x)",
    "ch": "cosh(x)",
    "th": "tanh(x)",
    "ctg": "1/tan(x)",
    "cot": "1/tan(x)",
    "cotan": "1/tan(x)",
    "sec": "1/cos(x)",
    "csc": "1/sin(x)",
    "cosec": "1/sin(x)",
    "coth": "1/tanh(x)",
    "sech": "1/cosh(x)",
    "csch": "1/sinh(x)",
    "asec": "arccos(1/x)",
    "acsc": "arcsin(1/x)",
    "arcsec": "arccos(1/x)",
    "arccsc": "arcsin(1/x)",
    "acoth": "atanh(1/x)",
    "arcoth": "atanh(1/x)",
    "arccoth": "atanh(1/x)",
    "asech": "acosh(1/x)",
    "arcsech": "acosh(1/x)",
    "acsch": "asinh(1/x)",
    "arccsch": "asinh(1/x)",
    "sinhc": "sinh(x)/x",
    "tanhc": "tanh(x)/x",
    "sinpi": "sin(pi*x)",
    "cospi": "cos(pi*x)",
    "tanpi": "tan(pi*x)",
    "sind": "sin(x*pi/180)",
    "cosd": "cos(x*pi/180)",
    "tand": "tan(x*pi/180)",
    "sindg": "sin(x*pi/180)",
    "cosdg": "cos(x*pi/180)",
    "tandg": "tan(x*pi/180)",
    "cotdg": "1/tan(x*pi/180)",
    "asind": "arcsin(x)*180/pi",
    "acosd": "arccos(x)*180/pi",
    "atand": "arctan(x)*180/pi",
    "degrees": "x*180/pi",
    "rad2deg": "x*180/pi",
    "radians": "x*pi/180",
    "deg2rad": "x*pi/180",
    "cosm1": "cos(x) - 1",
    "expit": "sigmoid(x)",
    "logistic": "sigmoid(x)",
    "plogis": "sigmoid(x)",
    "qlogis": "log(x/(1 - x))",
    "inv_logit": "sigmoid(x)",
    "invlogit": "sigmoid(x)",
    "logsigmoid": "-softplus(-x)",
    "log_expit": "-softplus(-x)",
    "logaddexp": "logsumexp(x, y)",
    "logaddexp2": "logsumexp(x*log(2), y*log(2))/log(2)",
    "silu": "x*sigmoid(x)",
    "swish": "x*sigmoid(x)",
    "softsign": "x/(1 + abs(x))",
    "fabs": "abs(x)",
    "absolute": "abs(x)",
    "voigt_profile": "voigt(x, y, z)",
    "square": "x**2",
    "cube": "x**3",
    "rsqrt": "1/sqrt(x)",
    "sqrtpi": "sqrt(pi*x)",
    "hypot": "sqrt(x**2 + y**2)",
    "reciprocal": "1/x",
    "power": "x**y",
    "pow": "x**y",
    "float_power": "x**y",
    "add": "x + y",
    "subtract": "x - y",
    "multiply": "x*y",
    "divide": "x/y",
    "true_divide": "x/y",
    "negative": "-x",
    "positive": "x",
    "fmax": "maximum(x, y)",
    "pmax": "maximum(x, y)",
    "fmin": "minimum(x, y)",
    "pmin": "minimum(x, y)",
    "amax": "max(x)",
    "amin": "min(x)",
    "clamp": "clip(x, y, z)",
    "ptp": "max(x) - min(x)",
    "average": "mean(x)",
    "avg": "mean(x)",
    "varp": "mean((x - mean(x))**2)",
    "stdevp": "sqrt(mean((x - mean(x))**2))",
    "sumsq": "sum(x**2)",
    "sumproduct": "sum(x*y)",
    "sumxmy2": "sum((x - y)**2)",
    "inner": "dot(x, y)",
    "vdot": "dot(x, y)",
    "matmul": "x @ y",
    "mmult": "x @ y",
    "t": "transpose(x)",
    "mm": "x @ y",
    "mv": "x @ y",
    "product": "prod(x)",
    "sgn": "sign(x)",
    "signum": "sign(x)",
    "ceiling": "ceil(x)",
    "trunc": "sign(x)*floor(abs(x))",
    "fix": "sign(x)*floor(abs(x))",
    "rint": "round(x)",
    "mod": "x - y*floor(x/y)",
    "gammaln": "lgamma(x)",
    "loggamma": "lgamma(x)",
    "lngamma": "lgamma(x)",
    "factorial": "gamma(x + 1)",
    "fact": "gamma(x + 1)",
    "beta": "exp(lgamma(x) + lgamma(y) - lgamma(x + y))",
    "betaln": "lgamma(x) + lgamma(y) - lgamma(x + y)",
    "ndtr": "erfc(-x/sqrt(2))/2",
    "pnorm": "erfc(-x/sqrt(2))/2",
    "normcdf": "erfc(-x/sqrt(2))/2",
    "normsdist": "erfc(-x/sqrt(2))/2",
    **dict.fromkeys(("cbrt", "cubrt", "cuberoot"), "sign(x)*abs(x)**(1/3)"),
    "if": "where(x, y, z)",
    "iif": "where(x, y, z)",
    "ifelse": "where(x, y, z)",
}
_SPREAD = "sqrt(mean((x - mean(x))**2)), which divides by the number of rows, not by one less"
_COTANGENT = "(pi/2 - arctan(x)), or arctan(1/x) where x is positive"
UNEQUAL: dict[str, str] = {
    "LOG": "log(x) for the natural logarithm, log10(x) for that of base 10",
    "ATAN2": "atan2(y, x), which takes the height first",
    "sqr": "(x**2) for the square, sqrt(x) for the square root",
    "sinc": "(sin(x)/x), or as numpy has it (sin(pi*x)/(pi*x))",
    "acot": _COTANGENT,
    "arccot": _COTANGENT,
    "acotan": _COTANGENT,
    "arccotan": _COTANGENT,
    "arcctg": _COTANGENT,
    "var": "mean((x - mean(x))**2), which divides by the number of rows, not by one less",
    "std": _SPREAD,
    "sd": _SPREAD,
    "stdev": _SPREAD,
}
"""What has no single formula that means the same: what may be written, and where it holds."""

_NOWHERE = """
arg besj0 besj1 besjn besselh besseli besselj besselk bessely besy0 besy1 besyn betainc binom binopdf case
choose combin confidence convert corr count cov cummax cummin cumprod dbinom dexp dgamma dirac dnorm dpois dt
dunif elliptic_e elliptic_k erfcinv erfi erfinv even expint expm factdouble frac gammainc gcd geomean harmean
heaviside hypergeom ibeta iff ifs igamma imag imaginary int integ integer intercept inverf invibeta invigamma
invnorm lambertw lcm lnbeta log1exp logb logm lookup max_pool median mode mround normdist norminv normpdf
normsinv now odd pbinom percentile permut pexp phi ppois psi qnorm quantile quartile quotient rand randbetween
randn random rank real rem remainder rnorm roots rounddown roundup runif seriessum sinint slope smooth sort
sqrtm stddev stdeva step sumif switch variance voigt when while zeta
"""
NOWHERE = frozenset(_NOWHERE.split())
"""Functions that formulas lack, and that are no misspelling of one that they have."""

SIGNS = {
    "−": "-",
    "–": "-",
    "—": "-",
    "×": "*",
    "·": "*",
    "⋅": "*",
    "∙": "*",
    "∗": "*",
    "÷": "/",
    "∕": "/",
    "⁄": "/",
    "²": "**2",
    "³": "**3",
    "√": "sqrt(…)",
    "∑": "sum(…)",
    "½": "1/2",
    "“": None,
    "”": None,
    "’": None,
}
"""Signs as they are printed, and as a formula writes them; None for those that it does without."""

LIBRARIES = ("math", "numpy", "scipy.special", "torch", "torch.nn.functional")


def form_of(name: str) -> str | None:
    """What stands here for a function of this name, with x, y and z for its arguments; None where nothing does.

    >>> form_of("pow"), form_of("SQUARE"), form_of("log3"), form_of("zeta")
    ('x**y', 'x**2', 'log(x)/log(3)', None)
    """
    # A table of Excel's is in capitals, and its LOG and ATAN2 are not those of others.
    forms = SAME | UNEQUAL
    return forms.get(name) or forms.get(name.lower()) or _base(name.lower())


def rewritten(call: ast.Call, name: str) -> str | None:
    """The call of a function that is written otherwise here, as a formula has it; None where that is not one form.

    >>> rewritten(ast.parse("log3(a + 1)", mode="eval").body, "log3")
    '(log(a + 1) / log(3))'
    """
    made = None if call.keywords else filled(name, call.args, call)
    if made is None:
        return None
    text = ast.unparse(made)
    return text if isinstance(made, ast.Call | ast.Name) else f"({text})"


def filled(name: str, arguments: Sequence[ast.expr], call: ast.Call) -> ast.expr | None:
    """What a call with these arguments is here, at its place; None where that is not one form, or of another number."""
    form = form_of(name)
    if form is None or form in UNEQUAL.values():
        return None
    variables = [letter for letter in "xyz" if re.search(rf"\b{letter}\b", form)]
    if len(arguments) != len(variables):
        return None
    made = ast.parse(form, mode="eval").body
    for one in ast.walk(made):
        ast.copy_location(one, call)
    found: ast.expr = _Filled(dict(zip(variables, arguments, strict=True))).visit(made)
    return found


def is_function_elsewhere(name: str) -> bool:
    """True for a function of mathematics or of another program, which is no misspelling of one of ours."""
    if name.lower() in NOWHERE or form_of(name) is not None:
        return True
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        libraries = [importlib.import_module(library) for library in LIBRARIES]
        return any(hasattr(library, word) for library in libraries for word in (name, name.lower()))


def _base(name: str) -> str | None:
    match = re.fullmatch(r"log_?(\d+)", name)
    return f"log(x)/log({int(match[1])})" if match and 1 < int(match[1]) != 10 else None


class _Filled(ast.NodeTransformer):
    """A form with the arguments of a call in place of x, y and z."""

    def __init__(self, given: dict[str, ast.expr]) -> None:
        self.given = given

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return self.given.get(node.id, node)
