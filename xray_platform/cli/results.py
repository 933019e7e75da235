"""Results: the leaderboard of a store as a short table, and where the reports lie."""

from xray_platform.cli.screen import OUT, show
from xray_platform.tables.all import LEADERBOARD
from xray_platform.tables.places import Places


def show_results(places: Places) -> None:
    """Show the leaderboard and the champion's report; nothing where there are no models yet."""
    board = LEADERBOARD.read(places)
    if board.empty:
        return
    rows = [
        [
            str(row["rank"]),
            str(row["model"]),
            f"{_number(row['auroc'])} ({_number(row['auroc_low'])} to {_number(row['auroc_high'])})",
            _number(row["val_auroc"]),
            _number(row["sensitivity"]),
            _number(row["specificity"]),
            str(row["pictures"]),
        ]
        for row in board.to_dict("records")
    ]
    headings = ["#", "model", "test AUROC (95 % interval)", "val AUROC", "sensitivity", "specificity", "images"]
    show("Models, by validation AUROC", headings, rows)
    for row in board.to_dict("records"):
        OUT.print(f"{row['model']}: {places.reports / str(row['report'])}", soft_wrap=True)
    OUT.print(f"leaderboard: {places.reports / 'leaderboard.html'}", soft_wrap=True)


def _number(value: object) -> str:
    return f"{value:.3f}" if isinstance(value, float) and value == value else "–"
