"""The site's own app: its system checks."""

from django.apps import AppConfig


class SuperpixelSiteConfig(AppConfig):
    name = "superpixel_site"
    verbose_name = "Superpixel Search"

    def ready(self) -> None:
        from superpixel_site import checks  # noqa: F401  registers itself
