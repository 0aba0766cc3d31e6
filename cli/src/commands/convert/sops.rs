//! Files of SOPS into sealed resources, and sealed resources into a file of SOPS.
//!
//! A file of SOPS is closed as a whole, so both ways go file by file.

use std::borrow::Cow;
use std::path::Path;

use bulla_core::envelope::{Binding, Envelope};
use bulla_core::manifest::{Move, Object, Rewriter, Stream, read_secret};
use bulla_core::scope::Scope;
use bulla_core::sealed_secrets::SecretTemplate;
use bulla_core::sops::{At, Store};
use serde_json::Value;
use zeroize::Zeroizing;

use super::report::{Done, Kept};
use super::{Converter, File, line_of};
use crate::cli::SealedFormat;
use crate::commands::open;
use crate::exit::Blame;
use crate::failure::{Failure, Fault};
use crate::located::InFile;
use crate::manifest::secret::{Conversion, Manner};
use crate::manifest::{self, Resource};
use crate::sealed_secret::{self, Making, is_sealed_secret};
use crate::sops_file::error::in_file;
use crate::sops_file::opening::SopsFile;
use crate::sops_file::seal;

/// A file of SOPS that is not only Secrets.
#[derive(Debug, thiserror::Error)]
pub(super) enum SopsConvertError {
    /// Nothing that Kubernetes calls a Secret.
    #[error("it holds no Secret of Kubernetes, and sealed resources hold nothing else")]
    NoSecret,
    /// A value that would be readable afterwards.
    #[error("refusing to decrypt {0}: it is not a value of a Secret, and would be readable")]
    Elsewhere(String),
    /// YAML that is not one stream of objects any more.
    #[error("the opened file can't be edited")]
    Unreadable,
}

