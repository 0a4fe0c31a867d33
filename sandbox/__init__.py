"""Emulators of every vendor Frontdesk talks to, plus a living sample firm.

Stands alone: nothing here imports Frontdesk, and nothing of Frontdesk imports this (only the shell starts it).
"""
