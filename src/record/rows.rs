//! The rows of a run's CSV files: one struct for each file, whose fields are its columns in their order.

use std::io;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::damage::Damages;

/// The first line of a file with such rows.
pub(super) fn header<R: Serialize + Default>() -> io::Result<String> {
    let mut writer = csv::WriterBuilder::new().from_writer(Vec::new());
    writer.serialize(R::default())?;
    let text = String::from_utf8(written(writer)?).map_err(io::Error::other)?;
    Ok(text.split_inclusive('\n').next().unwrap_or_default().to_owned())
}

/// Such rows, as lines of their file.
pub(super) fn lines<R: Serialize>(rows: impl IntoIterator<Item = R>) -> io::Result<Vec<u8>> {
    let mut writer = csv::WriterBuilder::new().has_headers(false).from_writer(Vec::new());
    rows.into_iter().try_for_each(|row| writer.serialize(row))?;
    written(writer)
}

fn written(writer: csv::Writer<Vec<u8>>) -> io::Result<Vec<u8>> {
    writer.into_inner().map_err(|error| io::Error::other(error.to_string()))
}

/// Takes the rows of a file one by one, each with its line; `take` says what is wrong with one that no run writes. What is
/// damaged is told, once for each kind, and left out.
pub(super) fn read<R: Serialize + DeserializeOwned + Default>(
    file: &'static str,
    text: &[u8],
    damages: &mut Damages,
    mut take: impl FnMut(R) -> Result<(), &'static str>,
) {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text);
    let mut rows = reader.byte_records();
    let header = header::<R>().unwrap_or_default();
    if rows.next().is_some() && !text.starts_with(header.as_bytes()) {
        damages.tell(file, Some(1), "its first line does not name the columns that are known here");
    }
    for row in rows {
        // Of bytes in memory only a row that is no row can be wrong, and such a reader takes any.
        let Ok(row) = row else { return };
        let line = row.position().map(csv::Position::line);
        let taken = row.deserialize(None).map_err(|_| "damaged rows are left out").and_then(&mut take);
        if let Err(what) = taken {
            damages.tell(file, line, what);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
    struct Row {
        second: u32,
        name: String,
        share: Option<f64>,
    }

    #[test]
    fn rows_are_read_as_they_were_written_and_damaged_ones_are_told_by_their_line() {
        let row = |second, name: &str, share| Row { second, name: name.to_owned(), share };
        let rows = [row(0, "p99 < 1s", None), row(1, "a, \"b\"", Some(0.1 + 0.2))];
        let text = [header::<Row>().unwrap().into_bytes(), lines(&rows).unwrap()].concat();
        let shown = String::from_utf8(text.clone()).unwrap();
        assert_eq!(shown, "second,name,share\n0,p99 < 1s,\n1,\"a, \"\"b\"\"\",0.30000000000000004\n");
        let read_all = |text: &[u8]| {
            let (mut all, mut damages) = (Vec::new(), Damages::default());
            read("rows.csv", text, &mut damages, |row: Row| {
                all.push(row);
                Ok(())
            });
            (all, damages.0.iter().map(ToString::to_string).collect::<Vec<_>>())
        };
        assert_eq!(read_all(&text), (rows.into(), Vec::new()));
        let (all, told) = read_all(b"second,share\n0,x,1\n2,x\n-3,x,1\n4,x,\n");
        assert_eq!(all.iter().map(|row| row.second).collect::<Vec<_>>(), [0, 4]);
        let columns = "rows.csv, line 1: its first line does not name the columns that are known here";
        assert_eq!(told, [columns, "rows.csv, line 3: damaged rows are left out"]);
    }
}
