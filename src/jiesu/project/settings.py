"""Django's settings, from the environment alone.

Names each setting that Django and its parts read; what the environment may say and its defaults
stand in `options`, documented in `docs/settings.md`. Application code reads `settings.JIESU`.
"""

import os
from datetime import timedelta
from secrets import token_urlsafe

from jiesu.project.environment import Environment
from jiesu.project.logs import logging_settings
from jiesu.project.options import LOOPBACK_HOSTS, Options, options_from

JIESU: Options = options_from(Environment(os.environ))

DEBUG = JIESU.debug
# Without a kept secret (a test, a look at the settings) one that lives as long as the process.
SECRET_KEY = JIESU.secret_key or token_urlsafe(48)
# The machine itself always: what watches it asks there.
ALLOWED_HOSTS = [*dict.fromkeys((*JIESU.hosts, *LOOPBACK_HOSTS))]
DATABASES = {"default": JIESU.database}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "jiesu.cases.apps.CasesConfig",
    "jiesu.cases.apps.DeskAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "axes",
    # Its style sheets and scripts, so that the documentation of the API is served from here.
    "ninja",
]
MIDDLEWARE = [
    "jiesu.project.middleware.TrustedProxies",
    "jiesu.project.middleware.RequestLog",
    "django.middleware.security.SecurityMiddleware",
    "jiesu.project.middleware.ContentPolicy",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    # No one above reads a body: the check of CSRF tokens comes with the view.
    "jiesu.project.middleware.LargestRequest",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
    "jiesu.project.sign_in.KnownBrowsers",
]
ROOT_URLCONF = "jiesu.project.urls"
WSGI_APPLICATION = "jiesu.project.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# Words and times.
LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "简体中文"), ("en", "English")]
USE_I18N = True
USE_TZ = True
TIME_ZONE = JIESU.zone
FORMAT_MODULE_PATH = "jiesu.project"

# Who signs in.
AUTH_USER_MODEL = "cases.User"
AUTHENTICATION_BACKENDS = [
    # First: after too many failures it refuses before a password is looked at.
    "axes.backends.AxesStandaloneBackend",
    "jiesu.project.sign_in.SiteBackend",
]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "/admin/login/"
LOGIN_REDIRECT_URL = "/admin/"
AXES_FAILURE_LIMIT = JIESU.limits.sign_in_failures
AXES_COOLOFF_TIME = timedelta(minutes=JIESU.limits.sign_in_lock_minutes)
# One clerk's mistakes lock neither the office's address nor the same name from elsewhere; what
# many of them do is the handler's.
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_HANDLER = "jiesu.project.sign_in.SignInHandler"
AXES_RESET_ON_SUCCESS = True
# Whoever tries on during a lock does not make it longer.
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
# Who came and went, from where, for ever: nobody needs it.
AXES_DISABLE_ACCESS_LOG = True
AXES_VERBOSE = False

# What a browser may do and keep.
SESSION_COOKIE_AGE = JIESU.session_hours * 3600
SESSION_COOKIE_SECURE = JIESU.production
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SECURE = JIESU.production
CSRF_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_SECURE = JIESU.production
LANGUAGE_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_AGE = 365 * 24 * 3600
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if JIESU.production else 0
SECURE_SSL_REDIRECT = JIESU.production
# A load balancer and systemd ask on the machine itself, without TLS.
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
X_FRAME_OPTIONS = "DENY"

# What a browser may send.
DATA_UPLOAD_MAX_MEMORY_SIZE = JIESU.limits.request_bytes
# Files are read in memory, as large as a request may be: a temporary one would lie there in clear.
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.MemoryFileUploadHandler"]
FILE_UPLOAD_MAX_MEMORY_SIZE = JIESU.limits.request_bytes
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2000
DATA_UPLOAD_MAX_NUMBER_FILES = 100
FILE_UPLOAD_PERMISSIONS = 0o600
FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o700

# Files. Attachments lie in JIESU.attachments and have no address of their own.
STATIC_URL = "/static/"
STATIC_ROOT = JIESU.static
STORAGES = {
    "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": JIESU.attachments, "base_url": None},
    },
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}

# No letters to administrators (ADMINS): a report would carry residents' words out of the house.
LOGGING = logging_settings(JIESU.log_level)
