"""The `frontdesk` command: thin, lazy, one module per subject."""
