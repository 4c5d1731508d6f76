"""How well searching by region works, measured by the site's own code on images whose contents are known."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np
import numpy.typing as npt

from gallery.collection.importing import Details, add_public
from gallery.descriptors.open_clip import feature_maps
from gallery.descriptors.pooling import unit
from gallery.evaluation.dataset import HALVES, BadDataset, Dataset, Query, drawn, enlarged
from gallery.evaluation.figures import average_precision, bootstrap_interval, members_under, precision_at
from gallery.index import indexing, spaces
from gallery.index.features import features_of
from gallery.index.kinds import default_weights, describer_of
from gallery.index.segmented_photo import SegmentedPhoto
from gallery.models import DescriptorSpace, GalleryImage, PhotoFeatures, Search
from gallery.search.nearest import QueryVector, nearest
from gallery.search.query import query_vector
from gallery.search.ranked_images import RankedImages, rank_images
from selector.arrays import Floats, Mask, Rgb
from selector.imaging.imagefile import InvalidImage
from selector.people import Person
from selector.selection.selection import SuperpixelSelection
from selector.services.label_maps import label_map_of

Tick = Callable[[str], None]

ASKING = Person(visitor=uuid.UUID(int=0))
SIZES = {"under 5%": (0.0, 0.05), "5 to 20%": (0.05, 0.2), "above 20%": (0.2, 1.01)}
FUSED = "fused"
# Weights of `appearance` beside `meaning` to choose from; each space weighs something.
TRIED = (0.2, 0.4, 0.6, 0.8)
# The precision of a ranking is that of a whole one; the site looks no further than anybody would.
EVERY_REGION = 2**31


@dataclass
class Method:
    """What one way of searching reached: a row for each query."""

    name: str
    space: str
    ap: list[float] = field(default_factory=list)
    p1: list[float] = field(default_factory=list)
    p10: list[float] = field(default_factory=list)

    def note(self, ranked: Sequence[str], relevant: frozenset[str]) -> None:
        hits = [name in relevant for name in ranked]
        self.ap.append(average_precision(hits, len(relevant)))
        self.p1.append(precision_at(hits, 1))
        self.p10.append(precision_at(hits, 10))

    def figures(self, shares: npt.NDArray[np.float64], halves: npt.NDArray[np.str_]) -> dict[str, Any]:
        """Means with their 95% intervals, over all queries, by half and by the size of the object."""
        values = {"mAP": np.array(self.ap), "P1": np.array(self.p1), "P10": np.array(self.p10)}

        def means(inside: npt.NDArray[np.bool_]) -> dict[str, Any]:
            return {key: _mean(each[inside]) for key, each in values.items()} | {"queries": int(inside.sum())}

        intervals = {key: [round(end, 4) for end in bootstrap_interval(each)] for key, each in values.items()}
        sizes = {size: means((shares >= low) & (shares < high)) for size, (low, high) in SIZES.items()}
        return {
            "method": self.name,
            "space": self.space,
            **means(np.ones(len(shares), bool)),
            "interval": intervals,
            "by_half": {half: means(halves == half) for half in HALVES},
            "by_size": sizes,
        }


def _mean(values: npt.NDArray[np.float64]) -> float | None:
    known = values[~np.isnan(values)]
    return round(float(known.mean()), 4) if known.size else None


class Stopwatch:
    """Milliseconds by stage."""

    def __init__(self) -> None:
        self.times: dict[str, list[float]] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        start = perf_counter()
        yield
        self.times.setdefault(name, []).append(1000 * (perf_counter() - start))

    def medians(self) -> dict[str, float]:
        return {name: round(median(times), 2) for name, times in self.times.items()}


def fill(dataset: Dataset, tick: Tick, long_side: int = 0) -> dict[str, GalleryImage]:
    """Import the images by the site's own code, enlarged to `long_side` pixels where they are smaller."""
    images = {}
    for name in sorted(dataset.labels):
        try:
            data = dataset.file(name).read_bytes()
        except OSError as problem:
            raise BadDataset(f"{name} cannot be read: {problem.strerror}.") from problem
        try:
            images[name], is_new = add_public(enlarged(data, long_side) if long_side else data, name, Details())
        except InvalidImage as problem:
            raise BadDataset(f"{name}: {problem}") from problem
        if not is_new:
            raise BadDataset(f"{name} is there twice, under another name.")
        tick("Importing")
    return images


