"""All settings, in one file, read from the environment. A wrong value raises at start, never later.

Every variable read here stands in the README's table (a test compares the two).
"""

from __future__ import annotations

import logging
import os
import sys
import uuid
from pathlib import Path
from typing import Any

from csp.constants import NONE, SELF
from environs import Env, validate

from superpixel_site import machine, setting_values
from superpixel_site.secret_key import kept_secret_key
from superpixel_site.watching import logs

env = Env()
TESTING = "pytest" in sys.modules
BASE_DIR = Path(__file__).resolve().parent.parent

# --- The site -------------------------------------------------------------------------------------------------------

DEBUG = env.bool("DEBUG", False)
DATA_DIR = Path(
    setting_values.not_empty("DATA_DIR", env.str("DATA_DIR", str(setting_values.default_data_dir(BASE_DIR))))
)
DATABASE_URL = env.str("DATABASE_URL", "")
EVALUATION_DATABASE_URL = env.str("EVALUATION_DATABASE_URL", "")
SECRET_KEY = env.str("SECRET_KEY", "")
MEDIA_BUCKET = env.str("MEDIA_BUCKET", "")
if not (DATABASE_URL and SECRET_KEY):
    setting_values.writable("DATA_DIR", DATA_DIR)
if not MEDIA_BUCKET:
    setting_values.writable("DATA_DIR", DATA_DIR / "media")
if not SECRET_KEY:
    if DATABASE_URL and not DEBUG:
        # Processes on several machines must agree on the key, so it cannot be made up here.
        raise setting_values.WrongSetting(
            "SECRET_KEY", "", "Set SECRET_KEY: with DATABASE_URL set, the site does not make one up."
        )
    SECRET_KEY = kept_secret_key(DATA_DIR / "secret_key")

HOST = setting_values.not_empty("HOST", env.str("HOST", "127.0.0.1"))
PORT = env.int("PORT", 8000, validate=validate.Range(min=1, max=65_535))
# Processes use the cores; threads in each share the decoded label maps and the model.
WEB_CONCURRENCY = env.int("WEB_CONCURRENCY", machine.usable_cores(), validate=validate.Range(min=1))
WEB_THREADS = env.int("WEB_THREADS", 16, validate=validate.Range(min=1))
ALLOWED_HOSTS = setting_values.host_names(
    "ALLOWED_HOSTS", env.list("ALLOWED_HOSTS", ["localhost", "127.0.0.1", "[::1]"])
)
CSRF_TRUSTED_ORIGINS = setting_values.origins("CSRF_TRUSTED_ORIGINS", env.list("CSRF_TRUSTED_ORIGINS", []))
SCRIPT_NAME = setting_values.path_prefix("SCRIPT_NAME", env.str("SCRIPT_NAME", ""))
FORCE_SCRIPT_NAME = SCRIPT_NAME or None
SESSION_COOKIE_PATH = CSRF_COOKIE_PATH = SCRIPT_NAME or "/"
HTTPS = env.bool("HTTPS", False)
TRUSTED_PROXIES = setting_values.proxies("TRUSTED_PROXIES", env.list("TRUSTED_PROXIES", ["0"]))
# Browsers send cookies to every port of a host: with names of its own, a site keeps its cookies apart from another's.
SESSION_COOKIE_NAME, CSRF_COOKIE_NAME, MESSAGES_COOKIE_NAME, LOOK_COOKIE_NAME = (
    setting_values.cookie_name(use, SECRET_KEY, https=HTTPS, path=SESSION_COOKIE_PATH)
    for use in ("session", "csrf", "messages", "look")
)
# Names that sessions had in earlier versions, and before HTTPS was set.
FORMER_SESSION_COOKIES = ["sessionid", setting_values.cookie_name("session", SECRET_KEY, https=False, path="/")]
MESSAGE_STORAGE = "superpixel_site.cookies.MessageStorage"

INSTALLED_APPS = [
    "accounts.signing_in.admin_config.AdministrationConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    *("allauth", "allauth.account", "allauth.mfa", "allauth.usersessions"),
    "csp",
    "django_htmx",
    "import_export",
    "lucide",
    "procrastinate.contrib.django",
    "taggit",
    "superpixel_site.apps.SuperpixelSiteConfig",
    # From the ground up: each knows only those before it.
    *("selector", "gallery", "library", "accounts", "curating", "api"),
]

