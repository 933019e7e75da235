"""Column: one column of a table, declared once: type, meaning, unit, range, and whether it identifies a person."""

from dataclasses import dataclass
from typing import Literal

import pyarrow as pa

Kind = Literal["text", "integer", "number", "flag", "list of text", "list of numbers"]

ARROW: dict[Kind, pa.DataType] = {
    "text": pa.string(),
    "integer": pa.int64(),
    "number": pa.float64(),
    "flag": pa.bool_(),
    "list of text": pa.list_(pa.string()),
    "list of numbers": pa.list_(pa.float32()),
}


@dataclass(frozen=True)
class Column:
    """A column's contract. `allowed`, `low`, `high` and `pattern` bind the values that are not null.

    What is not `shown` stands in the table alone, and never in a database or page that keeps what was once wrong.
    """

    name: str
    kind: Kind
    description: str
    unit: str = ""
    nullable: bool = False
    allowed: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None
    pattern: str = ""
    identifying: bool = False
    shown: bool = True

    @property
    def field(self) -> pa.Field:
        """The column as an Arrow field, its description and unit as metadata."""
        notes = {"description": self.description, "unit": self.unit}
        return pa.field(self.name, ARROW[self.kind], nullable=self.nullable, metadata=notes)
