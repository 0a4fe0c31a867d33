"""What the work of each profile is called: projects, phases, steps, and who waits for whom."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Trade:
    """A trade's projects. `phases` maps a phase to its steps; a step ending in `!Approve` asks the client for that."""

    kind: str
    names: tuple[str, ...]
    phases: tuple[tuple[str, tuple[str, ...]], ...]
    budget: tuple[int, int]
    summary: str
    last_events: tuple[str, ...]
    """One for each phase."""
    next_events: tuple[str, ...]


TRADES: dict[str, Trade] = {
    "logistics": Trade(
        "implementation",
        ("Rotterdam consolidation", "Move of the spare parts warehouse", "Customs broker change"),
        (
            ("Lane survey", ("Confirm lanes and volumes!Answer", "Rate comparison")),
            ("Set-up", ("Power of attorney for customs!Upload", "Carrier onboarding", "Test shipment")),
            ("Go-live", ("First consolidated sailing", "Cost review after 30 days!Approve")),
        ),
        (8_000, 40_000),
        "Weekly consolidation through one hub, one customs entry for each sailing, one invoice at the month's end.",
        ("Lanes agreed", "Carrier contract signed", "Test shipment arrived complete"),
        ("Call with the customs broker", "Cost review"),
    ),
    "professional_services": Trade(
        "project",
        (
            "Finance system renewal",
            "Target operating model",
            "Payroll consolidation",
            "Records migration",
            "Shared desk",
        ),
        (
            ("Discovery", ("Interviews", "Current-state report!Approve")),
            ("Design", ("Process maps", "Design sign-off!Approve")),
            ("Build", ("Data migration rehearsal", "Data migration sign-off!Approve", "Integration test")),
            ("Rollout", ("Training plan!Answer", "Pilot site live", "All sites live")),
            ("Handover", ("Run book", "Final report!Approve")),
        ),
        (60_000, 380_000),
        "Replace three systems by one, move five years of records and train every site before the year-end close.",
        (
            "Interviews finished",
            "Current-state report accepted",
            "Migration rehearsal finished with 14 open points",
            "Pilot site live since Monday",
            "All sites live",
        ),
        ("Steering committee", "Workshop on cut-over"),
    ),
    "architecture": Trade(
        "building",
        (
            "House on the slope",
            "Roof and attic conversion",
            "Garden studio",
            "School hall extension",
            "Courtyard rooms",
        ),
        (
            ("Concept", ("Site survey", "Concept drawings!Approve")),
            ("Planning permission", ("Neighbour consent!Upload", "Permit filed", "Permit granted")),
            ("Detail design", ("Facade samples!Approve", "Kitchen and bath layout!Answer", "Tender drawings")),
            ("Construction", ("Foundation", "Shell complete", "Window schedule!Approve", "Fit-out")),
            ("Completion", ("Snag list", "Handover")),
        ),
        (250_000, 2_400_000),
        "Timber frame on a concrete base, low-energy standard, built while the neighbouring rooms stay in use.",
        (
            "Survey of the site finished",
            "Permit filed with the city",
            "Site review: ground works two days ahead of plan",
            "Site review: moisture in the north wall, drying under way",
            "Snag list down to nine points",
        ),
        ("Site review", "Review with the structural engineer"),
    ),
    "legal": Trade(
        "matter",
        (
            "Lease dispute, Warehouse 4",
            "Succession",
            "Trade mark opposition",
            "Supply contract claim",
            "Boundary matter",
        ),
        (
            ("Intake", ("Engagement letter!Approve", "Documents from client!Upload")),
            ("Pleadings", ("Statement of claim filed", "Defence received")),
            ("Evidence", ("Witness statement of the client!Approve", "Expert report", "Disclosure list!Answer")),
            ("Hearing", ("Skeleton argument", "Hearing")),
            ("Judgment", ("Judgment", "Costs")),
        ),
        (9_000, 85_000),
        "We act for the claimant. The other side admits the delay and disputes its cause and the amount.",
        (
            "Engagement agreed",
            "Defence received from the other side",
            "Expert report served",
            "Court confirmed the hearing date",
            "Judgment received",
        ),
        ("Hearing", "Mediation", "Deadline for the reply"),
    ),
    "agency": Trade(
        "campaign",
        ("Homepage redesign", "Autumn launch", "Winter film", "Loyalty relaunch", "Festival posters"),
        (
            ("Brief", ("Briefing", "Creative brief!Approve")),
            ("Concept", ("Three routes", "Choice of route!Answer")),
            ("Production", ("Photo shoot", "Homepage design!Approve", "Print proofs!Approve")),
            ("Live", ("Launch", "Mid-flight report")),
            ("Review", ("Results report", "Lessons")),
        ),
        (15_000, 190_000),
        "One idea over film, posters and shop windows, measured by visits to the shops and newsletter sign-ups.",
        (
            "Briefing held",
            "Three routes presented",
            "Photo shoot finished on budget",
            "Media bookings confirmed",
            "Results report sent",
        ),
        ("Presentation of the designs", "Launch call", "Budget review"),
    ),
    "saas": Trade(
        "implementation",
        ("Onboarding", "Single sign-on", "Data import", "Second site"),
        (
            ("Kick-off", ("Goals agreed", "Access for the team!Answer")),
            ("Configuration", ("Import file!Upload", "Roles and rights", "Integration key")),
            ("Go-live", ("Acceptance test!Approve", "Go-live", "Review after 30 days")),
        ),
        (3_000, 25_000),
        "From the first log-in to daily use at every site, with the old data in and the old tool off.",
        ("Kick-off held", "Import finished: 12,480 rows, 3 rejected", "Acceptance test passed"),
        ("Acceptance test", "Training for the second team"),
    ),
}

ITEMS = {
    "logistics": (("Ocean freight", 185_000), ("Customs clearance", 14_500), ("Inland delivery", 42_000)),
    "professional_services": (("Consulting days", 128_000), ("Workshop", 240_000), ("Travel at cost", 38_650)),
    "architecture": (("Design stage fee", 720_000), ("Site supervision", 96_000), ("Prints and models", 21_480)),
    "legal": (("Partner time", 42_000), ("Associate time", 26_500), ("Court fee", 33_300)),
    "agency": (("Creative direction", 145_000), ("Production", 310_000), ("Media booking", 98_025)),
    "saas": (("Plan Business, monthly", 49_900), ("Additional seats", 1_900), ("Onboarding package", 150_000)),
}
"""What is sold to each profile, unit price in cents of the client's currency."""

CASES = {
    "logistics": ("Commercial invoice missing for customs", "Proof of delivery needed", "Change of delivery address"),
    "professional_services": (
        "Access for the audit team",
        "Copy of the steering minutes",
        "Change request: extra site",
    ),
    "architecture": ("Question on window handles", "Colour of the stair rail", "Site access on Saturday"),
    "legal": ("Copy of the engagement letter", "Question on the costs estimate", "New address for service"),
    "agency": ("Logo in vector format", "Correct the opening hours on the poster", "Add a colleague to the reviews"),
    "saas": (
        "Export stops at 5,000 rows",
        "Single sign-on for the new site",
        "Usage report by team",
        "Invoice address",
    ),
}
