"""Types of arrays and the one place where a division by nothing becomes "undefined"."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]
Flags = NDArray[np.bool_]


def ratio(numerator: Floats | Counts | float, denominator: Floats | Counts | float) -> Floats:
    """float64 numerator ÷ denominator with broadcasting; NaN where the denominator is 0 or the quotient not finite."""
    with np.errstate(divide="ignore", invalid="ignore"):
        quotient = np.asarray(numerator, dtype=np.float64) / np.asarray(denominator, dtype=np.float64)
    return np.where(np.isfinite(quotient), quotient, np.nan)


def finite(value: Any) -> Any:
    """The value as JSON: arrays become lists, NumPy numbers Python ones, NaN and ±infinity null."""
    if isinstance(value, np.ndarray):
        return finite(value.tolist())
    if isinstance(value, dict):
        return {key: finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [finite(item) for item in value]
    if isinstance(value, np.generic):
        return finite(value.item())
    if isinstance(value, float) and not np.isfinite(value):
        return None
    return value
