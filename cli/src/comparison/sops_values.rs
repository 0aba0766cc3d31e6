//! Two versions of a file of SOPS opened and compared line by line, for whoever can open both.

use std::fmt::Write;
use std::path::Path;

use similar::{ChangeTag, TextDiff};
use zeroize::Zeroizing;

use crate::editor::view::readable;
use crate::failure::Failure;
use crate::identities::Identities;
use crate::sops_file::opening::SopsFile;
use crate::sops_file::recognise;

/// The lines that differ, each with its neighbours: `-` stands before what was, `+` before what is.
///
/// # Errors
/// Those of opening either.
pub(super) fn text(
    shown: &Path,
    [old, new]: [Option<&[u8]>; 2],
    identities: &Identities,
) -> Result<Zeroizing<String>, Failure> {
    let opened = |bytes: Option<&[u8]>| opened(shown, bytes.unwrap_or_default(), identities);
    let (before, after) = (opened(old)?, opened(new)?);
    let mut text = Zeroizing::new(String::new());
    if before == after {
        text.push_str("  no value differs\n");
        return Ok(text);
    }
    let (Some(before), Some(after)) = (readable(&before), readable(&after)) else {
        text.push_str("  contents that are no text differ\n");
        return Ok(text);
    };
    let diff = TextDiff::from_lines(before, after);
    for (nth, group) in diff.grouped_ops(NEIGHBOURS).iter().enumerate() {
        if nth > 0 {
            text.push_str("    …\n");
        }
        for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
            let sign = match change.tag() {
                ChangeTag::Delete => '-',
                ChangeTag::Insert => '+',
                ChangeTag::Equal => ' ',
            };
            let line = change.value();
            let line = line.strip_suffix('\n').unwrap_or(line);
            // Writing to a String cannot fail.
            let _ = writeln!(text, "    {sign}{line}");
        }
    }
    if before.lines().eq(after.lines()) {
        text.push_str("    only the ends of lines differ\n");
    }
    Ok(text)
}

/// A side that is not encrypted is what it is.
fn opened(
    shown: &Path,
    bytes: &[u8],
    identities: &Identities,
) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let bytes = Zeroizing::new(bytes.to_vec());
    let Some(store) = recognise(shown, &bytes) else {
        return Ok(bytes);
    };
    let opened = SopsFile::new(shown, bytes, store).open(identities)?;
    // Revealed to the one who holds the key and asked for it.
    Ok(Zeroizing::new(opened.plaintext.reveal().to_vec()))
}

const NEIGHBOURS: usize = 2;
