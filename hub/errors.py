"""Errors named by what to do about them.

    FrontdeskError
    ├── RetryLater    the same call may work later: time-outs, 429, 5xx, a lost locator
    ├── NeedsPerson   somebody must act: revoked credentials, a missing permission, a wrong mapping, a full disk
    └── BadRecord     this one record cannot be taken; the others go on

The text of an error is one plain sentence for the person reading; `step` says what to do next; `detail` is for the
log. None of the three may hold a secret.
"""

from __future__ import annotations

PASSES = "Nothing to do now: every scheduled run tries again, and `frontdesk sync SOURCE` at once."
AWAY = "Every scheduled run tries again. If it stays so, look at the network and at the address in the settings."
"""The next step where a source may answer later, and where it was not reached at all."""


class FrontdeskError(Exception):
    """Root of all errors that Frontdesk raises on purpose."""

    def __init__(self, sentence: str, *, step: str = "", detail: str = "") -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.step = step
        self.detail = detail


class RetryLater(FrontdeskError):
    """The same call may work later. `after` is the wait in seconds that the source asked for, or None."""

    def __init__(self, sentence: str, *, after: float | None = None, step: str = PASSES, detail: str = "") -> None:
        super().__init__(sentence, step=step, detail=detail)
        self.after = after


class NeedsPerson(FrontdeskError):
    """Nothing will change until somebody acts; `step` tells who and what."""


class BadRecord(FrontdeskError):
    """One record cannot be taken. `code` is the quarantine's reason, `field` the source field at fault."""

    def __init__(self, sentence: str, *, code: str, field: str = "", step: str = "", detail: str = "") -> None:
        super().__init__(sentence, step=step, detail=detail)
        self.code = code
        self.field = field
