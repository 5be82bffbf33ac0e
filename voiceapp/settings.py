"""Settings, from the environment only (voiceapp/environment.py; .env.example lists the variables)."""

from datetime import timedelta
from pathlib import Path

from csp.constants import NONCE, NONE, SELF

from stt.tuning import BOUNDS
from voiceapp.environment import Environment
from voiceapp.runtime.web_address import host_of
from voiceapp.secret_file import files_of_secrets

BASE_DIR = Path(__file__).resolve().parent.parent
_env = Environment()

DEBUG = _env.flag("DEBUG", False)
# Not from the working directory: a timer starts its command elsewhere, and would work on another database.
VAR_DIR = _env.var_dir(BASE_DIR)
SECRET_KEY = _env.secret_key(DEBUG, VAR_DIR)
SECRET_KEY_FALLBACKS = _env.secret_list("SECRET_KEY_FALLBACKS")
STORAGE_KEYS = _env.storage_keys()
PORT = _env.number("PORT", 8000, 1, 65535, "")
HOST = _env.address("HOST", "127.0.0.1")
PROXY_NETWORKS = _env.networks("PROXY_NETWORKS", "127.0.0.0/8 ::1/128")
PUBLIC_URL = _env.text("PUBLIC_URL", f"http://127.0.0.1:{PORT}" if DEBUG else "").rstrip("/")

# Who is let in
SECOND_FACTOR_REQUIRED = (
    _env.choice("SECOND_FACTOR", *("off", "required") if DEBUG else ("required", "off")) == "required"
)
SESSION_IDLE_MIN = _env.number("SESSION_IDLE_MIN", 120, 5, 10_080, "min")
SESSION_MAX_H = _env.number("SESSION_MAX_H", 12, 1, 720, "h")

# Traces of turns, where there is a collector; the exporter reads the other OTEL_* variables itself
OTEL_EXPORTER_OTLP_ENDPOINT = _env.text("OTEL_EXPORTER_OTLP_ENDPOINT")

# Telephony
TWILIO_AUTH_TOKEN = _env.secret("TWILIO_AUTH_TOKEN")
TWILIO_AUTH_TOKEN_FALLBACKS = _env.secret_list("TWILIO_AUTH_TOKEN_FALLBACKS")
TWILIO_ACCOUNT_SID = _env.text("TWILIO_ACCOUNT_SID")
TWILIO_HTTP_CLIENT = ""
"""Dotted path of another way to Twilio's REST interface; only tests' settings name one."""
MAX_CALLS = _env.number("MAX_CALLS", 200, 1, 100_000, "calls")
MAX_CALL_S = _env.number("MAX_CALL_S", 14_400, 60, 86_400, "s")
DRAIN_TIMEOUT_S = _env.number("DRAIN_TIMEOUT_S", 300, 0, 86_400, "s")

# Speech
STT_EMULATOR_HOST = _env.text("STT_EMULATOR_HOST")
GOOGLE_CLOUD_SPEECH_ENDPOINT = _env.text("GOOGLE_CLOUD_SPEECH_ENDPOINT", "speech.googleapis.com")
ENGINE_VARIABLES = _env.engine_variables()
USE_STREAMING_STT = _env.flag("ENABLE_STREAMING_STT", True)
ENVIRONMENT_TUNING = _env.tuning()
TUNING_SET = frozenset(one.env for one in BOUNDS.values() if one.env and _env.text(one.env))
"""The variables of ENVIRONMENT_TUNING that somebody has set."""

# Voices
TTS_EMULATOR_HOST = _env.text("TTS_EMULATOR_HOST")
HAS_GOOGLE_CREDENTIALS = bool(_env.text("GOOGLE_APPLICATION_CREDENTIALS"))
PHRASE_CACHE_MB = _env.number("PHRASE_CACHE_MB", 200, 0, 1_000_000, "MB")

# Who answers, where a line answers by a language model
LLM_API_KEY, LLM_BASE_URL = _env.language_model()

# Who hears of alarms, and how
ALARM_EMAILS = [address.strip() for address in _env.text("ALARM_EMAILS").split(",") if address.strip()]
ALARM_WEBHOOK_URL, ALARM_WEBHOOK_SECRET = _env.webhook()
WEBHOOK_NETWORKS = _env.networks("WEBHOOK_NETWORKS", "")
EMAIL_HOST = _env.text("EMAIL_HOST", "localhost")
PASSWORD_RESET_BY_MAIL = bool(_env.text("EMAIL_HOST"))
PASSWORD_RESET_TIMEOUT = 3600
EMAIL_PORT = _env.number("EMAIL_PORT", 25, 1, 65535, "")
EMAIL_HOST_USER = _env.text("EMAIL_HOST_USER")
EMAIL_HOST_PASSWORD = _env.secret("EMAIL_HOST_PASSWORD")
EMAIL_USE_TLS = _env.flag("EMAIL_USE_TLS", False)
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = _env.text("EMAIL_FROM", "voiceapp@localhost")

_env.speech_credentials()
_public = _env.twilio(PUBLIC_URL)
DATABASES = {"default": _env.database(VAR_DIR)}
REDIS_URL = _env.redis_url()
CONFIGURATION_PROBLEMS = _env.problems
SECRET_FILES = files_of_secrets(_env.text, _env.secrets_read, BASE_DIR / ".env")
"""What a backup keeps beside VAR_DIR."""

