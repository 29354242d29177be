"""Packets of dictionaries made for tests."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Mapping
from xml.sax.saxutils import escape

Fields = Mapping[str, str]


def packet(kind: str, version: str, day: str, rows: Iterable[Fields]) -> bytes:
    """A packet as it is published; values of TYPE_D are parted by commas."""
    records = "".join(f"<zap>{''.join(_field(name, value) for name, value in row.items())}</zap>\n" for row in rows)
    header = f"<zglv><type>{kind}</type><version>{version}</version><date>{day}</date></zglv>\n"
    text = f'<?xml version="1.0" encoding="windows-1251"?>\n<packet>\n{header}{records}</packet>\n'
    return text.encode("windows-1251")


def _field(name: str, value: str) -> str:
    if name == "TYPE_D":
        kinds = "".join(f"<TYPE_D>{kind}</TYPE_D>" for kind in value.split(","))
        return f"<TYPE_MD>{kinds}</TYPE_MD>"
    return f"<{name}>{escape(value)}</{name}>" if value else f"<{name}/>"


def zipped(name: str, content: bytes) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return target.getvalue()


def rule(number: str, path: str = "ZL_LIST/ZAP/Z_SL/SL/NHISTORY", kinds: str = "H", **fields: str) -> dict[str, str]:
    """A record of a rule dictionary: by itself «the element must be there»."""
    return {
        "ID_TEST": number,
        "ID_EL": path,
        "TYPE_D": kinds,
        **dict.fromkeys(("NSI_OBJ", "NSI_EL", "USL_TEST", "VAL_EL", "MIN_LEN", "MAX_LEN", "MASK_VAL", "COMMENT"), ""),
        "DATEBEG": "01.11.2019",
        "DATEEND": "",
        **fields,
    }