MIDDLEWARE = [
    "superpixel_site.watching.middleware.WatchingMiddleware",
    "superpixel_site.watching.middleware.ByAddressMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "superpixel_site.permissions_policy.PermissionsPolicyMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "superpixel_site.kept_answers.KeptAnswersMiddleware",
    "csp.middleware.CSPMiddleware",
    "superpixel_site.compression.TextGZipMiddleware",
    "api.middleware.ProgramsMiddleware",
    "superpixel_site.readable.ReadableInputMiddleware",
    "superpixel_site.uploaded_names.UploadedNamesMiddleware",
    "superpixel_site.cookies.LastingSessionMiddleware",
    "superpixel_site.cookies.FormerCookieMiddleware",
    "django.middleware.common.CommonMiddleware",
    "superpixel_site.no_room.NoRoomMiddleware",
    "accounts.web.whose_page.WhosePageMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "superpixel_site.htmx.VaryOnHtmxMiddleware",
    "superpixel_site.waiting.WaitingMiddleware",
    "superpixel_site.refusals.RefusalMiddleware",
    "selector.web.visits.VisitMiddleware",
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
                "accounts.signing_in.context.sign_up",
                "superpixel_site.cookies.names",
                "accounts.web.whose_page.whose_page",
            ],
        },
    },
]

# --- Database and jobs ----------------------------------------------------------------------------------------------

DATABASES: dict[str, dict[str, Any]]
if DATABASE_URL:
    DATABASES = {"default": setting_values.database("DATABASE_URL", dict(env.dj_db_url("DATABASE_URL")))}
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
# For web processes alone, by `superpixel_site.web_database`.
DATABASE_CONNECTIONS = env.int("DATABASE_CONNECTIONS", 60, validate=validate.Range(min=2))
STATEMENT_TIMEOUT_SECONDS = env.int("STATEMENT_TIMEOUT_SECONDS", 15, validate=validate.Range(min=0))
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
# What is counted by address, and why a model is missing: all processes know it.
CACHES = {
    "default": {
        "BACKEND": "superpixel_site.shared_cache.SharedCache",
        "LOCATION": "superpixel_site_cache",
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    }
}

PROCRASTINATE_AUTODISCOVER_MODULE_NAME = "jobs"
# An image that failed, or ended the process that indexed it, this often in a row is put aside.
JOB_ATTEMPTS = env.int("JOB_ATTEMPTS", 3, validate=validate.Range(min=1))

# --- Files ----------------------------------------------------------------------------------------------------------

