"""Report: one self-contained HTML page about one model, with its pictures, maps and figures as files beside it."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from xray_platform.atomic import atomic_write
from xray_platform.errors import StoreError
from xray_platform.evaluation.cautions import cautions
from xray_platform.evaluation.class_section import ClassSection, named_classes
from xray_platform.evaluation.curves import curves_of, write_curves
from xray_platform.evaluation.dataset.checklist import checklists
from xray_platform.evaluation.dataset.checklist_answers import answers
from xray_platform.evaluation.dataset.data_card import DataCard
from xray_platform.evaluation.dataset.flow_figure import draw_flow
from xray_platform.evaluation.evaluate import SPLIT_TITLES, SPLITS, Evaluation, counts
from xray_platform.evaluation.figure_style import LIGHT, PAGE, PRINT
from xray_platform.evaluation.figures import draw_confusion, draw_figures
from xray_platform.evaluation.gallery import KINDS, cards, write_pictures
from xray_platform.evaluation.heatmap import palette_stops
from xray_platform.evaluation.intended_use import INTENDED_USE, LIMITS
from xray_platform.evaluation.map_in_boxes import FindingInBoxes
from xray_platform.evaluation.map_masks import write_masks
from xray_platform.evaluation.metrics import METRICS
from xray_platform.evaluation.operating import operating_points
from xray_platform.evaluation.page import LOOKS, png_uri, render
from xray_platform.evaluation.prevalence import at_prevalences
from xray_platform.evaluation.reliance import Reliance, reliance_of
from xray_platform.evaluation.report_input import ReportInput
from xray_platform.evaluation.robustness_figure import robustness_csv, robustness_rows
from xray_platform.evaluation.shortcut_result import write_audit
from xray_platform.evaluation.subgroups import origins_of, subgroup_csv
from xray_platform.evaluation.summary import summary
from xray_platform.progress import Progress, silent
from xray_platform.settings import Settings

KEY_FIGURES = ("auroc", "sensitivity", "specificity", "average_precision")
STEPS = 4
LISTED = 300
"""Test pictures that the page lists, those with the highest scores; the file beside it has all."""
PICTURES_FILE = "metrics/pictures.csv"
AUDIT_FILE = "metrics/shortcut_audit.json"
BOXES_FILE = "metrics/map_in_boxes.csv"
CLINICAL_FILE = "metrics/clinical.json"
CARD_FILE = "metrics/data_card.json"
CHECKLISTS_FILE = "metrics/checklists.json"
FLOW_FILE = "images/flow.svg"
ROBUSTNESS_FILE = "metrics/robustness.csv"
RELIANCE_FILE = "metrics/reliance.json"
SUBGROUPS_FILE = "metrics/subgroups.csv"
MAPS_FILE = "metrics/maps.json"
MAP_ROWS_FILE = "metrics/maps.csv"


def write_report(folder: Path, report: ReportInput, *, progress: Progress = silent) -> Path:
    """Write a model's report and return the path of its page.

    Makes `folder` with `report.html`; `images/` (figures as PNG and SVG, and the gallery's pictures at full size);
    `heatmaps/` (those pictures with their maps, and what these call abnormal as masks, in red and as boxes);
    `metrics/` (`metrics.json`, `curves.json`, `shortcut_audit.json`, and
    `pictures.csv` with every test picture, of which the page lists a few hundred; `map_in_boxes.csv` where people drew
    boxes, `clinical.json` of a model that takes columns beside the picture, `maps.json` and `maps.csv` where maps were
    looked at, `robustness.csv` where corruptions were tried,
    `subgroups.csv`, `reliance.json`, `data_card.json` and `checklists.json` where a data card was handed in). The page
    comes last: with it, all is there.
    Raises StoreError where the folder cannot be written.
    """
    try:
        return _write(folder, report, progress)
    except OSError as error:
        raise StoreError(f"cannot write the report {folder}: {error.strerror or error}") from error


def _write(folder: Path, report: ReportInput, progress: Progress) -> Path:
    for name in ("images", "heatmaps", "metrics"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    evaluation = report.evaluation
    curves = curves_of(evaluation)
    write_curves(folder / "metrics" / "curves.json", curves)
    stored = json.dumps(evaluation.dump(), indent=2, allow_nan=False, ensure_ascii=False)
    (folder / "metrics" / "metrics.json").write_text(stored, encoding="utf-8")
    pictures = picture_rows(evaluation, report.hashes, report.findings)
    atomic_write(folder / PICTURES_FILE, _as_csv(pictures))
    _write_findings(folder, report)
    if evaluation.robustness and evaluation.robustness.each:
        atomic_write(folder / ROBUSTNESS_FILE, robustness_csv(evaluation.robustness))
    if evaluation.subgroups:
        atomic_write(folder / SUBGROUPS_FILE, subgroup_csv(evaluation.subgroups))
    reliance = reliance_of(evaluation)
    atomic_write(folder / RELIANCE_FILE, reliance.model_dump_json(indent=2))
    progress(1, STEPS, "report")
    looks = {
        look: draw_figures(evaluation, curves, report.history, theme, layout, reliance, report.maps)
        for look, (theme, layout) in LOOKS.items()
    }
    test = evaluation.predictions("test")
    of_print = draw_figures(evaluation, curves, report.history, LIGHT, PRINT, reliance, report.maps)
    for kept, layout in ((looks["light"], PAGE), (of_print, PRINT)):
        table = {"confusion": draw_confusion(test, LIGHT, layout)} if len(test) else {}
        for name, picture in (kept | table).items():
            (folder / "images" / f"{name}.{layout.form}").write_bytes(picture)
    progress(2, STEPS, "report")
    write_pictures(folder, report.samples, report.scale)
    write_masks(folder, report.samples, report.scale.mask if report.scale else None)
    progress(3, STEPS, "report")
    figures = {name: {look: png_uri(drawn[name]) for look, drawn in looks.items()} for name in looks["light"]}
    page = folder / "report.html"
    atomic_write(page, render("report.html", **_content(report, figures, pictures, reliance)))
    progress(4, STEPS, "report")
    return page


def _write_findings(folder: Path, report: ReportInput) -> None:
    """Write what was looked at beside the scores, each in a file of its own."""
    if report.audit:
        write_audit(folder / AUDIT_FILE, report.audit)
    if report.clinical:
        atomic_write(folder / CLINICAL_FILE, report.clinical.model_dump_json(indent=2))
    if report.card:
        _write_card(folder, report, report.card)
    if report.boxes:
        atomic_write(folder / BOXES_FILE, _boxes_as_csv(report.boxes))
    if report.maps:
        atomic_write(folder / MAPS_FILE, json.dumps(report.maps.dump(), indent=2, allow_nan=False))
        atomic_write(folder / MAP_ROWS_FILE, report.maps.rows.to_csv(index=False))


def _write_card(folder: Path, report: ReportInput, card: DataCard) -> None:
    """Write the data card and the checklists as JSON, and the flow diagram as a picture of its own."""
    lists = [one.dump() for one in checklists(answers(report, card))]
    for name, content in ((CARD_FILE, card.dump()), (CHECKLISTS_FILE, lists)):
        atomic_write(folder / name, json.dumps(content, indent=2, allow_nan=False, ensure_ascii=False))
    atomic_write(folder / FLOW_FILE, render("flow.svg", alone=draw_flow(card.flow)).strip())


def _card_content(report: ReportInput, card: DataCard) -> dict[str, Any]:
    return {
        "card": card,
        "flow": {"page": draw_flow(card.flow), "phone": draw_flow(card.flow, phone=True)},
        "checklists": checklists(answers(report, card)),
    }


def _content(
    report: ReportInput, figures: dict[str, dict[str, str]], pictures: list[dict[Any, Any]], reliance: Reliance
) -> dict[str, Any]:
    evaluation = report.evaluation
    return {
        "report": report,
        "evaluation": evaluation,
        "summary": summary(evaluation, report.name),
        "cautions": [
            *cautions(evaluation, report.hashes, phantom=report.phantom),
            *(report.audit.cautions() if report.audit else []),
            *(report.clinical.cautions() if report.clinical else []),
        ],
        "audit": report.audit,
        **(_card_content(report, report.card) if report.card else {"card": None}),
        "own_use": INTENDED_USE,
        "own_limits": LIMITS,
        "split_titles": SPLIT_TITLES,
        "key_figures": [(kind, evaluation.metrics["test"][kind.name]) for kind in METRICS if kind.name in KEY_FIGURES],
        "kinds": METRICS,
        "metric_titles": {kind.name: kind.title for kind in METRICS},
        "parts_": [(SPLIT_TITLES[split], counts(evaluation.part(split))) for split in SPLITS],
        "table": two_by_two(evaluation),
        "points": operating_points(evaluation) if len(evaluation.part("test")) else [],
        "figures": figures,
        "prevalences": at_prevalences(*(evaluation.metrics["test"][name] for name in ("sensitivity", "specificity"))),
        "outcomes": KINDS,
        "cards": cards(evaluation, report.samples, report.scale, report.findings),
        "stops": palette_stops(),
        "settings": {title: setting_rows(values) for title, values in _all_settings(report).items()},
        "facts": _facts(report.provenance),
        "tables": _tables(report.provenance),
        "classes": class_section(evaluation),
        "reliance": reliance,
        "subgroups": evaluation.subgroups,
        "origins": origins_of(evaluation.subgroups),
        "corrupted": robustness_rows(evaluation.robustness) if evaluation.robustness else [],
        "maps_held": max((found.pictures for found in report.boxes), default=0),
        "pictures": pictures[:LISTED],
        "picture_count": len(pictures),
        "pictures_file": PICTURES_FILE,
    }


def class_section(evaluation: Evaluation) -> ClassSection | None:
    """Return what the page says of several classes; nothing of a model that knows two."""
    return ClassSection.of(evaluation.classes) if evaluation.classes else None


def two_by_two(evaluation: Evaluation) -> dict[str, int]:
    """Return how many test pictures had each outcome, by its name."""
    test = evaluation.predictions("test")
    return {kind.name: int(((test.labels == kind.abnormal) & (test.predicted == kind.called)).sum()) for kind in KINDS}


def setting_rows(values: Settings | Mapping[str, Any]) -> list[tuple[str, Any, str]]:
    """Return name, value and description of each setting."""
    if isinstance(values, Settings):
        fields = type(values).model_fields
        return [(name, value, fields[name].description or "") for name, value in values.model_dump(mode="json").items()]
    return [(str(name), value, "") for name, value in values.items()]


def picture_rows(
    evaluation: Evaluation, hashes: pd.DataFrame | None, findings: Mapping[str, str] = {}
) -> list[dict[Any, Any]]:
    """Return every test picture, highest score first, with its finding and the hash of its raw bytes where known.

    `named`: what a model of several classes finds likeliest.
    """
    named = named_classes(evaluation)
    test = evaluation.part("test").sort_values(["score", "image"], ascending=[False, True])
    known = (
        {} if hashes is None or "sha256" not in hashes else dict(zip(hashes["image"], hashes["sha256"], strict=True))
    )
    return [
        {
            **row,
            "sha256": known.get(row["image"], ""),
            "finding": findings.get(row["image"], ""),
            "named": named.get(row["image"], ""),
        }
        for row in test.to_dict("records")
    ]


def _as_csv(pictures: list[dict[Any, Any]]) -> str:
    """Return every test picture as a line of a CSV, its truth in words."""
    rows = [{"truth": "abnormal" if row["abnormal"] else "normal", **row} for row in pictures]
    names = ["image", "subject", "split", "truth", "finding", "verdict", "score", "probability", "sha256"]
    return pd.DataFrame(rows, columns=names).to_csv(index=False)


def _boxes_as_csv(findings: Sequence[FindingInBoxes]) -> str:
    """Return how maps lie to boxes as a CSV, a line a finding."""
    return pd.DataFrame([{**vars(one), "hit_share": one.hit_share} for one in findings]).to_csv(index=False)


def _all_settings(report: ReportInput) -> dict[str, Settings | Mapping[str, Any]]:
    return {**report.settings, "Evaluation": report.evaluation.settings}


def _facts(provenance: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is one line of the provenance."""
    return {name: value for name, value in provenance.items() if value is not None and not _is_table(value)}


def _tables(provenance: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return what is a table of the provenance: headings and rows, by name."""
    tables = {}
    for name, value in provenance.items():
        if isinstance(value, Mapping):
            tables[name] = {"headings": [], "rows": [list(pair) for pair in value.items()]}
        elif _is_table(value):
            tables[name] = {"headings": list(value[0]), "rows": [list(row.values()) for row in value]}
    return tables


def _is_table(value: Any) -> bool:
    rows = isinstance(value, Sequence) and not isinstance(value, str) and bool(value) and isinstance(value[0], Mapping)
    return isinstance(value, Mapping) or rows
