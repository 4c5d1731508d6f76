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
from gallery.evaluation.filling import Tick, import_images, index_images
from gallery.evaluation.results import FIRST_STAGE, FUSED, REGIONS, Results, Stopwatch
from gallery.index.cells import selection_clusters
from gallery.index.features import features_of, selection_vector
from gallery.index.kinds import default_weights, describer_of
from gallery.index.segmented_photo import SegmentedPhoto
from gallery.models import DescriptorSpace, GalleryImage, IndexedRegion, PhotoFeatures, Search
from gallery.search.candidates import Candidates
from gallery.search.nearest import QueryVector, nearest
from gallery.search.outlining import outlined
from gallery.search.query import query_vector
from gallery.search.ranked_images import RankedImages, rank_images
from selector.arrays import Mask, Members
from selector.people import Person
from selector.rendering.masks import region_mask
from selector.selection.selection import SuperpixelSelection
from selector.selection.tree import node_members
from selector.services import label_maps
from selector.services.label_maps import get_or_compute

VISITOR = Person(visitor=uuid.UUID(int=0))
# Average precision is that of a whole ranking; the site itself stops much earlier.
EVERY_REGION = 2**31


def n_steps(dataset: Dataset, spaces: Sequence[DescriptorSpace]) -> int:
    """How often `evaluate` calls `tick`."""
    return len(dataset.labels) * (2 + len(spaces)) + len(dataset.queries)


def evaluate(
    dataset: Dataset, spaces: Sequence[DescriptorSpace], tick: Tick, long_side: int = 0
) -> list[dict[str, Any]]:
    """Import and index the images, ask all queries in all ways, and return an object of figures for each way.

    To be used in an empty collection (`sandbox`).

    Raises
    ------
    BadDataset
        If an image or a mask cannot be used.
    """
    images = import_images(dataset, tick, long_side)
    index_images(images, spaces, tick)
    evaluation = Evaluation(dataset, images, spaces, tick)
    for query in dataset.queries:
        evaluation.ask(query)
        tick("Asking")
    return evaluation.results.rows(evaluation.watch.medians(), default_weights())


class Evaluation:
    """Asks queries in all ways, among images that are indexed."""

    def __init__(
        self,
        dataset: Dataset,
        images: dict[str, GalleryImage],
        spaces: Sequence[DescriptorSpace],
        tick: Tick,
        *,
        baselines: bool = True,
    ) -> None:
        self.dataset, self.images, self.spaces = dataset, images, list(spaces)
        self.name_of = {image.pk: name for name, image in images.items()}
        self.whole_images = {space.pk: WholeImages(space, images, tick) for space in self.spaces if baselines}
        self.results, self.watch = Results(), Stopwatch()

    def ask(self, query: Query) -> None:
        """Ask one query in all ways and note what each found."""
        relevant = self.dataset.relevant_to(query)
        questions, others = self.questions_of(query)
        for question in questions:
            space = question.space
            baselines = self.whole_images[space.pk].rankings(*self._asked_by(query), question.vector)
            for name, ranked in baselines.items():
                self.results.add(name, space.kind, [other for other in ranked if other != query.image], relevant)
            self._rank((FIRST_STAGE, REGIONS), space.kind, [question], others, query)
        self._time_ranking(questions, others)
        if len(questions) > 1:
            self._fuse(questions, others, query)

    def questions_of(self, query: Query) -> tuple[list[QueryVector], QuerySet[GalleryImage]]:
        """A query in each space, and the images to ask; the size of its object and its half are noted."""
        picture, members = self._asked_by(query)
        self.results.shares.append(float(read_mask(query.mask, picture.segmentation.labels.shape).mean()))
        self.results.halves.append(self.dataset.half_of(query))
        self.results.queries.append(f"{query.image} {query.mask.name}")
        state = SuperpixelSelection(members, np.zeros_like(members)).pack()
        search = Search.objects.find_or_create(VISITOR, picture.label_map, state)
        others = GalleryImage.objects.visible_to(VISITOR).exclude(pk=self.images[query.image].pk)
        return [self._question(space, picture, search) for space in self.spaces], others

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
        included = search.superpixels.included
        alone = selection_vector(space, describer, picture, included, alone=True)
        return QueryVector(space, vector, alone=alone, clusters=selection_clusters(space, picture, included))

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

    def _fuse(self, questions: Sequence[QueryVector], others: QuerySet[GalleryImage], query: Query) -> None:
        """Ask in all spaces together, with the site's weights and with those to choose from."""
        self._rank((FIRST_STAGE, FUSED), "all", questions, others, query)
        for weight, method in self.results.by_weight.items():
            weights = {"appearance": weight, "meaning": 1 - weight}
            found = rank_images(questions, others, weights, EVERY_REGION)
            method.add(self.names(found), self.dataset.relevant_to(query))

    def _rank(
        self,
        names: tuple[str, str],
        space: str,
        questions: Sequence[QueryVector],
        others: QuerySet[GalleryImage],
        query: Query,
    ) -> None:
        """Note an answer without the second look at the first images, and with it."""
        relevant = self.dataset.relevant_to(query)
        for name, rescore in zip(names, (False, True), strict=True):
            found = rank_images(questions, others, limit=EVERY_REGION, rescore=rescore)
            self.results.add(name, space, self.names(found), relevant, self.drawn(found, relevant, query.label))

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
