"""Named queries of pages and API: statements over `store.scope.visible`, built once at import, never per request."""
