"""One warm audio process for all bots of a test process: starting one takes 0.3 s."""

import socket
import subprocess
import sys
from typing import ClassVar

from bot.audio.isolation import runners


class SharedWorkers(runners.ForkedWorkers):
    """The real workers, whose warm process outlives the bot that has used it.

    It ends with this process, which closes the socket between them.
    """

    _shared: ClassVar[socket.socket | None] = None
    _server: ClassVar[subprocess.Popen[bytes] | None] = None

    async def aclose(self) -> None:
        """Take no more jobs; the warm process stays for the next bot."""
        self._closed = True

    async def _ready(self) -> socket.socket:
        if self._closed:
            raise ChildProcessError("the audio processor is closed")
        if SharedWorkers._shared is None or not runners._is_open(SharedWorkers._shared):
            SharedWorkers._shared, SharedWorkers._server = _started(self._deadline)
        return SharedWorkers._shared


def _started(deadline: float) -> tuple[socket.socket, subprocess.Popen[bytes]]:
    ours, theirs = socket.socketpair()
    module = "bot.audio.isolation.fork_server"
    with theirs:
        server = subprocess.Popen(
            [sys.executable, "-P", "-m", module, str(theirs.fileno()), str(deadline)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            pass_fds=(theirs.fileno(),),
            start_new_session=True,
        )
    ours.settimeout(30)
    if not ours.recv(1):
        raise ChildProcessError("the audio process did not start")
    ours.settimeout(None)
    return ours, server
