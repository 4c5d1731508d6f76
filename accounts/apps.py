from django.apps import AppConfig

from superpixel_site import slots


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = "Accounts"

    def ready(self) -> None:
        from accounts import leaving, receivers, sessions  # noqa: F401  `receivers` connects itself
        from accounts.exports import making
        from gallery import clearing

        slots.fill("my-photos-end", "accounts/_everything.html")
        clearing.add(leaving.delete_closed, sessions.clear_ended, making.delete_outdated)
