# Sourced by the scripts beside it: a virtual environment in .venv with the package, editable, and one of its extras.

# make_venv [EXTRA]: does nothing when .venv already holds what pyproject.toml asks for now.
make_venv() {
    local extra="${1:-}" python="" candidate wanted stamp
    stamp=".venv/.torrent_peer${extra:+-$extra}"
    for candidate in ${PYTHON:-python3 python3.13 python3.12 python3.11}; do
        if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            python="$candidate"
            break
        fi
    done
    if [ -z "$python" ]; then
        echo "$0: needs Python 3.11 or later; name one with PYTHON=…" >&2
        return 1
    fi
    if [ ! -x .venv/bin/python ] || ! .venv/bin/python -c 'import pip' 2>/dev/null; then
        rm -rf .venv
        if ! "$python" -m venv .venv; then
            rm -rf .venv
            echo "$0: $python cannot make a virtual environment (on Debian: apt-get install python3-venv)" >&2
            return 1
        fi
    fi
    wanted="$PWD $(cat pyproject.toml)"
    if [ ! -e "$stamp" ] || [ "$(cat "$stamp")" != "$wanted" ]; then
        .venv/bin/python -m pip install --quiet --disable-pip-version-check -e ".${extra:+[$extra]}" >&2
        printf '%s' "$wanted" >"$stamp"
    fi
}
