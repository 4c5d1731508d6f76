from django.apps import AppConfig

from superpixel_site import slots
from superpixel_site.watching.gauges import add_gauge


class GalleryConfig(AppConfig):
    name = "gallery"
    verbose_name = "Collection and search"

    def ready(self) -> None:
        from gallery import receivers  # noqa: F401  connects itself
        from gallery.models import GalleryImage

        slots.fill("workspace-photo", "gallery/_about_button.html")
        slots.fill("workspace-search", "gallery/_search_button.html")
        slots.fill("workspace-overlay", "gallery/_empty_drawer.html")
        add_gauge("images", "Images of all collections.", GalleryImage.objects.counts_by_status, label="status")
