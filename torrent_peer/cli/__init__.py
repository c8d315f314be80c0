"""Talks to people; the only room that prints."""
