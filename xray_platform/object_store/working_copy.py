"""Working copy: the folder of this machine in which the platform works on a store that lies in object storage.

Before work it is made equal to the store, after work what has changed becomes the store by one write of the manifest. A
process that dies in between has changed nothing of the store, and what it left here is given up by the next.
"""

import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from filelock import FileLock

from xray_platform.atomic import atomic_write
from xray_platform.errors import StoreError
from xray_platform.object_store.activity import Activity
from xray_platform.object_store.bucket import Bucket
from xray_platform.object_store.cache import FOLDER, home_of, url_of
from xray_platform.object_store.commit import (
    KEY,
    RAW_ZONE,
    Commit,
    StoredFile,
    is_raw_bytes,
    key_of,
    on_demand,
    pack,
    read_commit,
    unpack,
    write_commit,
    writer,
)
from xray_platform.object_store.compare import Difference, Here, difference, elsewhere, touches_history, unchanged
from xray_platform.object_store.local_files import DatabaseNotes, is_database, walk
from xray_platform.object_store.merge import OvertakenError, merged, same
from xray_platform.object_store.transfer import fetch, store_all
from xray_platform.progress import Progress, silent
from xray_platform.tables.owner_only import FILE_MODE, make_folder

_TRIES = 30  # of a commit that others are faster than


@dataclass(frozen=True)
class Committed:
    """A commit that was made: its number, the files that changed, and their bytes."""

    number: int
    files: int
    size_bytes: int


