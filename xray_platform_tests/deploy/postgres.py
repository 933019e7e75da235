"""Postgres: a PostgreSQL server of a test's own, on the loopback address, gone when the test ends."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp

from xray_platform.ports import HOST, free_port

FOLDERS = ("/usr/lib/postgresql", "/usr/local/pgsql", "/opt/homebrew/opt/postgresql")
START_SECONDS = 60


def binaries() -> Path | None:
    """Return the folder of the newest `initdb`; None where PostgreSQL is not installed."""
    found = [path for folder in FOLDERS for path in Path(folder).glob("**/bin/initdb")]
    on_path = shutil.which("initdb")
    return max(found, key=lambda path: path.parts).parent if found else Path(on_path).parent if on_path else None


@contextmanager
def postgres(databases: Sequence[str]) -> Iterator[str]:
    """Run a server with these databases until the end of the block; yield the address that a database's name ends.

    PostgreSQL refuses to run as root; where the tests do, it runs as the user `postgres`.
    """
    programs, folder, port = binaries(), Path(mkdtemp(prefix="xray-postgres-")), free_port()
    assert programs is not None, "PostgreSQL is not installed"
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres")
    data, log = folder / "data", folder / "log.txt"
    where = ["-h", HOST, "-p", str(port), "-U", "xray"]
    try:
        _run([programs / "initdb", "-D", data, "-U", "xray", "--auth=trust", "--no-sync"])
        options = f"-c listen_addresses={HOST} -c port={port} -c unix_socket_directories={folder} -c fsync=off"
        _run([programs / "pg_ctl", "-D", data, "-l", log, "-w", "-t", START_SECONDS, "-o", options, "start"])
        for name in databases:
            _run([programs / "createdb", *where, name])
        yield f"postgresql+psycopg2://xray@{HOST}:{port}/"
    finally:
        if (data / "postmaster.pid").exists():
            _run([programs / "pg_ctl", "-D", data, "-m", "immediate", "-w", "stop"])
            time.sleep(0.1)
        shutil.rmtree(folder, ignore_errors=True)


def _run(command: Sequence[object]) -> None:
    user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    ran = subprocess.run([*user, *map(str, command)], cwd="/", capture_output=True, text=True, timeout=120, check=False)
    assert ran.returncode == 0, ran.stderr or ran.stdout
