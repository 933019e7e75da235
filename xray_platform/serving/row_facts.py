"""Row facts: what rows of the table `images` state of age, sex and view; more than the file where labels told it."""

from collections.abc import Iterator

import pandas as pd

from xray_platform.clinical_columns import ClinicalFacts

STATING = ("age_years", "sex", "view_position")  # columns of the table `images`


def row_facts(rows: pd.DataFrame) -> Iterator[ClinicalFacts]:
    """Yield what each row states, in their order; of one without values nothing is known."""
    for age, sex, view in rows[list(STATING)].itertuples(index=False, name=None):
        yield ClinicalFacts(None if pd.isna(age) else float(age), _text(sex), _text(view))


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
