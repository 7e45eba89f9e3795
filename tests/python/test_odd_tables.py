"""Tables that are odd or wrong give the right models, or an exception that says what to do."""

from __future__ import annotations

import datetime as dt
import warnings
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import manyfit

DAYS = 40
DATES = [dt.date(2024, 1, 1) + dt.timedelta(day) for day in range(DAYS)]
COLUMNS: dict[str, Any] = {
    "unique_id": ["a"] * DAYS + ["b"] * DAYS,
    "ds": DATES * 2,
    "y": [float(day % 7) + day // DAYS for day in range(2 * DAYS)],
}
TABLE = pl.DataFrame(COLUMNS)
ARROW = pa.table(COLUMNS)


def archives(table: Any, **options: Any) -> dict[str, bytes]:
    fleet = manyfit.fit(table, **options)
    return {customer: fleet[customer].archive for customer in fleet}


EXPECTED = archives(TABLE)


def cast(**types: pa.DataType) -> pa.Table:
    fields = [(name, types.get(name, ARROW.schema.field(name).type)) for name in ARROW.column_names]
    return ARROW.cast(pa.schema(fields))


def dictionaries(*names: str) -> pa.Table:
    table = ARROW
    for name in names:
        table = table.set_column(table.column_names.index(name), name, table[name].dictionary_encode())
    # Each part has a dictionary of its own, and customers are in both.
    return pa.concat_tables([table[50:], table[:50]])


SAME = {
    "large strings": cast(unique_id=pa.large_string()),
    "string views": cast(unique_id=pa.string_view()),
    "dictionaries of text": dictionaries("unique_id"),
    "dictionaries of numbers and times": dictionaries("y", "ds"),
    "seconds": cast(ds=pa.timestamp("s")),
    "nanoseconds": cast(ds=pa.timestamp("ns")),
    "dates of 64 bits": cast(ds=pa.date64()),
    "times as text": TABLE.with_columns(pl.col("ds").cast(pl.String)),
    "times as a dictionary of text": TABLE.with_columns(pl.col("ds").cast(pl.String).cast(pl.Categorical)),
    "values as text": TABLE.with_columns(pl.col("y").cast(pl.String)),
    "values as a dictionary of text": TABLE.with_columns(pl.col("y").cast(pl.String).cast(pl.Categorical)),
    "decimals": cast(y=pa.decimal128(10, 3)),
    "small integers": cast(y=pa.int8()),
    "unsigned integers": cast(y=pa.uint64()),
    "half precision": cast(y=pa.float16()),
    "single precision": cast(y=pa.float32()),
    "polars' categories": TABLE.with_columns(pl.col("unique_id").cast(pl.Categorical)),
    "polars' enumeration": TABLE.with_columns(pl.col("unique_id").cast(pl.Enum(["b", "a"]))),
    "pandas": pd.DataFrame(COLUMNS),
    "pandas' categories": pd.DataFrame(COLUMNS).astype({"unique_id": "category"}),
    "pandas' index of customers": pd.DataFrame(COLUMNS).set_index("unique_id"),
    "pandas' index of both": pd.DataFrame(COLUMNS).set_index(["unique_id", "ds"]),
    "pandas' other index": pd.DataFrame(COLUMNS).set_index(np.arange(80)[::-1]),
    "local midnights": TABLE.with_columns(pl.col("ds").cast(pl.Datetime("us")).dt.replace_time_zone("Europe/Berlin")),
    "other columns": TABLE.with_columns(note=pl.lit("x"), parts=pl.concat_list("y"), customer=pl.lit("z")),
    "backwards": TABLE.reverse(),
    "in turn": TABLE.sort("ds", "unique_id"),
    "one row a part": pa.concat_tables([ARROW[at : at + 1] for at in range(len(ARROW))]),
    "polars' chunks": pl.concat([TABLE[at : at + 7] for at in range(0, len(TABLE), 7)], rechunk=False),
    "polars' uneven chunks": pl.concat([TABLE[:30], TABLE[30:]], rechunk=False).with_columns(TABLE["y"]),
    "empty parts": pa.concat_tables([ARROW[:0], ARROW[:3], ARROW[3:3], ARROW[3:]]),
    "record batches": pa.RecordBatchReader.from_batches(ARROW.schema, ARROW.to_batches(max_chunksize=7)),
}


@pytest.mark.parametrize("kind", SAME)
def test_the_type_of_a_column_does_not_change_the_models(kind: str) -> None:
    assert archives(SAME[kind]) == EXPECTED


def test_nan_and_null_are_both_missing() -> None:
    missing = pl.col("y") > 5
    null = TABLE.with_columns(y=pl.when(missing).then(None).otherwise(pl.col("y")))
    nan = TABLE.with_columns(y=pl.when(missing).then(float("nan")).otherwise(pl.col("y")))
    text = null.with_columns(pl.col("y").cast(pl.String))
    assert archives(null) == archives(nan) == archives(text) != EXPECTED
    assert manyfit.fit(null).manifest[0]["missing"] == 5


def test_customers_may_be_integers_and_text_is_text() -> None:
    numbers = TABLE.with_columns(unique_id=pl.when(pl.col("unique_id") == "a").then(7).otherwise(12))
    assert list(manyfit.fit(numbers)) == ["12", "7"]
    assert manyfit.fit(numbers)[7].customer == "7"
    padded = TABLE.with_columns(unique_id=pl.when(pl.col("unique_id") == "a").then(pl.lit("007")).otherwise(pl.lit("1e3")))
    assert list(manyfit.fit(padded)) == ["007", "1e3"]


WRONG: dict[str, tuple[Any, str]] = {
    "no customers": (TABLE.drop("unique_id"), "no column 'unique_id'; its columns are .* id_col"),
    "no times": (TABLE.drop("ds"), "no column 'ds'; its columns are .* time_col"),
    "no values": (TABLE.drop("y"), "no column 'y'; its columns are .* target_col"),
    "text": (TABLE.with_columns(y=pl.lit("abc")), r'a: the table: row 1, column "y": "abc" is not a number: correct the value'),
    "twice": (pl.concat([TABLE, TABLE]), "a: the table: row 81: the timestamp 2024-01-01 is also on row 1: .* set duplicates to"),
    "infinite": (TABLE.with_columns(y=pl.lit(np.inf)), "is infinite: correct the value"),
    "no rows": (TABLE.clear(), "the table has no rows: there is nothing to fit"),
    "no columns": (pl.DataFrame(), "no column 'unique_id'"),
    "nobody's": (TABLE.with_columns(unique_id=pl.lit(None, pl.String)), "does not name a customer.*80 such rows are left out"),
    "fractions": (TABLE.with_columns(unique_id=pl.lit(1.5)), 'has the value "1.5", which cannot name a customer: cast it to text'),
    "paths": (TABLE.with_columns(unique_id=pl.lit("a/b")), "not safe in a file name: rename the customer"),
    "lists": (TABLE.with_columns(y=pl.concat_list("y")), 'the column "y" has the type LargeList.*write it as Float64'),
    "mixed": (pd.DataFrame(COLUMNS).assign(y=[1, "x"] * DAYS), "cast the column to one type"),
    "a column": (TABLE["y"], "a table of columns is expected, not a single column"),
    "ambiguous": (TABLE.with_columns(ds=pl.lit("02/03/2024")), "could be day/month/year or month/day/year"),
}


@pytest.mark.parametrize("kind", WRONG)
def test_what_cannot_be_used_is_said_with_the_way_out(kind: str) -> None:
    table, message = WRONG[kind]
    with pytest.raises(manyfit.DataError, match=message):
        manyfit.fit(table)


def test_objects_that_are_no_tables_are_type_errors() -> None:
    for table in ([1, 2], COLUMNS, None):
        with pytest.raises(TypeError, match="__arrow_c_stream__"):
            manyfit.fit(table)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="call .collect()"):
        manyfit.fit(TABLE.lazy())  # type: ignore[arg-type]


