//! Files of SOPS among those that are opened: each comes out as it was before it was encrypted.

use bulla_core::manifest::Stream;
use bulla_core::plaintext::Plaintext;
use bulla_core::sops::Store;
use zeroize::Zeroizing;

use super::OpenUsage;
use crate::cli::{OpenArgs, OpenFormat};
use crate::failure::Failure;
use crate::identities::Identities;
use crate::input::Source;
use crate::located::InFile;
use crate::manifest::is_secret;
use crate::printer::Printer;
use crate::progress::Progress;
use crate::shown::Shown;
use crate::sops_file::error::SopsUsage;
use crate::sops_file::opening::{self, SopsFile, value_at};

/// Opens them all, behind what `before` has of other resources.
pub(super) fn open(
    found: &[(&Source, SopsFile)],
    key: Option<&str>,
    before: Zeroizing<Vec<u8>>,
    args: &OpenArgs,
    identities: &Identities,
    printer: &Printer,
) -> Result<Zeroizing<Vec<u8>>, Failure> {
    if args.select.name.is_some() || args.select.namespace.is_some() {
        return Err(SopsUsage::Flag("--name or --namespace").into());
    }
    if let Some(key) = key {
        let ([(_, file)], true) = (found, before.is_empty()) else {
            return Err(OpenUsage::Several.into());
        };
        let plaintext = file.open(identities)?.plaintext;
        if holds_several(file.store, &plaintext) {
            return Err(InFile::new("open", &file.path, OpenUsage::SeveralSecrets).into());
        }
        return value_at(&file.path, file.store, &plaintext, key);
    }
    let several = found.len() > 1 || !before.is_empty();
    let mut files = Vec::with_capacity(found.len());
    for (source, file) in found {
        if let Some(format) = args.output
            && !speaks(file.store, format)
        {
            return Err(InFile::new("open", &file.path, SopsUsage::Flag("--output")).into());
        }
        match (several && !joins(file.store), source.found) {
            (false, _) => files.push(file),
            (true, true) => printer.say(format_args!(
                "{} is passed over: only YAML and JSON can be joined",
                Shown(&file.path)
            )),
            (true, false) => {
                return Err(InFile::new("open", &file.path, SopsUsage::Joined).into());
            }
        }
    }
    let progress = Progress::new("opening", files.len(), printer);
    let opened = opening::all(&files, identities, &progress);
    progress.finish();
    Ok(joined(before, &files, &opened?))
}

fn joined(
    mut out: Zeroizing<Vec<u8>>,
    files: &[&SopsFile],
    plaintexts: &[Plaintext],
) -> Zeroizing<Vec<u8>> {
    let length = |plaintext: &Plaintext| plaintext.reveal().len() + SEPARATOR.len() + 1;
    let mut all = Zeroizing::new(Vec::with_capacity(
        out.len() + plaintexts.iter().map(length).sum::<usize>(),
    ));
    all.append(&mut out);
    for (file, plaintext) in files.iter().zip(plaintexts) {
        let bytes = plaintext.reveal();
        if !all.is_empty() {
            if !all.ends_with(b"\n") {
                all.push(b'\n');
            }
            if file.store == Store::Yaml && !bytes.starts_with(b"---") {
                all.extend_from_slice(SEPARATOR);
            }
        }
        all.extend_from_slice(bytes);
    }
    all
}

/// True where a key could be that of either Secret.
fn holds_several(store: Store, plaintext: &Plaintext) -> bool {
    let several = |stream: Stream| {
        let objects = stream.objects();
        objects.iter().filter(|object| is_secret(object)).count() > 1
    };
    joins(store) && Stream::parse(plaintext.reveal()).is_ok_and(several)
}

fn joins(store: Store) -> bool {
    matches!(store, Store::Yaml | Store::Json)
}

fn speaks(store: Store, format: OpenFormat) -> bool {
    match format {
        OpenFormat::Yaml => store == Store::Yaml,
        OpenFormat::Json => store == Store::Json,
        OpenFormat::Env => false,
    }
}

const SEPARATOR: &[u8] = b"---\n";
