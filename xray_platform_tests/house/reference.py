"""Reference: the parts of docs/reference that come from the code; run as a module it writes them anew."""

import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import dagster as dg
import typer.main

from xray_platform.cli.app import app
from xray_platform.defs.config_fields import range_of
from xray_platform.defs.graph import assets as assets_of_a_store
from xray_platform.defs.graph import settings_classes
from xray_platform.dicom.deidentify.explain import describe_rules
from xray_platform.dicom.rules import EXAMINATION_RULES, PUBLISHING_RULES
from xray_platform.imaging.recipe import default_recipe
from xray_platform.imaging.recipes import RECIPES
from xray_platform.imaging.step import StepSettings
from xray_platform.imaging.steps.all import STEPS
from xray_platform.models.all import MODELS
from xray_platform.models.contract import ModelKind
from xray_platform.settings import Settings
from xray_platform.tables.all import ALL
from xray_platform.tables.column import Column
from xray_platform.tables.table import Table

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "docs" / "reference"


def assets() -> str:
    specs = [spec for asset in assets_of_a_store() for spec in asset.definition().specs]
    rows = [
        [f"{spec.group_name}", f"`{spec.key.to_user_string()}`", _partition(spec), _sentence(spec.description)]
        for spec in specs
    ]
    return _grid(["group", "asset", "partition", "what"], rows)


def models() -> str:
    kinds = MODELS.values()
    return _grid(
        ["model", "family", "trained", "reads tensors", "what it is"],
        [[f"`{kind.name}`", kind.family, _trained(kind), _tensors(kind), kind.description] for kind in kinds],
    )


def _trained(kind: ModelKind) -> str:
    return "on request" if kind.on_request else "always"


def _tensors(kind: ModelKind) -> str:
    return f"`{kind.recipe}`, {kind.side} px" if kind.side else "those of its parts"


def recipe() -> str:
    return "\n".join(f"{number}. {line}" for number, line in enumerate(default_recipe().describe(), start=1))


def recipes() -> str:
    return _grid(["recipe", "what for"], [[f"`{named.name}`", named.description] for named in RECIPES.values()])


def steps() -> str:
    return "\n\n".join(_step(kind, step) for kind, step in STEPS.items())


def tables() -> str:
    rows = [
        [f"[`{table.name}`](#{table.name})", "raw zone" if table.raw else "no identity", table.description]
        for table in ALL
    ]
    return _grid(["table", "zone", "what a row is"], rows)


def columns() -> str:
    return "\n\n".join(_columns_of(table) for table in ALL)


def deidentification() -> str:
    return _grid(["", "rule"], [[str(number), rule] for number, rule in enumerate(describe_rules(), start=1)])


def quality() -> str:
    rows = [[rule.code, rule.severity, rule.notices] for rule in EXAMINATION_RULES]
    rows += [[rule.code, rule.severity, f"publishing: {rule.notices}"] for rule in PUBLISHING_RULES]
    return _grid(["code", "at worst", "what it notices"], rows)


def settings() -> str:
    return "\n\n".join(_settings_of(name, kind) for name, kind in settings_classes().items())


def commands() -> str:
    rows = [[f"[`xray {name}`](#xray-{name})", _sentence(command.help)] for name, command in _commands().items()]
    return _grid(["command", "what it does"], rows)


def options() -> str:
    return "\n\n".join(_command(name, command) for name, command in _commands().items())


BLOCKS: dict[str, Callable[[], str]] = {
    "assets": assets,
    "models": models,
    "recipe": recipe,
    "recipes": recipes,
    "steps": steps,
    "tables": tables,
    "columns": columns,
    "settings": settings,
    "commands": commands,
    "options": options,
    "quality": quality,
    "deidentification": deidentification,
}


def pages() -> list[Path]:
    """Return the pages that hold such blocks."""
    return sorted(FOLDER.glob("*.md"))


