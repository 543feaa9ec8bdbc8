"""What AI/ML API's music-01 sends and takes, as it stands on the wire (facts: music-01, §1-§3).

Only what is needed is believed: a field of the wrong type counts as absent, unknown fields are
ignored, and both spellings of `extra_info` are read though nothing relies on them.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Self

from pydantic import (
    AliasChoices,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)

CREDITS_PER_USD = 2_000_000

_AUDIO = re.compile(rb'"audio"\s*:\s*"')
_LONG = 1 << 16
_DIGITS = 10


def _or_none(value: Any, inner: ValidatorFunctionWrapHandler) -> Any:
    try:
        return inner(value)
    except ValidationError:
        return None


def _number(value: Any) -> Any:
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < _DIGITS:
        return int(value)
    return value


Loose = WrapValidator(_or_none)
LooseText = Annotated[str | None, Loose]
LooseCount = Annotated[int | None, Loose]
Code = Annotated[int | str | None, Loose, BeforeValidator(_number)]


class Wire(BaseModel):
    """Base of everything on the wire; its errors never quote what came."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    @classmethod
    def parse(cls, body: bytes | bytearray) -> Self | None:
        """Read a body of JSON; None if it is none, or not an object."""
        try:
            return cls.model_validate_json(body)
        except ValidationError:
            return None


class BaseResp(Wire):
    """The provider's own verdict; 0 is success."""

    status_code: Code = None
    status_msg: LooseText = None


class Envelope(Wire):
    """What any answer may hold, good or bad."""

    base_resp: Annotated[BaseResp | None, Loose] = None
    trace_id: LooseText = None
    status_code: Code = Field(default=None, alias="statusCode")
    message: LooseText = None
    request_id: LooseText = Field(default=None, alias="requestId")


class UploadAnswer(Envelope):
    """Answer to an upload."""

    voice_id: LooseText = None
    instrumental_id: LooseText = None


class ExtraInfo(Wire):
    """What is said about a track, in either spelling; unreliable, for the log alone."""

    milliseconds: LooseCount = Field(
        default=None, validation_alias=AliasChoices("audio_length", "music_duration")
    )
    size: LooseCount = Field(
        default=None, validation_alias=AliasChoices("audio_size", "music_size")
    )
    bitrate: LooseCount = Field(
        default=None, validation_alias=AliasChoices("audio_bitrate", "bitrate")
    )
    sample_rate: LooseCount = Field(
        default=None, validation_alias=AliasChoices("audio_sample_rate", "music_sample_rate")
    )
    channels: LooseCount = Field(default=None, validation_alias="music_channel")


class Data(Wire):
    """The track: hexadecimal text, or an address."""

    audio: LooseText = Field(default=None, repr=False)
    status: LooseCount = None


class GenerateAnswer(Envelope):
    """Answer to a paid call."""

    data: Annotated[Data | None, Loose] = None
    extra_info: Annotated[ExtraInfo | None, Loose] = None

    @classmethod
    def read(cls, body: bytearray) -> tuple[Self, str | memoryview]:
        """Read an answer and its audio; what cannot be read counts as an empty one.

        Four million digits are cut out before the rest is parsed, which spares a copy of them
        and 5 ms in which nothing else could run. Where the cut does not leave an answer whose
        audio is empty, it was the wrong one, and all is parsed.

        Returns:
            The answer, and the text of its audio: empty where there is none.
        """
        span = _long_audio(body)
        if span is not None:
            told = cls.parse(body[: span.start] + body[span.stop :])
            if told is not None and told.data is not None and told.data.audio == "":
                return told, memoryview(body)[span]
        told = cls.parse(body) or cls()
        return told, (told.data and told.data.audio) or ""


def _long_audio(body: bytearray) -> slice | None:
    """Find where a text named audio stands, if it is long and nothing in it is escaped."""
    opening = _AUDIO.search(body)
    if opening is None:
        return None
    start = opening.end()
    stop = body.find(b'"', start)
    if stop - start < _LONG or body.find(b"\\", start, stop) >= 0:
        return None
    return slice(start, stop)


class AudioSetting(Wire):
    """The form the track comes in: hertz, bits a second, container."""

    sample_rate: int = 44_100
    bitrate: int = 256_000
    format: str = "mp3"


class GenerateRequest(Wire):
    """A paid call; dump it without what is None."""

    model: str
    lyrics: str = Field(repr=False)
    refer_voice: str | None = None
    refer_instrumental: str | None = None
    audio_setting: AudioSetting = AudioSetting()


class Model(Wire):
    """One line of the provider's list."""

    id: LooseText = None
    aliases: Annotated[list[LooseText] | None, Loose] = None


class ModelList(Wire):
    """Everything the provider sells."""

    data: list[Annotated[Model | None, Loose]]

    def offers(self, model: str) -> bool:
        """Tell whether a model is sold, under its name or another one."""
        return any(m and (m.id == model or model in (m.aliases or ())) for m in self.data)


class Balance(Wire):
    """What is left on the account."""

    current_balance: Annotated[float | None, Loose] = None
    currency: LooseText = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the answer's headers say about a call.

    Attributes:
        client_id: Our own request id, as echoed.
        inference_id: The provider's name for the call.
        credits: Spent, in the provider's unit.
        usd: Spent, as said or reckoned from the credits.
    """

    client_id: str | None
    inference_id: str | None
    credits: float | None
    usd: float | None

    @classmethod
    def of(cls, headers: Mapping[str, str]) -> "Receipt":
        """Read the headers of an answer; nonsense counts as absent."""
        spent = _amount(headers.get("x-aimlapi-credits-used"))
        usd = _amount(headers.get("x-aimlapi-usd-spent"))
        if usd is None and spent is not None:
            usd = spent / CREDITS_PER_USD
        inference = headers.get("x-inference-id")
        return cls(headers.get("x-client-request-id"), inference and inference[:128], spent, usd)


def _amount(text: str | None) -> float | None:
    try:
        amount = float(text or "")
    except ValueError:
        return None
    return amount if math.isfinite(amount) and amount >= 0 else None
