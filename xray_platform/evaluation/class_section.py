"""Class section: what the report says of a model that knows several classes."""

from dataclasses import dataclass

from xray_platform.evaluation.bootstrap import Metric
from xray_platform.evaluation.class_evaluation import ClassEvaluation
from xray_platform.evaluation.class_metrics import OVERALL
from xray_platform.evaluation.evaluate import Evaluation
from xray_platform.evaluation.metrics import KINDS

SHOWN = ("auroc", "average_precision", "sensitivity", "specificity", "ppv", "brier", "ece")
TILES = (("macro", "auroc"), ("micro", "auroc"), ("overall", "accuracy"), ("overall", "balanced_accuracy"))
WORDS = {"macro": "mean over the classes", "micro": "pictures and classes pooled", "overall": ""}
NAMED = {
    "label": "the likeliest class is named",
    "findings": "each finding is named from its own threshold on, which was chosen on the validation part",
}


@dataclass(frozen=True)
class Tile:
    """One figure over all classes: its title, what it says, and the figure."""

    title: str
    description: str
    metric: Metric


@dataclass(frozen=True)
class ClassSection:
    """The section: tiles, a row a class with its pictures and figures, and how classes are named."""

    tiles: tuple[Tile, ...]
    titles: dict[str, str]
    rows: tuple[tuple[str, int, dict[str, Metric]], ...]
    macro: dict[str, Metric]
    aside: int
    named: str
    calibration: str

    @classmethod
    def of(cls, evaluation: ClassEvaluation) -> "ClassSection":
        """Return the section of a class evaluation, by its test part."""
        test, calibration = evaluation.metrics["test"], evaluation.judgement.calibration
        groups = {"macro": test.macro, "micro": test.micro, "overall": test.overall}
        tiles = tuple(Tile(_title(group, name), _says(group, name), groups[group][name]) for group, name in TILES)
        return cls(
            tiles=tiles,
            titles={name: KINDS[name].title for name in SHOWN},
            rows=tuple(
                (name, test.pictures[name], {kind: test.each[name][kind] for kind in SHOWN})
                for name in evaluation.classes
            ),
            macro={kind: test.macro[kind] for kind in SHOWN if kind in test.macro},
            aside=test.aside,
            named=NAMED[calibration.target],
            calibration=calibration.explanation,
        )


def named_classes(evaluation: Evaluation) -> dict[str, str]:
    """Return by test picture the class that is likeliest, nothing for a model of two classes."""
    if evaluation.classes is None or evaluation.class_rows.empty:
        return {}
    test = evaluation.class_rows[evaluation.class_rows["split"] == "test"]
    best = test.loc[test.groupby("image", sort=False)["probability"].idxmax()]
    return dict(zip(best["image"].astype(str), best["class"].astype(str), strict=True))


def _title(group: str, name: str) -> str:
    if group == "overall":
        return name.replace("_", " ").capitalize()
    return f"{KINDS[name].title}, {group}"


def _says(group: str, name: str) -> str:
    return OVERALL[name] if group == "overall" else f"one class against the others, {WORDS[group]}"
