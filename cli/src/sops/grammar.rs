//! The command line of `sops` as tables: commands, flags, and which flag belongs to which command.

use super::kind::Kind;

/// Who keeps keys. Only age is used here; the others are known so that they can be named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Provider {
    Age,
    Pgp,
    Kms,
    GcpKms,
    HcKms,
    AzureKv,
    HcVault,
}

/// A flag, whatever its spelling.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flag {
    Decrypt,
    Encrypt,
    Rotate,
    Set,
    Key(Provider),
    AddKey(Provider),
    RmKey(Provider),
    AwsProfile,
    EncryptionContext,
    InPlace,
    Output,
    Extract,
    InputType,
    OutputType,
    ShowMasterKeys,
    IgnoreMac,
    MacOnlyEncrypted,
    UnencryptedSuffix,
    EncryptedSuffix,
    UnencryptedRegex,
    EncryptedRegex,
    UnencryptedCommentRegex,
    EncryptedCommentRegex,
    Config,
    ShamirThreshold,
    Indent,
    Reformat,
    Verbose,
    FilenameOverride,
    DecryptionOrder,
    EnableLocalKeyservice,
    Keyservice,
    DisableVersionCheck,
    CheckForUpdates,
    Yes,
    ValueFile,
    ValueStdin,
    Idempotent,
    Background,
    Pristine,
    User,
    SameProcess,
    NoFifo,
    Filename,
    File,
    OmitExtensions,
    Recursive,
    Network,
    Address,
    Prompt,
    Help,
    Version,
}

/// What a flag takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Takes {
    /// Nothing, or `=true` and `=false`.
    Nothing,
    Text,
    Number,
    /// A text each time that it is given.
    Texts,
}

/// What is known of a flag.
#[derive(Debug)]
pub(super) struct Spec {
    pub(super) flag: Flag,
    /// Its names without dashes; those of one letter are short.
    pub(super) names: &'static [&'static str],
    pub(super) takes: Takes,
    /// The variable that stands for it.
    pub(super) variable: Option<&'static str>,
    pub(super) about: &'static str,
}

/// A command.
#[derive(Debug)]
pub(super) struct CommandSpec {
    pub(super) kind: Kind,
    /// Its words.
    pub(super) words: &'static [&'static str],
    /// What follows its flags.
    pub(super) arguments: &'static str,
    pub(super) about: &'static str,
    pub(super) flags: &'static [Flag],
}

impl Flag {
    /// What is known of it.
    pub(super) fn spec(self) -> &'static Spec {
        // Each is in the table; a test goes through them.
        FLAGS
            .iter()
            .find(|spec| spec.flag == self)
            .unwrap_or(&FLAGS[0])
    }
}

impl Spec {
    /// Its first name with its dashes.
    pub(super) fn name(&self) -> String {
        dashed(self.names[0])
    }
}

/// A name with one dash where it is a letter, and with two elsewhere.
pub(super) fn dashed(name: &str) -> String {
    let dashes = if name.len() == 1 { "-" } else { "--" };
    format!("{dashes}{name}")
}

/// The flag of that name, dashes taken off.
pub(super) fn flag(name: &str) -> Option<&'static Spec> {
    FLAGS.iter().find(|spec| spec.names.contains(&name))
}

/// The command of that kind.
pub(super) fn command(kind: Kind) -> Option<&'static CommandSpec> {
    COMMANDS.iter().find(|command| command.kind == kind)
}

const fn spec(
    flag: Flag,
    names: &'static [&'static str],
    takes: Takes,
    variable: Option<&'static str>,
    about: &'static str,
) -> Spec {
    Spec {
        flag,
        names,
        takes,
        variable,
        about,
    }
}

