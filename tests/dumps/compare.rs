//! Line by line, key by key: nothing differs but what tells of one moment or one process.

use super::sandbox::{Printed, both};

/// A node with something of everything, all of it Active.
const ACTIVE: &str = r#"
sysctl -qw net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.default.accept_dad=0
ip -6 addr add fd09::1/64 dev eth0 nodad
ip link add eth1 type veth peer name cable1
ip link set cable1 up
ip link set eth1 up
ip addr add 10.8.0.1/24 dev eth1
echo 5 > /run/level
cat > /etc/keepalived/keepalived.conf <<'END'
global_defs {
    router_id node_a
    script_user root
    enable_script_security
    vrrp_version 3
    vrrp_garp_master_refresh 60
    vrrp_garp_master_repeat 3
    vrrp_notify_fifo /run/fifo
    vrrp_notify_priority_changes true
    vrrp_higher_prio_send_advert true
    vrrp_mcast_group4 224.0.0.19
    vrrp_priority -4
    vrrp_startup_delay 0.5
    log_unknown_vrids
    vmac_prefix vm
    umask 0077
}
static_ipaddress {
    10.77.0.1/24 brd 10.77.0.255 dev cable1 scope link label cable1:x
    10.78.0.1/32 peer 10.78.0.2 dev cable1
    fd77::1/64 dev cable1
}
static_routes {
    10.66.0.0/24 via 10.9.0.254 dev eth0
    10.67.0.0/24 dev eth0 metric 5 table 100
    10.65.0.0/24 via 10.8.0.254 dev eth1 src 10.8.0.1 mtu lock 1400 window 5 advmss 1000 realms 3/4
    fd66::/64 via fd09::3 dev eth0 metric 5 pref high expires 100
    blackhole 10.68.0.0/24
}
static_rules {
    from 10.66.0.0/24 table 100 priority 500
    not to 10.4.0.0/16 blackhole priority 501
    to fd66::/64 uidrange 1-5 ipproto 6 sport 4-5 dport 6-7 suppress_prefixlength 3 lookup main priority 502
    from 10.3.0.0/16 to 10.5.0.0/16 fwmark 3/0xff iif eth1 oif eth1 tos 8 table 100 priority 503
}
vrrp_script chk {
    script "/usr/bin/test -e /etc/passwd"
    interval 1
    weight 10
    rise 2
    fall 2
}
vrrp_script bad {
    script "/bin/false"
    interval 2
    timeout 3
    weight -5
    user nobody
}
track_file level {
    file /run/level
    weight 1
}
vrrp_track_process bash {
    process bash one two
    param_match partial
    quorum 2
    quorum_max 3
    terminate_delay 0.5
    fork_delay 2
    weight 3
}
vrrp_sync_group G1 {
    group {
        VI_1
        VI_2
    }
    track_script {
        chk weight 0
    }
    notify "/usr/bin/true grp"
    notify_master "/usr/bin/true gm"
}
vrrp_instance VI_1 {
    interface eth0
    version 2
    virtual_router_id 51
    priority 100
    advert_int 1
    authentication {
        auth_type PASS
        auth_pass secret12
    }
    notify_master "/usr/bin/true master"
    notify_backup "/usr/bin/true backup"
    notify_fault "/usr/bin/true f"
    notify_stop "/usr/bin/true s"
    notify "/bin/true gen 'a b'"
    notify_deleted "/usr/bin/true d"
    notify_master_rx_lower_pri "/usr/bin/true l"
    virtual_ipaddress {
        10.9.0.100
        10.9.0.101/24 label eth0:v1
    }
    virtual_ipaddress_excluded {
        fd09::100
    }
    virtual_routes {
        10.1.0.0/16 via 10.9.0.254 dev eth0
        src 10.9.0.100 to 10.2.0.0/16 via 10.9.0.253 dev eth0 metric 7 no_track
        10.3.0.0/16 nexthop via 10.9.0.252 dev eth0 weight 2 nexthop via 10.9.0.251 dev eth0 weight 1
    }
    virtual_rules {
        from 10.1.0.0/16 table 101 priority 600
        to 10.2.0.0/16 iif eth0 lookup 102 priority 601
    }
}
vrrp_instance VI_2 {
    interface eth0
    virtual_router_id 52
    priority 90
    advert_int 0.5
    preempt_delay 30
    virtual_ipaddress {
        10.9.0.110/24 dev eth1
    }
    promote_secondaries
}
vrrp_instance TRACKS {
    interface eth0
    virtual_router_id 59
    priority 90
    track_script {
        bad
        chk weight 3 reverse
    }
    track_file {
        level
    }
    track_process {
        bash weight 2
    }
    track_interface {
        eth1 weight 5
    }
    skip_check_adv_addr
    lower_prio_no_advert
    garp_master_delay 2
    down_timer_adverts 4
    virtual_ipaddress {
        10.9.0.159/24
        10.9.0.160/24 no_track
    }
}
vrrp_instance V6 {
    interface eth0
    virtual_router_id 53
    advert_int 0.25
    nopreempt
    virtual_ipaddress {
        fe80::53
        fd09::53/64
        fd09::54/64 preferred_lft 100
    }
}
vrrp_instance UNI {
    interface eth0
    virtual_router_id 54
    dont_track_primary
    unicast_src_ip 10.9.0.1
    unicast_peer {
        10.9.0.2
        10.9.0.3 min_ttl 254
    }
    check_unicast_src
    unicast_ttl 77
    virtual_ipaddress {
        10.9.0.154/24
    }
}
vrrp_instance VM {
    interface eth0
    virtual_router_id 55
    use_vmac
    vmac_xmit_base
    no_accept
    virtual_ipaddress {
        10.9.0.155/24
    }
}
vrrp_instance VM6 {
    interface eth1
    virtual_router_id 56
    use_vmac vm6
    virtual_ipaddress {
        fe80::56
        fd09::156/64
    }
}
END
keepalived -nlD >/run/out 2>&1 &
settled() { holds 10.9.0.159/24 && holds 10.9.0.100/32 && holds fd09::156/64 && holds fd09::53/64; }
until_ok 12 settled
until_ok 5 holds 10.9.0.155/24
sleep 2
"#;

