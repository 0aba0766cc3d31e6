//! Several files as one stream, in the language that was asked for.

use bulla_core::manifest::{Format, ManifestError, Stream, emit, emit_json};
use serde_json::Value;
use zeroize::Zeroizing;

use crate::cli::OutputFormat;

/// Joins manifests. In the language that they have already, they stay byte for byte.
///
/// # Errors
/// [`ManifestError`] for one that does not read as the same in the other language.
pub(crate) fn joined(
    texts: &[&str],
    format: Option<OutputFormat>,
) -> Result<Zeroizing<String>, ManifestError> {
    let streams = texts
        .iter()
        .map(|text| Stream::parse(text.as_bytes()))
        .collect::<Result<Vec<_>, _>>()?;
    let json = match format {
        Some(format) => format == OutputFormat::Json,
        None => streams.iter().all(|stream| stream.format() == Format::Json),
    };
    let mut out = Zeroizing::new(String::with_capacity(
        texts.iter().map(|text| text.len() + 4).sum(),
    ));
    for stream in &streams {
        let as_it_is = format.is_none() || json == (stream.format() == Format::Json);
        let pieces = if as_it_is {
            vec![stream.source().to_owned()]
        } else {
            converted(stream, json)?
        };
        for piece in pieces.into_iter().map(Zeroizing::new) {
            append(&mut out, &piece, json);
        }
    }
    Ok(out)
}

/// Each document by itself, written anew.
fn converted(stream: &Stream, json: bool) -> Result<Vec<String>, ManifestError> {
    let write = |value: Value| {
        if json {
            emit_json(&value)
        } else {
            emit(&value)
        }
    };
    let roots = stream.documents().filter_map(|document| document.root);
    roots.map(|root| Ok(write(root.to_value()?))).collect()
}

fn append(out: &mut String, piece: &str, json: bool) {
    if !out.is_empty() {
        if !out.ends_with('\n') {
            out.push('\n');
        }
        if !json && !piece.starts_with("---") {
            out.push_str("---\n");
        }
    }
    out.push_str(piece);
}
