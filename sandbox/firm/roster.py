"""Who the firm's clients are: 42 by name, any number more put together from parts."""

from __future__ import annotations

import random
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

PROFILES = ("logistics", "professional_services", "architecture", "legal", "agency", "saas")

SITUATIONS = ("demo", "normal", "late", "exception", "nothing", "first_visit", "normal")
"""What the n-th client of each profile is going through; from the seventh on BUSY takes turns.

demo         rich; one thing wrong, something waits for the client
normal       all on time, a little to do
late         behind the plan or the promise
exception    something stands still until somebody acts (customs, a stayed case, an unpaid plan)
nothing      a client of old, all done and paid, nothing open
first_visit  signed last week: no work, no invoice yet
"""
BUSY = ("normal", "late", "normal", "exception", "demo", "normal", "nothing")

PLACES = {
    "Hamburg": ("Germany", "20457", "EUR", "Europe/Berlin", "Am Sandtorkai {n}", "+49 40 555"),
    "München": ("Germany", "80331", "EUR", "Europe/Berlin", "Sendlinger Straße {n}", "+49 89 555"),
    "Rotterdam": ("Netherlands", "3011 AB", "EUR", "Europe/Amsterdam", "Maasboulevard {n}", "+31 10 555"),
    "Łódź": ("Poland", "90-001", "EUR", "Europe/Warsaw", "ul. Piotrkowska {n}", "+48 42 555"),
    "København": ("Denmark", "1050", "EUR", "Europe/Copenhagen", "Store Strandstræde {n}", "+45 55 55"),
    "Dublin": ("Ireland", "D02 X285", "EUR", "Europe/Dublin", "Merrion Square {n}", "+353 1 555"),
    "Lyon": ("France", "69002", "EUR", "Europe/Paris", "Rue de l’Hôtel-de-Ville {n}", "+33 4 72 55"),
    "Barcelona": ("Spain", "08003", "EUR", "Europe/Madrid", "Passeig del Born {n}", "+34 93 555"),
    "Göteborg": ("Sweden", "411 06", "EUR", "Europe/Stockholm", "Norra Hamngatan {n}", "+46 31 55"),
    "London": ("United Kingdom", "EC2A 4NE", "GBP", "Europe/London", "Curtain Road {n}", "+44 20 7946"),
    "Bristol": ("United Kingdom", "BS1 4ST", "GBP", "Europe/London", "Queen Square {n}", "+44 117 496"),
    "Portland": ("United States", "97209", "USD", "America/Los_Angeles", "{n} NW Flanders Street", "+1 503 555"),
    "New York": ("United States", "10013", "USD", "America/New_York", "{n} Varick Street", "+1 212 555"),
    "Chicago": ("United States", "60607", "USD", "America/Chicago", "{n} W Randolph Street", "+1 312 555"),
    "Montréal": ("Canada", "H2Y 1C6", "USD", "America/Toronto", "{n} rue Saint-Paul Ouest", "+1 514 555"),
    "Yokohama": ("Japan", "231-0002", "JPY", "Asia/Tokyo", "Kaigandori {n}", "+81 45 555"),
}
"""City -> country, postal code, currency that it is invoiced in, time zone, street, telephone."""

NAMED = {
    "logistics": (
        "Müller & Söhne Maschinenbau|mueller-soehne|Hamburg",
        "Łódź Freight|lodz-freight|Łódź",
        "Søndergaard Møbler|sondergaard-mobler|København",
        "Cascade Bicycle Supply|cascade-bicycle|Portland",
        "Yokohama Precision Optics|yokohama-optics|Yokohama",
        "Brännström Kök|brannstrom-kok|Göteborg",
        "Van der Meulen Bloemen|vandermeulen-bloemen|Rotterdam",
    ),
    "professional_services": (
        "Whitfield Care Group|whitfield-care|Bristol",
        "Hôtel Bellerive|hotel-bellerive|Lyon",
        "Great Lakes Credit Union|greatlakes-cu|Chicago",
        "Kőszegi & Partners|koszegi-partners|München",
        "D'Angelo Foods|dangelo-foods|New York",
        "Norsk Kystrederi|norsk-kystrederi|København",
        "Meridian Partners|meridian-partners|London",
    ),
    "architecture": (
        "Familie Brandstätter|brandstaetter|München",
        "St. Brigid's School Trust|stbrigids-trust|Dublin",
        "Casa Núñez|casa-nunez|Barcelona",
        "Alder Street Housing Co-op|alderstreet-coop|Portland",
        "O'Neill Architects Fund|oneill-fund|Dublin",
        "Galerie Crête|galerie-crete|Lyon",
        "Lindqvist Ateljé|lindqvist-atelje|Göteborg",
    ),
    "legal": (
        "Harrow Timber Company|harrow-timber|London",
        "Ana-María Quiñones|quinones-familia|Barcelona",
        "Beaumont Wine Imports|beaumont-wine|New York",
        "Estate of R. O’Leary|oleary-estate|Dublin",
        "Grünewald Immobilien|gruenewald-immo|München",
        "Tomás & Zoë Fairbairn|fairbairn|Bristol",
        "Jønsson Fiskeri|jonsson-fiskeri|København",
    ),
    "agency": (
        "Fjällräv Outdoor|fjallrav-outdoor|Göteborg",
        "Café Zurbarán|cafe-zurbaran|Barcelona",
        "Peppercorn & Thyme|peppercorn-thyme|London",
        "Lakeshore Symphony|lakeshore-symphony|Chicago",
        "Brasserie L'Étoile|brasserie-letoile|Montréal",
        "Kaffeerösterei Weiß|kaffee-weiss|Hamburg",
        "Smörgås Catering|smorgas-catering|Göteborg",
    ),
    "saas": (
        "Northgate Dental Clinics|northgate-dental|Chicago",
        "Stadtwerke Königsbrück|stadtwerke-koenigsbrueck|München",
        "Pérez Hermanos Automoción|perez-hermanos|Barcelona",
        "Tidewater Logistics LLC|tidewater-llc|Portland",
        "Žižka Elektro|zizka-elektro|Rotterdam",
        "Académie Saint-Rémi|academie-saint-remi|Lyon",
        "Blåkläder Nord|blaklader-nord|Göteborg",
    ),
}
"""Name, e-mail domain (below .example) and city. The first of each profile is its demo."""

