"""From an image to the pairs that it may be one of: candidates by index, and then a look at the reduced pictures.

No image is compared with all others: those with the same file, with a similar hash, and the nearest by vector, each
also for the mirrored picture, are at most some hundred, however many images there are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from django.db import connection, transaction
from pgvector import HalfVector
from pgvector.django import L2Distance

from curating.models import DuplicatePair, Fingerprint
from curating.reduced_pictures import COARSE, FINE, Planes, bands_of, mirrored, unlikeness, vector_of
from gallery.index.perceptual_hash import SIDE, alike, hash_of_planes, reduced
from gallery.models import GalleryImage
from selector.imaging.containers import InvalidImage, read_container
from selector.models import Photo
from selector.services.photos import working_copy
from superpixel_site.stored_files import read

Kind = DuplicatePair.Kind

# Chosen on every second of 596 photos and their copies: see docs/benchmarks.md.
MOST_APART = 1.0
MOST_UNLIKE_COARSELY, MOST_UNLIKE = 0.06, 0.10
# At most so many are looked at by hash, and by vector.
MOST_BY_HASH, MOST_BY_VECTOR = 100, 20
# Of very many copies of one picture each is paired with these; when they are gone, others have theirs.
MOST_PAIRS = 10
# One image after the other, in whatever process: of two that come at once, the second finds the first.
LOCK = 0x4450


@dataclass(frozen=True)
class Found:
    """That an image may be a copy of another."""

    image_id: int
    kind: str
    is_mirrored: bool
    distance: float


def compare(image: GalleryImage) -> list[DuplicatePair]:
    """Look for copies of a public image among those that have been compared, and store the pairs.

    A picture that cannot be read is compared by its file alone.
    """
    # Stored first: a picture on which the process dies does not keep the others from being compared.
    fingerprint = Fingerprint(image_id=image.pk, working_sha256=image.photo.working_sha256)
    fingerprint.save()
    try:
        planes = reduced(working_copy(image.photo))
    except (OSError, ValueError):
        planes = None
    with transaction.atomic():
        _lock()
        if not GalleryImage.objects.public().filter(pk=image.pk).exists():
            return []
        found = list(_same_file(image))
        if planes is not None:
            describe(fingerprint, planes).save()
            found += looking_alike(image.pk, planes)
        # Of a picture that was turned, what was found before says nothing any more.
        DuplicatePair.objects.of(image).proposed().delete()
        pairs = propose(image.pk, found)
    for pair in pairs:
        for known in Fingerprint.objects.filter(image__in=(pair.first_id, pair.second_id), width=None):
            _measure(known)
    return pairs


def describe(fingerprint: Fingerprint, planes: Planes) -> Fingerprint:
    """Let a fingerprint have all that is compared, from a reduced picture; it is not stored."""
    fingerprint.picture = planes.tobytes()
    fingerprint.perceptual_hash = hash_of_planes(planes)
    fingerprint.bands = bands_of(fingerprint.perceptual_hash)
    fingerprint.vector = HalfVector(vector_of(planes).tolist())
    return fingerprint


def looking_alike(image_id: int, planes: Planes) -> list[Found]:
    """What looks like a reduced picture, as it is or mirrored."""
    return [
        *_alike_by(image_id, planes, is_mirrored=False),
        *_alike_by(image_id, mirrored(planes), is_mirrored=True),
    ]


def propose(image_id: int, found: Iterable[Found]) -> list[DuplicatePair]:
    """Store the nearest pairs that are not known yet; what has been said of the others stays."""
    nearest = sorted(found, key=lambda copy: (copy.distance, list(Kind).index(Kind(copy.kind)), copy.is_mirrored))
    best: dict[int, Found] = {}
    for copy in nearest:
        best.setdefault(copy.image_id, copy)
    public = set(GalleryImage.objects.public().filter(pk__in=best).values_list("pk", flat=True))
    pairs = [_pair(image_id, copy) for copy in best.values() if copy.image_id in public][:MOST_PAIRS]
    DuplicatePair.objects.bulk_create(pairs, ignore_conflicts=True)
    return pairs


def _pair(image_id: int, copy: Found) -> DuplicatePair:
    first, second = sorted((image_id, copy.image_id))
    return DuplicatePair(
        first_id=first, second_id=second, kind=copy.kind, is_mirrored=copy.is_mirrored, distance=copy.distance
    )


def _lock() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])


def _same_file(image: GalleryImage) -> Iterator[Found]:
    same = GalleryImage.objects.public().filter(photo__original_sha256=image.photo.original_sha256)
    for key in same.exclude(pk=image.pk).order_by("pk").values_list("pk", flat=True)[:MOST_BY_HASH]:
        yield Found(key, Kind.FILE, is_mirrored=False, distance=0.0)


def _alike_by(image_id: int, planes: Planes, *, is_mirrored: bool) -> Iterator[Found]:
    """Candidates by hash and by vector; then a coarse look at them, and a closer one at those that pass it."""
    image_hash = hash_of_planes(planes)
    candidates = _candidates(image_id, image_hash, planes)
    for fineness, most in ((COARSE, MOST_UNLIKE_COARSELY), (FINE, MOST_UNLIKE)):
        if not candidates:
            return
        pictures = np.stack([_planes(bytes(row.picture)) for row in candidates])
        distances = unlikeness(planes, pictures, fineness)
        near = np.flatnonzero(distances <= most)
        candidates = [candidates[row] for row in near]
    for row, distance in zip(candidates, distances[near], strict=True):
        kind = Kind.PICTURE if _are_alike(image_hash, row.perceptual_hash) else Kind.CHANGED
        yield Found(row.image_id, kind, is_mirrored, max(0.0, float(distance)))


def _candidates(image_id: int, image_hash: int, planes: Planes) -> list[Fingerprint]:
    others = Fingerprint.objects.exclude(image=image_id)
    similar = others.filter(bands__overlap=bands_of(image_hash))
    hashes = similar.values_list("image_id", "perceptual_hash")[:MOST_BY_HASH]
    by_hash = [key for key, other_hash in hashes if _are_alike(image_hash, other_hash)]
    # The image itself may be among the nearest.
    nearest = Fingerprint.objects.made().order_by(L2Distance("vector", vector := vector_of(planes).tolist()))
    apart = nearest.values_list("image_id", L2Distance("vector", vector))[: MOST_BY_VECTOR + 1]
    by_vector = [key for key, distance in apart if distance <= MOST_APART]
    return list(others.filter(image__in={*by_hash, *by_vector}))


def _are_alike(one: int, other: int | None) -> bool:
    return other is not None and bool(alike([one, other])[0, 1])


def _planes(picture: bytes) -> Planes:
    return np.frombuffer(picture, np.uint8).reshape(SIDE, SIDE, 3)


def _measure(fingerprint: Fingerprint) -> None:
    """Store how large the original is, as far as its file says."""
    photo = Photo.objects.get(gallery_image=fingerprint.image_id)
    try:
        container = read_container(read(photo.original))
    except (OSError, InvalidImage):
        return
    lies = container.orientation > 4
    fingerprint.width, fingerprint.height = container.size[::-1] if lies else container.size
    Fingerprint.objects.filter(pk=fingerprint.pk).update(width=fingerprint.width, height=fingerprint.height)
