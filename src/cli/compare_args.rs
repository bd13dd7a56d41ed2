//! The arguments of `scrutinio compare`.

use std::path::PathBuf;

use crate::judge::compare::{Limit, Metric};

use super::args::DEFAULT_OUT;
use super::typed::label;

/// `scrutinio compare`
#[derive(Debug, clap::Args)]
pub struct CompareArgs {
    /// The folders of two runs: of the base, and of the new build
    #[arg(value_name = "RUN", num_args = 2, conflicts_with_all = ["base", "new", "base_label", "new_label"])]
    pub runs: Vec<PathBuf>,
    /// The folders of the base's runs
    #[arg(long, value_name = "RUN", num_args = 1.., env = "SCRUTINIO_BASE", value_delimiter = '\n', conflicts_with = "base_label")]
    pub base: Vec<PathBuf>,
    /// The folders of the new build's runs
    #[arg(long, value_name = "RUN", num_args = 1.., env = "SCRUTINIO_NEW", value_delimiter = '\n', conflicts_with = "new_label")]
    pub new: Vec<PathBuf>,
    /// The base is the runs of --in that `run --label` called so
    #[arg(long, value_name = "KEY=VALUE", env = "SCRUTINIO_BASE_LABEL", value_parser = label)]
    pub base_label: Option<(String, String)>,
    /// The new side is the runs of --in that `run --label` called so
    #[arg(long, value_name = "KEY=VALUE", env = "SCRUTINIO_NEW_LABEL", value_parser = label)]
    pub new_label: Option<(String, String)>,
    /// Where the runs' folders are
    #[arg(long = "in", value_name = "DIR", env = "SCRUTINIO_IN", default_value = DEFAULT_OUT)]
    pub folder: PathBuf,
    /// Gate: p99=10%, citizens.p99=10%, errors=0.1% (of all requests, in points), rate=5%; may be given more than once
    #[arg(long, value_name = "METRIC=MARGIN", env = "SCRUTINIO_MAX_REGRESSION", value_delimiter = '\n', value_parser = limit)]
    pub max_regression: Vec<Limit>,
    /// Compare runs of different plans, and let INVALID ones decide
    #[arg(long, env = "SCRUTINIO_FORCE")]
    pub force: bool,
    /// Print Markdown
    #[arg(long, env = "SCRUTINIO_MARKDOWN", conflicts_with = "json")]
    pub markdown: bool,
    /// Print the comparison as JSON on standard output, and nothing else there
    #[arg(long, env = "SCRUTINIO_JSON")]
    pub json: bool,
}

/// `citizens.p99=10%`: the scope, `overall` if none is named, the metric and the margin.
pub fn limit(text: &str) -> Result<Limit, String> {
    let right = || "expected a metric and a margin, such as `p99=10%`, `citizens.p99=5%` or `errors=0.1%`".to_owned();
    let (name, margin) = text.rsplit_once('=').ok_or_else(right)?;
    let percent = margin.trim().strip_suffix('%').and_then(|number| number.trim().parse::<f64>().ok());
    let margin = percent.filter(|percent| (0.0..=10_000.0).contains(percent)).ok_or_else(right)? / 100.0;
    let name = name.trim();
    let split = std::iter::once(("overall", name))
        .chain(name.match_indices('.').map(|(at, _)| (&name[..at], &name[at + 1..])))
        .find_map(|(scope, metric)| Some((scope.to_owned(), metric.parse::<Metric>().ok()?)));
    let (scope, metric) = split.filter(|(scope, _)| !scope.is_empty()).ok_or_else(right)?;
    if metric == Metric::Rate && margin >= 1.0 {
        return Err("a rate cannot fall by as much: expected less than 100 %".to_owned());
    }
    Ok(Limit { scope, metric, margin })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_a_scope_a_metric_and_a_margin() {
        for (text, scope, metric, margin) in [
            ("p99=10%", "overall", "p99", 0.1),
            ("overall.p99.9=5 %", "overall", "p99.9", 0.05),
            ("citizens.search.p50=0%", "citizens.search", "p50", 0.0),
            ("rate=5%", "overall", "rate", 0.05),
            ("citizens.GET /a=b.errors=0.1%", "citizens.GET /a=b", "errors", 0.001),
        ] {
            let read = limit(text).expect(text);
            assert_eq!((&*read.scope, &*read.metric.to_string(), read.margin), (scope, metric, margin), "{text}");
        }
        for text in ["p99", "p99=10", "p99=-1%", "p99=NaN%", "speed=1%", ".p99=1%", "=1%", "rate=100%"] {
            assert!(limit(text).is_err(), "{text}");
        }
    }
}
