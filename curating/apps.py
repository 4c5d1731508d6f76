from django.apps import AppConfig


class CuratingConfig(AppConfig):
    name = "curating"
    verbose_name = "Curating"

    def ready(self) -> None:
        from curating import clearing, importing, jobs, observing, receivers  # noqa: F401  `receivers` connects itself
        from curating.health import figures
        from curating.models import BulkTask
        from gallery import clearing as clearing_away
        from gallery import rounds

        jobs.WORKS[BulkTask.Kind.IMPORT] = jobs.Work(importing.run, importing.blame)
        clearing_away.add(clearing.delete_outdated)
        rounds.add(observing.observe, figures.keep_fresh)
