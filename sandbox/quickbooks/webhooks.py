"""Signing of webhook deliveries. Nothing is sent yet: this is the seam where deliveries will join."""

from __future__ import annotations

import base64
import hashlib
import hmac


def signature(verifier_token: str, raw_body: bytes) -> str:
    """The `intuit-signature` header of a delivery: HMAC-SHA256 of the raw body in base64."""
    return base64.b64encode(hmac.new(verifier_token.encode(), raw_body, hashlib.sha256).digest()).decode()
