"""Files of the simulated Telegram, for the page's players and pictures."""

from aiohttp import web

from bot.sandbox.page.audio import PageAudio
from bot.sandbox.telegram.file_store import FileStore, StoredFile

_TYPES = {
    "audio": "audio/mpeg",
    "voice": "audio/ogg",
    "video": "video/mp4",
    "video_note": "video/mp4",
    "photo": "image/jpeg",
    "thumbnail": "image/jpeg",
}
_SANDBOXED = "default-src 'none'; sandbox"


class Files:
    """Gives out files by their id.

    What a visitor has dropped is never shown by the browser as a page: the type is ours, not
    theirs, and anything else than sound and pictures is only to be saved.

    Args:
        files: Where they are.
        audio: Measures them.
    """

    def __init__(self, files: FileStore, audio: PageAudio) -> None:
        self._files = files
        self._audio = audio

    async def content(self, request: web.Request) -> web.StreamResponse:
        """Give the bytes, or the range of them that is asked for."""
        stored, content = self._find(request)
        try:
            wanted = request.http_range
        except ValueError as error:
            raise web.HTTPRequestRangeNotSatisfiable from error
        start, end, _ = wanted.indices(len(content))
        response = web.Response(
            body=content[start:end],
            status=200 if wanted == slice(None, None, 1) else 206,
            content_type=_TYPES.get(stored.kind, "application/octet-stream"),
            headers={"Content-Security-Policy": _SANDBOXED, "Accept-Ranges": "bytes"},
        )
        if response.status == web.HTTPPartialContent.status_code:
            if start >= end:
                raise web.HTTPRequestRangeNotSatisfiable
            response.headers["Content-Range"] = f"bytes {start}-{end - 1}/{len(content)}"
        if stored.kind not in _TYPES:
            response.headers["Content-Disposition"] = "attachment"
        return response

    async def wave(self, request: web.Request) -> web.StreamResponse:
        """Give `seconds` and `bars`, a hundred levels from 0 to 100; no bars without sound."""
        _, content = self._find(request)
        measured = await self._audio.measure(content)
        if measured is None:
            return web.json_response({"seconds": 0, "bars": []})
        return web.json_response({"seconds": measured.seconds, "bars": measured.waveform})

    def _find(self, request: web.Request) -> tuple[StoredFile, bytes]:
        stored = self._files.find(request.match_info["id"])
        if stored is None or stored.content is None:
            raise web.HTTPNotFound
        return stored, stored.content
