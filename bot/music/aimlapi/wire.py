"""What AI/ML API's music-01 sends and takes on the wire (docs/facts/music-01.md, §1-§3).

Only what is needed is believed: a field of the wrong type counts as absent, unknown fields are
ignored, and both spellings of `extra_info` are read though nothing relies on them. JSON is read
within limits, and every text that is kept is short and printable.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    AliasChoices,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)

from bot.untrusted import Untrustworthy, clamped, name_of, printable, read_json

CREDITS_PER_USD = 2_000_000

ANSWER = 1 << 24
"""Bytes that an answer may have; one with a track has four million."""

_AUDIO = re.compile(rb'"audio"\s*:\s*"')
_LONG = 1 << 16
_DIGITS = 10
_MOST = 10**9  # what no honest number exceeds: a code, a count, an amount
_ID = 128
_ADDRESS = 2048


def _or_none(value: Any, inner: ValidatorFunctionWrapHandler) -> Any:
    try:
        return inner(value)
    except ValidationError:
        return None


def _number(value: Any) -> Any:
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < _DIGITS:
        return int(value)
    return value


def _code(value: Any) -> Any:
    """A number as it is; what is neither absent nor a number that fits is -1, which none is."""
    number = _number(value)
    fits = isinstance(number, int) and not isinstance(number, bool) and abs(number) < _MOST
    return number if number is None or fits else -1


def _short(longest: int) -> AfterValidator:
    """Text that is short and printable, without white space; any other counts as absent."""

    def check(value: str | None) -> str | None:
        if value is None or value != printable(value, longest) or " " in value:
            return None
        return value

    return AfterValidator(check)


Loose = WrapValidator(_or_none)
LooseText = Annotated[str | None, Loose]
"""Text to be compared, and neither kept nor logged."""
LooseId = Annotated[str | None, _short(_ID), Loose]
LooseAddress = Annotated[str | None, _short(_ADDRESS), Loose]
LooseCount = Annotated[Annotated[int, Field(ge=-_MOST, le=_MOST)] | None, Loose]
LooseAmount = Annotated[Annotated[float, Field(ge=0, le=_MOST)] | None, Loose]
"""Dollars, or another currency."""
Code = Annotated[int | None, Loose, BeforeValidator(_code)]


class Wire(BaseModel):
    """Base of everything on the wire; its errors never quote what came."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    @classmethod
    def parse(cls, body: bytes | bytearray) -> Self | None:
        """Read a body of JSON; None if it is none, not an object, or beyond all measure."""
        try:
            return cls.model_validate(read_json(body, most_bytes=ANSWER))
        except (Untrustworthy, ValidationError):
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

    @property
    def code(self) -> int | None:
        """The provider's own number, 0 for success; None where the provider says nothing."""
        return self.base_resp.status_code if self.base_resp else None


class UploadAnswer(Envelope):
    """Answer to an upload."""

    voice_id: LooseId = None
    instrumental_id: LooseId = None


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

    current_balance: Annotated[Annotated[float, Field(ge=-_MOST, le=_MOST)] | None, Loose] = None
    currency: LooseId = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the answer's headers say about a call.

    Attributes:
        inference_id: The provider's name for the call.
        credits: Spent, in the provider's unit.
        usd: Spent, as said or reckoned from the credits.
    """

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
        return cls(name_of(headers.get("x-inference-id")), spent, usd)


def _amount(text: str | None) -> float | None:
    amount = clamped(text, -1, _MOST, otherwise=-1)
    return amount if 0 <= amount < _MOST else None
