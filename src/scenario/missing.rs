//! A scenario file that is not there, or is a folder: which file was probably meant.

use std::ffi::OsStr;
use std::io::{Error, ErrorKind};
use std::path::Path;

use super::suggest::nearest;

/// What stands between an error and its way out.
pub const HINT: &str = "\n\nhint: ";

/// Names of a folder that are looked at.
const MOST_NAMES: usize = 10_000;

/// What to do about a file that cannot be read, behind [`HINT`]; empty where only its author knows.
pub(super) fn hint(path: &Path, error: &Error) -> String {
    let way_out = match error.kind() {
        ErrorKind::NotFound => Some(instead(path)),
        ErrorKind::IsADirectory => Some(within(path)),
        _ => None,
    };
    way_out.map_or(String::new(), |way_out| format!("{HINT}{way_out}"))
}

/// The file beside it that has nearly its name, or its name and an ending.
fn instead(path: &Path) -> String {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let names = scenarios(folder);
    let typed = path.file_name().unwrap_or_default().to_string_lossy();
    let whole = names.iter().find(|name| Path::new(name).file_stem() == Some(OsStr::new(&*typed))).map(String::as_str);
    match whole.or_else(|| nearest(&typed, names.iter().map(String::as_str))) {
        Some(name) => format!("did you mean `{}`?", path.with_file_name(name).display()),
        None => within(folder),
    }
}

/// A scenario is a file: one of those in a folder.
fn within(folder: &Path) -> String {
    match scenarios(folder).first() {
        Some(name) => format!("name a scenario file, such as `{}`", folder.join(name).display()),
        None => format!("name a scenario file: there is none (.yaml) in `{}`", folder.display()),
    }
}

/// The names of a folder's scenario files, in order.
fn scenarios(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().take(MOST_NAMES).flatten();
    let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
    let mut names: Vec<String> = names.filter(|name| name.ends_with(".yaml") || name.ends_with(".yml")).collect();
    names.sort();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_not_there_is_answered_with_the_one_that_was_meant() {
        let dir = tempfile::tempdir().unwrap();
        let of = |typed: &str, kind: ErrorKind| {
            let told = hint(&dir.path().join(typed), &kind.into());
            told.replace(&dir.path().display().to_string(), "DIR")
        };
        assert_eq!(of("a.yaml", ErrorKind::NotFound), "\n\nhint: name a scenario file: there is none (.yaml) in `DIR`");
        for name in ["night.yaml", "shop.yml", "rows.csv"] {
            std::fs::write(dir.path().join(name), "").unwrap();
        }
        for (typed, right) in [
            ("nihgt.yaml", "did you mean `DIR/night.yaml`?"),
            ("night", "did you mean `DIR/night.yaml`?"),
            ("shop.yaml", "did you mean `DIR/shop.yml`?"),
            ("other-day.yaml", "name a scenario file, such as `DIR/night.yaml`"),
        ] {
            assert_eq!(of(typed, ErrorKind::NotFound), format!("{HINT}{right}"), "{typed}");
        }
        assert_eq!(of("", ErrorKind::IsADirectory), "\n\nhint: name a scenario file, such as `DIR/night.yaml`");
        assert_eq!(of("night.yaml", ErrorKind::PermissionDenied), "");
    }
}
