"""Drift since: batches against those that somebody has seen to, so that an alarm stands until somebody does.

A batch is held against the last ones before it that are known; those after them with which nothing changed join only
where the known ones are too few to say anything, so that a slow change, of which each batch is like the one before it,
is seen as well. Where a batch differs, it is held against the known ones since the last change too: what was learnt
last may be a new device, which older batches do not have. It has drifted where it differs from both. A batch that
drifted and is not known yet is no reference, so that a change that nobody has seen to does not become what is usual by
and by.
"""

from collections.abc import Callable, Collection, Iterator, Sequence

import pandas as pd

from xray_platform.evaluation.dataset.drift import OF_PICTURES, Drift, DriftSettings, FactSet, drift_of

SAID = ("alike", "drifted")
"""Outcomes of a comparison in which there was enough to compare."""
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
    walk = _Walk(read, settings, compare, known)
    for batch in (*_before(order, listed, settings.reference_batches, known), *listed):
        found = walk.found(batch) if batch in listed or known is not None else None
        if found is not None and batch in listed:
            yield found
        differs = batch in changed or (found is not None and found.outcome == "drifted")
        if known is None or batch in known or not differs:
            walk.add(batch, begins=differs and known is not None)
        walk.let_go()


def _before(order: Sequence[str], listed: Sequence[str], most: int, known: Collection[str] | None) -> list[str]:
    """Return the batches before the listed ones that are their reference: so many known ones, and as many since."""
    earlier = list(order[: order.index(listed[0])]) if listed else []
    if known is None:
        return earlier[-most:]
    return [batch for batch in earlier if batch in known][-most:] + [one for one in earlier if one not in known][-most:]


class _Walk:
    """Where the comparison stands: the known batches so far, those of them since the last change, and later quiet ones.

    The facts of all of these are held, and of no others.
    """

    def __init__(self, read: Read, settings: DriftSettings, compare: FactSet, known: Collection[str] | None) -> None:
        self._read, self._settings, self._compare, self._known = read, settings, compare, known
        self._held: dict[str, pd.DataFrame] = {}
        self.before: list[str] = []
        self.since: list[str] = []
        self.later: list[str] = []

    def found(self, batch: str) -> Drift:
        """Compare a batch with the known ones, and with those since the last change where it differs."""
        found = self._against(batch, self.before)
        if found.outcome != "drifted" or not self.since or len(self.since) >= len(self.before):
            return found
        again = self._against(batch, self.since)
        return again if again.outcome in SAID else found

    def add(self, batch: str, *, begins: bool) -> None:
        """Make a batch part of the reference, and the first of a new state where something changed with it."""
        most = self._settings.reference_batches
        if self._known is None or batch in self._known:
            self.before = [*self.before, batch][-most:]
            self.since = [batch] if begins else [one for one in (*self.since, batch) if one in self.before]
        else:
            self.later = [*self.later, batch][-most:]

    def let_go(self) -> None:
        """Forget the facts of what is no reference."""
        needed = {*self.before, *self.later}
        self._held = {batch: facts for batch, facts in self._held.items() if batch in needed}

    def _against(self, batch: str, reference: Sequence[str]) -> Drift:
        found = self._compared(batch, reference)
        return found if found.outcome in SAID or not self.later else self._compared(batch, [*reference, *self.later])

    def _compared(self, batch: str, reference: Sequence[str]) -> Drift:
        facts = self._facts(batch)
        sides = [self._facts(one) for one in reference]
        joined = pd.concat(sides, ignore_index=True) if sides else facts.head(0)
        return drift_of(batch, facts, joined, self._settings, self._compare)

    def _facts(self, batch: str) -> pd.DataFrame:
        if batch not in self._held:
            self._held[batch] = self._read(batch)
        return self._held[batch]
