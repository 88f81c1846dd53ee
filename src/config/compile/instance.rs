//! One virtual router: what it is, and what its version allows.

use super::routes::Routing;
use super::vmac::{Names, Router, Vmacs};
use super::{Findings, addresses, announce, election, hooks, trackers, transport};
use crate::config::declared::{self, AuthKind, Declared, InitialState, Manners, Policy, Setting};
use crate::config::diagnostic::{Diagnostic, Verdict};
use crate::config::model::{Authentication, ChecksumForm, FastRelease, Instance, TrackedInterface};
use crate::types::{Family, LinkName, Version, Vrid, Weight};

/// Makes the instance; `None` if what identifies it is missing, which is reported.
pub(super) fn compile(
    written: &declared::Instance,
    declared: &Declared,
    routing: &mut Routing,
    names: &mut Names,
    findings: &mut Findings<'_>,
) -> Option<Instance> {
    let policy = written.policy.or(declared.defaults);
    let strict = is(policy.strict);
    let (vrid, interface) = identity(written, &declared.node, findings);
    let family = family(written);
    let version = version(written, &policy, family, findings);
    let election = election::compile(written, version, strict, findings);
    let source = transport::source(written, family, findings);
    let transport = transport::compile(written, &declared.node, &policy, family, findings);
    let authentication = authentication(written, version, strict, findings);
    let announce = announce::compile(written, declared, strict, findings);
    let (vrid, interface) = (vrid?, interface?);
    let router = Router { interface, family, vrid, transport: &transport, strict };
    let mut vmacs = Vmacs::new(written, router, names, findings);
    let held = addresses::compile(written, family, &mut vmacs, names, findings);
    addresses::check_count(written, &held, version, strict, findings);
    let routes = Routing::routes(&written.routes, findings);
    let rules = routing.rules(&written.rules, findings);
    let tracked_interfaces = tracked(written, interface, findings);
    let (vmac, address_vmacs) = (vmacs.own, vmacs.others);
    Some(Instance {
        name: written.name.value.clone(),
        interface,
        vrid,
        family,
        version,
        priority: election.priority,
        interval: election.interval,
        preempt: election.preempt,
        down_adverts: down_adverts(&policy, strict, findings),
        source,
        transport,
        authentication,
        checksum: policy.checksum.map_or(ChecksumForm::PseudoHeader, |it| it.value),
        addresses: held.advertised,
        excluded: held.excluded,
        routes,
        rules,
        announce,
        track_primary: written.track_primary.is_none_or(|it| it.value),
        tracked_interfaces,
        tracked: trackers::tracked(&written.tracked, &written.name.value, declared, findings),
        fast_release: policy.fast_release.map_or(FastRelease::Auto, |it| it.value),
        answer_lower: !strict && policy.answer_lower.is_none_or(|it| it.value),
        answer_higher: !strict && is(policy.answer_higher),
        skip_address_check: is(policy.skip_address_check),
        twin: None,
        hooks: hooks::compile(&written.hooks, declared),
        vmac,
        address_vmacs,
        accept: accept(written, version, strict, findings),
        promote_secondaries: is(written.promote_secondaries),
    })
}

/// Whether packets to the addresses are accepted. Strict mode is RFC 9568's default: they are not.
fn accept(
    written: &declared::Instance,
    version: Version,
    strict: bool,
    findings: &mut Findings<'_>,
) -> bool {
    let Some(accept) = written.accept.filter(|it| it.value && strict) else {
        return written.accept.map_or(!strict, |it| it.value);
    };
    // Version 3 has the choice (RFC 9568 §6.1, Accept_Mode), version 2 has not.
    if version == Version::V2 {
        let message = "strict mode of version 2 accepts no packets to the addresses";
        findings.push(findings.flaw("strict-conflict", message).at(accept.span, "ignored"));
    }
    version == Version::V3
}

/// Whether a setting was written and holds.
pub(super) fn is(setting: Setting<bool>) -> bool {
    setting.is_some_and(|it| it.value)
}

fn identity(
    written: &declared::Instance,
    node: &declared::Node,
    findings: &mut Findings<'_>,
) -> (Option<Vrid>, Option<LinkName>) {
    let name = &written.name;
    if written.vrid.is_none() {
        findings.push(
            Diagnostic::error("no-vrid", format!("{} has no VRID", name.value))
                .at(name.span, "")
                .help("every instance needs one, 1 to 255, the same on all its routers"),
        );
    }
    let interface = written.interface.or(node.default_interface);
    if interface.is_none() {
        findings.push(
            Diagnostic::error("no-interface", format!("{} has no interface", name.value))
                .at(name.span, "")
                .help("name the interface that its adverts are to travel on"),
        );
    }
    (written.vrid.map(|it| it.value), interface.map(|it| it.value))
}

/// The family that was declared, or that of the first address of any kind.
fn family(written: &declared::Instance) -> Family {
    let source = || written.source.map(|it| Family::of(it.value));
    let peer = || {
        let first = written.peers.as_ref()?.value.first()?;
        Some(Family::of(first.value.address))
    };
    let address = || Some(Family::of(written.addresses.first()?.ip.value));
    let declared = written.family.map(|it| it.value);
    declared.or_else(source).or_else(peer).or_else(address).unwrap_or(Family::V4)
}

