//! What systemd is told.

use std::os::unix::net::UnixDatagram;
use std::process::{Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};

use super::lab::{Lab, Program};
use super::support::{SOON, conf, file, text, wait_holding};

#[test]
fn systemd_hears_of_the_start_of_reloads_and_of_the_stop() {
    let lab = Lab::new(&["a"]);
    let socket = lab.directory().join("notify");
    let service_manager = UnixDatagram::bind(&socket).unwrap();
    service_manager.set_read_timeout(Some(SOON)).unwrap();
    let hear = || {
        let mut octets = [0; 512];
        let length = service_manager.recv(&mut octets).unwrap();
        String::from_utf8_lossy(&octets[..length]).into_owned()
    };

    let conf = file(&lab, "c", &conf(&lab, "a", 100));
    let (pid, worker) = (lab.directory().join("p"), lab.directory().join("w"));
    // The shell becomes vipd: so this is the process that the service manager executed.
    let mut command = Command::new("sh");
    command.args(["-c", "SYSTEMD_EXEC_PID=$$ exec \"$@\"", "sh"]).arg(Program::Vipd.path());
    command.args(["-n", "-f", text(&conf), "-p", text(&pid), "-r", text(&worker)]);
    command.env("NOTIFY_SOCKET", &socket).stderr(Stdio::null());
    let mut daemon = lab.node("a").namespace.enter(|| command.spawn()).unwrap();
    let supervisor = Pid::from_child(&daemon);
    let ready = format!("READY=1\nMAINPID={supervisor}\n");
    assert_eq!(hear(), ready);

    kill_process(supervisor, Signal::HUP).unwrap();
    let reloading = hear();
    assert!(reloading.starts_with("RELOADING=1\nMONOTONIC_USEC="), "{reloading}");
    assert_eq!(hear(), ready);

    kill_process(supervisor, Signal::TERM).unwrap();
    assert_eq!(hear(), "STOPPING=1\n");
    assert!(daemon.wait().unwrap().success());
}

/// What an agent starts that is a service itself inherits the agent's socket.
#[test]
fn a_daemon_that_is_not_the_service_does_not_speak_for_it() {
    let lab = Lab::new(&["a"]);
    let socket = lab.directory().join("notify");
    let service_manager = UnixDatagram::bind(&socket).unwrap();
    service_manager.set_nonblocking(true).unwrap();
    let conf = file(&lab, "c", &conf(&lab, "a", 100));
    let (pid, worker) = (lab.directory().join("p"), lab.directory().join("w"));
    let mut command = Command::new(Program::Vipd.path());
    command.args(["-n", "-f", text(&conf), "-p", text(&pid), "-r", text(&worker)]);
    command.env("NOTIFY_SOCKET", &socket).env("SYSTEMD_EXEC_PID", "1").stderr(Stdio::null());
    let mut daemon = lab.node("a").namespace.enter(|| command.spawn()).unwrap();
    wait_holding(lab.node("a"), true);
    kill_process(Pid::from_child(&daemon), Signal::TERM).unwrap();
    assert!(daemon.wait().unwrap().success());
    assert!(service_manager.recv(&mut [0; 512]).is_err());
}

#[test]
fn systemd_hears_why_it_does_not_start() {
    let lab = Lab::new(&["a"]);
    let socket = lab.directory().join("notify");
    let service_manager = UnixDatagram::bind(&socket).unwrap();
    service_manager.set_read_timeout(Some(SOON)).unwrap();
    let conf = file(&lab, "c", "vrrp_instance VI_1 {\n");
    let (pid, worker) = (lab.directory().join("p"), lab.directory().join("w"));
    let mut command = Command::new("sh");
    command.args(["-c", "SYSTEMD_EXEC_PID=$$ exec \"$@\"", "sh"]).arg(Program::Vipd.path());
    command.args(["-n", "-f", text(&conf), "-p", text(&pid), "-r", text(&worker)]);
    command.env("NOTIFY_SOCKET", &socket);
    let output = lab.node("a").namespace.enter(|| command.output()).unwrap();
    assert_eq!(output.status.code(), Some(2));
    let mut octets = [0; 512];
    let length = service_manager.recv(&mut octets).unwrap();
    assert_eq!(String::from_utf8_lossy(&octets[..length]), "ERRNO=22\n");
}
