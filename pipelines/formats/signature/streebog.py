"""Streebog (ГОСТ Р 34.11-2012, RFC 6986), compiled: the hash of national signatures for files as large as registers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numpy as np
import numpy.typing as npt
from numba import njit

Words = npt.NDArray[np.uint64]
F = TypeVar("F", bound=Callable[..., Any])
BLOCK = 64
_PI = bytes.fromhex(
    "fceedd11cf6e3116fbc4fada23c5044de977f0db932e99ba1736f1bb14cd5fc1f918655ae25cef21811c3c428b018e4f058402aee36a8fa0"
    "060bed987fd4d31feb342c51eac848abf22a68a2fd3aceccb5700e56080c7612bf7213479cb75d8715a19629107b9ac7f391786f9d9eb2b1"
    "3275193dff358a7e6d54c680c3bd0d57dff524a93ea843c9d779d6f67c22b903e00fecde7a94b0bcdce828504e330a4aa79760731e006244"
    "1ab83882649f2641ad454692275e552f8ca3a57d69d5953b0758b34086ac1df730376be488d9e789e11b83494c3ff8fe8d53aa90cad88561"
    "207167a42d2b095bcb9b25d0bee56c5259a674d2e6f4b4c0d166afc2394b63b6"
)
_A = bytes.fromhex(
    "641c314b2b8ee083c83862965601dd1b8d70c431ac02a73607e095624504536c0edd37c48a08a6d81ca76e95091051ad3853dc371220a247"
    "70a6a56e2440598ea48b474f9ef5dc18550b8e9e21f7a530aa16012142f35760492c024284fbaec09258048415eb419d39b008152acb8227"
    "727d102a548b194ee4fa2054a80b329cf97d86d98a327728effa11af0964ee50c3e9224312c8c1a09bcf4486248d9f5d2b838811480723ba"
    "561b0d22900e4669ac361a443d1c8cd2456c34887a3805b95b068c651810a89eb60c05ca30204d2171180a8960409a42e230140fc0802984"
    "d960281e9d1d5215afc0503c273aa42a439da0784e74555486275df09ce8aaa80321658cba93c1380642ca05693b9f700c84890ad27623e0"
    "18150f14b9ec46dd302a1e286fc58ca760543c50de970553c0a878a0a1330aa69d4df05d5f661451accc9ca9328a89504585254f64090fa0"
    "8a174a9ec8121e5d092e94218d243cba125c35420748786924b86a840e90f0d2486dd4151c3dfdb990dab52a387ae76f46b60f011a83988e"
    "8c711e02341b2d0105e23c0468365a020ad97808d06cb40414aff010bdd875082843fd2067adea105086e740ce47c920a011d380818e8f40"
    "83478b07b24687641b8e0b0e798c13c83601161cf205268d6c022c38f90a4c07d8045870ef14980ead08b0e0c3282d1c47107ddd9b505a38"
    "8e20faa72ba0b470"
)
_C = np.frombuffer(
    bytes.fromhex(
        "0745a6f2596580dd234d74cc3674760515d360a4082a42a20169679291e07c4bfcc485758db84e7116d0452e43766a2f1f7c65c0812fcbeb"
        "e9daca1eda5b08b1b79bb121700479e656cdcbd71ba2dd55caa70adbc261b55c5899d6126b17b59a3101b5160f5ed561982b230a72eafef3"
        "d7b5700f469de34f1a2f9da98ab5a36fb20aba0af5961e9931db7a8643f4b6c209db6260373ac9c1b19e3590e40fe2d37b7b29b11475eaf2"
        "8b1f9c525f5ef10635843d6a28fc390ac72fce2bacdc74f52ed1e384bcbe0c22f137e893a1ea5334be0352933313b7d875d603ed822cd7a9"
        "3f355e68ad1c729d7d3c5c337e858e48dde4715da0e148f9d26615e8b3df1fef57fe6c7cfd581760f563eaa97ea2567a161a2723b700ffdf"
        "a3f53a254717cdbfbdff0f80d7359e354a1086161f1c157f6323a96c0c413f9a994747adac6bea4b6e7d64467a4068fa354f903672c571bf"
        "b6c6bec2661ff20ab4b79a1cb7a6facfc68ef09ab49a7f186ca44251f9c4662dc039307a3bc3a46fd9d33a1daeae4fae93d4143a4d568688"
        "f34a3ca24c45173504054a2883694706372c822dc5ab9209c9937a19333e47d3c987bfe6c7c69e39540924bffe86ac51ecc5aaee160ec7f4"
        "1ee702bfd40d7fa4d9a8515935c2ac362fc4a5d12b8dd16990069b92cb2b89f49ac4db4d3b44b4891ede369c71f8b74e41416e0c02aae703"
        "a7c9934d425b1f9bdb5a238351446172602a1fcb92dc380e549c07a69a8a2b7bb1ceb2db0b440a8084090de0b755d93c244289251b3a7d3a"
        "de5f16ecd89a4c949b223116545a8f37ed9c4598fbc7b474c3b63b15d1fa9836f452763b306c1e7a4b3369af0267e79f0361331b8ae1ff1f"
        "db788aff1ce74189f3f3e4b248e52a38526f0580a6debeab1b2df381cda4ca6b5dd86fc04a59a2de986e477d1dcdbaefcab948eaef711d8a"
        "79668414218001206107abebbb6bfad894fe5a63cdc60230fb89c8efd09ecd7b20d71bf14a92bc48991bb2d9d517f4fa5228e188aaa41de7"
        "86cc91189def805d9b9f2130d41220f8771ddfbc323ca4cd7ab14904b08013d2ba3116f167e78e37"
    ),
    "<u8",
).reshape(12, 8)


def _tables() -> Words:
    """Substitution, transposition and the linear map at once: ``[byte of the state's column, its value]``."""
    rows = np.frombuffer(_A, ">u8").astype(np.uint64).reshape(8, 8)
    bits = np.unpackbits(np.frombuffer(_PI, np.uint8)[:, None], axis=1, bitorder="little").astype(bool)
    return cast(Words, np.bitwise_xor.reduce(np.where(bits[None], rows[:, None], np.uint64(0)), axis=2))


def _compiled(function: F) -> F:
    return cast(F, njit(cache=True, nogil=True)(function))


_TABLES = _tables()


class Streebog:
    """A hash of ``size`` 32 or 64 bytes that takes its message in pieces."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._state = np.full(8, 0x0101010101010101 if size == 32 else 0, np.uint64)
        self._count, self._sum = np.zeros(8, np.uint64), np.zeros(8, np.uint64)
        self._rest = b""

    def update(self, piece: bytes) -> None:
        """Take a further piece of the message."""
        piece = self._rest + piece
        whole = len(piece) // BLOCK * BLOCK
        self._rest = piece[whole:]
        self._take(piece[:whole], BLOCK * 8)

    def digest(self) -> bytes:
        """The hash of all pieces, in the order of bytes that certificates and OpenSSL write; ends the message."""
        self._take(self._rest + b"\1" + bytes(BLOCK - 1 - len(self._rest)), len(self._rest) * 8)
        for last in (self._count, self._sum):
            _compress(self._state, np.zeros(8, np.uint64), last.copy(), _TABLES, _C)
        return self._state.astype("<u8").tobytes()[BLOCK - self._size :]

    def _take(self, blocks: bytes, bits: int) -> None:
        _absorb(self._state, self._count, self._sum, np.frombuffer(blocks, "<u8"), bits, _TABLES, _C)


@_compiled
def _absorb(state: Words, count: Words, total: Words, words: Words, bits: int, tables: Words, constants: Words) -> None:
    for start in range(0, words.size, 8):
        block = words[start : start + 8]
        _compress(state, count, block, tables, constants)
        _add_small(count, np.uint64(bits))
        carry = np.uint64(0)
        for i in range(8):
            first = total[i] + block[i]
            second = first + carry
            carry = np.uint64((first < block[i]) | (second < first))
            total[i] = second


@_compiled
def _add_small(number: Words, what: np.uint64) -> None:
    carry = what
    for i in range(8):
        number[i] += carry
        carry = np.uint64(number[i] < carry)


@_compiled
def _compress(state: Words, count: Words, block: Words, tables: Words, constants: Words) -> None:
    key, text, spare = np.empty(8, np.uint64), np.empty(8, np.uint64), np.empty(8, np.uint64)
    for i in range(8):
        spare[i] = state[i] ^ count[i]
    _map(spare, key, tables)
    for i in range(8):
        text[i] = key[i] ^ block[i]
    for turn in range(12):
        _map(text, spare, tables)
        for i in range(8):
            text[i] = spare[i]
            key[i] ^= constants[turn, i]
        _map(key, spare, tables)
        for i in range(8):
            key[i] = spare[i]
            text[i] ^= key[i]
    for i in range(8):
        state[i] ^= text[i] ^ block[i]


@_compiled
def _map(source: Words, target: Words, tables: Words) -> None:
    for i in range(8):
        shift = np.uint64(8 * i)
        word = np.uint64(0)
        for j in range(8):
            word ^= tables[j, (source[j] >> shift) & np.uint64(255)]
        target[i] = word
