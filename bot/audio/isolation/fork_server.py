"""The warm process: it has the libraries loaded and forks a fresh child for every job.

A fork takes 10 ms where a new interpreter takes 200. It is ours and not `multiprocessing`'s
fork server because that one runs the main module again in every child, cannot be owned by
anyone, and leaves a third process behind.

It is spoken to through one socket. A job is four bytes of length, the job itself, and one end
of a socket pair on which its child answers. When the other end of that pair is closed, the
child is killed; when the control socket is closed, all of them are, and it ends. So
nothing outlives the bot, whichever way the bot ends.
"""

import gc
import os
import selectors
import signal
import socket
import sys

from bot.audio.isolation.job import answer, confine

READY = b"."


def main() -> None:
    """Serve the socket whose number is the first argument; the second is the deadline."""
    control = socket.socket(fileno=int(sys.argv[1]))
    ForkServer(control, float(sys.argv[2])).serve()


class ForkServer:
    """Forks, watches and reaps; owns its children and its ends of their sockets."""

    def __init__(self, control: socket.socket, deadline: float) -> None:
        self._control = control
        self._deadline = deadline
        self._jobs: dict[int, socket.socket] = {}
        self._selector = selectors.DefaultSelector()
        self._wake_receiver, self._wake_sender = socket.socketpair()

    def serve(self) -> None:
        """Serve until the control socket is closed."""
        self._wake_sender.settimeout(0)
        signal.set_wakeup_fd(self._wake_sender.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        self._selector.register(self._control, selectors.EVENT_READ)
        self._selector.register(self._wake_receiver, selectors.EVENT_READ)
        gc.freeze()
        try:
            self._control.sendall(READY)
        except BrokenPipeError:
            return  # whoever started it has died meanwhile
        try:
            while self._handle_events():
                pass
        finally:
            for child in self._jobs:
                os.kill(child, signal.SIGKILL)

    def _handle_events(self) -> bool:
        """Deal with what has happened; return False when there is nobody left to serve."""
        for key, _ in self._selector.select():
            if key.fileobj is self._control:
                if not self._fork():
                    return False
            elif key.fileobj is self._wake_receiver:
                self._wake_receiver.recv(64)
                self._reap()
            elif key.data in self._jobs:  # its other end was closed: nobody waits for it
                self._selector.unregister(key.fileobj)
                os.kill(key.data, signal.SIGKILL)
        return True

    def _fork(self) -> bool:
        head, ends, _, _ = socket.recv_fds(self._control, 4, 1)
        if not head:
            return False
        job = self._exactly(int.from_bytes(head, "big"))
        with socket.socket(fileno=ends[0]) as end:
            child = os.fork()
            if child == 0:
                self._work(end, job)
            our_end = end.dup()
        self._jobs[child] = our_end
        self._selector.register(our_end, selectors.EVENT_READ, child)
        return True

    def _exactly(self, size: int) -> bytes:
        parts = bytearray()
        while len(parts) < size and (part := self._control.recv(size - len(parts))):
            parts += part
        return bytes(parts)

    def _work(self, end: socket.socket, job: bytes) -> None:
        """Be the child: let go of what is not its own, do the job, vanish."""
        try:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            for foreign in (
                self._control,
                self._wake_receiver,
                self._wake_sender,
                *self._jobs.values(),
            ):
                foreign.close()
            self._selector.close()
            confine(self._deadline)
            end.sendall(answer(job))
        finally:
            os._exit(0)

    def _reap(self) -> None:
        while self._jobs:
            child, _ = os.waitpid(-1, os.WNOHANG)
            if not child:
                return
            our_end = self._jobs.pop(child)
            if our_end in self._selector.get_map():
                self._selector.unregister(our_end)
            our_end.close()


if __name__ == "__main__":
    main()
