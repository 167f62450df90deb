"""Names and texts inside generated DuckDB SQL: the only two functions that put foreign words into a statement."""


def identifier(name: str) -> str:
    """Return a column or table name in double quotes; DuckDB doubles a quote inside, as SQL:2016 §5.2 says."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Return a text in single quotes, with quotes inside doubled; backslashes mean themselves in DuckDB."""
    return "'" + text.replace("'", "''") + "'"
