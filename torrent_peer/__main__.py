"""`python -m torrent_peer` is `torrent-peer`; Ctrl-C leaves without a traceback even while modules are loaded."""

import sys
from typing import NoReturn


def main() -> NoReturn:
    """Load the command and run it."""
    try:
        from torrent_peer.cli.main import main as command
    except KeyboardInterrupt:
        sys.exit(130)
    command()


if __name__ == "__main__":
    main()
