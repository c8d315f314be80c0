"""Blocks to files on disk and back: layout, verification, resume data; blocking and positional."""
