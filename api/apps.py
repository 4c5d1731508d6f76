from django.apps import AppConfig

from superpixel_site import slots


class ApiConfig(AppConfig):
    name = "api"
    verbose_name = "API"

    def ready(self) -> None:
        slots.fill("what-tokens-do", "api/_docs_link.html")
