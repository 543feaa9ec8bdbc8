"""Every setting, read once by the command line from the environment and `.env`."""

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from itertools import chain
from pathlib import Path
from typing import Annotated, Literal, get_args
from urllib.parse import quote, unquote, urlsplit
from urllib.request import getproxies

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, DotEnvSettingsSource, NoDecode, SettingsConfigDict

ENV_FILE = Path(".env")
_TELEGRAM = "api.telegram.org"

_QUOTES = ("''", '""', "“”", "‘’", "«»")  # noqa: RUF001 - quotes that people paste
_INVISIBLE = "\u200b\u200c\u200d\u2060\ufeff"  # what comes along when text is copied from a page


def trimmed(value: str) -> str:
    """A value without what comes along when it is copied: white space, quotes, "Bearer"."""
    before = None
    while value != before:
        before = value
        value = re.sub(r"(?i)^bearer\s+", "", value.strip().strip(_INVISIBLE))
        if len(value) > 1 and value[0] + value[-1] in _QUOTES:
            value = value[1:-1]
    return value


def _trim(value: object) -> object:
    if isinstance(value, SecretStr):
        return SecretStr(trimmed(value.get_secret_value()))
    return trimmed(value) if isinstance(value, str) else value


def _typed(value: SecretStr) -> SecretStr:
    """Refuse characters that no key has: an address or a header could not carry them."""
    for letter in value.get_secret_value():
        if not (letter.isascii() and letter.isprintable()) or letter == " ":
            number = f"U+{ord(letter):04X}"
            raise ValueError(f"holds a character that cannot be in it ({number}); copy it again")
    return value


Seconds = Annotated[float, Field(gt=0)]
Count = Annotated[int, Field(ge=0)]
HttpUrl = Annotated[str, BeforeValidator(_trim), Field(pattern=r"^https?://[^\s/]+[^\s]*$")]
Service = Literal["aimlapi", "replicate", "aimlapi-cover", "acestep"]
Secret = Annotated[SecretStr, BeforeValidator(_trim)]
Key = Annotated[SecretStr, BeforeValidator(_trim), AfterValidator(_typed)]


def _no_limit(value: object) -> object:
    if not isinstance(value, str):
        return value
    if value.strip().lower() == "none":
        return None
    try:
        return int(value)
    except ValueError:
        raise ValueError("must be a whole number, or none") from None


DailyLimit = Annotated[Count | None, BeforeValidator(_no_limit)]
"""How often a person may do something in 24 hours: 0 is never, `none` (None) is no limit."""


class SettingsError(Exception):
    """A setting is unusable; the message names it in one line and never shows its value."""


class CannotStart(SettingsError):
    """What a setting names cannot be had now; with the same settings it may be later."""


