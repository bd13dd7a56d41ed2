//! The calibration file: where it is, how it is written whole, and what it says of this machine.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};

use crate::report::{Calibration, CalibrationFile, Ceiling, Spoken};
use crate::scenario::{HttpVersion, Origin, Scenario, Scheme};

/// How to get one.
const HOW: &str = "`scrutinio calibrate` measures what this machine can do, in little over a minute";

/// The file: as named, else in the user's cache; `None` without a home.
pub fn file(named: Option<&Path>) -> Option<PathBuf> {
    let absolute = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let cache = || absolute("XDG_CACHE_HOME").or_else(|| Some(absolute("HOME")?.join(".cache")));
    named.map(Path::to_owned).or_else(|| Some(cache()?.join("scrutinio/calibration.json")))
}

/// Shows that the file can be written, and leaves it as it is: a measurement that cannot be kept takes minutes.
pub fn try_to_write(path: &Path) -> anyhow::Result<()> {
    let beside = beside(path)?;
    let written = fs::write(&beside, "").and_then(|()| fs::remove_file(&beside));
    written.with_context(|| format!("cannot write {}", path.display()))
}

/// A name of our own beside the file, in a folder that is there.
fn beside(path: &Path) -> anyhow::Result<PathBuf> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    folder.map_or(Ok(()), fs::create_dir_all).with_context(|| format!("cannot write {}", path.display()))?;
    let mut beside = path.as_os_str().to_owned();
    beside.push(format!(".{}", std::process::id()));
    Ok(beside.into())
}

/// Puts a calibration into the file, which is replaced whole: whoever reads meanwhile sees the old or the new one.
pub fn save(path: &Path, calibration: Calibration) -> anyhow::Result<()> {
    // One that cannot be read helps nobody: it is replaced.
    let mut file = read(path).ok().flatten().unwrap_or_default();
    file.take(calibration);
    let cannot = || format!("cannot write {}", path.display());
    let beside = beside(path)?;
    let text = serde_json::to_string_pretty(&file).with_context(cannot)? + "\n";
    let written = fs::write(&beside, text).and_then(|()| fs::rename(&beside, path));
    if written.is_err() {
        // Best effort: what matters is told below.
        let _ = fs::remove_file(&beside);
    }
    written.with_context(cannot)
}

/// What a lane can do for a scenario's targets on this machine with this version, or a line that says why that is not
/// known. Of several targets, and of what TLS may agree on, the slowest counts.
pub fn ceiling(named: Option<&Path>, scenario: &Scenario) -> Result<Ceiling, String> {
    let Some(path) = file(named) else { return Err(format!("not calibrated: {HOW}")) };
    let file = match read(&path) {
        Ok(Some(file)) => file,
        Ok(None) => return Err(format!("not calibrated: {HOW}")),
        Err(error) => return Err(format!("{error:#}, so it is ignored: {HOW}")),
    };
    let known =
        file.of(&super::host::facts(), env!("CARGO_PKG_VERSION")).and_then(|known| known.ceiling(&spoken(scenario)));
    known.ok_or_else(|| format!("{} comes from another machine or version, so it is ignored: {HOW}", path.display()))
}

/// All that may be spoken with a scenario's targets.
fn spoken(scenario: &Scenario) -> Vec<Spoken> {
    let of = |origin: &Origin| match (origin.scheme, origin.http.version) {
        (Scheme::Http, HttpVersion::Two) => vec![Spoken::Two],
        (Scheme::Http, _) => vec![Spoken::Plain],
        (Scheme::Https, HttpVersion::One) => vec![Spoken::Tls],
        (Scheme::Https, HttpVersion::Two) => vec![Spoken::TwoTls],
        (Scheme::Https, HttpVersion::Auto) => vec![Spoken::Tls, Spoken::TwoTls],
    };
    scenario.target.origins.iter().flat_map(of).collect()
}

fn read(path: &Path) -> anyhow::Result<Option<CalibrationFile>> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(anyhow!("{} cannot be read: {error}", path.display())),
    };
    let file: CalibrationFile =
        serde_json::from_str(&text).map_err(|error| anyhow!("{} is not a calibration: {error}", path.display()))?;
    Ok(Some(file))
}
