"""Settings of Python's types as the text that the command takes."""

from __future__ import annotations

import datetime
import json
import tempfile
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from manyfit._tables import ArrowTable, frame_of


@contextmanager
def as_text(settings: Mapping[str, Any], *, renamed: Mapping[str, str]) -> Generator[dict[str, str]]:
    """The settings that have a value, as text.

    Tables, such as of holidays and overrides, are written to files that exist as long as the context; in them the columns
    ``renamed`` get other names.
    """
    with tempfile.TemporaryDirectory(prefix="manyfit-") as folder:
        texts = {}
        for name, value in settings.items():
            if value is None:
                continue
            if isinstance(value, ArrowTable):
                path = Path(folder) / f"{name}.parquet"
                frame_of(value).write(path, dict(renamed))
                value = path
            texts[name] = _text(value)
        yield texts


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (str, Path)):
        return str(value)
    if isinstance(value, Mapping):
        return json.dumps(value)
    if isinstance(value, (datetime.date, datetime.datetime)):
        return value.isoformat()
    if isinstance(value, (list, tuple, set, frozenset)):
        values = sorted(value) if isinstance(value, (set, frozenset)) else list(value)
        return ",".join(_text(part) for part in values)
    if hasattr(value, "item"):
        # A number of numpy.
        return _text(value.item())
    return str(value)
