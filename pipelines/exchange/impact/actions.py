"""What can be proposed, as the operator reads it. Imports nothing: DAG files read it too."""

from __future__ import annotations

EDITION = "edition"
ACTIONS = {
    EDITION: "ввести редакцию справочника правил",
    "off": "не проверять",
    "warning": "степень: предупреждение",
    "error": "степень: ошибка записи",
    "fatal": "степень: отказ в приёме пакета",
    "text": "другой текст сообщения",
    "restore": "как в справочнике правил",
}
MOST_MONTHS = 36
"""Report months of one replay at most."""
