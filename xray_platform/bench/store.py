"""Store: how good the models of a store are, from its leaderboard and the records of their training."""

from xray_platform.bench.contract import Benchmark, Figures, Inputs
from xray_platform.defs.model_store import current_record
from xray_platform.errors import DataError
from xray_platform.progress import Progress
from xray_platform.tables.all import LEADERBOARD, SPLITS
from xray_platform.tables.places import Places


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
        figures[f"{name}: training s"] = current_record(places, name).seconds
        progress(done, len(board), "models")
    return figures


STORE = Benchmark("store", "how good the models of the store are (nothing is trained)", measure)
