"""Opinions: what to ask for, whom to serve, whom to ban; numbers in, choices out."""
