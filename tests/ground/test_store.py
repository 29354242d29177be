"""The content store: the same on a local folder, in memory and on S3."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from moto.server import ThreadedMotoServer

from pipelines.ground.store import Store, StoreError, digest


@pytest.fixture(scope="module")
def s3_endpoint() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(params=["folder", "memory", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    if request.param == "folder":
        return Store((tmp_path / "store").as_uri())
    if request.param == "memory":
        return Store(f"memory://{tmp_path.name}")
    import s3fs

    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_ENDPOINT_URL", request.getfixturevalue("s3_endpoint"))
    filesystem = s3fs.S3FileSystem()
    filesystem.mkdirs("oms-store", exist_ok=True)
    return Store(f"s3://oms-store/{tmp_path.name}")


def test_bytes_come_back_under_their_hash(store: Store) -> None:
    content = "содержимое".encode()
    address = store.put(content)
    assert address == digest(content)
    assert store.put(content) == address
    assert store.get(address) == content
    assert list(store.addresses()) == [address]


def test_absent_bytes_are_an_error(store: Store) -> None:
    with pytest.raises(StoreError):
        store.get(digest(b"never put"))
    assert not store.intact(digest(b"never put"))


def test_removed_bytes_are_gone_and_removal_repeats(store: Store) -> None:
    address = store.put(b"old")
    store.remove(address)
    store.remove(address)
    assert not store.intact(address)


def test_a_torn_write_is_mended(tmp_path: Path) -> None:
    store = Store(tmp_path.as_uri())
    address = store.put(b"whole content")
    path = next(path for path in tmp_path.rglob(address))
    path.write_bytes(b"whole")
    store.put(b"whole content")
    assert store.get(address) == b"whole content"
