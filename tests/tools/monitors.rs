//! What monitors and roles ask: the version, a signal's number, which processes there are.

use super::sandbox::{both, both_print};

/// The exporter needs a second line and cuts the second word; Ansible's role matches greedily up
/// to the last blank of the first line; Neutron reads standard error alone.
const VERSION: &str = r#"
said=$(keepalived --version 2>&1 >/dev/null)
echo "exit $?, on standard output $(keepalived -v 2>/dev/null | wc -c)"
first=$(head -1 <<<"$said")
[[ $first =~ ^Keepalived\ v2\.[0-9]+\.[0-9]+\ \([0-9]{2}/[0-9]{2},[0-9]{4}\)$ ]] && echo "the form"
[ $(wc -l <<<"$said") -gt 1 ] && echo "several lines"
word=$(cut -d' ' -f2 <<<"$first")
role=$(sed -nE 's/.*[kK]eepalived v(.*) .*/\1/p' <<<"$first")
[ "v$role" = "$word" ] && echo "the role and the exporter agree"
"#;

#[test]
fn every_parser_of_the_version_finds_it() {
    both_print(
        VERSION,
        "exit 0, on standard output 0\nthe form\nseveral lines\nthe role and the exporter agree",
    );
}

const SIGNUM: &str = r#"
for name in STOP RELOAD DATA STATS STATS_CLEAR JSON; do
    echo "$name $(keepalived --signum=$name 2>/dev/null) $(keepalived --signum $name)"
done
keepalived --signum=NONSENSE 2>&1; echo $?
"#;

#[test]
fn signals_have_keepalived_s_numbers() {
    both_print(
        SIGNUM,
        "STOP 15 15\nRELOAD 1 1\nDATA 10 10\nSTATS 12 12\nSTATS_CLEAR 63 63\nJSON 36 36\n\
         Unknown sigfunc NONSENSE\n1",
    );
}

/// `pgrep -o` is OpenShift's way to the first process, `ps -C` and `pidof` are those of monitors,
/// `start-stop-daemon --exec` that of the System V script.
const FOUND: &str = r#"
router > /etc/keepalived/keepalived.conf
keepalived
until_ok 5 holds
first=$(cat /run/keepalived.pid) second=$(cat /run/vrrp.pid)
[ "$(pgrep -o keepalived)" = "$first" ] && echo "pgrep -o finds the first"
[ "$(pgrep -x keepalived | tr '\n' ' ')" = "$first $second " ] && echo "pgrep finds both"
[ "$(ps --no-headers -C keepalived -o pid= | xargs)" = "$first $second" ] && echo "ps finds both"
[ "$(pidof keepalived | tr ' ' '\n' | sort -n | xargs)" = "$first $second" ] && echo "pidof too"
start-stop-daemon --status --pidfile /run/keepalived.pid --exec /usr/sbin/keepalived
echo "start-stop-daemon $?"
start-stop-daemon --start --oknodo --quiet --pidfile /run/keepalived.pid --exec /usr/sbin/keepalived
[ "$(pgrep -c keepalived)" = 2 ] && echo "no other was started"
start-stop-daemon --stop --retry 5 --pidfile /run/keepalived.pid --exec /usr/sbin/keepalived
until_ok 5 gone
lacks && [ ! -e /run/keepalived.pid ] && echo "stopped"
"#;

#[test]
fn both_processes_are_found_by_their_name() {
    both_print(
        FOUND,
        "pgrep -o finds the first\npgrep finds both\nps finds both\npidof too\n\
         start-stop-daemon 0\nno other was started\nstopped",
    );
}

/// What is printed about unknown options and how it ends.
const USAGE: &str = r#"
for line in '--bogus' '-n --bogus -Z -f' '--use-file=' '-S nonsense -v' '-h'; do
    keepalived $line >/run/out 2>/run/err
    echo "[$line] $? $(grep -E '^(Unknown|Missing)' /run/err | tr '\n' ';')"
done
"#;

#[test]
fn a_wrong_command_line_is_refused_in_keepalived_s_words() {
    let [keepalived, vipd] = both(USAGE);
    println!("{keepalived}");
    assert_eq!(vipd.out, keepalived.out);
}
