"""Verification in the background: one at a time, watched, its failures told without their values."""

from __future__ import annotations

import threading

from pipelines.exchange.journal import Watch
from pipelines.exchange.verification import AlreadyRunning, Verification
from pipelines.pages.checking import Checking

FOUND = Verification(3, "0" * 64, 1, (), 0.1)


def test_it_is_watched_and_ends_with_its_result() -> None:
    checking, go, told = Checking(), threading.Event(), threading.Event()

    def verify(watch: Watch) -> Verification:
        watch("файлы в хранилище", 7)
        told.set()
        go.wait(60)
        return FOUND

    assert checking.start(verify)
    assert told.wait(60)
    assert (checking.running, checking.part, checking.done) == (True, "файлы в хранилище", 7)
    assert not checking.start(verify)
    go.set()
    checking.wait(60)
    assert (checking.running, checking.result, checking.failure) == (False, FOUND, "")


def test_failures_are_told_without_values() -> None:
    checking = Checking()

    def broken(watch: Watch) -> Verification:
        raise RuntimeError("postgresql://user:password@host")

    def busy(watch: Watch) -> Verification:
        raise AlreadyRunning("Проверка уже идёт")

    for verify, said in ((broken, "Проверка прервана: RuntimeError"), (busy, "Проверка уже идёт")):
        assert checking.start(verify)
        checking.wait(60)
        assert (checking.failure, checking.result) == (said, None)
