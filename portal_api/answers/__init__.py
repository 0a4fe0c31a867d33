"""The answer at the top of home: one pure function per profile, from stored facts to one sentence and its proof."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from portal_api.answers.agency import agency
from portal_api.answers.answer import Answer, Facts
from portal_api.answers.architecture import architecture
from portal_api.answers.legal import legal
from portal_api.answers.logistics import logistics
from portal_api.answers.professional_services import professional_services
from portal_api.answers.saas import saas
from portal_api.wording import Words

ANSWERS: Mapping[str, Callable[[Facts, Words], Answer]] = MappingProxyType(
    {
        "logistics": logistics,
        "professional_services": professional_services,
        "architecture": architecture,
        "legal": legal,
        "agency": agency,
        "saas": saas,
    }
)
"""By profile; mappings/profiles names the same six."""
