//! A page of all marks, to be looked at: `GALLERY=FILE cargo test --lib draw::gallery -- --ignored`.

use super::{samples, style_sheet};

#[test]
#[ignore = "writes a page for people to look at"]
fn a_page_of_all_marks() {
    let file = std::env::var("GALLERY").expect("GALLERY=FILE says where the page is written");
    let charts: String =
        samples::all(300).iter().map(|chart| format!("<figure>{}</figure>\n", chart.for_screens())).collect();
    let page = format!(
        "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\n\
         <title>Marks</title>\n<style>{}body{{margin:8px;background:var(--surface);color:var(--ink)}}\n\
         figure{{margin:0 0 24px}}</style>\n{charts}</html>\n",
        style_sheet()
    );
    std::fs::write(file, page).expect("a file that can be written");
}
