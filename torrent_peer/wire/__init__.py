"""Bytes to judged messages and back, for one connection; sans-I/O."""
