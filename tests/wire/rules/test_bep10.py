"""Every rule of BEP 10 broken once, and a legal look-alike."""

import pytest

from tests.wire.scenes import INFO_HASH, Case, Scene, check_case
from torrent_peer.core.addresses import Address
from torrent_peer.core.ids import PeerId
from torrent_peer.wire.messages import (
    Extended,
    ExtendedHandshake,
    Handshake,
    Holepunch,
    HolepunchKind,
    MetadataPiece,
    MetadataRequest,
    PeerExchange,
    UploadOnly,
)
from torrent_peer.wire.reserved import Reserved
from torrent_peer.wire.side import Side

D, L = Side.DIALER, Side.LISTENER
BARE = Scene(extended=False)
GREETED = Scene(
    then=[
        (L, ExtendedHandshake({"ut_metadata": 3, "ut_pex": 1}, request_queue=500)),
        (D, ExtendedHandshake({"ut_pex": 7})),
    ]
)
DISABLED = Scene(
    then=[(L, ExtendedHandshake({"ut_pex": 1})), (L, ExtendedHandshake({"ut_pex": 0})), (D, ExtendedHandshake())]
)
XUNLEI = Scene(
    then=[
        (D, Handshake(Reserved.of(fast=True, extended=True), INFO_HASH, PeerId(b"-XL0012-dialdialdial"))),
        (L, ExtendedHandshake({"ut_pex": 1})),
        (D, ExtendedHandshake({"ut_metadata": 2, "ut_pex": 1})),
    ]
)
RELAY = Scene(then=[(L, ExtendedHandshake({"ut_holepunch": 4})), (D, ExtendedHandshake())])
PEER = Address("10.0.0.1", 6881)
DISABLED_HERE = Scene(here=D, then=DISABLED.then)

