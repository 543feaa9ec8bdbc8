"""What a process and its children occupy, where the system says so (Linux)."""

import asyncio
from contextlib import suppress
from pathlib import Path

MB = 1_000_000


def peak(pid: int) -> float | None:
    """The most a process has ever had resident, in MB; None where nobody says."""
    kilobytes = _field(Path(f"/proc/{pid}/status"), "VmHWM:")
    return None if kilobytes is None else kilobytes * 1024 / MB


def children(pid: int) -> list[int]:
    """Every process below one."""
    found: list[int] = []
    with suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in map(int, (task / "children").read_text().split()):
                found += [child, *children(child)]
    return found


class Watch:
    """Samples what the children of a process occupy, until cancelled.

    Attributes:
        most: The most all of them had at a time, in MB, shared pages counted once.
        working: Share of the samples in which a child was at a job.
    """

    def __init__(self, pid: int) -> None:
        self.most = 0.0
        self._pid = pid
        self._samples = 0
        self._busy = 0

    @property
    def working(self) -> float:
        return self._busy / self._samples if self._samples else 0.0

    async def run(self) -> None:
        while True:
            found = children(self._pid)
            sizes = [_field(Path(f"/proc/{pid}/smaps_rollup"), "Pss:") or 0 for pid in found]
            self.most = max(self.most, sum(sizes) * 1024 / MB)
            self._samples += 1
            self._busy += len(found) > 1  # the first is the one that forks them
            await asyncio.sleep(0.5)


def _field(path: Path, name: str) -> int | None:
    with suppress(OSError):
        for line in path.read_text().splitlines():
            if line.startswith(name):
                return int(line.split()[1])
    return None
