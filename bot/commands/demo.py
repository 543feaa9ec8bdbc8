"""`refrain demo`: the whole bot on this machine, without any account."""

import argparse
import asyncio
from pathlib import Path

from rich.console import Console

from bot.model import Purpose
from bot.sandbox import samples
from bot.sandbox.play import Interrupted, play
from bot.sandbox.stage import Stage
from bot.settings import Settings
from bot.texts import texts

LATENCY = 5.0
_LYRICS = "Morning comes in slowly\nthe kettle starts to sing\n\nI hum along"


def command(settings: Settings, options: argparse.Namespace) -> int:
    """Play one conversation, print it, and leave the track."""
    return asyncio.run(_once(settings, options, Console()))


async def _once(settings: Settings, options: argparse.Namespace, console: Console) -> int:
    say = texts(None)
    if options.once and not options.once.is_file():
        console.print(say.plain("make-no-file", path=str(options.once)), style="red")
        return 1
    recording = options.once.read_bytes() if options.once else samples.song()
    name = options.once.name if options.once else "song.mp3"
    purpose = options.purpose or Purpose.SONG
    output = options.output or Path("refrain-demo.mp3")
    unset = [field.upper() for field in type(settings).model_fields]
    async with Stage(unset=unset, latency=LATENCY) as stage:
        person = stage.telegram.person(id=Stage.OWNER)
        try:
            track = await play(person, recording, name, purpose, options.lyrics or _LYRICS)
        except Interrupted:
            track = None
        console.print(person.transcript(), markup=False, highlight=False)
    if track is None or track.file is None or track.file.content is None:
        return 1
    output.write_bytes(track.file.content)
    console.print(say.plain("make-done", path=str(output)), markup=False)
    return 0
