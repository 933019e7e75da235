"""Asset result: what an asset hands back, and how that becomes row counts, schemas and pictures in the Dagster UI."""

import hashlib
import re
from dataclasses import dataclass, field
from typing import Any

import dagster as dg
import pandas as pd

from xray_platform.tables.column import Column
from xray_platform.tables.table import Table

FIRST = 5
ROW_COUNT = "dagster/row_count"
_MARKUP = re.compile(r"[<>&|`*\[\]\\!~#\x00-\x1f\x7f]")
DAGSTER_TYPES = {
    "text": "string", "integer": "int", "number": "float", "flag": "bool", "list of text": "list[string]",
    "list of numbers": "list[float]",
}  # fmt: skip


@dataclass(frozen=True)
class AssetResult:
    """The result of one asset: its table's rows (if it has a table), more metadata, and what its content depends on.

    `content` joins the rows in the data version, for bytes that the rows do not name.
    """

    table: Table | None = None
    frame: pd.DataFrame | None = None
    metadata: dict[str, Any] = field(default_factory=dict)
    content: str = ""

    @property
    def data_version(self) -> dg.DataVersion:
        """The same content gives the same version, whenever and wherever it was made."""
        return dg.DataVersion(hashlib.sha256((frame_digest(self.frame) + self.content).encode()).hexdigest()[:16])

    def describe(self) -> dict[str, Any]:
        """Return the metadata that the Dagster UI shows."""
        shown = dict(self.metadata)
        if self.table is not None and self.frame is not None:
            shown[ROW_COUNT] = len(self.frame)
            shown["dagster/column_schema"] = column_schema(self.table)
            if not self.table.raw:
                names = [column.name for column in self.table.columns if column.shown]
                shown["first rows"] = dg.MetadataValue.md(markdown(self.frame[names].head(FIRST)))
        return shown


def markdown(frame: pd.DataFrame) -> str:
    """Return a frame as a Markdown table in which no text is markup: signs that could begin any become codes."""
    text = frame.astype("object").map(lambda cell: "" if cell is None or cell is pd.NA else unmarked(str(cell)))
    return text.to_markdown(index=False, disable_numparse=True) or ""


def unmarked(text: str) -> str:
    """Return a text of which Markdown and HTML take no sign for markup: those that could begin any become codes."""
    return _MARKUP.sub(lambda sign: f"&#{ord(sign[0])};", text)


def frame_digest(frame: pd.DataFrame | None) -> str:
    """Return a digest of a frame's values; equal frames have equal digests."""
    if frame is None:
        return ""
    text = frame.to_json(orient="split", index=False, double_precision=10) or ""
    return hashlib.sha256(text.encode()).hexdigest()


def column_schema(table: Table) -> dg.TableSchema:
    """Return a table's contract in Dagster's terms."""
    return dg.TableSchema([_column(column) for column in table.columns])


def _column(column: Column) -> dg.TableColumn:
    unit = f" [{column.unit}]" if column.unit else ""
    constraints = dg.TableColumnConstraints(nullable=column.nullable)
    return dg.TableColumn(column.name, DAGSTER_TYPES[column.kind], f"{column.description}{unit}", constraints)
