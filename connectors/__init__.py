"""One system each: read pages, push commands. Vendor SDKs live only here; a connector knows no store."""
