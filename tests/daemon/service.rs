//! What systemd is told.

use std::os::unix::net::UnixDatagram;
use std::process::{Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};

use super::lab::{Lab, Program};
use super::support::{SOON, conf, file, text};

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
    let mut command = Command::new(Program::Vipd.path());
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
