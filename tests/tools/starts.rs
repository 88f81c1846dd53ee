//! The start lines of tools, to the letter, and what they look at afterwards.

use super::sandbox::{both, both_print};

/// A start line, and where the program that it belongs to expects what.
struct Start {
    tool: &'static str,
    /// The files that it has put in place.
    before: &'static str,
    line: &'static str,
    /// Whether the tool's shell waits for the line to end, as for a daemon.
    returns: bool,
    pid_file: &'static str,
    worker_pid_file: &'static str,
}

const START: Start = Start {
    tool: "the defaults files of puppet and TripleO's elements",
    before: "",
    line: "/usr/sbin/keepalived -D -d -S 6",
    returns: true,
    pid_file: "/run/keepalived.pid",
    worker_pid_file: "/run/vrrp.pid",
};

const STARTS: [Start; 13] = [
    START,
    Start {
        tool: "kolla-ansible",
        before: "chmod 600 /etc/keepalived/keepalived.conf; echo 99999 > /run/keepalived.pid",
        line: "/usr/sbin/keepalived -nld -p /run/keepalived.pid",
        returns: false,
        ..START
    },
    Start {
        tool: "TripleO",
        line: "/bin/bash -c '$*' -- eval exec /usr/sbin/keepalived -nldD &>>/run/keepalived.log",
        returns: false,
        ..START
    },
    Start {
        tool: "cephadm",
        line: "/usr/sbin/keepalived -n -l -f /etc/keepalived/keepalived.conf",
        returns: false,
        ..START
    },
    Start {
        tool: "OpenShift",
        line: "/usr/sbin/keepalived -f /etc/keepalived/keepalived.conf --dont-fork --vrrp \
               --log-detail --log-console",
        returns: false,
        ..START
    },
    Start {
        tool: "OpenShift's ipfailover",
        line: "/usr/sbin/keepalived $KEEPALIVED_OPTIONS -n --log-console",
        before: "KEEPALIVED_OPTIONS=",
        returns: false,
        ..START
    },
    Start {
        tool: "keepalived-operator",
        before: "mkdir /run/k.d /run/k.pid; mv /etc/keepalived/keepalived.conf /run/k.d/",
        line: "/usr/sbin/keepalived --log-console --log-detail --dont-fork --config-id=pod-1 \
               --use-file=/run/k.d/keepalived.conf --pid=/run/k.pid/keepalived.pid",
        returns: false,
        pid_file: "/run/k.pid/keepalived.pid",
        ..START
    },
    Start {
        tool: "kube-keepalived-vip",
        line: "keepalived --dont-fork --log-console --log-detail --release-vips",
        returns: false,
        ..START
    },
    Start {
        tool: "the osixia image",
        line: "keepalived -f /etc/keepalived/keepalived.conf --dont-fork --log-console \
               --log-detail --dump-conf",
        returns: false,
        ..START
    },
    Start {
        tool: "VyOS",
        before: "mkdir /run/keepalived; mv /etc/keepalived/keepalived.conf /run/keepalived/",
        line: "/usr/sbin/keepalived --use-file /run/keepalived/keepalived.conf \
               --pid /run/keepalived/keepalived.pid --dont-fork",
        returns: false,
        pid_file: "/run/keepalived/keepalived.pid",
        ..START
    },
    Start {
        tool: "Cloud Foundry",
        before: "mkdir /run/cf; mv /etc/keepalived/keepalived.conf /run/cf/keepalived.config",
        line: "setsid keepalived -l -D -n -f /run/cf/keepalived.config --pid=/run/cf/keepalived.pid \
               --vrrp_pid=/run/cf/vrrp.pid --checkers_pid=/run/cf/vrrp.pid",
        returns: false,
        pid_file: "/run/cf/keepalived.pid",
        worker_pid_file: "/run/cf/vrrp.pid",
    },
    Start {
        tool: "NixOS",
        before: "mv /etc/keepalived/keepalived.conf /run/nix.conf",
        line: "keepalived -f /run/nix.conf -p /run/keepalived.pid",
        ..START
    },
    Start {
        tool: "OpenWrt",
        before: "mv /etc/keepalived/keepalived.conf /tmp/keepalived.conf",
        line: "/usr/sbin/keepalived -n -f /tmp/keepalived.conf",
        returns: false,
        ..START
    },
];

