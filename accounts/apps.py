from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = "Signing up"

    def ready(self) -> None:
        from accounts import receivers  # noqa: F401  registers itself
