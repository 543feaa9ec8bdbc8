"""Every setting, read once by the command line from the environment and `.env`."""

import re
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import unquote, urlsplit

from pydantic import (
    BeforeValidator,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

Seconds = Annotated[float, Field(gt=0)]
Count = Annotated[int, Field(ge=0)]


def _unlimited(value: object) -> object:
    return None if isinstance(value, str) and value.strip().lower() == "none" else value


DailyLimit = Annotated[Count | None, BeforeValidator(_unlimited)]
"""How many in 24 hours; the word "none" for no limit."""
HttpUrl = Annotated[str, Field(pattern=r"^https?://[^\s/]+")]


class SettingsError(Exception):
    """A setting is unusable; the message names it in one line and never shows its value."""


class Settings(BaseSettings):
    """What an owner can choose. 0 means zero; an empty variable means unset."""

    model_config = SettingsConfigDict(
        env_file=".env",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
        allow_inf_nan=False,
    )

    telegram_token: SecretStr | None = Field(
        None, description="The bot's token, from @BotFather. A secret."
    )
    telegram_api_url: HttpUrl = Field(
        "https://api.telegram.org", description="The Bot API; also a server of your own."
    )

    music_backend: Annotated[tuple[str, ...], NoDecode] = Field(
        ("aimlapi",),
        description="The music service, or several by preference: aimlapi, replicate, "
        "aimlapi-cover, acestep.",
    )
    aimlapi_key: SecretStr | None = Field(None, description="Key from aimlapi.com. A secret.")
    aimlapi_url: HttpUrl = Field("https://api.aimlapi.com", description="Where AI/ML API is.")
    cover_prompt: Annotated[str, Field(min_length=10, max_length=300)] | None = Field(
        None, description="Style of aimlapi-cover, 10-300 characters; it has one of its own."
    )
    cover_data_uri: bool = Field(
        default=True, description="aimlapi-cover: send a data: URI; false: bare Base64."
    )
    replicate_token: SecretStr | None = Field(
        None, description="Token from replicate.com. A secret."
    )
    replicate_url: HttpUrl = Field("https://api.replicate.com", description="Where Replicate is.")
    acestep_url: HttpUrl = Field(
        "http://127.0.0.1:8001", description="Where your ACE-Step server is."
    )
    acestep_key: SecretStr | None = Field(
        None, description="What your ACE-Step server wants, if anything. A secret."
    )
    acestep_prompt: Annotated[str, Field(min_length=1, max_length=300)] | None = Field(
        None, description="Style of acestep; it has one of its own."
    )

    data_dir: Path = Field(Path("data"), description="Where everything is kept.")
    database_url: SecretStr | None = Field(
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

    webhook_url: Annotated[str, Field(pattern=r"^https?://[^\s/]+")] | None = Field(
        None, description="Public HTTPS address for updates; unset: polling."
    )
    webhook_secret: SecretStr | None = Field(
        None, description="1-256 of A-Z a-z 0-9 _ -; needed with WEBHOOK_URL. A secret."
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

    @field_validator("allowed_users", mode="before")
    @classmethod
    def _split_ids(cls, value: object) -> object:
        if isinstance(value, str):
            return frozenset(item.strip() for item in value.split(",") if item.strip())
        return value

    @field_validator(
        "telegram_api_url", "aimlapi_url", "replicate_url", "acestep_url", "webhook_url"
    )
    @classmethod
    def _no_trailing_slash(cls, value: str | None) -> str | None:
        return value.rstrip("/") if value else value

    @field_validator("telegram_token")
    @classmethod
    def _is_whole(cls, value: SecretStr | None) -> SecretStr | None:
        if value and not re.fullmatch(r"[0-9]+:[A-Za-z0-9_-]+", value.get_secret_value()):
            raise ValueError("is not whole; it is a number, a colon and a long word")
        return value

    @field_validator("webhook_secret")
    @classmethod
    def _telegram_accepts_secret(cls, value: SecretStr | None) -> SecretStr | None:
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

    @model_validator(mode="after")
    def _webhook_has_secret(self) -> Self:
        if self.webhook_url and not self.webhook_secret:
            raise ValueError("WEBHOOK_SECRET is needed with WEBHOOK_URL")
        return self

    @property
    def database(self) -> str:
        """SQLAlchemy's address of the database, the driver named."""
        if self.database_url is None:
            return f"sqlite+aiosqlite:///{self.data_dir / 'refrain.sqlite3'}"
        url = self.database_url.get_secret_value()
        return url.replace("postgresql://", "postgresql+psycopg://", 1)

    @property
    def is_sqlite(self) -> bool:
        """Whether one process has the database alone."""
        return self.database.startswith("sqlite")

    def secrets(self) -> list[str]:
        """Every secret value, for the log to redact."""
        values = (getattr(self, name) for name in type(self).model_fields)
        secrets = [v.get_secret_value() for v in values if isinstance(v, SecretStr)]
        password = urlsplit(self.database).password
        return [*secrets, password, unquote(password)] if password else secrets


_PLAIN = {
    "int_parsing": "must be a whole number",
    "float_parsing": "must be a number",
    "literal_error": "must be {expected}",
}


def load() -> Settings:
    """Read the settings.

    Raises:
        SettingsError: naming the first setting that is unusable.
    """
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        name = str(first["loc"][0]).upper() if first["loc"] else "Settings"
        plain = _PLAIN.get(first["type"])
        why = plain.format(**first.get("ctx", {})) if plain else first["msg"]
        message = f"{name}: {why.removeprefix('Value error, ')}"
        raise SettingsError(message) from None
    except UnicodeDecodeError:
        raise SettingsError(".env: is not UTF-8 text; save it as that") from None


def example() -> str:
    """The text of `.env.example`: every setting with its default."""
    lines = ["# Copy to .env and fill in. What is commented out shows its default.", ""]
    for name, field in Settings.model_fields.items():
        needed = name in {"telegram_token", "aimlapi_key", "owner_id"}
        setting = f"{name.upper()}={_default(field)}"
        lines += [f"# {field.description}", setting if needed else f"# {setting}", ""]
    return "\n".join(lines)


def table() -> str:
    """The table of settings in the README."""
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
