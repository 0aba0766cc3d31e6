//! `bulla install`: the manifests of `deploy/`, with the image filled in.

use std::borrow::Cow;

use crate::cli::InstallArgs;
use crate::exit::{Blame, ExitStatus};
use crate::failure::{Failure, Fault};
use crate::session::Session;

/// A text that can't be the reference of an image.
#[derive(Debug, thiserror::Error)]
#[error("`{}` is not the reference of an image", .0.escape_debug())]
struct NoImage(String);

/// Carries it out.
pub(crate) fn run(args: &InstallArgs, session: &Session) -> Result<ExitStatus, Failure> {
    let manifests = manifests(&args.image)?;
    session.printer.data(manifests.as_bytes())?;
    session.printer.say(
        "apply them with `kubectl apply --server-side -f -`; then `bulla init --cluster CLUSTER --fetch`, or `bulla key fetch --name CLUSTER` where there is a .bulla.yaml",
    );
    Ok(ExitStatus::Done)
}

fn manifests(image: &str) -> Result<String, NoImage> {
    // The reference is put into YAML as it is.
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"._-/:@".contains(&b);
    let named = image
        .as_bytes()
        .first()
        .is_some_and(u8::is_ascii_alphanumeric);
    if !named
        || !image.bytes().all(plain)
        || image.ends_with([':', '@', '/'])
        || image.contains("://")
    {
        return Err(NoImage(image.to_owned()));
    }
    let with_image = format!("image: {image}\n");
    let parts = FILES.map(|file| file.trim_end().to_owned() + "\n");
    Ok(parts
        .join("---\n")
        .replace("image: bulla-controller\n", &with_image))
}

impl Fault for NoImage {
    fn blame(&self) -> Blame {
        Blame::Caller
    }

    fn hint(&self) -> Option<Cow<'static, str>> {
        Some("`--image registry.example/bulla-controller:0.1.0`".into())
    }
}

/// In the order in which an API server can take them.
const FILES: [&str; 7] = [
    include_str!("../../../deploy/base/namespace.yaml"),
    include_str!("../../../deploy/crds/sealingkeys.yaml"),
    include_str!("../../../deploy/crds/secretenvelopes.yaml"),
    include_str!("../../../deploy/base/rbac.yaml"),
    include_str!("../../../deploy/base/deployment.yaml"),
    include_str!("../../../deploy/base/service.yaml"),
    include_str!("../../../deploy/base/network-policy.yaml"),
];

#[cfg(test)]
mod tests {
    use bulla_core::manifest::Stream;

    use super::*;

    #[test]
    fn every_document_of_the_base_is_there_with_the_image() {
        let text = manifests("r.example:5000/b@sha256:0a").unwrap();
        let stream = Stream::parse(text.as_bytes()).unwrap();
        let single: usize = FILES
            .iter()
            .map(|file| Stream::parse(file.as_bytes()).unwrap().objects().len())
            .sum();
        assert_eq!(stream.objects().len(), single);
        assert!(
            text.contains("image: r.example:5000/b@sha256:0a\n")
                && !text.contains("image: bulla-controller")
        );
        let base = include_str!("../../../deploy/base/kustomization.yaml");
        for file in [
            "namespace",
            "rbac",
            "deployment",
            "service",
            "network-policy",
        ] {
            assert!(base.contains(&format!("- {file}.yaml")), "{file}");
        }
        assert_eq!(
            base.matches(".yaml\n").count(),
            5,
            "a new file of the base belongs here too"
        );
    }

    #[test]
    fn what_is_no_image_is_refused() {
        for bad in [
            "",
            "a b",
            "a\nb",
            "a:",
            "'a'",
            "-x",
            "https://x/y",
            "a: {b}",
        ] {
            assert!(manifests(bad).is_err(), "{bad}");
        }
    }
}
