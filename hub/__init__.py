"""Ground floor: errors, clock, money, ids, settings. Imports nothing of ours."""
