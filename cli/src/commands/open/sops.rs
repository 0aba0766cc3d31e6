//! Files of SOPS among those that are opened: each comes out as it was before it was encrypted.

use bulla_core::manifest::{Stream, emit, emit_json, read_secret};
use bulla_core::plaintext::Plaintext;
use bulla_core::sops::{Item, Layout, Store};
use zeroize::Zeroizing;

use super::{OpenUsage, assignments};
use crate::cli::{OpenArgs, OpenFormat};
use crate::failure::Failure;
use crate::identities::Identities;
use crate::input::Source;
use crate::located::InFile;
use crate::manifest::is_secret;
use crate::printer::Printer;
use crate::progress::Progress;
use crate::shown::Shown;
use crate::sops_file::error::{SopsUsage, in_file};
use crate::sops_file::opening::{self, SopsFile, value_at};
use crate::sops_file::value_site::{is_meant, names};

/// Opens them all, behind what `before` has of other resources.
pub(super) fn open(
    found: &[(&Source, SopsFile)],
    key: Option<&str>,
    before: Zeroizing<Vec<u8>>,
    args: &OpenArgs,
    identities: &Identities,
    printer: &Printer,
) -> Result<Zeroizing<Vec<u8>>, Failure> {
    if let Some(key) = key {
        let ([(_, file)], true) = (found, before.is_empty()) else {
            return Err(OpenUsage::Several.into());
        };
        if is_chosen(args) && !joins(file.store) {
            return Err(SopsUsage::Flag("--name or --namespace").into());
        }
        let plaintext = file.open(identities)?.plaintext;
        let plaintext = chosen(file, plaintext, args)?;
        if let Some(names) = several_secrets(file.store, &plaintext) {
            let error = OpenUsage::SeveralSecrets(names);
            return Err(InFile::new("open", &file.path, error).into());
        }
        return value_at(&file.path, file.store, &plaintext, key);
    }
    let several = found.len() > 1 || !before.is_empty();
    let mut files = Vec::with_capacity(found.len());
    for (source, file) in found {
        let refused = |error| Failure::from(InFile::new("open", &file.path, error));
        let skipped = |what: &str| {
            printer.say(format_args!("{} is passed over: {what}", Shown(&file.path)));
        };
        if is_chosen(args) && !joins(file.store) {
            match source.found {
                true => continue,
                false => return Err(refused(SopsUsage::Flag("--name or --namespace"))),
            }
        }
        if args.output.is_some() && file.store == Store::Binary {
            match source.found {
                true => skipped("a binary file has no keys"),
                false => return Err(refused(SopsUsage::Flag("--output"))),
            }
            continue;
        }
        match (
            several && args.output.is_none() && !joins(file.store),
            source.found,
        ) {
            (false, _) => files.push((*source, file)),
            (true, true) => skipped("only YAML and JSON can be joined"),
            (true, false) => return Err(refused(SopsUsage::Joined)),
        }
    }
    let progress = Progress::new("opening", files.len(), printer);
    let opened: Vec<&SopsFile> = files.iter().map(|(_, file)| *file).collect();
    let opened = opening::all(&opened, identities, &progress);
    progress.finish();
    let mut written = Vec::with_capacity(files.len());
    for ((source, file), plaintext) in files.iter().zip(opened?) {
        if let Some(piece) = piece(file, plaintext, args, source.found)? {
            written.push(piece);
        }
    }
    if written.is_empty() && before.is_empty() {
        return Err(OpenUsage::Nothing.into());
    }
    Ok(joined(before, &written))
}

/// What is printed of a file, and how it is written; nothing of one in a directory that holds no Secret that was chosen.
fn piece(
    file: &SopsFile,
    plaintext: Plaintext,
    args: &OpenArgs,
    found: bool,
) -> Result<Option<(Store, Plaintext)>, Failure> {
    let plaintext = match chosen(file, plaintext, args) {
        Ok(plaintext) => plaintext,
        Err(_) if found => return Ok(None),
        Err(failure) => return Err(failure),
    };
    let own = match file.store {
        Store::Yaml => Some(OpenFormat::Yaml),
        Store::Json => Some(OpenFormat::Json),
        _ => None,
    };
    let store = match args.output {
        None => return Ok(Some((file.store, plaintext))),
        format if format == own => return Ok(Some((file.store, plaintext))),
        Some(OpenFormat::Yaml) => Store::Yaml,
        Some(OpenFormat::Json) => Store::Json,
        Some(OpenFormat::Env) => {
            let text = variables(file, &plaintext)?;
            return Ok(Some((Store::Dotenv, Plaintext::from(text.as_bytes()))));
        }
    };
    let tree = file.store.tree(plaintext.reveal());
    let written = tree.and_then(|tree| tree.write(store, &LAYOUT));
    let written = written.map_err(|error| in_file("open", &file.path, error))?;
    Ok(Some((store, written)))
}

