//! The `d` of a path, in as few bytes as a tenth of a pixel takes.

/// Places that are joined by straight lines, kept in tenths of a pixel: what is written is exact, so that steps from one place
/// to the next add up to it.
#[derive(Debug, Default)]
pub struct Path {
    pieces: Vec<Piece>,
}

#[derive(Debug)]
struct Piece {
    places: Vec<(i32, i32)>,
    closed: bool,
}

impl Path {
    /// Lifts the pen and goes to a place, in px.
    pub fn go(&mut self, x: f64, y: f64) {
        self.pieces.push(Piece { places: vec![(tenths(x), tenths(y))], closed: false });
    }

    /// Draws to a place, in px; from there if nothing was drawn yet.
    pub fn draw(&mut self, x: f64, y: f64) {
        let Some(piece) = self.pieces.last_mut() else { return self.go(x, y) };
        let to = (tenths(x), tenths(y));
        // A place on the way along an axis says nothing.
        if let [.., before, last] = piece.places[..]
            && on_the_way(before, last, to)
        {
            piece.places.pop();
        }
        if piece.places.last() != Some(&to) {
            piece.places.push(to);
        }
    }

    /// A place alone: a dot as large as a round stroke is wide.
    pub fn dot(&mut self, x: f64, y: f64) {
        self.go(x, y);
    }

    /// Draws back to where the pen was put down.
    pub fn close(&mut self) {
        if let Some(piece) = self.pieces.last_mut() {
            piece.closed = true;
        }
    }

    /// A rectangle between two corners, in px.
    pub fn rect(&mut self, (left, top): (f64, f64), (right, bottom): (f64, f64)) {
        self.go(left, top);
        for (x, y) in [(right, top), (right, bottom), (left, bottom)] {
            self.draw(x, y);
        }
        self.close();
    }

    /// Whether nothing was drawn.
    pub fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    /// The attribute's value.
    pub fn d(&self) -> String {
        let mut text = String::new();
        let mut pen = (0, 0);
        for (i, piece) in self.pieces.iter().enumerate() {
            let [start, rest @ ..] = &piece.places[..] else { continue };
            let (letter, from) = if i == 0 { ('M', (0, 0)) } else { ('m', pen) };
            text.push(letter);
            pair(&mut text, start.0 - from.0, start.1 - from.1);
            pen = *start;
            let mut last = letter;
            for place in rest {
                let (right, down) = (place.0 - pen.0, place.1 - pen.1);
                last = step(&mut text, last, right, down);
                pen = *place;
            }
            if rest.is_empty() {
                text.push_str("h0");
            }
            if piece.closed {
                text.push('z');
                pen = *start;
            }
        }
        text
    }
}

/// One step relative to the pen; the command's letter is left out where it is the one before.
fn step(text: &mut String, last: char, right: i32, down: i32) -> char {
    let letter = match (right, down) {
        (_, 0) => 'h',
        (0, _) => 'v',
        _ => 'l',
    };
    if letter != last {
        text.push(letter);
    } else if (if letter == 'v' { down } else { right }) >= 0 {
        text.push(' ');
    }
    match letter {
        'h' => text.push_str(&px(right)),
        'v' => text.push_str(&px(down)),
        _ => pair(text, right, down),
    }
    letter
}

fn pair(text: &mut String, x: i32, y: i32) {
    text.push_str(&px(x));
    if y >= 0 {
        text.push(' ');
    }
    text.push_str(&px(y));
}

/// Tenths of a pixel as the shortest decimal: `12`, `-.4`.
fn px(tenths: i32) -> String {
    let sign = if tenths < 0 { "-" } else { "" };
    let (whole, tenth) = (tenths.unsigned_abs() / 10, tenths.unsigned_abs() % 10);
    match (whole, tenth) {
        (whole, 0) => format!("{sign}{whole}"),
        (0, tenth) => format!("{sign}.{tenth}"),
        (whole, tenth) => format!("{sign}{whole}.{tenth}"),
    }
}

/// A number of pixels in an attribute, to a tenth.
pub fn short(pixels: f64) -> String {
    px(tenths(pixels))
}

fn tenths(pixels: f64) -> i32 {
    (pixels * 10.0).round() as i32
}

fn on_the_way(before: (i32, i32), last: (i32, i32), to: (i32, i32)) -> bool {
    let between = |a: i32, b: i32, c: i32| (a <= b && b <= c) || (a >= b && b >= c);
    (before.0 == last.0 && last.0 == to.0 && between(before.1, last.1, to.1))
        || (before.1 == last.1 && last.1 == to.1 && between(before.0, last.0, to.0))
}

#[cfg(test)]
mod tests {
    use super::super::xml::places;
    use super::*;

    #[test]
    fn paths_are_short() {
        let mut path = Path::default();
        for (x, y) in [(0.04, 10.0), (1.0, 10.0), (2.0, 10.0), (2.0, 3.25), (3.0, 3.75), (4.5, 3.0)] {
            path.draw(x, y);
        }
        path.rect((10.0, 10.0), (12.0, 20.0));
        path.go(0.0, 0.5);
        path.draw(-0.5, 0.5);
        assert_eq!(path.d(), "M0 10h2v-6.7l1 .5 1.5-.8m5.5 7h2v10h-2zm-10-9.5h-.5");
    }

    #[test]
    fn there_and_back_is_not_left_out() {
        let mut path = Path::default();
        for y in [0.0, 5.0, 1.0] {
            path.draw(1.0, y);
        }
        assert_eq!(path.d(), "M1 0v5-4");
    }

    proptest::proptest! {
        #[test]
        fn what_is_read_back_is_what_was_drawn_to_a_tenth(
            drawn in proptest::collection::vec((-1e4..1e4f64, -1e4..1e4f64), 1..40)
        ) {
            let mut path = Path::default();
            drawn.iter().for_each(|(x, y)| path.draw(*x, *y));
            let read = places(&path.d());
            for (x, y) in &drawn {
                proptest::prop_assert!(read.iter().any(|(a, b)| (a - x).abs() < 0.051 && (b - y).abs() < 0.051));
            }
        }
    }
}
