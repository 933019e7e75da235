"""Store: how good the models of a store are, from its leaderboard and the records of their training."""

from collections.abc import Iterator

from xray_platform.bench.contract import Benchmark, Figures, Inputs
from xray_platform.defs.model_store import TrainingRecord, current_record
from xray_platform.defs.reporting import stored_audit
from xray_platform.defs.score_cohort import stored_evaluation
from xray_platform.errors import DataError, StoreError
from xray_platform.evaluation.class_evaluation import ClassEvaluation
from xray_platform.evaluation.error_order import error_orders
from xray_platform.evaluation.evaluate import Evaluation
from xray_platform.progress import Progress
from xray_platform.tables.all import LEADERBOARD, SPLITS
from xray_platform.tables.places import Places

OF_CLASSES = ("auroc", "accuracy", "balanced_accuracy", "sensitivity", "specificity")


def measure(progress: Progress, inputs: Inputs) -> Figures:
    """Return the test figures of every model of the store named by `--root`; nothing is trained here."""
    places = Places(inputs.root)
    board, splits = LEADERBOARD.read(places), SPLITS.read(places)
    if board.empty:
        raise DataError(f"{places.root} has no models yet; `xray run` trains them")
    figures: dict[str, float | int | str] = {
        "pictures": len(splits),
        "subjects": int(splits["subject"].nunique()),
        "split": "by subject; "
        + ", ".join(f"{part} {count}" for part, count in splits["split"].value_counts().items()),
    }
    for done, row in enumerate(board.to_dict("records"), start=1):
        name = row["model"]
        for figure in ("auroc", "auroc_low", "auroc_high", "val_auroc", "sensitivity", "specificity"):
            figures[f"{name}: test {figure}" if figure != "val_auroc" else f"{name}: val auroc"] = float(row[figure])
        record = current_record(places, name)
        evaluation = stored_evaluation(places, record)
        figures |= {f"{name}: {of}": value for of, value in _of_classes(evaluation.classes)}
        figures |= {f"{name}: {of}": value for of, value in _of_the_report(places, record, evaluation)}
        figures[f"{name}: training s"] = record.seconds
        progress(done, len(board), "models")
    return figures


def _of_the_report(places: Places, record: TrainingRecord, evaluation: Evaluation) -> Iterator[tuple[str, float]]:
    """Yield how well each measure of uncertainty finds mistakes, and how far facts without a lung go."""
    for order in error_orders(evaluation):
        if order.auroc.value is not None:
            yield f"mistakes found by {order.source}, auroc", order.auroc.value
        yield f"risk over all coverages by {order.source}, mean", order.area
    try:
        yield from stored_audit(places, record).figures().items()
    except StoreError:
        return  # its report is not made yet


def _of_classes(evaluation: ClassEvaluation | None) -> Iterator[tuple[str, float | str]]:
    """Yield the test figures of a model of several classes, with their intervals."""
    if evaluation is None:
        return
    test = evaluation.metrics["test"]
    groups = {"macro": test.macro, "all classes": test.overall} | {
        f"class {name}": of for name, of in test.each.items()
    }
    for group, metrics in groups.items():
        for name in (name for name in OF_CLASSES if name in metrics):
            metric = metrics[name]
            if metric.value is not None:
                yield f"{group}: test {name}", metric.value
            if metric.low is not None and metric.high is not None:
                yield f"{group}: test {name}, 95% interval", f"{metric.low:.3f} to {metric.high:.3f}"


STORE = Benchmark("store", "how good the models of the store are (nothing is trained)", measure)
