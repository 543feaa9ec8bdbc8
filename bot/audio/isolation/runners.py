"""The bot's side of its audio processes: hand out a job, wait for its answer, kill it."""

import asyncio
import os
import socket
import sys
from contextlib import suppress
from pathlib import Path
from typing import Protocol

_CHUNK = 65_536
_LONGEST_ANSWER = 1 << 20  # bytes; a cover has 20 kB
_START_SECONDS = 30.0
_DYING_SECONDS = 2.0
_INHERITED = ("PATH", "SYSTEMROOT", "TEMP", "TMP", "TMPDIR", "LANG", "LC_ALL")
_INHERITED_PREFIXES = ("PYTHON", "COVERAGE", "LD_", "DYLD_")


class Workers(Protocol):
    """A way to have jobs done in processes that live for one job."""

    async def warm(self) -> None:
        """Get ready for the first job; harmless at any time."""

    async def do(self, job: bytes) -> bytes:
        """Return the answer to a job; nothing when its process died. Cancelling kills it.

        Raises:
            ChildProcessError: no process could be started.
        """

    async def aclose(self) -> None:
        """End every process."""


class ForkedWorkers:
    """Children of a warm process of ours (`bot.audio.isolation.fork_server`): 10 ms each."""

    def __init__(self, deadline: float) -> None:
        self._deadline = deadline
        self._process: asyncio.subprocess.Process | None = None
        self._control: socket.socket | None = None
        self._changing = asyncio.Lock()
        self._closed = False

    async def warm(self) -> None:
        """Start the warm process, if it does not run.

        Raises:
            ChildProcessError: it ended, or said nothing for 30 s.
        """
        await self._ready()

    async def do(self, job: bytes) -> bytes:
        """Return the answer to a job; nothing when its child died. Cancelling kills it.

        Raises:
            ChildProcessError: the warm process could not be started, died twice, or was ended.
        """
        for _ in range(2):
            control = await self._ready()
            answer = await _ask(control, job)
            if answer or _is_open(control):
                return answer
        raise ChildProcessError("the audio process keeps dying")

    async def aclose(self) -> None:
        """End the warm process, and with it every child."""
        self._closed = True
        async with self._changing:
            await self._end()

    async def _ready(self) -> socket.socket:
        async with self._changing:
            if self._closed:
                raise ChildProcessError("the audio processor is closed")
            if self._control is not None and _is_open(self._control):
                return self._control
            await self._end()
            self._control, theirs = socket.socketpair()
            try:
                with theirs:
                    await self._start(theirs.fileno())
                await self._await_greeting(self._control)
            except BaseException:
                await self._end()
                raise
            return self._control

    async def _start(self, end: int) -> None:
        self._process = await _python(
            "bot.audio.isolation.fork_server", str(end), str(self._deadline), handed=(end,)
        )

    async def _await_greeting(self, control: socket.socket) -> None:
        control.settimeout(0)
        try:
            async with asyncio.timeout(_START_SECONDS):
                ready = await asyncio.get_running_loop().sock_recv(control, 1)
        except TimeoutError as error:
            raise ChildProcessError("the audio process did not start in time") from error
        if not ready:
            raise ChildProcessError("the audio process did not start")
        control.settimeout(None)

    async def _end(self) -> None:
        """Close the control socket; the fork server kills its children and ends by itself."""
        control, self._control = self._control, None
        process, self._process = self._process, None
        if control is not None:
            control.close()
        if process is not None:
            await _wait_for_end(process)


class FreshWorkers:
    """A new interpreter for each job, for systems that cannot fork: 200 ms each."""

    def __init__(self, deadline: float) -> None:
        self._deadline = deadline

    async def warm(self) -> None:
        """Nothing can be kept warm here."""

    async def do(self, job: bytes) -> bytes:
        """Return the answer to a job; nothing when its process died. Cancelling kills it."""
        pipe = asyncio.subprocess.PIPE
        process = await _python("bot.audio.isolation.job", str(self._deadline), pipe=pipe)
        try:
            return (await process.communicate(job))[0]
        finally:
            if process.returncode is None:
                process.kill()
                await _wait_for_end(process)

    async def aclose(self) -> None:
        """Nothing outlives its job."""


def best(deadline: float) -> Workers:
    """Return the quickest workers this system has; `deadline` is in seconds."""
    return FreshWorkers(deadline) if sys.platform == "win32" else ForkedWorkers(deadline)


async def _python(
    module: str,
    *arguments: str,
    pipe: int = asyncio.subprocess.DEVNULL,
    handed: tuple[int, ...] = (),
) -> asyncio.subprocess.Process:
    """Start a module of ours, without the bot's secrets in its environment.

    It will read what strangers send. One thread is enough for it: there are as many of these
    at work as there are cores. In a session of its own no Ctrl-C reaches it: that is the bot's.
    """
    environment = {
        name: value
        for name, value in os.environ.items()
        if name in _INHERITED or name.startswith(_INHERITED_PREFIXES)
    }
    home = str(Path(__file__).parents[3])
    path = filter(None, (home, environment.get("PYTHONPATH")))
    environment |= {
        "PYTHONPATH": os.pathsep.join(path),
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }
    return await asyncio.create_subprocess_exec(
        sys.executable,
        *("-P", "-m", module, *arguments),
        stdin=pipe,
        stdout=pipe,
        env=environment,
        pass_fds=handed,
        start_new_session=True,
    )


async def _ask(control: socket.socket, job: bytes) -> bytes:
    """Send a job and one end of a socket pair; read the answer from the other.

    A job has a kilobyte and the fork server does nothing slow: sending does not block.
    """
    ours, theirs = socket.socketpair()
    with ours:
        with theirs:
            try:
                socket.send_fds(control, [len(job).to_bytes(4, "big")], [theirs.fileno()])
                control.sendall(job)
            except OSError:  # the fork server is gone; no answer will say so
                return b""
        try:
            return await _read_all(ours)
        except asyncio.CancelledError:  # the child is to be gone before its place is
            with suppress(TimeoutError, OSError):
                ours.shutdown(socket.SHUT_WR)
                async with asyncio.timeout(_DYING_SECONDS):
                    await _read_all(ours)
            raise


def _is_open(control: socket.socket) -> bool:
    """Whether both ends of a socket on which nothing is said are open."""
    try:
        return bool(control.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT))
    except BlockingIOError:
        return True
    except OSError:
        return False


async def _wait_for_end(process: asyncio.subprocess.Process) -> None:
    try:
        async with asyncio.timeout(_DYING_SECONDS):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()


async def _read_all(end: socket.socket) -> bytes:
    """Read to the end of the stream; nothing, when there is far too much."""
    end.settimeout(0)
    parts = bytearray()
    loop = asyncio.get_running_loop()
    while part := await loop.sock_recv(end, _CHUNK):
        parts += part
        if len(parts) > _LONGEST_ANSWER:
            return b""
    return bytes(parts)
