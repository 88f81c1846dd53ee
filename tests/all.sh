#!/usr/bin/env bash
# Runs every test there is: unit, property, simulation, and the namespace suites with the real
# keepalived as the peer. Installs what they need (Debian 12 or alike), skips nothing, and ends
# with an exit code other than 0 if anything failed.
#
#   tests/all.sh                     everything
#   tests/all.sh --test netns_pairs  what `cargo test` is to be given instead
#
# VIPD_TEST_THREADS  tests that run at the same time (8: they mostly wait for the protocol)
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf '\n== %s\n' "$*"; }
die() { printf 'tests/all.sh: %s\n' "$*" >&2; exit 1; }

if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || die 'the namespace tests need root, and there is no sudo here'
    exec sudo -E env "PATH=$PATH" "$0" "$@"
fi
command -v cargo >/dev/null || die 'there is no cargo in PATH: see https://rustup.rs'

# Program and the Debian package that brings it.
needed=(
    cc:gcc curl:curl ip:iproute2 bridge:iproute2 keepalived:keepalived nft:nftables ping:iputils-ping
    ps:procps killall:psmisc tcpdump:tcpdump unshare:util-linux mkfs.ext4:e2fsprogs
    python3:python3 start-stop-daemon:dpkg
)

# Debian starts a service that it installs; a policy of 101 forbids that.
forbid_services() {
    [ -e /usr/sbin/policy-rc.d ] && return
    printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
    chmod +x /usr/sbin/policy-rc.d
    trap 'rm -f /usr/sbin/policy-rc.d' EXIT
}

missing=()
for pair in "${needed[@]}"; do
    PATH="$PATH:/usr/sbin:/sbin" command -v "${pair%%:*}" >/dev/null || missing+=("${pair##*:}")
done
if [ "${#missing[@]}" -gt 0 ]; then
    say "Installing ${missing[*]}"
    command -v apt-get >/dev/null || die "install these first: ${missing[*]}"
    forbid_services
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -q
    apt-get install -q -y --no-install-recommends "${missing[@]}"
    [ -d /run/systemd/system ] && systemctl disable --now keepalived 2>/dev/null || true
fi
export PATH="$PATH:/usr/sbin:/sbin"

say 'What runs'
rustc --version
keepalived --version 2>&1 | sed -n 1p
uname -sr

# The namespaces of a run that was killed outright are removed by the next lab.
probe="vipdlab-$$-0-probe"
ip netns add "$probe" || die 'network namespaces cannot be made here: run on a machine or in a privileged container'
ip netns del "$probe"

say 'cargo test'
begin=$SECONDS
status=0
if [ $# -gt 0 ]; then
    cargo test --no-fail-fast "$@" || status=$?
else
    RUST_TEST_THREADS="${VIPD_TEST_THREADS:-8}" \
        cargo test --no-fail-fast -- --include-ignored || status=$?
fi

say "$([ "$status" -eq 0 ] && echo 'Everything passed' || echo 'There are FAILURES above') ($((SECONDS - begin)) s)"
exit "$status"
