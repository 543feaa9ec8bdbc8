"""The picture of a track, drawn from its waveform; no text, no file, no chance."""

import colorsys
import math
import zlib
from io import BytesIO

from PIL import Image, ImageDraw

_SIDE = 320
_FINER = 2  # drawn twice as large and scaled down, for smooth edges
_INNER, _OUTER = 0.19, 0.44  # radii of the ring of bars, as shares of the side
_QUALITY = 88

_Colour = tuple[int, int, int]


def draw(bars: tuple[int, ...]) -> bytes:
    """Draw levels of 0 to 100 as a ring of bars; return a JPEG of 320 x 320 pixels.

    The colours follow from the levels, so a track always gets the same picture.
    """
    hue = (zlib.crc32(bytes(bars)) % 360) / 360
    side = _SIDE * _FINER
    picture = _backdrop(hue, side)
    pen = ImageDraw.Draw(picture)
    width = max(round(2 * math.pi * _INNER * side / len(bars) * 0.62), 2)
    for number, level in enumerate(bars):
        angle = 2 * math.pi * number / len(bars) - math.pi / 2
        reach = _INNER + (_OUTER - _INNER) * (0.04 + 0.96 * level / 100)
        ends = [_point(angle, radius * side, side) for radius in (_INNER, reach)]
        colour = _colour(hue + 0.12 * level / 100, 0.30, 1.0)
        pen.line(ends, fill=colour, width=width)
        for x, y in ends:
            pen.ellipse((x - width / 2, y - width / 2, x + width / 2, y + width / 2), fill=colour)
    made = BytesIO()
    small = picture.resize((_SIDE, _SIDE), Image.Resampling.BOX)
    small.save(made, "JPEG", quality=_QUALITY)
    return made.getvalue()


def _backdrop(hue: float, side: int) -> Image.Image:
    """Return a square that runs from one dark colour down to its neighbour."""
    ramp = Image.linear_gradient("L").resize((side, side))
    near = Image.new("RGB", (side, side), _colour(hue + 0.55, 0.75, 0.22))
    far = Image.new("RGB", (side, side), _colour(hue + 0.72, 0.65, 0.46))
    return Image.composite(far, near, ramp)


def _colour(hue: float, saturation: float, value: float) -> _Colour:
    red, green, blue = colorsys.hsv_to_rgb(hue % 1.0, saturation, value)
    return round(red * 255), round(green * 255), round(blue * 255)


def _point(angle: float, radius: float, side: int) -> tuple[float, float]:
    return side / 2 + radius * math.cos(angle), side / 2 + radius * math.sin(angle)
