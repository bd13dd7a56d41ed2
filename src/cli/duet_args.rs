//! The arguments of `scrutinio duet`.

use std::path::PathBuf;

use crate::judge::compare::Limit;

use super::args::{OverrideOptions, RunOptions};
use super::compare_args::limit;

/// `scrutinio duet`
#[derive(Debug, clap::Args)]
pub struct DuetArgs {
    /// The scenario file
    pub scenario: PathBuf,
    /// Where the base answers, in place of the scenario's target: a URL, or `unix:/run/app.sock`
    #[arg(long, value_name = "URL", env = "SCRUTINIO_BASE_URL")]
    pub base: String,
    /// Where the new build answers
    #[arg(long, value_name = "URL", env = "SCRUTINIO_NEW_URL")]
    pub new: String,
    /// Gate: p99=10%, citizens.p99=10%, errors=0.1% (of all requests, in points), rate=5%; may be given more than once
    #[arg(long, value_name = "METRIC=MARGIN", env = "SCRUTINIO_MAX_REGRESSION", value_delimiter = '\n', value_parser = limit)]
    pub max_regression: Vec<Limit>,
    /// Print Markdown
    #[arg(long, env = "SCRUTINIO_MARKDOWN", conflicts_with = "json")]
    pub markdown: bool,
    #[command(flatten)]
    pub overrides: OverrideOptions,
    #[command(flatten)]
    pub run: RunOptions,
}
