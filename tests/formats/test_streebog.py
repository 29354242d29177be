"""Streebog and ГОСТ Р 34.10-2012: the vectors of the standards, and another implementation that works in its own way."""

from __future__ import annotations

import hashlib
import time
from typing import Any

import pytest
from gostcrypto import gosthash, gostsignature
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.formats.signature import gost
from pipelines.formats.signature.streebog import Streebog

FIRST = b"012345678901234567890123456789012345678901234567890123456789012"
SECOND = "Се ветри, Стрибожи внуци, веютъ с моря стрелами на храбрыя плъкы Игоревы".encode("cp1251")
VECTORS = {
    (b"", 32): "3f539a213e97c802cc229d474c6aa32a825a360b2a933a949fd925208d9ce1bb",
    (FIRST, 32): "9d151eefd8590b89daa6ba6cb74af9275dd051026bb149a452fd84e5e57b5500",
    (FIRST, 64): "1b54d01a4af5b9d5cc3d86d68d285462b19abc2475222f35c085122be4ba1ffa"
    "00ad30f8767b3a82384c6574f024c311e2a481332b08ef7f41797891c1646f48",
    (SECOND, 32): "9dd2fe4e90409e5da87f53976d7405b0c0cac628fc669a741d50063c557e8f50",
    (SECOND, 64): "1e88e62226bfca6f9994f1f2d51569e0daf8475a3b0fe61a5300eee46d961376"
    "035fe83549ada2b8620fcd7c496ce5b33f0cb9dddc2b6460143b03dabac9fb28",
}
CURVES = {
    "1.2.643.2.2.35.1": "id-tc26-gost-3410-2012-256-paramSetB",
    "1.2.643.2.2.35.2": "id-tc26-gost-3410-2012-256-paramSetC",
    "1.2.643.2.2.35.3": "id-tc26-gost-3410-2012-256-paramSetD",
    "1.2.643.2.2.36.0": "id-tc26-gost-3410-2012-256-paramSetB",
    "1.2.643.2.2.36.1": "id-tc26-gost-3410-2012-256-paramSetD",
    "1.2.643.7.1.2.1.1.1": "id-tc26-gost-3410-2012-256-paramSetA",
    "1.2.643.7.1.2.1.1.2": "id-tc26-gost-3410-2012-256-paramSetB",
    "1.2.643.7.1.2.1.1.3": "id-tc26-gost-3410-2012-256-paramSetC",
    "1.2.643.7.1.2.1.1.4": "id-tc26-gost-3410-2012-256-paramSetD",
    "1.2.643.7.1.2.1.2.1": "id-tc26-gost-3410-12-512-paramSetA",
    "1.2.643.7.1.2.1.2.2": "id-tc26-gost-3410-12-512-paramSetB",
    "1.2.643.7.1.2.1.2.3": "id-tc26-gost-3410-2012-512-paramSetC",
}


def streebog(content: bytes, size: int, piece: int = 1 << 20) -> bytes:
    hashing = Streebog(size)
    for start in range(0, len(content), piece):
        hashing.update(content[start : start + piece])
    return hashing.digest()


@pytest.mark.parametrize(("content", "size"), VECTORS)
def test_the_vectors_of_the_standard(content: bytes, size: int) -> None:
    assert streebog(content, size).hex() == VECTORS[content, size]


@settings(max_examples=40, deadline=None)
@given(st.binary(max_size=300), st.sampled_from([32, 64]), st.integers(1, 130))
def test_another_implementation_agrees_in_any_pieces(content: bytes, size: int, piece: int) -> None:
    other = gosthash.new(f"streebog{size * 8}", data=bytearray(content))
    assert streebog(content, size, piece) == bytes(other.digest())


def test_sums_carry_through_all_words() -> None:
    content = b"\xff" * 64 * 5 + b"\x01" + bytes(63)
    assert streebog(content, 64) == bytes(gosthash.new("streebog512", data=bytearray(content)).digest())


def test_a_register_is_hashed_in_seconds() -> None:
    streebog(b"", 32)  # compiled by now
    content = bytes(range(256)) * (4 << 12)
    start = time.process_time()
    streebog(content, 32)
    assert len(content) / (time.process_time() - start) > 5 << 20


def test_every_curve_is_the_standards() -> None:
    assert set(CURVES) == set(gost.CURVES)
    for identifier, named in CURVES.items():
        ours, theirs = gost.CURVES[identifier], gostsignature.CURVES_R_1323565_1_024_2019[named]
        assert (ours.p, ours.b, ours.q, ours.x, ours.y) == tuple(theirs[name] for name in "pbqxy")
        assert (ours.a - theirs["a"]) % ours.p == 0
        assert ours.holds(ours.x, ours.y)


@pytest.mark.parametrize("named", sorted(set(CURVES.values())))
def test_a_signature_of_another_implementation_holds_and_no_other(named: str) -> None:
    curve = gost.CURVES[next(one for one, its in CURVES.items() if its == named)]
    size = 32 if "256" in named else 64
    signing: Any = gostsignature.new(
        gostsignature.MODE_256 if size == 32 else gostsignature.MODE_512, gostsignature.CURVES_R_1323565_1_024_2019[named]
    )
    private = hashlib.shake_256(named.encode()).digest(size - 1).rjust(size, b"\1")
    public = bytes(signing.public_key_generate(bytearray(private)))
    key = public[:size][::-1] + public[size:][::-1]
    digest = hashlib.shake_256(b"digest").digest(size)
    made = bytes(signing.sign(bytearray(private), bytearray(digest[::-1])))
    signature = made[size:] + made[:size]
    assert gost.verify(curve, key, digest, signature)
    for at in (0, size - 1, size, 2 * size - 1):
        assert not gost.verify(curve, key, digest, _flipped(signature, at))
        assert not gost.verify(curve, _flipped(key, at), digest, signature)  # no point of the curve
    assert not gost.verify(curve, key, _flipped(digest, 0), signature)
    assert not gost.verify(curve, key, digest, signature[:-1])
    assert not gost.verify(curve, key[1:], digest, signature)
    assert not gost.verify(curve, key, digest, bytes(2 * size))
    assert not gost.verify(curve, key, digest, curve.q.to_bytes(size, "big") + signature[size:])


def test_the_group_is_one() -> None:
    for curve in set(gost.CURVES.values()):
        base, infinity = (curve.x, curve.y, 1), (1, 1, 0)
        assert curve.add(base, infinity) == curve.add(infinity, base) == base
        assert curve.add(base, (curve.x, -curve.y % curve.p, 1))[2] == 0
        assert _affine(curve, curve.add(base, base)) == _affine(curve, curve.double(base))
        assert gost.product(curve, curve.q, 0, base)[2] == 0
        assert curve.double(infinity)[2] == 0


def _flipped(content: bytes, at: int) -> bytes:
    return content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]


def _affine(curve: gost.Curve, point: gost.Point) -> tuple[int, int]:
    inverse = pow(point[2], -1, curve.p)
    return point[0] * inverse**2 % curve.p, point[1] * inverse**3 % curve.p