impl Converter<'_> {
    /// Opens a file of SOPS and seals each Secret in it; comments stay with their keys.
    pub(super) fn of_sops<'s>(
        &self,
        path: &'s Path,
        bytes: &[u8],
        store: Store,
    ) -> Result<File<'s>, Failure> {
        let untouched = |kept| File::untouched(path, bytes, kept, 0);
        if self.args.to == SealedFormat::Sops {
            return Ok(File::untouched(path, bytes, vec![], 1));
        }
        match self.out_of_sops(path, bytes, store) {
            Ok(file) => Ok(file),
            Err(failure) if failure.status() == crate::exit::ExitStatus::Unopened => Err(failure),
            Err(failure) => Ok(untouched(vec![Kept::of_file(path, &failure)])),
        }
    }

    fn out_of_sops<'s>(
        &self,
        path: &'s Path,
        bytes: &[u8],
        store: Store,
    ) -> Result<File<'s>, Failure> {
        let failed = |error| Failure::from(InFile::new("convert", path, error));
        if !matches!(store, Store::Yaml | Store::Json) {
            return Err(failed(SopsConvertError::NoSecret));
        }
        let audit = store
            .audit(bytes)
            .map_err(|error| in_file("read", path, error))?;
        // The comments that were encrypted would be readable: no envelope has room for them.
        let (bare, comments) = without_closed_comments(bytes);
        let file = SopsFile::new(path, bare, store);
        let plaintext = file.open(&self.identities)?.plaintext;
        let stream = manifest::parse(path, plaintext.reveal())?;
        let objects = stream.objects();
        let secrets: Vec<_> = objects
            .iter()
            .filter(|one| manifest::is_secret(one))
            .collect();
        if secrets.is_empty() {
            return Err(failed(SopsConvertError::NoSecret));
        }
        if let Some(at) = audit.closed.iter().find(|at| !is_value(at, &objects)) {
            return Err(failed(SopsConvertError::Elsewhere(at.to_string())));
        }
        let (mut changes, mut done) = (Vec::new(), Vec::new());
        for object in secrets {
            let (resource, moves, mut note) = self.seal(path, object)?;
            changes.push((object.index, resource, moves));
            if comments > 0 {
                let text = "comments that were encrypted are left out: a sealed resource has no room for them";
                note.notes.push(text.to_owned());
            }
            done.push(note);
        }
        let text = rewritten(path, &stream, &changes)?;
        Ok(File {
            path,
            text,
            done,
            kept: vec![],
            before: 0,
        })
    }

    fn seal(&self, path: &Path, object: &Object<'_>) -> Result<(Value, Vec<Move>, Done), Failure> {
        let seen = self.args.as_path.as_deref().unwrap_or(path);
        let secret = read_secret(object).map_err(|error| InFile::new("convert", path, error))?;
        let mut rng = self.session.rng();
        let manner = |scope| Manner {
            namespace: self.args.namespace.clone(),
            scope,
            binding: Binding::Template,
        };
        let done = |namespace: String, name: String, values, scope, to, closed_for| Done {
            path: path.to_owned(),
            line: line_of(object),
            namespace,
            name,
            from: FROM,
            to,
            values,
            scope,
            closed_for,
            notes: vec![],
        };
        if self.args.to == SealedFormat::Envelope {
            let chosen = self.chooser.choose(Some(seen))?;
            let scope = chosen.scope(None)?;
            let conversion = Conversion::new(secret, &manner(scope))?;
            let envelope = Envelope::seal(&conversion.request, &chosen.recipients, &mut rng)?;
            let (resource, moves) = conversion.resource(&envelope);
            let done = done(
                envelope.namespace().to_string(),
                envelope.name().to_string(),
                envelope.data().len(),
                scope,
                bulla_core::api::SECRET_ENVELOPE,
                chosen.names(),
            );
            return Ok((resource, moves, done));
        }
        let sealed_for = self.certificates.choose(seen)?;
        let scope = sealed_for.scope(None)?;
        let conversion = Conversion::new(secret, &manner(scope))?;
        let request = &conversion.request;
        let template = SecretTemplate::from(&request.template);
        let making = Making {
            namespace: &request.namespace,
            name: &request.name,
            scope,
            metadata: conversion.metadata.clone(),
            values: &request.values,
            template: &template,
        };
        let resource = making.seal(&sealed_for.key, &mut rng)?;
        let done = done(
            request.namespace.to_string(),
            request.name.to_string(),
            request.values.len(),
            scope,
            bulla_core::api::SEALED_SECRET,
            sealed_for.name.to_string(),
        );
        let mut moves = conversion.moves;
        sealed_secret::into_encrypted_data(&mut moves);
        Ok((resource, moves, done))
    }

    /// Opens the sealed resources of a file, and encrypts all of it.
    pub(super) fn to_sops<'s>(
        &self,
        path: &'s Path,
        bytes: &[u8],
        stream: &Stream,
    ) -> Result<File<'s>, Failure> {
        let seen = self.args.as_path.as_deref().unwrap_or(path);
        let (mut changes, mut done, mut kept) = (vec![], vec![], vec![]);
        let target = self.targets.choose(seen, &self.session.printer)?;
        target.warn_of_left_out(seen, &self.session.printer);
        for object in stream.objects().into_iter().filter(manifest::is_resource) {
            let resource = if is_sealed_secret(&object) {
                sealed_secret::read(path, object, self.args.namespace.as_ref())
                    .map(|found| Resource::Sealed(Box::new(found)))
            } else {
                manifest::read(path, object).map(|found| Resource::Envelope(Box::new(found)))
            };
            let opened = resource.and_then(|resource| {
                let secret = open::secret_of(&resource, path, &self.identities)?;
                Ok((resource, secret))
            });
            let (resource, secret) = match opened {
                Ok(opened) => opened,
                Err(failure) => {
                    kept.push(Kept::of_object(path, &object, &failure));
                    continue;
                }
            };
            let from = match &resource {
                Resource::Envelope(_) => "data",
                Resource::Sealed(_) => "encryptedData",
            };
            let moves = vec![Move::new(["spec", from], [field_of(&secret)])];
            done.push(Done {
                path: path.to_owned(),
                line: line_of(&object),
                namespace: text_at(&secret, "namespace"),
                name: text_at(&secret, "name"),
                from: match resource {
                    Resource::Envelope(_) => bulla_core::api::SECRET_ENVELOPE,
                    Resource::Sealed(_) => bulla_core::api::SEALED_SECRET,
                },
                to: FROM,
                values: resource.keys().len(),
                // SOPS binds a value to its key and to nothing else.
                scope: Scope::Cluster,
                closed_for: target.everyone(),
                notes: vec![UNBOUND.to_owned()],
            });
            changes.push((object.index, secret, moves));
        }
        if done.is_empty() || !kept.is_empty() {
            kept.extend(done.drain(..).map(Done::kept_with_the_file));
            return Ok(File::untouched(path, bytes, kept, 0));
        }
        let plaintext = rewritten(path, stream, &changes)?;
        let mut rng = self.session.rng();
        let sealed = seal::seal(path, seen, plaintext.as_bytes(), &target, &mut rng)?;
        let text = String::from_utf8(sealed)
            .map_err(|_| InFile::new("convert", path, SopsConvertError::Unreadable))?;
        Ok(File {
            path,
            text: Zeroizing::new(text),
            done,
            kept,
            before: 0,
        })
    }
}

