"""The fitted numbers as `//sim:calibrate` left them in fitted.json, with their standard errors and the model's
error.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from sim.timeline.launch import Fitted, Hypothesis

FITTED_FILE = Path(__file__).with_name("fitted.json")


@dataclass(frozen=True)
class Fit:
    """One hypothesis' numbers. Errors are standard errors of the fit; `mape` is of the rows that were fitted, in
    percent.
    """

    fitted: Fitted
    errors: Fitted
    mape: float
    leave_one_out: float
    """Mean absolute error in percent when each row is predicted from the others."""
    rows: int


Fits = Mapping[Hypothesis, Fit]


def load_fits(path: Path = FITTED_FILE) -> Fits:
    """Return the fit of every hypothesis. Raises ValueError if `path` is not what `fits_json` writes."""
    try:
        data = json.loads(path.read_text())
        return {
            hypothesis: Fit(
                Fitted(**data[hypothesis.value]["fitted"]),
                Fitted(**data[hypothesis.value]["errors"]),
                *(data[hypothesis.value][key] for key in ("mape", "leave_one_out", "rows")),
            )
            for hypothesis in Hypothesis
        }
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(
            f"{path} does not hold fitted numbers ({error}): make it with //sim:calibrate --output"
        ) from None


def fits_json(fits: Fits) -> str:
    """Return what `load_fits` reads."""
    data = {
        hypothesis.value: {
            "fitted": _rounded(fit.fitted),
            "errors": _rounded(fit.errors),
            "mape": round(fit.mape, 2),
            "leave_one_out": round(fit.leave_one_out, 2),
            "rows": fit.rows,
        }
        for hypothesis, fit in fits.items()
    }
    return json.dumps(data, indent=1) + "\n"


def _rounded(values: Fitted) -> dict[str, float]:
    # Finer than the standard errors, which are some 1.5 us and 0.05.
    digits = {"sync": 2, "early": 4, "late": 4}
    assert digits.keys() == {field.name for field in fields(Fitted)}
    return {name: round(value, digits[name]) for name, value in asdict(values).items()}
