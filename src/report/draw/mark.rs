//! What is drawn in a chart: marks, and the values that they stand for.

use super::palette::Paint;

/// A stretch of the x axis and what was there; `None` is a gap, and never nothing of something.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Column<T> {
    /// Where it begins, in the axis's unit.
    pub from: f64,
    /// Where it ends.
    pub to: f64,
    /// What was there.
    pub value: Option<T>,
}

impl<T> Column<T> {
    /// A value at one place of the x axis.
    pub const fn point(at: f64, value: Option<T>) -> Self {
        Self { from: at, to: at, value }
    }

    pub(super) fn middle(&self) -> f64 {
        f64::midpoint(self.from, self.to)
    }
}

/// Values over the x axis under one name.
#[derive(Clone, Debug)]
pub struct Series<T> {
    /// Its colour, which says its dash too.
    pub paint: Paint,
    /// What stands at its end or in the legend; nothing where it is empty.
    pub name: String,
    /// Its columns, ascending.
    pub columns: Vec<Column<T>>,
}

/// Something to draw. Marks are drawn in their order, each over those before.
#[derive(Clone, Debug)]
pub enum Mark {
    /// A line through the middles of the columns. It breaks where a value is missing.
    Line(Series<f64>),
    /// A line that keeps a column's value over the whole of the column. It breaks where a value is missing.
    Step(Series<f64>),
    /// The area between a least and a greatest value of each column, with an edge: one column that sticks out can be seen.
    Band(Series<(f64, f64)>),
    /// A strip over the plot that says how each column was.
    Rail {
        /// What the strip is about, for the legend.
        name: String,
        /// How it was.
        columns: Vec<Column<State>>,
    },
    /// Stretches of the x axis of which something is to be known.
    Region {
        /// What it is.
        region: Region,
        /// What it is called in the legend.
        name: String,
        /// From where to where, in the x axis's unit.
        stretches: Vec<(f64, f64)>,
    },
    /// Bars of several parts, which add up from the bottom.
    Stack {
        /// Colour and name of each part, the lowest first.
        parts: Vec<(Paint, String)>,
        /// The height of each part.
        columns: Vec<Column<Vec<f64>>>,
    },
    /// Single points.
    Dots {
        /// Their colour.
        paint: Paint,
        /// Their shape.
        shape: Shape,
        /// What they are called in the legend.
        name: String,
        /// Where they are, in the axes' units.
        points: Vec<(f64, f64)>,
    },
    /// For each row of the y axis an estimate and between what it lies; `None` where there is no data.
    Forest(Vec<Option<Estimate>>),
    /// For each row of the y axis two values, joined; `None` where there are none.
    Dumbbell {
        /// Colour and name of the first value, which is hollow, and of the second.
        ends: [(Paint, String); 2],
        /// The values.
        rows: Vec<Option<(f64, f64)>>,
    },
    /// Lines across the plot where something happened, with names. What lies outside the axis has a name at its edge.
    Events(Vec<(f64, String)>),
    /// How many values lie in each cell of a grid.
    Heat {
        /// What is counted, for the legend: `requests`.
        name: String,
        /// The edges of the rows, ascending, in the y axis's unit; one more than there are rows.
        edges: Vec<f64>,
        /// The counts of each column, from the lowest row.
        columns: Vec<Column<Vec<u64>>>,
    },
    /// A limit of the y axis, or of the x axis where that has the values.
    Limit {
        /// Which axis it is a value of.
        of: Side,
        /// Its value.
        at: f64,
        /// Its name.
        name: String,
    },
}

/// One of the two axes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The horizontal one.
    X,
    /// The vertical one.
    Y,
}

/// How a column of a rail was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// As it should be: a thin line.
    Good,
    /// Not as it should be: full height.
    Bad,
    /// It cannot be said: hatched.
    Open,
}

/// What a stretch of the x axis was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Region {
    /// Nothing is known of it.
    NoData,
    /// The target owed answers and gave none.
    NoAnswer,
    /// It does not count yet.
    WarmUp,
    /// Less load came than was planned.
    Short,
    /// An objective looks at it alone.
    Window,
}

/// The shape of a point, which tells kinds apart without colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// ●, met.
    Disc,
    /// ○.
    Ring,
    /// ▲, breached.
    Triangle,
    /// ◇, undecided.
    Diamond,
    /// □, no data.
    Square,
    /// ✕, where something ends.
    Cross,
}

/// An estimate of a row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// The estimate.
    pub value: f64,
    /// Between what it lies; a missing end is drawn to the axis's edge.
    pub between: (Option<f64>, Option<f64>),
    /// The same estimate otherwise made, as a small line.
    pub other: Option<f64>,
    /// Its shape and colour.
    pub shape: Shape,
    /// Its colour.
    pub paint: Paint,
}
