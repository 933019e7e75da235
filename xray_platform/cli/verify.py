"""`xray verify`: hash the raw archive again, and the bundles of the models."""

from typing import TYPE_CHECKING, Annotated

import typer

from xray_platform.cli.screen import OUT, bar, say, visible
from xray_platform.cli.session import places

if TYPE_CHECKING:
    from xray_platform.dicom.history import Recorded
    from xray_platform.tables.places import Places


def verify(
    accept: Annotated[
        bool, typer.Option("--accept", help="sign journal and plans as they are now, whatever was changed in them")
    ] = False,
) -> None:
    """Hash every raw file again and hold it against journal and catalogue; ends with 1 on a difference."""
    # pandas and dagster take seconds to import, and `--help` must not wait for them
    from xray_platform.dicom.accept import accept as sign
    from xray_platform.dicom.history import is_anchored
    from xray_platform.dicom.verify import verify as differences

    store = places()
    recorded = _recorded(store)
    if accept:
        sign(store, recorded)
        say("Journal and plans are signed as they are now.")
    with bar("verifying") as progress:
        found = differences(store, progress, recorded)
    for difference in found:
        line = f"{difference.kind}: {difference.where}: {difference.what}"
        OUT.print(visible(line), soft_wrap=True, markup=False)
    broken = _bundles(store)
    for where, what in broken:
        OUT.print(visible(f"bundle: {where}: {what}"), soft_wrap=True, markup=False)
    if not is_anchored(store):
        say("Journal and plans are not signed yet (an older version wrote them); the next `xray ingest` signs them.")
    if found or broken:
        raise typer.Exit(1)
    say("The raw archive is whole, and so are the bundles of the models.")


def _bundles(store: "Places") -> list[tuple[str, str]]:
    """Return what is wrong with the models' bundles, where the store has an MLflow database."""
    if not (store.mlruns / "mlflow.db").exists():
        return []
    # MLflow takes seconds to import, and a store without models need not wait for it
    from xray_platform.tracking.experiments import open_tracking
    from xray_platform.tracking.registry import bundle_faults

    return list(bundle_faults(open_tracking(store)))


def _recorded(store: "Places") -> "tuple[Recorded, ...]":
    """Return what Dagster recorded of the journal; where it cannot be read, that is told and the seals must do."""
    from xray_platform.defs.recorded import recorded_heads  # see above

    try:
        return recorded_heads(store)
    except Exception as error:  # noqa: BLE001 - a database of which Dagster can make nothing raises whatever it likes
        say(f"Dagster's records of the journal cannot be read ({type(error).__name__}); its seals are checked alone.")
        return ()
