from django.apps import AppConfig


class GalleryConfig(AppConfig):
    name = "gallery"
    verbose_name = "Collection and search"

    def ready(self) -> None:
        from gallery import receivers  # noqa: F401  connects itself
