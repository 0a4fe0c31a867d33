"""Google Drive v3 as Google's clients see it: token endpoint, files, changes, revisions, uploads, batch."""
