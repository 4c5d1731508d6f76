"""Lists the descriptor spaces, and removes one."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.template.defaultfilters import filesizeformat

from gallery.index import hnsw, spaces
from gallery.management.progress import count
from gallery.models import DescriptorSpace


class Command(BaseCommand):
    help = (
        "List the ways to compare regions: a new model gets a space of its own beside the old one, which answers "
        "until all images are described in the new. --remove deletes one with all that belongs to it."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--remove", type=int, metavar="ID", help="the space to remove")
        parser.add_argument("--no-input", action="store_true", help="do not ask before removing")

    def handle(self, *, remove: int | None, no_input: bool, **options: Any) -> None:
        if remove is None:
            self.list()
        else:
            self.remove(remove, asks=not no_input)

    def list(self) -> None:
        answering = spaces.answering()[0]
        for space in DescriptorSpace.objects.order_by("pk"):
            state = "answers" if space in answering else "ready" if space.is_ready else "not all images described yet"
            self.stdout.write(f"{space.pk}  {space}, {space.dimensions} dimensions: {state}; {size_of(space)}")

    def remove(self, key: int, *, asks: bool) -> None:
        space = DescriptorSpace.objects.filter(pk=key).first()
        if space is None:
            raise CommandError(f"There is no space {key}; without --remove the command lists those there are.")
        if asks and not self.is_wanted(space):
            raise CommandError("Nothing was removed.")
        named = f"{space}, {size_of(space)}"
        space.delete()
        self.stdout.write(f"Removed: {named}.")
        if spaces.is_configured(space):
            self.stdout.write("As the settings name it, the next indexing makes it anew.")

    def is_wanted(self, space: DescriptorSpace) -> bool:
        self.stdout.write(f"This removes {space}, {size_of(space)}.")
        if space in spaces.answering()[0]:
            self.stdout.write("Searches are answered from it.")
        return input("Remove it? [y/N] ").strip().lower() in ("y", "yes")


def size_of(space: DescriptorSpace) -> str:
    """`160 vectors, index of 1.2 GB`."""
    vectors = count(space.vectors.count(), "vector")
    size = hnsw.size_of(space)
    if not size:
        return f"{vectors}, no index"
    half = "" if hnsw.is_built(space) else "half-built "
    return f"{vectors}, {half}index of {filesizeformat(size)}"
