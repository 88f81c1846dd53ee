//! Namespaces, instances and process names: where the daemon runs and what its files are called.

use super::sandbox::{Program, both, both_print};

/// A network namespace with an eth0 of its own.
const BLUE: &str = r#"
ip netns add blue
ip -n blue link add eth0 type veth peer name cable
ip -n blue link set cable up
ip -n blue link set eth0 up
ip -n blue addr add 10.9.0.2/24 dev eth0
blue_holds() { ip -n blue -o addr show | grep -q " 10.9.0.100/24 "; }
files() { find /run -name '*.pid' | sort | while read -r file; do
    echo "$file $(stat -c %a $file) in $(stat -c %a $(dirname $file))"
done; }
"#;

/// Each line of the configuration, what the command line adds, and the files that follow.
#[test]
fn pid_files_stand_where_the_configuration_says() {
    let rows = [
        ("", "", "/run/"),
        ("use_pid_dir", "", "/run/keepalived/"),
        ("instance one", "", "/run/keepalived/"),
        ("net_namespace blue", "", "/run/keepalived/blue/"),
        ("net_namespace blue\ninstance two", "", "/run/keepalived/blue/"),
        ("net_namespace nowhere", "-s blue", "/run/keepalived/blue/"),
        ("instance one", "-p /run/own.pid", "/run/keepalived/vrrp_one.pid"),
        ("net_namespace blue\nnet_namespace_ipvs blue", "", "/run/keepalived/blue/"),
    ];
    std::thread::scope(|scope| {
        for (lines, flags, place) in rows {
            scope.spawn(move || {
                let there = if lines.contains("blue") || flags.contains("blue") {
                    "blue_holds"
                } else {
                    "holds"
                };
                let script = format!(
                    r#"{BLUE}
{{ echo "{lines}"; router; }} > /etc/keepalived/keepalived.conf
keepalived -nl {flags} >/run/out 2>&1 &
until_ok 5 {there}
files
kill $(pgrep -o -x keepalived)
until_ok 8 gone
{there} || echo "given up"
find /run -name '*.pid' -o -name keepalived
"#
                );
                let [keepalived, vipd] = both(&script);
                assert_eq!(vipd.out, keepalived.out, "{lines} {flags}");
                assert!(vipd.out.contains(place), "{vipd}");
                assert!(vipd.out.ends_with("given up\n"), "{vipd}");
            });
        }
    });
}

/// Two daemons of one machine, each with its instance name.
const TWO: &str = r#"
{ echo 'instance one'; router; } > /run/one.conf
{ echo 'instance two'; router | sed 's/router_id 51/router_id 52/; s/10.9.0.100/10.9.0.101/'; } > /run/two.conf
keepalived -f /run/one.conf
keepalived -f /run/two.conf
until_ok 5 holds
until_ok 5 holds 10.9.0.101/24
ls /run/keepalived
keepalived -f /run/one.conf; echo "again: $?"
kill $(cat /run/keepalived/keepalived_one.pid)
until_ok 8 lacks
holds 10.9.0.101/24 && echo "the other one runs on"
kill $(cat /run/keepalived/keepalived_two.pid)
until_ok 8 gone
[ -d /run/keepalived ] || echo "nothing is left"
"#;

#[test]
fn instances_of_one_machine_do_not_meet() {
    both_print(
        TWO,
        "keepalived_one.pid\nkeepalived_two.pid\nvrrp_one.pid\nvrrp_two.pid\nagain: 0\n\
         the other one runs on\nnothing is left",
    );
}

