"""Money as text."""

from __future__ import annotations

import pytest

from pipelines.ground import money


@pytest.mark.parametrize(
    ("amount", "text"), [(0, "0,00"), (-5, "-0,05"), (123456, "1\u00a0234,56"), (-100000000, "-1\u00a0000\u00a0000,00")]
)
def test_money_as_people_read_it(amount: int, text: str) -> None:
    assert money.written(amount) == text
    assert money.written(amount, " ", "−") == text.replace("\u00a0", " ").replace("-", "−")