# Django
_host = host_of(_public) if _public else ""
ALLOWED_HOSTS = [host for host in (_host, "127.0.0.1", "localhost", "[::1]") if host]
# An address that is none is told by CONFIGURATION_PROBLEMS, not by a check of Django's.
CSRF_TRUSTED_ORIGINS = [f"{_public.scheme}://{_public.netloc}"] if _public else []
INSTALLED_APPS = [
    # Before staticfiles, whose runserver knows no sockets.
    "voiceapp",
    "calls.desk.first_page.config.DeskAdmin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "axes",
    "django_otp",
    "django_otp.plugins.otp_static",
    "django_otp.plugins.otp_totp",
    "channels",
    "csp",
    "simple_history",
    "stt",
    "calls",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "voiceapp.oddvalues.RefuseOddValues",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "voiceapp.no_store.NoStore",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "calls.desk.sign_in.sessions.SessionAge",
    "django.middleware.locale.LocaleMiddleware",
    "calls.process.health.CommonMiddleware",
    "calls.desk.sign_in.gate.LoginGate",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "calls.desk.sign_in.factor.SecondFactor",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
    *(["voiceapp.own_not_found.OwnNotFound"] if DEBUG else []),
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
ROOT_URLCONF = "voiceapp.urls"
ASGI_APPLICATION = "voiceapp.asgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
TEST_RUNNER = "voiceapp.testing.PytestRunner"
CHANNEL_LAYERS = {
    "default": (
        {
            "BACKEND": "channels_redis.core.RedisChannelLayer",
            # Longer than the layer's own wait of 5 s: one that fell silent is left.
            "CONFIG": {"hosts": [{"address": REDIS_URL, "socket_timeout": 8, "socket_connect_timeout": 2}]},
        }
        if REDIS_URL
        else {"BACKEND": "channels.layers.InMemoryChannelLayer"}
    )
}
LOGIN_URL = "/admin/login/"
# Who fails to sign in is kept out for a while (calls/desk/sign_in/attempts.py)
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
AXES_HANDLER = "calls.desk.sign_in.attempts.Attempts"
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_RESET_ON_SUCCESS = True
AXES_CLIENT_IP_CALLABLE = "calls.desk.sign_in.source.source_of"
AXES_LOCKOUT_CALLABLE = "calls.desk.sign_in.attempts.locked_out"
AXES_SENSITIVE_PARAMETERS = ["username", "ip_address", "csrfmiddlewaretoken", "next"]
AXES_ENABLE_ADMIN = AXES_VERBOSE = False
AXES_DISABLE_ACCESS_LOG = True
OTP_TOTP_ISSUER = f"voiceapp {_host}".strip()
PASSWORD_HASHERS = ["voiceapp.passwords.OneAtATimeHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

# Pages: Hebrew and English, times as in Israel
LANGUAGE_CODE = "he"
LANGUAGES = [("he", "עברית"), ("en", "English")]
LOCALE_PATHS = [BASE_DIR / "voiceapp" / "locale"]
FORMAT_MODULE_PATH = "voiceapp.formats"
TIME_ZONE = "Asia/Jerusalem"
USE_TZ = True
STATIC_URL = "static/"
STATIC_ROOT = VAR_DIR / "static"
WHITENOISE_USE_FINDERS = True

# Pages load, run and talk to what is ours alone; nothing inline, nothing evaluated
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        # 'self' means wss:// as well, but not for every browser.
        "connect-src": [SELF, *([f"wss://{_host}"] if _host else [])],
        "img-src": [SELF, "data:"],
        # The waveform's own style sheet has the page's nonce (calls/static/calls/wave.js).
        "style-src": [SELF, NONCE],
        "media-src": [SELF, "blob:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}

# Behind TLS, unless this is a trial
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_SSL_REDIRECT = not DEBUG
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]
SECURE_HSTS_SECONDS = 0 if DEBUG else 31_536_000
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = not DEBUG
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = LANGUAGE_COOKIE_HTTPONLY = True
# Not strict: an alarm's mail links to the wall.
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = LANGUAGE_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = SESSION_MAX_H * 3600
if not DEBUG:
    # Browsers take these from this very host alone, and over TLS.
    SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "__Host-sessionid", "__Host-csrftoken"
SILENCED_SYSTEM_CHECKS = [
    "security.W005",  # HSTS for subdomains and
    "security.W021",  # preloading concern the whole domain, which is its owner's to decide, not one application's
]

LOG_FORMAT = _env.choice("LOG_FORMAT", "text", "json")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "text": {
            "()": "voiceapp.refusals.WithoutTokens",
            "fmt": "%(asctime)s %(levelname)s %(name)s %(of_call)s%(message)s",
        },
        "json": {"()": "voiceapp.json_lines.JsonLines"},
    },
    "filters": {"one_line": {"()": "voiceapp.refusals.OneLine"}},
    "handlers": {
        "stderr": {
            "class": "logging.StreamHandler",
            "formatter": _env.choice("LOG_FORMAT", "text", "json"),
            "filters": ["one_line"],
        }
    },
    "root": {"handlers": ["stderr"], "level": "INFO"},
    "loggers": {
        "django": {"handlers": [], "level": "INFO"},
        "django.server": {"handlers": [], "level": "INFO", "propagate": True},
        # A line for each password that was mistyped; a lock has one of ours.
        "axes": {"level": "ERROR"},
        # Request paths carry stream tokens.
        "daphne": {"level": "WARNING"},
        # One line for each answer of a language model.
        "httpx2": {"level": "WARNING"},
        # Ten lines a request, with call ids and numbers that were asked for.
        "twilio.http_client": {"level": "WARNING"},
        # A watcher that left without a word stays in the group for a day, and five batches a second would each say so.
        "channels_redis": {"level": "WARNING"},
    },
}
