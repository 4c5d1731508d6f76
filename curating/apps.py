from django.apps import AppConfig


class CuratingConfig(AppConfig):
    name = "curating"
    verbose_name = "Curating"

    def ready(self) -> None:
        from curating import receivers  # noqa: F401  connects itself
