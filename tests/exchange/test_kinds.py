"""Kinds found by the names of files: with an archive and without."""

from __future__ import annotations

import pytest

from pipelines.exchange.kinds import Catalogue
from pipelines.systems import KINDS


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("V002.xml", "NSI_DICTIONARY"),
        ("V002.zip", "NSI_DICTIONARY"),
        ("V002.csv", "NSI_CSV"),
        ("Q015.XML", "NSI_RULES"),
        ("T_KSG.csv", "NSI_CSV"),
        ("t_ksg.ZIP", "NSI_CSV"),
        ("NSI_CSV_12.zip", "NSI_CSV"),
        ("MKB10_1.2.643.5.1.13.13.11.1005_2.27.csv", "NSI_CSV"),
        ("KSG26_KS.xlsx", "NSI_KSG"),
        ("ksg26_ds_20260401.zip", "NSI_KSG"),
        ("KSG26_XX.xlsx", None),
        ("KSG26_KS.xml", None),
        ("sprabo07.dbf", "NSI_DBF"),
        ("COUNT07.DBF", "NSI_DBF"),
        ("COUNTR07.DBF", "NSI_DBF"),
        ("NSI_DBF.zip", "NSI_DBF"),
        ("sprabo07.csv", None),
        ("sprabo.dbf", None),
        ("globalKslp.csv", None),
    ],
)
def test_dictionaries_are_told_by_name_and_extension(name: str, code: str | None) -> None:
    identified = Catalogue(KINDS).identify(name)
    assert (identified and identified[0].code) == code
