"""The firm's colour: darkened (on light paper) or lightened (on dark) until it can be read (WCAG 2, 4.5:1)."""

from __future__ import annotations

import colorsys
import re
from typing import NamedTuple

HEX = re.compile(r"#[0-9a-fA-F]{6}")
DEFAULT, DARK_DEFAULT = "#0F6B63", "#4FB5AA"
PAPER, DARK_PAPER = "#FBFAF8", "#151412"
SUNK, DARK_RAISED = "#F4F2EE", "#26241F"
ENOUGH = 4.5
STEP = 0.01


class Accent(NamedTuple):
    """A colour that passes, and whether the one configured had to change."""

    light: str
    dark: str
    changed: bool


def luminance(colour: str) -> float:
    """Relative luminance by WCAG 2, 0 black to 1 white."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in _channels(colour)]  # noqa: PLR2004 -- WCAG's own numbers
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours, 1 to 21."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def readable(colour: str, *grounds: str, darken: bool) -> str:
    """The colour, moved in steps of lightness until it stands at 4.5:1 or better on every ground."""
    hue, light, saturation = colorsys.rgb_to_hls(*_channels(colour))
    while min(contrast(colour, ground) for ground in grounds) < ENOUGH:
        light = max(0.0, light - STEP) if darken else min(1.0, light + STEP)
        colour = _hex(colorsys.hls_to_rgb(hue, light, saturation))
    return colour


def accent(configured: str) -> Accent:
    """The firm's colour for both themes. A colour that is none gives the default, marked as changed."""
    base = configured if HEX.fullmatch(configured) else DEFAULT
    light = readable(base, PAPER, SUNK, "#FFFFFF", darken=True)
    dark = DARK_DEFAULT if base == DEFAULT else readable(base, DARK_PAPER, DARK_RAISED, darken=False)
    return Accent(light, dark, light != configured)


def accent_tokens(configured: str) -> str:
    """The accent as CSS custom properties for both themes."""
    light, dark, _ = accent(configured)
    return f":root{{--accent-light:{light};--accent-dark:{dark}}}"


def _channels(colour: str) -> tuple[float, float, float]:
    red, green, blue = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    return red, green, blue


def _hex(channels: tuple[float, float, float]) -> str:
    return "#" + "".join(f"{round(channel * 255):02X}" for channel in channels)
