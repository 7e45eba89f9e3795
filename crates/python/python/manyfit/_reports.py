"""What a run has to say, as exceptions and warnings."""

from __future__ import annotations

import re
import warnings

#: Reasons that an exception or a warning names.
_SHOWN = 5

#: The last line of a prediction, with counts alone.
_COUNTS = re.compile(r"[\d,]+ customers? predicted, .*")


class CustomerWarning(UserWarning):
    """Some customers failed, or a setting had no effect; the others are done."""


def check(failures: dict[str, str], messages: str, failure: BaseException | None, *, stacklevel: int) -> None:
    """Raise what ends a run, with the first reasons; warn of what does not."""
    reasons = [f"{customer}: {_in_python(reason)}" for customer, reason in list(failures.items())[:_SHOWN]]
    if len(failures) > _SHOWN:
        reasons.append(f"and {len(failures) - _SHOWN} more")
    if isinstance(failure, KeyboardInterrupt):
        raise failure
    if failure is not None:
        # Of the command's sentence, what comes before the first reasons, which are here in full.
        raise type(failure)("\n  ".join([str(failure).partition("; ")[0], *reasons]))
    for line in messages.splitlines():
        if line.startswith("warning: "):
            warnings.warn(_in_python(line.removeprefix("warning: ")), CustomerWarning, stacklevel=stacklevel)
    if failures:
        count = f"{len(failures)} customer{'s' if len(failures) > 1 else ''} failed:"
        warnings.warn("\n  ".join([count, *reasons]), CustomerWarning, stacklevel=stacklevel)


def check_predictions(messages: str, failure: BaseException | None, *, stacklevel: int) -> None:
    """The same of forecasts and predictions, whose messages name the customers."""
    notes = [_in_python(line) for line in messages.splitlines() if not _COUNTS.fullmatch(line)]
    if failure is not None:
        raise type(failure)("\n  ".join([_in_python(str(failure)), *notes[:_SHOWN]]))
    if notes:
        warnings.warn("\n".join(notes[:_SHOWN]), CustomerWarning, stacklevel=stacklevel)


def _in_python(text: str) -> str:
    """A message of the command, with the names of arguments instead of options."""
    return text.replace("with --future", "with X_df").replace(" --", " ")
