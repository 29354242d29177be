"""Bytes to columnar tables and back: XML, DBF, CSV, XLSX, archives; layouts declare each record once."""
