//! Whether a received advert counts: the checks of RFC 9568 §7.1 and RFC 3768 §7.1.
//!
//! Each refusal has one named reason and changes nothing but its counter.

use std::net::IpAddr;

use super::machine::Advert;
use crate::config::model::{Authentication, ChecksumForm, Instance, Transport};
use crate::types::{Family, Reject, Version};
use crate::wire::{Advertisement, Authenticator, Coverage, Datagram, Header};

/// An advert that counts, and what is remarkable about it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Accepted {
    /// What the election needs of it.
    pub(super) advert: Advert,
    /// Its address list is not ours. VRRPv3 accepts it all the same: during a rolling change two
    /// lists are in use, and two Active Routers would be worse than one with the old list.
    pub(super) addresses_differ: bool,
    /// Its interval is not ours. VRRPv3 learns it.
    pub(super) interval_differs: bool,
    /// Which form of checksum it carried.
    pub(super) coverage: Coverage,
    /// The number that its Authentication Header carried.
    pub(super) sequence: Option<u32>,
}

/// What of an instance's present state decides about a packet.
#[derive(Clone, Copy, Debug)]
pub(super) struct Receiver<'a> {
    pub(super) config: &'a Instance,
    /// What knows our peers' Authentication Headers.
    pub(super) authenticator: Option<&'a Authenticator>,
    /// The address that our adverts come from.
    pub(super) source: Option<IpAddr>,
    /// It comes from our own address and says what we have said.
    pub(super) echo: bool,
    /// Whose adverts we follow as a Backup.
    pub(super) follows: Option<IpAddr>,
    /// [`fingerprint`] of our address list.
    pub(super) fingerprint: u64,
}

impl Receiver<'_> {
    /// Judges a datagram whose VRID and family are the instance's.
    ///
    /// # Errors
    /// The first check that it fails. Nothing was changed.
    pub(super) fn judge(
        &self,
        datagram: &Datagram<'_>,
        header: &Header<'_>,
    ) -> Result<Accepted, Reject> {
        let config = self.config;
        self.check_ttl(datagram)?;
        if header.version()? != config.version {
            return Err(Reject::Version);
        }
        header.check_type()?;
        let advert = header.advertisement(config.version, config.family)?;
        let coverage = advert.verify(datagram.source, datagram.destination)?;
        if (coverage, config.checksum)
            == (Coverage::GroupPseudoHeader, ChecksumForm::PseudoHeaderOnly)
        {
            return Err(Reject::Checksum);
        }
        if header.count() == 0 {
            return Err(Reject::NoAddresses);
        }
        let interval = advert.interval()?;
        let interval_differs = interval != config.interval;
        let addresses_differ = fingerprint(advert.addresses()) != self.fingerprint;
        let priority = header.priority();
        let is_v2 = config.version == Version::V2;
        if is_v2 && interval_differs {
            return Err(Reject::Interval);
        }
        let sequence = self.authenticate(datagram, &advert)?;
        if is_v2 {
            let excused = priority.is_owner() || self.skips_address_check(datagram.source);
            if addresses_differ && !excused {
                return Err(Reject::AddressList);
            }
        }
        self.check_ends(datagram)?;
        if self.echo {
            return Err(Reject::Own);
        }
        Ok(Accepted {
            advert: Advert { priority, interval, source: datagram.source },
            addresses_differ,
            interval_differs,
            coverage,
            sequence,
        })
    }

    /// `skip_check_adv_addr`: the list of the router that we follow already was looked at.
    fn skips_address_check(&self, source: IpAddr) -> bool {
        self.config.skip_address_check && self.follows == Some(source)
    }

    //= https://www.rfc-editor.org/rfc/rfc9568#section-7.1
    //# Verify that the IPv4 TTL or IPv6 Hop Limit is 255.
    fn check_ttl(&self, datagram: &Datagram<'_>) -> Result<(), Reject> {
        let (least, most) = match &self.config.transport {
            Transport::Multicast { .. } => (255, 255),
            Transport::Unicast { peers, .. } => peers
                .iter()
                .find(|peer| peer.address == datagram.source)
                .map_or((0, 255), |peer| (peer.min_ttl, peer.max_ttl)),
        };
        let within = (least..=most).contains(&datagram.ttl);
        if within { Ok(()) } else { Err(Reject::Ttl) }
    }

    /// Whether it comes from somebody who knows what the routers of this instance know, as far as
    /// they have agreed on anything. Tells the number that its Authentication Header carries.
    fn authenticate(
        &self,
        datagram: &Datagram<'_>,
        advert: &Advertisement<'_>,
    ) -> Result<Option<u32>, Reject> {
        let (kind, data) =
            advert.authenticated().map_or((0, [0; 8]), |found| (found.kind, *found.data));
        match (kind, self.config.authentication, &datagram.header, self.authenticator) {
            (3.., ..) => Err(Reject::AuthUnknown),
            (0, Authentication::None, None, _) => Ok(None),
            (1, Authentication::Pass(ours), None, _) if data == ours => Ok(None),
            (1, Authentication::Pass(_), None, _) => Err(Reject::AuthFailed),
            (2, Authentication::Ah(_), Some(header), Some(known)) => {
                known.verify(header, datagram.source)?;
                match known.follow(header) {
                    Err(_) if self.echo => Err(Reject::Own),
                    followed => followed.map(Some),
                }
            }
            (0..=2, ..) => Err(Reject::AuthMismatch),
        }
    }

    fn check_ends(&self, datagram: &Datagram<'_>) -> Result<(), Reject> {
        match &self.config.transport {
            Transport::Multicast { group } if datagram.destination == *group => Ok(()),
            Transport::Multicast { .. } => Err(Reject::Destination),
            // To a group, or to the address of another instance.
            Transport::Unicast { .. } if self.source != Some(datagram.destination) => {
                Err(Reject::Destination)
            }
            Transport::Unicast { peers, check_source, .. } => {
                let known = peers.iter().any(|peer| peer.address == datagram.source);
                if known || !check_source { Ok(()) } else { Err(Reject::Source) }
            }
        }
    }
}

/// A number that is equal for equal address lists in whatever order, and hardly ever for others.
pub(super) fn fingerprint(addresses: impl Iterator<Item = IpAddr>) -> u64 {
    addresses.fold(0, |sum, address| {
        let (family, bits) = match address {
            IpAddr::V4(ip) => (Family::V4, u128::from(u32::from(ip))),
            IpAddr::V6(ip) => (Family::V6, u128::from(ip)),
        };
        let high = u64::try_from(bits >> 64).unwrap_or_default();
        let low = u64::try_from(bits & u128::from(u64::MAX)).unwrap_or_default();
        let seed = u64::from(family.bits());
        sum.wrapping_add(mix(mix(seed ^ high) ^ low))
    })
}

/// Spreads every bit over the whole number (the finaliser of SplitMix64).
const fn mix(mut bits: u64) -> u64 {
    bits = bits.wrapping_add(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(text: &[&str]) -> u64 {
        fingerprint(text.iter().map(|ip| ip.parse().unwrap()))
    }

    #[test]
    fn the_order_of_an_address_list_does_not_matter_but_its_content_does() {
        assert_eq!(list(&["10.0.0.1", "10.0.0.2"]), list(&["10.0.0.2", "10.0.0.1"]));
        assert_ne!(list(&["10.0.0.1", "10.0.0.4"]), list(&["10.0.0.2", "10.0.0.3"]));
        assert_ne!(list(&["10.0.0.1"]), list(&["10.0.0.1", "10.0.0.1"]));
        assert_ne!(list(&["::a00:1"]), list(&["10.0.0.1"]));
    }
}
