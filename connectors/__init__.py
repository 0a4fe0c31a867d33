"""One system each, read page by page. Vendors' libraries live only here; a connector knows no store."""