CASES = [
    Case(
        judge="the_extended_handshake_needs_the_bit",
        rule="EXT-01",
        evidence="extended_handshake without the extension protocol",
        scene=BARE,
        message=ExtendedHandshake(),
        legal_scene=Scene(),
    ),
    Case(
        judge="extended_messages_need_the_bit",
        rule="EXT-01",
        evidence="extended 1 without the extension protocol",
        scene=BARE,
        message=Extended(1, b""),
        legal_scene=GREETED,
    ),
    Case(
        judge="an_extended_id_was_announced",
        rule="EXT-02",
        evidence="extended id 2, which the listener never announced",
        scene=GREETED,
        message=Extended(2, b""),
        legal=Extended(1, b""),
    ),
    Case(
        judge="an_extended_id_was_announced",
        rule="EXT-02",
        evidence="extended id 1, which the listener does not announce",
        # what was disabled may still be in flight, but is not written any more
        scene=DISABLED_HERE,
        message=Extended(1, b""),
        legal_scene=DISABLED,
    ),
    Case(
        judge="extended_messages_need_the_bit",
        rule="EXT-01",
        evidence="metadata_request without the extension protocol",
        scene=BARE,
        message=MetadataRequest(0),
        legal_scene=GREETED,
    ),
    Case(
        judge="an_extended_id_was_announced",
        rule="EXT-02",
        evidence="upload_only, which the listener never announced",
        scene=GREETED,
        message=UploadOnly(upload_only=True),
        legal=PeerExchange(),
    ),
    Case(
        judge="an_extended_id_was_announced",
        rule="EXT-02",
        evidence="ut_pex, which the listener does not announce",
        scene=DISABLED_HERE,
        message=PeerExchange(),
        legal_scene=DISABLED,
    ),
    Case(
        judge="an_extended_id_was_announced",
        rule="EXT-02",
        evidence="extended id 2, which the listener never announced",
        scene=Scene(then=XUNLEI.then[1:]),
        message=Extended(2, b""),
        legal_scene=XUNLEI,
    ),
    Case(
        judge="an_extended_id_is_the_receivers",
        rule="EXT-02",
        evidence="extended id 2, which the dialer announced itself",
        scene=XUNLEI,
        message=Extended(2, b""),
        legal=Extended(1, b""),
    ),
    Case(
        judge="the_dictionary_is_all",
        rule="EXT-04",
        evidence="4 bytes behind the dictionary of an extended handshake",
        message=ExtendedHandshake(trailing=4),
        legal=ExtendedHandshake(),
    ),
    Case(
        judge="no_extensions_share_an_id",
        rule="EXT-06",
        evidence="extended handshake gives id 3 to more than one extension",
        message=ExtendedHandshake({"ut_pex": 3}, duplicate_ids=(3,)),
        legal=ExtendedHandshake({"ut_pex": 3}),
    ),
    Case(
        judge="known_keys_make_sense",
        rule="EXT-07",
        evidence="extended handshake with no usable value for p, metadata_size, reqq, upload_only, v",
        message=ExtendedHandshake(ignored=("p", "metadata_size", "m.ab", "reqq", "upload_only", "v", "yourip")),
        legal=ExtendedHandshake(others={b"nobody knows": 1}),
    ),
    Case(
        judge="the_map_of_extensions_makes_sense",
        rule="EXT-07",
        evidence=f"extended handshake with no usable value for m.a.b, m.{'n' * 30}",
        message=ExtendedHandshake(ignored=("p", "m.a\nb", "m." + "n" * 40)),
        legal=ExtendedHandshake(ignored=("metadata_size",)),
    ),
    Case(
        judge="the_map_of_extensions_makes_sense",
        rule="EXT-07",
        evidence="extended handshake with no usable value for m",
        message=ExtendedHandshake(ignored=("m",)),
        legal=ExtendedHandshake(ignored=("p",)),
    ),
    Case(
        judge="who_asks_can_be_answered",
        rule="EXT-09",
        evidence="metadata_request from a dialer that never announced an id for its answer",
        scene=GREETED,
        message=MetadataRequest(0),
        legal=MetadataPiece(0, None, b""),
    ),
    Case(
        judge="who_asks_can_be_answered",
        rule="EXT-09",
        evidence="holepunch from a dialer that never announced an id for its answer",
        scene=RELAY,
        message=Holepunch(HolepunchKind.RENDEZVOUS, PEER),
        legal=Holepunch(HolepunchKind.CONNECT, PEER),
    ),
    Case(
        judge="who_asks_can_be_answered",
        rule="EXT-09",
        evidence="holepunch from a dialer that never announced an id for its answer",
        scene=RELAY,
        message=Holepunch(HolepunchKind.RENDEZVOUS, PEER),
        legal_scene=Scene(then=[*RELAY.then, (D, ExtendedHandshake({"ut_holepunch": 9}))]),
    ),
    Case(
        judge="who_asks_can_be_answered",
        rule="EXT-09",
        evidence="metadata_request from a dialer that never announced an id for its answer",
        scene=GREETED,
        message=MetadataRequest(0),
        # that it comes before any extended handshake is another matter
        legal_scene=Scene(then=GREETED.then[:1]),
    ),
    Case(
        judge="the_extended_handshake_comes_first",
        rule="EXT-10",
        evidence="extended 1 before the extended handshake",
        scene=Scene(then=[(L, ExtendedHandshake({"ut_pex": 1}))]),
        message=Extended(1, b""),
        legal_scene=GREETED,
    ),
    Case(
        judge="the_extended_handshake_comes_first",
        rule="EXT-10",
        evidence="peer_exchange before the extended handshake",
        scene=Scene(then=[(L, ExtendedHandshake({"ut_pex": 1}))]),
        message=PeerExchange(),
        legal_scene=GREETED,
    ),
    Case(
        judge="an_id_keeps_its_meaning",
        rule="S-12",
        evidence="extended id 1 for ut_holepunch: it was announced for ut_pex",
        scene=GREETED,
        sender=L,
        message=ExtendedHandshake({"ut_holepunch": 1}),
        legal=ExtendedHandshake({"ut_holepunch": 4, "ut_metadata": 0}),
    ),
    Case(
        judge="an_id_keeps_its_meaning",
        rule="S-12",
        evidence="request queue lowered from 500 to 100",
        scene=GREETED,
        sender=L,
        message=ExtendedHandshake(request_queue=100),
        legal=ExtendedHandshake(request_queue=500),
    ),
    Case(
        judge="an_id_keeps_its_meaning",
        rule="S-12",
        evidence="request queue lowered from 600 to 599",
        scene=Scene(then=[(L, ExtendedHandshake(request_queue=600))]),
        sender=L,
        message=ExtendedHandshake(request_queue=599),
        legal=ExtendedHandshake(),
    ),
    Case(
        judge="our_extended_handshake_opens",
        rule="S-03",
        evidence="the first extended handshake after other messages",
        sender=L,
        message=ExtendedHandshake(),
        legal_scene=Scene(opened=False),
    ),
    Case(
        judge="our_extended_handshake_opens",
        rule="S-03",
        evidence="the first extended handshake after other messages",
        sender=L,
        message=ExtendedHandshake(),
        legal_scene=Scene(then=[(L, ExtendedHandshake())]),
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_rule_is_named_and_its_look_alike_passes(case: Case) -> None:
    check_case(case)
