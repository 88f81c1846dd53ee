//! Who takes part: nodes by number, and tables with an entry for each.

use std::fmt;
use std::ops::{Index, IndexMut};

/// A node of the simulated network. Only [`Roster`] makes them, and nodes never go.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(super) struct NodeId(usize);

impl NodeId {
    /// What stands for it in addresses: 1, 2, 3 …
    pub(super) fn number(self) -> u8 {
        u8::try_from(self.0 + 1).unwrap_or(u8::MAX)
    }

    /// Its bit in a [`Set`].
    const fn bit(self) -> u32 {
        1 << self.0
    }
}

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "n{}", self.number())
    }
}

/// One of something for every node.
#[derive(Clone, Debug)]
pub(super) struct Roster<T>(Vec<T>);

impl<T> Roster<T> {
    /// Builds an entry for each of `count` nodes.
    pub(super) fn new(count: usize, mut entry: impl FnMut(NodeId) -> T) -> Self {
        Self((0..count).map(|index| entry(NodeId(index))).collect())
    }

    /// Every node, in order.
    pub(super) fn ids(&self) -> impl Iterator<Item = NodeId> + use<T> {
        (0..self.0.len()).map(NodeId)
    }

    /// Every node with its entry, in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (NodeId, &T)> {
        self.ids().zip(&self.0)
    }
}

impl<T> Index<NodeId> for Roster<T> {
    type Output = T;

    #[expect(clippy::indexing_slicing, reason = "a node's number is its place")]
    fn index(&self, node: NodeId) -> &T {
        &self.0[node.0]
    }
}

impl<T> IndexMut<NodeId> for Roster<T> {
    #[expect(clippy::indexing_slicing, reason = "a node's number is its place")]
    fn index_mut(&mut self, node: NodeId) -> &mut T {
        &mut self.0[node.0]
    }
}

/// Some of the nodes.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Set(u32);

impl Set {
    pub(super) const fn insert(&mut self, node: NodeId) {
        self.0 |= node.bit();
    }

    pub(super) const fn remove(&mut self, node: NodeId) {
        self.0 &= !node.bit();
    }

    pub(super) const fn contains(self, node: NodeId) -> bool {
        self.0 & node.bit() != 0
    }

    /// Those that are in both.
    pub(super) const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    pub(super) const fn count(self) -> u32 {
        self.0.count_ones()
    }

    /// The only one, if there is exactly one.
    pub(super) fn single(self) -> Option<NodeId> {
        let place = usize::try_from(self.0.trailing_zeros()).ok()?;
        (self.count() == 1).then_some(NodeId(place))
    }
}

impl FromIterator<NodeId> for Set {
    fn from_iter<I: IntoIterator<Item = NodeId>>(nodes: I) -> Self {
        let mut set = Self::default();
        nodes.into_iter().for_each(|node| set.insert(node));
        set
    }
}

impl fmt::Display for Set {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("{")?;
        let members = (0..32).map(NodeId).filter(|node| self.contains(*node));
        for (place, node) in members.enumerate() {
            let blank = if place == 0 { "" } else { " " };
            write!(f, "{blank}{node}")?;
        }
        f.write_str("}")
    }
}
