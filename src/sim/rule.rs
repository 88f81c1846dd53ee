//! The rules that every run is held to.

use std::fmt;

/// One of the invariants.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Rule {
    /// After a down interval of calm at most one router of a component is Active.
    OneActive,
    /// After a down interval of calm some router is Active if any can be.
    SomeActive,
    /// An Active Router's next advert comes within the interval that its last one taught, plus
    /// the node's own delay, and intervals do not drift.
    AdvertGap,
    /// A Backup claims no earlier than RFC 9568 §6.4.2 lets it.
    EarlyClaim,
    /// A Backup claims no later than its timer, plus the node's own delay.
    LateClaim,
    /// With `nopreempt` a Backup never claims against a live router of lower priority.
    Nopreempt,
    /// An Active Router yields exactly to what RFC 9568 §6.4.3 ranks above it.
    Yielding,
    /// A router that stood still for longer than its peers wait listens before it speaks.
    Stall,
    /// Only Active and Leaving routers send.
    Silence,
    /// A router that leaves sends priority 0 unless another is Active already.
    ReleaseSent,
    /// Its addresses are gone before that, or it has waited 30 ms for the kernel.
    ReleaseAfterRemoval,
    /// Whoever leaves undisturbed is followed as fast as it has taught its Backups to be.
    Handover,
    /// Leaving ends.
    LeavingEnds,
    /// No fast yield within 30 s of becoming Active, within three down intervals of the last,
    /// or by an instance that does not preempt.
    YieldLimit,
    /// A packet that is refused changes nothing.
    Discard,
    /// However many packets arrive, the answers are bounded.
    Flood,
    /// Addresses are desired exactly while Active.
    Desired,
    /// After a while of calm the kernel holds what is desired.
    Held,
    /// After a second of calm every neighbour takes the holder for the holder.
    Neighbours,
    /// A router goes into the election with the priority that its tracked objects make of its own,
    /// and advertises that one.
    Priority,
    /// It takes part exactly if nothing that it cannot do without is missing.
    Fault,
    /// What the router tells is what it does: no transition is skipped or invented.
    Told,
    /// The router asks for finite work: never twice for the same instant without end.
    Work,
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}
