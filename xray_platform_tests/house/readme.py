"""README: the parts of it that come from the code; run as a module it writes them anew."""

import re
from collections.abc import Callable
from pathlib import Path

import dagster as dg
import typer.main

from xray_platform.cli.app import app
from xray_platform.defs.graph import ASSETS
from xray_platform.detectors.all import DETECTORS
from xray_platform.dicom.deidentify.explain import describe_rules
from xray_platform.dicom.rules import EXAMINATION_RULES, PUBLISHING_RULES
from xray_platform.imaging.recipe import default_recipe
from xray_platform.networks.all import NETWORKS
from xray_platform.tables.all import ALL

README = Path(__file__).resolve().parents[2] / "README.md"


def assets() -> str:
    specs = [spec for asset in ASSETS for spec in asset.definition().specs]
    rows = [
        f"| {spec.group_name} | `{spec.key.to_user_string()}` | {_partition(spec)} | {_sentence(spec.description)} |"
        for spec in specs
    ]
    return "\n".join(["| group | asset | partition | what |", "|---|---|---|---|", *rows])


def models() -> str:
    kinds = [("detector", kind) for kind in DETECTORS.values()] + [("network", kind) for kind in NETWORKS.values()]
    rows = [f"| `{kind.name}` | {family} | {kind.description} |" for family, kind in kinds]
    return "\n".join(["| model | family | what it is |", "|---|---|---|", *rows])


def recipe() -> str:
    return "\n".join(f"{number}. {line}" for number, line in enumerate(default_recipe().describe(), start=1))


def tables() -> str:
    rows = [f"| `{table.name}` | {'raw zone' if table.raw else 'no identity'} | {table.description} |" for table in ALL]
    return "\n".join(["| table | zone | what a row is |", "|---|---|---|", *rows])


def deidentification() -> str:
    rows = [f"| {number} | {rule} |" for number, rule in enumerate(describe_rules(), start=1)]
    return "\n".join(["| | rule |", "|---|---|", *rows])


def quality() -> str:
    rows = [f"| {rule.code} | {rule.severity} | {rule.notices} |" for rule in EXAMINATION_RULES]
    rows += [f"| {rule.code} | {rule.severity} | publishing: {rule.notices} |" for rule in PUBLISHING_RULES]
    return "\n".join(["| code | at worst | what it notices |", "|---|---|---|", *rows])


def commands() -> str:
    group = typer.main.get_command(app)
    found = group.commands  # type: ignore[attr-defined]
    rows = [f"| `xray {name}` | {_sentence(command.help)} |" for name, command in found.items()]
    return "\n".join(["| command | what it does |", "|---|---|", *rows])


BLOCKS: dict[str, Callable[[], str]] = {
    "assets": assets,
    "models": models,
    "recipe": recipe,
    "tables": tables,
    "commands": commands,
    "quality": quality,
    "deidentification": deidentification,
}


def rewritten(text: str) -> str:
    """Return the README with each block as the code says it."""
    for name, block in BLOCKS.items():
        between = re.compile(f"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
        text, count = between.subn(lambda found, said=block(): f"{found[1]}{said}\n{found[2]}", text)  # type: ignore[misc]
        assert count == 1, f"README.md has {count} blocks {name}"
    return text


def _partition(spec: dg.AssetSpec) -> str:
    return "batch" if spec.partitions_def else "–"


def _sentence(text: str | None) -> str:
    return " ".join((text or "").strip().split("\n\n")[0].split())


if __name__ == "__main__":
    README.write_text(rewritten(README.read_text(encoding="utf-8")), encoding="utf-8")