fn rewritten(
    path: &Path,
    stream: &Stream,
    changes: &[(usize, Value, Vec<Move>)],
) -> Result<Zeroizing<String>, Failure> {
    let mut rewriter = Rewriter::new(stream);
    let edit = || {
        for (index, resource, moves) in changes {
            rewriter.rewrite(*index, resource, moves)?;
        }
        rewriter.finish()
    };
    edit().map_err(|error| InFile::new("edit", path, error).into())
}

/// True for what becomes a value of a sealed resource.
fn is_value(at: &At, objects: &[Object<'_>]) -> bool {
    let mut of_document = objects
        .iter()
        .filter(|object| object.document == at.document);
    let field = at.path.0.first();
    let in_secret = of_document.any(|object| object.list.is_none() && manifest::is_secret(object));
    in_secret && field.is_some_and(|field| [&"data".into(), &"stringData".into()].contains(&field))
}

/// The file without comments that are ciphertext, which no MAC counts; and how many they were.
fn without_closed_comments(bytes: &[u8]) -> (Zeroizing<Vec<u8>>, usize) {
    let mut out = Zeroizing::new(Vec::with_capacity(bytes.len()));
    let mut found = 0;
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        let text = String::from_utf8_lossy(line);
        let closed = |text: &str| text.contains("type:comment]");
        let start = text
            .find(CLOSED_COMMENT)
            .filter(|start| closed(&text[*start..]));
        match start {
            None => out.extend_from_slice(line),
            Some(start) => {
                found += 1;
                let before = text[..start].trim_end();
                if !before.is_empty() {
                    out.extend_from_slice(before.as_bytes());
                    out.push(b'\n');
                }
            }
        }
    }
    (out, found)
}

fn field_of(secret: &Value) -> &'static str {
    match secret.get("stringData") {
        Some(_) => "stringData",
        None => "data",
    }
}

fn text_at(secret: &Value, field: &str) -> String {
    let text = secret
        .get("metadata")
        .and_then(|metadata| metadata.get(field));
    text.and_then(Value::as_str).unwrap_or_default().to_owned()
}

impl Fault for SopsConvertError {
    fn blame(&self) -> Blame {
        Blame::Input
    }

    fn hint(&self) -> Option<Cow<'static, str>> {
        Some(Cow::Borrowed(match self {
            Self::NoSecret => {
                "leave it with SOPS, or make a Secret of it: `bulla seal --name NAME --from-file FILE`"
            }
            Self::Elsewhere(_) => "move it into a Secret, or leave the file with SOPS",
            Self::Unreadable => "open it with `bulla open`, and seal the result",
        }))
    }
}

const FROM: &str = "Secret encrypted by SOPS";
const UNBOUND: &str = "SOPS binds values to their keys only: whoever can write the file can move it to another namespace";
const CLOSED_COMMENT: &str = "#ENC[AES256_GCM,";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closed_comments_are_taken_out_and_nothing_else() {
        let text = "a: 1 # plain\n  #ENC[AES256_GCM,data:x,iv:y,tag:z,type:comment]\nb: ENC[AES256_GCM,data:x,iv:y,tag:z,type:str] #ENC[AES256_GCM,data:x,iv:y,tag:z,type:comment]\n";
        let (bytes, found) = without_closed_comments(text.as_bytes());
        assert_eq!(found, 2);
        let expected = "a: 1 # plain\nb: ENC[AES256_GCM,data:x,iv:y,tag:z,type:str]\n";
        assert_eq!(&**bytes, expected.as_bytes());
    }
}
