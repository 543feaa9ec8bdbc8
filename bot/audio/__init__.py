"""Recordings and tracks: judging, converting, inspecting and tagging them.

Importing this loads neither FFmpeg nor numpy; only the child processes do.
"""

from bot.audio.id3 import frames, tagged
from bot.audio.limits import Limits
from bot.audio.models import Inspected, Prepared, Unusable
from bot.audio.processor import AudioProcessor

__all__ = [
    "AudioProcessor",
    "Inspected",
    "Limits",
    "Prepared",
    "Unusable",
    "frames",
    "tagged",
]
