"""`python -m torrent_peer` is `torrent-peer`; Ctrl-C leaves without a traceback even while modules are loaded."""

import sys


def main() -> None:
    """Load the command and run it; leaves the process with its exit code."""
    try:
        from torrent_peer.cli.main import main as command
    except KeyboardInterrupt:
        sys.exit(130)
    command()


if __name__ == "__main__":
    main()
