"""Ground floor: errors, clock, money, ids, settings, logging. Imports nothing of ours."""
