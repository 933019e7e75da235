"""Results page: keep measured figures as JSON, and make `docs/results.md` from them."""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from xray_platform.bench.contract import CELL, Figures
from xray_platform.bench.machine import machine
from xray_platform.errors import InputError
from xray_platform.tracking.git_commit import git_commit

HEAD = """# Results

Every figure was measured; this page is made by `xray bench --page docs/results` from the records beside it. A figure
that got worse stays in: each benchmark keeps all of its records, the newest first. The machines are shared and noisy:
read rates as ratios.
"""


def keep(folder: Path, name: str, figures: Figures, command: str) -> Path:
    """Add a record of this measurement to `<folder>/<name>.json`, newest first."""
    path = folder / f"{name}.json"
    folder.mkdir(parents=True, exist_ok=True)
    records = json.loads(path.read_text(encoding="utf-8")) if path.exists() else []
    record = {
        "measured": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": command,
        "commit": git_commit(),
        "machine": machine(),
        "figures": dict(figures),
    }
    path.write_text(json.dumps([record, *records], indent=1) + "\n", encoding="utf-8")
    return path


def write_page(folder: Path) -> Path:
    """Write `<folder>.md` from all records in `folder`; InputError where there are none."""
    if not any(folder.glob("*.json")):
        raise InputError(f"{folder} holds no records; they are JSON files that `xray bench NAME --keep FOLDER` writes")
    parts = [HEAD]
    for path in sorted(folder.glob("*.json")):
        parts.append(f"## {path.stem}\n")
        parts += [_section(record) for record in json.loads(path.read_text(encoding="utf-8"))]
    page = folder.with_suffix(".md")
    page.write_text("\n".join(parts), encoding="utf-8")
    return page


def _section(record: Mapping[str, Any]) -> str:
    commit = (record["commit"] or "")[:10]
    head = f"`{record['command']}` · {record['measured']} · commit {commit} · {record['machine']}\n"
    cells = {name: value for name, value in record["figures"].items() if CELL in name}
    rows = [f"| {name} | {_number(value)} |" for name, value in record["figures"].items() if name not in cells]
    return "\n".join([head, "| figure | value |", "|---|---|", *rows, "", *_table(cells)])


def _table(cells: Mapping[str, object]) -> Iterator[str]:
    """Yield the lines of the table that cells make, each called `row | column`."""
    if not cells:
        return
    places = [name.rsplit(CELL, 1) for name in cells]
    columns = list(dict.fromkeys(column for _, column in places))
    yield f"|  | {' | '.join(columns)} |"
    yield "|---" * (len(columns) + 1) + "|"
    for row in dict.fromkeys(row for row, _ in places):
        values = [cells.get(f"{row}{CELL}{column}", "") for column in columns]
        yield f"| {row} | {' | '.join(map(_number, values))} |"
    yield ""


def _number(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
