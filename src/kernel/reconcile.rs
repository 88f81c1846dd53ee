//! From what is desired and what stands to what must be done. Pure.

use std::sync::Arc;

use crate::types::{Address, IfIndex};

use super::host::{Operation, Verb};
use super::ledger::AddressId;

/// What is desired of one address.
#[derive(Clone, Copy, Debug)]
pub struct Desired<'a> {
    /// Its entry of the ledger.
    pub id: AddressId,
    /// The address.
    pub address: &'a Arc<Address>,
    /// The interface of its name at this moment; `None` while there is none.
    pub link: Option<IfIndex>,
    /// It is to stand.
    pub present: bool,
}

/// What is known of one address.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub enum Actual {
    /// Nothing. An earlier run may have left it behind.
    #[default]
    Unknown,
    /// It does not stand.
    Nowhere,
    /// It stands on this interface, with these properties.
    On(IfIndex, Arc<Address>),
}

/// The operations that lead from `actual` to `desired`: all deletions, then all additions, each
/// in the order of `desired`.
///
/// Deletions come first because the kernel knows no two variants of one address, and because
/// deleting the first IPv4 address of a subnet takes the others of that subnet with it. Nothing
/// that `desired` does not name is touched; done twice, the second time is empty.
pub fn reconcile<'a>(
    desired: impl IntoIterator<Item = Desired<'a>>,
    actual: impl Fn(AddressId) -> &'a Actual,
) -> Vec<Operation> {
    let mut operations = Vec::new();
    let mut additions = Vec::new();
    for wish in desired {
        let (delete, add) = differences(&wish, actual(wish.id));
        let operation = |verb, (link, address): (IfIndex, &Arc<Address>)| Operation {
            id: wish.id,
            verb,
            link,
            address: Arc::clone(address),
        };
        operations.extend(delete.map(|target| operation(Verb::Delete, target)));
        additions.extend(add.map(|target| operation(Verb::Add, target)));
    }
    operations.append(&mut additions);
    operations
}

type Target<'a> = Option<(IfIndex, &'a Arc<Address>)>;

/// What is to be deleted and what is to be added for one address.
fn differences<'a>(wish: &Desired<'a>, actual: &'a Actual) -> (Target<'a>, Target<'a>) {
    let here = wish.link.map(|link| (link, wish.address));
    match (wish.present, actual) {
        (true, Actual::Unknown | Actual::Nowhere) => (None, here),
        (true, Actual::On(link, address)) => {
            if wish.link == Some(*link) && address == wish.address {
                (None, None)
            } else {
                (Some((*link, address)), here)
            }
        }
        (false, Actual::Unknown) => (here, None),
        (false, Actual::Nowhere) => (None, None),
        (false, Actual::On(link, address)) => (Some((*link, address)), None),
    }
}
