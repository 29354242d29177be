"""Numbers with check digits: ЕНП, СНИЛС, ОГРН, ИНН (scalar; for generators and single look-ups)."""

from __future__ import annotations

from datetime import date


def enp_check_digit(first15: str) -> int:
    """Check digit of a ЕНП from its first 15 digits (HL7 M10, приказ Минздравсоцразвития 29н)."""
    right_to_left = first15[::-1]
    digits = right_to_left[1::2] + str(int(right_to_left[0::2]) * 2)
    return -sum(map(int, digits)) % 10


def enp(territory: str, born: date, sex: int, number: int) -> str:
    """ЕНП of a person: ``territory`` KOD_TF (2 digits), ``sex`` 1 male / 2 female, ``number`` 1…99999."""
    first15 = territory + _enp_person(born, sex) + f"{number:05d}"
    return first15 + str(enp_check_digit(first15))


def _enp_person(born: date, sex: int) -> str:
    """Digits 3…10 of a ЕНП: month, year backwards and day, shifted by century and sex, each taken from nine."""
    month = born.month + (20 if born.year <= 1950 else 40 if born.year <= 2000 else 0)
    plain = f"{month:02d}" + f"{born.year:04d}"[::-1] + f"{born.day + (50 if sex == 1 else 0):02d}"
    return "".join(str(9 - int(digit)) for digit in plain)


def enp_fits(value: str, born: date, sex: int) -> bool:
    """Whether a ЕНП was made for that day of birth and sex; it is never changed, so a correction of either breaks this."""
    return value[2:10] == _enp_person(born, sex)


def enp_valid(value: str) -> bool:
    """Whether the value is 16 digits with a right check digit."""
    return len(value) == 16 and value.isascii() and value.isdigit() and enp_check_digit(value[:15]) == int(value[15])


def snils_check_number(first9: str) -> int:
    """Check number (0…99) of a СНИЛС from its first nine digits."""
    total = sum(int(digit) * (9 - position) for position, digit in enumerate(first9))
    return total % 101 % 100


def snils(number: int) -> str:
    """СНИЛС ``NNN-NNN-NNN NN`` with a right check number; ``number`` is its first nine digits."""
    first9 = f"{number:09d}"
    return f"{first9[:3]}-{first9[3:6]}-{first9[6:]} {snils_check_number(first9):02d}"


def snils_valid(value: str) -> bool:
    """Whether the value has 11 digits and a right check number (numbers up to 001-001-998 are not checked)."""
    digits = "".join(char for char in value if char.isascii() and char.isdigit())
    if len(digits) != 11 or int(digits) == 0:
        return False
    return int(digits[:9]) <= 1001998 or snils_check_number(digits[:9]) == int(digits[9:])


def ogrn_valid(value: str) -> bool:
    """Whether the value is an ОГРН (13 digits) or an ОГРНИП (15 digits) with a right check digit."""
    if not (value.isascii() and value.isdigit() and len(value) in _OGRN):
        return False
    return int(value[:-1]) % _OGRN[len(value)] % 10 == int(value[-1])


def inn_valid(value: str) -> bool:
    """Whether the value is an ИНН of an organisation (10 digits) or of a person (12 digits) with right check digits."""
    if not (value.isascii() and value.isdigit() and len(value) in {10, 12}):
        return False
    return all(_inn_digit(value[:length]) == int(value[length]) for length in ((9,) if len(value) == 10 else (10, 11)))


def _inn_digit(before: str) -> int:
    weights = _INN[-len(before) :]
    return sum(weight * int(digit) for weight, digit in zip(weights, before, strict=True)) % 11 % 10


_OGRN = {13: 11, 15: 13}
_INN = (3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8)
"""Weights of the digits before a check digit, the last ones of them for shorter numbers."""
