"""Torrent files: parsing, judging and making them."""
