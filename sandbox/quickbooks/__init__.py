"""QuickBooks Online as it speaks over HTTP: OAuth with rotating tokens, queries, CDC, writes, PDFs, Faults."""