/// A Backup of each version, one that waits for a script and its companion, one at fault.
const OTHERS: &str = r#"
ip netns add b
ip link set cable netns b
ip netns exec b ip link set lo up
ip netns exec b ip link set cable up
ip netns exec b ip addr add 10.9.0.2/24 dev cable
ip link add eth2 type veth peer name cable2
cat > /run/peer.conf <<'END'
global_defs {
    vrrp_version 3
}
vrrp_instance B1 {
    interface cable
    virtual_router_id 51
    priority 200
    version 2
    virtual_ipaddress {
        10.9.0.100
    }
}
vrrp_instance B2 {
    interface cable
    virtual_router_id 52
    priority 200
    advert_int 0.5
    virtual_ipaddress {
        10.9.0.102/24
    }
}
END
cat > /etc/keepalived/keepalived.conf <<'END'
global_defs {
    router_id node_b
    vrrp_version 3
    vrrp_strict
    script_user root
}
vrrp_script never {
    script "/bin/sleep 100"
    interval 200
    rise 3
    fall 2
}
vrrp_script fails {
    script "/bin/false"
    interval 1
}
vrrp_script at_once {
    script "/bin/true"
    interval 100
    rise 3
    fall 2
    init_fail
}
vrrp_sync_group G2 {
    group {
        WAITS
        ALONG
    }
    track_interface {
        eth0
    }
}
vrrp_instance B1 {
    interface eth0
    virtual_router_id 51
    version 2
    strict_mode off
    virtual_ipaddress {
        10.9.0.100
    }
}
vrrp_instance B2 {
    interface eth0
    virtual_router_id 52
    track_script {
        at_once
    }
    virtual_ipaddress {
        10.9.0.102/24
    }
}
vrrp_instance WAITS {
    interface eth0
    virtual_router_id 53
    track_script {
        never
    }
    virtual_ipaddress {
        10.9.0.103/24
    }
}
vrrp_instance ALONG {
    interface eth0
    virtual_router_id 54
    virtual_ipaddress {
        10.9.0.104/24
    }
}
vrrp_instance FAULT {
    interface eth2
    virtual_router_id 55
    track_script {
        fails
    }
    strict_mode off
    virtual_ipaddress {
        10.9.0.105/24
    }
}
END
ip netns exec b keepalived -f /run/peer.conf -p /run/peer.pid -r /run/peer-vrrp.pid
sleep 2
keepalived -nlD >/run/out 2>&1 &
until_ok 5 test -s /run/keepalived.pid
sleep 4
"#;

