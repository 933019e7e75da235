"""Few images are kept, not for long, under names that nobody guesses."""

from typing import Any

from xray_platform.serving.room.kept import Kept, OpenImage

NOTHING: Any = None


def test_the_oldest_goes_first_and_each_after_a_while() -> None:
    now = [0.0]
    kept = Kept(2, 10, lambda: now[0])
    names = []
    for second in range(3):
        now[0] = second
        names.append(kept.add(OpenImage(NOTHING, blind=False)))
    assert [kept.get(name) is not None for name in names] == [False, True, True]
    now[0] = 11.5
    assert [kept.get(name) is not None for name in names] == [False, False, True]
    assert len(kept) == 1
    assert len(set(names)) == 3
    assert min(map(len, names)) >= 20
