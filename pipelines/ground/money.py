"""Money is kopecks in int64 or Decimal; rounding is HALF_UP, once."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

KOPECK = Decimal("0.01")
SPACE = "\u00a0"


def kopecks(roubles: str | Decimal) -> int:
    """Kopecks of an amount in roubles, HALF_UP; raises ``ValueError`` for what is no finite number."""
    try:
        amount = Decimal(roubles)
        if not amount.is_finite():
            raise ValueError("not a finite amount")
        return int(amount.quantize(KOPECK, ROUND_HALF_UP) * 100)
    except InvalidOperation as error:
        raise ValueError("not an amount") from error


def roubles(amount: int) -> str:
    """An amount in kopecks as roubles with two decimals: ``-5`` is ``-0.05``."""
    sign = "-" if amount < 0 else ""
    return f"{sign}{abs(amount) // 100}.{abs(amount) % 100:02d}"


def written(amount: int, space: str = SPACE, minus: str = "-") -> str:
    """Kopecks as people read them: ``-123456`` is «-1 234,56»; the space does not break unless another is given."""
    sign = minus if amount < 0 else ""
    return f"{sign}{abs(amount) // 100:,}".replace(",", space) + f",{abs(amount) % 100:02d}"
