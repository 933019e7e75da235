"""Screen: what the command shows: messages, tables, and the progress of runs; nothing shown is obeyed."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from xray_platform.progress import MARK
from xray_platform.progress import Progress as Tell

if TYPE_CHECKING:
    import dagster as dg

QUIET_SECONDS = 30.0
WIDE = 120  # what a pipe or a log gets; a terminal says itself how wide it is


class Screen(Console):
    """A console that takes text as it stands: a file may have any name, with signs that a terminal or Rich would obey.

    Without emoji=False the file `a:dog:.dcm` would be shown with a dog.
    """

    def __init__(self, stream: IO[str], *, stderr: bool) -> None:
        wide = None if stream.isatty() else WIDE
        super().__init__(stderr=stderr, highlight=False, emoji=False, markup=False, width=wide)

    def render_str(self, text: str, **options: Any) -> Text:
        """Return text to be shown, with all signs but line ends spelled that a terminal would obey."""
        return super().render_str("\n".join(map(visible, text.split("\n"))), **options)


OUT = Screen(sys.stdout, stderr=False)
ERR = Screen(sys.stderr, stderr=True)


def say(text: str) -> None:
    """Write a line for people; it goes to the error stream, so that output can be piped."""
    ERR.print(text)


def warn(text: str) -> None:
    """Write a line about something that is not as it should be, and is being seen to."""
    ERR.print(Text(visible(text), "yellow"), soft_wrap=True)


def complain(text: str) -> None:
    """Write an error on one line."""
    ERR.print(Text.assemble(("xray:", "bold red"), " ", visible(text)), soft_wrap=True)


def visible(text: str) -> str:
    """Return text on one line in which signs that a terminal would obey are spelled: a file may have any name.

    Among them are all control signs (also those of 0x80 to 0x9F), those that turn the direction of writing, and bytes
    that are no UTF-8.
    """
    return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode("ascii") for sign in text)


def show(title: str, headings: list[str], rows: list[list[str]]) -> None:
    """Write a table."""
    table = Table(*headings, title=title, title_justify="left", title_style="bold")
    for row in rows:
        table.add_row(*map(visible, row))
    OUT.print(table)


@contextmanager
def bar(what: str) -> Iterator[Tell]:
    """Show one bar while the body runs, fed by the progress that it gets."""
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[count]}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=ERR, transient=True) as progress:
        task = progress.add_task(what, total=None, count="")

        def tell(done: int, total: int, what: str) -> None:
            progress.update(
                task, completed=done, total=total, description=escape(visible(what)), count=f"{done}/{total}"
            )

        yield tell


class RunScreen:
    """Follows Dagster's events: a spinner with what is going on, and a line for each asset that is done."""

    def __init__(self) -> None:
        columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
        self._progress = Progress(*columns, console=ERR, transient=True)
        self._task = self._progress.add_task("starting")
        self._began: dict[str, float] = {}
        self._unmet: dict[str, list[tuple[str, bool]]] = {}
        self._told = time.monotonic()

    def __enter__(self) -> "RunScreen":
        self._progress.start()
        return self

    def __exit__(self, *reason: object) -> None:
        self._progress.stop()

    def hear(self, entry: "dg.EventLogEntry") -> None:
        """Take one event of a run; it is called from the run itself and must be quick."""
        event = entry.dagster_event
        if event is None:
            if entry.user_message.startswith(MARK):
                self._update(f"{entry.step_key}: {entry.user_message.removeprefix(MARK)}")
        elif event.is_step_start:
            self._began[entry.step_key or ""] = entry.timestamp
            self._update(str(entry.step_key))
        elif event.event_type_value == "ASSET_CHECK_EVALUATION":
            self._note(entry.step_key or "", event.asset_check_evaluation_data)
        elif event.is_step_success:
            self._line(self._sign(entry.step_key or ""), entry)
        elif event.is_step_failure:
            self._line(Text("✗", "red"), entry)

    def _note(self, step: str, check: "dg.AssetCheckEvaluation") -> None:
        if not check.passed:
            self._unmet.setdefault(step, []).append((check.check_name, check.severity.value == "ERROR"))

    def _sign(self, step: str) -> Text:
        """Return how a step ended: a step of checks that runs to its end may have found something."""
        unmet = self._unmet.get(step, [])
        if not unmet:
            return Text("✓", "green")
        return Text("✗", "red") if any(grave for _, grave in unmet) else Text("!", "yellow")

    def _line(self, sign: Text, entry: "dg.EventLogEntry") -> None:
        step = entry.step_key or ""
        seconds = entry.timestamp - self._began.get(step, entry.timestamp)
        told = ", ".join(f"{name} {'failed' if grave else 'warns'}" for name, grave in self._unmet.get(step, []))
        line = Text.assemble("  ", sign, f" {visible(step):<32} {seconds:7.1f} s", f"  {visible(told)}" if told else "")
        self._progress.console.print(line)

    def _update(self, text: str) -> None:
        self._progress.update(self._task, description=f"  {escape(visible(text))}")
        if not ERR.is_terminal and time.monotonic() - self._told > QUIET_SECONDS:
            self._told = time.monotonic()  # a log has no spinner: now and then a line says that it goes on
            ERR.print(f"    {text}")