def test_wrong_settings_are_all_named_at_once() -> None:
    with pytest.raises(manyfit.SettingsError, match=r"(?s)did you mean seasonality_mode.*interval_width=.7. is invalid"):
        manyfit.fit(TABLE, seasonality="x", interval_width=7)
    with pytest.raises(manyfit.SettingsError, match="did you mean prophet"):
        manyfit.fit(TABLE, model="profet")
    with pytest.raises(manyfit.SettingsError, match="target is given twice"):
        manyfit.fit(TABLE, target="y")
    with pytest.raises(manyfit.SettingsError, match="say what to forecast"):
        manyfit.fit(TABLE).forecast()
    with pytest.raises(manyfit.SettingsError, match="percentages between 0 and 100"):
        manyfit.fit(TABLE).forecast(3, level=[180])


def test_a_customer_that_fails_does_not_stop_the_others() -> None:
    bad = TABLE.with_columns(y=pl.when(pl.col("unique_id") == "a").then(pl.lit("x")).otherwise(pl.lit("3")))
    with pytest.warns(manyfit.CustomerWarning, match=r'1 customer failed:\s+a: the table: row 1, column "y": "x" is not'):
        fleet = manyfit.fit(bad, max_failures=0.6)
    assert list(fleet) == ["b"]
    assert list(fleet.failures) == ["a"]
    assert "a" not in fleet
    with pytest.raises(KeyError, match='"x" is not a number'):
        fleet["a"]
    with pytest.raises(KeyError, match="no such customer"):
        fleet["z"]
    with pytest.raises(manyfit.DataError, match="no artifact was found for z"):
        fleet.forecast(3, ids=["z"])


