"""What a killed process leaves half written, and what is only being written."""

import os
import time
from pathlib import Path

from tests.support.bot_kit import World, until


async def test_only_what_was_left_behind_is_dropped(outside: World) -> None:
    left: list[Path] = []
    fresh: list[Path] = []
    for folder in ("made", "recordings"):
        (outside.data / folder).mkdir(parents=True)
        for name, age, into in ((".1-1.mp3.x.part", 4000, left), ("2-y.part", 60, fresh)):
            path = outside.data / folder / name
            path.write_bytes(b"ID3")
            os.utime(path, (time.time() - age,) * 2)
            into.append(path)
    await outside.start(keep_recordings=0)
    await until(lambda: not any(path.exists() for path in left))
    assert all(path.exists() for path in fresh)
