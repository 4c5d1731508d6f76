from django.apps import AppConfig

from superpixel_site import slots


class GalleryConfig(AppConfig):
    name = "gallery"
    verbose_name = "Collection and search"

    def ready(self) -> None:
        from gallery import receivers  # noqa: F401  connects itself

        slots.fill("workspace-search", "gallery/_search_button.html")
        slots.fill("workspace-overlay", "gallery/_empty_drawer.html")
