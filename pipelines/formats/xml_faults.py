"""Why libxml2 refused a document, in Russian and without a word of the document's text."""

from __future__ import annotations

from lxml import etree

_REASONS = {
    etree.ErrorTypes.ERR_DOCUMENT_EMPTY: "нет корневого элемента",
    etree.ErrorTypes.ERR_DOCUMENT_END: "лишнее содержимое после корневого элемента",
    etree.ErrorTypes.ERR_INVALID_HEX_CHARREF: "неверная ссылка на символ",
    etree.ErrorTypes.ERR_INVALID_DEC_CHARREF: "неверная ссылка на символ",
    etree.ErrorTypes.ERR_INVALID_CHARREF: "неверная ссылка на символ",
    etree.ErrorTypes.ERR_INVALID_CHAR: "недопустимый символ",
    etree.ErrorTypes.ERR_UNDECLARED_ENTITY: "ссылка на неизвестную сущность",
    etree.ErrorTypes.ERR_ENTITYREF_SEMICOL_MISSING: "ссылка на сущность не закончена точкой с запятой",
    etree.ErrorTypes.ERR_LT_IN_ATTRIBUTE: "знак «<» в значении атрибута",
    etree.ErrorTypes.ERR_ATTRIBUTE_NOT_STARTED: "значение атрибута не в кавычках",
    etree.ErrorTypes.ERR_ATTRIBUTE_NOT_FINISHED: "значение атрибута не закончено",
    etree.ErrorTypes.ERR_ATTRIBUTE_WITHOUT_VALUE: "атрибут без значения",
    etree.ErrorTypes.ERR_ATTRIBUTE_REDEFINED: "атрибут повторён",
    etree.ErrorTypes.ERR_COMMENT_NOT_FINISHED: "комментарий не закончен",
    etree.ErrorTypes.ERR_HYPHEN_IN_COMMENT: "двойной дефис в комментарии",
    etree.ErrorTypes.ERR_PI_NOT_STARTED: "неверная инструкция обработки",
    etree.ErrorTypes.ERR_PI_NOT_FINISHED: "инструкция обработки не закончена",
    etree.ErrorTypes.ERR_RESERVED_XML_NAME: "объявление XML не в начале файла",
    etree.ErrorTypes.ERR_XMLDECL_NOT_STARTED: "неверное объявление XML",
    etree.ErrorTypes.ERR_XMLDECL_NOT_FINISHED: "объявление XML не закончено",
    etree.ErrorTypes.ERR_VERSION_MISSING: "в объявлении XML нет версии",
    etree.ErrorTypes.ERR_UNKNOWN_VERSION: "неизвестная версия XML",
    etree.ErrorTypes.ERR_STANDALONE_VALUE: "неверное значение standalone в объявлении XML",
    etree.ErrorTypes.ERR_ENCODING_NAME: "неверное имя кодировки",
    etree.ErrorTypes.ERR_STRING_NOT_STARTED: "значение в объявлении XML не в кавычках",
    etree.ErrorTypes.ERR_STRING_NOT_CLOSED: "кавычка в объявлении XML не закрыта",
    etree.ErrorTypes.ERR_MISPLACED_CDATA_END: "последовательность «]]>» вне раздела CDATA",
    etree.ErrorTypes.ERR_CDATA_NOT_FINISHED: "раздел CDATA не закончен",
    etree.ErrorTypes.ERR_SPACE_REQUIRED: "пропущен пробел",
    etree.ErrorTypes.ERR_EQUAL_REQUIRED: "пропущен знак «=»",
    etree.ErrorTypes.ERR_GT_REQUIRED: "тег не закрыт знаком «>»",
    etree.ErrorTypes.ERR_LTSLASH_REQUIRED: "пропущен закрывающий тег",
    etree.ErrorTypes.ERR_NAME_REQUIRED: "недопустимое имя элемента, атрибута или сущности",
    etree.ErrorTypes.ERR_TAG_NAME_MISMATCH: "закрывающий тег не соответствует открывающему",
    etree.ErrorTypes.ERR_TAG_NOT_FINISHED: "файл оборван, не все элементы закрыты",
    etree.ErrorTypes.ERR_INVALID_ENCODING: "байты не соответствуют кодировке",
    etree.ErrorTypes.NS_ERR_UNDEFINED_NAMESPACE: "не объявлен префикс пространства имён",
}
_LIMITS = {
    etree.ErrorTypes.ERR_NO_MEMORY,
    etree.ErrorTypes.ERR_NAME_TOO_LONG,
    etree.ErrorTypes.ERR_RESOURCE_LIMIT,
}


def reason(code: int | None) -> str:
    """Russian text of an error's type; a type that the list does not know is named by its number."""
    return _REASONS.get(code, f"ошибка разбора № {code}")


def is_limit(code: int | None) -> bool:
    """Whether the parser stopped at one of its own limits (length of a name, memory)."""
    return code in _LIMITS
