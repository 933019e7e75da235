"""App: the command's name, its options for all sub-commands, and how errors and interruptions end it."""

import errno
import os
import sqlite3
import sys
from pathlib import Path
from typing import Annotated

import typer

from xray_platform import __version__
from xray_platform.cli.backup import backup
from xray_platform.cli.bench import bench
from xray_platform.cli.check import check
from xray_platform.cli.dataset import dataset
from xray_platform.cli.deidentify import deidentify
from xray_platform.cli.demo import demo
from xray_platform.cli.export import export
from xray_platform.cli.forget import forget
from xray_platform.cli.ingest import ingest
from xray_platform.cli.metrics import metrics
from xray_platform.cli.predict import predict
from xray_platform.cli.promote import promote, rollback
from xray_platform.cli.pull import pull
from xray_platform.cli.receive import receive
from xray_platform.cli.recipes import recipes
from xray_platform.cli.remote import remember
from xray_platform.cli.report import report
from xray_platform.cli.restore import restore
from xray_platform.cli.restore_store import restore_store
from xray_platform.cli.run import run
from xray_platform.cli.screen import OUT, complain
from xray_platform.cli.send import send
from xray_platform.cli.serve import serve
from xray_platform.cli.settings import settings
from xray_platform.cli.status import status
from xray_platform.cli.teach import teach
from xray_platform.cli.ui import ui
from xray_platform.cli.verify import verify
from xray_platform.errors import InputError, XrayError
from xray_platform.object_store.bucket import is_url

HELP = """Chest X-ray archive to audited, tracked, retrainable models.

A store is a folder with data/ and mlruns/; it is made on first use. Exit codes: 0 done, 1 failed, 2 wrong use (what
was handed in is not there or cannot be used), 130 interrupted. This is no medical device.
"""

MACHINE = frozenset(
    (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO, errno.ENAMETOOLONG, errno.EMFILE)
)
LONGEST_PATH = 200
DATABASE = ("disk is full", "readonly database", "read-only", "unable to open database", "disk I/O error", "locked")

app = typer.Typer(help=HELP, no_args_is_help=True, pretty_exceptions_enable=False, rich_markup_mode=None)
COMMANDS = (
    demo,
    ingest,
    run,
    report,
    ui,
    promote,
    rollback,
    predict,
    serve,
    receive,
    pull,
    send,
    status,
    metrics,
    settings,
    dataset,
    check,
    deidentify,
    restore,
    recipes,
    export,
    verify,
    forget,
    backup,
    restore_store,
    bench,
    teach,
)
for command in COMMANDS:
    app.command()(command)


def _show_version(wanted: bool) -> None:
    if wanted:
        OUT.print(f"xray {__version__}")
        raise typer.Exit


@app.callback()
def options(
    context: typer.Context,
    root: Annotated[
        str,
        typer.Option(
            envvar="XRAY_ROOT",
            help="data root: the folder that holds data/ and mlruns/, or s3://BUCKET/PREFIX",
            show_default=".",
        ),
    ] = ".",
    _: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="print the version and end")
    ] = False,
) -> None:
    """Take the options that go before the sub-command."""
    remember(context)
    os.environ["XRAY_ROOT"] = root if is_url(root) else str(Path(root).expanduser().resolve())


def main() -> None:
    """Run the command; an error that the user can mend is said in one line."""
    try:
        app()
    except XrayError as error:
        complain(str(error))
        sys.exit(2 if isinstance(error, InputError) else 1)
    except KeyboardInterrupt:
        complain("interrupted; the store is whole, and the same command goes on from here")
        sys.exit(130)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # else Python complains of it at its end
        sys.exit(1)
    except Exception as error:
        if (reason := machine_fault(error)) is None:
            raise
        complain(reason)
        sys.exit(1)


def machine_fault(error: BaseException) -> str | None:
    """Say what the machine refused (a full or read-only disk, rights) where that is behind an error; None elsewhere.

    Databases and libraries wrap such refusals in errors of their own.
    """
    seen: list[BaseException] = []
    while error not in seen:
        seen.append(error)
        if isinstance(error, OSError) and error.errno in MACHINE:
            where = f" ({str(error.filename)[:LONGEST_PATH]})" if error.filename else ""
            return f"{error.strerror}{where}; nothing that was done before is lost"
        if isinstance(error, sqlite3.OperationalError) and any(word in str(error) for word in DATABASE):
            return f"a database of the store: {error}; nothing that was done before is lost"
        error = error.__cause__ or error.__context__ or error
    return None
