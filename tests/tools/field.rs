//! What else the field does: fewer privileges, other ways to start and end, and the questions of
//! monitoring scripts.

use super::sandbox::both_print;

/// Octavia's start for load balancers names the checkers' pid file too; cephadm's container has
/// two capabilities and no more; keepalived's own unit without root has ambient ones.
const PRIVILEGES: &str = r#"
router > /etc/keepalived/keepalived.conf
keepalived --log-facility=1 -f /etc/keepalived/keepalived.conf -p /run/o.pid -r /run/o.vrrp.pid \
    -c /run/o.check.pid 2>/dev/null
until_ok 5 holds
until_ok 5 test -s /run/o.vrrp.pid
ls /run/*.pid
kill $(cat /run/o.pid); until_ok 8 gone
ls /run/*.pid 2>/dev/null

setpriv --bounding-set=-all,+net_admin,+net_raw --inh-caps=-all,+net_admin,+net_raw \
    keepalived -n -l -f /etc/keepalived/keepalived.conf >/run/out 2>&1 &
until_ok 5 holds
grep CapEff /proc/$(cat /run/vrrp.pid)/status
kill $(cat /run/keepalived.pid); until_ok 8 gone
lacks && echo "left with two capabilities"

mkdir /run/user; chown nobody /run/user; chmod 644 /etc/keepalived/keepalived.conf
chmod 1777 /tmp
few=-all,+net_admin,+net_raw,+net_broadcast
setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=$few --ambient-caps=$few \
    keepalived --dont-fork --pid=/run/user/k.pid --vrrp_pid=/run/user/v.pid \
    --checkers_pid=/run/user/c.pid --bfd_pid=/run/user/b.pid >/run/out 2>&1 &
until_ok 5 holds
ls /run/user
kill -USR1 $(cat /run/user/k.pid)
until_ok 5 grep -q 'State = MASTER' /tmp/keepalived.data
sleep 0.3
stat -c '%U %a %n' /tmp/keepalived*
kill $(cat /run/user/k.pid); until_ok 8 gone
lacks && echo "left without root"
"#;

#[test]
fn few_privileges_are_enough_where_they_are_for_keepalived() {
    both_print(
        PRIVILEGES,
        "/run/o.pid\n/run/o.vrrp.pid\nCapEff:\t0000000000003000\nleft with two capabilities\n\
         k.pid\nv.pid\nnobody 600 /tmp/keepalived.data\nnobody 600 /tmp/keepalived_parent.data\n\
         left without root",
    );
}

/// OpenShift's ipfailover kills by the program's path first; OpenNebula restarts for every change
/// and includes a directory; VyOS and NixOS pass `--snmp`; roles validate before they install.
const RESTARTS: &str = r#"
router > /etc/keepalived/keepalived.conf
keepalived 2>/dev/null
until_ok 5 holds
killall -9 /usr/sbin/keepalived; until_ok 5 gone
rm /run/*.pid
keepalived -n --log-console >/run/out 2>&1 &
pid=$!
until_ok 5 test -s /run/vrrp.pid
sleep 1
[ $pid = "$(cat /run/keepalived.pid)" ] && holds && echo "started over what was left"
kill -TERM $pid; wait $pid; echo "ended $?"
lacks && echo "and nothing stays"

mkdir -p /etc/keepalived/conf.d
mv /etc/keepalived/keepalived.conf /etc/keepalived/conf.d/a.conf
echo "include /etc/keepalived/conf.d/*.conf" > /etc/keepalived/keepalived.conf
for n in 1 2 3; do
    keepalived 2>/dev/null
    until_ok 5 holds
    kill $(cat /run/keepalived.pid); until_ok 8 gone
    lacks && echo "restart $n"
done

for line in "--use-file /etc/keepalived/keepalived.conf --pid /run/keepalived.pid --dont-fork --snmp" "-n -x"; do
    keepalived $line >/run/out 2>&1 &
    until_ok 5 holds
    kill $(cat /run/keepalived.pid); until_ok 8 gone
    echo "$line"
done

keepalived --config-test -f /etc/keepalived/conf.d/a.conf; echo "valid: $?"
keepalived -l -t -f /etc/keepalived/conf.d/a.conf; echo "valid: $?"
sed 's/interface eth0/interface/' /etc/keepalived/conf.d/a.conf > /run/broken
keepalived -l -t -f /run/broken >/run/out 2>&1; echo "broken: $?"
"#;

#[test]
fn it_is_killed_restarted_and_validated_as_the_field_does() {
    both_print(
        RESTARTS,
        "started over what was left\nended 0\nand nothing stays\nrestart 1\nrestart 2\nrestart 3\n\
         --use-file /etc/keepalived/keepalived.conf --pid /run/keepalived.pid --dont-fork --snmp\n\
         -n -x\nvalid: 0\nvalid: 0\nbroken: 2",
    );
}

/// Ten minutes of a monitoring script: processes by name, by command line, by executable, by pid
/// file; sockets; what the processes say of themselves; reload and stop by name.
const QUESTIONS: &str = r#"
router > /etc/keepalived/keepalived.conf
keepalived -D 2>/dev/null
until_ok 5 holds
until_ok 5 test -s /run/vrrp.pid
first=$(cat /run/keepalived.pid) second=$(cat /run/vrrp.pid)
named() { sed "s/\b$first\b/FIRST/g; s/\b$second\b/SECOND/g"; }
echo "$(pgrep -cf '^keepalived -D') by command line, $(pgrep -cx keepalived) by name"
ps -o pid=,ppid=,comm=,args= -C keepalived | named | xargs -L1
echo "$(pidof keepalived | wc -w) by pidof, $(pidof /usr/sbin/keepalived | wc -w) by path"
for pid in $first $second; do
    echo "$(readlink /proc/$pid/exe) $(tr '\0' ' ' < /proc/$pid/cmdline)$(cut -d' ' -f2 /proc/$pid/stat)"
    grep -E '^(Uid|NoNewPrivs|Seccomp):' /proc/$pid/status | xargs; cat /proc/$pid/oom_score_adj
done
ss -Hlnpw | grep -o 'users:(("[a-z]*"' | sort -u
grep -c 120000E0 /proc/net/igmp
killall -0 keepalived && echo "alive"
killall -USR1 keepalived
until_ok 5 grep -q 'State = MASTER' /tmp/keepalived.data && echo "says MASTER"
ip -o -4 addr show dev eth0 | awk '{print $2, $4}'
start-stop-daemon --status --pidfile /run/keepalived.pid; echo "status $?"
kill -s SIGHUP $(pgrep -o keepalived); sleep 0.5
holds && echo "reloaded by name"
kill -s SIGTERM $(pgrep -o keepalived)
until_ok 8 gone && echo "none is left"
start-stop-daemon --status --pidfile /run/keepalived.pid; echo "status $?"
"#;

#[test]
fn monitoring_scripts_get_keepalived_s_answers() {
    let process = "/usr/sbin/keepalived keepalived -D (keepalived)\n\
                   Uid: 0 0 0 0 NoNewPrivs: 0 Seccomp: 0\n0\n";
    both_print(
        QUESTIONS,
        &format!(
            "2 by command line, 2 by name\nFIRST 1 keepalived keepalived -D\n\
             SECOND FIRST keepalived keepalived -D\n2 by pidof, 2 by path\n{process}{process}\
             users:((\"keepalived\"\n1\nalive\nsays MASTER\neth0 10.9.0.1/24\neth0 10.9.0.100/24\n\
             status 0\nreloaded by name\nnone is left\nstatus 3"
        ),
    );
}
