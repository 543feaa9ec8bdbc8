"""Objects of Replicate's API in full, as its schema has them and its clients need them."""

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

MODEL = "minimax/music-01"
LYRICS_MAX = 400
FILES = ("song_file", "voice_file", "instrumental_file")
SETTINGS = {
    "sample_rate": (16_000, 24_000, 32_000, 44_100),
    "bitrate": (32_000, 64_000, 128_000, 256_000),
}

_SITE = "https://replicate.com"
_KEPT = timedelta(hours=24)
_RELEASED = "2024-12-18T16:28:24.101Z"


def moment(seconds: float | None) -> str | None:
    """Write seconds of the epoch as Replicate writes a time; None stays None."""
    if seconds is None:
        return None
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")


def file(
    name: str, part: dict[str, Any], data: bytes, url: str, metadata: dict[str, Any]
) -> dict[str, Any]:
    """Make a file.

    Args:
        name: Its id.
        part: Its `name`, `content_type` and `size`.
        data: Its bytes.
        url: Of the API.
        metadata: As the caller gave it.
    """
    now = datetime.now(UTC)
    return {
        "id": name,
        **part,
        "etag": hashlib.md5(data, usedforsecurity=False).hexdigest(),
        "checksums": {"sha256": hashlib.sha256(data).hexdigest()},
        "metadata": metadata,
        "created_at": moment(now.timestamp()),
        "expires_at": moment((now + _KEPT).timestamp()),
        "urls": {"get": f"{url}/v1/files/{name}"},
    }


def model(url: str) -> dict[str, Any]:
    """Make the model."""
    owner, _, name = MODEL.partition("/")
    return {
        "url": f"{_SITE}/{MODEL}",
        "owner": owner,
        "name": name,
        "description": "Quickly generate up to 1 minute of music with lyrics and vocals",
        "visibility": "public",
        "is_official": True,
        "github_url": None,
        "paper_url": None,
        "license_url": None,
        "run_count": 500_000,
        "cover_image_url": None,
        "default_example": None,
        "latest_version": {
            "id": hashlib.sha256(MODEL.encode()).hexdigest(),
            "created_at": _RELEASED,
            "cog_version": "0.13.6",
            "openapi_schema": _schema(url),
        },
    }


def account() -> dict[str, Any]:
    """Make the account."""
    return {"type": "user", "username": "sandbox", "name": "Sandbox", "github_url": None}


def page(results: list[dict[str, Any]]) -> dict[str, Any]:
    """Make a list that has no further page."""
    return {"previous": None, "next": None, "results": results}


def _schema(url: str) -> dict[str, Any]:
    """Describe the input, as far as anybody reads it."""
    uri = {"type": "string", "format": "uri"}
    choices = {
        name: {"type": "integer", "enum": list(values), "default": values[-1]}
        for name, values in SETTINGS.items()
    }
    properties = {
        "lyrics": {"type": "string", "title": "Lyrics", "maxLength": LYRICS_MAX},
        **dict.fromkeys(FILES, uri),
        **choices,
    }
    schemas = {
        "Input": {"type": "object", "title": "Input", "properties": properties},
        "Output": {**uri, "title": "Output"},
    }
    info = {"title": "Cog", "version": "0.1.0"}
    parts = {"components": {"schemas": schemas}, "servers": [{"url": url}]}
    return {"openapi": "3.0.2", "info": info, "paths": {}, **parts}
