//! What can be wrong with RSA keys and certificates. No text holds a part of a private key.

/// Key material that can't be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RsaKeyError {
    /// No PEM block is there.
    #[error("there is no PEM block in it")]
    NotPem,
    /// PEM blocks are there, and none is a certificate.
    #[error("there is no certificate in it, but a block `{found}`")]
    NoCertificate {
        /// The label of the first block.
        found: String,
    },
    /// The public half alone: nothing says until when it is to be used.
    #[error("it is a plain public key, and a certificate is needed")]
    PlainPublicKey,
    /// The private half was given where a certificate belongs.
    #[error("it is a private key, and a certificate is needed: it must not be put here")]
    PrivateKeyGiven,
    /// PEM blocks are there, and none is a private key.
    #[error("there is no private key in it, but a block `{found}`")]
    NoPrivateKey {
        /// The label of the first block.
        found: String,
    },
    /// A private key under a passphrase.
    #[error("the private key is encrypted")]
    Encrypted,
    /// A block or what is in it does not parse.
    #[error("the {what} is malformed")]
    Malformed {
        /// `certificate`, `private key`.
        what: &'static str,
    },
    /// A key of another algorithm.
    #[error("it is a key of the kind {kind}, and an RSA key is needed")]
    NotRsa {
        /// `EC`, `Ed25519`, or the object identifier.
        kind: String,
    },
    /// Shorter than anybody should still use.
    #[error("an RSA key of {bits} bits is too small: at least {MIN_RSA_BITS} are needed")]
    TooSmall {
        /// Bits of its modulus.
        bits: usize,
    },
    /// Longer than anybody needs: each use of it would take seconds.
    #[error("an RSA key of {bits} bits is too large: at most {MAX_RSA_BITS} are read")]
    TooLarge {
        /// Bits of its modulus.
        bits: usize,
    },
    /// The numbers don't make a key.
    #[error("the numbers of the RSA key do not fit together")]
    Inconsistent,
    /// The certificate belongs to another private key.
    #[error("the certificate is not that of the private key")]
    Mismatch,
    /// A size that keys are not made in.
    #[error("RSA keys of {bits} bits are not made: 2048, 3072, 4096 and 8192 are")]
    Size {
        /// What was asked for.
        bits: u32,
    },
    /// The times or the name of a certificate can't be written.
    #[error("no certificate can have this {what}")]
    Unwritable {
        /// `time`, `common name`.
        what: &'static str,
    },
    /// The library did not do its work: memory or randomness was missing.
    #[error("failed to make the RSA key or its certificate")]
    Library,
}

impl RsaKeyError {
    /// The command or the step that helps.
    pub fn hint(&self) -> Option<&'static str> {
        Some(match self {
            Self::PlainPublicKey => {
                "make a certificate of it: `openssl req -x509 -key tls.key -days 3650 -subj / -out tls.crt`"
            }
            Self::NoCertificate { .. } | Self::NotPem => {
                "fetch the certificate of the cluster: `kubeseal --fetch-cert`, `bulla key fetch`"
            }
            Self::PrivateKeyGiven => "give `tls.crt`, and keep `tls.key` in the cluster",
            Self::Encrypted => "decrypt it first: `openssl rsa -in tls.key -out plain.key`",
            Self::NotRsa { .. } | Self::TooSmall { .. } => {
                "make a new one: `openssl req -x509 -newkey rsa:4096 -nodes -subj / -keyout tls.key -out tls.crt`"
            }
            _ => return None,
        })
    }
}

/// The smallest RSA key that is used, in bits.
pub const MIN_RSA_BITS: usize = 2048;
/// The largest RSA key that is used, in bits.
pub const MAX_RSA_BITS: usize = 8192;
