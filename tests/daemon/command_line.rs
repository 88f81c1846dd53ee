//! What the command line says and what it ends with.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::process::Command;

use super::lab::{Lab, Program};
use super::support::{conf, file, run, start_active, stderr, text};

/// Runs vipd in the lab's only router with a configuration and pid files of the lab's.
fn run_with(lab: &Lab, conf: &str) -> (Option<i32>, String) {
    let conf = file(lab, "test.conf", conf);
    let (pid, worker) = (lab.directory().join("p"), lab.directory().join("w"));
    let arguments = ["-n", "-l", "-f", text(&conf), "-p", text(&pid), "-r", text(&worker)];
    let output = run(lab.node("a"), &arguments);
    assert!(!pid.exists() && !worker.exists(), "pid files stay behind");
    (output.status.code(), stderr(&output))
}

#[test]
fn the_version_goes_to_standard_error_and_its_second_word_is_a_number() {
    for flag in ["-v", "--version"] {
        let output = Command::new(Program::Vipd.path()).arg(flag).output().unwrap();
        assert!(output.status.success());
        assert!(output.stdout.is_empty());
        let text = stderr(&output);
        let second = text.split_whitespace().nth(1).unwrap();
        assert!(second.starts_with('v') && second.contains('.'), "{text}");
    }
}

#[test]
fn a_signal_s_number_goes_to_standard_output() {
    let vipd = |name: &str| {
        let mut command = Command::new(Program::Vipd.path());
        command.arg(format!("--signum={name}")).output().unwrap()
    };
    assert_eq!(vipd("DATA").stdout, b"10\n");
    assert_eq!(vipd("JSON").stdout, b"36\n");
    let unknown = vipd("NONSENSE");
    assert_eq!(unknown.status.code(), Some(1));
    assert_eq!(stderr(&unknown), "Unknown sigfunc NONSENSE\n");
}

