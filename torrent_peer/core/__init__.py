"""Words every room uses: blocks, ids, torrent geometry, piece sets, bencoding, compact addresses."""
