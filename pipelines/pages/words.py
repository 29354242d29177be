"""Words of the pages: titles of results, events, channels, severities."""

from __future__ import annotations

from pipelines.checks.findings import SEVERITY_TITLES
from pipelines.exchange.model import RESULT_TITLES
from pipelines.exchange.whereabouts import ROLE_TITLES

WAITING = {"RECEIVED": "в обработке", "FAILED": "сбой"}
"""States without a result, as the journal shows them in its place."""
RESULTS = {str(result): title for result, title in RESULT_TITLES.items()} | WAITING
TONES = {
    "ACCEPTED": "good",
    "PARTIAL": "warn",
    "REJECTED": "bad",
    "DUPLICATE": "quiet",
    "QUARANTINED": "odd",
    "RECEIVED": "live",
    "FAILED": "bad",
}
"""How a result looks; the word says it too."""
CHANNELS = {"sftp": "SFTP", "mail": "почта", "folder": "папка"}
SEVERITIES = dict(SEVERITY_TITLES)
SEVERITY_TONES = {"fatal": "bad", "error": "bad", "warning": "warn"}
EVENTS = {
    "RECEIVED": "Получен",
    "OPENED": "Открыт",
    "CHECKED": "Проверен",
    "APPLIED": "Загружен",
    "ANSWERED": "Ответ готов",
    "DELIVERED": "Доставлен файл ответа",
    "FAILED": "Сбой обработки",
    "RESENT": "Ответ отправлен ещё раз",
    "AGAIN": "Назначена повторная обработка",
    "DOCUMENTED": "Созданы документы проверок",
    "DOCUMENT_PURGED": "Документ удалён по сроку",
    "PURGED": "Файл пакета удалён по сроку",
    "VERIFIED": "Проверена цепочка журнала",
    "DAILY_JOURNAL": "Создан журнал за день",
    "RULES_ENABLED": "Редакция правил введена",
    "RULES_WITHDRAWN": "Редакция правил отозвана",
    "RULE_IMPACT_ASKED": "Запрошен пересчёт влияния правил",
    "RULE_IMPACT": "Посчитано влияние правил",
    "RULE_IMPACT_APPROVED": "Изменение правил одобрено",
    "RULE_IMPACT_REJECTED": "Изменение правил отклонено",
}
ROLES = dict(ROLE_TITLES)
EDITION_STATES = {"proposed": "предложена", "enabled": "введена", "withdrawn": "отозвана"}
OPLATA = {1: "оплачен полностью", 2: "отказано", 3: "оплачен частично"}
OPLATA_TONES = {1: "good", 2: "bad", 3: "warn"}
CONTROLS = {1: "МЭК", 2: "МЭЭ", 3: "ЭКМП"}
"""Kinds of control by KONT of an act."""
