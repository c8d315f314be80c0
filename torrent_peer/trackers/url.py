"""Tracker URLs: taken apart, checked, and put together again without surprises.

A .torrent's announce URL is foreign text: what is not a plain http, https or udp URL is refused here, before anything
looks up a name.
"""

import re
from typing import Final, Self
from urllib.parse import quote, urlsplit

from attrs import field

from torrent_peer.core.values import frozen
from torrent_peer.trackers.announce import TrackerError

MAX_URL_LENGTH: Final = 4096
"""Characters. Servers refuse request lines of 8 KiB (Apache `LimitRequestLine` 8190); our own query needs its share."""

DEFAULT_PORTS: Final = {"http": 80, "https": 443, "udp": None}
"""BEP 15 names no port for udp trackers."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_UNQUOTED = "%/:=&?~#+!$,;'@()*[]|"


@frozen
class TrackerUrl:
    """One announce URL. `host` is ASCII (IDNA names are punycode), lower case, without brackets."""

    scheme: str
    host: str
    port: int
    path: str
    """Begins with `/`; percent-encoded."""
    query: str
    """Without `?`; percent-encoded."""
    userinfo: str = field(default="", repr=False)
    """`user:password`, percent-encoded; empty when there is none."""

    @classmethod
    def parse(cls, url: str) -> Self:
        """Raises TrackerError (whose reason never repeats the URL) when this is no URL of a tracker we can ask."""
        if len(url) > MAX_URL_LENGTH:
            raise TrackerError(f"its URL has {len(url)} characters; more than {MAX_URL_LENGTH} are refused", never=True)
        if _CONTROL.search(url):
            raise TrackerError("its URL contains control characters", never=True)
        try:
            parts = urlsplit(url.strip())
            port = parts.port
            host = parts.hostname or ""
        except ValueError:
            raise TrackerError("its URL cannot be read", never=True) from None
        if parts.scheme not in DEFAULT_PORTS:
            name = parts.scheme[:20] or "without a scheme"
            raise TrackerError(f"{name} trackers are not supported, only http, https and udp", never=True)
        if not host:
            raise TrackerError("its URL names no host", never=True)
        if port == 0:
            raise TrackerError("its URL names port 0", never=True)
        port = port or DEFAULT_PORTS[parts.scheme]
        if port is None:
            raise TrackerError("its URL names no port, and udp trackers have no usual one", never=True)
        userinfo, at, _ = parts.netloc.rpartition("@")
        return cls(
            scheme=parts.scheme,
            host=_ascii_host(host),
            port=port,
            path=quote(parts.path, safe=_UNQUOTED) or "/",
            query=quote(parts.query, safe=_UNQUOTED),
            userinfo=quote(userinfo, safe="%:!$&'()*+,;=~") if at else "",
        )

    @property
    def host_and_port(self) -> str:
        """As the Host header wants it: brackets round IPv6, no port when it is the scheme's own."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def target(self) -> str:
        """Path and query."""
        return f"{self.path}?{self.query}" if self.query else self.path


def _ascii_host(host: str) -> str:
    if host.isascii():
        if not re.fullmatch(r"[A-Za-z0-9._~:%-]+", host):
            raise TrackerError("its URL's host name has characters no host name has", never=True)
        return host.lower()
    try:
        return host.encode("idna").decode("ascii").lower()
    except UnicodeError:
        raise TrackerError("its URL's host name is not valid IDNA", never=True) from None
