"""The portal: pages, sign-in, JSON API, webhooks and the ops console, over the store's scoped copy."""
