"""A BitTorrent peer whose heart is a protocol state machine."""

__version__ = "0.1.0"
