"""The table, in Markdown."""

import os
import platform
import statistics
from collections.abc import Sequence
from importlib.metadata import version

from benchmarks.start import Starts
from benchmarks.throughput import Rates
from benchmarks.tracks import Answers, Tracks, p99

_HEAVIEST = 5


def table(rates: Rates, tracks: Tracks, starts: Starts) -> str:
    rows = [
        ("", "measured", "goal", "beside it"),
        ("---", "---:", "---:", "---"),
        _rates(rates),
        *_help(tracks),
        _overheads(tracks.overheads),
        _memory(tracks),
        *_starts(starts),
    ]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def conditions(before: float | None, after: float | None, seconds: float, *, quick: bool) -> str:
    """On what, and how busy it was."""
    load = "" if before is None else f", load average {before:.1f} before, {after:.1f} after"
    return (
        f"{os.cpu_count()} cores shared by bot, sandbox and load, {platform.system()}"
        f" {platform.machine()}, Python {platform.python_version()},"
        f" python-telegram-bot {version('python-telegram-bot')}{load};"
        f" {'a quick run' if quick else 'a full run'} of {seconds:.0f} s."
    )


def _rates(rates: Rates) -> tuple[str, ...]:
    pairs = [ours / theirs for ours, theirs in zip(rates.refrain, rates.echo, strict=True)]
    ours, theirs = statistics.median(rates.refrain), statistics.median(rates.echo)
    beside = (
        f"{ours:.0f} ({_span(rates.refrain)}) to {theirs:.0f} ({_span(rates.echo)});"
        f" {len(pairs)} rounds in turn, 300 chats"
    )
    what = "(a) updates answered a second, against an echo bot of stock PTB"
    return what, f"{statistics.median(pairs):.1f} times", "1, better 2", beside


def _help(tracks: Tracks) -> list[tuple[str, ...]]:
    generating = (
        f"(b) /help, p99, while 10-minute files are prepared and {tracks.tracks} tracks generated"
    )
    idle = _ms(p99(tracks.idle.seconds))
    preparing = f"preparing {tracks.generating.preparing:.0%} of the time; an idle bot: {idle}"
    return [
        _answers(generating, tracks.generating, preparing),
        _answers(
            f"(b) /help, p99, while those {tracks.tracks} are delivered in one wave",
            tracks.wave,
            f"the wave took {tracks.wave.took:.0f} s",
        ),
    ]


def _answers(what: str, answers: Answers, more: str) -> tuple[str, ...]:
    beside = (
        f"median {_ms(statistics.median(answers.seconds))} of {len(answers.seconds)}, worst"
        f" {_ms(max(answers.seconds))}; {more};"
        f" the sandbox itself was {_ms(p99(answers.lag))} late (p99)"
    )
    return what, _ms(p99(answers.seconds)), "100 ms", beside


def _overheads(overheads: list[float]) -> tuple[str, ...]:
    what = "(c) Create to delivered, less the API's own time, median"
    beside = f"{_span(overheads, 1000)} ms, {len(overheads)} times; a track of 60 s, 1.9 MB"
    return what, _ms(statistics.median(overheads)), "250 ms", beside


def _memory(tracks: Tracks) -> tuple[str, ...]:
    beside = (
        f"before Create {_mb(tracks.peak_at_rest)}, generating {_mb(tracks.peak_generating)};"
        f" its children add at most {tracks.children:.0f} MB"
    )
    what = f"(d) peak memory of the bot's process, {tracks.tracks} tracks in flight"
    return what, _mb(tracks.peak_wave), "250 MB", beside


def _starts(starts: Starts) -> list[tuple[str, ...]]:
    ours, theirs = statistics.median(starts.refrain), statistics.median(starts.echo)
    greeted = statistics.median(starts.greeting), statistics.median(starts.echo_greeting)
    beside = (
        f"echo bot {theirs:.0f} ms; Refrain's very first start, which makes the database:"
        f" {statistics.median(starts.first):.0f} ms"
    )
    where = _where(starts, (ours, greeted[0]), (theirs, greeted[1]))
    return [
        ("(e) start to first getUpdates", _ms(ours / 1000), "", beside),
        ("(e) where it goes", "", "", where),
    ]


def _where(starts: Starts, ours: tuple[float, float], theirs: tuple[float, float]) -> str:
    """Where the time goes: `ours` and `theirs` are milliseconds to getUpdates and to getMe."""
    return (
        f"until getMe {ours[1]:.0f} ms (echo bot {theirs[1]:.0f}), from there"
        f" {ours[0] - ours[1]:.0f} ({theirs[0] - theirs[1]:.0f}); importing"
        f" {sum(starts.imports.values()):.0f} ms: {_heaviest(starts.imports)}"
        f" (echo bot {sum(starts.echo_imports.values()):.0f} ms:"
        f" {_heaviest(starts.echo_imports)})"
    )


def _heaviest(imports: dict[str, float]) -> str:
    first = sorted(imports.items(), key=lambda item: -item[1])[:_HEAVIEST]
    return ", ".join(f"{name} {spent:.0f}" for name, spent in first)


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms"


def _mb(megabytes: float | None) -> str:
    return "unknown here" if megabytes is None else f"{megabytes:.0f} MB"


def _span(values: Sequence[float], scale: float = 1) -> str:
    return f"{min(values) * scale:.0f}-{max(values) * scale:.0f}"
