//! From text to model.

use vipd::config::compile::compile;
use vipd::config::diagnostic::Diagnostics;
use vipd::config::model::{Instance, Model};
use vipd::config::source::Sources;
use vipd::config::{Options, keepalived};

/// The codes of what was found.
pub(crate) type Codes = Vec<&'static str>;

/// What `text` means.
pub(crate) fn read(text: &str) -> (Option<Model>, Codes) {
    read_with(&Options::default(), text)
}

/// What `text` means in these surroundings.
pub(crate) fn read_with(options: &Options, text: &str) -> (Option<Model>, Codes) {
    let (mut sources, mut found) = (Sources::sealed(), Diagnostics::default());
    let id = sources.add("keepalived.conf", text).unwrap();
    let declared = keepalived::read_file(id, options, &mut sources, &mut found);
    let model = compile(&declared, &mut found);
    (model, found.iter().map(|it| it.code).collect())
}

/// One instance of VRID 5 on eth0 with 10.0.0.9, `global` in global_defs, `own` in the instance.
pub(crate) fn with(global: &str, own: &str) -> (Option<Model>, Codes) {
    read(&format!(
        "global_defs {{\n{global}\n}}\nvrrp_instance A {{\n interface eth0\n \
         virtual_router_id 5\n{own}\n virtual_ipaddress {{\n 10.0.0.9\n }}\n}}\n"
    ))
}

/// The instance and the codes.
pub(crate) fn made(global: &str, own: &str) -> (Instance, Codes) {
    let (model, codes) = with(global, own);
    let instance = model.and_then(|it| it.instances.into_iter().next());
    (instance.unwrap_or_else(|| panic!("{own}: {codes:?}")), codes)
}

/// The instance, which nothing was found about.
pub(crate) fn clean(global: &str, own: &str) -> Instance {
    let (instance, codes) = made(global, own);
    assert_eq!(codes, [""; 0], "{global} {own}");
    instance
}

/// The one code that was found.
pub(crate) fn told(global: &str, own: &str) -> String {
    let (_, codes) = with(global, own);
    codes.join(" ")
}
