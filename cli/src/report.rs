//! Reports in columns and in JSON.

use serde_json::Value;

/// Rows in columns that are as wide as they must be; two blanks between them, none at the end.
pub(crate) fn columns<const N: usize>(rows: &[[String; N]]) -> Vec<String> {
    let mut widths = [0; N];
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let line = |row: &[String; N]| {
        let cells = row
            .iter()
            .zip(widths)
            .map(|(cell, width)| format!("{cell:<width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect()
}

/// JSON for people who read JSON: two blanks, a newline at the end.
pub(crate) fn json(value: &Value) -> String {
    format!("{value:#}\n")
}

/// `1 file`, `2 files`.
pub(crate) fn count(number: usize, what: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {what}{plural}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_they_must_be() {
        let rows = [["a", "bcd", ""], ["ää", "b", "c"]].map(|row| row.map(str::to_owned));
        assert_eq!(columns(&rows), ["a   bcd", "ää  b    c"]);
    }
}
