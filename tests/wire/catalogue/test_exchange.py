"""Conversations as data: how they are put together and what they are called."""

from torrent_peer.wire import codec
from torrent_peer.wire.catalogue.exchange import (
    BITS,
    FRESH_PLAIN,
    SILENT,
    A,
    B,
    announces,
    both_announce,
    dialer,
    greeting,
    handshake,
    listener,
)
from torrent_peer.wire.messages import Choke, Extended, ExtendedHandshake, Have, Request, UploadOnly
from torrent_peer.wire.side import Side


def test_a_step_is_named_by_its_messages_or_by_its_own_words() -> None:
    assert str(dialer(Request(A), Request(B))) == "request 0 [0:16384], request 0 [16384:32768]"
    assert str(listener(b"\0\0\0\1", words="a length of 1")) == "a length of 1"


def test_a_step_is_encoded_in_one_go() -> None:
    assert dialer(Have(1), b"\0").encoded() == codec.encode(Have(1)) + b"\0"


def test_an_extended_handshake_may_hold_any_bytes() -> None:
    assert greeting(b"d1:mdee") == codec.encode(ExtendedHandshake())
    assert greeting(b"x") == b"\0\0\0\3\x14\0x"


def test_a_scene_goes_on_and_stays_what_it_is() -> None:
    scene = FRESH_PLAIN.then(listener(Choke())).then(dialer(Have(0)))
    assert [step.sender for step in scene.steps] == [Side.LISTENER, Side.DIALER]
    assert (scene.bits.fast, scene.greeted, scene.size_known) == (False, True, True)
    assert not SILENT.then(dialer(Have(0))).greeted


def test_the_two_sides_call_themselves_differently() -> None:
    assert handshake(Side.DIALER).peer_id != handshake(Side.LISTENER).peer_id
    assert handshake(Side.DIALER).reserved == BITS


def test_extensions_go_under_the_ids_that_both_sides_announce() -> None:
    assert str(announces(Side.DIALER, "ut_metadata", metadata_size=5)) == (
        "extended_handshake, ut_metadata is 2, metadata_size is 5"
    )
    assert dialer(UploadOnly(True)).encoded() == codec.encode(Extended(3, b"\1"))
    assert [step.sender for step in both_announce("ut_pex").steps] == [Side.LISTENER, Side.DIALER]