class WorkingCopy:
    """The working copy of a store on this machine; `folder` is the root to work in."""

    def __init__(self, bucket: Bucket, home: Path) -> None:
        self.bucket, self.home, self.folder = bucket, home, home / FOLDER
        self._base_file = home / "base"
        self._sync = FileLock(home / "sync.lock", mode=FILE_MODE)
        self.waiting = home / "waiting"
        self._dropped = home / "dropped"
        self.waiting.mkdir(mode=0o700, exist_ok=True)

    @classmethod
    def open(cls, url: str) -> "WorkingCopy":
        """Return the working copy of a store at a URL. Raises InputError or MachineError; nothing is asked yet."""
        url = url.rstrip("/")
        return cls(Bucket.open(url), home_of(url))

    @classmethod
    def of(cls, root: Path) -> "WorkingCopy | None":
        """Return the working copy whose folder this is; None of a store that is a folder itself."""
        url = url_of(root)
        return cls(Bucket.open(url), root.parent) if url else None

    @cached_property
    def activity(self) -> Activity:
        return Activity(self.home / "activity.lock")

    def base(self) -> tuple[Commit, str | None]:
        """Return the commit that the copy was made from, with its tag."""
        try:
            tag, _, packed = self._base_file.read_bytes().partition(b"\n")
        except FileNotFoundError:
            return Commit(), None
        return unpack(packed, str(self._base_file)), tag.decode() or None

    def changed_at(self) -> int:
        """Return when the commit that the copy was made from came here, in ns; 0 before the first."""
        return self._base_file.stat().st_mtime_ns if self._base_file.exists() else 0

    def bring_up(self, *, stay: bool = False, whole: bool = True, progress: Progress = silent) -> tuple[str, ...]:
        """Make the copy equal to the store, but for raw files; return the paths of unfinished work that was given up.

        A copy that need not be `whole` gets pictures and arrays when they are read. With `stay` this process is at
        work from now on. Where another process of this machine is, the copy is left as that has it, but for what it
        lacks to be whole. Raises StoreError.
        """
        with self._sync:
            try:
                if self.activity.alone():
                    return self._made_equal(progress, whole=whole)
                if whole:
                    self._fetch_missing({p: f for p, f in self.base()[0].files.items() if on_demand(p)}, progress)
                return ()
            finally:
                if stay:
                    self.activity.begin()
                else:
                    self.activity.end()

    def keep_up(self) -> None:
        """Make the copy equal to the store where that has moved on, but for what comes on demand. Raises StoreError."""
        if self.bucket.tag(KEY) != self.base()[1]:
            self.bring_up(whole=False)

    def _made_equal(self, progress: Progress, *, whole: bool) -> tuple[str, ...]:
        for leftover in (*self.waiting.iterdir(), self._dropped):
            leftover.unlink(missing_ok=True)
        (base, _), (target, tag) = self.base(), read_commit(self.bucket)
        found = difference(self.folder, dict(walk(self.folder)), base, target, self._notes(), whole=whole)
        self._apply(found, progress)
        self._keep_base(target, tag)
        return found.given_up

    def _apply(self, found: Difference, progress: Progress) -> None:
        if touches_history(found):
            for index in (self.folder / RAW_ZONE / ".index").glob("*.sqlite*"):
                index.unlink(missing_ok=True)
        for path in found.remove:
            self._remove(path)
        fetch(self.bucket, self.folder, found.fetch, self.waiting, progress)
        self._note({path: file for path, file in found.fetch.items() if is_database(path)})

    def commit(
        self,
        *,
        raw_may_go: bool = False,
        beside: bool = False,
        whole: bool = True,
        progress: Progress = silent,
    ) -> Committed | None:
        """Make what has changed here the store: bytes first, the manifest last; None where nothing has changed.

        What others committed meanwhile is kept, and comes down. With `raw_may_go` raw files that are not here are no
        longer of the store; else they are just not fetched. So are pictures and arrays of a copy that is not `whole`,
        unless they were taken away by `drop` or their folder was made anew. `beside` others is whoever began without
        the lease. Raises OvertakenError where others changed the same files, or a command worked alone meanwhile;
        StoreError.
        """
        with self._sync:
            base, tag = self.base()
            known = set() if beside else {key_of(path, file.sha256) for path, file in base.files.items()}
            mine = self._stored(base, known, progress)
            mine |= elsewhere(base, mine, self._gone(), raw_may_go=raw_may_go, whole=whole)
            if mine == base.files:
                self._dropped.unlink(missing_ok=True)
                return None
            made, tag = self._written(base, mine, tag, beside=beside)
            theirs = {path: file for path, file in made.files.items() if not same(file, mine.get(path))}
            gone = tuple(path for path in mine if path not in made.files)
            here = {path: file for path, file in theirs.items() if whole or not on_demand(path)}
            here |= {path: file for path, file in theirs.items() if (self.folder / path).exists()}
            self._apply(Difference({p: f for p, f in here.items() if not is_raw_bytes(p)}, gone, ()), silent)
            self._keep_base(made, tag)
            self._dropped.unlink(missing_ok=True)
            changed = [file for path, file in mine.items() if file != base.files.get(path)]
            return Committed(made.number, len(changed), sum(file.size for file in changed))

    def _written(
        self, base: Commit, mine: dict[str, StoredFile], tag: str | None, *, beside: bool
    ) -> tuple[Commit, str]:
        now, files = base, mine
        for _ in range(_TRIES):
            made = now.next(files, alone=not beside)
            if (written := write_commit(self.bucket, made, tag)) is not None:
                return made, written
            now, tag = read_commit(self.bucket)
            if now == made:
                return now, str(tag)  # the answer to our own write was lost on the way
            if beside and now.alone != base.alone:
                raise OvertakenError(f"{self.bucket.url}: {now.by} worked on it alone meanwhile; run this once more")
            files = merged(base, mine, now, writer())
        raise StoreError(f"{self.bucket.url}: others commit all the time; run the same command once more")

    def drop(self, path: str) -> None:
        """Take a file out of the store with the next commit, whether or not it was ever fetched."""
        with self._dropped.open("a", encoding="utf-8") as noted:
            noted.write(path + "\n")

    def _gone(self) -> frozenset[str]:
        return (
            frozenset(self._dropped.read_text(encoding="utf-8").splitlines()) if self._dropped.exists() else frozenset()
        )

    def _stored(self, base: Commit, known: Collection[str], progress: Progress) -> dict[str, StoredFile]:
        """Bring into the bucket what is here and not in `base`, and return all that is here.

        `known` are keys of objects that are there for sure: not those of `base` where others may have swept since.
        """
        notes = self._notes()
        files: dict[str, StoredFile] = {}
        for history in (True, False):  # journal, anchor and plans belong together, so nobody writes them meanwhile
            with self._still() if history else ExitStack():
                here = {path: status for path, status in walk(self.folder) if _is_history(path) == history}
                fits = {path for path in here if self._fits(path, here[path], base, notes)}
                files |= {path: base.files[path] for path in fits}
                changed = [path for path in here if path not in fits]
                stored = store_all(self.bucket, self.folder, changed, known, self.waiting, progress)
                files |= {path: _as_before(path, base, file) for path, file in stored.items()}
                self._note({path: file for path, file in stored.items() if is_database(path)}, here)
        return files

    @contextmanager
    def _still(self) -> Iterator[None]:
        raw = self.folder / "data" / "raw"
        if not raw.is_dir():
            yield
            return
        make_folder(raw / ".locks", raw)
        make_folder(raw / "plans", raw)
        with (
            FileLock(raw / "plans" / ".lock", mode=FILE_MODE),
            FileLock(raw / ".locks" / "journal.lock", mode=FILE_MODE),
        ):
            yield

    def bring_raw(self, paths: Collection[str] | None = None, progress: Progress = silent) -> None:
        """Fetch raw files that are not here: those of these paths, or all. Raises StoreError."""
        files = self.base()[0].files
        wanted = {p: files[p] for p in (files if paths is None else paths) if is_raw_bytes(p) and p in files}
        self._fetch_missing(wanted, progress)

    def bring(self, units: Iterable[Mapping[str, StoredFile]], progress: Progress = silent) -> None:
        """Fetch what is not here of files that belong together, but for such of which some were made anew here.

        Raises StoreError.
        """
        notes, wanted = self._notes(), dict[str, StoredFile]()
        for files in units:
            here = {path: (self.folder / path).stat() for path in files if (self.folder / path).exists()}
            if all(unchanged(self.folder, path, status, files[path], notes) for path, status in here.items()):
                wanted |= files
        self._fetch_missing(wanted, progress)

    def _fetch_missing(self, files: Mapping[str, StoredFile], progress: Progress) -> None:
        missing = {path: file for path, file in files.items() if not (self.folder / path).exists()}
        fetch(self.bucket, self.folder, missing, self.waiting, progress)

    def _fits(self, path: str, status: os.stat_result, base: Commit, notes: DatabaseNotes) -> bool:
        file = base.files.get(path)
        return file is not None and unchanged(self.folder, path, status, file, notes)

    def _notes(self) -> DatabaseNotes:
        return DatabaseNotes(self.home / "databases.json")

    def _note(self, files: Mapping[str, StoredFile], here: Here | None = None) -> None:
        """Note of which commits these databases are; those of `here` as they were before they were copied."""
        if files:
            notes = self._notes()
            for path, file in files.items():
                notes.note(path, here[path] if here else (self.folder / path).stat(), file.sha256)
            notes.keep({**self.base()[0].files, **files})

    def _keep_base(self, commit: Commit, tag: str | None) -> None:
        atomic_write(self._base_file, (tag or "").encode() + b"\n" + pack(commit), mode=FILE_MODE)

    def _remove(self, path: str) -> None:
        """Remove a file, and the folders that it leaves empty."""
        file = self.folder / path
        file.unlink(missing_ok=True)
        for folder in file.parents:
            if folder == self.folder or any(folder.iterdir()):
                return
            folder.rmdir()


def _is_history(path: str) -> bool:
    return path.startswith(RAW_ZONE) and not is_raw_bytes(path)


def _as_before(path: str, base: Commit, now: StoredFile) -> StoredFile:
    """Return the earlier entry of a database that was opened and not changed: its time alone is another."""
    before = base.files.get(path)
    return before if before is not None and is_database(path) and same(before, now) else now
