//! What the agent tells the rest of the daemon.

use std::fmt;
use std::sync::Arc;

use crate::types::{Address, Slot};

use super::host::{Refusal, Unlisted};
use super::object::Object;

/// Where the agent puts what it has to say.
pub trait Sink {
    /// The kernel has done what generation `generation` of `slot`'s desire asked for: its
    /// addresses are gone; or all of them stand that the kernel accepts.
    fn applied(&mut self, slot: Slot, generation: u32);

    /// Something the operator may want to know. Never repeated while it lasts.
    fn notice(&mut self, notice: Notice);
}

/// Something about what is held, or about all of it, that the operator may want to know.
#[derive(Debug)]
pub enum Notice {
    /// It is not there: the kernel refused it. It is tried again.
    Failed {
        /// Whose it is: the name of its plan.
        holder: Arc<str>,
        /// What.
        object: Object,
        /// Why.
        refusal: Refusal,
    },
    /// It is still there: the kernel refused to delete it. It is tried again.
    Stuck {
        /// What.
        object: Object,
        /// Why.
        refusal: Refusal,
    },
    /// After a [`Notice::Failed`], it is there.
    Recovered {
        /// Whose it is: the name of its plan.
        holder: Arc<str>,
        /// What.
        object: Object,
    },
    /// Somebody deleted it; it is back.
    Restored {
        /// Whose it is: the name of its plan.
        holder: Arc<str>,
        /// What.
        object: Object,
    },
    /// Somebody deletes it over and over; from now on it is put back less often.
    Contended {
        /// Whose it is: the name of its plan.
        holder: Arc<str>,
        /// What.
        object: Object,
    },
    /// The regular comparison with the kernel could not be made.
    Unswept(Unlisted),
}

impl Notice {
    /// What it is about; `None` where it is about everything.
    #[must_use]
    pub const fn object(&self) -> Option<&Object> {
        match self {
            Self::Failed { object, .. }
            | Self::Stuck { object, .. }
            | Self::Recovered { object, .. }
            | Self::Restored { object, .. }
            | Self::Contended { object, .. } => Some(object),
            Self::Unswept(_) => None,
        }
    }

    /// The address that it is about.
    #[must_use]
    pub fn address(&self) -> Option<&Address> {
        match self.object()? {
            Object::Address(address) => Some(address),
            Object::Route(_) | Object::Rule(_) => None,
        }
    }

    /// Whose plan it is about; `None` where it is nobody's any more.
    #[must_use]
    pub fn holder(&self) -> Option<&str> {
        match self {
            Self::Failed { holder, .. }
            | Self::Recovered { holder, .. }
            | Self::Restored { holder, .. }
            | Self::Contended { holder, .. } => Some(AsRef::as_ref(holder)),
            Self::Stuck { .. } | Self::Unswept(_) => None,
        }
    }
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed { object, refusal, .. } => {
                write!(f, "{object} cannot be added: {refusal}")
            }
            Self::Stuck { object, refusal } => {
                write!(f, "{object} cannot be deleted: {refusal}")
            }
            Self::Recovered { object, .. } => write!(f, "{object} is there now"),
            Self::Restored { object, .. } => {
                write!(f, "{object} was deleted by someone, put back")
            }
            Self::Contended { object, .. } => {
                write!(f, "{object} is deleted over and over by someone, put back less often now")
            }
            Self::Unswept(error) => write!(f, "{error}"),
        }
    }
}
