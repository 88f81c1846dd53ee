//! What is known of the machine, for advice.

use std::fs;
use std::path::Path;

use crate::check::{self, Surroundings};
use crate::config::Host;
use crate::config::model::{Instance, Model, Watch};
use crate::notify::{self, Setup};
use crate::types::{Family, LinkName, Program, Unrun};

/// Looks at the machine, as far as it matters to `model`. What cannot be read is not known.
#[must_use]
pub fn look(model: &Model) -> Host {
    let families = [Family::V4, Family::V6].into_iter();
    let mut links: Vec<LinkName> = model.instances.iter().flat_map(Instance::links).collect();
    links.sort_unstable_by_key(|link| link.to_string());
    links.dedup();
    Host {
        local_bind_only: families.filter(|family| is_local_bind_only(*family)).collect(),
        strict_filter: links.into_iter().filter(|link| is_strict(link.as_str())).collect(),
        unrun: Vec::new(),
        cloud: Host::cloud_of(&firmware("sys_vendor"), &firmware("product_name")),
    }
}

/// The programs of `model` that would not be run, each once, and why. May wait for the disk and for
/// a directory of users.
#[must_use]
pub fn look_at_programs(model: &Model) -> Vec<(Program, Unrun)> {
    let surroundings = Surroundings {
        secure: model.node.secure_scripts,
        account: model.node.script_account.clone(),
    };
    let scripts = model.trackers.iter().filter_map(|tracker| match &tracker.watch {
        Watch::Script(script) => Some(script),
        Watch::File(_) | Watch::Process(_) => None,
    });
    let scripts = scripts.map(|it| (&it.program, check::refusal(it, &surroundings)));
    let setup = Setup::of(model);
    let hooks = setup.programs().map(|it| (it, notify::refusal(it, &setup)));
    let mut all: Vec<(Program, Unrun)> = Vec::new();
    for (program, unrun) in scripts.chain(hooks) {
        if let Some(unrun) = unrun.filter(|_| !all.iter().any(|(known, _)| known == program)) {
            all.push((program.clone(), unrun));
        }
    }
    all
}

fn is_local_bind_only(family: Family) -> bool {
    let directory = match family {
        Family::V4 => "ipv4",
        Family::V6 => "ipv6",
    };
    number(&format!("{directory}/ip_nonlocal_bind")) == Some(0)
}

/// The greater of the interface's own setting and that for all counts.
fn is_strict(link: &str) -> bool {
    let own = number(&format!("ipv4/conf/{link}/rp_filter"));
    own.max(number("ipv4/conf/all/rp_filter")) == Some(1)
}

fn number(key: &str) -> Option<u32> {
    let text = fs::read_to_string(Path::new("/proc/sys/net").join(key)).ok()?;
    text.trim().parse().ok()
}

fn firmware(key: &str) -> String {
    let path = Path::new("/sys/class/dmi/id").join(key);
    fs::read_to_string(path).unwrap_or_default()
}
