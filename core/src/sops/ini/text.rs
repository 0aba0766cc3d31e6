//! Values, comments and sections as go-ini writes them, wherever it would read them again.

use super::read::unquoted;
use crate::sops::flat_value;
use crate::sops::value::Value;

/// The value behind `key = `; `None` where no form reads as it.
pub(in crate::sops) fn value(value: &Value) -> Option<String> {
    let text = flat_value::text(value)?.into_owned();
    let blank = text.trim() != text;
    let quoted = unquoted(&text) != text;
    let lines = text.contains(['\n', '`']);
    if lines {
        // On the last line the last quotes count.
        let before = text.rsplit_once('\n').map_or("", |(before, _)| before);
        let odd = before.contains("\"\"\"") || text.ends_with('"') || text.contains('\r');
        return (!odd).then(|| format!("\"\"\"{text}\"\"\""));
    }
    let starts = text.starts_with("\"\"\"");
    if text.contains(['#', ';']) || quoted || starts || text.ends_with('\\') || text.contains('\r')
    {
        return Some(format!("`{text}`"));
    }
    Some(if blank { format!("\"{text}\"") } else { text })
}

/// The quotes around what stands for a value, where it has some.
pub(super) fn mark(written: &str) -> &str {
    match unquoted(written) == written {
        true => "",
        false => &written[..1],
    }
}

/// What [`value`] wrote, in the quotes that stand there, where it needs no others.
pub(super) fn in_quotes(text: String, value: &Value, written: &str) -> String {
    let mark = mark(written);
    match value.as_text() == Some(&text) && !mark.is_empty() && !text.contains(mark) {
        true => format!("{mark}{text}{mark}"),
        false => text,
    }
}

/// Lines of a comment, each with its mark and its end; marks that are part of the text stay as they are.
pub(super) fn comment_lines(text: &str, line_end: &str) -> String {
    // The first mark of all is never part of the text: the one of a text that begins with a mark is another.
    let first = if text.starts_with(MARKS) { "; " } else { "" };
    let lines = lines(text, |line| match line.starts_with(MARKS) {
        true => format!("{line}{line_end}"),
        false => format!("; {line}{line_end}"),
    });
    format!("{first}{lines}")
}

/// The same, with a blank behind each mark.
pub(in crate::sops) fn spaced_comment_lines(text: &str) -> String {
    lines(text, |line| match line.strip_prefix(MARKS) {
        Some(rest) => format!("{} {}\n", &line[..1], rest.trim()),
        None => format!("; {line}\n"),
    })
}

fn lines(text: &str, line: impl Fn(&str) -> String) -> String {
    let lines = text
        .split('\n')
        .map(|line| line.strip_suffix('\r').unwrap_or(line));
    lines.map(line).collect()
}

/// A section with its keys aligned.
pub(super) fn section(name: &str, pairs: &[(String, String)], line_end: &str) -> String {
    format!("[{name}]{line_end}{}", aligned(pairs, line_end).concat())
}

/// Keys with their values, aligned and each with its line end.
pub(in crate::sops) fn aligned(pairs: &[(String, String)], line_end: &str) -> Vec<String> {
    let width = pairs.iter().map(|(key, _)| key.len()).max().unwrap_or(0);
    let line = |(key, value): &(String, String)| {
        // go-ini counts bytes.
        let blanks = " ".repeat(width - key.len());
        format!("{key}{blanks} = {value}{line_end}")
    };
    pairs.iter().map(line).collect()
}

/// A key as go-ini writes it; `None` where no form reads as it.
pub(super) fn key(key: &str) -> Option<String> {
    let marks = ['#', ';', '[', '-'];
    let odd = key.is_empty()
        || key.trim() != key
        || key.starts_with(marks)
        || key.contains(['`', '\n', '\r']);
    if odd {
        return None;
    }
    Some(match key.contains(['"', '=', ':']) {
        true => format!("`{key}`"),
        false => key.to_owned(),
    })
}

/// True for the name of a section that reads as itself.
pub(super) fn is_section(name: &str) -> bool {
    !name.is_empty() && name != "DEFAULT" && !name.contains(['\n', '\r'])
}

/// What begins a comment.
const MARKS: [char; 2] = ['#', ';'];
