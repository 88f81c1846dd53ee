//! What an instance has counted since it was added.

use super::Reject;

/// Counters of one instance. They survive reloads and wrap after centuries.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Counters {
    /// Adverts that were accepted, whatever the election made of them.
    pub adverts_received: u64,
    /// Adverts that were sent, one for each unicast peer.
    pub adverts_sent: u64,
    /// Times it became Active.
    pub became_active: u64,
    /// Times it stopped being Active.
    pub left_active: u64,
    /// Adverts of priority 0 received.
    pub releases_received: u64,
    /// Adverts of priority 0 sent.
    pub releases_sent: u64,
    /// Accepted adverts whose address list was not ours.
    pub address_list_differs: u64,
    /// Accepted adverts whose interval was not ours (VRRPv3 learns it).
    pub interval_differs: u64,
    /// Times it gave up the addresses because the node had stood still.
    pub stalls: u64,
    /// Refused packets by reason, indexed by [`Reject::index`].
    pub rejects: [u64; Reject::ALL.len()],
}

impl Counters {
    /// What was counted since they were `before`.
    #[must_use]
    pub fn since(&self, before: &Self) -> Self {
        let rejects = std::array::from_fn(|place| {
            let count = |counters: &Self| counters.rejects.get(place).copied().unwrap_or_default();
            count(self).wrapping_sub(count(before))
        });
        let count = |field: fn(&Self) -> u64| field(self).wrapping_sub(field(before));
        Self {
            adverts_received: count(|it| it.adverts_received),
            adverts_sent: count(|it| it.adverts_sent),
            became_active: count(|it| it.became_active),
            left_active: count(|it| it.left_active),
            releases_received: count(|it| it.releases_received),
            releases_sent: count(|it| it.releases_sent),
            address_list_differs: count(|it| it.address_list_differs),
            interval_differs: count(|it| it.interval_differs),
            stalls: count(|it| it.stalls),
            rejects,
        }
    }

    /// Counts a refused packet.
    pub fn reject(&mut self, reason: Reject) {
        if let Some(count) = self.rejects.get_mut(reason.index()) {
            *count += 1;
        }
    }

    /// How many packets were refused for this reason.
    #[must_use]
    pub fn rejected(&self, reason: Reject) -> u64 {
        self.rejects.get(reason.index()).copied().unwrap_or_default()
    }
}
