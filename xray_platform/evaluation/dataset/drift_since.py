"""Drift since: batches against those that somebody has seen to, so that an alarm stands until somebody does.

A batch is held against the last ones before it that are known, and those after them with which nothing changed. Where
it differs from these, it is held against those since the last known change too: what was learnt last may be a new
device, which older batches do not have. It has drifted where it differs from both. A batch that drifted and is not
known yet is no reference, so that a change that nobody has seen to does not become what is usual by and by.
"""

from collections.abc import Callable, Collection, Iterator, Sequence

import pandas as pd

from xray_platform.evaluation.dataset.drift import OF_PICTURES, Drift, DriftSettings, FactSet, drift_of

Read = Callable[[str], pd.DataFrame]


def drifts_since(
    order: Sequence[str],
    listed: Sequence[str],
    read: Read,
    settings: DriftSettings = DriftSettings(),
    compare: FactSet = OF_PICTURES,
    known: Collection[str] | None = None,
    changed: Collection[str] = (),
) -> Iterator[Drift]:
    """Compare each of the `listed` batches, the last ones of `order` in that order; `read` gives the facts of one.

    known: the batches that somebody has seen to; None where nothing says it: then each batch is held against the last
    ones before it, whatever they are. changed: batches with which something else changed, in which what came last
    begins anew as well. Each batch is read once.
    """
    walk = _Walk(read, settings, compare)
    for batch in (*_before(order, listed, settings.reference_batches, known), *listed):
        found = walk.found(batch) if batch in listed or known is not None else None
        if found is not None and batch in listed:
            yield found
        differs = batch in changed or (found is not None and found.outcome == "drifted")
        if known is None or batch in known or not differs:
            walk.add(batch, begins=differs and known is not None)
        walk.let_go(known)


def _before(order: Sequence[str], listed: Sequence[str], most: int, known: Collection[str] | None) -> list[str]:
    """Return the batches before the listed ones that are their reference: so many known ones, and as many since."""
    earlier = list(order[: order.index(listed[0])]) if listed else []
    if known is None:
        return earlier[-most:]
    return [batch for batch in earlier if batch in known][-most:] + [one for one in earlier if one not in known][-most:]


class _Walk:
    """Where the comparison stands: the reference so far, those of it since the last change, and the facts of both."""

    def __init__(self, read: Read, settings: DriftSettings, compare: FactSet) -> None:
        self._read, self._settings, self._compare = read, settings, compare
        self._held: dict[str, pd.DataFrame] = {}
        self.before: list[str] = []
        self.since: list[str] = []

    def found(self, batch: str) -> Drift:
        """Compare a batch with the reference, and with those since the last change where it differs."""
        found = self._against(batch, self.before)
        if found.outcome != "drifted" or not self.since or len(self.since) >= len(self.before):
            return found
        again = self._against(batch, self.since)
        return again if again.outcome in ("alike", "drifted") else found

    def add(self, batch: str, *, begins: bool) -> None:
        """Make a batch part of the reference, and the first of a new state where something changed with it."""
        self.before.append(batch)
        self.since = [batch] if begins else [*self.since, batch]

    def let_go(self, known: Collection[str] | None) -> None:
        """Keep as many known batches as are asked for, as many later ones, and the facts of these alone."""
        most = self._settings.reference_batches
        first = [batch for batch in self.before if known is None or batch in known][-most:]
        self.before = first + [batch for batch in self.before if known is not None and batch not in known][-most:]
        self.since = [batch for batch in self.since if batch in self.before]
        self._held = {batch: facts for batch, facts in self._held.items() if batch in self.before}

    def _against(self, batch: str, reference: Sequence[str]) -> Drift:
        facts = self._facts(batch)
        sides = [self._facts(one) for one in reference]
        joined = pd.concat(sides, ignore_index=True) if sides else facts.head(0)
        return drift_of(batch, facts, joined, self._settings, self._compare)

    def _facts(self, batch: str) -> pd.DataFrame:
        if batch not in self._held:
            self._held[batch] = self._read(batch)
        return self._held[batch]
