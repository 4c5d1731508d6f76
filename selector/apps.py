from django.apps import AppConfig


class SelectorConfig(AppConfig):
    name = "selector"
    verbose_name = "Photos and selections"

    def ready(self) -> None:
        from selector import receivers  # noqa: F401  connects itself
