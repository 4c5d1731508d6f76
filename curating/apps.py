from django.apps import AppConfig


class CuratingConfig(AppConfig):
    name = "curating"
    verbose_name = "Curating"

    def ready(self) -> None:
        from curating import changes, clearing, importing, jobs, observing, receivers  # noqa: F401  `receivers` connects itself
        from curating.models import BulkTask
        from gallery import clearing as clearing_away
        from gallery import rounds
        from superpixel_site import slots

        jobs.WORKS[BulkTask.Kind.IMPORT] = jobs.Work(importing.run, importing.blame)
        jobs.WORKS[BulkTask.Kind.CHANGE] = jobs.Work(changes.run)
        slots.fill("answer-end", "curating/_curate_these.html")
        clearing_away.add(clearing.delete_outdated)
        rounds.add(observing.observe)
