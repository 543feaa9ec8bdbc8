"""The child processes: they answer, they die alone, and nothing outlives the bot."""

import asyncio
import io
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from PIL import Image

from bot.audio import AudioProcessor, Limits, Prepared, Unusable
from bot.audio.isolation import runners
from bot.model import Flaw, Hint
from tests.support.audio_material import encoded, silence, tone

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks at processes in /proc")
LIMITS = Limits()


@pytest.fixture
async def processor() -> AsyncIterator[AudioProcessor]:
    processor = AudioProcessor(at_once=2)
    yield processor
    await processor.aclose()


@pytest.fixture
def stuck(tmp_path: Path) -> Path:
    """A recording whose reading never ends."""
    path = tmp_path / "stuck"
    os.mkfifo(path)
    return path


@pytest.fixture
def track(tmp_path: Path) -> Path:
    path = tmp_path / "track.mp3"
    path.write_bytes(encoded(tone(12)))
    return path


def alive(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def fork_server(processor: AudioProcessor) -> int:
    assert isinstance(processor._workers, runners.ForkedWorkers)
    process = processor._workers._process
    return process.pid if process else 0


def children(process: int) -> list[int]:
    try:
        listed = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    except FileNotFoundError:
        return []
    return [child for child in map(int, listed) if alive(child)]


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def environment(process: int) -> bytes:
    return Path(f"/proc/{process}/environ").read_bytes()


def bounds(process: int) -> dict[str, str]:
    """The soft limits of a process."""
    lines = Path(f"/proc/{process}/limits").read_text().splitlines()[1:]
    return {line[:26].strip(): line[26:].split()[0] for line in lines}


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 - other processes set no event
            await asyncio.sleep(0.01)


@asynccontextmanager
async def job_at_work(
    processor: AudioProcessor, stuck: Path
) -> AsyncIterator[tuple[asyncio.Task[Prepared], int]]:
    task = asyncio.create_task(processor.prepare(stuck, stuck.with_name("into.mp3"), LIMITS))
    await until(lambda: children(fork_server(processor)))
    yield task, children(fork_server(processor))[0]
    assert names(stuck.parent) == ["stuck"]


async def test_prepares_while_others_go_on(processor: AudioProcessor, tmp_path: Path) -> None:
    source, into = tmp_path / "note.ogg", tmp_path / "note.mp3"
    source.write_bytes(encoded(tone(60), "ogg", "libopus", rate=48_000))
    turns = 0
    task = asyncio.create_task(processor.prepare(source, into, LIMITS))
    while not task.done():
        await asyncio.sleep(0.001)
        turns += 1
    found = await task
    assert turns > 50
    assert found.seconds == pytest.approx(60, abs=0.1)
    assert found.size == into.stat().st_size
    assert found.hints == ()
    assert names(tmp_path) == ["note.mp3", "note.ogg"]


async def test_hints_and_flaws_come_back_as_what_they_are(
    processor: AudioProcessor, tmp_path: Path
) -> None:
    source, into = tmp_path / "in", tmp_path / "out"
    source.write_bytes(encoded(tone(12, gain=0.008)))
    assert (await processor.prepare(source, into, LIMITS)).hints == (Hint.QUIET,)
    source.write_bytes(encoded(silence(12)))
    into.write_bytes(b"what was there")
    with pytest.raises(Unusable) as refusal:
        await processor.prepare(source, into, LIMITS)
    assert refusal.value.flaw is Flaw.SILENT
    assert "dBFS" in refusal.value.detail
    assert into.read_bytes() == b"what was there"


async def test_inspects_a_track(processor: AudioProcessor, track: Path) -> None:
    found = await processor.inspect(track)
    assert found.seconds == pytest.approx(12, abs=0.1)
    assert len(found.waveform) == 100
    assert max(found.waveform) == 100
    assert min(found.waveform) >= 0
    assert len(found.cover) < 200_000
    with Image.open(io.BytesIO(found.cover)) as cover:
        assert cover.format == "JPEG"
        assert cover.size == (320, 320)
        assert len(cover.getcolors(320 * 320) or ()) > 100


@pytest.mark.parametrize("content", [b"", b"\x89PNG....", b"not a track" * 100])
async def test_what_is_no_track_is_unreadable(
    processor: AudioProcessor, tmp_path: Path, content: bytes
) -> None:
    (tmp_path / "track").write_bytes(content)
    with pytest.raises(Unusable) as refusal:
        await processor.inspect(tmp_path / "track")
    assert refusal.value.flaw is Flaw.UNREADABLE


async def test_files_that_cannot_be_used_are_no_flaw_of_the_recording(
    processor: AudioProcessor, tmp_path: Path, track: Path
) -> None:
    with pytest.raises(FileNotFoundError):
        await processor.inspect(tmp_path / "nothing")
    with pytest.raises(FileNotFoundError):
        await processor.prepare(track, tmp_path / "nowhere" / "into.mp3", LIMITS)


async def test_a_killed_child_takes_nobody_along(processor: AudioProcessor, stuck: Path) -> None:
    async with job_at_work(processor, stuck) as (task, child):
        before = fork_server(processor)
        os.kill(child, signal.SIGSEGV)
        with pytest.raises(Unusable) as refusal:
            await task
    assert refusal.value.flaw is Flaw.UNREADABLE
    assert refusal.value.detail == "its process died"
    async with job_at_work(processor, stuck) as (task, _):
        assert fork_server(processor) == before
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_cancelling_kills_the_child(processor: AudioProcessor, stuck: Path) -> None:
    async with job_at_work(processor, stuck) as (task, child):
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await until(lambda: not alive(child))
    assert alive(fork_server(processor))


async def test_the_deadline_kills_the_child(stuck: Path) -> None:
    processor = AudioProcessor(deadline=0.5)
    await processor.warm()
    try:
        async with job_at_work(processor, stuck) as (task, child):
            with pytest.raises(Unusable) as refusal:
                await task
            await until(lambda: not alive(child))
    finally:
        await processor.aclose()
    assert refusal.value.flaw is Flaw.UNREADABLE
    assert refusal.value.detail == "not done in 0.5 s"


async def test_a_child_is_bounded(processor: AudioProcessor, stuck: Path) -> None:
    expected = {
        "Max cpu time": "45",
        "Max address space": str(400 << 20),
        "Max file size": str(64 << 20),
        "Max core file size": "0",
    }
    async with job_at_work(processor, stuck) as (task, child):
        await until(lambda: expected.items() <= bounds(child).items())
        assert os.getpriority(os.PRIO_PROCESS, child) >= 10
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_no_more_at_once_than_allowed(stuck: Path) -> None:
    processor, seen = AudioProcessor(at_once=1, deadline=0.4), []
    await processor.warm()
    jobs = asyncio.gather(*(processor.inspect(stuck) for _ in range(3)), return_exceptions=True)
    while not jobs.done():
        seen.append(len(children(fork_server(processor))))
        await asyncio.sleep(0.01)
    await processor.aclose()
    assert max(seen) == 1
    assert [str(end) for end in await jobs] == ["unreadable: not done in 0.4 s"] * 3


async def test_preparing_leaves_a_place_to_inspecting(
    processor: AudioProcessor, stuck: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    made = tmp_path_factory.mktemp("tracks") / "made.mp3"
    made.write_bytes(encoded(tone(12)))
    async with job_at_work(processor, stuck) as (task, _):
        waiting = asyncio.create_task(processor.prepare(stuck, stuck.with_name("x"), LIMITS))
        assert (await processor.inspect(made)).seconds > 11
        assert not waiting.done()
        for each in (task, waiting):
            each.cancel()
            with pytest.raises(asyncio.CancelledError):
                await each


async def test_closing_ends_every_process_and_blames_no_recording(stuck: Path) -> None:
    processor = AudioProcessor()
    async with job_at_work(processor, stuck) as (task, child):
        process = fork_server(processor)
        await processor.aclose()
        with pytest.raises(ChildProcessError):
            await task
        await until(lambda: not alive(child) and not alive(process))


async def test_a_dead_fork_server_is_replaced(processor: AudioProcessor, track: Path) -> None:
    await processor.inspect(track)
    before = fork_server(processor)
    os.kill(before, signal.SIGKILL)
    results = await asyncio.gather(*(processor.inspect(track) for _ in range(3)))
    assert [round(found.seconds) for found in results] == [12] * 3
    assert fork_server(processor) != before


async def test_a_cancelled_start_leaves_nothing(track: Path) -> None:
    processor = AudioProcessor()
    task = asyncio.create_task(processor.warm())
    await until(lambda: fork_server(processor))
    process = fork_server(processor)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await until(lambda: not alive(process))
    assert (await processor.inspect(track)).seconds > 11
    await processor.aclose()


async def test_a_fork_server_that_cannot_start_is_said(
    monkeypatch: pytest.MonkeyPatch, processor: AudioProcessor, track: Path
) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(ChildProcessError):
        await processor.inspect(track)


async def test_children_know_no_secret(
    monkeypatch: pytest.MonkeyPatch, processor: AudioProcessor
) -> None:
    monkeypatch.setenv("TELEGRAM_TOKEN", "12345:secret")
    await processor.warm()
    assert b"PYTHONPATH" in environment(fork_server(processor))
    assert b"secret" not in environment(fork_server(processor))


async def test_nothing_outlives_a_killed_bot(stuck: Path) -> None:
    code = (
        "import asyncio, sys; from pathlib import Path; from bot.audio import *\n"
        "async def main():\n"
        "    processor = AudioProcessor(); await processor.warm()\n"
        "    print(processor._workers._process.pid, flush=True)\n"
        "    await processor.inspect(Path(sys.argv[1]))\n"
        "asyncio.run(main())"
    )
    with subprocess.Popen(  # noqa: ASYNC220 - it is only started here
        [sys.executable, "-c", code, str(stuck)], stdout=subprocess.PIPE, text=True
    ) as bot:
        assert bot.stdout is not None
        process = int(bot.stdout.readline())
        await until(lambda: children(process))
        child = children(process)[0]
        bot.kill()
    await until(lambda: not alive(child) and not alive(process))


async def test_importing_loads_no_decoder() -> None:
    code = "import sys, bot.audio; print({'av', 'numpy', 'PIL'} & set(sys.modules))"
    asked = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, stdout=asyncio.subprocess.PIPE
    )
    assert (await asked.communicate())[0] == b"set()\n"


async def test_fresh_interpreters_do_the_same_work(track: Path, stuck: Path) -> None:
    processor = AudioProcessor()
    processor._workers = runners.FreshWorkers(20)
    await processor.warm()
    assert (await processor.inspect(track)).seconds > 11
    task = asyncio.create_task(processor.inspect(stuck))
    await asyncio.sleep(0.2)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await until(lambda: not children(os.getpid()))
    await processor.aclose()
