//! SealedSecrets that are there, sealed anew: for the certificate at hand, or by the controller.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::Path;

use bulla_core::manifest::Stream;
use serde_json::Value;

use super::{FoundSealed, Making, SealedFor, is_sealed_secret, read};
use crate::cli::ControllerArgs;
use crate::failure::Failure;
use crate::identities::Identities;
use crate::kubeseal;
use crate::session::Session;

/// How much of a SealedSecret is sealed anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Renewal {
    /// Every value.
    All,
    /// Values that the key of the certificate does not open, as far as its private half is at hand.
    Older,
}

/// Reads the SealedSecrets of a file.
///
/// # Errors
/// Those of [`read`].
pub(crate) fn all<'s>(path: &Path, stream: &'s Stream) -> Result<Vec<FoundSealed<'s>>, Failure> {
    let objects = stream.objects().into_iter();
    objects
        .filter(is_sealed_secret)
        .map(|object| read(path, object, None))
        .collect()
}

impl FoundSealed<'_> {
    /// The object with values sealed for another key, each for the place that it was opened for; nothing where all of them
    /// can stay. Everything else of it stays.
    ///
    /// # Errors
    /// The deprecated form, and values that the private keys at hand don't open.
    pub(crate) fn renewed(
        &self,
        path: &Path,
        which: Renewal,
        sealed_for: &SealedFor,
        identities: &Identities,
        session: &Session,
    ) -> Result<Option<Value>, Failure> {
        self.refuse_legacy(path)?;
        let unsealed = self
            .unseal(identities)
            .map_err(|closed| self.error(path, None, closed))?;
        let own = identities.rsa.get(sealed_for.key.fingerprint());
        let stay = match (which, own) {
            (Renewal::Older, Some(own)) => self.sealed.sealed_with(own),
            _ => BTreeSet::new(),
        };
        let mut value = self.value.clone();
        let mut changed = false;
        let anew = unsealed.values().iter();
        for (key, plaintext) in anew.filter(|(key, _)| !stay.contains(*key)) {
            let label = self.sealed.label();
            let item = Making::item(&sealed_for.key, &label, key, plaintext, &mut session.rng());
            let item = item.map_err(|error| self.error(path, None, error))?;
            value["spec"]["encryptedData"][key.as_str()] = item.into();
            changed = true;
        }
        Ok(changed.then_some(value))
    }
}

/// The SealedSecrets of a file as the controller has sealed them anew, by their places in the stream.
///
/// # Errors
/// Those of asking it.
pub(crate) fn by_controller(
    stream: &Stream,
    controller: &ControllerArgs,
    session: &Session,
) -> Result<Vec<(usize, Value)>, Failure> {
    let given = [
        ("controller-name", controller.controller_name.as_deref()),
        (
            "controller-namespace",
            controller.controller_namespace.as_deref(),
        ),
        ("context", controller.cluster.context.as_deref()),
    ];
    let mut flags: Vec<OsString> = given
        .into_iter()
        .filter_map(|(flag, value)| Some(format!("--{flag}={}", value?).into()))
        .collect();
    if let Some(kubeconfig) = &controller.cluster.kubeconfig {
        let mut flag = OsString::from("--kubeconfig=");
        flag.push(kubeconfig);
        flags.push(flag);
    }
    kubeseal::re_encrypted(stream, flags, &session.printer)
}