class Settings(BaseSettings):
    """What an owner can choose. 0 means zero; an empty variable means unset."""

    model_config = SettingsConfigDict(
        env_file=ENV_FILE,
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
        allow_inf_nan=False,
    )

    telegram_token: Key | None = Field(
        None, description="The bot's token, from @BotFather. A secret."
    )
    telegram_api_url: HttpUrl = Field(
        f"https://{_TELEGRAM}", description="The Bot API; also a server of your own."
    )
    telegram_local_dir: Path | None = Field(
        None,
        description="Where your own Bot API server in local mode keeps its files.",
    )

    music_backend: Annotated[tuple[Service, ...], NoDecode] = Field(
        ("aimlapi",),
        description="The music service, or several by preference: replicate, aimlapi (which took "
        "its model off the list in August 2026), aimlapi-cover, acestep.",
    )
    aimlapi_key: Key | None = Field(
        None, description="Key from aimlapi.com, for aimlapi and aimlapi-cover. A secret."
    )
    aimlapi_url: HttpUrl = Field("https://api.aimlapi.com", description="Where AI/ML API is.")
    cover_prompt: Annotated[str, Field(min_length=10, max_length=300)] | None = Field(
        None, description="Style of aimlapi-cover, 10-300 characters; it has one of its own."
    )
    cover_data_uri: bool = Field(
        default=True, description="aimlapi-cover: send a data: URI; false: bare Base64."
    )
    replicate_token: Key | None = Field(
        None, description="Token from replicate.com, for replicate. A secret."
    )
    replicate_url: HttpUrl = Field("https://api.replicate.com", description="Where Replicate is.")
    acestep_url: HttpUrl = Field(
        "http://127.0.0.1:8001", description="Where your ACE-Step server is."
    )
    acestep_key: Key | None = Field(
        None, description="What your ACE-Step server wants, if anything. A secret."
    )
    acestep_prompt: Annotated[str, Field(min_length=1, max_length=300)] | None = Field(
        None, description="Style of acestep; it has one of its own."
    )

    data_dir: Path = Field(Path("data"), description="Where everything is kept.")
    database_url: Secret | None = Field(
        None, description="Another database than SQLite in DATA_DIR. A secret."
    )

    owner_id: int | None = Field(
        None, description="Your Telegram id: always welcome, told of what only you can fix."
    )
    access: Literal["closed", "open"] = Field(
        "closed", description="closed: owner and ALLOWED_USERS only; open: everybody."
    )
    allowed_users: Annotated[frozenset[int], NoDecode] = Field(
        frozenset(), description="Telegram ids, separated by commas."
    )

    webhook_url: HttpUrl | None = Field(
        None, description="Public HTTPS address for updates; unset: polling."
    )
    webhook_secret: Key | None = Field(
        None,
        validate_default=True,
        description="1-256 of A-Z a-z 0-9 _ -; needed with WEBHOOK_URL. A secret.",
    )
    http_host: str = Field("127.0.0.1", description="Where webhook and /healthz listen.")
    http_port: Annotated[int, Field(ge=0, le=65535)] = Field(
        8081, description="0 picks a free port."
    )

    upload_timeout: Seconds = Field(120, description="Seconds for a recording to go up.")
    generate_timeout: Seconds = Field(300, description="Seconds for a track to come back.")
    stop_grace: Annotated[float, Field(ge=0)] = Field(
        330, description="Seconds that paid calls get to finish at a stop."
    )
    generate_attempts: Annotated[int, Field(ge=1)] = Field(
        2, description="Calls a track may cost at most."
    )
    max_concurrent_tracks: Annotated[int, Field(ge=1)] = Field(
        20, description="Tracks made at the same time."
    )
    tracks_per_user: Count = Field(2, description="Unfinished tracks a person may have.")
    tracks_per_day: DailyLimit = Field(
        20, description="Tracks a person may begin in 24 hours; none: no limit. Not the owner."
    )
    recordings_per_day: DailyLimit = Field(
        50, description="Recordings a person may send in 24 hours; none: any number."
    )
    claim_seconds: Annotated[float, Field(ge=3)] = Field(
        60, description="A dead worker's work is taken over after this long."
    )

    keep_recordings: Annotated[float, Field(ge=0)] = Field(
        1, description="Days that prepared recordings stay on disk."
    )
    keep_tracks: Annotated[float, Field(ge=0)] = Field(
        30, description="Days that tracks nobody fetched are kept."
    )

    lyrics_max: Annotated[int, Field(ge=1, le=3500)] = Field(
        600, description="Longest lyrics, in characters of the final string."
    )
    lyrics_advice: Count = Field(400, description="Above this, advise shorter lyrics.")

    silence_dbfs: float = Field(-55, description="A recording below this level is refused.")
    quiet_dbfs: float = Field(-40, description="A recording below this level is warned about.")
    active_seconds: Annotated[float, Field(ge=0)] = Field(
        5, description="Less sound than this is warned about."
    )
    clipped_share: Annotated[float, Field(ge=0, le=1)] = Field(
        0.005, description="More clipped samples than this share are warned about."
    )
    decoded_share: Annotated[float, Field(ge=0, le=1)] = Field(
        0.95, description="Less of the promised length than this share is warned about."
    )
    detect_talking: bool = Field(
        default=True, description="Warn when a voice seems to talk, not sing."
    )

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="How much is logged."
    )
    log_format: Literal["text", "json"] = Field("text", description="How it is logged.")

    @field_validator("music_backend", mode="before")
    @classmethod
    def _split_names(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(name.strip() for name in value.split(",") if name.strip())
        return value

    @field_validator("music_backend")
    @classmethod
    def _each_once(cls, value: tuple[Service, ...]) -> tuple[Service, ...]:
        if not value or len(set(value)) < len(value):
            raise ValueError("must name one music service, or several, each once")
        return value

    @field_validator("allowed_users", mode="before")
    @classmethod
    def _split_ids(cls, value: object) -> object:
        if isinstance(value, str):
            try:
                return frozenset(int(item) for item in value.split(",") if item.strip())
            except ValueError:
                raise ValueError(
                    "must be ids, whole numbers with commas between; a @name is none"
                ) from None
        return value

    @field_validator(
        "telegram_api_url", "aimlapi_url", "replicate_url", "acestep_url", "webhook_url"
    )
    @classmethod
    def _no_trailing_slash(cls, value: str | None) -> str | None:
        return value.rstrip("/") if value else value

    @field_validator("telegram_api_url", "aimlapi_url", "replicate_url")
    @classmethod
    def _is_a_base(cls, value: str) -> str:
        path = urlsplit(value).path
        if ending := re.search(r"/(bot(?=$|[0-9]+:[^/]*(/\w*)?$)|v[0-9]+$)", path):
            raise ValueError(f"ends in /{ending[1]}; leave that off, Refrain adds it")
        return value

    @field_validator("data_dir")
    @classmethod
    def _at_home(cls, value: Path) -> Path:
        try:
            return value.expanduser()
        except RuntimeError:  # there is nobody of that name: it is a name like any other
            return value

    @field_validator("telegram_local_dir")
    @classmethod
    def _is_a_folder_of_its_own(cls, value: Path | None) -> Path | None:
        if value and (not value.is_absolute() or value == Path(value.anchor)):
            raise ValueError("must be the whole path of a folder of its own")
        return value

    @field_validator("telegram_token")
    @classmethod
    def _is_whole(cls, value: SecretStr | None) -> SecretStr | None:
        if value and not re.fullmatch(r"[0-9]+:[A-Za-z0-9_-]+", value.get_secret_value()):
            raise ValueError("is not whole; it is a number, a colon and a long word")
        return value

    @field_validator("webhook_url")
    @classmethod
    def _telegram_calls_it(cls, value: str | None, info: ValidationInfo) -> str | None:
        """Refuse plain HTTP, which only a Bot API server of one's own would call."""
        server = urlsplit(info.data.get("telegram_api_url", "")).hostname
        if value and server == _TELEGRAM and not value.startswith("https://"):
            raise ValueError("must begin with https://: Telegram calls no other")
        return value

    @field_validator("webhook_secret")
    @classmethod
    def _telegram_accepts_secret(
        cls, value: SecretStr | None, info: ValidationInfo
    ) -> SecretStr | None:
        if value is None and info.data.get("webhook_url"):
            raise ValueError("is needed with WEBHOOK_URL")
        if value and not re.fullmatch(r"[A-Za-z0-9_-]{1,256}", value.get_secret_value()):
            raise ValueError("must be 1-256 of A-Z a-z 0-9 _ -")
        return value

    @field_validator("database_url")
    @classmethod
    def _known_database(cls, value: SecretStr | None) -> SecretStr | None:
        kinds = ("sqlite+aiosqlite", "postgresql", "postgresql+psycopg")
        if value is None:
            return value
        try:
            address = urlsplit(value.get_secret_value())
            _ = address.port
        except ValueError:  # its text may quote a part of the password
            raise ValueError("cannot be read; in a password, write @ : / as %40 %3A %2F") from None
        if address.scheme not in kinds:
            raise ValueError("must begin with postgresql:// or sqlite+aiosqlite://")
        return value

    @property
    def database(self) -> str:
        """SQLAlchemy's address of the database, the driver named."""
        if self.database_url is None:
            file = self.data_dir.absolute() / "refrain.sqlite3"
            return f"sqlite+aiosqlite:///{quote(str(file), safe='/')}"
        url = self.database_url.get_secret_value()
        return url.replace("postgresql://", "postgresql+psycopg://", 1)

    @property
    def is_sqlite(self) -> bool:
        """Whether one process has the database alone."""
        return self.database.startswith("sqlite")

    @property
    def telegram_at(self) -> str:
        """The Bot API's address as it may be shown: without a password."""
        return without_password(self.telegram_api_url)

    def secrets(self) -> list[str]:
        """Every secret value, for the log to redact; passwords in addresses among them."""
        values = [getattr(self, name) for name in type(self).model_fields]
        secrets = [v.get_secret_value() for v in values if isinstance(v, SecretStr)]
        addresses = [v for v in values if isinstance(v, str)] + [*getproxies().values()]
        return secrets + [
            p for address in (self.database, *addresses) for p in _passwords(address)
        ]


def without_password(address: str) -> str:
    """An address without name and password."""
    parts = urlsplit(address)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


def _passwords(address: str) -> Iterator[str]:
    try:
        password = urlsplit(address).password
    except ValueError:  # it is none
        return
    if password:
        yield from {password, unquote(password)}


_PLAIN = {
    "int_parsing": "must be a whole number",
    "float_parsing": "must be a number",
    "literal_error": "must be {expected}",
    "string_pattern_mismatch": "must be an address that begins with http:// or https://",
    "bool_parsing": "must be true or false",
    "int_from_float": "must be a whole number",
    "int_parsing_size": "must be a whole number",
    "finite_number": "must be a number",
    "greater_than": "must be more than {gt:g}",
    "greater_than_equal": "must be {ge:g} or more",
    "less_than_equal": "must be {le:g} or less",
    "string_too_short": "must have {min_length} characters or more",
    "string_too_long": "must have {max_length} characters or less",
}


def is_trimmed(name: str) -> bool:
    """Whether what comes along when it is copied is taken off a setting."""
    field = Settings.model_fields[name]
    optional = [getattr(kind, "__metadata__", ()) for kind in get_args(field.annotation)]
    checks = [*field.metadata, *chain.from_iterable(optional)]
    return any(isinstance(check, BeforeValidator) and check.func is _trim for check in checks)


def load() -> Settings:
    """Read the settings.

    Raises:
        SettingsError: with a line for each setting that is unusable.
    """
    try:
        return Settings()
    except ValidationError as error:
        lines = dict.fromkeys(map(_line, error.errors(include_input=False, include_url=False)))
        raise SettingsError("\n".join(lines)) from None
    except UnicodeDecodeError:
        raise SettingsError(".env: is not UTF-8 text; save it as that") from None
    except OSError as error:
        raise SettingsError(f".env: cannot be read: {error.strerror}") from None


def _line(error: ErrorDetails) -> str:
    """One line for what is wrong with one setting, without its value."""
    name = str(error["loc"][0]).upper() if error["loc"] else "Settings"
    plain = _PLAIN.get(error["type"])
    why = plain.format(**error.get("ctx", {})) if plain else error["msg"]
    return f"{name}: {why.removeprefix('Value error, ')}"


def values_by_source() -> dict[str, dict[str, str]]:
    """What stands in the environment and in `.env`, by where it stands and by upper-case name."""
    in_file: Mapping[str, str | None] = {}
    with suppress(OSError, UnicodeDecodeError):  # `load` says so
        in_file = DotEnvSettingsSource(Settings).env_vars
    return {
        place: {name.upper(): value for name, value in values.items() if value}
        for place, values in (("environment", os.environ), (".env", in_file))
    }


_TO_FILL_IN = {
    "telegram_token": "",
    "music_backend": "replicate",  # AI/ML API, the default, no longer lists its model
    "replicate_token": "",
    "owner_id": "",
}
"""What stands in `.env.example` to be used."""


def example() -> str:
    """The text of `.env.example`: every setting with its default."""
    lines = ["# Copy to .env and fill in. What is commented out shows its default.", ""]
    for name, field in Settings.model_fields.items():
        setting = f"# {name.upper()}={_default(field)}"
        if name in _TO_FILL_IN:
            setting = f"{name.upper()}={_TO_FILL_IN[name]}"
        lines += [f"# {field.description}", setting, ""]
    return "\n".join(lines)


def table() -> str:
    """The table of settings in docs/settings.md."""
    lines = ["| setting | default | |", "|---|---|---|"]
    for name, field in Settings.model_fields.items():
        lines.append(f"| `{name.upper()}` | {_default(field)} | {field.description} |")
    return "\n".join(lines)


def _default(field: FieldInfo) -> str:
    default = field.get_default()
    if isinstance(default, tuple | frozenset):
        default = ",".join(map(str, default))
    if isinstance(default, bool):
        return str(default).lower()
    return "" if default is None else str(default)
