"""XML to columnar tables, by a layout."""

from __future__ import annotations

from collections.abc import Iterable

from pipelines.formats import xml_fast, xml_lxml
from pipelines.formats.layout import Layout
from pipelines.formats.tables import Tables
from pipelines.formats.xml_source import Source, XmlLimits, declared_encoding


def read_xml(content: bytes | Iterable[bytes], layout: Layout, role: str, limits: XmlLimits | None = None) -> Tables:
    """Read an XML file.

    ``content`` is the file or its pieces in order (an ``ArchiveMember``); an iterable that can be iterated again is never
    held in memory as a whole unless the file is unusual. ``role`` names the file in faults. Values keep their text as it
    arrived, with the newlines of XML normalised; departures from the layout are told in ``Tables.anomalies`` (STR.010–060,
    VAL.040). Raises ``FileFault`` XML.010 (DTD), XML.020, XML.021 (encoding), XML.030 (not well-formed), XML.040 (another
    root), XML.060 (limits).
    """
    source = Source(content, role, limits or XmlLimits())
    encoding = declared_encoding(source)
    tables = xml_fast.read(source, encoding, layout)
    return xml_lxml.read(source, encoding, layout) if tables is None else tables
