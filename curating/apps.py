from django.apps import AppConfig

from superpixel_site import slots


class CuratingConfig(AppConfig):
    name = "curating"
    verbose_name = "Curating"

    def ready(self) -> None:
        from accounts.exports import contents
        from curating import changes, clearing, importing, jobs, observing, offering, receivers  # noqa: F401  `receivers` connects itself
        from curating.duplicates import working
        from curating.health import figures
        from curating.models import BulkTask
        from curating.moving import tasks as moving
        from gallery import clearing as clearing_away
        from gallery import rounds

        jobs.WORKS[BulkTask.Kind.IMPORT] = jobs.Work(importing.run, importing.blame)
        jobs.WORKS[BulkTask.Kind.CHANGE] = jobs.Work(changes.run)
        jobs.WORKS[BulkTask.Kind.EXPORT] = jobs.Work(moving.run)
        slots.fill("answer-end", "curating/_curate_these.html")
        clearing_away.add(clearing.delete_outdated)
        rounds.add(observing.observe, working.look, figures.keep_fresh)
        contents.FURTHER["offers.json"] = offering.as_export
        slots.fill("own-photo-tools", "curating/_offer_button.html")
        slots.fill("own-photo-end", "curating/_offer_state.html")
        slots.fill("workspace-photo", "curating/_offer_link.html")
