"""A stand-in for the music model: a track really made from the recordings, on this machine.

The notes of the voice become the melody, what is heard decides key and tempo, the syllables of
the lyrics the rhythm. It says what it is: a sketch, not the music model.
"""

import re
import unicodedata
from itertools import cycle, islice

import numpy as np

from bot.audio import tagged
from bot.sandbox.synthesis import analysis, instruments
from bot.sandbox.synthesis.analysis import Key
from bot.sandbox.synthesis.instruments import Mix, Note

NOTICE = "A sketch made on this machine, not the music model"

_LEAST, _MOST = 20.0, 30.0  # seconds
_TAIL = 1.2  # seconds for the last chord to ring
_BEATS = 4
_STEPS = 8  # eighths in a bar
_PROGRESSIONS = {False: (0, 4, 5, 3), True: (0, 5, 2, 6)}  # steps of the scale, by `minor`
_OWN_MELODY = (60, 64, 67, 69, 67, 64, 62, 64)  # for a voice without a single clear note
_LOW, _HIGH = 48, 72  # the range of the singer, MIDI
_VOWELS = {"a": "aаяα", "e": "eэеєε", "i": "iyиыїіιη", "o": "oоёοω", "u": "uwуюυ"}  # noqa: RUF001 - other alphabets have vowels, too
_SPOKEN = {letter: vowel for vowel, letters in _VOWELS.items() for letter in letters}
_IDEOGRAPHS = "\u2e80"  # from here on a letter is a syllable


def make(
    *,
    voice: bytes | None,
    beat: bytes | None,
    lyrics: str,
    sample_rate: int = 44_100,
    bitrate: int = 256_000,
) -> bytes:
    """Make an MP3 of 20 to 30 s; takes about half a second of processor time.

    With a beat there is an accompaniment, with a voice there is singing; both may be the same
    recording. The result is tagged as the sketch it is.

    Raises:
        bot.audio.Unusable: a recording does not decode.
        ValueError: neither a voice nor a beat.
    """
    sung = None if voice is None else analysis.heard(voice)
    played = None if beat is None else sung if beat == voice else analysis.heard(beat)
    leading = sung if played is None else played
    if leading is None:
        raise ValueError("neither a voice nor a beat")
    notes = [] if sung is None else analysis.melody(sung)
    key = analysis.key_of(analysis.weights(notes) if played is None else analysis.chroma(played))
    bar = _BEATS * 60 / analysis.tempo(leading)
    lines = syllables(lyrics)
    count = _bars(bar, len(lines))

    mix = Mix(count * bar + _TAIL)
    if played is not None:
        accompany(mix, key, bar, count)
    if sung is not None:
        score = _score(lines, notes or list(_OWN_MELODY), key, bar, count, lead=played is not None)
        mix.add(instruments.sing(score, count * bar + _TAIL), 0, 1.6)
    mp3 = instruments.encoded(mix.mastered(), "mp3", rate=sample_rate, bitrate=bitrate)
    return tagged(mp3, title=NOTICE, artist="Refrain", lyrics=lyrics, cover=b"", comment=NOTICE)


def syllables(lyrics: str) -> list[list[str]]:
    """Return the vowel of each syllable, line by line; structure tags are not sung.

    "[Verse]", a new line and "Hello there" become [["e", "o", "e", "e"]].
    """
    lines = (_sounds(line) for line in re.sub(r"\[[^\]]*\]|#", " ", lyrics).splitlines())
    return [line for line in lines if line] or [["a"] * 6]