def test_the_future_of_regressors_is_a_table_of_any_kind() -> None:
    known = TABLE.with_columns(price=pl.col("y") * 0.5 + 1)
    fleet = manyfit.fit(known, X=["price"])
    with pytest.raises(manyfit.DataError, match=r"future values of price.*X_df"):
        fleet.forecast(3)
    future = {"ds": [DATES[-1] + dt.timedelta(step) for step in (1, 2, 3)], "price": [1.0, 2.0, 3.0]}
    shared = fleet.forecast(X_df=pl.DataFrame(future))
    own = {"unique_id": ["a"] * 3 + ["b"] * 3, **{name: values * 2 for name, values in future.items()}}
    for table in (pl.DataFrame(own), pd.DataFrame(own), pa.table(own)):
        assert fleet.forecast(X_df=table).equals(shared)
    assert fleet.forecast(2, X_df=pl.DataFrame(own)).height == 4


def test_intervals_are_nested_and_named_by_their_levels(table: pl.DataFrame) -> None:
    for model in ("prophet", "theta", "seasonal-naive"):
        fleet = manyfit.fit(table, model=model)
        wide = fleet.forecast(5, level=[80, 97.5])
        assert wide.columns[2:] == ["yhat", "yhat-lo-80", "yhat-hi-80", "yhat-lo-97.5", "yhat-hi-97.5"]
        assert (wide["yhat-lo-97.5"] < wide["yhat-lo-80"]).all()
        assert (wide["yhat-hi-80"] < wide["yhat-hi-97.5"]).all()
        assert wide["yhat-lo-80"].to_list() == fleet.forecast(5)["yhat_lower"].to_list()


values = st.one_of(st.none(), st.floats(allow_nan=True, allow_infinity=True), st.integers(-5, 5).map(float))
names = st.one_of(st.none(), st.sampled_from(["a", "b", " c ", "", "é", "a/b", ".x"]), st.text(st.characters(exclude_categories=("C", "Z")), max_size=3))
times = st.one_of(st.none(), st.datetimes(dt.datetime(1700, 1, 1), dt.datetime(2250, 1, 1)), st.sampled_from(DATES).map(str))
rows = st.lists(st.tuples(names, times, values), max_size=30)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(rows, st.booleans(), st.integers(1, 10))
def test_any_table_is_fitted_or_refused_in_words(rows: list[tuple[Any, ...]], as_text: bool, part: int) -> None:
    ids, dates, numbers = ([row[at] for row in rows] for at in range(3))
    if as_text:
        columns = [pa.array(ids, pa.string()), pa.array([date and str(date) for date in dates], pa.string_view())]
    else:
        columns = [pa.array(ids, pa.large_string()).dictionary_encode()]
        columns += [pa.array([None if isinstance(date, str) else date for date in dates], pa.timestamp("us"))]
    table = pa.table([*columns, pa.array(numbers, pa.float64())], ["unique_id", "ds", "y"])
    table = pa.concat_tables([table[at : at + part] for at in range(0, len(table), part)] or [table])
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", manyfit.CustomerWarning)
            fleet = manyfit.fit(table, max_failures="100%", duplicates="mean")
            forecasts = fleet.forecast(2, max_failures="100%") if len(fleet) else None
    except manyfit.DataError as error:
        assert str(error)
        return
    known = {name.strip() for name in ids if name and name.strip()}
    assert set(fleet) | set(fleet.failures) >= known
    assert forecasts is None or len(forecasts) % 2 == 0
