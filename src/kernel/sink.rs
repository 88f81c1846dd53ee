//! What the agent tells the rest of the daemon.

use std::fmt;
use std::sync::Arc;

use crate::types::{Address, Slot};

use super::host::{Refusal, Unlisted};

/// Where the agent puts what it has to say.
pub trait Sink {
    /// The kernel has done what generation `generation` of `slot`'s desire asked for: its
    /// addresses are gone; or all of them stand that the kernel accepts.
    fn applied(&mut self, slot: Slot, generation: u32);

    /// Something the operator may want to know. Never repeated while it lasts.
    fn notice(&mut self, notice: Notice);
}

/// Something about an address, or about all of them, that the operator may want to know.
#[derive(Debug)]
pub enum Notice {
    /// The address is not there: the kernel refused it. It is tried again.
    Failed {
        /// Whose address.
        slot: Slot,
        /// Which.
        address: Arc<Address>,
        /// Why.
        refusal: Refusal,
    },
    /// The address is still there: the kernel refused to delete it. It is tried again.
    Stuck {
        /// Which.
        address: Arc<Address>,
        /// Why.
        refusal: Refusal,
    },
    /// After a [`Notice::Failed`], the address is there.
    Recovered {
        /// Whose address.
        slot: Slot,
        /// Which.
        address: Arc<Address>,
    },
    /// Somebody deleted the address; it is back.
    Restored {
        /// Whose address.
        slot: Slot,
        /// Which.
        address: Arc<Address>,
    },
    /// Somebody deletes the address over and over; from now on it is put back less often.
    Contended {
        /// Whose address.
        slot: Slot,
        /// Which.
        address: Arc<Address>,
    },
    /// The regular comparison with the kernel could not be made.
    Unswept(Unlisted),
}

impl Notice {
    /// The address that it is about; `None` where it is about all of them.
    #[must_use]
    pub fn address(&self) -> Option<&Address> {
        match self {
            Self::Failed { address, .. }
            | Self::Stuck { address, .. }
            | Self::Recovered { address, .. }
            | Self::Restored { address, .. }
            | Self::Contended { address, .. } => Some(address),
            Self::Unswept(_) => None,
        }
    }
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed { address, refusal, .. } => {
                write!(f, "address {address} cannot be added: {refusal}")
            }
            Self::Stuck { address, refusal } => {
                write!(f, "address {address} cannot be deleted: {refusal}")
            }
            Self::Recovered { address, .. } => write!(f, "address {address} is there now"),
            Self::Restored { address, .. } => {
                write!(f, "address {address} was deleted by someone, put back")
            }
            Self::Contended { address, .. } => write!(
                f,
                "address {address} is deleted over and over by someone, put back less often now"
            ),
            Self::Unswept(error) => write!(f, "{error}"),
        }
    }
}