def accompany(mix: Mix, key: Key, bar: float, count: int) -> None:
    """Play plucked chords, bass and drums for `count` bars of `bar` seconds, and a last chord."""
    step = bar / _STEPS
    for number in range(count):
        start, chord = number * bar, _chord(key, number)
        mix.add(instruments.bass(chord[0] - 24, round(bar * 0.45, 3)), start, 0.5)
        mix.add(instruments.bass(chord[0] - 24, round(bar * 0.45, 3)), start + bar / 2, 0.45)
        for eighth in range(_STEPS):
            at = start + eighth * step
            tone = chord[(0, 1, 2, 1, 3, 2, 1, 2)[eighth]]
            mix.add(instruments.pluck(tone), at, 0.16, pan=0.3 if eighth % 2 else -0.3)
            mix.add(instruments.hat(), at, 0.05 if eighth % 2 else 0.08, pan=0.2)
        for beat in (0, 2):
            mix.add(instruments.kick(), start + beat * bar / _BEATS, 0.6)
            mix.add(instruments.snare(), start + (beat + 1) * bar / _BEATS, 0.22)
    for tone in _chord(key, 0):
        mix.add(instruments.pluck(tone), count * bar, 0.2)


def _bars(bar: float, lines: int) -> int:
    """As many bars as the lines need at two each, between 20 and 30 s of them."""
    least, most = -int(-(_LEAST - _TAIL / 2) // bar), int((_MOST - _TAIL) // bar)
    return min(max(2 * lines + 1, least), most)


def _chord(key: Key, number: int) -> tuple[int, int, int, int]:
    degree = _PROGRESSIONS[key.minor][number % 4]
    scale = [*key.steps, *(12 + step for step in key.steps)]
    root = 48 + key.tonic
    low, middle, high = (root + scale[degree + third] for third in (0, 2, 4))
    return low, middle, high, low + 12


def _score(
    lines: list[list[str]], notes: list[int], key: Key, bar: float, count: int, *, lead: bool
) -> list[Note]:
    """Set the lines to the notes: a line begins with a bar and ends on a long note."""
    pitches = cycle(_placed(notes, key))
    score: list[Note] = []
    at = 1 if lead else 0
    for line in cycle(lines):
        length = max(-(-(len(line) + 2) // _STEPS), 1)
        if at + length > count:
            spare = (count - at) * _STEPS - 2
            return score + _set(line[: max(spare, 0)], pitches, key, at, bar)
        score += _set(line, pitches, key, at, bar)
        at += length
    return score


def _set(line: list[str], pitches: "cycle[int]", key: Key, at: int, bar: float) -> list[Note]:
    step = bar / _STEPS
    sung = []
    for place, (vowel, midi) in enumerate(zip(line, islice(pitches, len(line)), strict=True)):
        last = place == len(line) - 1
        fitting = _on_chord(midi, _chord(key, at + place // _STEPS)) if last or not place else midi
        length = step * (min(-(place + 1) % _STEPS, 4) + 0.9 if last else 0.97)
        sung.append(Note(at * bar + place * step, length, fitting, vowel))
    return sung


def _placed(notes: list[int], key: Key) -> list[int]:
    """Bring notes into the key and, by octaves, into the singer's range."""
    middle = float(np.median(notes))
    octave = 12 * round((60 - middle) / 12) if not _LOW < middle < _HIGH else 0
    return [_folded(key.nearest(note + octave)) for note in notes]


def _folded(midi: int) -> int:
    while midi < _LOW:
        midi += 12
    while midi > _HIGH:
        midi -= 12
    return midi


def _on_chord(midi: int, chord: tuple[int, ...]) -> int:
    around = range(midi - 4, midi + 5)
    fitting = [note for note in around if note % 12 in {tone % 12 for tone in chord}]
    return min(fitting, key=lambda note: abs(note - midi))


def _sounds(line: str) -> list[str]:
    """Return a vowel for each group of vowels, and for each sign of a script of syllables."""
    vowels: list[str] = []
    within = False
    for letter in unicodedata.normalize("NFC", line.casefold()):
        plain = unicodedata.normalize("NFKD", letter)[0]
        vowel = _SPOKEN.get(plain)
        if letter >= _IDEOGRAPHS and letter.isalpha():
            vowels.append("aeiou"[ord(letter) % 5])
        elif vowel and not within:
            vowels.append(vowel)
        within = vowel is not None
    return vowels
