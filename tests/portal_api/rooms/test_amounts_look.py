"""An amount of money is read in one piece, however narrow the screen."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.browser

PROFILES = ("logistics", "professional_services", "architecture", "legal", "agency", "saas")
PATHS = (
    "/invoices",
    "/statement",
    "/contracts",
    "/projects/{project[0]}",
    *(f"/invoices/{{invoice[{n}]}}" for n in (0, 2, 3, 8)),
)
LARGE = "€173,935.85"
BROKEN = """large => {
  const found = [], walk = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT)
  const amount = /[-−]?(?:[A-Z]{3}|[€$£¥])\\s?\\d[\\d.,]*\\d/g
  while (walk.nextNode()) {
    walk.currentNode.data = walk.currentNode.data.replace(amount, text => text.startsWith("-") ? "-" + large : large)
    for (const match of walk.currentNode.data.matchAll(amount)) {
      const range = document.createRange()
      range.setStart(walk.currentNode, match.index)
      range.setEnd(walk.currentNode, match.index + match[0].length)
      const lines = new Set([...range.getClientRects()].map(box => Math.round(box.top)))
      found.push([match[0], lines.size])
    }
  }
  return found
}"""


@pytest.fixture
def narrow(chromium):
    """`narrow(address, session, path, width)`: the page on a phone of that width."""
    opened = []

    def go(address, session, path, width):
        context = chromium.new_context(viewport={"width": width, "height": 844})
        opened.append(context)
        context.add_cookies([{"name": "frontdesk", "value": session, "url": address}])
        page = context.new_page()
        page.goto(address + path)
        return page

    yield go
    for context in opened:
        context.close()


def check(page):
    amounts = page.evaluate(BROKEN, LARGE)
    assert amounts, "the page shows money"
    assert [text for text, lines in amounts if lines > 1] == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "the page scrolls sideways"


@pytest.mark.parametrize("width", [390, 320])
@pytest.mark.parametrize("path", PATHS)
def test_no_amount_of_a_page_breaks(narrow, rich_server, path, width):
    mine = rich_server.rich.mine
    check(narrow(rich_server.address, rich_server.rich.session(mine), path.format(**mine.ids), width))


@pytest.mark.parametrize("width", [390, 320])
@pytest.mark.parametrize("profile", PROFILES)
def test_no_amount_of_home_breaks(narrow, server, sqlite_world, profile, width):
    session = sqlite_world.sign_in(sqlite_world.client(profile, "exception"))
    check(narrow(server, session, "/", width))