/// All of them, in the order of help.
#[rustfmt::skip]
pub(super) const FLAGS: &[Spec] = &[
    spec(Flag::Decrypt, &["decrypt", "d"], Takes::Nothing, None, "decrypt the file: the old spelling of `sops decrypt`"),
    spec(Flag::Encrypt, &["encrypt", "e"], Takes::Nothing, None, "encrypt the file: the old spelling of `sops encrypt`"),
    spec(Flag::Rotate, &["rotate", "r"], Takes::Nothing, None, "renew data key and ciphertexts: the old spelling of `sops rotate`"),
    spec(Flag::Set, &["set"], Takes::Text, None, "set a value: the old spelling of `sops set`, as '[\"key\"][0] JSON'"),
    spec(Flag::InPlace, &["in-place", "i"], Takes::Nothing, None, "write the result to the file itself"),
    spec(Flag::Output, &["output"], Takes::Text, None, "write the result to this file"),
    spec(Flag::File, &["file", "f"], Takes::Text, None, "the file whose groups are changed"),
    spec(Flag::Key(Provider::Age), &["age", "a"], Takes::Texts, Some("SOPS_AGE_RECIPIENTS"), "age recipients, with commas between them"),
    spec(Flag::Key(Provider::Pgp), &["pgp", "p"], Takes::Texts, Some("SOPS_PGP_FP"), "PGP fingerprints: known, and refused"),
    spec(Flag::Key(Provider::Kms), &["kms", "k"], Takes::Texts, Some("SOPS_KMS_ARN"), "ARNs of AWS KMS: known, and refused"),
    spec(Flag::Key(Provider::GcpKms), &["gcp-kms"], Takes::Texts, Some("SOPS_GCP_KMS_IDS"), "resources of Google Cloud KMS: known, and refused"),
    spec(Flag::Key(Provider::HcKms), &["hckms"], Takes::Texts, Some("SOPS_HUAWEICLOUD_KMS_IDS"), "keys of Huawei Cloud KMS: known, and refused"),
    spec(Flag::Key(Provider::AzureKv), &["azure-kv"], Takes::Texts, Some("SOPS_AZURE_KEYVAULT_URLS"), "URLs of Azure Key Vault: known, and refused"),
    spec(Flag::Key(Provider::HcVault), &["hc-vault-transit"], Takes::Texts, Some("SOPS_VAULT_URIS"), "URIs of Vault's transit engine: known, and refused"),
    spec(Flag::AwsProfile, &["aws-profile"], Takes::Text, None, "a profile for AWS: without effect"),
    spec(Flag::EncryptionContext, &["encryption-context"], Takes::Text, None, "a context for AWS KMS: without effect"),
    spec(Flag::AddKey(Provider::Age), &["add-age"], Takes::Text, None, "add these age recipients to the first group"),
    spec(Flag::RmKey(Provider::Age), &["rm-age"], Takes::Text, None, "remove these age recipients from all groups"),
    spec(Flag::AddKey(Provider::Pgp), &["add-pgp"], Takes::Text, None, "known, and refused"),
    spec(Flag::RmKey(Provider::Pgp), &["rm-pgp"], Takes::Text, None, "known, and refused"),
    spec(Flag::AddKey(Provider::Kms), &["add-kms"], Takes::Text, None, "known, and refused"),
    spec(Flag::RmKey(Provider::Kms), &["rm-kms"], Takes::Text, None, "known, and refused"),
    spec(Flag::AddKey(Provider::GcpKms), &["add-gcp-kms"], Takes::Text, None, "known, and refused"),
    spec(Flag::RmKey(Provider::GcpKms), &["rm-gcp-kms"], Takes::Text, None, "known, and refused"),
    spec(Flag::AddKey(Provider::HcKms), &["add-hckms"], Takes::Text, None, "known, and refused"),
    spec(Flag::RmKey(Provider::HcKms), &["rm-hckms"], Takes::Text, None, "known, and refused"),
    spec(Flag::AddKey(Provider::AzureKv), &["add-azure-kv"], Takes::Text, None, "known, and refused"),
    spec(Flag::RmKey(Provider::AzureKv), &["rm-azure-kv"], Takes::Text, None, "known, and refused"),
    spec(Flag::AddKey(Provider::HcVault), &["add-hc-vault-transit"], Takes::Text, None, "known, and refused"),
    spec(Flag::RmKey(Provider::HcVault), &["rm-hc-vault-transit"], Takes::Text, None, "known, and refused"),
    spec(Flag::InputType, &["input-type"], Takes::Text, None, "json, yaml, dotenv, ini or binary, whatever the file is called"),
    spec(Flag::OutputType, &["output-type"], Takes::Text, None, "json, yaml, dotenv, ini or binary, if another than that of the input"),
    spec(Flag::UnencryptedSuffix, &["unencrypted-suffix"], Takes::Text, None, "leave values in clear whose keys end so"),
    spec(Flag::EncryptedSuffix, &["encrypted-suffix"], Takes::Text, None, "encrypt only values whose keys end so"),
    spec(Flag::UnencryptedRegex, &["unencrypted-regex"], Takes::Text, None, "leave values in clear whose keys match"),
    spec(Flag::EncryptedRegex, &["encrypted-regex"], Takes::Text, None, "encrypt only values whose keys match"),
    spec(Flag::UnencryptedCommentRegex, &["unencrypted-comment-regex"], Takes::Text, None, "leave values in clear whose comment matches"),
    spec(Flag::EncryptedCommentRegex, &["encrypted-comment-regex"], Takes::Text, None, "encrypt only values whose comment matches"),
    spec(Flag::MacOnlyEncrypted, &["mac-only-encrypted"], Takes::Nothing, None, "let the MAC cover encrypted values only"),
    spec(Flag::ShamirThreshold, &["shamir-secret-sharing-threshold"], Takes::Number, None, "how many key groups it takes to open the file"),
    spec(Flag::Extract, &["extract"], Takes::Text, None, "print this part only, as '[\"key\"][0]'"),
    spec(Flag::IgnoreMac, &["ignore-mac"], Takes::Nothing, None, "open a file whose MAC does not match"),
    spec(Flag::ShowMasterKeys, &["show-master-keys", "s"], Takes::Nothing, None, "show the `sops` block in the editor"),
    spec(Flag::ValueFile, &["value-file"], Takes::Nothing, None, "the value is the name of a file that holds it"),
    spec(Flag::ValueStdin, &["value-stdin"], Takes::Nothing, None, "read the value from standard input"),
    spec(Flag::Idempotent, &["idempotent"], Takes::Nothing, None, "write nothing when it is so already"),
    spec(Flag::Yes, &["yes", "y"], Takes::Nothing, None, "do not ask"),
    spec(Flag::Background, &["background"], Takes::Nothing, None, "do not wait for the command"),
    spec(Flag::Pristine, &["pristine"], Takes::Nothing, None, "give the command the values and no other variables"),
    spec(Flag::User, &["user"], Takes::Text, None, "run the command as this user"),
    spec(Flag::SameProcess, &["same-process"], Takes::Nothing, None, "become the command instead of starting it"),
    spec(Flag::NoFifo, &["no-fifo"], Takes::Nothing, None, "use a file, which can be read again, instead of a pipe"),
    spec(Flag::Filename, &["filename"], Takes::Text, None, "the name of that file or pipe (default: tmp-file)"),
    spec(Flag::OmitExtensions, &["omit-extensions"], Takes::Nothing, None, "publish under names without extensions"),
    spec(Flag::Recursive, &["recursive"], Takes::Nothing, None, "publish all files of a directory"),
    spec(Flag::Network, &["network", "net"], Takes::Text, None, "the network of a key service"),
    spec(Flag::Address, &["address", "addr"], Takes::Text, None, "the address of a key service"),
    spec(Flag::Prompt, &["prompt"], Takes::Nothing, None, "ask before each request to a key service"),
    spec(Flag::Config, &["config"], Takes::Text, Some("SOPS_CONFIG"), "the configuration, instead of the nearest .sops.yaml upward"),
    spec(Flag::FilenameOverride, &["filename-override"], Takes::Text, None, "treat the input as a file of this name"),
    spec(Flag::Indent, &["indent"], Takes::Number, None, "format the result as sops 3.13.3 does, with so many spaces"),
    spec(Flag::Reformat, &["reformat"], Takes::Nothing, Some("SOPS_REFORMAT"), "format the result as sops 3.13.3 does, instead of keeping its formatting"),
    spec(Flag::DecryptionOrder, &["decryption-order"], Takes::Text, Some("SOPS_DECRYPTION_ORDER"), "which kinds of keys to try first; only age is tried"),
    spec(Flag::EnableLocalKeyservice, &["enable-local-keyservice"], Takes::Nothing, Some("SOPS_ENABLE_LOCAL_KEYSERVICE"), "use the keys of this machine: the only way here"),
    spec(Flag::Keyservice, &["keyservice"], Takes::Texts, Some("SOPS_KEYSERVICE"), "key services: known, and not asked"),
    spec(Flag::Verbose, &["verbose"], Takes::Nothing, None, "without effect: there is no log"),
    spec(Flag::DisableVersionCheck, &["disable-version-check"], Takes::Nothing, Some("SOPS_DISABLE_VERSION_CHECK"), "without effect: nobody is ever asked"),
    spec(Flag::CheckForUpdates, &["check-for-updates"], Takes::Nothing, None, "without effect: nobody is ever asked"),
    spec(Flag::Help, &["help", "h"], Takes::Nothing, None, "show help"),
    spec(Flag::Version, &["version", "v"], Takes::Nothing, None, "print the version"),
];