/// What is the same after every start: two processes, each named by its file, with equal command
/// lines, and the address; then the way they go.
fn script(start: &Start) -> String {
    let Start { before, line, returns, pid_file, worker_pid_file, .. } = start;
    let background = if *returns { "; echo \"returned $?\"" } else { " >/run/out 2>&1 &" };
    format!(
        r#"
router > /etc/keepalived/keepalived.conf
{before}
{line}{background}
until_ok 5 holds
first=$(cat {pid_file}) second=$(cat {worker_pid_file})
for pid in $first $second; do
    tr '\0' ' ' < /proc/$pid/cmdline; echo
    echo "$(cat /proc/$pid/comm) in $(readlink /proc/$pid/cwd) $(grep Umask /proc/$pid/status)"
done
for file in {pid_file} {worker_pid_file}; do
    echo "$(stat -c %a $file), $(wc -l < $file) line of digits: $(tr -d '[0-9]' < $file | wc -c)"
done
[ $(cut -d' ' -f4 /proc/$second/stat) = $first ] && echo "the second is the first's child"
[ $(cut -d' ' -f5,6 /proc/$second/stat | tr ' ' ,) = $(cut -d' ' -f5,6 /proc/$first/stat | tr ' ' ,) ] \
    && echo "one group, one session"
kill -HUP $first; sleep 0.5; holds && echo "reloaded"
[ $first,$second = $(cat {pid_file}),$(cat {worker_pid_file}) ] && echo "by the same processes"
kill -TERM $first
until_ok 8 lacks
until_ok 8 gone
ls {pid_file} {worker_pid_file} 2>/dev/null
echo done
"#
    )
}

#[test]
fn every_start_line_of_the_field_starts_what_its_tool_expects() {
    std::thread::scope(|scope| {
        for start in &STARTS {
            scope.spawn(move || {
                let [keepalived, vipd] = both(&script(start));
                assert_eq!(vipd.out, keepalived.out, "{}:\n{vipd}", start.tool);
                assert!(vipd.out.contains("by the same processes"), "{}: {vipd}", start.tool);
            });
        }
    });
}

/// Neutron waits until the pipes close that it gave the process, then reads both pid files and
/// looks for the router's number in the command lines of both processes.
const NEUTRON: &str = r#"
id=3a0b7a4e-0000-4d8e-9f11-7d5f7a6f2e10 state=/var/lib/neutron/ha_confs
mkdir -p $state/$id
router > $state/$id/keepalived.conf
ip netns add qrouter-$id
ip link set eth0 netns qrouter-$id
ip netns exec qrouter-$id ip link set eth0 up
ip netns exec qrouter-$id ip addr add 10.9.0.1/24 dev eth0
start() {
    said=$(timeout 5 ip netns exec qrouter-$id env PROCESS_TAG=keepalived-$id keepalived -P \
        -f $state/$id/keepalived.conf -p $state/$id.pid.keepalived \
        -r $state/$id.pid.keepalived-vrrp -D 2>/dev/null)
    echo "the pipes closed: $? [$said]"
}
active() { for file in $state/$id.pid.keepalived $state/$id.pid.keepalived-vrrp; do
    grep -q $id /proc/$(cat $file)/cmdline || return 1
done; }
inside() { ip netns exec qrouter-$id "$@"; }
inside_holds() { inside ip -o addr show | grep -q ' 10.9.0.100/24 '; }
inside_lacks() { ! inside_holds; }
start
active && echo "both are found at once" >&2
until_ok 2 active
tr '\0' '\n' < /proc/$(cat $state/$id.pid.keepalived-vrrp)/environ | grep PROCESS_TAG
until_ok 5 inside_holds

for n in 1 2 3 4 5 6 7 8 9 10; do kill -HUP $(cat $state/$id.pid.keepalived); sleep 0.02; done
sleep 0.5
active && inside_holds && echo "reloaded ten times"

first=$(cat $state/$id.pid.keepalived)
kill -TERM $first
rm -r $state/$id $state/$id.pid.keepalived $state/$id.pid.keepalived-vrrp
until_ok 8 gone
inside_lacks && echo "stopped without its files"

mkdir -p $state/$id
router > $state/$id/keepalived.conf
start
until_ok 2 active
echo "started again"
until_ok 5 inside_holds
kill -KILL $(cat $state/$id.pid.keepalived)
until_ok 5 gone
inside_lacks && echo "the worker follows a killed supervisor"
start
until_ok 2 active
echo "started over the files that stayed"
until_ok 5 inside_holds
second=$(cat $state/$id.pid.keepalived-vrrp)
kill -STOP $second
kill -KILL $second
until_ok 5 differs $state/$id.pid.keepalived-vrrp $second
until_ok 5 active
until_ok 8 inside_holds
echo "a frozen worker that is killed has a successor"
kill -TERM $(cat $state/$id.pid.keepalived)
until_ok 8 gone
"#;

#[test]
fn neutron_starts_watches_reloads_and_stops_it() {
    let [keepalived, vipd] = both(NEUTRON);
    assert_eq!(
        vipd.out.trim(),
        "the pipes closed: 0 []\n\
         PROCESS_TAG=keepalived-3a0b7a4e-0000-4d8e-9f11-7d5f7a6f2e10\n\
         reloaded ten times\nstopped without its files\nthe pipes closed: 0 []\nstarted again\n\
         the worker follows a killed supervisor\nthe pipes closed: 0 []\n\
         started over the files that stayed\na frozen worker that is killed has a successor",
        "{vipd}"
    );
    assert_eq!(vipd.out, keepalived.out, "{keepalived}");
    // keepalived writes the second file a moment after its first process has ended.
    assert!(vipd.err.contains("both are found at once"), "{vipd}");
}

