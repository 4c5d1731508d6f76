from django.apps import AppConfig


class CuratingConfig(AppConfig):
    name = "curating"
    verbose_name = "Curating"

    def ready(self) -> None:
        from curating import importing, jobs, receivers  # noqa: F401  `receivers` connects itself
        from curating.models import BulkTask

        jobs.WORKS[BulkTask.Kind.IMPORT] = jobs.Work(importing.run, importing.blame)
