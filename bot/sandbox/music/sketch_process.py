"""Making sketches in a process of their own, once for the same order."""

import asyncio
import hashlib
import multiprocessing
import signal
from collections import OrderedDict
from concurrent.futures import BrokenExecutor, ProcessPoolExecutor

_KEPT = 32
_LONGEST = 120.0


def make(
    voice: bytes | None, beat: bytes | None, lyrics: str, sample_rate: int, bitrate: int
) -> bytes:
    """Make one sketch; runs in the child."""
    from bot.sandbox.synthesis import sketch  # noqa: PLC0415  numpy and the encoder load in the child only

    made: bytes = sketch.make(
        voice=voice, beat=beat, lyrics=lyrics, sample_rate=sample_rate, bitrate=bitrate
    )
    return made


class SketchProcess:
    """Makes tracks out of recordings; owns the process that does it."""

    def __init__(self) -> None:
        self._pool: ProcessPoolExecutor | None = None
        self._made: OrderedDict[tuple[object, ...], asyncio.Future[bytes]] = OrderedDict()

    async def track(
        self,
        voice: bytes | None,
        beat: bytes | None,
        *,
        lyrics: str,
        sample_rate: int,
        bitrate: int,
    ) -> bytes:
        """Return the sketch of an order, made now or before.

        Args:
            voice: A recording that lends its voice, if any.
            beat: A recording that lends its accompaniment, if any.
            lyrics: What the sketch hums to.
            sample_rate: Hertz.
            bitrate: Bits a second.

        Raises:
            TimeoutError: It took two minutes.
            BrokenExecutor: The child was killed; the next order gets a new one.
        """
        key = (_digest(voice), _digest(beat), lyrics, sample_rate, bitrate)
        future = self._made.get(key)
        if future is None or (future.done() and (future.cancelled() or future.exception())):
            pool = self._pool = self._pool or ProcessPoolExecutor(
                max_workers=1,
                mp_context=multiprocessing.get_context("spawn"),
                initializer=signal.signal,  # Ctrl-C is said to the whole terminal; we end it
                initargs=(signal.SIGINT, signal.SIG_IGN),
            )
            loop = asyncio.get_running_loop()
            future = loop.run_in_executor(pool, make, voice, beat, lyrics, sample_rate, bitrate)
            self._made[key] = future
            while len(self._made) > _KEPT:
                self._made.popitem(last=False)
        try:
            return await asyncio.wait_for(asyncio.shield(future), _LONGEST)
        except BrokenExecutor:
            self._pool = None  # a child that was killed takes its pool along
            raise

    def close(self) -> None:
        """End the process; what it is at is given up."""
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)


def _digest(data: bytes | None) -> bytes | None:
    return None if data is None else hashlib.sha256(data).digest()
