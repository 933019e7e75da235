"""docs/reference says what the code says."""

from pathlib import Path

import pytest

from xray_platform_tests.house.reference import BLOCKS, blocks_of, pages, rewritten


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.stem)
def test_the_page_says_what_the_code_says(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert rewritten(text) == text, "run `python -m xray_platform_tests.house.reference`"


def test_each_block_stands_on_one_page() -> None:
    found = [name for page in pages() for name in blocks_of(page.read_text(encoding="utf-8"))]
    assert sorted(found) == sorted(BLOCKS)
