//! Plug-ins of age: programs `age-plugin-NAME` that keep keys, on a YubiKey for example.
//!
//! A name in a repository must not decide which program runs here. So a plug-in runs only where the user's own
//! configuration allows its name: `plugins` in `bulla/config.yaml`, or `BULLA_PLUGINS`.

mod allowed;
mod program;
mod session;
mod stanza;

use std::sync::Arc;

use bulla_core::recipient::{
    ClosedFile, Plugin, PluginFault, PluginIdentity, PluginName, PluginStanza, Recipient,
};
use zeroize::Zeroizing;

pub(crate) use allowed::Allowed;
pub(crate) use session::PluginError;

pub(crate) use session::Answers;

use session::Session;

/// The recipient, ready to be closed for: where a plug-in must do it, with the plug-in.
///
/// # Errors
/// [`PluginError::NotAllowed`], and a configuration that can't be read.
pub(crate) fn equip(recipient: Recipient, allowed: &Allowed) -> Result<Recipient, PluginError> {
    let Some(name) = recipient.plugin().cloned() else {
        return Ok(recipient);
    };
    allowed.check(&name)?;
    Ok(recipient.with_plugin(Arc::new(Closer(name))))
}

/// Closes for the recipients of one plug-in.
struct Closer(PluginName);

impl Plugin for Closer {
    fn wrap_file_key(
        &self,
        recipient: &str,
        file_key: &[u8; 16],
    ) -> Result<Vec<PluginStanza>, PluginFault> {
        wrap(&self.0, recipient, file_key).map_err(PluginFault::new)
    }
}

fn wrap(
    name: &PluginName,
    recipient: &str,
    file_key: &[u8; 16],
) -> Result<Vec<PluginStanza>, PluginError> {
    let mut answers = Answers::default();
    let mut session = Session::start(name, "recipient-v1", &mut answers)?;
    session.send("add-recipient", &[recipient], &[])?;
    session.send("wrap-file-key", &[], file_key)?;
    session.send("extension-labels", &[], &[])?;
    session.send("done", &[], &[])?;
    let mut stanzas = Vec::new();
    while let Some(mut answer) = session.answer()? {
        match answer.kind.as_str() {
            "recipient-stanza" => {
                let words = std::mem::take(&mut answer.arguments);
                let [index, kind, arguments @ ..] = &words[..] else {
                    return Err(session.broken());
                };
                if index != "0" {
                    return Err(session.broken());
                }
                stanzas.push(PluginStanza {
                    kind: kind.clone(),
                    arguments: arguments.to_vec(),
                    body: answer.body.to_vec(),
                });
                session.send("ok", &[], &[])?;
            }
            "labels" => session.send("ok", &[], &[])?,
            _ => session.other(&answer)?,
        }
    }
    session.end();
    Ok(stanzas)
}

/// Asks the plug-in of `identity` for the file key of a file. `None` where it is for somebody else. What the user was
/// asked for before stands in `answers`.
///
/// # Errors
/// [`PluginError`]. Whether the plug-in may run is for the caller to see to.
pub(crate) fn unwrap(
    identity: &PluginIdentity,
    file: &ClosedFile<'_>,
    answers: &mut Answers,
) -> Result<Option<Zeroizing<[u8; 16]>>, PluginError> {
    let mut session = Session::start(identity.name(), "identity-v1", answers)?;
    // The plug-in keeps the key that the text leads to.
    session.send("add-identity", &[identity.expose_text()], &[])?;
    let stanza = file.plugin_stanza();
    let mut words = vec!["0", stanza.kind.as_str()];
    words.extend(stanza.arguments.iter().map(String::as_str));
    session.send("recipient-stanza", &words, &stanza.body)?;
    session.send("done", &[], &[])?;
    let mut file_key = None;
    while let Some(answer) = session.answer()? {
        match answer.kind.as_str() {
            "file-key" => {
                let body: Result<[u8; 16], _> = answer.body.as_slice().try_into();
                let (Ok(body), true) = (body, answer.arguments == ["0"] && file_key.is_none())
                else {
                    return Err(session.broken());
                };
                file_key = Some(Zeroizing::new(body));
                session.send("ok", &[], &[])?;
            }
            _ => session.other(&answer)?,
        }
    }
    session.end();
    Ok(file_key)
}
