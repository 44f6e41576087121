"""The words of SQL that a condition of `--where` may use, which look at one row, and those that look at several."""

from __future__ import annotations

FUNCTIONS = frozenset(
    (
        *("abs", "ceil", "ceiling", "floor", "round", "sign", "sqrt", "cbrt", "exp", "ln", "log", "log10", "log1p"),
        *("log2", "mod", "div", "pow", "power", "pi", "degrees", "radians", "sin", "cos", "tan", "asin", "acos"),
        *("atan", "atan2", "greatest", "least", "coalesce", "ifnull", "nullif", "if", "bit_length", "char_length"),
        *("character_length", "length", "octet_length", "lower", "upper", "initcap", "trim", "ltrim", "rtrim"),
        *("left", "right", "substr", "substring", "replace", "reverse", "concat", "concat_ws", "starts_with"),
        *("ends_with", "strpos", "position", "regexp_like", "cast", "try_cast", "extract", "date_part", "strftime"),
        *("year", "month", "day", "hour", "minute", "second", "quarter", "week", "date"),
    )
)
"""What may stand before ( and is made of the cells of one row."""
OPERATORS = frozenset(
    (
        *("and", "or", "not", "in", "is", "null", "between", "like", "ilike", "rlike", "regexp", "similar"),
        *("true", "false", "case", "when", "then", "else", "end", "as", "div"),
    )
)
"""Words that are never columns, unless they are in backticks."""
AGGREGATES = frozenset(
    (
        *("sum", "avg", "mean", "count", "min", "max", "median", "mode", "stddev", "stddev_samp", "std", "stdev"),
        *("variance", "var", "var_samp", "var_pop", "first", "last", "quantile_cont", "quantile_disc", "quantile"),
        *("corr", "covar", "covar_pop", "covar_samp", "array_agg", "string_agg", "listagg", "any_value"),
        *("row_number", "rank", "dense_rank", "percent_rank", "lag", "lead", "first_value", "last_value", "ntile"),
    )
)
"""What may stand before ( and is made of many rows."""
WHOLE_TABLE = frozenset(
    (
        *("select", "over", "exists", "any", "all", "some", "order", "group", "having", "limit", "offset"),
        *("union", "join", "where", "qualify", "window", "partition"),
    )
)
"""Words by which a query looks at rows together."""
TIMES = frozenset(("date", "timestamp", "datetime", "time", "interval"))
"""What makes a time of the text after it."""
TODAY = frozenset(("current_date", "current_timestamp"))
