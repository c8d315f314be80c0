"""A slow link in a process of its own.  Usage: link_role.py HOST TARGET:PORT LATENCY RATE; prints "port N"."""

import sys

import trio

from torrent_peer.core.addresses import Address
from torrent_peer.testing import open_link


async def main(host: str, target: str, latency: str, rate: str) -> None:
    """Stand between whoever dials us and the target, until killed."""
    ip, port = target.rsplit(":", 1)
    async with open_link(Address(ip, int(port)), latency=float(latency), rate=int(rate), host=host) as link:
        print("port", link.address.port, flush=True)
        await trio.sleep_forever()


if __name__ == "__main__":
    one, two, three, four = sys.argv[1:]
    trio.run(main, one, two, three, four)
