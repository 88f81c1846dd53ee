//! Counters in the files that signals ask for, and links that somebody puts in their way.

use std::fs;
use std::net::IpAddr;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use lab::{Daemon, Lab, Program, eventually, pause};

mod lab;

/// How long anything may take that no protocol delays.
const SOON: Duration = Duration::from_secs(10);

const CONF: &str = "global_defs {
    router_id node_a
    vrrp_version 3
    script_user root
}
vrrp_instance VI_1 {
    interface eth0
    virtual_router_id 51
    priority 100
    advert_int 0.1
    garp_master_delay 0
    notify_master \"/usr/bin/true master\"
    notify \"/usr/bin/true gen 'a b'\"
    virtual_ipaddress {
        10.9.0.100
        10.9.0.101/24 label eth0:v1
    }
    virtual_ipaddress_excluded {
        fd09::100
    }
}
vrrp_instance VI_2 {
    interface eth0
    virtual_router_id 52
    priority 90
    advert_int 1
    nopreempt
    notify_deleted
    virtual_ipaddress {
        10.9.0.110/24 no_track
    }
}
";

#[test]
fn counters_start_over_when_they_are_asked_to_and_no_link_is_followed() {
    let lab = Lab::new(&["a"]);
    let daemon = Daemon::start(&lab, lab.node("a"), Program::Vipd, CONF);
    let address: IpAddr = "10.9.0.100".parse().unwrap();
    let holds = || lab.node("a").holds(address).then_some(()).ok_or_else(String::new);
    eventually(SOON, "the address", holds);
    let victim = lab.directory().join("victim");
    fs::write(&victim, "precious").unwrap();
    let path = Path::new("/tmp/keepalived.stats");
    let _old = fs::remove_file(path);
    std::os::unix::fs::symlink(&victim, path).unwrap();
    let pid = daemon.pid().as_raw_nonzero().to_string();
    let mut counts = Vec::new();
    for signal in ["63", "12"] {
        assert!(Command::new("kill").args(["-s", signal, &pid]).status().unwrap().success());
        pause(Duration::from_millis(300));
        counts.push(fs::read_to_string(path).unwrap().contains("  Became master: 1\n"));
    }
    assert_eq!(counts, [true, false]);
    assert_eq!(fs::read_to_string(&victim).unwrap(), "precious");
    assert!(!fs::symlink_metadata(path).unwrap().is_symlink());
}
