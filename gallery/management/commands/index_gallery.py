"""Segments and describes the images of the collection."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from gallery.index import hnsw, indexing, spaces
from gallery.index.indexing_process import IndexingProcesses, ProcessFailed
from gallery.management.progress import bar, count, index_bar
from gallery.models import DescriptorSpace, GalleryImage, GalleryImageQuerySet


class Command(BaseCommand):
    help = (
        "Make the images of the collection searchable, where the worker has not done so yet. It can be "
        "stopped and run again at any time. Images that failed before are tried again with --failed. "
        "Where there are so many regions that it pays, an index over their vectors is built as well."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        which = parser.add_mutually_exclusive_group()
        which.add_argument("--all", action="store_true", help="index every image again")
        which.add_argument("--failed", action="store_true", help="also the images that failed before")

    def handle(self, *, all: bool, failed: bool, **options: Any) -> None:
        try:
            done, failures = self.bring_up_to_date(everything=all, with_failed=failed)
        except ProcessFailed as problem:
            raise CommandError(str(problem)) from None
        # First: a space that is ready answers, and without its index it would answer slowly.
        self.build_indexes()
        spaces.mark_ready()
        self.stdout.write(f"{count(done, 'image')} indexed.")
        if failures:
            raise CommandError(f"{count(failures, 'image')} could not be indexed; see above.")
        if waiting := GalleryImage.objects.failed().count():
            self.stdout.write(f"{count(waiting, 'image')} failed before; --failed tries again.")

    def bring_up_to_date(self, *, everything: bool, with_failed: bool) -> tuple[int, int]:
        """Do the work in a child process, which may die of an image; this one, that sees it, needs no model."""
        with IndexingProcesses(prepare=spaces.ensure_spaces) as processes:
            targets, notices = processes.run(spaces.ensure_spaces)
            for notice in notices:
                self.stderr.write(notice)
            images = backlog(targets, everything=everything, with_failed=with_failed)
            return self.index(images, targets, processes, afresh=everything)

    def index(
        self,
        images: GalleryImageQuerySet,
        targets: list[DescriptorSpace],
        processes: IndexingProcesses,
        *,
        afresh: bool,
    ) -> tuple[int, int]:
        """Describe images in some spaces. Returns how many were indexed, and how many could not be."""
        done = failures = 0
        with bar(images.count(), " images") as progress:
            for key in images.keys_forward():
                if sentence := indexing.failure_of(key, targets, afresh=afresh, processes=processes):
                    failures += 1
                    with tqdm.external_write_mode():
                        self.stderr.write(f"Image {key}: {sentence}")
                else:
                    done += 1
                progress.update()
        return done, failures

    def build_indexes(self) -> None:
        """Build the vector indexes that are missing and pay."""
        for space in hnsw.due():
            progress, move = index_bar(f"Index of {space}")
            try:
                with progress:
                    hnsw.build(space, move)
            except hnsw.CannotBuild as problem:
                self.stderr.write(str(problem))


def backlog(targets: list[DescriptorSpace], *, everything: bool, with_failed: bool) -> GalleryImageQuerySet:
    """The images to index: all, or those that are not described in all target spaces yet."""
    if everything:
        return GalleryImage.objects.all()
    behind = GalleryImage.objects.behind(space.pk for space in targets)
    return behind | GalleryImage.objects.failed() if with_failed else behind
