"""Site photos, plans and layouts, drawn: a sky, a building that grows, a crane; a floor plan; a poster."""

from __future__ import annotations

import io
import random

from PIL import Image, ImageDraw

SIZE = (960, 640)
SKIES = ((176, 205, 226), (214, 201, 184), (190, 198, 203))
WALL, WINDOW, GROUND, INK, PAPER = (203, 186, 160), (86, 104, 120), (133, 120, 98), (40, 44, 48), (250, 249, 245)


def site_photo(seed: str, storeys: int) -> bytes:
    """A building site as a JPEG: `storeys` finished, a crane beside."""
    rng = random.Random(f"photo/{seed}")
    image = Image.new("RGB", SIZE, rng.choice(SKIES))
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 500, 960, 640), fill=GROUND)
    left, width = rng.randrange(180, 320), rng.randrange(300, 420)
    for storey in range(storeys):
        floor(draw, rng, left, 500 - 90 * storey, width)
    crane(draw, left + width + 60, INK)
    draw.text((20, 610), f"Site, {storeys} of 4 storeys", fill=PAPER, font_size=18)
    return saved(image, "JPEG")


def floor(draw: ImageDraw.ImageDraw, rng: random.Random, left: int, bottom: int, width: int) -> None:
    """One storey with its windows."""
    shade = rng.randrange(-8, 9)
    wall = tuple(part + shade for part in WALL)
    draw.rectangle((left, bottom - 90, left + width, bottom), fill=wall, outline=INK, width=2)
    for x in range(left + 24, left + width - 40, 70):
        draw.rectangle((x, bottom - 66, x + 38, bottom - 20), fill=WINDOW, outline=INK)


def crane(draw: ImageDraw.ImageDraw, x: int, ink: tuple[int, int, int]) -> None:
    """Mast, jib and rope."""
    draw.line((x, 520, x, 60), fill=ink, width=6)
    draw.line((x - 260, 80, x + 80, 80), fill=ink, width=5)
    draw.line((x - 190, 80, x - 190, 220), fill=ink, width=2)
    for y in range(80, 520, 40):
        draw.line((x - 8, y, x + 8, y + 40), fill=ink, width=2)


def floor_plan(seed: str, title: str) -> bytes:
    """A floor plan as a PNG: outer walls, rooms, doors, a title block."""
    rng = random.Random(f"plan/{seed}")
    image = Image.new("RGB", SIZE, PAPER)
    draw = ImageDraw.Draw(image)
    draw.rectangle((80, 60, 780, 520), outline=INK, width=8)
    split = rng.randrange(320, 520)
    draw.line((split, 60, split, 520), fill=INK, width=5)
    draw.line((80, 300, split, 300), fill=INK, width=5)
    for name, at in (("Living", (110, 90)), ("Kitchen", (110, 330)), ("Hall", (split + 30, 90))):
        draw.text(at, f"{name} {rng.randrange(12, 48)} m²", fill=INK, font_size=20)
    draw.arc((split - 50, 380, split + 50, 480), 180, 270, fill=INK, width=3)
    draw.rectangle((600, 550, 940, 620), outline=INK, width=2)
    draw.text((612, 572), title, fill=INK, font_size=18)
    return saved(image, "PNG")


def poster(seed: str, words: str) -> bytes:
    """A layout as a PNG: shapes, a claim."""
    rng = random.Random(f"poster/{seed}")
    image = Image.new("RGB", SIZE, tuple(rng.randrange(150, 230) for _ in range(3)))
    draw = ImageDraw.Draw(image)
    for _ in range(7):
        x, y, size = rng.randrange(960), rng.randrange(640), rng.randrange(60, 240)
        draw.ellipse((x, y, x + size, y + size), fill=tuple(rng.randrange(60, 250) for _ in range(3)))
    draw.text((60, 260), words, fill=INK, font_size=54)
    return saved(image, "PNG")


def saved(image: Image.Image, kind: str) -> bytes:
    """The picture's bytes, small."""
    buffer = io.BytesIO()
    image.quantize(48).save(buffer, kind, optimize=True) if kind == "PNG" else image.save(buffer, kind, quality=72)
    return buffer.getvalue()