def index_images(images: dict[str, GalleryImage], wanted: Sequence[DescriptorSpace], tick: Tick) -> None:
    """Describe the images by the site's own code."""
    for name, image in images.items():
        if sentence := indexing.failure_of(image.pk, wanted):
            raise BadDataset(f"{name}: {sentence}")
        tick("Indexing")
    spaces.mark_ready()


class Whole:
    """A space's descriptor of whole pictures: the ways of searching that the site's own is compared with."""

    def __init__(self, space: DescriptorSpace) -> None:
        self.space = space

    def describe(self, pictures: Sequence[Rgb]) -> Floats:
        """Unit vectors of whole pictures, float32 (k, D)."""
        return describer_of(self.space).image_vectors(pictures)


def on_white(rgb: Rgb, labels: npt.NDArray[np.uint16], members: Mask) -> Rgb:
    """The selection alone on white, in its place: what the first prototype of this idea asked with."""
    shown: Rgb = np.where(members[labels][..., None], rgb, np.uint8(255))
    return shown


class Evaluation:
    """Asks all queries in all ways. To be used within a temporary index."""

    def __init__(
        self, dataset: Dataset, images: dict[str, GalleryImage], wanted: Sequence[DescriptorSpace], tick: Tick
    ) -> None:
        self.dataset, self.images, self.spaces = dataset, images, list(wanted)
        self.name_of = {image.pk: name for name, image in images.items()}
        self.names = list(images)
        self.watch = Stopwatch()
        self.methods: dict[tuple[str, str], Method] = {}
        self.tried = {weight: Method(FUSED, "all") for weight in TRIED}
        self.shares: list[float] = []
        self.halves: list[str] = []
        self.wholes = {space.pk: self._wholes(space, tick) for space in self.spaces}
        self.roots = {space.pk: self._roots(space) for space in self.spaces}

    def _wholes(self, space: DescriptorSpace, tick: Tick) -> Floats:
        vectors = []
        for image in self.images.values():
            vectors.append(Whole(space).describe([SegmentedPhoto(label_map_of(image.photo)).rgb])[0])
            tick("Whole images")
        return np.stack(vectors)

    def _roots(self, space: DescriptorSpace) -> Floats:
        """The indexed vector of each whole image."""
        rows = space.vectors.filter(region__area=1).values_list("region__image", "vector")
        vectors = {image: np.array(list(vector), np.float32) for image, vector in rows}
        return np.stack([vectors[image.pk] for image in self.images.values()])

    def ask(self, query: Query) -> None:
        """Ask one query in all ways and note what each found."""
        relevant = self.dataset.relevant_to(query)
        image = self.images[query.image]
        label_map = label_map_of(image.photo)
        picture = SegmentedPhoto(label_map)
        mask = drawn(query.mask, picture.segmentation.labels.shape)
        members = members_under(picture.segmentation.labels, mask)
        self.shares.append(float(mask.mean()))
        self.halves.append(self.dataset.half_of(query))
        state = SuperpixelSelection(members, np.zeros_like(members)).pack()
        asked = Search.objects.asked(ASKING, label_map, state)
        others = GalleryImage.objects.visible_to(ASKING).exclude(pk=image.pk)
        questions = []
        for space in self.spaces:
            question = self._question(space, picture, asked)
            questions.append(question)
            self._baselines(question, picture, members, query, relevant)
            found = rank_images([question], others, limit=EVERY_REGION)
            self._note("regions", space.kind, self._ranked(found), relevant)
        with self.watch.stage("ranking in all"):
            rank_images(questions, others)
        found = rank_images(questions, others, limit=EVERY_REGION)
        near = 0.0
        for question in questions:
            stage = f"nearest by {question.space.kind}"
            with self.watch.stage(stage):
                nearest(question, others)
            near += self.watch.times[stage][-1]
        fusing = self.watch.times["ranking in all"][-1] - near
        self.watch.times.setdefault("calibration and fusion", []).append(max(fusing, 0.0))
        if len(questions) > 1:
            self._note(FUSED, "all", self._ranked(found), relevant)
            for weight, method in self.tried.items():
                weights = {"appearance": weight, "meaning": 1 - weight}
                method.note(self._ranked(rank_images(questions, others, weights, EVERY_REGION)), relevant)

    def _question(self, space: DescriptorSpace, picture: SegmentedPhoto, asked: Search) -> QueryVector:
        """Make the question as the site does, first and again: the second time features are there."""
        describer = describer_of(space)
        is_new = not PhotoFeatures.objects.filter(label_map=picture.label_map, space=space).exists()
        if is_new:
            with self.watch.stage(f"features by {space.kind}, first"):
                features_of(space, describer, picture)
        with self.watch.stage(f"features by {space.kind}, kept"):
            features_of(space, describer, picture)
        with self.watch.stage(f"features and vector by {space.kind}"):
            vector = query_vector(space, picture, asked)
        return QueryVector(space, vector)

    def _baselines(
        self, question: QueryVector, picture: SegmentedPhoto, members: Mask, query: Query, relevant: frozenset[str]
    ) -> None:
        space = question.space
        labels = picture.segmentation.labels
        crop = feature_maps.padded_crops(picture.rgb, labels, members[None])[0]
        white, cropped = Whole(space).describe([on_white(picture.rgb, labels, members), crop])
        wholes = self.wholes[space.pk]
        self._note("prototype", space.kind, self._nearest(white, wholes, query), relevant)
        self._note("padded crop", space.kind, self._nearest(cropped, wholes, query), relevant)
        roots = self.roots[space.pk]
        self._note("whole images", space.kind, self._nearest(unit(question.vector), roots, query), relevant)

    def _nearest(self, vector: Floats, gallery: Floats, query: Query) -> list[str]:
        order = np.argsort(-(gallery @ vector), kind="stable")
        return [name for row in order if (name := self.names[row]) != query.image]

    def _ranked(self, found: RankedImages) -> list[str]:
        return [self.name_of[image] for image in found.image_ids.tolist()]

    def _note(self, name: str, space: str, ranked: Sequence[str], relevant: frozenset[str]) -> None:
        self.methods.setdefault((name, space), Method(name, space)).note(ranked, relevant)

    def rows(self) -> list[dict[str, Any]]:
        """One object a method; those that ask the site have its milliseconds, by stage."""
        shares, halves = np.array(self.shares), np.array(self.halves)
        rows = [method.figures(shares, halves) for method in self.methods.values()]
        ours = [method for method in self.methods.values() if method.name == "regions"]
        if fused := self.methods.get((FUSED, "all")):
            rows[-1]["weights"] = default_weights()
            everywhere = np.ones(len(shares), bool)
            rows[-1]["ahead_of_the_better_space"] = {
                "both": ahead(fused, ours, everywhere),
                **{half: ahead(fused, ours, halves == half) for half in HALVES if (halves == half).any()},
            }
            if set(halves) == set(HALVES):
                rows[-1]["weights_chosen"] = [self._chosen(half, halves, ours) for half in HALVES]
        rows[-1]["milliseconds"] = self.watch.medians()
        return rows

    def _chosen(self, half: str, halves: npt.NDArray[np.str_], alone: Sequence[Method]) -> dict[str, Any]:
        """The weight of `appearance` that is best on one half of the queries, and what it does on the other."""
        best = max(TRIED, key=lambda weight: _mean(np.array(self.tried[weight].ap)[halves == half]) or 0.0)
        return {"on": half, "appearance": best, "ahead": ahead(self.tried[best], alone, halves != half)}


def ahead(fused: Method, alone: Sequence[Method], inside: npt.NDArray[np.bool_]) -> dict[str, Any]:
    """How far the mean average precision of some queries is above that of the better space alone, with its interval."""
    better = max(alone, key=lambda method: float(np.nanmean(np.array(method.ap)[inside])))
    gains = (np.array(fused.ap) - np.array(better.ap))[inside]
    return {
        "space": better.space,
        "mAP": _mean(gains),
        "interval": [round(end, 4) for end in bootstrap_interval(gains)],
    }
