//! Public keys out of flags, files and rules.

use bulla_core::recipient::Recipient;
use bulla_core::sops::Metadata;
use bulla_core::sops::config::Group;

use super::error::{CommandError, Ended};
use super::grammar::{Flag, Provider};
use super::line::Line;
use crate::failure::Failure;
use crate::plugins::{self, Allowed};

/// The recipients that the line names; keys of other providers are refused.
pub(super) fn of_line(line: &Line) -> Result<Vec<Recipient>, Ended> {
    for (provider, name) in OTHERS {
        let flag = Flag::Key(provider);
        if let Some(first) = line.items(flag)?.first() {
            return Err(CommandError::ForeignKey((*first).to_owned(), name).into());
        }
    }
    all(line.items(Flag::Key(Provider::Age))?)
}

/// The age recipients of the one group of a rule that names other keys too, where the file has keys of the same
/// providers: those stay as they are.
pub(super) fn beside_others(
    metadata: &Metadata,
    groups: &[Group],
) -> Result<Option<Vec<Recipient>>, Ended> {
    let own = metadata.key_groups();
    let others = own.iter().flat_map(|group| &group.others);
    let mut named: Vec<&str> = Vec::new();
    for other in groups.iter().flat_map(|group| &group.others) {
        if !named.contains(&other.provider.name()) {
            named.push(other.provider.name());
        }
    }
    let mut there: Vec<&str> = others.map(String::as_str).collect();
    named.sort_unstable();
    there.sort_unstable();
    let Some(first) = there.iter().chain(&named).next() else {
        return Ok(None);
    };
    match (&own[..], groups) {
        ([_], [group]) if named == there => {
            Ok(Some(all(group.age.iter().map(|key| key.text.as_str()))?))
        }
        _ => Err(CommandError::OtherProviders(provider_name(first).to_owned()).into()),
    }
}

/// The recipients of a group of a rule.
pub(super) fn of_group(group: &Group) -> Result<Vec<Recipient>, Ended> {
    if let Some(other) = group.others.first() {
        return Err(CommandError::ForeignKey(
            other.id.clone(),
            provider_name(other.provider.name()),
        )
        .into());
    }
    all(group.age.iter().map(|key| key.text.as_str()))
}

/// The recipients of a file, by groups. Entries of other providers can't be closed for here.
pub(super) fn of_file(metadata: &Metadata) -> Result<Vec<Vec<Recipient>>, Ended> {
    let groups = metadata.key_groups();
    let groups = groups.iter().map(|group| {
        if let Some(other) = group.others.first() {
            let name = provider_name(other).to_owned();
            return Err(CommandError::ForeignEntries(name).into());
        }
        all(group.age.iter().map(|entry| entry.recipient.as_str()))
    });
    groups.collect()
}

/// Adds and removes what `--add-age` and `--rm-age` say.
pub(super) fn change(line: &Line, groups: &mut Vec<Vec<Recipient>>) -> Result<(), Ended> {
    for (provider, name) in OTHERS {
        for flag in [Flag::AddKey(provider), Flag::RmKey(provider)] {
            if let Some(first) = line.items(flag)?.first() {
                return Err(CommandError::ForeignKey((*first).to_owned(), name).into());
            }
        }
    }
    let added = all(line.items(Flag::AddKey(Provider::Age))?)?;
    let removed = all(line.items(Flag::RmKey(Provider::Age))?)?;
    match groups.first_mut() {
        Some(first) => {
            for recipient in added {
                if !first.contains(&recipient) {
                    first.push(recipient);
                }
            }
        }
        None => groups.push(added),
    }
    for group in &mut *groups {
        group.retain(|recipient| !removed.contains(recipient));
    }
    if groups.is_empty() || groups.iter().any(Vec::is_empty) {
        return Err(CommandError::NoGroups.into());
    }
    Ok(())
}

fn all<'t>(texts: impl IntoIterator<Item = &'t str>) -> Result<Vec<Recipient>, Ended> {
    let mut recipients: Vec<Recipient> = Vec::new();
    let allowed = Allowed::default();
    for text in texts {
        let recipient: Recipient = text.parse().map_err(CommandError::Recipient)?;
        let recipient = plugins::equip(recipient, &allowed).map_err(Failure::from)?;
        if !recipients.contains(&recipient) {
            recipients.push(recipient);
        }
    }
    Ok(recipients)
}

/// What people call a provider, by its name in files.
fn provider_name(name: &str) -> &'static str {
    match name {
        "pgp" => "PGP",
        "kms" => "AWS KMS",
        "gcp_kms" => "Google Cloud KMS",
        "hckms" => "Huawei Cloud KMS",
        "azure_kv" => "Azure Key Vault",
        "hc_vault" => "HashiCorp Vault",
        _ => "another provider",
    }
}

const OTHERS: [(Provider, &str); 6] = [
    (Provider::Pgp, "PGP"),
    (Provider::Kms, "AWS KMS"),
    (Provider::GcpKms, "Google Cloud KMS"),
    (Provider::HcKms, "Huawei Cloud KMS"),
    (Provider::AzureKv, "Azure Key Vault"),
    (Provider::HcVault, "HashiCorp Vault"),
];