fn version(
    written: &declared::Instance,
    policy: &Policy,
    family: Family,
    findings: &mut Findings<'_>,
) -> Version {
    match (family, written.policy.version) {
        (Family::V6, Some(own)) if own.value == Version::V2 => {
            let name = &written.name.value;
            findings.push(
                findings
                    .flaw(
                        "version-2-ipv6",
                        format!("{name} has IPv6 addresses and thus speaks version 3"),
                    )
                    .at(own.span, "version 2 carries IPv4 only")
                    .help("leave the version out, or set it to 3"),
            );
            Version::V3
        }
        (Family::V6, _) => Version::V3,
        (Family::V4, _) => policy.version.map_or(Version::V2, |it| it.value),
    }
}

fn down_adverts(policy: &Policy, strict: bool, findings: &mut Findings<'_>) -> u8 {
    match policy.down_adverts {
        Some(written) if strict && written.value != 3 => {
            findings.push(
                findings
                    .flaw(
                        "strict-conflict",
                        "strict mode waits for 3 silent intervals, no more and no less",
                    )
                    .at(written.span, "3 is used"),
            );
            3
        }
        Some(written) => written.value,
        None => 3,
    }
}

fn authentication(
    written: &declared::Instance,
    version: Version,
    strict: bool,
    findings: &mut Findings<'_>,
) -> Authentication {
    let Some(kind) = written.auth_kind else {
        if let Some(pass) = &written.auth_pass {
            findings.push(
                findings
                    .flaw("auth-without-type", "the password is not used: no type is set")
                    .at(pass.span, "")
                    .help("set the type to PASS on all routers, or drop the password on all")
                    .verdict(Verdict::Silent),
            );
        }
        return Authentication::None;
    };
    let name = &written.name.value;
    if kind.value == AuthKind::Hmac {
        findings.push(
            Diagnostic::error(
                "auth-unknown",
                format!("{name} signs its adverts with an HMAC, which vipd does not speak"),
            )
            .at(kind.span, "its peers would refuse every advert and take the addresses too")
            .help("change all routers of the group to PASS or to no authentication")
            .verdict(Verdict::Silent),
        );
        return Authentication::None;
    }
    if version == Version::V3 || strict {
        let why = if strict { "strict mode" } else { "version 3" };
        findings.push(
            findings
                .flaw(
                    "auth-not-supported",
                    format!("{name} sends no password: {why} knows no authentication"),
                )
                .at(kind.span, "")
                .help(
                    "drop the authentication; it protects nothing, anyone on the link can read it",
                ),
        );
        return Authentication::None;
    }
    let Some(pass) = written.auth_pass.as_ref().filter(|it| !it.value.is_empty()) else {
        findings.push(
            findings
                .flaw("auth-without-password", format!("{name} has no password"))
                .at(kind.span, "no authentication is used"),
        );
        return Authentication::None;
    };
    let mut padded = [0; 8];
    for (octet, byte) in padded.iter_mut().zip(pass.value.bytes()) {
        *octet = byte;
    }
    if pass.value.len() > padded.len() {
        let outcome = match findings.manners {
            Manners::Lenient => "is cut to its first 8 bytes",
            Manners::Exact => "is longer than 8 bytes",
        };
        findings.push(
            findings
                .flaw("auth-pass-cut", format!("the password of {name} {outcome}"))
                .at(pass.span, format!("{} bytes", pass.value.len()))
                .help("the other routers cut it too; write 8 bytes to be clear"),
        );
    }
    if kind.value != AuthKind::Ah {
        return Authentication::Pass(padded);
    }
    // Said by keepalived's test, too; what it does is the same with either.
    let wants_active = written.state.filter(|it| it.value == InitialState::Active);
    let owner = written.priority.is_none_or(|it| it.value.is_owner());
    if let Some(state) = wants_active.filter(|_| !owner) {
        findings.push(
            Diagnostic::warning("auth-ah-state", format!("{name} begins as Backup"))
                .at(state.span, "with AH it has to hear how far its peers have counted")
                .help("write state BACKUP; the priority decides who becomes Active"),
        );
    }
    Authentication::Ah(padded)
}

fn tracked(
    written: &declared::Instance,
    own: LinkName,
    findings: &mut Findings<'_>,
) -> Vec<TrackedInterface> {
    let mut tracked: Vec<TrackedInterface> = Vec::new();
    for entry in &written.tracked_interfaces {
        let link = entry.link.value;
        let again = tracked.iter().any(|other| other.link == link);
        if link == own || again {
            let message = if again {
                format!("{link} is tracked twice")
            } else {
                format!("{link} is the instance's own interface, which is tracked anyway")
            };
            findings.push(
                findings
                    .flaw("tracked-twice", message)
                    .at(entry.link.span, "this entry is left out"),
            );
            continue;
        }
        tracked.push(tracked_interface(entry));
    }
    tracked
}

/// What one entry of the tracked interfaces means.
pub(super) fn tracked_interface(entry: &declared::TrackedInterface) -> TrackedInterface {
    TrackedInterface {
        link: entry.link.value,
        weight: entry.weight.map_or(Weight::FAULT, |it| it.value),
        reverse: is(entry.reverse),
    }
}
