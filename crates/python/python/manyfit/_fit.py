"""Fitting."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any

from manyfit import _native
from manyfit._fleet import Columns, Fleet
from manyfit._reports import check
from manyfit._settings import as_text
from manyfit._tables import ArrowTable, frame_of, library_of


def fit(
    df: ArrowTable,
    *,
    freq: str | None = None,
    model: str = "prophet",
    id_col: str = "unique_id",
    time_col: str = "ds",
    target_col: str = "y",
    X: str | Sequence[str] | None = None,
    output: str | os.PathLike[str] | None = None,
    jobs: int | None = None,
    progress: bool | Callable[[int], object] = False,
    **settings: Any,
) -> Fleet:
    """Fit a model of the series of each customer.

    Args:
        df: A long table with a row for each customer and time, in any order: of polars, pandas, pyarrow, DuckDB, or anything
            with ``__arrow_c_stream__``. Its columns are not copied.
        freq: Spacing of the times as pandas names it, such as ``"D"`` or ``"MS"``; inferred for each customer unless given.
        model: What to fit: ``"prophet"``, ``"auto"``, ``"theta"``, ``"ets"`` or another of ``manyfit settings model``.
        id_col: Column of customers: text, integers, or categories of text.
        time_col: Column of times: dates, timestamps, or text. Those with a time zone are read in UTC, or as local dates if all
            are midnights.
        target_col: Column of the values to forecast: numbers, or text that holds numbers. NaN and null are missing.
        X: Columns that Prophet's forecasts follow, the setting ``regressors``.
        output: Folder or ``s3://bucket/prefix`` for artifacts, manifest and tables, as the command writes them; what is there
            and still valid is kept. Without it they stay in memory.
        jobs: Threads; one for each processor unless given.
        progress: Whether tqdm shows progress, or a function that is called with the number of finished models.
        **settings: Any setting of ``manyfit settings``, by its name: ``horizon=28``, ``seasonality_mode="multiplicative"``,
            ``holidays=table``. Lists are joined by commas; tables may be of any library, or paths of files.

    Returns:
        The models.

    Raises:
        SettingsError: A setting is unknown, or its value is wrong.
        DataError: A column is missing or of a type that cannot be read, or more customers failed than ``max_failures`` allows
            (10 % unless set). The message names customers, rows, values, and what to do.
        StorageError: ``output`` cannot be read or written.
        KeyboardInterrupt: Ctrl-C was pressed.

    Warns:
        CustomerWarning: Some customers failed, within ``max_failures``; ``Fleet.failures`` has the reasons.

    """
    regressors = X if X is None or isinstance(X, str) else ",".join(X)
    given = {"frequency": freq, "timestamp": time_col, "target": target_col, "regressors": regressors}
    columns = Columns(id_col, time_col, target_col)
    return _fit(df, None, {**_without_conflicts(given, settings), "model": model}, columns, output, jobs, progress)


def fit_rows(
    df: ArrowTable,
    *,
    target: str,
    model: str = "gradient-boosting",
    id_col: str = "unique_id",
    validation: ArrowTable | None = None,
    features: Sequence[str] | None = None,
    categorical: Sequence[str] | None = None,
    output: str | os.PathLike[str] | None = None,
    jobs: int | None = None,
    progress: bool | Callable[[int], object] = False,
    **settings: Any,
) -> Fleet:
    """Fit a regression model of the rows of each customer.

    Args:
        df: A table with the rows of all customers, as for :func:`fit`.
        target: Column to predict.
        model: ``"gradient-boosting"``, ``"random-forest"``, ``"ridge"``, or ``"regression"`` for the best of them.
        id_col: Column of customers.
        validation: Rows that models are scored on and that early stopping watches, with the same columns.
        features: Columns of features, in this order; all without another role unless given.
        categorical: Those of them with categories.
        output: As for :func:`fit`.
        jobs: As for :func:`fit`.
        progress: As for :func:`fit`.
        **settings: As for :func:`fit`: ``num_round=200``, ``n_estimators=500``, ``validation_fraction=0.2``.

    Returns:
        The models.

    Raises:
        SettingsError: As for :func:`fit`.
        DataError: As for :func:`fit`.
        StorageError: As for :func:`fit`.
        KeyboardInterrupt: Ctrl-C was pressed.

    """
    given = {"target": target, "features": features, "categorical": categorical}
    columns = Columns(id_col, "", target)
    given = {**_without_conflicts(given, settings), "model": model}
    return _fit(df, validation, given, columns, output, jobs, progress)


def _without_conflicts(given: dict[str, Any], settings: dict[str, Any]) -> dict[str, Any]:
    """The settings with those that arguments name; a setting that is given twice is an error."""
    given = {name: value for name, value in given.items() if value is not None}
    twice = sorted(set(given) & set(settings))
    if twice:
        message = f"{twice[0]} is given twice: by its own name, and by the argument for it"
        raise _native.SettingsError(message)
    return {**settings, **given}


def _fit(
    df: Any,
    validation: Any,
    settings: dict[str, Any],
    columns: Columns,
    output: str | os.PathLike[str] | None,
    jobs: int | None,
    progress: bool | Callable[[int], object],
) -> Fleet:
    keys = tuple(name for name in columns if name)
    frame = frame_of(df, keys=keys)
    _require(frame, columns, settings)
    held_out = None if validation is None else frame_of(validation, keys=keys)
    place = None if output is None else os.fspath(output)
    settings = {"customer": columns.id, **settings}
    done, close = _display(progress)
    try:
        with as_text(settings, renamed=columns.in_side_tables()) as texts:
            models, outcomes, summary, messages, tables, failure = _native.fit(
                frame, customer=columns.id, settings=texts, validation=held_out, output=place, jobs=jobs, done=done
            )
    finally:
        close()
    fleet = Fleet(models, outcomes, columns, library_of(df), tables=tables, frame=frame, settings=settings)
    fleet.summary = summary
    check(fleet.failures, messages, failure, stacklevel=4)
    return fleet


def _require(frame: _native.Frame, columns: Columns, settings: dict[str, Any]) -> None:
    """Refuse a table without the columns that every customer needs."""
    there = {name.casefold() for name in frame.names}
    # A time may be in two columns: date,time.
    wanted = [columns.id, *columns.time.split(","), columns.target]
    extra = settings.get("regressors") or ""
    wanted += [term.partition(":")[0] for term in extra.split(",")] if isinstance(extra, str) else []
    for name in filter(None, wanted):
        if name.strip().casefold() not in there:
            arguments = "id_col, time_col, target_col and X" if columns.time else "id_col and target"
            message = f"the table has no column {name!r}; its columns are {frame.names}: name them with {arguments}"
            raise _native.DataError(message)


def _display(progress: bool | Callable[[int], object]) -> tuple[Callable[[int], object] | None, Callable[[], object]]:
    """What is called with the number of finished models, and what ends the display."""
    if progress is False:
        return None, lambda: None
    if progress is not True:
        return progress, lambda: None
    from tqdm.auto import tqdm  # type: ignore[import-untyped, import-not-found, unused-ignore]

    bar = tqdm(unit=" models")
    return (lambda count: bar.update(count - bar.n)), bar.close