/// What cannot change while the daemon runs, and does.
const FIXED: &str = r#"
change() {
    { echo "$1"; router | sed "s/priority 100/priority $2/"; } > /etc/keepalived/keepalived.conf
    kill -HUP $first
    sleep 0.5
    blue_holds && [ "$before" = "$(cat /run/keepalived/blue/*.pid | xargs)" ] && echo "$2: nothing happened"
}
{ echo 'net_namespace blue'; echo 'instance x'; router; } > /etc/keepalived/keepalived.conf
keepalived -nlD >/run/out 2>&1 &
until_ok 5 blue_holds
first=$(cat /run/keepalived/blue/keepalived_x.pid) before=$(cat /run/keepalived/blue/*.pid | xargs)
change $'net_namespace red\ninstance x' 90
change $'net_namespace blue\ninstance y' 91
change $'instance x' 92
grep -o 'Cannot change .* at a reload' /run/out | uniq
kill $first
until_ok 8 gone
blue_holds || echo "stopped"
"#;

#[test]
fn a_reload_changes_neither_the_namespace_nor_the_name() {
    both_print(
        &format!("{BLUE}{FIXED}"),
        "90: nothing happened\n91: nothing happened\n92: nothing happened\n\
         Cannot change network namespace at a reload\nCannot change instance name at a reload\n\
         Cannot change network namespace at a reload\nstopped",
    );
}

/// A line of `global_defs`, and the names of the two processes.
#[test]
fn processes_are_called_what_the_configuration_says() {
    let rows = [
        ("", "keepalived keepalived"),
        ("process_names", "keepalived keepalived_vrrp"),
        ("process_name foo", "foo foo"),
        ("vrrp_process_name bar", "keepalived bar"),
        ("process_name foo\\n vrrp_process_name bar", "foo bar"),
    ];
    std::thread::scope(|scope| {
        for (line, names) in rows {
            scope.spawn(move || {
                let script = format!(
                    r#"
router | sed 's/^global_defs {{/&\n{line}/' > /etc/keepalived/keepalived.conf
keepalived -n >/run/out 2>&1 &
until_ok 5 holds
pids="$(cat /run/keepalived.pid) $(cat /run/vrrp.pid)"
for pid in $pids; do cat /proc/$pid/comm; done | xargs
kill $pids
"#
                );
                both_print(&script, names);
            });
        }
    });
}

/// Whatever file the name leads to.
#[test]
fn vipd_under_keepalived_s_name_is_called_so() {
    let script = r#"
router > /etc/keepalived/keepalived.conf
mkdir /run/bin; cp /usr/sbin/keepalived /run/bin/vipd
(exec -a keepalived /run/bin/vipd -n) >/run/out 2>&1 &
until_ok 5 holds
for pid in $(cat /run/keepalived.pid /run/vrrp.pid); do cat /proc/$pid/comm; done
kill $(cat /run/keepalived.pid)
until_ok 8 gone
(exec -a keepalived /run/bin/vipd --version) 2>&1 | head -1 | cut -d' ' -f1
/run/bin/vipd --version 2>&1 | head -1 | cut -d' ' -f1
"#;
    assert_eq!(Program::Vipd.run(script).out, "keepalived\nkeepalived\nKeepalived\nvipd\n");
}

/// A namespace that is not there. keepalived ends with 0, which tells a service manager that all
/// is well; vipd does not. What tests a file hears what keepalived says.
#[test]
fn a_missing_namespace_stops_the_start() {
    let script = r#"
{ echo 'net_namespace red'; router; } > /etc/keepalived/keepalived.conf
keepalived -nl >/run/out 2>&1; echo $?
keepalived >/run/out 2>&1; echo $?
keepalived -t >/run/out 2>&1; echo $?
find /run -name '*.pid' -o -name keepalived
"#;
    assert_eq!(Program::Vipd.run(script).out, "1\n1\n0\n");
    assert_eq!(Program::Keepalived.run(script).out, "0\n0\n0\n");
}

/// Started for the health checkers alone, nothing speaks VRRP.
#[test]
fn the_checkers_alone_hold_no_address() {
    let script = r#"
router > /etc/keepalived/keepalived.conf
keepalived -n -C >/run/out 2>&1 &
until_ok 5 test -s /run/keepalived.pid
sleep 1
lacks && echo "no address"
kill $(cat /run/keepalived.pid)
until_ok 8 gone
"#;
    both_print(script, "no address");
}
