"""World: the processes that learn one network together, and which of them this one is.

Processes on this machine are started by the first one, which learns with them; those of several machines by a launcher
(torchrun, Slurm, Kubernetes) that runs the same program on each and says in its environment who is who, as torchrun
does. Process 0 leads: it alone writes, tells how far it is, and gives the result back.
"""

import multiprocessing
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from multiprocessing.context import SpawnProcess
from typing import Any

import torch
from torch import distributed
from torch.distributed import Store, TCPStore  # type: ignore[attr-defined]

from xray_platform.errors import InputError, MachineError
from xray_platform.ports import HOST

LAUNCHED = ("RANK", "WORLD_SIZE", "LOCAL_RANK", "MASTER_ADDR", "MASTER_PORT")
FAILED = "failed"  # under this name one that fails says why
SECONDS_TO_END, PAUSE_SECONDS = 20, 0.05


@dataclass(frozen=True)
class World:
    """`rank` of `size` processes, the first of which is reached at `address`; `devices` of them on each machine."""

    rank: int = 0
    size: int = 1
    local_rank: int = 0
    devices: int = 1
    address: str = HOST
    port: int = 0

    @property
    def leads(self) -> bool:
        return self.rank == 0

    def wait(self) -> None:
        """Wait for all others to come to this place."""
        if self.size > 1:
            distributed.barrier()

    def gathered(self, mine: Any) -> list[Any]:
        """Return what every process has at this place, in the order of their ranks."""
        if self.size == 1:
            return [mine]
        found: list[Any] = [None] * self.size
        distributed.all_gather_object(found, mine)
        return found

    def share_buffers(self, network: torch.nn.Module) -> None:
        """Give the statistics of the first process's norms to all, so that each judges with the same network."""
        for buffer in network.buffers() if self.size > 1 else ():
            distributed.broadcast(buffer, 0)


ALONE = World()


@contextmanager
def joined(devices: int, nodes: int, backend: str, work: Callable[[], object]) -> Iterator[World]:
    """Give the world of `devices` processes on each of `nodes` machines; the others do `work`, which joins it likewise.

    Raises InputError where several machines are asked for without a launcher, or another number of processes was
    launched, and MachineError where another process ended before its time.
    """
    if devices * nodes == 1:
        yield ALONE
    elif distributed.is_initialized():
        yield _launched(devices, nodes)
    elif all(name in os.environ for name in LAUNCHED):
        world = _launched(devices, nodes)
        with _group(world, backend, f"tcp://{world.address}:{world.port}"):
            yield world
    elif nodes > 1:
        raise InputError(
            f"nodes: {nodes} needs a launcher that runs this program on each machine and sets {', '.join(LAUNCHED)}, "
            "such as torchrun; on this machine alone, set devices"
        )
    else:
        meeting = TCPStore(HOST, 0, is_master=True, wait_for_workers=False)
        world = World(size=devices, devices=devices, port=meeting.port)
        try:
            with _others(world, backend, work, meeting) as others:
                _await(others, meeting)
                _meet(world, backend, meeting)
                yield world
        finally:  # when no other waits for this one any more
            _part()


def _launched(devices: int, nodes: int) -> World:
    rank, size, local_rank = (int(os.environ[name]) for name in LAUNCHED[:3])
    if size != devices * nodes:
        raise InputError(f"{size} processes were launched; devices: {devices} and nodes: {nodes} are {devices * nodes}")
    return World(rank, size, local_rank, devices, os.environ["MASTER_ADDR"], int(os.environ["MASTER_PORT"]))


@contextmanager
def _group(world: World, backend: str, meeting: Store | str) -> Iterator[None]:
    """Let this process speak with the others until the end of the block."""
    _meet(world, backend, meeting)
    try:
        yield
    finally:
        _part()


def _meet(world: World, backend: str, meeting: Store | str) -> None:
    """Meet the others at an address or in a store."""
    met: dict[str, Any] = {"init_method": meeting} if isinstance(meeting, str) else {"store": meeting}
    distributed.init_process_group(backend, rank=world.rank, world_size=world.size, **met)


def _part() -> None:
    if distributed.is_initialized():
        distributed.destroy_process_group()


@contextmanager
def _others(world: World, backend: str, work: Callable[[], object], meeting: Store) -> Iterator[list[SpawnProcess]]:
    """Start the other processes of this machine; where one fails, all are ended and its end is told."""
    context = multiprocessing.get_context("spawn")
    ranks = range(1, world.size)
    others = [context.Process(target=_join, args=(world, rank, backend, work), daemon=True) for rank in ranks]
    for other in others:
        other.start()
    try:
        yield others
    except RuntimeError as error:
        _end(others, SECONDS_TO_END)
        failed = [other for other in others if other.exitcode]
        if not failed:
            raise
        said = meeting.get(FAILED).decode() if meeting.check([FAILED]) else str(error)
        raise MachineError(f"{len(failed)} of {world.size} processes that learnt together failed: {said}") from error
    except BaseException:
        _end(others, 0)
        raise
    _end(others, SECONDS_TO_END)


def _end(others: list[SpawnProcess], seconds: float) -> None:
    for other in others:
        with suppress(ValueError):
            other.join(seconds)
        if other.is_alive():
            other.kill()
            other.join()


def _await(others: list[SpawnProcess], meeting: Store) -> None:
    """Wait until every other process has come, or one of them never will."""
    ranks = [str(rank) for rank in range(1, len(others) + 1)]
    while not meeting.check(ranks):
        if any(other.exitcode is not None for other in others):
            raise RuntimeError("it ended before it came")
        time.sleep(PAUSE_SECONDS)


def _join(world: World, rank: int, backend: str, work: Callable[[], object]) -> None:
    """Do in a process of its own what the first one does."""
    here = replace(world, rank=rank, local_rank=rank)
    said = (here.rank, here.size, here.local_rank, here.address, here.port)
    os.environ.update({name: str(value) for name, value in zip(LAUNCHED, said, strict=True)})
    meeting = TCPStore(here.address, here.port, is_master=False)
    meeting.set(str(rank), "here")
    with _group(here, backend, meeting):
        try:
            work()
        except Exception as error:
            meeting.set(FAILED, f"{type(error).__name__}: {error}")
            raise
