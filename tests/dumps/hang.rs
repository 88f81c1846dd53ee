//! A disk that hangs, is full, or must not be written to: no advert waits for it.

use super::sandbox::{Program, both_print};

/// Prints the longest pause between two adverts, in milliseconds, that begins while the file
/// /run/listen is there.
const LISTENER: &str = r#"
cat > /run/listen.py <<'END'
import os, socket, time
packets = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(0x0800))
packets.bind(("cable", 0))
packets.settimeout(5)
last, longest, count = None, 0, 0
while os.path.exists("/run/listen"):
    octets = packets.recv(2048)
    if octets[9] != 112:
        continue
    now = time.monotonic()
    if last is not None:
        longest = max(longest, now - last)
    last, count = now, count + 1
print(int(longest * 1000), count)
END
touch /run/listen
python3 /run/listen.py > /run/pauses &
listener=$!
heard() {
    rm /run/listen
    wait $listener
    read -r longest count < /run/pauses
    echo "the longest of $count pauses was $longest ms" >&2
    # Every 100 ms, and three times that on a machine that has other things to do.
    [ "$count" -gt 20 ] && [ "$longest" -lt 300 ] && echo "adverts came in time"
}
"#;

/// A file system that is frozen, as before a snapshot: whoever writes to it waits in the kernel.
const FROZEN: &str = r#"
truncate -s 8M /run/disk
mkfs.ext4 -q /run/disk
mount -o loop /run/disk /tmp
chmod 1777 /tmp
router > /etc/keepalived/keepalived.conf
keepalived
until_ok 5 holds
worker=$(cat /run/vrrp.pid) first=$(cat /run/keepalived.pid)
sleep 1
LISTENER
count() { echo "$(ls /proc/$worker/task | wc -l) threads, $(ls /proc/$worker/fd | wc -l) descriptors"; }
before=$(count)

# Whatever becomes of this script, nothing may stay frozen: not even SIGKILL ends who waits.
trap 'fsfreeze -u /tmp 2>/dev/null' EXIT
fsfreeze -f /tmp
kill -USR1 $first
sleep 0.5
for n in $(seq 50); do kill -USR1 $first; kill -USR2 $worker; kill -36 $first; sleep 0.02; done
grep -l '^State:.D' /proc/$worker/task/*/status >/dev/null && echo "the thread that writes waits"
kill -HUP $first
sleep 1
[ "$(count)" = "$before" ] && echo "nothing piles up" || echo "$before, then $(count)" >&2
[ "$worker" = "$(cat /run/vrrp.pid)" ] && holds && echo "the same worker holds the address"
heard

fsfreeze -u /tmp
until_ok 5 test -s /tmp/keepalived.data
sleep 0.5
[ "$(count)" = "$before" ] && echo "and nothing is left behind" || echo "$before, then $(count)" >&2
rm -f /tmp/keepalived*
kill -USR1 $first
until_ok 5 grep -q 'VRRP Instance = VI_1' /tmp/keepalived.data && echo "written again"

fsfreeze -f /tmp
kill -USR1 $first
sleep 0.3
kill -TERM $first
until_ok 3 lacks && echo "given up though the disk hangs"
fsfreeze -u /tmp
until_ok 8 gone && echo "and ended"
cd /; umount /tmp
"#;

#[test]
fn a_disk_that_hangs_delays_no_advert() {
    let vipd = Program::Vipd.run(&FROZEN.replace("LISTENER", LISTENER));
    println!("{vipd}");
    assert_eq!(
        vipd.out,
        "the thread that writes waits\nnothing piles up\nthe same worker holds the address\n\
         adverts came in time\nand nothing is left behind\nwritten again\n\
         given up though the disk hangs\nand ended\n",
        "{vipd}"
    );
}

/// A full disk, a directory that must not be written to, a FIFO that nobody reads in the file's
/// place: what was written before stays, or is replaced whole, and no half of it is seen.
const REFUSED: &str = r#"
router > /etc/keepalived/keepalived.conf
umount /tmp
mount -t tmpfs -o size=64k tmpfs /tmp
keepalived
until_ok 5 holds
first=$(cat /run/keepalived.pid)
asked() { kill -$1 $first; sleep 0.5; }
asked USR1
grep -c 'VRRP Instance = VI_1' /tmp/keepalived.data
LISTENER
head -c 1M /dev/zero > /tmp/filler 2>/dev/null
for n in 1 2 3 4 5; do asked USR1; asked USR2; done
ls /tmp/keepalived.*.* /tmp/keepalived.data.* 2>/dev/null
rm /tmp/filler
mount -o remount,ro /tmp
asked USR1; asked 36
mount -o remount,rw /tmp

rm -f /tmp/keepalived.stats
mkfifo /tmp/keepalived.stats
asked USR2
[ -f /tmp/keepalived.stats ] && grep -c 'Became master: 1' /tmp/keepalived.stats
heard
asked USR1
grep -c 'VRRP Instance = VI_1' /tmp/keepalived.data
kill $first
until_ok 8 gone
"#;

#[test]
fn what_cannot_be_written_is_left_out_and_delays_nobody() {
    let vipd = Program::Vipd.run(&REFUSED.replace("LISTENER", LISTENER));
    println!("{vipd}");
    assert_eq!(vipd.out, "1\n1\nadverts came in time\n1\n", "{vipd}");
}

/// Hundreds of signals at once: as many threads and descriptors afterwards as before, in both.
const MANY: &str = r#"
router > /etc/keepalived/keepalived.conf
keepalived
until_ok 5 holds
sleep 0.5
first=$(cat /run/keepalived.pid) worker=$(cat /run/vrrp.pid)
count() { for pid in $first $worker; do ls /proc/$pid/task /proc/$pid/fd | wc -l; done; }
kill -USR1 $first; sleep 0.5
before=$(count)
for n in $(seq 300); do kill -USR1 $first; kill -USR2 $first; kill -36 $first; done
sleep 2
[ "$(count)" = "$before" ] && echo "as before"
[ "$worker" = "$(cat /run/vrrp.pid)" ] && holds && echo "the same worker"
kill $first
until_ok 8 gone
"#;

#[test]
fn hundreds_of_signals_leave_nothing_behind() {
    both_print(MANY, "as before\nthe same worker");
}
