//! A Secret on its way into an envelope: what goes where, and what is left behind.

use std::borrow::Cow;
use std::collections::BTreeMap;

use bulla_core::api::{self, SecretEnvelopeSpec};
use bulla_core::envelope::{Binding, Envelope, EnvelopeError, OutputTemplate, SealRequest};
use bulla_core::manifest::{Move, Path, SecretSource};
use bulla_core::names::{NameError, Namespace};
use bulla_core::scope::Scope;
use serde_json::{Map, Value, json};

use crate::exit::Blame;
use crate::failure::Fault;

/// A Secret that can be sealed, and what its envelope gets besides.
pub(crate) struct Conversion {
    /// For the core.
    pub(crate) request: SealRequest,
    /// Of the resource itself.
    pub(crate) metadata: Map<String, Value>,
    /// Where the comments of the Secret belong now.
    pub(crate) moves: Vec<Move>,
}

/// How a Secret is sealed.
#[derive(Debug, Clone)]
pub(crate) struct Manner {
    /// The namespace of Secrets that name none.
    pub(crate) namespace: Option<Namespace>,
    /// Where the values may be opened.
    pub(crate) scope: Scope,
    /// Whether the template is bound to the values.
    pub(crate) binding: Binding,
}

/// A Secret that can't be turned into an envelope.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SecretError {
    /// No name.
    #[error("it has no name")]
    NoName {
        /// It asks the API server for one.
        generated: bool,
    },
    /// No namespace, neither in it nor from elsewhere.
    #[error("it has no namespace, and its values are to be bound to one")]
    NoNamespace,
    /// A name that the API server would refuse.
    #[error("its {0} is refused by the API server")]
    Name(&'static str, #[source] NameError),
    /// A field that a Secret does not have.
    #[error("unknown field `{0}`")]
    UnknownField(String),
    /// A label or annotation that no template may have.
    #[error(transparent)]
    Template(#[from] EnvelopeError),
}

impl Conversion {
    /// Sorts the fields of a Secret. Labels and annotations of tools that act on the resource stay
    /// on the resource; other labels are on both, so that pruning by label finds it too; other
    /// annotations are the Secret's alone. What only a live object has is dropped.
    ///
    /// # Errors
    /// [`SecretError`] by variant.
    pub(crate) fn new(source: SecretSource, manner: &Manner) -> Result<Self, SecretError> {
        refuse_unknown(&source)?;
        let name = match &source.name {
            Some(name) => name
                .parse()
                .map_err(|error| SecretError::Name("name", error))?,
            None => {
                let generated = source
                    .other_metadata
                    .iter()
                    .any(|field| field == GENERATE_NAME);
                return Err(SecretError::NoName { generated });
            }
        };
        let namespace: Namespace = match (&source.namespace, &manner.namespace) {
            (Some(own), _) => own
                .parse()
                .map_err(|error| SecretError::Name("namespace", error))?,
            (None, Some(other)) => other.clone(),
            (None, None) => return Err(SecretError::NoNamespace),
        };
        let (tools, annotations): (BTreeMap<_, _>, BTreeMap<_, _>) = source
            .annotations
            .into_iter()
            .filter(|(key, _)| key != LAST_APPLIED)
            .partition(|(key, _)| is_of_tool(key) || OF_RESOURCE.contains(&key.as_str()));
        let mut moves = moves();
        if tools.is_empty() {
            moves.push(Move::new(
                ["metadata", "annotations"],
                template(["metadata", "annotations"]),
            ));
        }
        let copies = annotations.keys().map(|key| {
            let from = Path::from(["metadata", "annotations", key.as_str()]);
            Move::new(from, template(["metadata", "annotations", key.as_str()]))
        });
        moves.extend(copies);
        let mut metadata = Map::new();
        metadata.insert("name".into(), source.name.into());
        metadata.insert("namespace".into(), namespace.as_str().into());
        for (field, map) in [("labels", &source.labels), ("annotations", &tools)] {
            if !map.is_empty() {
                metadata.insert(field.into(), json!(map));
            }
        }
        let labels = source
            .labels
            .into_iter()
            .filter(|(key, _)| !is_of_tool(key))
            .collect();
        let template = OutputTemplate::new(
            source.secret_type,
            source.immutable,
            labels,
            annotations,
            BTreeMap::new(),
        )?;
        let values = source
            .values
            .into_iter()
            .map(|(key, value)| (key, value.plaintext))
            .collect();
        let Manner { scope, binding, .. } = *manner;
        let request = SealRequest {
            namespace,
            name,
            scope,
            values,
            template,
            binding,
        };
        Ok(Self {
            request,
            metadata,
            moves,
        })
    }

    /// The whole resource around a sealed envelope, and where the comments of the Secret belong now.
    pub(crate) fn resource(self, envelope: &Envelope) -> (Value, Vec<Move>) {
        let resource = json!({
            "apiVersion": api::API_VERSION,
            "kind": api::SECRET_ENVELOPE,
            "metadata": self.metadata,
            "spec": SecretEnvelopeSpec::from(envelope),
        });
        (resource, self.moves)
    }
}

fn moves() -> Vec<Move> {
    let mut moves: Vec<_> = ["stringData", "data"]
        .map(|field| Move::new([field], ["spec", "data"]))
        .into();
    moves.extend(["type", "immutable"].map(|field| Move::new([field], template([field]))));
    moves
}

fn template<const N: usize>(below: [&str; N]) -> Path {
    ["spec", "template"].into_iter().chain(below).collect()
}

/// A field that does not exist is most likely a typing error, and what it says would be lost.
fn refuse_unknown(source: &SecretSource) -> Result<(), SecretError> {
    if let Some(field) = source.other_fields.first() {
        return Err(SecretError::UnknownField(shown(field)));
    }
    match source
        .other_metadata
        .iter()
        .find(|field| !DROPPED.contains(&field.as_str()))
    {
        Some(field) => Err(SecretError::UnknownField(format!(
            "metadata.{}",
            shown(field)
        ))),
        None => Ok(()),
    }
}

fn shown(field: &str) -> String {
    field
        .chars()
        .take(64)
        .flat_map(char::escape_debug)
        .collect()
}

fn is_of_tool(key: &str) -> bool {
    TOOLS.iter().any(|prefix| key.starts_with(prefix))
}

impl Fault for SecretError {
    fn blame(&self) -> Blame {
        match self {
            Self::Template(error) => error.blame(),
            _ => Blame::Input,
        }
    }

    fn hint(&self) -> Option<Cow<'static, str>> {
        Some(Cow::Borrowed(match self {
            Self::NoName { generated: true } => {
                "an envelope needs a name of its own: write `name` instead of `generateName`"
            }
            Self::NoName { generated: false } => "write `metadata.name`",
            Self::NoNamespace => "write `metadata.namespace`, or give it: `-n NAMESPACE`",
            Self::Name(..) => "mend it first: the cluster would not take it either",
            Self::UnknownField(_) => "remove it, or mend its spelling or its indentation",
            Self::Template(EnvelopeError::ReservedMetadata { .. }) => {
                "remove it; what `sealedsecrets.bitnami.com/cluster-wide` says is `--scope cluster` here"
            }
            Self::Template(EnvelopeError::Metadata { .. }) => {
                "mend it first: the cluster would not take it either"
            }
            Self::Template(error) => return error.hint(),
        }))
    }
}

/// `kubectl apply` keeps a whole copy of the Secret in it.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";
const GENERATE_NAME: &str = "generateName";
/// Labels and annotations by which tools act on the resource that lies in Git.
const TOOLS: [&str; 5] = [
    "argocd.argoproj.io/",
    "helm.sh/",
    "helm.toolkit.fluxcd.io/",
    "kustomize.toolkit.fluxcd.io/",
    "config.kubernetes.io/",
];
/// Our own annotations that have a meaning on an envelope.
const OF_RESOURCE: [&str; 2] = [api::SUSPEND_ANNOTATION, api::PLAIN_ANNOTATION];
/// What the API server adds to a live object.
const DROPPED: [&str; 11] = [
    GENERATE_NAME,
    "uid",
    "resourceVersion",
    "generation",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "finalizers",
    "managedFields",
    "ownerReferences",
    "selfLink",
];
