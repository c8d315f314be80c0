"""The exit codes are documented, and stay what they are."""

import pytest

from tests.cli.fakes import Invoke
from torrent_peer.cli.exits import MEANINGS, Exit
from torrent_peer.cli.main import COMMANDS


def test_scripts_rely_on_these_numbers() -> None:
    assert [code.value for code in Exit] == [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 130, 143]
    assert list(MEANINGS) == list(Exit)


@pytest.mark.parametrize("command", [(), *((name,) for name in COMMANDS)])
def test_every_help_ends_with_all_exit_codes(invoke: Invoke, command: tuple[str, ...]) -> None:
    result = invoke(*command, "--help")
    assert result.exit_code == 0
    codes = result.stdout[result.stdout.index("Exit codes:") :].splitlines()[1:]
    assert [line.strip() for line in codes] == [f"{code.value}  {MEANINGS[code]}" for code in Exit]
