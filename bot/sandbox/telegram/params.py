"""What came with a call: JSON, a form or multipart, made one thing."""

import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote_to_bytes

from aiohttp import web

from bot.sandbox.telegram.errors import ApiError, bad_request
from bot.untrusted import Untrustworthy, read_json

UPLOAD_LIMIT = 50 * 1024 * 1024
"""Bytes of a multipart body on the cloud Bot API (docs/facts/telegram.md, Limits)."""

_VALUE = rb'(?:"((?:[^"\\]|\\.)*)"|([^";\r\n]+))'  # grammY and others leave out the quotes
_NAME = re.compile(rb"(?i)[;\s]name=" + _VALUE)
_FILE_NAME = re.compile(rb"(?i)[;\s]filename=" + _VALUE)
_CODED_NAME = re.compile(rb"(?i)[;\s]filename\*=utf-8''([^;\s]+)")  # RFC 5987, as requests does
_TYPE = re.compile(rb"(?i)^content-type:\s*([^\s;]+)", re.MULTILINE)
_BOUNDARY = re.compile(r'(?i)boundary="?([^";]+)')


@dataclass(frozen=True, slots=True)
class Upload:
    """One file of a multipart body."""

    file_name: str
    mime_type: str
    content: bytes

    def named(self) -> dict[str, Any]:
        """Give what the Bot API says of a file by its name and type."""
        return {"file_name": self.file_name, "mime_type": self.mime_type}


@dataclass(slots=True)
class Params:
    """The parameters of one call; values are text or, from a JSON body, anything."""

    values: dict[str, Any] = field(default_factory=dict)
    files: dict[str, Upload] = field(default_factory=dict)

    def text(self, name: str) -> str:
        """Give a text; empty if missing."""
        value = self.values.get(name)
        return "" if value is None else str(value)

    def integer(self, name: str, default: int = 0) -> int:
        """Give a number; the default where there is none."""
        value = self.values.get(name)
        try:
            return default if value is None or value == "" else int(value)
        except (TypeError, ValueError):
            return default

    def flag(self, name: str) -> bool:
        """Give a yes or no."""
        return str(self.values.get(name, "")).lower() in {"true", "1", "yes"}

    def json(self, name: str) -> Any:
        """Give a nested value; None if missing.

        Raises:
            ApiError: It is text, and not JSON.
        """
        value = self.values.get(name)
        if not isinstance(value, str):
            return value
        if not value:
            return None
        try:
            return read_json(value)
        except Untrustworthy as error:
            reason = f"can't parse {name.replace('_', ' ')} JSON object"
            raise bad_request(reason) from error

    def upload(self, name: str) -> Upload | None:
        """Find the file a parameter means: its own part, or the one it is attached to."""
        value = self.values.get(name)
        if isinstance(value, str) and value.startswith("attach://"):
            return self.files.get(value.removeprefix("attach://"))
        return self.files.get(name)

    def loggable(self) -> dict[str, Any]:
        """Give everything, files as `{"file_name", "mime_type", "size"}`."""
        if not self.files:
            return self.values
        sizes = {
            name: {
                "file_name": upload.file_name,
                "mime_type": upload.mime_type,
                "size": len(upload.content),
            }
            for name, upload in self.files.items()
        }
        return {**self.values, **sizes}


async def read_params(request: web.BaseRequest) -> Params:
    """Read the query and the body of a call.

    Raises:
        ApiError: The body is too large, or not what its type says.
    """
    params = Params(dict(request.query) if request.query_string else {})
    if not request.body_exists:
        return params
    body = await _bounded_body(request)
    kind = request.content_type
    if kind == "application/json":
        params.values |= _json_object(body)
    elif kind == "multipart/form-data":
        _read_parts(body, request.headers.get("Content-Type", ""), params)
    else:
        params.values |= parse_qsl(body.decode(errors="replace"), keep_blank_values=True)
    return params


async def _bounded_body(request: web.BaseRequest) -> bytes:
    too_large = ApiError(413, "Request Entity Too Large")
    if (request.content_length or 0) > UPLOAD_LIMIT:
        raise too_large
    chunks, size = [], 0
    async for chunk in request.content.iter_any():
        size += len(chunk)
        if size > UPLOAD_LIMIT:
            raise too_large
        chunks.append(chunk)
    return b"".join(chunks)


def _json_object(body: bytes) -> dict[str, Any]:
    try:
        value = read_json(body or b"{}")
    except Untrustworthy as error:
        raise bad_request("can't parse JSON object") from error
    if not isinstance(value, dict):
        raise bad_request("expected an Object in the request body")
    return value


def _read_parts(body: bytes, content_type: str, params: Params) -> None:
    boundary = _BOUNDARY.search(content_type)
    if boundary is None:
        raise bad_request("boundary not found")
    for part in (b"\r\n" + body).split(b"\r\n--" + boundary[1].encode())[1:-1]:
        head, _, content = part.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        name = _NAME.search(head)
        if name is None:
            continue
        key, file_name = _unquoted(name), _file_name(head)
        if file_name is None:
            params.values[key] = content.decode(errors="replace")
        else:
            kind = _TYPE.search(head)
            mime_type = kind[1].decode() if kind else "application/octet-stream"
            params.files[key] = Upload(file_name, mime_type, content)


def _file_name(head: bytes) -> str | None:
    """Read the name of a part's file; None where the part is a value."""
    coded = _CODED_NAME.search(head)
    if coded is not None:
        return unquote_to_bytes(coded[1]).decode(errors="replace")
    plain = _FILE_NAME.search(head)
    return None if plain is None else _unquoted(plain)


def _unquoted(match: re.Match[bytes]) -> str:
    if match[1] is None:
        return match[2].strip().decode(errors="replace")
    return re.sub(rb"\\(.)", rb"\1", match[1]).decode(errors="replace")