const KEYS: [Flag; 7] = [
    Flag::Key(Provider::Age),
    Flag::Key(Provider::Pgp),
    Flag::Key(Provider::Kms),
    Flag::Key(Provider::GcpKms),
    Flag::Key(Provider::HcKms),
    Flag::Key(Provider::AzureKv),
    Flag::Key(Provider::HcVault),
];

/// Flags that every command takes, wherever they stand.
pub(super) const EVERYWHERE: &[Flag] = &[
    Flag::Config,
    Flag::Indent,
    Flag::Reformat,
    Flag::DecryptionOrder,
    Flag::EnableLocalKeyservice,
    Flag::Keyservice,
    Flag::Verbose,
    Flag::DisableVersionCheck,
    Flag::CheckForUpdates,
    Flag::Help,
];

/// All of them, in the order of help.
#[rustfmt::skip]
pub(super) const COMMANDS: &[CommandSpec] = &[
    CommandSpec { kind: Kind::Completion, words: &["completion"], arguments: "bash|zsh|fish", about: "print a script that completes command lines of sops", flags: &[] },
    CommandSpec { kind: Kind::ExecEnv, words: &["exec-env"], arguments: "[file to decrypt] [command to run]", about: "run a command with the values of a file in its environment",
        flags: &[Flag::Background, Flag::Pristine, Flag::User, Flag::SameProcess, Flag::InputType, Flag::IgnoreMac] },
    CommandSpec { kind: Kind::ExecFile, words: &["exec-file"], arguments: "[file to decrypt] [command to run]", about: "run a command that reads the decrypted file under the name `{}`",
        flags: &[Flag::Background, Flag::NoFifo, Flag::User, Flag::InputType, Flag::OutputType, Flag::Filename, Flag::IgnoreMac] },
    CommandSpec { kind: Kind::Publish, words: &["publish"], arguments: "file", about: "publish a file as `destination_rules` say",
        flags: &[Flag::Yes, Flag::OmitExtensions, Flag::Recursive] },
    CommandSpec { kind: Kind::Keyservice, words: &["keyservice"], arguments: "", about: "serve keys to others: refused here",
        flags: &[Flag::Network, Flag::Address, Flag::Prompt] },
    CommandSpec { kind: Kind::Filestatus, words: &["filestatus"], arguments: "file", about: "tell whether a file is encrypted", flags: &[Flag::InputType] },
    CommandSpec { kind: Kind::Groups, words: &["groups"], arguments: "add|delete", about: "add or delete key groups of a file", flags: &[] },
    CommandSpec { kind: Kind::GroupsAdd, words: &["groups", "add"], arguments: "", about: "add a key group to a file",
        flags: &[Flag::File, KEYS[0], KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6], Flag::AwsProfile, Flag::InPlace, Flag::ShamirThreshold, Flag::EncryptionContext, Flag::InputType] },
    CommandSpec { kind: Kind::GroupsDelete, words: &["groups", "delete"], arguments: "[index]", about: "delete a key group of a file, counted from 0",
        flags: &[Flag::File, Flag::InPlace, Flag::ShamirThreshold, Flag::InputType] },
    CommandSpec { kind: Kind::Updatekeys, words: &["updatekeys"], arguments: "file", about: "close the data key for whom the configuration names", flags: &[Flag::Yes, Flag::InputType, Flag::ShamirThreshold] },
    CommandSpec { kind: Kind::Decrypt, words: &["decrypt"], arguments: "[file]", about: "decrypt a file, or standard input, to standard output",
        flags: &[Flag::InPlace, Flag::Extract, Flag::Output, Flag::InputType, Flag::OutputType, Flag::IgnoreMac, Flag::FilenameOverride] },
    CommandSpec { kind: Kind::Encrypt, words: &["encrypt"], arguments: "[file]", about: "encrypt a file, or standard input, to standard output",
        flags: &[Flag::InPlace, Flag::Output, KEYS[0], KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6], Flag::AwsProfile, Flag::InputType, Flag::OutputType,
            Flag::UnencryptedSuffix, Flag::EncryptedSuffix, Flag::UnencryptedRegex, Flag::EncryptedRegex, Flag::UnencryptedCommentRegex, Flag::EncryptedCommentRegex,
            Flag::MacOnlyEncrypted, Flag::EncryptionContext, Flag::ShamirThreshold, Flag::FilenameOverride] },
    CommandSpec { kind: Kind::Rotate, words: &["rotate"], arguments: "file", about: "renew the data key and every ciphertext of a file",
        flags: &[Flag::InPlace, Flag::Output, Flag::InputType, Flag::OutputType, Flag::EncryptionContext, Flag::IgnoreMac, Flag::FilenameOverride, Flag::ShamirThreshold,
            Flag::AddKey(Provider::Age), Flag::RmKey(Provider::Age), Flag::AddKey(Provider::Pgp), Flag::RmKey(Provider::Pgp), Flag::AddKey(Provider::Kms), Flag::RmKey(Provider::Kms),
            Flag::AddKey(Provider::GcpKms), Flag::RmKey(Provider::GcpKms), Flag::AddKey(Provider::HcKms), Flag::RmKey(Provider::HcKms),
            Flag::AddKey(Provider::AzureKv), Flag::RmKey(Provider::AzureKv), Flag::AddKey(Provider::HcVault), Flag::RmKey(Provider::HcVault)] },
    CommandSpec { kind: Kind::Edit, words: &["edit"], arguments: "file", about: "edit a file, which stays encrypted on disk",
        flags: &[KEYS[0], KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6], Flag::AwsProfile, Flag::InputType, Flag::OutputType,
            Flag::UnencryptedSuffix, Flag::EncryptedSuffix, Flag::UnencryptedRegex, Flag::EncryptedRegex, Flag::UnencryptedCommentRegex, Flag::EncryptedCommentRegex,
            Flag::MacOnlyEncrypted, Flag::EncryptionContext, Flag::ShamirThreshold, Flag::ShowMasterKeys, Flag::IgnoreMac] },
    CommandSpec { kind: Kind::Set, words: &["set"], arguments: "file index [ value ]", about: "set a value of a file: `sops set db.yaml '[\"users\"][0]' '\"alice\"'`",
        flags: &[Flag::InputType, Flag::OutputType, Flag::ValueFile, Flag::ValueStdin, Flag::ShamirThreshold, Flag::IgnoreMac, Flag::Idempotent] },
    CommandSpec { kind: Kind::Unset, words: &["unset"], arguments: "file index", about: "take a value out of a file",
        flags: &[Flag::InputType, Flag::OutputType, Flag::ShamirThreshold, Flag::IgnoreMac, Flag::Idempotent] },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_flag_of_a_command_is_in_the_table_once_and_no_two_share_a_name() {
        for command in COMMANDS {
            for flag in command.flags.iter().chain(EVERYWHERE) {
                assert_eq!(flag.spec().flag, *flag, "{command:?}");
            }
        }
        let mut names: Vec<_> = FLAGS.iter().flat_map(|spec| spec.names).collect();
        let all = names.len();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), all);
    }
}
