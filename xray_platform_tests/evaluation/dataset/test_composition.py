"""Composition: the counts are those of a cross table made otherwise; what is rare or unknown is said to be."""

import pandas as pd

from xray_platform.evaluation.dataset.composition import MOST_VALUES, OTHERS, composition
from xray_platform_tests.evaluation.dataset.invented_card import PARTS, tables


def test_counts_are_those_of_a_cross_table() -> None:
    made = tables(200)
    found = composition(made["images"], made["splits"])
    joined = made["images"].merge(made["splits"][["image", "split"]], on="image")
    table = pd.crosstab(joined["sex"].fillna("unknown"), joined["split"])
    subjects = joined.assign(sex=joined["sex"].fillna("unknown")).groupby(["sex", "split"])["subject"].nunique()
    for value, counts in found.fact("sex").counts.items():
        assert [count.pictures for count in counts] == [table.loc[value, part] for part in found.parts]
        assert [count.subjects for count in counts] == [subjects.get((value, part), 0) for part in found.parts]
    assert list(found.fact("sex").counts)[-1] == "unknown"
    assert sum(found.pictures) == len(joined)
    assert found.parts == tuple(PARTS)


def test_ages_stand_in_their_order_and_the_unknown_ones_last() -> None:
    found = composition(tables(200)["images"]).fact("age")
    bands = list(found.counts)
    assert bands[-1] == "unknown"
    assert bands[:-1] == sorted(bands[:-1], key=lambda band: int(band.split("-")[0]))
    total = sum(count[0].pictures for count in found.counts.values())
    assert found.known(0) == (total - found.counts["unknown"][0].pictures) / total


def test_rare_values_are_counted_together() -> None:
    images = tables(120)["images"]
    images["manufacturer"] = [f"maker {row}" for row in range(len(images))]
    found = composition(images).fact("device")
    assert len(found.counts) == MOST_VALUES + 1
    assert found.counts[OTHERS][0].pictures == len(images) - MOST_VALUES


def test_no_picture_gives_an_empty_table() -> None:
    found = composition(tables()["images"].head(0))
    assert found.pictures == (0,)
    assert found.fact("age").known(0) is None
