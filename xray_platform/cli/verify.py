"""`xray verify`: hash the raw archive again."""

import typer

from xray_platform.cli.screen import OUT, bar, say
from xray_platform.cli.session import places


def verify() -> None:
    """Hash every raw file again and hold it against journal and catalogue; ends with 1 on a difference."""
    from xray_platform.dicom.verify import verify as differences  # pandas takes a second to import

    with bar("verifying") as progress:
        found = differences(places(), progress)
    for difference in found:
        OUT.print(f"{difference.kind}: {difference.where}: {difference.what}", soft_wrap=True, markup=False)
    if found:
        raise typer.Exit(1)
    say("The raw archive is whole.")