/// The Secrets that `--name` and `--namespace` leave, as manifests; all of the file where neither is given.
fn chosen(file: &SopsFile, plaintext: Plaintext, args: &OpenArgs) -> Result<Plaintext, Failure> {
    if !is_chosen(args) {
        return Ok(plaintext);
    }
    let unread = |error| Failure::from(InFile::new("read", &file.path, error));
    let stream = Stream::parse(plaintext.reveal()).map_err(unread)?;
    let objects = stream.objects();
    let secrets: Vec<_> = objects.iter().filter(|object| is_secret(object)).collect();
    let meant = secrets
        .iter()
        .filter(|object| is_meant(object, &args.select));
    let mut out = Zeroizing::new(String::new());
    for object in meant {
        let manifest = object.node.to_value().map_err(unread)?;
        let text = Zeroizing::new(match file.store {
            Store::Json => emit_json(&manifest),
            _ => emit(&manifest),
        });
        if file.store == Store::Yaml && !out.is_empty() {
            out.push_str("---\n");
        }
        out.push_str(&text);
    }
    if out.is_empty() {
        let all = (!secrets.is_empty()).then(|| names(secrets.into_iter()));
        let error = SopsUsage::NoSuchSecret(all);
        return Err(InFile::new("open", &file.path, error).into());
    }
    Ok(Plaintext::from(out.as_bytes()))
}

fn is_chosen(args: &OpenArgs) -> bool {
    args.select.name.is_some() || args.select.namespace.is_some()
}

/// The values of its Secrets for a shell; of a file without any, the values at its top.
fn variables(file: &SopsFile, plaintext: &Plaintext) -> Result<Zeroizing<String>, Failure> {
    let refused = |error| Failure::from(InFile::new("open", &file.path, error));
    if joins(file.store)
        && let Ok(stream) = Stream::parse(plaintext.reveal())
    {
        let objects = stream.objects();
        let mut text = Zeroizing::new(String::new());
        let mut any = false;
        for object in objects.iter().filter(|object| is_secret(object)) {
            let secret = read_secret(object);
            let secret = secret.map_err(|error| InFile::new("read", &file.path, error))?;
            let values = secret.values.iter();
            let values = values.map(|(key, value)| (key.as_str(), value.plaintext.reveal()));
            let lines = Zeroizing::new(assignments(values).map_err(refused)?);
            text.push_str(&lines);
            any = true;
        }
        if any {
            return Ok(text);
        }
    }
    let tree = file.store.tree(plaintext.reveal());
    let tree = tree.map_err(|error| in_file("open", &file.path, error))?;
    let mut values = Vec::new();
    for (key, item) in tree.documents().iter().flat_map(Item::entries) {
        let key = key.unwrap_or_default();
        match item {
            Item::Value(value) => values.push((key, value.bytes())),
            Item::Null => values.push((key, &[][..])),
            // Keys of INI before its first section.
            Item::Mapping(_) if file.store == Store::Ini && key == "DEFAULT" => {
                for (key, item) in item.entries() {
                    if let Item::Value(value) = item {
                        values.push((key.unwrap_or_default(), value.bytes()));
                    }
                }
            }
            Item::Mapping(_) | Item::List(_) => {
                return Err(refused(OpenUsage::Nested(key.to_owned())));
            }
        }
    }
    assignments(values.into_iter())
        .map(Zeroizing::new)
        .map_err(refused)
}

fn joined(mut out: Zeroizing<Vec<u8>>, pieces: &[(Store, Plaintext)]) -> Zeroizing<Vec<u8>> {
    let length = |plaintext: &Plaintext| plaintext.reveal().len() + SEPARATOR.len() + 1;
    let lengths = pieces.iter().map(|(_, plaintext)| length(plaintext));
    let mut all = Zeroizing::new(Vec::with_capacity(out.len() + lengths.sum::<usize>()));
    all.append(&mut out);
    for (store, plaintext) in pieces {
        let bytes = plaintext.reveal();
        if !all.is_empty() {
            if !all.ends_with(b"\n") {
                all.push(b'\n');
            }
            if *store == Store::Yaml && !bytes.starts_with(b"---") {
                all.extend_from_slice(SEPARATOR);
            }
        }
        all.extend_from_slice(bytes);
    }
    all
}

/// Their names where a key could be that of either Secret.
fn several_secrets(store: Store, plaintext: &Plaintext) -> Option<String> {
    let stream = Stream::parse(plaintext.reveal())
        .ok()
        .filter(|_| joins(store))?;
    let objects = stream.objects();
    let secrets = || objects.iter().filter(|object| is_secret(object));
    (secrets().count() > 1).then(|| names(secrets()))
}

fn joins(store: Store) -> bool {
    matches!(store, Store::Yaml | Store::Json)
}

const SEPARATOR: &[u8] = b"---\n";
const LAYOUT: Layout = Layout {
    yaml_indent: 2,
    json_indent: Some(2),
};