/// Asks for each file and prints it.
const ASK: &str = r#"
pid=$(cat /run/keepalived.pid)
for asked in 10:keepalived.data 12:keepalived.stats 36:keepalived.json; do
    kill -${asked%%:*} $pid
    until_ok 5 test -s /tmp/${asked#*:}
    sleep 0.3
    echo "=== ${asked#*:} $(stat -c %a:%U /tmp/${asked#*:})"
    cat /tmp/${asked#*:}
    echo
done
until_ok 5 test -s /tmp/keepalived_parent.data
echo "=== keepalived_parent.data $(stat -c %a:%U /tmp/keepalived_parent.data)"
cat /tmp/keepalived_parent.data
echo "=== end"
kill $pid
until_ok 8 ends $pid
"#;

#[test]
fn an_active_node_is_told_of_in_the_same_lines() {
    same(&format!("{ACTIVE}{ASK}"));
}

#[test]
fn backups_and_those_that_wait_or_are_at_fault_are_told_of_in_the_same_lines() {
    same(&format!("{OTHERS}{ASK}"));
}

fn same(script: &str) {
    let [keepalived, vipd] = both(script);
    for file in ["keepalived.data", "keepalived_parent.data", "keepalived.stats"] {
        // keepalived's supervisor shows that these are not set as numbers of their own.
        let unset = |line: &String| line.starts_with(" Gratuitous ARP lower priority");
        let [theirs, ours] = [&keepalived, &vipd].map(|printed| {
            let all = lines(&section(printed, file)).into_iter();
            all.filter(|line| !(file.contains("parent") && unset(line))).collect::<Vec<_>>()
        });
        assert!(theirs.len() > 15, "{keepalived}");
        assert_eq!(ours, theirs, "{file}");
    }
    let [theirs, ours] =
        [&keepalived, &vipd].map(|printed| members(&section(printed, "keepalived.json")));
    assert!(theirs.len() > 100, "{keepalived}");
    assert_eq!(ours, theirs, "keepalived.json");
}

/// The text of a file, below its mode and owner.
fn section(printed: &Printed, file: &str) -> String {
    let (_, rest) = printed.out.split_once(&format!("=== {file} ")).expect("the file is printed");
    rest.split("\n=== ").next().unwrap_or_default().to_owned()
}

/// The lines, without what differs between two runs of one program, interfaces by their names.
fn lines(text: &str) -> Vec<String> {
    let (head, links) = text.split_once("------< Interfaces >------\n").unwrap_or((text, ""));
    let mut links: Vec<&str> = links.split("\n Name = ").collect();
    // keepalived's look at its own fixed addresses is one of chance.
    links.retain(|link| !link.starts_with("cable1\n"));
    links.sort_unstable();
    let lines = head.lines().chain(links.into_iter().flat_map(str::lines));
    lines.filter(|line| !LEFT_OUT.iter().any(|it| line.contains(it))).map(blanked).collect()
}

/// A line with what tells of one moment, one process or one machine blanked.
fn blanked(line: &str) -> String {
    let (name, _) = line.split_once(['=', ':']).unwrap_or((line, ""));
    let (name, _) = name.split_once("fd_in").map_or((name, ""), |(indent, _)| (indent, ""));
    let (name, _) = name.split_once(" Last checked").unwrap_or((name, ""));
    if MOMENTS.iter().any(|it| line.trim_start().starts_with(it)) {
        return format!("{name}…");
    }
    let line = line.strip_suffix(" [installed ifindex 0]").unwrap_or(line);
    let words = line
        .split(' ')
        .map(|word| if word.starts_with("fe80::") && word.len() > 12 { "fe80::…" } else { word });
    words.collect::<Vec<_>>().join(" ")
}

/// The keys and values of the JSON in their order, but for those of one moment.
fn members(text: &str) -> Vec<String> {
    let members = text.split(',').map(str::to_owned);
    let moment = ["\"last_transition\"", "\"advert_sent\"", "\"advert_rcvd\"", "\"auth_data\""];
    let kept = members.filter(|it| !moment.iter().any(|moment| it.contains(moment)));
    kept.map(|it| it.trim().to_owned()).collect()
}

/// Lines whose value tells of one moment, one process or one machine; passwords, which vipd masks.
const MOMENTS: [&str; 13] = [
    "Last transition",
    "Read timeout = 1",
    "fd_in",
    "MAC =",
    "index =",
    "Sent:",
    "Received:",
    "Password =",
    "Not IPv6 forwarding",
    "Multicast address ff02::12",
    // keepalived counts what a connector of the kernel tells it, which not every kernel has.
    "Current processes",
    "Have quorum",
    "Original arp_",
];

/// Lines about libraries that only keepalived has, and a setting of which it tells now and then.
const LEFT_OUT: [&str; 2] = [" libnftnl version", "   rp_filter "];
