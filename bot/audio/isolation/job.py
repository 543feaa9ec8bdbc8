"""What runs in a child process: one job, within hard bounds, answered in JSON and bytes.

A job is a JSON object: `do` ("prepare", "to_mono" or "inspect"), `source`, for the first two
`into` and for the first `limits`. The answer is a line of JSON and, behind it, the cover. Neither
side unpickles what the other says: a child has read a stranger's file.
"""

import json
import os
import signal
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bot.audio.inspection import inspect
from bot.audio.limits import Limits
from bot.audio.models import Unusable
from bot.audio.prepare import prepare, to_mono
from bot.model import Flaw

_CPU_SECONDS = 45  # the last resort: work is bounded before (see `bot.audio.decode`)
_ENCODING_FACTOR = 2  # times that for a usable recording: LAME takes most of the time
_MEMORY = 400 << 20  # bytes of address space; the libraries alone take 220 MB
_FILE_SIZE = 64 << 20  # bytes
_NICENESS = 10


def confine(deadline: float) -> None:
    """Bound this process for good: niceness, processor time, memory, file size, wall time.

    The alarm is for the case that nobody is left to keep the deadline.
    """
    if sys.platform == "win32":
        return
    import resource  # noqa: PLC0415 - Windows has none

    os.nice(_NICENESS)
    for kind, most in (
        (resource.RLIMIT_CPU, _CPU_SECONDS),
        (resource.RLIMIT_AS, _MEMORY),
        (resource.RLIMIT_FSIZE, _FILE_SIZE),
        (resource.RLIMIT_CORE, 0),
    ):
        hard = resource.getrlimit(kind)[1]
        hardest = most * _ENCODING_FACTOR if kind == resource.RLIMIT_CPU else most
        if hard != resource.RLIM_INFINITY:
            hardest = min(hardest, hard)
        resource.setrlimit(kind, (min(most, hardest), hardest))
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(int(deadline) + 2)


def _allow_encoding() -> None:
    """Allow this process all the processor time that a usable recording may have."""
    if sys.platform == "win32":
        return
    import resource  # noqa: PLC0415 - Windows has none

    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    resource.setrlimit(resource.RLIMIT_CPU, (hard, hard))


def answer(job: bytes) -> bytes:
    """Do a job; whatever goes wrong is part of the answer."""
    try:
        result, attached = _do(json.loads(job))
    except Unusable as error:
        result, attached = {"flaw": error.flaw, "detail": error.detail}, b""
    except OSError as error:
        result, attached = {"errno": error.errno, "detail": error.strerror or repr(error)}, b""
    except Exception as error:  # noqa: BLE001 - a stranger's file may break anything
        result, attached = {"flaw": Flaw.UNREADABLE, "detail": repr(error)}, b""
    return json.dumps(result).encode() + b"\n" + attached


def _do(job: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    source = Path(job["source"])
    if job["do"] == "to_mono":
        to_mono(source, Path(job["into"]))
        return {}, b""
    if job["do"] == "prepare":
        limits = Limits(**job["limits"])
        return asdict(prepare(source, Path(job["into"]), limits, on_usable=_allow_encoding)), b""
    inspected = inspect(source)
    result = asdict(inspected)
    return result, result.pop("cover")


def main() -> None:
    """Do the one job on standard input: for systems that cannot fork."""
    deadline = float(sys.argv[1])
    confine(deadline)
    sys.stdout.buffer.write(answer(sys.stdin.buffer.read()))


if __name__ == "__main__":
    main()
