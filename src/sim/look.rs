//! A look at the kernels and the neighbours, once all is calm.

use std::time::Duration;

use super::host::{HANDOVER, LATENESS};
use super::judge::{Election, Finding};
use super::node::Life;
use super::roster::NodeId;
use super::rule::Rule;
use super::world::{Breach, World};

impl World {
    /// Looks at every virtual router that has been left alone for a second.
    pub(super) fn look(&self) -> Result<(), Breach> {
        let calm = Duration::from_secs(1) + self.fair.worst() * 2 + (LATENESS + HANDOVER) * 5;
        for election in self.calm.elections() {
            if self.calm.is_calm_for(election, calm, self.now) {
                for node in self.nodes.ids() {
                    self.breached(Some(node), self.look_at_kernel(node, election))?;
                }
                self.breached(None, self.look_at_neighbours(election))?;
            }
        }
        Ok(())
    }

    /// The kernel of a node holds the addresses exactly if the node is Active.
    fn look_at_kernel(&self, node: NodeId, election: &Election) -> Finding {
        let there = &self.nodes[node];
        if !there.is_running() || there.refused {
            return Ok(());
        }
        let active = election.active().contains(node);
        let mine = there.settings.iter().filter(|it| it.vrid == election.vrid);
        for address in mine.flat_map(|it| it.held()) {
            let stands = there.agent.kernel().find(address.ip).is_some();
            if stands != active {
                let what = format!("active {active}, but has {}: {stands}", address.ip);
                return Err((Rule::Held, what));
            }
        }
        Ok(())
    }

    /// Every host takes the only holder in its reach for the holder.
    fn look_at_neighbours(&self, election: &Election) -> Finding {
        let Some(components) = &self.components else {
            return Ok(());
        };
        if self.calm.is_marred(election) {
            return Ok(());
        }
        for (host, neighbour) in self.neighbours.iter().enumerate() {
            let mut reach = components.iter().filter(|component| {
                let mut members = self.nodes.ids().filter(|it| component.contains(*it));
                members.any(|node| self.network.host_hears(host, node))
            });
            let (Some(component), None) = (reach.next(), reach.next()) else {
                continue;
            };
            let Some(holder) = component.and(election.active()).single() else {
                continue;
            };
            let there = &self.nodes[holder];
            if there.refused || self.others_hold(holder, election) {
                continue;
            }
            let mine = there.settings.iter().filter(|it| it.vrid == election.vrid);
            for ip in mine.flat_map(|it| it.held()).map(|address| address.ip) {
                let Some(entry) = neighbour.believes(ip) else {
                    continue;
                };
                let since = self.judge.active_since(holder, election.vrid);
                let misled = entry.misled.is_some_and(|at| since.is_some_and(|it| it < at));
                let missed = self.missed.contains(&(host, ip, holder));
                // One that stands still is to be corrected when it goes on.
                let still = matches!(self.nodes[entry.holder].life, Life::Still { .. });
                if entry.holder != holder && !misled && !missed && !still {
                    let believed = entry.holder;
                    let who = host + 1;
                    let what = format!("h{who} has {believed} for {ip}, {holder} holds it");
                    return Err((Rule::Neighbours, what));
                }
            }
        }
        Ok(())
    }

    /// Whether a node that cannot help it still holds addresses of an election.
    fn others_hold(&self, holder: NodeId, election: &Election) -> bool {
        let mut others = self.nodes.iter().filter(|(node, there)| {
            let dead = matches!(there.life, Life::Dead { powered: true });
            let still = matches!(there.life, Life::Still { machine: None, .. });
            *node != holder && (dead || still)
        });
        others.any(|(_, there)| {
            let mine = there.settings.iter().filter(|it| it.vrid == election.vrid);
            let mut held = mine.flat_map(|it| it.held());
            held.any(|address| there.agent.kernel().find(address.ip).is_some())
        })
    }
}
