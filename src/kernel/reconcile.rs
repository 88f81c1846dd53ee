//! From what is desired and what stands to what must be done. Pure.

use super::host::{Operation, Verb};
use super::ledger::ObjectId;
use super::object::Target;

/// What is desired of one object.
#[derive(Clone, Debug)]
pub struct Desired {
    /// Its entry of the ledger.
    pub id: ObjectId,
    /// The object with its interfaces; `None` while one of them does not exist.
    pub target: Option<Target>,
    /// It is to stand.
    pub present: bool,
}

/// What is known of one object.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub enum Actual {
    /// Nothing. An earlier run may have left it behind.
    #[default]
    Unknown,
    /// It does not stand.
    Nowhere,
    /// It stands like this.
    As(Target),
}

/// The operations that lead from `actual` to `desired`: all deletions, then all additions.
///
/// Deletions come first because the kernel knows no two variants of one address, and because
/// deleting the first IPv4 address of a subnet takes the others of that subnet with it. What
/// leans on something else goes before it and comes after it: rules, routes, addresses and the
/// other way round, each in the order of `desired`. Nothing that `desired` does not name is
/// touched; done twice, the second time is empty.
pub fn reconcile<'a>(
    desired: impl IntoIterator<Item = Desired>,
    actual: impl Fn(ObjectId) -> &'a Actual,
) -> Vec<Operation> {
    let mut operations = Vec::new();
    let mut additions = Vec::new();
    for wish in desired {
        let (id, actual) = (wish.id, actual(wish.id));
        let (delete, add) = differences(wish, actual);
        let operation = |verb, target| Operation { id, verb, target };
        operations.extend(delete.map(|target| operation(Verb::Delete, target)));
        additions.extend(add.map(|target| operation(Verb::Add, target)));
    }
    operations.sort_by_key(|it| std::cmp::Reverse(it.target.rank()));
    additions.sort_by_key(|it| it.target.rank());
    operations.append(&mut additions);
    operations
}

/// What is to be deleted and what is to be added for one object.
fn differences(wish: Desired, actual: &Actual) -> (Option<Target>, Option<Target>) {
    match (wish.present, actual) {
        (true, Actual::Unknown | Actual::Nowhere) => (None, wish.target),
        (true, Actual::As(stands)) if wish.target.as_ref() == Some(stands) => (None, None),
        (true, Actual::As(stands)) => (Some(stands.clone()), wish.target),
        (false, Actual::Unknown) => (wish.target, None),
        (false, Actual::Nowhere) => (None, None),
        (false, Actual::As(stands)) => (Some(stands.clone()), None),
    }
}
