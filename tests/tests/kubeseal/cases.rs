//! Cases that both do alike.

use crate::case::Case;

const SECRET: &str =
    "apiVersion: v1\nkind: Secret\nmetadata: {name: db, namespace: shop}\nstringData: {a: b}\n";
const NOWHERE: &str = "metadata: {name: db}\nstringData: {a: b}\n";
const KUBECONFIG: &str = "\
apiVersion: v1
kind: Config
current-context: c
contexts: [{name: c, context: {cluster: c, user: u, namespace: ours}}, {name: d, context: {cluster: c, user: u}}]
clusters: [{name: c, cluster: {server: 'http://127.0.0.1:1'}}]
users: [{name: u, user: {}}]
";
const IN_KUBECONFIG: &[(&str, &str)] = &[("KUBECONFIG", "kubeconfig")];
const KUBECONFIG_FILE: &[(&str, &str)] = &[("kubeconfig", KUBECONFIG)];

/// Cases of their own, with the first line of standard error where scripts look for it.
pub(crate) const CASES: &[(Case, Option<&str>)] = &[
    (
        Case::new("raw, strict", "--raw --cert tls.crt -n a --name b", "x\n"),
        None,
    ),
    (
        Case::new(
            "raw, namespace-wide",
            "--raw --cert tls.crt -n a --scope namespace-wide",
            "",
        ),
        None,
    ),
    (
        Case::new(
            "raw, cluster-wide",
            "--raw --cert tls.crt --scope cluster-wide",
            "x",
        ),
        None,
    ),
    (
        Case::new(
            "raw into a file",
            "--raw --cert tls.crt --scope cluster-wide -w out",
            "x",
        ),
        None,
    ),
    (
        Case::new(
            "raw from a file",
            "--raw --cert tls.crt -n a --name b --from-file value",
            "",
        )
        .files(&[("value", "x")]),
        None,
    ),
    (
        Case::new(
            "raw from a file with a key",
            "--raw --cert tls.crt -n a --name b --from-file=k=value",
            "",
        )
        .files(&[("value", "x")]),
        None,
    ),
    (
        Case::new(
            "raw from two files",
            "--raw --cert tls.crt -n a --name b --from-file x,y",
            "",
        ),
        Some("error: must provide only one --from-file when encrypting a single item with --raw"),
    ),
    (
        Case::new("raw without a name", "--raw --cert tls.crt -n a", "x"),
        Some("error: must provide the --name flag with --raw and --scope strict"),
    ),
    (
        Case::new(
            "raw in the namespace of the kubeconfig",
            "--raw --cert tls.crt --name b",
            "x",
        )
        .files(KUBECONFIG_FILE)
        .environment(IN_KUBECONFIG),
        None,
    ),
    (
        Case::new("a file without raw", "--from-file x", ""),
        Some("error: --from-file requires --raw"),
    ),
    (
        Case::new("another format", "--cert tls.crt -o xml", SECRET),
        Some("error: unsupported output format: xml"),
    ),
    (
        Case::new("nothing", "--cert tls.crt", ""),
        Some("error: no secrets found. Ensure the input is valid and UTF-8 encoded"),
    ),
    (
        Case::new(
            "no name",
            "--cert tls.crt",
            "metadata: {namespace: a}\nstringData: {a: b}\n",
        ),
        Some("error: missing metadata.name in input Secret"),
    ),
    (
        Case::new("no namespace", "--cert tls.crt", NOWHERE),
        Some("error: secret must declare a namespace"),
    ),
    (
        Case::new("another namespace", "--cert tls.crt -n other", SECRET),
        Some(
            "error: namespace mismatch: input secret is in namespace \"shop\" but \"other\" was specified",
        ),
    ),
    (
        Case::new(
            "no data",
            "--cert tls.crt",
            "kind: Secret\nmetadata: {name: a, namespace: b}\n",
        ),
        Some(
            "error: secret.data is empty in input Secret, assuming this is an error and aborting. To work with empty data, --allow-empty-data can be used",
        ),
    ),
    (
        Case::new(
            "the namespace of the context",
            "--cert tls.crt -o yaml",
            NOWHERE,
        )
        .files(KUBECONFIG_FILE)
        .environment(IN_KUBECONFIG),
        None,
    ),
    (
        Case::new(
            "a context without a namespace",
            "--cert tls.crt --context d --kubeconfig kubeconfig",
            NOWHERE,
        )
        .files(KUBECONFIG_FILE),
        None,
    ),
    (
        Case::new(
            "a context that is not there",
            "--cert tls.crt --context e --kubeconfig kubeconfig",
            NOWHERE,
        )
        .files(KUBECONFIG_FILE),
        None,
    ),
    (
        Case::new(
            "several kubeconfigs, one of which is not there",
            "--cert tls.crt",
            NOWHERE,
        )
        .files(KUBECONFIG_FILE)
        .environment(&[("KUBECONFIG", "nothing:kubeconfig:nothing")]),
        None,
    ),
    (
        Case::new("an empty kubeconfig", "--cert tls.crt", NOWHERE)
            .environment(&[("KUBECONFIG", "/dev/null")]),
        Some("error: secret must declare a namespace"),
    ),
    (
        Case::new(
            "a namespace in the input beside one in the context",
            "--cert tls.crt",
            SECRET,
        )
        .files(KUBECONFIG_FILE)
        .environment(IN_KUBECONFIG),
        None,
    ),
    (
        Case::new("flags from the environment", "", NOWHERE).environment(&[
            ("SEALED_SECRETS_CERT", "tls.crt"),
            ("SEALED_SECRETS_NAMESPACE", "env"),
            ("SEALED_SECRETS_FORMAT", "yaml"),
            ("SEALED_SECRETS_SCOPE", "namespace-wide"),
        ]),
        None,
    ),
    (
        Case::new(
            "flags beat the environment",
            "--cert tls.crt -n flag --scope=strict",
            NOWHERE,
        )
        .environment(&[
            ("SEALED_SECRETS_CERT", "nothing"),
            ("SEALED_SECRETS_NAMESPACE", "env"),
            ("SEALED_SECRETS_SCOPE", "cluster-wide"),
        ]),
        None,
    ),
    (
        Case::new(
            "a switch from the environment",
            "--cert tls.crt --scope cluster-wide",
            "x",
        )
        .environment(&[("SEALED_SECRETS_RAW", "t")]),
        None,
    ),
    (
        Case::new("an empty variable", "--cert tls.crt", SECRET)
            .environment(&[("SEALED_SECRETS_SCOPE", "")]),
        None,
    ),
    (
        Case::new(
            "flags of the logger and words that are none",
            "word --cert=tls.crt --v=4 -v 2 --logtostderr --alsologtostderr=false --vmodule a=1 --log_file_max_size 3 word",
            SECRET,
        ),
        None,
    ),
    (
        Case::new(
            "a switch that is off",
            "--cert tls.crt --raw=false --validate=F",
            SECRET,
        ),
        None,
    ),
    (
        Case::new("an empty format", "--cert tls.crt --format=", SECRET),
        None,
    ),
    (
        Case::new(
            "the last one counts",
            "--cert x --cert tls.crt -o yaml -o json",
            SECRET,
        ),
        None,
    ),
    (
        Case::new("a file that is not there", "--cert tls.crt -f nothing", ""),
        None,
    ),
    (
        Case::new("a certificate that is not there", "--cert nothing", SECRET),
        None,
    ),
    (
        Case::new(
            "a certificate by URL of a file",
            "--cert file:tls.crt",
            SECRET,
        ),
        None,
    ),
    (
        Case::new("another scheme", "--cert gopher://x", SECRET),
        None,
    ),
    (
        Case::new("nobody at the URL", "--cert http://127.0.0.1:1/x", SECRET),
        None,
    ),
    (
        Case::new("an expired certificate", "--cert expired.crt", SECRET),
        None,
    ),
    (
        Case::new("a certificate of another kind", "--cert ec.crt", SECRET),
        None,
    ),
    (
        Case::new("a plain public key", "--cert plain.pub", SECRET),
        None,
    ),
    (
        Case::new("a private key for a certificate", "--cert tls.key", SECRET),
        None,
    ),
    (
        Case::new(
            "printing the certificate",
            "--fetch-cert --cert tls.crt",
            "",
        ),
        None,
    ),
    (
        Case::new(
            "the certificate into a file",
            "--fetch-cert --cert tls.crt -w out",
            "",
        ),
        None,
    ),
    (Case::new("no cluster", "", SECRET), None),
    (
        Case::new(
            "a cluster that does not answer",
            "--kubeconfig kubeconfig --fetch-cert",
            "",
        )
        .files(KUBECONFIG_FILE),
        None,
    ),
    (Case::new("nobody to validate", "--validate", SEALED), None),
    (
        Case::new("nobody to re-encrypt", "--re-encrypt", SEALED),
        None,
    ),
    (
        Case::new(
            "a key that is not there",
            "--recovery-unseal --recovery-private-key x",
            SEALED,
        ),
        None,
    ),
    (
        Case::new(
            "the wrong key",
            "--recovery-unseal --recovery-private-key other.key",
            SEALED,
        ),
        None,
    ),
    (Case::new("no key", "--recovery-unseal", SEALED), None),
    (
        Case::new(
            "a Secret to open",
            "--recovery-unseal --recovery-private-key tls.key",
            SECRET,
        ),
        None,
    ),
    (
        Case::new(
            "garbage to open",
            "--recovery-unseal --recovery-private-key tls.key",
            "x",
        ),
        None,
    ),
    (
        Case::new(
            "no file to merge into",
            "--cert tls.crt --merge-into nothing",
            SECRET,
        ),
        None,
    ),
    (
        Case::new(
            "a Secret to merge into",
            "--cert tls.crt --merge-into file",
            SECRET,
        )
        .files(&[("file", SECRET)]),
        None,
    ),
    (
        Case::new(
            "merging in another namespace",
            "--cert tls.crt --merge-into file -n other",
            SECRET,
        )
        .files(&[("file", SEALED)]),
        Some(
            "error: namespace mismatch: input secret is in namespace \"shop\" but \"other\" was specified",
        ),
    ),
];

const SEALED: &str = "\
apiVersion: bitnami.com/v1alpha1
kind: SealedSecret
metadata: {name: db, namespace: shop}
spec: {encryptedData: {a: AgA}, template: {metadata: {name: db, namespace: shop}}}
";