STORAGES: dict[str, dict[str, Any]] = {
    # Private: photos are served by views that check who asks, never straight from a URL.
    "default": {
        "BACKEND": "superpixel_site.file_storage.AtomicFileSystemStorage",
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
STATIC_URL = f"{SCRIPT_NAME}/static/"
STATIC_ROOT = DATA_DIR / "static"
# As an app it would be imported by every process, also by those that answer nobody.
STATICFILES_DIRS = [BASE_DIR / "static", ("ninja", setting_values.static_files("ninja"))]
if DEBUG or TESTING:
    # No collectstatic needed: the finders serve the files as they are.
    STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    WHITENOISE_USE_FINDERS = True

# --- Photos and superpixels -----------------------------------------------------------------------------------------

MAX_UPLOAD_BYTES = env.int("MAX_UPLOAD_MB", 80, validate=validate.Range(min=1)) * 1024 * 1024
# Without JavaScript several files come in one form; a megabyte is for what stands between them.
MAX_REQUEST_BYTES = 3 * MAX_UPLOAD_BYTES + 1024 * 1024
# An archive that a curator adds comes in parts, so no request is that large.
MAX_ARCHIVE_BYTES = env.int("MAX_ARCHIVE_MB", 10 * 1024, validate=validate.Range(min=1)) * 1024 * 1024
MAX_UPLOAD_PIXELS = env.int("MAX_UPLOAD_MEGAPIXELS", 40, validate=validate.Range(min=1)) * 1_000_000
# Of a picture that is decoded in pieces, in little memory: a JPEG that is not progressive, a TIFF in strips or tiles.
MAX_LARGE_PIXELS = env.int("MAX_LARGE_MEGAPIXELS", 120, validate=validate.Range(min=1)) * 1_000_000
# What decoding one picture may take in its child process; 40 megapixels were measured to take 390 MB at most.
DECODE_MEMORY_BYTES = env.int("DECODE_MEMORY_MB", 420, validate=validate.Range(min=64)) * 1024 * 1024
DECODE_SECONDS = env.int("DECODE_SECONDS", 5, validate=validate.Range(min=1))
# Heavy works at once in a web process: as many as its share of the cores, and of the memory beside the 300 MB it takes.
_memory_for_work = machine.memory() // WEB_CONCURRENCY - 300 * 1024 * 1024
# The process that waits for a picture has its file, and sends a copy to the child.
_memory_of_a_work = DECODE_MEMORY_BYTES + 2 * MAX_UPLOAD_BYTES
_slots = min(machine.usable_cores() // WEB_CONCURRENCY, _memory_for_work // _memory_of_a_work)
WORK_SLOTS = env.int("WORK_SLOTS", max(1, _slots), validate=validate.Range(min=1))
# Whether everybody may have the full size of what is in the public collection.
PUBLIC_ORIGINALS = env.bool("PUBLIC_ORIGINALS", False)
WORK_PATIENCE_SECONDS = env.int("WORK_PATIENCE_SECONDS", 7, validate=validate.Range(min=0))
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024  # everything but files: gestures are a few kilobytes
SUPERPIXEL_ENGINE = env.str("SUPERPIXEL_ENGINE", "slic", validate=validate.OneOf(["slic", "skimage"]))
N_SUPERPIXELS = env.int("N_SUPERPIXELS", 2000, validate=validate.Range(min=8, max=32_767))
LABEL_MAP_CACHE_SIZE = env.int("LABEL_MAP_CACHE_SIZE", 32, validate=validate.Range(min=1))
# NumPy's matrix products are small here. On busy cores its threads wait for each other, which takes many times
# as long as the product.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
# Numba's compiled kernels: one folder for web, worker and commands, filled by `manage.py warmup`.
os.environ.setdefault("NUMBA_CACHE_DIR", str(DATA_DIR / "numba"))

# --- What people may keep -------------------------------------------------------------------------------------------

# Sessions end so long after they were last used, and with them a visitor's way to their photos, which are deleted then.
SESSION_COOKIE_AGE = env.int("VISITOR_DAYS", 180, validate=validate.Range(min=1, max=3650)) * 24 * 3600
# 0 sets no limit. What people keep by itself is never deleted because a limit was lowered.
VISITOR_PHOTOS = env.int("VISITOR_PHOTOS", 200, validate=validate.Range(min=0))
VISITOR_BYTES = env.int("VISITOR_MB", 1024, validate=validate.Range(min=0)) * 2**20
ACCOUNT_PHOTOS = env.int("ACCOUNT_PHOTOS", 5000, validate=validate.Range(min=0))
ACCOUNT_BYTES = env.int("ACCOUNT_MB", 20 * 1024, validate=validate.Range(min=0)) * 2**20
VISITORS_A_MINUTE = env.int("VISITORS_A_MINUTE", 300, validate=validate.Range(min=0))
API_REQUESTS_A_MINUTE = env.int("API_REQUESTS_A_MINUTE", 600, validate=validate.Range(min=0))

# --- Search ---------------------------------------------------------------------------------------------------------

MEANING_MODEL = env.str("MEANING_MODEL", "ViT-B-32")
MEANING_WEIGHTS = env.str("MEANING_WEIGHTS", "datacomp_xl_s13b_b90k")
MEANING_METHOD = env.str("MEANING_METHOD", "", validate=validate.OneOf(setting_values.MEANING_METHODS))
MEANING_ENABLED = env.bool("MEANING_ENABLED", True)
# Threads that wait for each other burn the processor time of everybody's clicks: half of the cores are left to those.
MEANING_THREADS = env.int("MEANING_THREADS", max(1, machine.usable_cores() // 2), validate=validate.Range(min=1))
MEANING_BATCH = env.int("MEANING_BATCH", 0, validate=validate.Range(min=0))  # 0: what suits the device
MODEL_CACHE_DIR = Path(
    setting_values.not_empty("MODEL_CACHE_DIR", env.str("MODEL_CACHE_DIR", str(DATA_DIR / "models")))
)
KEYPOINTS_AHEAD = env.bool("KEYPOINTS_AHEAD", False)  # of all images, not only of those that a search checks
# Comparing 10,000 regions was measured to compute as long as asking the index of a million (17.5 ms to 16.7); an
# index of few thousand more is not worth its building.
VECTOR_INDEX_FROM = env.int("VECTOR_INDEX_FROM", 16_000, validate=validate.Range(min=1))
VECTOR_INDEX_MEMORY_MB = env.int("VECTOR_INDEX_MEMORY_MB", 2048, validate=validate.Range(min=64))

# --- Accounts -------------------------------------------------------------------------------------------------------

# One alone: each further one would compute the hash of a wrong password again.
AUTHENTICATION_BACKENDS = ["accounts.signing_in.backend.OneCheckBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}Validator"}
    for name in ("UserAttributeSimilarity", "MinimumLength", "CommonPassword", "NumericPassword")
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = LOGOUT_REDIRECT_URL = "library:start"
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "email", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = env.str(
    "ACCOUNT_EMAIL_VERIFICATION", "optional", validate=validate.OneOf(["none", "optional", "mandatory"])
)
ACCOUNT_ADAPTER = "accounts.signing_in.adapter.AccountAdapter"
ACCOUNT_FORMS = {
    "signup": "accounts.signing_in.forms.SignupForm",
    "reset_password": "accounts.signing_in.forms.ResetPasswordForm",  # nosec B105 # a class
}
ACCOUNT_PREVENT_ENUMERATION = "strict"
# A key is an account and the address that tries it: whoever guesses never keeps its owner out at another address. See
# `accounts.signing_in.attempts` for guesses from many addresses.
ACCOUNT_RATE_LIMITS = {"login_failed": "10/m/ip,5/5m/key", "signup": "20/m/ip,100/h/ip"}
SIGN_UP = env.str("SIGN_UP", "open", validate=validate.OneOf(["open", "invitation", "closed"]))
STAFF_REQUIRE_MFA = env.bool("STAFF_REQUIRE_MFA", False)
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
# An address that is not confirmed belongs to nobody, so a second factor beside it keeps nobody out.
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = DEBUG
email = setting_values.email("EMAIL_URL", env.dj_email_url("EMAIL_URL", "console:" if DEBUG else "dummy:"), DEBUG)
if ACCOUNT_EMAIL_VERIFICATION == "mandatory" and email["EMAIL_BACKEND"].endswith("dummy.EmailBackend"):
    raise setting_values.WrongSetting(
        "ACCOUNT_EMAIL_VERIFICATION", "mandatory", "Set EMAIL_URL: without e-mail nobody could confirm an address."
    )
EMAIL_BACKEND, EMAIL_HOST, EMAIL_PORT = (email[f"EMAIL_{name}"] for name in ("BACKEND", "HOST", "PORT"))
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = email["EMAIL_HOST_USER"], email["EMAIL_HOST_PASSWORD"]
EMAIL_USE_TLS, EMAIL_USE_SSL, EMAIL_TIMEOUT = (email[f"EMAIL_{name}"] for name in ("USE_TLS", "USE_SSL", "TIMEOUT"))
EMAIL_FILE_PATH = email["EMAIL_FILE_PATH"] or None
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", "Superpixel Search <noreply@localhost>")

# --- Security -------------------------------------------------------------------------------------------------------

# Tints come as data: URIs inside the answer to a click, so that one response is all a click needs.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        **{name: [SELF] for name in ("default-src", "style-src", "script-src", "base-uri", "form-action")},
        **{name: [NONE] for name in ("object-src", "frame-ancestors")},
        "img-src": [SELF, "data:", "blob:"],
    }
}
X_FRAME_OPTIONS = "DENY"
API_ORIGINS = setting_values.origins("API_ORIGINS", env.list("API_ORIGINS", []))
CSRF_FAILURE_VIEW = "superpixel_site.csrf_failures.csrf_failure"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
# For other hosts of the same domain this site cannot speak, nor ask browsers' makers to list it: a proxy in front can.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None

# --- The rest -------------------------------------------------------------------------------------------------------

LANGUAGE_CODE = "en-gb"
TIME_ZONE = setting_values.time_zone("TIME_ZONE", env.str("TIME_ZONE", "UTC"))
USE_I18N = True
USE_TZ = True
TAGGIT_CASE_INSENSITIVE = True
TAGGIT_TAGS_FROM_STRING = "superpixel_site.typed_tags.tags_of"
TAGGIT_STRING_FROM_TAGS = "superpixel_site.typed_tags.text_of"
LOG_LEVEL = env.str("LOG_LEVEL", "INFO", validate=validate.OneOf(["DEBUG", "INFO", "WARNING", "ERROR"]))
LOG_FORMAT = env.str("LOG_FORMAT", "plain", validate=validate.OneOf(["plain", "json"]))
LOGGING = logs.configuration(LOG_FORMAT, LOG_LEVEL)
logging.captureWarnings(LOG_FORMAT == "json")
# Without a token there are no figures. Processes add theirs up by files in a folder.
METRICS_TOKEN = env.str("METRICS_TOKEN", "", validate=setting_values.empty_or_long)
METRICS_DIR = DATA_DIR / "metrics"
if METRICS_TOKEN:
    setting_values.writable("DATA_DIR", METRICS_DIR)
env.seal()
