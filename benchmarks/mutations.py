"""Damaged variants of image files, the same ones for a seed."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence

# Where lengths, sizes and counts are read, these are what trips a reader.
EXTREMES = (b"\0\0", b"\0\1", b"\x7f\xff", b"\xff\xff", b"\0\0\0\0", b"\x7f\xff\xff\xff", b"\x80\0\0\0")


def mutated(files: Sequence[bytes], count: int, seed: int = 0) -> Iterator[bytes]:
    """So many damaged files, each made of one or two of those given."""
    chance = random.Random(seed)
    sound = [file for file in files if file]
    for _ in range(count):
        yield chance.choice(KINDS)(chance.choice(sound), chance, sound)


def flipped(file: bytes, chance: random.Random, files: Sequence[bytes]) -> bytes:
    """A few bits are others."""
    damaged = bytearray(file)
    for _ in range(chance.choice((1, 2, 5, 20))):
        damaged[chance.randrange(len(file))] ^= 1 << chance.randrange(8)
    return bytes(damaged)


def cut(file: bytes, chance: random.Random, files: Sequence[bytes]) -> bytes:
    """The end is missing."""
    return file[: chance.randrange(len(file))]


def spliced(file: bytes, chance: random.Random, files: Sequence[bytes]) -> bytes:
    """The beginning of one file and the end of another."""
    other = chance.choice(files)
    return file[: chance.randrange(len(file))] + other[chance.randrange(len(other)) :]


def with_a_number(file: bytes, chance: random.Random, files: Sequence[bytes]) -> bytes:
    """An extreme number where, more often than not, a header is."""
    number = chance.choice(EXTREMES)
    place = chance.randrange(min(len(file), chance.choice((64, 1024, len(file)))))
    return file[:place] + number + file[place + len(number) :]


def repeated(file: bytes, chance: random.Random, files: Sequence[bytes]) -> bytes:
    """A piece comes again, up to a hundred times."""
    start = chance.randrange(len(file))
    piece = file[start : start + chance.choice((4, 40, 400, 4000))]
    place = chance.choice((start, chance.randrange(len(file))))
    return file[:place] + piece * chance.choice((1, 2, 10, 100)) + file[place:]


Mutation = Callable[[bytes, random.Random, Sequence[bytes]], bytes]
KINDS: tuple[Mutation, ...] = (flipped, cut, spliced, with_a_number, repeated)
