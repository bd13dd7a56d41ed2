//! All pages at one moment: what is rendered when something was reported, and which page stands at which address.
//!
//! Only what a change touches is rendered again; the rest is shared with the snapshot before.

use super::board::Board;
use super::form::parse_section;
use super::page::{count, data, home, section, turnout};
use super::reply::{CSV, HTML, JSON, Page};
use super::writer::Changed;
use std::fmt;
use std::sync::Arc;

/// A snapshot of everything that is shown.
#[derive(Clone, Debug)]
pub struct Pages {
    home: Arc<Page>,
    results: Arc<Page>,
    lists: Arc<Page>,
    mayors: Arc<Page>,
    turnout: Arc<Page>,
    open_data: Arc<Page>,
    open_data_csv: Arc<Page>,
    sections: Vec<Arc<Page>>,
}

impl Pages {
    /// Renders everything.
    #[must_use]
    pub fn new(board: &Board) -> Self {
        let section = |each| html(board, |out, board| section::render(out, board, each));
        Self {
            home: html(board, home::render),
            results: Arc::new(Page::new(JSON, data::results(board))),
            lists: html(board, count::lists),
            mayors: html(board, count::mayors),
            turnout: html(board, turnout::render),
            open_data: Arc::new(Page::new(JSON, data::open_data(board))),
            open_data_csv: page(CSV, board, data::csv),
            sections: board.sections.iter().map(section).collect(),
        }
    }

    /// The snapshot after `changed`: a turnout does not touch the pages of the count. That of the turnout, as all of the
    /// town, says how far the count is.
    #[must_use]
    pub fn after(&self, board: &Board, changed: &Changed) -> Self {
        let mut next = self.clone();
        next.home = html(board, home::render);
        next.results = Arc::new(Page::new(JSON, data::results(board)));
        next.open_data = Arc::new(Page::new(JSON, data::open_data(board)));
        next.open_data_csv = page(CSV, board, data::csv);
        next.turnout = html(board, turnout::render);
        if changed.votes {
            next.lists = html(board, count::lists);
            next.mayors = html(board, count::mayors);
        }
        for &number in &changed.sections {
            let i = usize::from(number - 1);
            next.sections[i] = html(board, |out, board| section::render(out, board, &board.sections[i]));
        }
        next
    }

    /// The page at `path`.
    #[must_use]
    pub fn at(&self, path: &str) -> Option<&Page> {
        let page = match path {
            "/" => &self.home,
            "/results" => &self.results,
            "/results/lists" => &self.lists,
            "/results/mayors" => &self.mayors,
            "/turnout" => &self.turnout,
            "/open-data" => &self.open_data,
            "/open-data.csv" => &self.open_data_csv,
            _ => {
                let number = parse_section(path.strip_prefix("/results/sections/")?)?;
                &self.sections[usize::from(number - 1)]
            }
        };
        Some(page)
    }
}

fn html(board: &Board, render: impl FnOnce(&mut String, &Board) -> fmt::Result) -> Arc<Page> {
    page(HTML, board, render)
}

fn page(
    media_type: hyper::header::HeaderValue,
    board: &Board,
    render: impl FnOnce(&mut String, &Board) -> fmt::Result,
) -> Arc<Page> {
    let mut out = String::with_capacity(48 << 10);
    render(&mut out, board).expect("writing to a String cannot fail");
    Arc::new(Page::new(media_type, out))
}
