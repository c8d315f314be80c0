"""Tracker protocols as packets and machines; sans-I/O."""
