"""Files in messages, both ways: what the bot uploads and what people send."""

from typing import Any

from bot.sandbox.telegram.errors import bad_request
from bot.sandbox.telegram.file_store import FileStore, StoredFile
from bot.sandbox.telegram.file_types import is_music, is_voice, jpeg_size, picture_size
from bot.sandbox.telegram.params import Params, Upload
from bot.sandbox.telegram.state import Data, TelegramState

_THUMBNAIL_BYTES = 200_000
_THUMBNAIL_SIDE = 320
_NEEDED: dict[str, Data] = {
    "voice": {"duration": 0},
    "audio": {"duration": 0},
    "document": {},
    "photo": {"width": 640, "height": 480},
    "video": {"width": 640, "height": 360, "duration": 0},
    "video_note": {"length": 384, "duration": 0},
    "sticker": {
        "type": "regular",
        "width": 512,
        "height": 512,
        "is_animated": False,
        "is_video": False,
    },
}
"""What the object of each kind must have, by the Bot API's reference."""

_POSSIBLE = {
    "voice": {"mime_type"},
    "audio": {"performer", "title", "file_name", "mime_type"},
    "document": {"file_name", "mime_type"},
    "video": {"file_name", "mime_type"},
    "sticker": {"emoji", "set_name"},
}
"""What it may have besides, of what people's apps send."""


def attach(state: TelegramState, params: Params, kind: str) -> Data:
    """Make the media field of a message the bot sends.

    What Telegram would show as a plain file (`sendAudio` of something else than MP3 or M4A)
    becomes a `document`, as there.

    Raises:
        ApiError: No file, an unknown id, an address, or a picture that is none.
    """
    upload = params.upload(kind)
    if upload is None:
        return _known(state, params.text(kind), kind)
    if not upload.content:
        raise bad_request("file must be non-empty")
    if kind == "photo":
        return {"photo": _photo(state.files, upload)}
    if (kind == "audio" and not is_music(upload.content)) or (
        kind == "voice" and not is_voice(upload.content)
    ):
        state.complain(f"{upload.file_name!r} is not what send{kind.capitalize()} is for")
        kind = "document"
    stored = state.files.add(kind, upload.content, name=upload.file_name)
    details = stored.details
    details |= {"mime_type": upload.mime_type, "file_size": stored.size}
    if kind in {"audio", "document"}:
        details["file_name"] = upload.file_name
    if kind in {"audio", "voice"}:
        details["duration"] = params.integer("duration")
    if kind == "audio":
        details |= {
            name: params.text(name) for name in ("title", "performer") if params.text(name)
        }
    if kind != "voice":
        details |= _thumbnail(state, params)
    return {kind: details}


def person_file(
    files: FileStore, kind: str, content: bytes | None, fields: dict[str, Any]
) -> StoredFile:
    """Keep what a person sends.

    Args:
        files: Where to.
        kind: `voice`, `audio`, `document`, `video`, `video_note`, `sticker`.
        content: Its bytes; None for a file that only claims a size.
        fields: More of the Bot API's fields; `file_size` may differ from the bytes. What the
            object of this kind must have is added, what it doesn't have is left out.
    """
    needed = _NEEDED[kind]
    known = needed.keys() | _POSSIBLE.get(kind, set())
    given = {name: fields[name] for name in known if fields.get(name) is not None}
    size = fields.get("file_size")
    stored = files.add(kind, content, size=size, name=str(given.get("file_name", "")))
    stored.details |= {**needed, **given, "file_size": stored.size}
    return stored


def _known(state: TelegramState, file_id: str, kind: str) -> Data:
    if not file_id:
        raise bad_request(f"there is no {kind} in the request")
    stored = state.files.find(file_id)
    if stored is None:
        if "://" in file_id:
            state.complain(f"{kind} by address: the sandbox has no network")
            raise bad_request("failed to get HTTP URL content")
        raise bad_request("wrong file identifier/HTTP URL specified")
    if stored.kind == "photo":
        return {"photo": [stored.details]}
    return {stored.kind: stored.details}


def _photo(files: FileStore, upload: Upload) -> list[Data]:
    size = picture_size(upload.content)
    if size is None:
        raise bad_request("IMAGE_PROCESS_FAILED")
    stored = files.add("photo", upload.content)
    stored.details |= {"width": size[0], "height": size[1], "file_size": stored.size}
    return [stored.details]


def _thumbnail(state: TelegramState, params: Params) -> Data:
    """Take a cover as Telegram does: the wrong ones are ignored, which is a complaint here."""
    upload = params.upload("thumbnail")
    if upload is None:
        if params.text("thumbnail"):
            state.complain("thumbnail ignored: thumbnails can only be uploaded afresh")
        return {}
    size = jpeg_size(upload.content)
    if size is None:
        state.complain("thumbnail ignored: not a JPEG")
    elif len(upload.content) >= _THUMBNAIL_BYTES:
        state.complain(f"thumbnail ignored: {len(upload.content)} bytes, less than 200 kB allowed")
    elif max(size) > _THUMBNAIL_SIDE:
        state.complain(f"thumbnail ignored: {size[0]}x{size[1]}, 320 allowed")
    else:
        stored = state.files.add("thumbnail", upload.content)
        stored.details |= {"width": size[0], "height": size[1], "file_size": stored.size}
        return {"thumbnail": stored.details}
    return {}