PARTS = [
    "Ålesund",
    "Birkdale",
    "Castellón",
    "Dürrenberg",
    "Ellsworth",
    "Fàbregas",
    "Grünthal",
    "Håkansson",
    "Iñárritu",
    "Jürgens",
    "Kovačević",
    "Lefèvre",
    "McAllister",
    "Nørgaard",
    "O'Connell",
    "Præstegaard",
    "Quesnel",
    "Rådberg",
    "Szymański",
    "Trœllard",
    "Uhlíř",
    "Vandenbroucke",
    "Wójcik",
    "Yıldız",
    "Zöllner",
    "Ashcombe",
    "Brühl",
    "Coffey",
    "Drăgulescu",
    "Eriksson",
]
TRADES = {
    "logistics": ("Imports", "Trading", "Werkzeuge", "Wholesale", "Foods", "Textiles"),
    "professional_services": ("Group", "Holdings", "Versicherung", "Clinics", "Retail", "Energy"),
    "architecture": ("Residence", "Foundation", "Hotels", "School", "Wohnbau", "Estates"),
    "legal": ("Properties", "Family Office", "Shipping", "Verlag", "Vineyards", "Works"),
    "agency": ("Coffee", "Outdoor", "Festival", "Mode", "Bikes", "Kitchens"),
    "saas": ("Health", "Elektro", "Academy", "Mobility", "Analytics", "Supply"),
}


@dataclass(frozen=True, slots=True)
class Client:
    """One client of the firm. `rank`: its place within its profile, 0 the demo; `domain` without the @."""

    index: int
    name: str
    profile: str
    rank: int
    situation: str
    domain: str
    city: str

    @property
    def country(self) -> str:
        return PLACES[self.city][0]

    @property
    def postal_code(self) -> str:
        return PLACES[self.city][1]

    @property
    def currency(self) -> str:
        return PLACES[self.city][2]

    @property
    def time_zone(self) -> str:
        return PLACES[self.city][3]

    @property
    def street(self) -> str:
        return PLACES[self.city][4].format(n=3 + self.index * 7 % 140)

    @property
    def phone(self) -> str:
        return f"{PLACES[self.city][5]} {100 + self.index % 900}"


def roster(seed: int) -> Iterator[Client]:
    """Clients without end, profile after profile in turn."""
    index = 0
    while True:
        yield client(seed, index)
        index += 1


def client(seed: int, index: int) -> Client:
    """The n-th client; its own random source makes it independent of how many there are."""
    profile, rank = PROFILES[index % len(PROFILES)], index // len(PROFILES)
    situation = SITUATIONS[rank] if rank < len(SITUATIONS) else BUSY[(rank + index) % len(BUSY)]
    if rank < len(NAMED[profile]):
        name, domain, city = NAMED[profile][rank].split("|")
    else:
        name, domain, city = invented(random.Random(f"{seed}/name/{index}"), profile, index)
    return Client(index, name, profile, rank, situation, f"{domain}.example", city)


def invented(rng: random.Random, profile: str, index: int) -> tuple[str, str, str]:
    """A plausible name, a domain that nobody else has, and a city."""
    first, second = rng.sample(PARTS, 2)
    name = f"{first} & {second} {rng.choice(TRADES[profile])}"
    if index >= 1000:
        name += f" {index}"
    return name, f"{slug(first)}-{slug(second)}-{index}", rng.choice(tuple(PLACES))


LETTERS = str.maketrans({"ø": "o", "Ø": "O", "æ": "ae", "œ": "oe", "ß": "ss", "ł": "l", "Ł": "L", "ı": "i", "đ": "d"})


def slug(name: str) -> str:
    """A name as it may stand in an address: ASCII, small, no spaces."""
    plain = (
        unicodedata.normalize("NFKD", re.sub("['’]", "", name).translate(LETTERS)).encode("ascii", "ignore").decode()
    )
    return re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")