def blocks_of(text: str) -> list[str]:
    """Return the names of the blocks of a page."""
    return re.findall(r"^<!-- (\w+) -->$", text, re.MULTILINE)


def rewritten(text: str) -> str:
    """Return a page with each of its blocks as the code says it; raises KeyError for a block that nobody writes."""
    for name in blocks_of(text):
        between = re.compile(f"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
        text = between.sub(lambda found, said=BLOCKS[name](): f"{found[1]}{said}\n{found[2]}", text)  # type: ignore[misc]
    return text


def _grid(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *([_cell(text) for text in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(text: str) -> str:
    """Return a text as it may stand in a table's cell: one line, no bars, no tags."""
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")


def _partition(spec: dg.AssetSpec) -> str:
    return "batch" if spec.partitions_def else "–"


def _columns_of(table: Table) -> str:
    rows = [
        [f"`{column.name}`", column.kind, column.unit, _allowed(column), column.description] for column in table.columns
    ]
    key = ", ".join(f"`{name}`" for name in table.key)
    head = f"## {table.name}\n\n{table.description[:1].upper()}{table.description[1:]}. Key: {key}."
    return f"{head}\n\n{_grid(['column', 'type', 'unit', 'allowed', 'meaning'], rows)}"


def _allowed(column: Column) -> str:
    said = [", ".join(column.allowed)]
    if column.low is not None and column.high is not None:
        said.append(f"{column.low:g} to {column.high:g}")
    elif column.low is not None:
        said.append(f"≥ {column.low:g}")
    elif column.high is not None:
        said.append(f"≤ {column.high:g}")
    said += ["may be missing"] * column.nullable + ["identifies a person"] * column.identifying
    return "; ".join(part for part in said if part)


def _step(name: str, kind: type[StepSettings]) -> str:
    said = kind().describe()
    own = _settings_of(name, kind) if len(kind.model_fields) > 1 else f"## {name}"
    head, _, rest = own.partition("\n\n")
    told = f"{said[:1].upper()}{said[1:]}; {kind().states()}."
    return "\n\n".join(part for part in (head, told, rest) if part)


def _settings_of(name: str, kind: type[Settings]) -> str:
    rows = [
        [
            f"`{field}`",
            f"`{_plain(info.get_default(call_default_factory=True))}`",
            range_of(info),
            info.description or "",
        ]
        for field, info in kind.model_fields.items()
        if field != "kind"
    ]
    return f"## {name}\n\n{_grid(['setting', 'default', 'allowed', 'meaning'], rows)}"


def _plain(value: Any) -> str:
    """Return a default as one writes it in YAML."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return '""' if value == "" else str(value)


def _commands() -> dict[str, Any]:
    found: dict[str, Any] = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    return found


def _command(name: str, command: Any) -> str:
    said = "\n\n".join(" ".join(part.split()) for part in (command.help or "").strip().split("\n\n"))
    rows = list(_parameters(command))
    return f"## xray {name}\n\n{said}" + (f"\n\n{_grid(['', 'default', 'meaning'], rows)}" if rows else "")


def _parameters(command: Any) -> Iterator[list[str]]:
    for parameter in command.params:
        if parameter.name == "help" or getattr(parameter, "hidden", False):
            continue
        argument = parameter.param_type_name == "argument"
        spelled = parameter.metavar or parameter.name.upper() if argument else ", ".join(parameter.opts)
        given = parameter.default
        nothing = given is None or isinstance(given, bool | list | tuple) or given == "" or callable(given)
        default = "" if nothing else f"`{given}`"
        yield [f"`{spelled}`", "needed" if parameter.required else default, parameter.help or ""]


def _sentence(text: str | None) -> str:
    return " ".join((text or "").strip().split("\n\n")[0].split())


if __name__ == "__main__":
    for page in pages():
        page.write_text(rewritten(page.read_text(encoding="utf-8")), encoding="utf-8")
