//! Programs on disk: where one is, whether it can be run, and who could change it.

use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use super::accounts::Identity;

/// Why a program is not to be run.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Unfit {
    /// There is none.
    #[error("there is no program {name}")]
    Missing {
        /// As it was named.
        name: String,
    },
    /// It may not be run.
    #[error("{} may not be executed", path.display())]
    NotExecutable {
        /// Where it is.
        path: PathBuf,
    },
    /// Somebody else could put another in its place.
    #[error("{} may be changed by others than root", place.display())]
    Insecure {
        /// The file, or the directory on the way to it, that may be changed.
        place: PathBuf,
    },
}

impl Unfit {
    /// What makes it fit.
    #[must_use]
    pub fn help(&self) -> String {
        match self {
            Self::Missing { .. } => "install it, or write where it is".to_owned(),
            Self::NotExecutable { path } => format!("`chmod a+x {}`", path.display()),
            Self::Insecure { place } => {
                let place = place.display();
                format!("`chown root {place}; chmod go-w {place}`, or let another user run it")
            }
        }
    }
}

/// Where the program is that `name` stands for; a name without a slash is looked for in
/// the directories of `PATH`. May wait for the disk.
///
/// # Errors
/// [`Unfit::Missing`], or [`Unfit::NotExecutable`] for who is `runner`.
pub fn locate(name: &str, runner: Identity) -> Result<PathBuf, Unfit> {
    let missing = || Unfit::Missing { name: name.to_owned() };
    if name.contains('/') {
        let path = PathBuf::from(name);
        let what = fs::metadata(&path).map_err(|_unreadable| missing())?;
        return match may_run(&what, runner) {
            true => Ok(path),
            false => Err(Unfit::NotExecutable { path }),
        };
    }
    let places = std::env::var_os("PATH").unwrap_or_else(|| USUAL_PATH.into());
    let found = std::env::split_paths(&places).filter(|place| place.is_absolute());
    let mut found = found.map(|place| place.join(name));
    let fits = |path: &PathBuf| fs::metadata(path).is_ok_and(|what| may_run(&what, runner));
    found.find(fits).ok_or_else(missing)
}

/// Makes sure that nobody but root can change what is run at `path`: neither the file, nor a
/// directory on the way to it, nor to where links lead. Matters where root runs it, or where it
/// would become root; all else may be as it likes.
///
/// # Errors
/// [`Unfit::Insecure`] with the place, [`Unfit::Missing`] where the way cannot be followed.
pub fn check_security(path: &Path, runner: Identity) -> Result<(), Unfit> {
    let missing = |_unreadable: io::Error| Unfit::Missing { name: path.display().to_string() };
    let target = fs::canonicalize(path).map_err(missing)?;
    let what = fs::metadata(&target).map_err(missing)?;
    let becomes_root = (what.mode() & SET_USER != 0 && what.uid() == 0)
        || (what.mode() & SET_GROUP != 0 && what.gid() == 0);
    if !runner.is_root() && runner.group != 0 && !becomes_root {
        return Ok(());
    }
    let written = std::path::absolute(path).map_err(missing)?;
    for way in [written.as_path(), target.as_path()] {
        for place in way.ancestors() {
            let what = fs::symlink_metadata(place).map_err(missing)?;
            if !what.is_symlink() && is_open_to_others(&what) {
                return Err(Unfit::Insecure { place: place.to_owned() });
            }
        }
    }
    Ok(())
}

/// Whether others than root can change it. In a sticky directory only a file's owner can replace
/// the file.
fn is_open_to_others(what: &Metadata) -> bool {
    let mode = what.mode();
    let sticky = what.is_dir() && mode & STICKY != 0;
    let by_group = mode & GROUP_WRITES != 0 && what.gid() != 0 && !sticky;
    let by_all = mode & OTHERS_WRITE != 0 && !sticky;
    what.uid() != 0 || by_group || by_all
}

/// Whether `runner` may execute the file.
fn may_run(what: &Metadata, runner: Identity) -> bool {
    let allowed = if runner.is_root() {
        ANYBODY_RUNS
    } else if what.uid() == runner.user {
        OWNER_RUNS
    } else if what.gid() == runner.group {
        GROUP_RUNS
    } else {
        OTHERS_RUN
    };
    what.is_file() && what.mode() & allowed != 0
}

/// Where programs are looked for without a `PATH`.
const USUAL_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

const SET_USER: u32 = 0o4000;
const SET_GROUP: u32 = 0o2000;
const STICKY: u32 = 0o1000;
const OWNER_RUNS: u32 = 0o100;
const GROUP_WRITES: u32 = 0o020;
const GROUP_RUNS: u32 = 0o010;
const OTHERS_WRITE: u32 = 0o002;
const OTHERS_RUN: u32 = 0o001;
const ANYBODY_RUNS: u32 = OWNER_RUNS | GROUP_RUNS | OTHERS_RUN;

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    const ROOT: Identity = Identity { user: 0, group: 0 };
    const NOBODY: Identity = Identity { user: 65_534, group: 65_534 };

    #[test]
    fn a_bare_name_is_looked_for_and_a_path_is_taken_as_it_is() {
        assert!(locate("true", ROOT).unwrap().ends_with("true"));
        assert_eq!(locate("/bin/sh", NOBODY), Ok(PathBuf::from("/bin/sh")));
        let name = "/no/such/program".to_owned();
        assert_eq!(locate(&name, ROOT), Err(Unfit::Missing { name }));
        assert!(matches!(locate("no-such-program", ROOT), Err(Unfit::Missing { .. })));
    }

    #[test]
    fn what_may_not_be_executed_is_not_run() {
        let path = PathBuf::from("/etc/passwd");
        assert_eq!(locate("/etc/passwd", ROOT), Err(Unfit::NotExecutable { path }));
        assert!(matches!(locate("/etc", ROOT), Err(Unfit::NotExecutable { .. })));
    }

    #[test]
    fn what_others_may_change_is_told_with_its_place_and_the_way_out() {
        let directory = std::env::temp_dir()
            .join(format!("vipd-programs-{}", rustix::process::getpid().as_raw_nonzero()));
        fs::create_dir_all(&directory).unwrap();
        let path = directory.join("program");
        fs::write(&path, "").unwrap();
        fs::set_permissions(&directory, fs::Permissions::from_mode(0o777)).unwrap();
        let unfit = check_security(&path, ROOT).unwrap_err();
        let place = directory.display();
        assert_eq!(unfit.to_string(), format!("{place} may be changed by others than root"));
        assert!(unfit.help().starts_with(&format!("`chown root {place}; chmod go-w {place}`")));
        fs::remove_dir_all(directory).unwrap();
    }

    #[test]
    fn the_system_s_own_programs_are_secure() {
        assert_eq!(check_security(Path::new("/bin/sh"), ROOT), Ok(()));
    }
}