#[test]
fn unknown_options_end_with_1_and_are_all_named() {
    let mut command = Command::new(Program::Vipd.path());
    let output = command.args(["--bogus", "-n", "-f"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(stderr(&output), "Unknown option --bogus\nMissing parameter for option -f\n");
}

#[test]
fn a_missing_configuration_ends_with_6() {
    let lab = Lab::new(&["a"]);
    let output = run(
        lab.node("a"),
        &[
            "-n",
            "-l",
            "-f",
            "/nonexistent",
            "-p",
            text(&lab.directory().join("p")),
            "-r",
            text(&lab.directory().join("w")),
        ],
    );
    assert_eq!(output.status.code(), Some(6), "{}", stderr(&output));
}

#[test]
fn a_configuration_that_cannot_run_ends_with_2() {
    let lab = Lab::new(&["a"]);
    let broken = conf(&lab, "a", 100).replace("virtual_router_id 51", "");
    let (code, log) = run_with(&lab, &broken);
    assert_eq!(code, Some(2), "{log}");
}

#[test]
fn a_missing_interface_ends_with_2_and_is_named() {
    let lab = Lab::new(&["a"]);
    let text = conf(&lab, "a", 100).replace("interface eth0", "interface nosuch0");
    let (code, log) = run_with(&lab, &text);
    assert_eq!(code, Some(2), "{log}");
    assert!(log.contains("nosuch0"), "{log}");
}

#[test]
fn a_configuration_test_is_silent_where_all_is_well_and_ends_with_5_where_not() {
    let lab = Lab::new(&["a"]);
    let good = file(&lab, "good.conf", &conf(&lab, "a", 100));
    let output = run(lab.node("a"), &["-t", "-f", text(&good)]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert_eq!(stderr(&output), "");

    let unknown = conf(&lab, "a", 100).replace("state BACKUP", "state BACKUP\n    nonsense 1");
    let unknown = file(&lab, "unknown.conf", &unknown);
    let output = run(lab.node("a"), &["-t", "-f", text(&unknown)]);
    assert_eq!(output.status.code(), Some(5));
    assert!(stderr(&output).contains("nonsense"), "{}", stderr(&output));

    let log = file(&lab, "log", "before\n");
    let attached = format!("-t{}", log.display());
    let output = run(lab.node("a"), &[&attached, "-f", text(&unknown)]);
    assert_eq!((output.status.code(), stderr(&output)), (Some(5), String::new()));
    let logged = std::fs::read_to_string(&log).unwrap();
    assert!(logged.starts_with("before\n") && logged.contains("nonsense"));
}

#[test]
fn a_configuration_test_looks_for_the_interfaces() {
    let lab = Lab::new(&["a"]);
    let missing = conf(&lab, "a", 100).replace("interface eth0", "interface nosuch0");
    let missing = file(&lab, "missing.conf", &missing);
    let output = run(lab.node("a"), &["-t", "-f", text(&missing)]);
    assert_eq!(output.status.code(), Some(5));
    assert!(stderr(&output).contains("nosuch0"));
}

#[test]
fn check_shows_findings_and_fails_for_warnings_only_where_asked_to() {
    let lab = Lab::new(&["a"]);
    let unknown = conf(&lab, "a", 100).replace("state BACKUP", "state BACKUP\n    nonsense 1");
    let unknown = file(&lab, "unknown.conf", &unknown);
    let check = |arguments: &[&str]| {
        let output = run(lab.node("a"), arguments);
        (output.status.code(), stderr(&output))
    };
    let (code, shown) = check(&["check", text(&unknown)]);
    assert_eq!(code, Some(0));
    assert!(shown.contains("nonsense") && shown.contains('^'), "{shown}");
    assert_eq!(check(&["check", "--strict", text(&unknown)]).0, Some(1));
    assert_eq!(check(&["check", "/nonexistent"]).0, Some(2));
    assert_eq!(check(&["check", "--bogus"]).0, Some(1));
    assert_eq!(check(&["chekc"]).0, Some(1));
}

#[test]
fn check_tells_of_programs_that_would_not_be_run() {
    let lab = Lab::new(&["a"]);
    let open = file(&lab, "open", "#!/bin/sh\n");
    std::fs::set_permissions(&open, Permissions::from_mode(0o777)).unwrap();
    let open = text(&open);
    let hook = format!("state BACKUP\n    notify {open}\n    track_script {{\n probe\n }}");
    let instance = conf(&lab, "a", 100).replace("state BACKUP", &hook);
    let script = format!("vrrp_script probe {{\n script {open}\n user no-such-user\n}}\n");
    let secure = "global_defs {\n enable_script_security\n script_user root\n}\n";
    let conf = file(&lab, "programs.conf", &format!("{secure}{script}{instance}"));
    let output = run(lab.node("a"), &["check", "--strict", text(&conf)]);
    let shown = stderr(&output);
    assert!(shown.contains("the script probe would not be run"), "{shown}");
    assert!(shown.contains("useradd --system no-such-user"), "{shown}");
    assert!(shown.contains(&format!("would not run {open} when its state changes")), "{shown}");
    assert!(shown.contains(&format!("chmod go-w {open}")), "{shown}");
    assert_eq!(output.status.code(), Some(0), "advice changes no exit code");
}

#[test]
fn without_the_permission_to_open_raw_sockets_it_ends_with_4_and_says_so() {
    let lab = Lab::new(&["a"]);
    let conf = file(&lab, "test.conf", &conf(&lab, "a", 100));
    let directory = lab.directory();
    std::fs::set_permissions(directory, Permissions::from_mode(0o777)).unwrap();
    let (pid, worker) = (directory.join("p"), directory.join("w"));
    let mut command = Command::new(Program::Vipd.path());
    let paths = [&conf, &pid, &worker].map(|path| text(path));
    command.args(["-n", "-l", "-f", paths[0], "-p", paths[1], "-r", paths[2]]);
    command.uid(65534).gid(65534);
    let output = lab.node("a").namespace.enter(|| command.output()).unwrap();
    assert_eq!(output.status.code(), Some(4), "{}", stderr(&output));
    assert!(stderr(&output).contains("not permitted to"), "{}", stderr(&output));
    assert!(!pid.exists() && !worker.exists());
}

/// What could speak and set no address would draw the traffic to where nobody takes it.
#[test]
fn without_the_permission_to_set_addresses_it_ends_with_4_also_in_the_background() {
    let lab = Lab::new(&["a"]);
    let conf = file(&lab, "test.conf", &conf(&lab, "a", 100));
    let (pid, worker) = (lab.directory().join("p"), lab.directory().join("w"));
    for flags in ["-nl", "-l"] {
        let mut command = Command::new("setpriv");
        command.args(["--bounding-set=-net_admin", "--inh-caps=-net_admin"]);
        command.arg(Program::Vipd.path()).args([flags, "-f", text(&conf)]);
        command.args(["-p", text(&pid), "-r", text(&worker)]);
        let output = lab.node("a").namespace.enter(|| command.output()).unwrap();
        let said = stderr(&output);
        assert_eq!(output.status.code(), Some(4), "{flags}: {said}");
        assert!(said.contains("CAP_NET_ADMIN missing"), "{flags}: {said}");
        assert!(!pid.exists() && !worker.exists());
    }
}

#[test]
fn a_network_namespace_is_entered_by_its_name() {
    let lab = Lab::new(&["a"]);
    let name = lab.node("a").namespace.name();
    let written = format!("net_namespace {name}\n{}", conf(&lab, "a", 100));
    let good = file(&lab, "test.conf", &written);
    let vipd = |arguments: &[&str]| {
        let mut command = Command::new(Program::Vipd.path());
        let output = command.args(arguments).output().unwrap();
        (output.status.code(), stderr(&output))
    };
    let inside = vipd(&["-s", name, "-t", "-f", text(&good)]);
    let named_by_the_file = vipd(&["-t", "-f", text(&good)]);
    let nowhere = vipd(&["-s", "no-such-namespace", "-n", "-f", text(&good)]);
    assert_eq!(inside, (Some(0), String::new()));
    assert_eq!(named_by_the_file, (Some(0), String::new()));
    assert_eq!(nowhere.0, Some(1), "{}", nowhere.1);
    assert!(nowhere.1.contains("no network namespace no-such-namespace"), "{}", nowhere.1);
}

#[test]
fn check_warns_of_interfaces_that_are_not_here() {
    let lab = Lab::new(&["a"]);
    let missing = conf(&lab, "a", 100).replace("interface eth0", "interface nosuch0");
    let missing = file(&lab, "missing.conf", &missing);
    let check = |flag: &str| {
        let output = run(lab.node("a"), &["check", "--strict", flag, text(&missing)]);
        (output.status.code(), stderr(&output))
    };
    let (code, shown) = check("--config-id=x");
    assert_eq!(code, Some(1), "{shown}");
    assert!(shown.contains("no interface nosuch0") && shown.contains('^'), "{shown}");
    assert_eq!(check("--elsewhere"), (Some(0), String::new()));
}

#[test]
fn a_second_daemon_says_so_and_ends_with_0() {
    let lab = Lab::new(&["a"]);
    let mut first = start_active(&lab, "a");
    let output = run(
        lab.node("a"),
        &[
            "-n",
            "-l",
            "-f",
            text(first.conf()),
            "-p",
            text(first.pid_file()),
            "-r",
            text(&lab.directory().join("other")),
        ],
    );
    assert_eq!(output.status.code(), Some(0));
    assert!(stderr(&output).contains("daemon is already running"));
    assert!(first.is_running() && first.pid_file().exists());
}
