//! The programs that read the files: what they look for, in their own way.

use super::sandbox::{both, both_print};

/// An exporter's way: find the pid, ask for the signal's number, send it, wait, decode. It takes
/// the version from the second word of the first line, and JSON from a program built for it.
const EXPORTER: &str = r#"
router > /etc/keepalived/keepalived.conf
keepalived -D
until_ok 5 holds
sleep 0.5
keepalived --version 2>&1 | grep -o -- --enable-json
cat > /run/exporter.py <<'END'
import json, os, re, subprocess, time

def signum(name):
    return int(subprocess.run(["keepalived", f"--signum={name}"], capture_output=True, check=True,
                              text=True).stdout.strip())

def ask(name, file):
    pid = int(open("/run/keepalived.pid").read())
    os.kill(pid, signum(name))
    time.sleep(0.5)
    return open(f"/tmp/{file}").read()

NUMBERS = {"advert_rcvd", "advert_sent", "become_master", "release_master", "packet_len_err",
           "advert_interval_err", "ip_ttl_err", "invalid_type_rcvd", "addr_list_err",
           "invalid_authtype", "authtype_mismatch", "auth_failure", "pri_zero_rcvd",
           "pri_zero_sent"}

for vrrp in json.loads(ask("JSON", "keepalived.json")):
    data, stats = vrrp["data"], vrrp["stats"]
    assert type(data["garp_delay"]) is int and type(data["last_transition"]) is float
    assert set(stats) == NUMBERS and all(type(count) is int for count in stats.values())
    words = [vip.split() for vip in data["vips"]]
    print(data["iname"], data["state"], data["wantstate"], data["vrid"], data["ifp_ifname"],
          data["garp_delay"], [(vip[0], vip[2]) for vip in words], stats["become_master"])

# The text parser: `key = value` by indentation, lists by five blanks.
instances, scripts, current, vips = [], [], None, False
for line in ask("DATA", "keepalived.data").splitlines():
    if line.startswith(" VRRP Instance") and "=" in line:
        current = {"name": line.split("=")[1].strip(), "vips": []}
        instances.append(current)
        vips = False
    elif line.startswith(" VRRP Script") and "=" in line:
        current = {"name": line.split("=")[1].strip()}
        scripts.append(current)
        vips = False
    elif current is not None and line.startswith("   Virtual IP"):
        vips = True
    elif vips and line.startswith("     "):
        current["vips"].append(tuple(line.split()[0:3:2]))
    elif current is not None and line.startswith("   ") and "=" in line:
        key, _, value = line.strip().partition(" = ")
        current.setdefault(key, value)
        vips = False
    elif line.startswith("---"):
        current, vips = None, False
for one in instances:
    print([one[key] for key in ("name", "State", "Wantstate", "Interface", "Gratuitous ARP delay",
                                "Virtual Router ID", "vips")])
    assert re.fullmatch(r"\d+\.\d{6} \(.*\)", one["Last transition"])
for one in scripts:
    print([one[key] for key in ("name", "Status", "State")])

# The statistics: two levels of blanks, every value a whole number.
path, seen = [], {}
for line in ask("STATS", "keepalived.stats").splitlines():
    depth = (len(line) - len(line.lstrip())) // 2
    key, _, value = line.strip().partition(":")
    path = path[:depth] + [key]
    if depth and value:
        seen["/".join(path[1:])] = int(value)
print(sorted(seen), seen["Became master"])
END
python3 /run/exporter.py
kill $(cat /run/keepalived.pid)
until_ok 8 gone
"#;

#[test]
fn exporters_decode_both_daemons_files_to_the_same() {
    let [keepalived, vipd] = both(EXPORTER);
    assert!(vipd.out.contains("VI_1 2 2 51 eth0 5 [('10.9.0.100/24', 'eth0')] 1"), "{vipd}");
    assert!(vipd.out.starts_with("--enable-json\n"), "{vipd}");
    assert_eq!(vipd.out, keepalived.out, "{keepalived}");
}

