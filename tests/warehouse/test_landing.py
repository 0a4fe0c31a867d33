"""What a source sent can be opened again, byte for byte, however many runs land pages at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from warehouse.landing import Landing


def test_sources_that_are_read_side_by_side_land_their_own_pages(tmp_path: Path) -> None:
    landing = Landing(tmp_path)
    pages = {number: f'{{"page": {number}, "text": "{number * 7919}"}}'.encode() * 4000 for number in range(200)}

    def land(number: int) -> str:
        return landing.land("model", "Invoice", "run", number, pages[number])

    with ThreadPoolExecutor(8) as pool:
        names = dict(zip(pages, pool.map(land, pages), strict=True))
    assert {number: landing.read(name) for number, name in names.items()} == pages
