//! Every signal, to either process.

use super::sandbox::both_print;

/// All but those that kill, stop, or tell of a fault.
const ALL: &str = r#"
router > /etc/keepalived/keepalived.conf
keepalived -n >/run/out 2>&1 &
until_ok 5 holds
first=$(cat /run/keepalived.pid) second=$(cat /run/vrrp.pid)
for signal in HUP QUIT USR1 USR2 PIPE ALRM STKFLT CONT TSTP TTIN TTOU URG XFSZ VTALRM PROF WINCH IO \
    PWR RTMIN RTMIN+1 RTMIN+2 RTMIN+3 RTMIN+15 RTMAX-14 RTMAX-2 RTMAX-1 RTMAX; do
    for process in $first $second; do
        kill -$signal $process || echo "$signal: the process has ended"
        sleep 0.05
        grep -q ') [SR] ' /proc/$process/stat || echo "$signal: $(cat /proc/$process/stat)"
    done
done
[ $first,$second = $(cat /run/keepalived.pid),$(cat /run/vrrp.pid) ] && holds && echo "nothing happened"
for signal in INT TERM; do
    second=$(cat /run/vrrp.pid)
    kill -$signal $second
    until_ok 5 differs /run/vrrp.pid $second
    until_ok 5 holds
    echo "SIG$signal to the worker: another one"
done
kill -INT $(cat /run/keepalived.pid)
until_ok 8 gone
lacks && ls /run/*.pid 2>/dev/null
echo "SIGINT to the supervisor: stopped"
"#;

#[test]
fn every_signal_does_to_both_processes_what_it_does_to_keepalived_s() {
    both_print(
        ALL,
        "nothing happened\nSIGINT to the worker: another one\n\
         SIGTERM to the worker: another one\nSIGINT to the supervisor: stopped",
    );
}

/// A script that leaves a process behind. Where the daemon is a container's first process nobody
/// else takes note of its end.
const ORPHANS: &str = r#"
printf '#!/bin/sh\nsetsid sleep 1 >/dev/null 2>&1 &\n' > /run/script
chmod 755 /run/script
router '    notify_master /run/script' > /etc/keepalived/keepalived.conf
keepalived -n >/run/out 2>&1 &
until_ok 5 holds
first=$(cat /run/keepalived.pid)
until_ok 5 pgrep -x -P $first sleep
echo "adopted"
until_ok 5 sh -c "! pgrep -x -P $first sleep"
echo "gone: $(ps --no-headers --ppid $first -o stat= | grep -c Z) zombies"
[ "$(cat /run/vrrp.pid)" = "$(pgrep -x -P $first keepalived)" ] && holds && echo "the worker runs on"
kill $first
until_ok 8 gone
"#;

#[test]
fn orphans_of_scripts_are_adopted_and_leave_no_zombies() {
    both_print(ORPHANS, "adopted\ngone: 0 zombies\nthe worker runs on");
}
