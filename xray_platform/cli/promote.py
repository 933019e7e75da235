"""`xray promote` and `xray rollback`: a person says which model is the champion."""

import getpass
from collections.abc import Mapping
from typing import Annotated

import typer

from xray_platform.cli.run import materialise
from xray_platform.cli.screen import OUT, say, show, visible
from xray_platform.cli.session import existing_store, opened_store, places
from xray_platform.errors import DataError, InputError
from xray_platform.tracking.names import CHAMPION

COLUMNS = ("version", "model", "alias", "validation AUROC", "test AUROC", "promoted", "by", "why")


def promote(
    what: Annotated[
        str,
        typer.Argument(
            help="challenger, previous (rolls back), a version's number, a model's name; champion: it stays, though "
            "the pictures changed; empty: show"
        ),
    ] = "",
    why: Annotated[str, typer.Option(help="why; is written down with your name")] = "",
) -> None:
    """Make another model the champion, or show which there are; who promoted it, when and why is written down.

    A person's choice stands until a model that was made later is better by the margin. The batches that are there
    count as known to the champion then: monitoring holds later ones against them.
    """
    existing_store()
    if not what:
        _show()
        return
    _check(what)
    with opened_store() as store:
        keys = store.select([], "champion, leaderboard_page")
        config = {"champion": {"promote": what, "by": _who(), "why": why}}
        materialise(store, keys[:1], force=True, quiet=True, config=config)
        materialise(store, keys[1:], quiet=True)
        if what == CHAMPION:
            materialise(store, store.select([], "monitoring"), force=True, quiet=True)
    _show()


def rollback(why: Annotated[str, typer.Option(help="why; is written down with your name")] = "") -> None:
    """Make the champion before the present one the champion again: `xray promote previous` in one word."""
    promote("previous", why)


def _check(what: str) -> None:
    """Say at once what there is to promote, where nothing has this name."""
    # MLflow takes a second to import
    from xray_platform.tracking.champion_aliases import named
    from xray_platform.tracking.mlflow_store import open_tracking

    try:
        named(open_tracking(places()), what)
    except DataError as error:
        raise InputError(str(error)) from error


def _who() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # an account without a name
        return "an unnamed account"


def _show() -> None:
    # MLflow takes a second to import
    from xray_platform.tracking.champion_aliases import champion_versions
    from xray_platform.tracking.mlflow_store import open_tracking

    found = champion_versions(open_tracking(places()))
    if not found:
        say("There is no champion yet; train the models and materialise `champion` (xray run).")
        return
    rows = [
        [
            one.version,
            one.model,
            ", ".join(one.aliases) or "–",
            _figure(one.tags.get("val_auroc")),
            _figure(one.tags.get("test_auroc")),
            one.tags.get("promoted_at", "–")[:16].replace("T", " "),
            visible(one.tags.get("promoted_by", "–")),
            visible(_why(one.tags)),
        ]
        for one in found
    ]
    show("Versions of xray-champion, the newest first", list(COLUMNS), rows)
    OUT.print("`xray promote challenger`, `xray promote previous` or `xray promote VERSION` chooses.")


def _why(tags: Mapping[str, str]) -> str:
    refused = f"refused: {tags['refused_why']}" if "refused_why" in tags else "–"
    return tags.get("promoted_why", refused)


def _figure(text: str | None) -> str:
    return f"{float(text):.3f}" if text else "–"
