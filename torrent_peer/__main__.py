"""`python -m torrent_peer` is `torrent-peer`."""

from torrent_peer.cli.main import main

if __name__ == "__main__":
    main()
