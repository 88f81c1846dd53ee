//! Settings of the machine that stand in the way of addresses that move.

use super::{Advice, names};
use crate::config::model::{Instance, Model};
use crate::types::{Family, LinkName, Program, Unrun};

/// What is known of the machine; what is not known is not spoken of.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Host {
    /// Families in which a service cannot listen on an address that is not there
    /// (`ip_nonlocal_bind` is 0).
    pub local_bind_only: Vec<Family>,
    /// Interfaces that drop what would not be answered through them (`rp_filter` is 1).
    pub strict_filter: Vec<LinkName>,
    /// Programs of the configuration that would not be run. The daemon tells of them as it looks
    /// for them; here they are for who asks before.
    pub unrun: Vec<(Program, Unrun)>,
    /// Who runs the machine that this one is a guest of, if its ports let only known addresses by.
    pub cloud: Option<&'static str>,
}

/// What holds for all instances alike.
pub(super) fn of_node<'a>(model: &'a Model, host: &Host) -> Vec<Advice<'a>> {
    let bound = host.local_bind_only.iter().filter_map(|family| bound(model, *family));
    let filtered = model.instances.iter().find_map(|it| filtered(it, host));
    let guarded = host.cloud.and_then(|cloud| guarded(model, cloud));
    bound.chain(filtered).chain(guarded).collect()
}

fn bound(model: &Model, family: Family) -> Option<Advice<'_>> {
    let holds = |it: &&Instance| it.held().any(|address| Family::of(address.ip) == family);
    let first = model.instances.iter().find(holds)?;
    let addresses = model.instances.iter().flat_map(Instance::held).map(|it| it.ip);
    let addresses: Vec<String> =
        addresses.filter(|ip| Family::of(*ip) == family).map(|ip| ip.to_string()).collect();
    let all = names(addresses.iter().map(String::as_str));
    let message = format!(
        "a service that listens on a virtual address itself ({all}) cannot start while another \
         router holds it"
    );
    let key = match family {
        Family::V4 => "net.ipv4.ip_nonlocal_bind",
        Family::V6 => "net.ipv6.ip_nonlocal_bind",
    };
    let help = format!("if there is one: `sysctl -w {key}=1`, and the same in /etc/sysctl.d");
    Some(Advice::new(&first.name, "local-bind", message, help))
}

/// An address on another interface than the adverts': what comes in by one goes out by the other.
fn filtered<'a>(instance: &'a Instance, host: &Host) -> Option<Advice<'a>> {
    let elsewhere = |link: &LinkName| *link != instance.interface;
    let mut links = instance.held().filter(|it| it.ip.is_ipv4()).map(|it| it.link);
    let link = links.find(|link| elsewhere(link) && host.strict_filter.contains(link))?;
    let message = format!(
        "{link} drops packets to the addresses of {} whose answers would leave by another \
         interface",
        instance.name
    );
    let help = format!(
        "if clients come from other networks: `sysctl -w net.ipv4.conf.{link}.rp_filter=2`"
    );
    Some(Advice::new(&instance.name, "reverse-path", message, help))
}

fn guarded<'a>(model: &'a Model, cloud: &'static str) -> Option<Advice<'a>> {
    let first = model.instances.first()?;
    let all: Vec<String> =
        model.instances.iter().flat_map(Instance::held).map(|it| it.ip.to_string()).collect();
    let all = names(all.iter().map(String::as_str));
    let message = format!(
        "this is a guest of {cloud}, whose ports drop packets of addresses that they do not know: \
         {all}"
    );
    let help = match cloud {
        OPENSTACK => {
            "`openstack port set --allowed-address ip-address=ADDRESS PORT` on the ports of all \
             routers; multicast and protocol 112 have to be let by too"
        }
        _ => {
            "let the provider's API move the address in a notify script, and use unicast peers: \
             neither ARP nor multicast moves it there"
        }
    };
    Some(Advice::new(&first.name, "guarded-port", message, help))
}

/// What [`Host::cloud`] says of OpenStack.
pub(super) const OPENSTACK: &str = "OpenStack";

impl Host {
    /// The cloud that the firmware's names of vendor and product speak of.
    #[must_use]
    pub fn cloud_of(vendor: &str, product: &str) -> Option<&'static str> {
        let known = CLOUDS.iter();
        known
            .filter(|row| vendor.contains(row.0) || product.contains(row.0))
            .map(|row| row.1)
            .next()
    }
}

/// What the firmware says, and whose guest that means.
const CLOUDS: &[(&str, &str)] = &[
    ("OpenStack", OPENSTACK),
    ("Amazon EC2", "Amazon EC2"),
    ("Google Compute Engine", "Google Cloud"),
    ("Hetzner", "Hetzner Cloud"),
    ("DigitalOcean", "DigitalOcean"),
];
