"""How much of a JPEG's picture its scans bring (ITU-T T.81, G.1.1): of which coefficients, and how precisely."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

N_COEFFICIENTS = 64


@dataclass(frozen=True)
class Scan:
    """One pass over the picture.

    Attributes
    ----------
    components : tuple of int
        The numbers of the colour channels it brings.
    coefficients : range
        Of each block.
    missing_bits : int
        How many bits of each are left to later scans.
    """

    components: tuple[int, ...]
    coefficients: range
    missing_bits: int


def read_scan(header: bytes) -> Scan:
    """A scan by its header, length field first."""
    n = header[2]
    first, last, bits = header[3 + 2 * n : 6 + 2 * n]
    return Scan(tuple(header[3 : 3 + 2 * n : 2]), range(first, min(last + 1, N_COEFFICIENTS)), bits & 15)


def share_of_picture(scans: Iterable[Scan], n_components: int) -> float:
    """From 0 to 1: how much of all coefficients some scans bring, one with missing bits in part.

    Examples
    --------
    >>> share_of_picture([Scan((1, 2, 3), range(64), 0)], 3)
    1.0
    >>> share_of_picture([Scan((1,), range(64), 1)], 1)
    0.5
    """
    known: dict[tuple[int, int], float] = {}
    for scan in scans:
        for component in scan.components:
            known.update({(component, k): _weight(k) / (1 + scan.missing_bits) for k in scan.coefficients})
    return min(1.0, sum(known.values()) / (n_components * sum(map(_weight, range(N_COEFFICIENTS)))))


def _weight(coefficient: int) -> float:
    """The first coefficients have larger numbers, which take more of a file."""
    return 1 / (1 + coefficient)
