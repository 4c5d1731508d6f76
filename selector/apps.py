from django.apps import AppConfig


class SelectorConfig(AppConfig):
    name = "selector"
    verbose_name = "Photos and selections"

    def ready(self) -> None:
        from selector import receivers  # noqa: F401  connects itself
        from selector.models import Photo
        from superpixel_site.watching.gauges import add_gauge

        add_gauge("photos", "Photos of visitors, accounts and the public collection.", Photo.objects.count)