/// `Type=forking` with `PIDFile=`: systemd takes the pid of the file when the first process has
/// ended, checks that it lives and is its own, and stops with SIGTERM to that one alone
/// (`KillMode=process`).
const OCTAVIA: &str = r#"
mkdir -p /var/lib/octavia/vrrp
router > /var/lib/octavia/vrrp/octavia-keepalived.conf
pid_file=/var/lib/octavia/vrrp/octavia-keepalived.pid
ip netns add amphora-haproxy
ip link set eth0 netns amphora-haproxy
ip netns exec amphora-haproxy ip link set eth0 up
ip netns exec amphora-haproxy ip addr add 10.9.0.1/24 dev eth0
/sbin/ip netns exec amphora-haproxy /usr/sbin/keepalived  --log-facility=1 \
    -f /var/lib/octavia/vrrp/octavia-keepalived.conf -p $pid_file
echo "returned $?"
until_ok 2 test -s $pid_file
pid=$(cat $pid_file)
kill -0 $pid && echo "the main process lives"
[ $(cut -d' ' -f4 /proc/$pid/stat) = 1 ] && echo "and is the service manager's"
inside_holds() { ip netns exec amphora-haproxy ip -o addr show | grep -q ' 10.9.0.100/24 '; }
until_ok 5 inside_holds
kill -HUP $pid; sleep 0.3; inside_holds && echo "reloaded"
kill -TERM $pid
until_ok 8 gone
ls $pid_file 2>/dev/null
inside_holds || echo "stopped"
"#;

#[test]
fn a_forking_unit_finds_its_main_process() {
    both_print(
        OCTAVIA,
        "returned 0\nthe main process lives\nand is the service manager's\nreloaded\nstopped",
    );
}

/// SIGKILL to the group of each pid file, as Cloud Foundry stops; then a start that has to clean up.
const GROUPS: &str = r#"
router > /etc/keepalived/keepalived.conf
setsid keepalived -l -D -n >/dev/null 2>&1 &
until_ok 5 holds
for file in /run/keepalived.pid /run/vrrp.pid; do kill -9 -$(cat $file) 2>/dev/null; done
until_ok 5 gone
holds && ls /run/keepalived.pid /run/vrrp.pid
router | sed 's/priority 100/priority 10/' > /etc/keepalived/keepalived.conf
sed -i 's/10.9.0.100/10.9.0.101/' /etc/keepalived/keepalived.conf
setsid keepalived -l -D -n >/dev/null 2>&1 &
until_ok 5 holds 10.9.0.101/24
kill $(cat /run/keepalived.pid)
until_ok 8 gone
lacks 10.9.0.101/24 && echo stopped
"#;

#[test]
fn a_killed_group_leaves_files_and_addresses_that_stop_no_start() {
    both_print(GROUPS, "/run/keepalived.pid\n/run/vrrp.pid\nstopped");
}

/// A second start while the first one runs: exit code 0, nothing touched.
const TWICE: &str = r#"
router > /etc/keepalived/keepalived.conf
keepalived
until_ok 5 holds
before=$(cat /run/keepalived.pid /run/vrrp.pid | xargs)
keepalived; echo "in the background $?"
keepalived -n; echo "in the foreground $?"
keepalived -n -r /run/other.pid; echo "with another file $?"
ls /run/other.pid 2>/dev/null
[ "$before" = "$(cat /run/keepalived.pid /run/vrrp.pid | xargs)" ] && holds && echo "untouched"
kill $(cat /run/keepalived.pid); until_ok 8 gone
"#;

#[test]
fn a_second_start_changes_nothing_and_ends_well() {
    both_print(TWICE, "in the background 0\nin the foreground 0\nwith another file 0\nuntouched");
}

/// Exit codes of starts that fail, in the foreground and in the background.
const FAILURES: &str = r#"
refused() { keepalived $2 "${@:3}" >/run/out 2>&1; echo "$1 $2: $?, left: $(ls /run/*.pid 2>/dev/null)"; }
router > /etc/keepalived/keepalived.conf
for how in -n -nlG; do
    refused "no such file" $how -f /nonexistent
    sed 's/interface eth0/interface nosuch0/' /etc/keepalived/keepalived.conf > /run/1
    refused "no such interface" $how -f /run/1
    sed '/virtual_router_id/d' /etc/keepalived/keepalived.conf > /run/2
    refused "no VRID" $how -f /run/2
    sed 's/priority 100/priority/' /etc/keepalived/keepalived.conf > /run/3
    refused "a word is missing" $how -f /run/3
    chmod +x /run/3
    refused "an executable file" $how -f /run/3
done
"#;

#[test]
fn starts_that_fail_end_with_keepalived_s_codes() {
    let [keepalived, vipd] = both(FAILURES);
    assert_eq!(vipd.out, keepalived.out, "vipd:\n{vipd}");
    println!("{vipd}");
}
