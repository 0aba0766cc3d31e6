//! New keys, in exactly the shape that Sealed Secrets gives them: its controller may take over at any time.

use bulla_core::api::{KeyState, KeySuite, SealingKeySpec};
use bulla_core::plaintext::Plaintext;
use bulla_core::rotation::{Timestamp, Why};
use bulla_core::sealed_secrets::rotation::Step;
use bulla_core::sealed_secrets::{Certificate, CertificateRequest, RsaKeyError, RsaPrivateKey};
use rand_core::OsRng;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::found::{Fault, Found, Half, SUFFIX, secret_name};
use super::{RSA_KEY_LABEL, RsaKeeper};
use crate::kube::api::error::ApiError;
use crate::kube::keys::{events, store};
use crate::kube::mirror::{RsaKeySecret, SeenSealingKey};

impl RsaKeeper {
    /// Carries a step out; true when a key was made.
    pub(super) async fn carry_out(
        &self,
        step: Step,
        of_rotation: &[usize],
        found: &[Found],
        now: Timestamp,
    ) -> Result<bool, ApiError> {
        match step {
            Step::Wait(_) | Step::Blocked => Ok(false),
            Step::Fulfil(..) if self.settings.policy.require_existing_key => Ok(false),
            Step::Fulfil(place, why) => {
                let key = &found[of_rotation[place]].key;
                self.make_private_half(key, why, now).await
            }
            Step::Make(..) if self.a_secret_may_be_on_its_way(found).await? => Ok(false),
            Step::Make(why) => {
                let spec = SealingKeySpec {
                    suite: KeySuite::Rsa,
                    bits: i32::try_from(self.settings.bits).ok(),
                    state: KeyState::Active,
                };
                let name = name_of_new(&self.settings.prefix);
                let key = store::create(&self.cluster, &name, &spec).await?;
                self.make_private_half(&key, why, now).await
            }
        }
    }

    /// True when a Secret that a key misses is there after all: the watch of Secrets may be behind that of keys.
    async fn a_secret_may_be_on_its_way(&self, found: &[Found]) -> Result<bool, ApiError> {
        let missing = found.iter().filter_map(|found| match found.half {
            Half::Faulty(Fault::SecretMissing) => found.key.status.secret.as_ref(),
            _ => None,
        });
        store::any_secret_exists(&self.cluster, &missing.collect::<Vec<_>>()).await
    }

    async fn make_private_half(
        &self,
        key: &SeenSealingKey,
        why: Why,
        now: Timestamp,
    ) -> Result<bool, ApiError> {
        let bits = key.spec.and_then(|spec| spec.bits);
        let bits = bits.and_then(|bits| u32::try_from(bits).ok());
        let bits = bits.unwrap_or(self.settings.bits);
        let request = CertificateRequest {
            common_name: self.settings.common_name.clone(),
            not_before: now,
            not_after: now.plus(self.settings.ttl.as_secs()),
        };
        // Seconds of work, beside which the watches go on.
        let made = tokio::task::spawn_blocking(move || generate(bits, &request)).await;
        let (private, certificate) = match made {
            Ok(Ok(made)) => made,
            Ok(Err(error)) => {
                tracing::error!(sealing_key = &*key.meta.name, %error, "failed to make an RSA key");
                return Ok(false);
            }
            Err(_) => return Ok(false),
        };
        match self.store(key, &private, &certificate, why).await {
            Ok(()) => {
                let (sealing_key, why_word) = (&*key.meta.name, why.as_str());
                let fingerprint = private.ssh_fingerprint().to_string();
                tracing::info!(
                    sealing_key,
                    bits,
                    fingerprint,
                    why = why_word,
                    "made a key of Sealed Secrets"
                );
                events::tell(&self.cluster, key, &events::made(why)).await;
                Ok(true)
            }
            // An attempt that was cut off got that far: the watch brings its Secret.
            Err(ApiError::AlreadyExists) => Ok(false),
            Err(error) => Err(error),
        }
    }

    async fn store(
        &self,
        key: &SeenSealingKey,
        private: &RsaPrivateKey,
        certificate: &Certificate,
        why: Why,
    ) -> Result<(), ApiError> {
        // Into the key Secret: the only place that a private half is written to.
        let pem = private
            .expose_pem()
            .map_err(|_| ApiError::Invalid { code: 400 })?;
        let text = Plaintext::from(pem.as_bytes());
        let certificate = certificate.to_pem();
        let settings = &self.settings;
        let mut labels: Map<String, Value> = of_pairs(&settings.labels);
        labels.insert(RSA_KEY_LABEL.to_owned(), json!("active"));
        let mut annotations: Map<String, Value> = of_pairs(&settings.annotations);
        if why == Why::Asked {
            // Whoever asks writes and may delete the resource; here it is counted.
            annotations.insert("bulla.dev/made-for".to_owned(), json!(why.as_str()));
        }
        let mut metadata = json!({
            "name": secret_name(key, &settings.prefix),
            "generateName": settings.prefix,
            "namespace": self.cluster.namespace,
            "labels": labels,
        });
        if !annotations.is_empty() {
            metadata["annotations"] = Value::Object(annotations);
        }
        let secret = KeySecretBody {
            api_version: "v1",
            kind: "Secret",
            metadata,
            secret_type: "kubernetes.io/tls",
            string_data: KeyData {
                key: &pem,
                certificate: &certificate,
            },
        };
        let metadata = store::create_secret(&self.cluster, &secret).await?;
        let written = RsaKeySecret::written(metadata, text, &certificate);
        self.cluster.rsa_key_secrets.learn(written);
        Ok(())
    }
}

fn generate(
    bits: u32,
    request: &CertificateRequest,
) -> Result<(RsaPrivateKey, Certificate), RsaKeyError> {
    let private = RsaPrivateKey::generate(bits)?;
    let certificate = request.sign(&private, &mut OsRng)?;
    Ok((private, certificate))
}

fn of_pairs(pairs: &std::collections::BTreeMap<String, String>) -> Map<String, Value> {
    let pairs = pairs.iter();
    pairs
        .map(|(name, value)| (name.clone(), json!(value)))
        .collect()
}

/// The prefix and five random characters, as the API server generates names.
fn name_of_new(prefix: &str) -> String {
    let mut random = [0; SUFFIX];
    // Without randomness the name is taken at worst, and the next attempt has some.
    let _ = getrandom::getrandom(&mut random);
    let letters = random
        .iter()
        .map(|byte| char::from(NAME_LETTERS[usize::from(*byte) % NAME_LETTERS.len()]));
    prefix.chars().chain(letters).collect()
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct KeySecretBody<'a> {
    api_version: &'static str,
    kind: &'static str,
    metadata: Value,
    #[serde(rename = "type")]
    secret_type: &'static str,
    string_data: KeyData<'a>,
}

#[derive(Serialize)]
struct KeyData<'a> {
    #[serde(rename = "tls.key")]
    key: &'a str,
    #[serde(rename = "tls.crt")]
    certificate: &'a str,
}

const NAME_LETTERS: &[u8; 27] = b"bcdfghjklmnpqrstvwxz2456789";
