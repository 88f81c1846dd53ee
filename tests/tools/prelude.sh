# What stands before every script of these tests: a machine of its own, made of namespaces, in
# which /usr/sbin/keepalived is the program under test and eth0 has the address 10.9.0.1/24.
set -u
export LC_ALL=C PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
mount --make-rprivate /
[ "$UNDER_TEST" = /usr/sbin/keepalived ] || mount --bind "$UNDER_TEST" /usr/sbin/keepalived
mkdir -p /etc/keepalived
for place in /run /etc/keepalived /var/lib; do mount -t tmpfs tmpfs $place; done
mount -t tmpfs tmpfs /tmp
cd /
ip link set lo up
ip link add eth0 type veth peer name cable
ip link set cable up
ip link set eth0 up
ip addr add 10.9.0.1/24 dev eth0

# A router that advertises every 100 ms; lines for its instance may be given.
router() {
    printf '%s\n' 'global_defs {' '    router_id test' '    vrrp_version 3' '}' \
        'vrrp_instance VI_1 {' '    interface eth0' '    virtual_router_id 51' \
        '    priority 100' '    advert_int 0.1' \
        '    virtual_ipaddress {' '        10.9.0.100/24' '    }' "$@" '}'
}

# until SECONDS COMMAND...: waits until the command succeeds.
until_ok() {
    local left=$(($1 * 20))
    shift
    until "$@" >/dev/null 2>&1; do
        left=$((left - 1))
        [ $left -gt 0 ] || { echo "waited in vain for: $*"; exit 1; }
        sleep 0.05
    done
}

holds() { ip -o addr show | grep -q " ${1:-10.9.0.100/24} "; }
lacks() { ! holds "$@"; }
runs() { pgrep -x keepalived >/dev/null; }
gone() { ! runs; }
differs() { [ "$(cat "$1")" != "$2" ]; }
ends() { [ ! -e "/proc/$1/stat" ] || grep -q ') Z ' "/proc/$1/stat"; }
