"""The site's own app: its system checks, and what is done before migrations."""

from django.apps import AppConfig, apps
from django.db.models.signals import pre_migrate


class SuperpixelSiteConfig(AppConfig):
    name = "superpixel_site"
    verbose_name = "Superpixel Search"

    def ready(self) -> None:
        from superpixel_site import checks  # noqa: F401  registers itself
        from superpixel_site.embedded_postgres.extensions import update_pgvector
        from superpixel_site.watching import site_gauges  # noqa: F401  registers itself

        # The signal is sent for each app with models; the gallery's vectors are what pgvector is there for.
        pre_migrate.connect(update_pgvector, sender=apps.get_app_config("gallery"))
