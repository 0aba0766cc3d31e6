//! Whole files sealed as SOPS does it.

use std::path::Path;

use bulla_core::sops::Store;
use zeroize::Zeroizing;

use super::{Sealed, Sealer};
use crate::failure::Failure;
use crate::input::{Source, is_manifest};
use crate::located::InFile;
use crate::report::count;
use crate::shown::Shown;
use crate::sops_file::error::{SopsUsage, in_file};
use crate::sops_file::{self, place, seal, store_of};

impl Sealer<'_> {
    /// True for a file that somebody named, or that holds a Secret or SopsSecret; and for what a rule of `.bulla.yaml` names: keys of
    /// other manifests that its `encryptedRegex` selects, and whole files of dotenv and INI.
    pub(super) fn is_for_sops(&self, source: &Source, bytes: &[u8]) -> Result<bool, Failure> {
        if !source.found || is_manifest(&source.path) && seal::holds_secret(bytes) {
            return Ok(true);
        }
        let seen = self.seen(&source.path);
        let Some(located) = self.session.configs.of(Some(seen))? else {
            return Ok(false);
        };
        let relative = located.relative(seen)?;
        let rule = located.config.rule_for(&relative).ok();
        let store = store_of(seen, bytes);
        // Nothing says of other manifests, `kustomization.yaml` for example, that they are secret.
        Ok(rule.is_some_and(|rule| sops_file::wanted::wants_encrypted(rule, store, bytes)))
    }

    /// Closes a file.
    pub(super) fn by_sops<'p>(&self, path: &'p Path, bytes: &[u8]) -> Result<Sealed<'p>, Failure> {
        let seen = self.seen(path);
        let flags = [
            (self.args.certificate.cert.is_some(), "--cert"),
            (self.args.scope.is_some(), "--scope"),
            (self.args.unbound_template, "--unbound-template"),
            (self.args.output.is_some(), "--output"),
        ];
        if let Some((_, flag)) = flags.into_iter().find(|(given, _)| *given) {
            return Err(SopsUsage::Flag(flag).into());
        }
        if let Some(kind) = seal::sealed_already(store_of(seen, bytes), bytes) {
            return Err(InFile::new("seal", path, SopsUsage::SealedAlready(kind)).into());
        }
        let target = self.targets.choose(seen, &self.session.printer)?;
        target.warn_of_left_out(seen, &self.session.printer);
        let sealed = seal::seal(path, seen, bytes, &target, &mut self.session.rng())?;
        let store = store_of(seen, bytes);
        if place::is_unknown(store, &sealed) {
            self.session.printer.warn(format_args!(
                "{}: the SopsSecret names no namespace, so that it gets no place: `bulla-controller` refuses it, and a \
                 copy of it opens anywhere else",
                Shown(path)
            ));
        }
        let audit = store.audit(&sealed);
        let values = audit
            .map_err(|error| in_file("seal", path, error))?
            .closed
            .len();
        let note = format!(
            "{}: {} encrypted for sops, for {}",
            Shown(path),
            count(values, "value"),
            target.everyone()
        );
        Ok(Sealed {
            path,
            text: text_of(path, sealed)?,
            notes: vec![note],
            before: 0,
            sops: true,
        })
    }

    /// What is encrypted stays as it is; but nobody should believe that plaintext in it was closed.
    pub(super) fn sealed_by_sops<'p>(
        &self,
        path: &'p Path,
        store: Store,
        bytes: &[u8],
    ) -> Result<Sealed<'p>, Failure> {
        let audit = store
            .audit(bytes)
            .map_err(|error| in_file("read", path, error))?;
        if let Some(at) = audit.readable.first() {
            let error = SopsUsage::Plaintext(at.to_string());
            return Err(InFile::new("seal", path, error).into());
        }
        Ok(Sealed {
            path,
            text: text_of(path, bytes.to_vec())?,
            notes: vec![],
            before: 1,
            sops: true,
        })
    }

    /// The one file that can go to standard output, or into another file.
    pub(super) fn alone(&self, files: &[Sealed<'_>]) -> Result<Zeroizing<String>, Failure> {
        match files {
            [only] => Ok(only.text.clone()),
            _ => Err(SopsUsage::Joined.into()),
        }
    }
}

fn text_of(path: &Path, bytes: Vec<u8>) -> Result<Zeroizing<String>, Failure> {
    let text =
        String::from_utf8(bytes).map_err(|_| InFile::new("seal", path, SopsUsage::NotText))?;
    Ok(Zeroizing::new(text))
}