/// VyOS's way: watch the directory, and read when the file of this name is closed after writing.
/// Others watch for it to be moved there; others again empty the file and wait for words in it.
const WATCHED: &str = r#"
router > /etc/keepalived/keepalived.conf
keepalived -D
until_ok 5 holds
cat > /run/watch.py <<'END'
import ctypes, os, select, struct, subprocess, sys

libc = ctypes.CDLL(None, use_errno=True)
CLOSE_WRITE, MOVED_TO = 0x8, 0x80
for signal, name, word in ((10, "keepalived.data", b"VRRP Instance = VI_1"),
                           (12, "keepalived.stats", b"Became master: 1"),
                           (36, "keepalived.json", b'"iname":"VI_1"')):
    for turn in ("new", "again"):
        watch = libc.inotify_init()
        assert libc.inotify_add_watch(watch, b"/tmp", CLOSE_WRITE) > 0
        os.kill(int(open("/run/keepalived.pid").read()), signal)
        found = False
        while not found and select.select([watch], [], [], 3)[0]:
            events = os.read(watch, 65536)
            while events:
                _, mask, _, length = struct.unpack_from("iIII", events)
                if events[16:16 + length].rstrip(b"\0").decode() == name:
                    found = word in open(f"/tmp/{name}", "rb").read()
                events = events[16 + length:]
        os.close(watch)
        print(name, turn, found)
END
python3 /run/watch.py
rm /tmp/keepalived.*

echo > /tmp/keepalived.data
kill -USR1 "$(pgrep -o keepalived)"
until_ok 5 grep -q 'VRRP Instance' /tmp/keepalived.data && echo "OpenShift finds it alive"
grep -q 'State = FAULT' /tmp/keepalived.data || echo "and not at fault"

killall -USR2 keepalived
until_ok 5 grep -q 'Became master: 1' /tmp/keepalived.stats && echo "killall reaches it"

ls -A /tmp | sort | tr '\n' ' '; echo
kill $(cat /run/keepalived.pid)
until_ok 8 gone
"#;

#[test]
fn those_who_watch_the_directory_find_whole_files() {
    both_print(
        WATCHED,
        "keepalived.data new True\nkeepalived.data again True\nkeepalived.stats new True\n\
         keepalived.stats again True\nkeepalived.json new True\nkeepalived.json again True\n\
         OpenShift finds it alive\nand not at fault\nkillall reaches it\n\
         keepalived.data keepalived.stats keepalived_parent.data",
    );
}

/// Links, directories and foreign files in the place of the files, as anybody may put them into
/// a directory that everybody may write to.
const TRAPS: &str = r#"
router > /etc/keepalived/keepalived.conf
keepalived -D
until_ok 5 holds
chmod 1777 /tmp
echo precious > /run/victim
asked() { kill -$1 $(cat /run/keepalived.pid); sleep 0.7; }

ln -s /run/victim /tmp/keepalived.stats
ln -s /run/nothing /tmp/keepalived.data
asked 12; asked 10
echo "$(cat /run/victim), $(ls /run/nothing 2>/dev/null)"
[ ! -L /tmp/keepalived.stats ] && [ ! -L /tmp/keepalived.data ] && echo "no link is left"
grep -c 'Became master: 1' /tmp/keepalived.stats

rm /tmp/keepalived.*
setpriv --reuid 65534 --regid 65534 --clear-groups sh -c 'umask 0; echo bait > /tmp/keepalived.stats; exec 3</tmp/keepalived.stats; sleep 2; cat <&3' > /run/read &
sleep 0.5
asked 12
echo "$(stat -c %U:%a /tmp/keepalived.stats)"
wait %2 2>/dev/null; wait $!
cat /run/read
kill $(cat /run/keepalived.pid)
until_ok 8 gone
"#;

#[test]
fn nobody_is_led_to_write_elsewhere_or_to_show_it_to_others() {
    both_print(TRAPS, "precious, \nno link is left\n1\nroot:600\nbait");
}
