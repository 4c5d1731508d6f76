"""How well searching by region works, measured by the site's own code on images whose contents are known."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

import numpy as np
from django.db.models import QuerySet

from gallery.evaluation.baselines import WholeImages
from gallery.evaluation.dataset import Dataset, Query, read_mask
from gallery.evaluation.figures import Drawn, drawn_beside, members_under
from gallery.evaluation.filling import Tick, bytes_an_image, import_images, index_images
from gallery.evaluation.results import CHECKED, FIRST_STAGE, FUSED, REGIONS, Results, Stopwatch
from gallery.index.features import features_of
from gallery.index.keypoints import add_keypoints, without_keypoints
from gallery.index.kinds import describer_of
from gallery.index.segmented_photo import SegmentedPhoto
from gallery.models import DescriptorSpace, GalleryImage, IndexedRegion, PhotoFeatures, Search
from gallery.search.candidates import Candidates
from gallery.search.checking import CHECKED as CHECKED_PLACES
from gallery.search.checking import asked_in, checked, may_be_the_thing, places_to_check
from gallery.search.nearest import QueryVector, nearest
from gallery.search.options import Options
from gallery.search.outlining import outlined
from gallery.search.query import asking, query_vector
from gallery.search.ranked_images import RankedImages
from gallery.search.ranking import rank_images
from selector.arrays import Mask, Members
from selector.people import Person
from selector.rendering.masks import region_mask
from selector.selection.selection import SuperpixelSelection
from selector.selection.tree import node_members
from selector.services import label_maps
from selector.services.label_maps import get_or_compute

VISITOR = Person(visitor=uuid.UUID(int=0))
# Average precision is that of a whole ranking; the site itself stops much earlier.
EVERY_IMAGE = 2**31


def n_steps(dataset: Dataset, spaces: Sequence[DescriptorSpace]) -> int:
    """How often `evaluate` calls `tick`."""
    return len(dataset.labels) * (2 + len(spaces)) + len(dataset.queries)


def evaluate(
    dataset: Dataset, spaces: Sequence[DescriptorSpace], tick: Tick, long_side: int = 0, preset: str = ""
) -> list[dict[str, Any]]:
    """Import and index the images, ask all queries in all ways, and return an object of figures for each way.

    All spaces together are asked as `preset` says, by default as the site does.

    To be used in an empty collection (`sandbox`).

    Raises
    ------
    BadDataset
        If an image or a mask cannot be used.
    """
    images = import_images(dataset, tick, long_side)
    watch = Stopwatch()
    index_images(images, spaces, tick, watch)
    evaluation = Evaluation(dataset, images, spaces, tick, Options(preset=preset), watch)
    for query in dataset.queries:
        evaluation.ask(query)
        tick("Asking")
    rows = evaluation.results.rows(watch.medians(), evaluation.options.weights)
    rows[-1]["bytes_an_image"] = bytes_an_image(spaces, len(images))
    return rows


class Evaluation:
    """Asks queries in all ways, among images that are indexed."""

    def __init__(
        self,
        dataset: Dataset,
        images: dict[str, GalleryImage],
        spaces: Sequence[DescriptorSpace],
        tick: Tick,
        options: Options,
        watch: Stopwatch,
        *,
        baselines: bool = True,
    ) -> None:
        self.options = options
        self.dataset, self.images, self.spaces = dataset, images, list(spaces)
        self.name_of = {image.pk: name for name, image in images.items()}
        self.whole_images = {space.pk: WholeImages(space, images, tick) for space in self.spaces if baselines}
        self.results, self.watch = Results(), watch

    def ask(self, query: Query) -> None:
        """Ask one query in all ways and note what each found."""
        relevant = self.dataset.relevant_to(query)
        questions, others, search = self.questions_of(query)
        for question in questions:
            space = question.space
            baselines = self.whole_images[space.pk].rankings(*self._asked_by(query), question.vector)
            for name, ranked in baselines.items():
                self.results.add(name, space.kind, [other for other in ranked if other != query.image], relevant)
            self._rank((FIRST_STAGE, REGIONS), space.kind, [question], others, query)
        self._time_ranking(questions, others)
        if len(questions) > 1:
            self._fuse(questions, others, query, search)
        self._note_claims(questions, others, relevant)

    def questions_of(self, query: Query) -> tuple[list[QueryVector], QuerySet[GalleryImage], Search]:
        """A query in each space, the images to ask, and its search; the size of its object and its half are noted."""
        picture, members = self._asked_by(query)
        self.results.shares.append(float(read_mask(query.mask, picture.segmentation.labels.shape).mean()))
        self.results.halves.append(self.dataset.half_of(query))
        self.results.queries.append(f"{query.image} {query.mask.name}")
        state = SuperpixelSelection(members, np.zeros_like(members)).pack()
        search = Search.objects.find_or_create(VISITOR, picture.label_map, state)
        others = GalleryImage.objects.visible_to(VISITOR).exclude(pk=self.images[query.image].pk)
        return [self._question(space, picture, search) for space in self.spaces], others, search

    def _asked_by(self, query: Query) -> tuple[SegmentedPhoto, Members]:
        """The photo of a query, and the superpixels that its mask covers."""
        picture = SegmentedPhoto(get_or_compute(self.images[query.image].photo))
        labels = picture.segmentation.labels
        return picture, members_under(labels, read_mask(query.mask, labels.shape))

    def _question(self, space: DescriptorSpace, picture: SegmentedPhoto, search: Search) -> QueryVector:
        """Make the query vector as the site does, twice: the second time the photo's features are kept."""
        describer = describer_of(space)
        if not PhotoFeatures.objects.filter(label_map=picture.label_map, space=space).exists():
            with self.watch.stage(f"features by {space.kind}, first"):
                features_of(space, describer, picture)
        with self.watch.stage(f"features by {space.kind}, kept"):
            features_of(space, describer, picture)
        with self.watch.stage(f"features and vector by {space.kind}"):
            vector = query_vector(space, picture, search)
        return asking(space, picture, search.superpixels.included, vector)

    def _time_ranking(self, questions: Sequence[QueryVector], others: QuerySet[GalleryImage]) -> None:
        """Time a ranking as the site asks for it; what finding neighbours does not take of it goes into the scores."""
        with self.watch.stage("ranking in all"):
            rank_images(questions, others)
        finding = 0.0
        for question in questions:
            stage = f"nearest by {question.space.kind}"
            with self.watch.stage(stage):
                nearest(question, Candidates(others))
            finding += self.watch.last(stage)
        self.watch.add("calibration and fusion", max(self.watch.last("ranking in all") - finding, 0.0))

    def _fuse(
        self, questions: Sequence[QueryVector], others: QuerySet[GalleryImage], query: Query, search: Search
    ) -> None:
        """Ask in all spaces together, with the weights of what is meant and with those to choose from."""
        if self.options.is_checked:
            self._check(questions, others, query, search)
        found = self._rank((FIRST_STAGE, FUSED), "all", questions, others, query, self.options.weights)
        if self.options.means_nothing_special:
            self.results.proposed.append(may_be_the_thing(found))
        for weight, method in self.results.by_weight.items():
            weights = {"appearance": weight, "meaning": 1 - weight}
            found = rank_images(questions, others, weights, EVERY_IMAGE)
            method.add(self.names(found), self.dataset.relevant_to(query))

    def _check(
        self, questions: Sequence[QueryVector], others: QuerySet[GalleryImage], query: Query, search: Search
    ) -> None:
        """Check the first hits point by point, and note how long each step of that takes."""
        found = rank_images(questions, others, self.options.weights, EVERY_IMAGE)
        for image in without_keypoints(places_to_check(found)):
            with self.watch.stage("keypoints of an image, first"):
                add_keypoints([image])
        with self.watch.stage("keypoints of the selection, first"):
            asked = asked_in(search)
        with self.watch.stage(f"checking {CHECKED_PLACES} images"):
            found = checked(found, asked)
        relevant = self.dataset.relevant_to(query)
        self.results.add(CHECKED, "all", self.names(found), relevant, self.drawn(found, relevant, query.label))

    def _note_claims(
        self, questions: Sequence[QueryVector], others: QuerySet[GalleryImage], relevant: frozenset[str]
    ) -> None:
        """Note which images are claimed to be close matches: among all, and with the right ones taken away."""
        found = rank_images(questions, others)
        claimed = set(self.names(found.take(np.flatnonzero(found.groups < found.n_strong))))
        right = [self.images[name].pk for name in relevant]
        self.results.claims.right.append(bool(claimed & relevant))
        self.results.claims.wrong.append(rank_images(questions, others.exclude(pk__in=right)).n_strong > 0)

    def _rank(
        self,
        names: tuple[str, str],
        space: str,
        questions: Sequence[QueryVector],
        others: QuerySet[GalleryImage],
        query: Query,
        weights: dict[str, float] | None = None,
    ) -> RankedImages:
        """Note an answer without the second look at the first images, and with it; return the latter."""
        relevant = self.dataset.relevant_to(query)
        for name, rescore in zip(names, (False, True), strict=True):
            found = rank_images(questions, others, weights, EVERY_IMAGE, rescore=rescore)
            self.results.add(name, space, self.names(found), relevant, self.drawn(found, relevant, query.label))
        return found

    def drawn(self, found: RankedImages, relevant: frozenset[str], label: str) -> list[Drawn]:
        """What is drawn on the right hits among the first ten whose object is outlined."""
        drawn = []
        nodes = outlined(found.asked, found.image_ids[:10].tolist())
        for image, region in zip(found.image_ids[:10].tolist(), found.region_ids[:10, 0].tolist(), strict=True):
            name = self.name_of[image]
            masks = self.dataset.objects.get((name, label), ())
            if masks and name in relevant:
                shown = self.pixels(region, nodes.get(image))
                drawn.append(drawn_beside(shown, [read_mask(mask, shown.shape) for mask in masks]))
        return drawn

    @staticmethod
    def pixels(region_id: int, node: int | None) -> Mask:
        """The pixels of a node of an image's tree, or of the region that matched."""
        region = IndexedRegion.objects.select_related("label_map").get(pk=region_id)
        segmentation = label_maps.load(region.label_map)
        return region_mask(
            segmentation.labels, node_members(segmentation.hierarchy.parents, region.node if node is None else node)
        )

    def names(self, found: RankedImages) -> list[str]:
        """The images of an answer by the dataset's names, best first."""
        return [self.name_of[image] for image in found.image_ids.tolist()]
