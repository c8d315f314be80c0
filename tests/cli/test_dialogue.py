"""The ladder of arrows."""

from torrent_peer.cli.dialogue import LADDER, draw
from torrent_peer.wire.catalogue import CATALOGUE
from torrent_peer.wire.catalogue.exchange import dialer, listener
from torrent_peer.wire.catalogue.play import Line, play_breach
from torrent_peer.wire.messages import Choke, Interested, Unchoke


def test_arrows_lead_from_who_speaks_to_who_hears() -> None:
    lines = [Line(step, ()) for step in (dialer(Interested()), listener(Unchoke()), listener(Choke(), crossed=True))]
    assert list(draw(lines, width=80)) == [
        "dialer                                              listener",
        "interested ------------------------------------------------>",
        "<--------------------------------------------------- unchoke",
        "<~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~ choke",
    ]


def test_what_is_found_stands_below_its_message_and_is_wrapped() -> None:
    lines = list(draw(play_breach(CATALOGUE["HS-10"].examples[0]), width=50))
    assert lines[-3:] == [
        "  ^ HS-10 violation: both ends call themselves",
        "    -XX0001-listenlisten: this is a connection to",
        "    itself",
    ]


def test_an_arrow_never_vanishes() -> None:
    long = list(draw([Line(dialer(Choke(), words="x" * LADDER), ())], width=80))
    assert long[-1].endswith("x ------>")
