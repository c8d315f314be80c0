"""One nursery per torrent, one task per peer; the sole owner of a torrent's state."""
