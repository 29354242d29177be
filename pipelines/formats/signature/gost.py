"""Verification of signatures by ГОСТ Р 34.10-2012 over the standard curves (RFC 7836, Р 1323565.1.024-2019)."""

from __future__ import annotations

from dataclasses import dataclass

Point = tuple[int, int, int]
"""Jacobian: x / z², y / z³; z is 0 at infinity."""
_INFINITY: Point = (1, 1, 0)


@dataclass(frozen=True)
class Curve:
    """y² = x³ + ax + b modulo ``p`` with the base point (``x``, ``y``) of the prime order ``q``."""

    p: int
    a: int
    b: int
    q: int
    x: int
    y: int

    def holds(self, x: int, y: int) -> bool:
        """Whether a point lies on the curve."""
        return 0 <= x < self.p and 0 <= y < self.p and (y * y - x * (x * x + self.a) - self.b) % self.p == 0

    def double(self, point: Point) -> Point:
        """A point added to itself."""
        x, y, z = point
        p, yy, zz = self.p, y * y % self.p, z * z % self.p
        s = 4 * x * yy % p
        m = (3 * x * x + self.a * zz * zz) % p
        x3 = (m * m - 2 * s) % p
        return x3, (m * (s - x3) - 8 * yy * yy) % p, 2 * y * z % p

    def add(self, one: Point, other: Point) -> Point:
        """The sum of two points."""
        if not one[2]:
            return other
        if not other[2]:
            return one
        (x1, y1, z1), (x2, y2, z2), p = one, other, self.p
        zz1, zz2 = z1 * z1 % p, z2 * z2 % p
        u, s = x1 * zz2 % p, y1 * z2 * zz2 % p
        h, r = (x2 * zz1 - u) % p, (y2 * z1 * zz1 - s) % p
        if not h:
            return self.double(one) if not r else _INFINITY
        hh = h * h % p
        hhh, v = h * hh % p, u * hh % p
        x3 = (r * r - hhh - 2 * v) % p
        return x3, (r * (v - x3) - s * hhh) % p, z1 * z2 * h % p


def verify(curve: Curve, key: bytes, digest: bytes, signature: bytes) -> bool:
    """Whether a signature (s, r: big-endian, as in certificates) of a hash was made by the owner of a public key.

    ``key`` is x, y: little-endian, as in certificates; ``digest`` is in the order of ``Streebog.digest``.
    """
    size, q = len(digest), curve.q
    if len(key) != 2 * size or len(signature) != 2 * size:
        return False
    x, y = int.from_bytes(key[:size], "little"), int.from_bytes(key[size:], "little")
    s, r = int.from_bytes(signature[:size], "big"), int.from_bytes(signature[size:], "big")
    if not (0 < r < q and 0 < s < q and curve.holds(x, y)):
        return False
    inverse = pow(int.from_bytes(digest, "little") % q or 1, -1, q)
    reached = product(curve, s * inverse % q, -r * inverse % q, (x, y, 1))
    if not reached[2]:
        return False
    return reached[0] * pow(reached[2], -2, curve.p) % curve.p % q == r


def product(curve: Curve, of_base: int, of_key: int, key: Point) -> Point:
    """The base point and the key by their factors, in one pass."""
    base = (curve.x, curve.y, 1)
    terms = (_INFINITY, base, key, curve.add(base, key))
    reached = _INFINITY
    for bit in range(max(of_base.bit_length(), of_key.bit_length()) - 1, -1, -1):
        reached = curve.add(curve.double(reached), terms[of_base >> bit & 1 | (of_key >> bit & 1) << 1])
    return reached


