"""All settings, in one file, read from the environment. A wrong value raises at start, never later.

Every variable read here stands in the README's table (a test compares the two).
"""

from __future__ import annotations

import hashlib
import os
import sys
import uuid
from pathlib import Path
from typing import Any

from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from environs import Env, validate

from superpixel_site.secret_key import kept_secret_key

env = Env()
TESTING = "pytest" in sys.modules
BASE_DIR = Path(__file__).resolve().parent.parent


def default_data_dir() -> Path:
    """`var/` in the checkout; for root a folder outside its home, one for each checkout.

    The embedded PostgreSQL refuses to run as root, so it runs as a system user of its own, who must be able to pass
    through every folder above its data. Root's home lets nobody pass, and is not opened.
    """
    if os.name != "posix" or os.geteuid() != 0:
        return BASE_DIR / "var"
    checkout = hashlib.sha256(str(BASE_DIR).encode()).hexdigest()[:8]
    return Path("/var/lib/superpixel_site") / checkout


# --- The site -------------------------------------------------------------------------------------------------------

DEBUG = env.bool("DEBUG", False)
DATA_DIR = env.path("DATA_DIR", default_data_dir())
DATABASE_URL = env.str("DATABASE_URL", "")
EVALUATION_DATABASE_URL = env.str("EVALUATION_DATABASE_URL", "")
SECRET_KEY = env.str("SECRET_KEY", "")
if not SECRET_KEY:
    if DATABASE_URL and not DEBUG:
        # Processes on several machines must agree on the key, so it cannot be made up here.
        raise ImproperlyConfigured("Set SECRET_KEY: with DATABASE_URL set, the site does not make one up.")
    SECRET_KEY = kept_secret_key(DATA_DIR / "secret_key")

PORT = env.int("PORT", 8000)
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", ["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS: list[str] = env.list("CSRF_TRUSTED_ORIGINS", [])
HTTPS = env.bool("HTTPS", False)

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "csp",
    "django_htmx",
    "lucide",
    "procrastinate.contrib.django",
    "taggit",
    "superpixel_site.apps.SuperpixelSiteConfig",
    "selector",
    "gallery",
    "library",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "superpixel_site.compression.TextGZipMiddleware",
    "superpixel_site.readable.ReadableInputMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "superpixel_site.htmx.VaryOnHtmxMiddleware",
    "superpixel_site.refusals.RefusalMiddleware",
]

ROOT_URLCONF = "superpixel_site.urls"
WSGI_APPLICATION = "superpixel_site.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.debug",
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
            ],
        },
    },
]

# --- Database and jobs ----------------------------------------------------------------------------------------------

DATABASES: dict[str, dict[str, Any]]
if DATABASE_URL:
    DATABASES = {"default": dict(env.dj_db_url("DATABASE_URL"))}
else:
    DATABASES = {
        "default": {
            "ENGINE": "superpixel_site.embedded_postgres",
            "NAME": "postgres",
            "OPTIONS": {"data": str(DATA_DIR / "postgres")},
        }
    }
DATABASES["default"] |= {
    # A test database is dropped at the end, which an idle connection would prevent.
    "CONN_MAX_AGE": 0 if TESTING else 600,
    "CONN_HEALTH_CHECKS": True,
    # A fresh name for each run, so that runs side by side or after a crash never meet.
    "TEST": {"NAME": f"test_{uuid.uuid4().hex[:12]}"},
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

PROCRASTINATE_AUTODISCOVER_MODULE_NAME = "jobs"
# An image that failed, or ended the process that indexed it, this often in a row is put aside.
JOB_ATTEMPTS = env.int("JOB_ATTEMPTS", 3, validate=validate.Range(min=1))

# --- Files ----------------------------------------------------------------------------------------------------------

MEDIA_BUCKET = env.str("MEDIA_BUCKET", "")
STORAGES: dict[str, dict[str, Any]] = {
    # Private: photos are served by views that check who asks, never straight from a URL.
    "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": DATA_DIR / "media", "base_url": None},
    },
    "staticfiles": {"BACKEND": "superpixel_site.static_storage.HashedStaticFilesStorage"},
}
if MEDIA_BUCKET:
    # Endpoint, region and keys come from boto3's own variables (AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID, ...).
    STORAGES["default"] = {
        "BACKEND": "storages.backends.s3.S3Storage",
        "OPTIONS": {"bucket_name": MEDIA_BUCKET, "file_overwrite": False},
    }
STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
if DEBUG or TESTING:
    # No collectstatic needed: the finders serve the files as they are.
    STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    WHITENOISE_USE_FINDERS = True

# --- Photos and superpixels -----------------------------------------------------------------------------------------

MAX_UPLOAD_BYTES = env.int("MAX_UPLOAD_MB", 20, validate=validate.Range(min=1)) * 1024 * 1024
MAX_UPLOAD_PIXELS = env.int("MAX_UPLOAD_MEGAPIXELS", 40, validate=validate.Range(min=1)) * 1_000_000
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024  # everything but files: gestures are a few kilobytes
SUPERPIXEL_ENGINE = env.str("SUPERPIXEL_ENGINE", "slic", validate=validate.OneOf(["slic", "skimage"]))
N_SUPERPIXELS = env.int("N_SUPERPIXELS", 2000, validate=validate.Range(min=8, max=32_767))
LABEL_MAP_CACHE_SIZE = env.int("LABEL_MAP_CACHE_SIZE", 32, validate=validate.Range(min=1))
# Numba's compiled kernels: one folder for web, worker and commands, filled by `manage.py warmup`.
os.environ.setdefault("NUMBA_CACHE_DIR", str(DATA_DIR / "numba"))

# --- Search ---------------------------------------------------------------------------------------------------------

MEANING_MODEL = env.str("MEANING_MODEL", "ViT-B-32")
MEANING_WEIGHTS = env.str("MEANING_WEIGHTS", "datacomp_xl_s13b_b90k")
MEANING_ENABLED = env.bool("MEANING_ENABLED", True)
MEANING_THREADS = env.int("MEANING_THREADS", os.cpu_count() or 1, validate=validate.Range(min=1))
MEANING_BATCH = env.int("MEANING_BATCH", 0, validate=validate.Range(min=0))  # 0: what suits the device
MODEL_CACHE_DIR = env.path("MODEL_CACHE_DIR", DATA_DIR / "models")
# Comparing 10,000 regions was measured to compute as long as asking the index of a million (17.5 ms to 16.7); an
# index of few thousand more is not worth its building.
VECTOR_INDEX_FROM = env.int("VECTOR_INDEX_FROM", 16_000, validate=validate.Range(min=1))
VECTOR_INDEX_MEMORY_MB = env.int("VECTOR_INDEX_MEMORY_MB", 2048, validate=validate.Range(min=64))

# --- Accounts -------------------------------------------------------------------------------------------------------

AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_REDIRECT_URL = "/"
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "email", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = env.str(
    "ACCOUNT_EMAIL_VERIFICATION", "optional", validate=validate.OneOf(["none", "optional", "mandatory"])
)
ACCOUNT_PREVENT_ENUMERATION = True
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = DEBUG
email = env.dj_email_url("EMAIL_URL", "console:")
EMAIL_BACKEND = email["EMAIL_BACKEND"]
EMAIL_HOST = email["EMAIL_HOST"]
EMAIL_PORT = email["EMAIL_PORT"]
EMAIL_HOST_USER = email["EMAIL_HOST_USER"]
EMAIL_HOST_PASSWORD = email["EMAIL_HOST_PASSWORD"]
EMAIL_USE_TLS = email["EMAIL_USE_TLS"]
EMAIL_USE_SSL = email["EMAIL_USE_SSL"]
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", "Superpixel Search <noreply@localhost>")

# --- Security -------------------------------------------------------------------------------------------------------

# Tints come as data: URIs inside the answer to a click, so that one response is all a click needs.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:", "blob:"],
        "style-src": [SELF],
        "script-src": [SELF],
        "object-src": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SESSION_COOKIE_AGE = 180 * 24 * 3600  # a visitor's photos are reachable for half a year

# --- The rest -------------------------------------------------------------------------------------------------------

LANGUAGE_CODE = "en-gb"
TIME_ZONE = env.str("TIME_ZONE", "UTC")
USE_I18N = True
USE_TZ = True
TAGGIT_CASE_INSENSITIVE = True
LOG_LEVEL = env.str("LOG_LEVEL", "INFO", validate=validate.OneOf(["DEBUG", "INFO", "WARNING", "ERROR"]))
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "{levelname} {name}: {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {
        name: {"handlers": ["console"], "level": LOG_LEVEL, "propagate": False}
        for name in ("selector", "gallery", "superpixel_site")
    },
}
env.seal()
