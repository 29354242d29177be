"""Check digits of ЕНП and СНИЛС (scalar; for generators and single look-ups)."""

from __future__ import annotations

from datetime import date


def enp_check_digit(first15: str) -> int:
    """Check digit of a ЕНП from its first 15 digits (HL7 M10, приказ Минздравсоцразвития 29н)."""
    right_to_left = first15[::-1]
    digits = right_to_left[1::2] + str(int(right_to_left[0::2]) * 2)
    return -sum(map(int, digits)) % 10


def enp(territory: str, born: date, sex: int, number: int) -> str:
    """ЕНП of a person: ``territory`` KOD_TF (2 digits), ``sex`` 1 male / 2 female, ``number`` 1…99999."""
    month = born.month + (20 if born.year <= 1950 else 40 if born.year <= 2000 else 0)
    plain = f"{month:02d}{born.year:04d}"[:2] + f"{born.year:04d}"[::-1] + f"{born.day + (50 if sex == 1 else 0):02d}"
    first15 = territory + "".join(str(9 - int(digit)) for digit in plain) + f"{number:05d}"
    return first15 + str(enp_check_digit(first15))


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
