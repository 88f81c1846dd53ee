//! Programs that would not be run, and what that costs.

use super::{Advice, Host};
use crate::config::model::{Model, Watch};
use crate::types::{Program, Unrun};

/// What is told of each program.
pub(super) fn of_node<'a>(model: &'a Model, host: &Host) -> Vec<Advice<'a>> {
    host.unrun.iter().flat_map(|(program, unrun)| of_program(model, program, unrun)).collect()
}

fn of_program<'a>(model: &'a Model, program: &Program, unrun: &Unrun) -> Vec<Advice<'a>> {
    let Unrun { reason, help } = unrun;
    let scripts = model
        .trackers
        .iter()
        .filter(|it| matches!(&it.watch, Watch::Script(script) if script.program == *program));
    let scripts = scripts.map(|it| {
        let name = &it.name.name;
        let message =
            format!("the script {name} would not be run, as if nobody tracked it: {reason}");
        Advice::new(name, "not-run", message, help)
    });
    let instances = model.instances.iter();
    let told = instances.filter(|it| it.hooks.programs().any(|hook| hook == program));
    let instances = told.map(|it| it.name.as_str());
    let groups = model.groups.iter();
    let told = groups.filter(|it| it.hooks.programs().any(|hook| hook == program));
    let told = instances.chain(told.map(|it| it.name.as_str())).map(|about| {
        let name = program.name();
        let message = format!("{about} would not run {name} when its state changes: {reason}");
        Advice::new(about, "not-run", message, help)
    });
    let readers = model.node.fifos.iter().filter(|it| it.reader.as_ref() == Some(program));
    let readers = readers.map(|fifo| {
        let message = format!("nobody would read {}: {reason}", fifo.path.display());
        Advice::new("", "not-run", message, help)
    });
    scripts.chain(told).chain(readers).collect()
}
