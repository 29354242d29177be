"""Payment orders: one for each line to be paid, XML and the printed form."""

from __future__ import annotations

from dataclasses import replace

import pytest
from lxml import etree

from pipelines.ground.money import kopecks
from pipelines.pump.documents import in_words, orders, payment_order
from tests.pump import closing_made
from tests.pump.documents.read import text


def fields(content: bytes) -> dict[str, str]:
    """Texts by path below PLAT_DOC."""
    root = etree.fromstring(content)
    tree = root.getroottree()
    return {tree.getelementpath(node): node.text for node in root.iter() if len(node) == 0}


def test_every_line_to_be_paid_has_one_order() -> None:
    source = closing_made.usual()
    listed, lines = orders(source), source.settled.lines
    due = lines[lines["payable"] > 0]
    assert len(listed) == len(due) < len(lines)
    assert listed["payable"].sum() == due["payable"].sum()
    assert listed["number"].tolist() == list(range(1, len(due) + 1))
    paid, names = 0, set()
    for order in listed.itertuples():
        xml, printed, notice = payment_order(source, order.payer, order.CODE_MO, order.number)
        found = fields(xml.content)
        assert kopecks(found["DOC/SUM"]) == order.payable
        assert found["DOC/SUM_TEXT"] == in_words(order.payable)
        paid += kopecks(found["DOC/SUM"])
        names.add(xml.name)
        assert printed.content == notice.content
        assert (notice.recipient, notice.name) == (order.CODE_MO, printed.name)
    assert paid == int(lines["payable"].sum())
    assert len(names) == len(listed)


def test_fields() -> None:
    source = closing_made.usual()
    xml, printed, _ = payment_order(source, "98001", "980001", 14)
    found = fields(xml.content)
    payer, recipient = source.parties["98001"], source.parties["980001"]
    assert xml.name == "PL9898260014.xml"
    assert found["ZGLV/FILENAME"] == "PL9898260014"
    assert (found["ZGLV/YEAR"], found["ZGLV/MONTH"]) == ("2026", "3")
    assert (found["DOC/NUM"], found["DOC/DATE"]) == ("14", "2026-04-15")
    assert (found["DOC/VID_OP"], found["DOC/OCHER"]) == ("01", "5")
    for tag, side in (("PAYER", payer), ("RECIP", recipient)):
        names = ("INN", "KPP", "ACCOUNT", "BANK", "BIK", "KS")
        values = (side.INN, side.KPP, side.RS, side.BANK, side.BIK, side.KS)
        assert [found[f"DOC/{tag}/{name}"] for name in names] == list(values)
    assert found["DOC/KBK"] == recipient.KBK
    assert found["DOC/NAZN"] == "Оплата мед. помощи по ОМС за 03.2026, счёт № 2603-980001-98001 от 15.04.2026, без НДС"
    assert found["DOC/OSN/NSCHET"] == "2603-980001-98001"
    form = text(printed.content)
    for value in (payer.RS, payer.BIK, payer.KS, recipient.RS, recipient.BIK, recipient.KS, payer.INN, recipient.INN,
                  "0401060", "ПЛАТЁЖНОЕ ПОРУЧЕНИЕ № 14", found["DOC/NAZN"], recipient.KBK):  # fmt: skip
        assert value in form


def test_the_fund_pays_for_other_territories() -> None:
    source = closing_made.usual()
    xml, printed, notice = payment_order(source, "45000", "980001", 3)
    found = fields(xml.content)
    assert xml.name == "PL9877260003.xml"  # Москва is 77
    assert found["DOC/PAYER/INN"] == source.parties["98"].INN
    assert [document.recipient for document in (xml, printed, notice)] == [None, None, "980001"]


def test_the_region_names_files_and_numbers_go_on() -> None:
    source = closing_made.usual()
    other = replace(
        source, first_order=9998, terms=replace(source.terms, order_name="P_{number}", order_kbk="395" + "0" * 17)
    )
    assert orders(other)["number"].tolist()[:3] == [9998, 9999, 10000]
    xml, *_ = payment_order(other, "98001", "980001", 10000)
    assert xml.name == "P_10000.xml"
    assert fields(xml.content)["DOC/KBK"] == "395" + "0" * 17


def test_whole_roubles_and_markup_in_names() -> None:
    source = closing_made.usual()
    lines = source.settled.lines
    own = (lines["payer"] == "98001") & (lines["CODE_MO"] == "980001")
    settled = replace(source.settled, lines=lines.assign(payable=lines["payable"].mask(own, 1_000_00)))
    named = {**source.parties, "980001": replace(source.parties["980001"], NAME='ГБУЗ «A & <B>» "#x" ☂')}
    spoilt = replace(source, closed=replace(source.closed, settled=settled), parties=named)
    xml, printed, _ = payment_order(spoilt, "98001", "980001", 1)
    assert fields(xml.content)["DOC/RECIP/NAME"].startswith('ГБУЗ «A & <B>» "#x" ☂')
    assert "1000=" in text(printed.content)
    assert "Одна тысяча рублей 00 копеек" in text(printed.content)


def test_what_is_no_order() -> None:
    source = closing_made.usual()
    with pytest.raises(ValueError, match="nothing to pay"):
        payment_order(source, "98002", "980006", 1)
    long = replace(source, terms=replace(source.terms, order_purpose="x" * 211))
    with pytest.raises(ValueError, match="210"):
        payment_order(long, "98001", "980001", 1)
