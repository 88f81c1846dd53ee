//! The bugs that the simulator must find.

use std::fmt;

use super::rule::Rule;

/// A bug that is planted in every node, to prove that the simulator would find it.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Mutant {
    /// A Backup claims after its intervals, without its skew.
    SkewDropped,
    /// A refused packet restarts the down timer.
    DiscardRestartsTimer,
    /// Announcements leave late, and also after their sender has lost.
    LoserAnnouncesLast,
    /// Fast yield knows no limit.
    YieldUnlimited,
    /// Priority 0 is never sent.
    ReleaseLost,
    /// No short interval is taught on leaving.
    LessonLost,
    /// The addresses are removed after priority 0 was sent.
    ReleaseBeforeRemoval,
    /// A Backup learns the interval of a priority 0 advert.
    ReleaseTeaches,
    /// Between equal priorities the lower address wins.
    TieInverted,
    /// `nopreempt` is ignored.
    PreemptForced,
    /// The process does not notice that it stood still.
    StallUnnoticed,
    /// Neighbours are not told again after a contested claim.
    ContestUnanswered,
    /// The next interval begins when the last advert was sent, not when it was due.
    Drift,
    /// After a short interval the configured one is not taught again.
    NotTaughtBack,
    /// A Backup claims at once when it hears priority 0.
    ReleaseSkewIgnored,
    /// What a check finds changes nothing.
    VerdictLost,
    /// `reverse` is ignored.
    ReverseIgnored,
    /// The configured priority is advertised, whatever the weights make of it.
    WeightUnsaid,
    /// What has weight 0 is no fault.
    FaultIgnored,
    /// Who was at fault never comes back.
    RecoveryIgnored,
}

impl Mutant {
    /// All of them.
    pub const ALL: [Self; 20] = [
        Self::SkewDropped,
        Self::DiscardRestartsTimer,
        Self::LoserAnnouncesLast,
        Self::YieldUnlimited,
        Self::ReleaseLost,
        Self::LessonLost,
        Self::ReleaseBeforeRemoval,
        Self::ReleaseTeaches,
        Self::TieInverted,
        Self::PreemptForced,
        Self::StallUnnoticed,
        Self::ContestUnanswered,
        Self::Drift,
        Self::NotTaughtBack,
        Self::ReleaseSkewIgnored,
        Self::VerdictLost,
        Self::ReverseIgnored,
        Self::WeightUnsaid,
        Self::FaultIgnored,
        Self::RecoveryIgnored,
    ];

    /// The rule that it breaks, by which it is to be found.
    #[must_use]
    pub const fn breaks(self) -> Rule {
        match self {
            Self::SkewDropped | Self::ReleaseSkewIgnored => Rule::EarlyClaim,
            Self::DiscardRestartsTimer => Rule::Discard,
            Self::ReleaseTeaches => Rule::LateClaim,
            Self::LoserAnnouncesLast | Self::ContestUnanswered => Rule::Neighbours,
            Self::YieldUnlimited => Rule::YieldLimit,
            Self::ReleaseLost => Rule::ReleaseSent,
            Self::LessonLost => Rule::Handover,
            Self::ReleaseBeforeRemoval => Rule::ReleaseAfterRemoval,
            Self::TieInverted => Rule::Yielding,
            Self::PreemptForced => Rule::Nopreempt,
            Self::StallUnnoticed => Rule::Stall,
            Self::Drift | Self::NotTaughtBack => Rule::AdvertGap,
            Self::VerdictLost | Self::ReverseIgnored | Self::WeightUnsaid => Rule::Priority,
            Self::FaultIgnored | Self::RecoveryIgnored => Rule::Fault,
        }
    }
}

impl fmt::Display for Mutant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}
