"""Expectations: Great Expectations suites, made from the tables' own contracts."""

from dataclasses import dataclass
from typing import Any

import pandas as pd

from xray_platform.tables.column import Column
from xray_platform.tables.table import Table

Expectation = dict[str, Any]


@dataclass(frozen=True)
class Suite:
    """Expectations on one view of a table; `blocking` ones keep everything downstream from running.

    `asset` is the asset that writes the table, where it has not the table's name.
    """

    table: Table
    name: str
    description: str
    expectations: tuple[Expectation, ...]
    blocking: bool = True
    view: str = "rows"
    asset: str = ""

    @property
    def asset_name(self) -> str:
        return self.asset or self.table.name

    @property
    def title(self) -> str:
        return f"{self.table.name}.{self.name}"


def schema_suite(table: Table) -> Suite:
    """Return the suite that holds a table to its declared columns, ranges, words, patterns and key."""
    whole = [
        expect("TableColumnsToMatchOrderedList", column_list=[column.name for column in table.columns]),
        _unique(table.key),
    ]
    each = [expectation for column in table.columns for expectation in _column(column)]
    return Suite(table, "schema", "Columns, types, ranges, words and key are as declared.", tuple(whole + each))


def identity_suite(table: Table) -> Suite:
    """Return the suite that finds identity in a table that must have none.

    No column may be declared identifying, pseudonyms must have the form that the keyed hash gives them, and no text
    may look like a DICOM person name (`Family^Given`), an e-mail address or a path of the machine.
    """
    texts = [column for column in table.columns if column.kind == "text"]
    suspicious = r"(?:\w\^\w)|(?:@\w+\.\w)|(?:^/)|(?:\\)"
    rules = [expect("ColumnValuesToNotMatchRegex", column=column.name, regex=suspicious) for column in texts]
    forms = [
        expect("ColumnValuesToMatchRegex", column=column.name, regex=column.pattern)
        for column in texts
        if column.name in {"subject", "study"}
    ]
    return Suite(table, "identity", "No identity outside the raw zone.", tuple(rules + forms))


def expect(kind: str, **arguments: Any) -> Expectation:
    """Name an expectation and its arguments without importing Great Expectations, which takes seconds."""
    return {"kind": f"Expect{kind}", **arguments}


def view_of(frame: pd.DataFrame, view: str) -> pd.DataFrame:
    """Return the view of a table that a suite looks at: its `rows`, or the distinct pairs of `a x b`."""
    if view == "rows":
        return frame
    return frame[view.split(" x ")].dropna().drop_duplicates().reset_index(drop=True)


def _column(column: Column) -> list[Expectation]:
    found: list[Expectation] = []
    if not column.nullable:
        found.append(expect("ColumnValuesToNotBeNull", column=column.name))
    if column.allowed:
        found.append(expect("ColumnValuesToBeInSet", column=column.name, value_set=list(column.allowed)))
    if column.pattern:
        found.append(expect("ColumnValuesToMatchRegex", column=column.name, regex=column.pattern))
    if column.low is not None or column.high is not None:
        found.append(expect("ColumnValuesToBeBetween", column=column.name, min_value=column.low, max_value=column.high))
    return found


def _unique(key: tuple[str, ...]) -> Expectation:
    if len(key) == 1:
        return expect("ColumnValuesToBeUnique", column=key[0])
    return expect("CompoundColumnsToBeUnique", column_list=list(key))
