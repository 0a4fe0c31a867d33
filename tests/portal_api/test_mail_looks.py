"""The mail as a person sees it, on the smallest phone and on a desktop, light and dark."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from hub.settings import Firm
from portal_api.assets import Assets
from portal_api.colour import DEFAULT, accent
from portal_api.mail import compose
from portal_api.templating import Templates
from portal_api.wording import Words

pytestmark = pytest.mark.browser

BROKEN = """() => {
  const broken = [], walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    for (const word of walk.currentNode.data.matchAll(/\\S+/g)) {
      const range = document.createRange();
      range.setStart(walk.currentNode, word.index);
      range.setEnd(walk.currentNode, word.index + word[0].length);
      if (new Set([...range.getClientRects()].map(box => box.top)).size > 1) broken.push(word[0]);
    }
  }
  return broken;
}"""


def sign_in(name="Lindqvist, Wiśniewski & Brandstätter"):
    firm = Firm(name=name, support_email="help@firm.example")
    facts = {"url": f"https://portal.firm.example/sign-in/{'q' * 43}", "code": "123 456", "minutes": 15}
    words = Words("en", ZoneInfo("Europe/Berlin"), dt.datetime(2026, 12, 1, tzinfo=dt.UTC))
    return compose(Templates(firm, Assets(DEFAULT)), "sign_in", facts, words)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 390, 700])
def test_the_mail_fits_and_breaks_no_word(chromium, width, theme):
    html = sign_in().get_body(("html",)).get_content()
    page = chromium.new_page(viewport={"width": width, "height": 844}, color_scheme=theme)
    page.set_content(html)
    assert page.evaluate(BROKEN) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    button = page.get_by_role("link", name="Open the sign-in page")
    assert button.bounding_box()["height"] >= 44
    ground = button.evaluate("e => getComputedStyle(e).backgroundColor")
    assert ground == rgb(accent(DEFAULT).dark if theme == "dark" else accent(DEFAULT).light)
    page.close()


def rgb(colour):
    return f"rgb({int(colour[1:3], 16)}, {int(colour[3:5], 16)}, {int(colour[5:], 16)})"


def test_the_longest_name_of_a_firm_stays_inside_the_mail(chromium):
    page = chromium.new_page(viewport={"width": 320, "height": 844})
    page.set_content(sign_in("Wirtschaftsprüfungsgesellschaftsverwaltung").get_body(("html",)).get_content())
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    page.close()


def test_the_text_says_all_that_the_picture_says():
    text = sign_in().get_body(("plain",)).get_content()
    for said in (
        "https://portal.firm.example/sign-in/",
        "123 456",
        "15 minutes",
        "Why you got this",
        "help@firm.example",
    ):
        assert said in text