_256_A = Curve(
    p=0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFD97,
    a=0xC2173F1513981673AF4892C23035A27CE25E2013BF95AA33B22C656F277E7335,
    b=0x295F9BAE7428ED9CCC20E7C359A9D41A22FCCD9108E17BF7BA9337A6F8AE9513,
    q=0x400000000000000000000000000000000FD8CDDFC87B6635C115AF556C360C67,
    x=0x91E38443A5E82C0D880923425712B2BB658B9196932E02C78B2582FE742DAA28,
    y=0x32879423AB1A0375895786C4BB46E9565FDE0B5344766740AF268ADB32322E5C,
)
_256_B = Curve(
    p=0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFD97,
    a=-3,
    b=0xA6,
    q=0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF6C611070995AD10045841B09B761B893,
    x=0x1,
    y=0x8D91E471E0989CDA27DF505A453F2B7635294F2DDF23E3B122ACC99C9E9F1E14,
)
_256_C = Curve(
    p=0x8000000000000000000000000000000000000000000000000000000000000C99,
    a=-3,
    b=0x3E1AF419A269A5F866A7D3C25C3DF80AE979259373FF2B182F49D4CE7E1BBC8B,
    q=0x800000000000000000000000000000015F700CFFF1A624E5E497161BCC8A198F,
    x=0x1,
    y=0x3FA8124359F96680B83D1C3EB2C070E5C545C9858D03ECFB744BF8D717717EFC,
)
_256_D = Curve(
    p=0x9B9F605F5A858107AB1EC85E6B41C8AACF846E86789051D37998F7B9022D759B,
    a=-3,
    b=0x805A,
    q=0x9B9F605F5A858107AB1EC85E6B41C8AA582CA3511EDDFB74F02F3A6598980BB9,
    x=0x0,
    y=0x41ECE55743711A8C3CBF3783CD08C0EE4D4DC440D4641A8F366E550DFDB3BB67,
)
_512_A = Curve(
    p=int(
        "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF"
        "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFDC7",
        16,
    ),
    a=-3,
    b=int(
        "E8C2505DEDFC86DDC1BD0B2B6667F1DA34B82574761CB0E879BD081CFD0B6265EE3CB090F30D27614CB4574010DA90DD"
        "862EF9D4EBEE4761503190785A71C760",
        16,
    ),
    q=int(
        "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF27E69532F48D89116FF22B8D4E056060"
        "9B4B38ABFAD2B85DCACDB1411F10B275",
        16,
    ),
    x=0x3,
    y=int(
        "7503CFE87A836AE3A61B8816E25450E6CE5E1C93ACF1ABC1778064FDCBEFA921DF1626BE4FD036E93D75E6A50E3A41E9"
        "8028FE5FC235F5B889A589CB5215F2A4",
        16,
    ),
)
_512_B = Curve(
    p=int(
        "800000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
        "0000000000000000000000000000006F",
        16,
    ),
    a=-3,
    b=int(
        "687D1B459DC841457E3E06CF6F5E2517B97C7D614AF138BCBF85DC806C4B289F3E965D2DB1416D217F8B276FAD1AB69C"
        "50F78BEE1FA3106EFB8CCBC7C5140116",
        16,
    ),
    q=int(
        "800000000000000000000000000000000000000000000000000000000000000149A1EC142565A545ACFDB77BD9D40CFA"
        "8B996712101BEA0EC6346C54374F25BD",
        16,
    ),
    x=0x2,
    y=int(
        "1A8F7EDA389B094C2C071E3647A8940F3C123B697578C213BE6DD9E6C8EC7335DCB228FD1EDF4A39152CBCAAF8C03988"
        "28041055F94CEEEC7E21340780FE41BD",
        16,
    ),
)
_512_C = Curve(
    p=int(
        "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF"
        "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFDC7",
        16,
    ),
    a=int(
        "DC9203E514A721875485A529D2C722FB187BC8980EB866644DE41C68E143064546E861C0E2C9EDD92ADE71F46FCF50FF"
        "2AD97F951FDA9F2A2EB6546F39689BD3",
        16,
    ),
    b=int(
        "B4C4EE28CEBC6C2C8AC12952CF37F16AC7EFB6A9F69F4B57FFDA2E4F0DE5ADE038CBC2FFF719D2C18DE0284B8BFEF3B5"
        "2B8CC7A5F5BF0A3C8D2319A5312557E1",
        16,
    ),
    q=int(
        "3FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC98CDBA46506AB004C33A9FF5147502C"
        "C8EDA9E7A769A12694623CEF47F023ED",
        16,
    ),
    x=int(
        "E2E31EDFC23DE7BDEBE241CE593EF5DE2295B7A9CBAEF021D385F7074CEA043AA27272A7AE602BF2A7B9033DB9ED3610"
        "C6FB85487EAE97AAC5BC7928C1950148",
        16,
    ),
    y=int(
        "F5CE40D95B5EB899ABBCCFF5911CB8577939804D6527378B8C108C3D2090FF9BE18E2D33E3021ED2EF32D85822423B63"
        "04F726AA854BAE07D0396E9A9ADDC40F",
        16,
    ),
)

CURVES = {
    "1.2.643.2.2.35.1": _256_B,
    "1.2.643.2.2.35.2": _256_C,
    "1.2.643.2.2.35.3": _256_D,
    "1.2.643.2.2.36.0": _256_B,
    "1.2.643.2.2.36.1": _256_D,
    "1.2.643.7.1.2.1.1.1": _256_A,
    "1.2.643.7.1.2.1.1.2": _256_B,
    "1.2.643.7.1.2.1.1.3": _256_C,
    "1.2.643.7.1.2.1.1.4": _256_D,
    "1.2.643.7.1.2.1.2.1": _512_A,
    "1.2.643.7.1.2.1.2.2": _512_B,
    "1.2.643.7.1.2.1.2.3": _512_C,
}
"""By the identifier of a set of parameters."""
