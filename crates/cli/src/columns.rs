//! Tables on a terminal.

use std::fmt::Write;

/// Rows of cells beneath each other: the first columns begin, the others end in one line.
pub(crate) fn columns<const N: usize>(rows: &[[String; N]], to_the_left: usize) -> String {
    let mut widths = [0; N];
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let mut text = String::new();
    for row in rows {
        let mut line = String::new();
        for (at, (cell, width)) in row.iter().zip(widths).enumerate() {
            if at < to_the_left { write!(line, "{cell:<width$}  ") } else { write!(line, "{cell:>width$}  ") }
                .expect("a string takes it");
        }
        writeln!(text, "{}", line.trim_end()).expect("a string takes it");
    }
    text
}
