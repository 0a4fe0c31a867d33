"""Salesforce REST, as `docs/sandbox.md` lists it."""
