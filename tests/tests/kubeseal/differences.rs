//! Where our `kubeseal` differs on purpose: the table in docs/sealed-secrets.md is made of this one.

use bulla_tests::difference;
use bulla_tests::difference::row;

use crate::case::{COMMENTED, Case, EMPTY, PLAIN, SECRET, TWICE, WIDE};

pub(crate) type Difference = difference::Difference<Case>;

/// All of them.
pub(crate) const DIFFERENCES: &[Difference] = &[
    row(
        Case::new("`--version`", "--version", ""),
        ("`kubeseal version: 0.40.0`", 0),
        ("`kubeseal version: 0.40.0+bulla.VERSION`", 0),
        "the third word is still a version that scripts can compare",
    ),
    row(
        Case::new("`--help`", "--help", ""),
        ("pflag's list", 0),
        ("the same flags, in sections", 0),
        "the texts are our own",
    ),
    row(
        Case::new("an unknown flag, or a wrong value", "--bogus", ""),
        ("the whole usage and the error on standard output", 2),
        ("the error on standard error", 2),
        "standard output is data",
    ),
    row(
        Case::new(
            "a wrong value in a `SEALED_SECRETS_*` variable",
            "--cert tls.crt",
            SECRET,
        )
        .environment(&[("SEALED_SECRETS_SCOPE", "bogus")]),
        ("passes over it, and seals with the default", 0),
        ("an error", 2),
        "somebody meant something by it",
    ),
    row(
        Case::new(
            "a document that is no YAML",
            "--cert tls.crt -o yaml",
            "a: [\n---\nkind: Secret\nmetadata: {name: a, namespace: b}\nstringData: {a: b}\n",
        ),
        ("leaves it out without a word", 0),
        ("an error with its line", 1),
        "a Secret would be missing, and nobody would know",
    ),
    row(
        Case::new(
            "a document that is no object",
            "--cert tls.crt -o yaml",
            "text\n---\nkind: Secret\nmetadata: {name: a, namespace: b}\nstringData: {a: b}\n",
        ),
        ("leaves it out without a word", 0),
        ("an error with its line", 1),
        "the same",
    ),
    row(
        Case::new(
            "a later document that can't be sealed",
            "--cert tls.crt",
            "kind: Secret\nmetadata: {name: a, namespace: b}\nstringData: {a: b}\n---\nkind: Secret\nmetadata: {name: b, namespace: b}\n",
        ),
        ("prints the documents before it", 1),
        ("prints nothing", 1),
        "a failed run leaves no trace",
    ),
    row(
        Case::new(
            "a ConfigMap",
            "--cert tls.crt",
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: b}\ndata: {a: abcd}\n",
        ),
        ("seals it as a Secret", 0),
        ("an error that names the kind", 1),
        "its text would be taken for base64",
    ),
    row(
        Case::new(
            "a List of Secrets",
            "--cert tls.crt --allow-empty-data",
            "apiVersion: v1\nkind: List\nmetadata: {name: a, namespace: b}\nitems: [{apiVersion: v1, kind: Secret, metadata: {name: a, namespace: b}, stringData: {a: b}}]\n",
        ),
        ("makes a SealedSecret without values of it", 0),
        ("an error that names the kind", 1),
        "its Secrets would be lost",
    ),
    row(
        Case::new(
            "`name: n`, `yes` as a value, `0777`",
            "--cert tls.crt",
            "kind: Secret\nmetadata: {name: n, namespace: b}\nstringData: {a: b}\n",
        ),
        ("reads YAML 1.1: the name is `false`", 0),
        ("an error with its line, and the hint to quote it", 1),
        "no two readers agree on what it says",
    ),
    row(
        Case::new(
            "a value that is null",
            "--cert tls.crt",
            "kind: Secret\nmetadata: {name: a, namespace: b}\nstringData: {a: }\n",
        ),
        ("seals nothing as its value", 0),
        ("an error with its line", 1),
        "somebody forgot it",
    ),
    row(
        Case::new(
            "a fraction as a value that Go writes in another way",
            "--cert tls.crt",
            "kind: Secret\nmetadata: {name: a, namespace: b}\nstringData: {a: 1.10}\n",
        ),
        ("seals `1.1`", 0),
        ("an error with its line", 1),
        "it is another text than the one in the file",
    ),
    row(
        Case::new(
            "a key twice",
            "--cert tls.crt",
            "kind: Secret\nmetadata: {name: a, namespace: b}\nstringData: {a: b, a: c}\n",
        ),
        ("the last one counts", 0),
        ("an error with its line", 1),
        "readers disagree on which one counts",
    ),
    row(
        Case::new(
            "a merge key",
            "--cert tls.crt",
            "x: &x {a: b}\nkind: Secret\nmetadata: {name: a, namespace: b}\nstringData: {<<: *x}\n",
        ),
        ("writes it out", 0),
        ("an error with its line", 1),
        "YAML 1.2 has none",
    ),
    row(
        Case::new(
            "a key that no Secret can have",
            "--cert tls.crt",
            "kind: Secret\nmetadata: {name: a, namespace: b}\nstringData: {\"a b\": c}\n",
        ),
        ("seals it", 0),
        ("an error", 1),
        "the API server refuses the Secret",
    ),
    row(
        Case::new(
            "a name that no resource can have",
            "--cert tls.crt",
            "kind: Secret\nmetadata: {name: A_B, namespace: b}\nstringData: {a: b}\n",
        ),
        ("seals it", 0),
        ("an error", 1),
        "the API server refuses the SealedSecret",
    ),
    row(
        Case::new(
            "`managedFields`",
            "--cert tls.crt -o yaml",
            "kind: Secret\nmetadata: {name: a, namespace: b, managedFields: [{manager: m, operation: Update}]}\nstringData: {a: b}\n",
        ),
        ("copies them into the template", 0),
        ("leaves them out", 0),
        "they are the API server's own notes",
    ),
    row(
        Case::new(
            "line breaks of YAML 1.1 in an annotation, as YAML",
            "--cert tls.crt -o yaml",
            "{\"kind\": \"Secret\", \"metadata\": {\"name\": \"a\", \"namespace\": \"b\", \"annotations\": {\"k\": \"x\\u0085y\"}}, \"stringData\": {\"a\": \"b\"}}",
        ),
        ("turns them into blanks", 0),
        ("escapes them", 0),
        "the text stays what it was",
    ),
    row(
        Case::new(
            "a control character in an annotation, as YAML",
            "--cert tls.crt -o yaml",
            "{\"kind\": \"Secret\", \"metadata\": {\"name\": \"a\", \"namespace\": \"b\", \"annotations\": {\"k\": \"x\\u007fy\"}}, \"stringData\": {\"a\": \"b\"}}",
        ),
        ("prints `---` and then an error", 1),
        ("escapes it", 0),
        "the text stays what it was",
    ),
    row(
        Case::new("`-w` to a new file", "--cert tls.crt -w out.yaml", SECRET),
        ("mode 0600", 0),
        ("as the umask says; a file that is there keeps its mode", 0),
        "what is sealed is made to be shared",
    ),
    row(
        Case::new("an RSA key below 2048 bits", "--cert small.crt", SECRET),
        ("seals with it", 0),
        ("an error that says so", 1),
        "it can be broken",
    ),
    row(
        Case::new(
            "`--fetch-cert` where there is no certificate",
            "--fetch-cert --cert tls.key",
            "",
        ),
        ("prints whatever is there, here a private key", 0),
        ("an error", 1),
        "it would be committed as a certificate",
    ),
    row(
        Case::new(
            "`--merge-into` a file with comments and other documents",
            "--cert tls.crt --merge-into file -o yaml",
            "stringData: {c: d}\n",
        )
        .files(&[("file", COMMENTED)]),
        ("drops both, and sorts the fields", 0),
        ("adds the values, and leaves every other byte as it was", 0),
        "the file is somebody's",
    ),
    row(
        Case::new(
            "`--merge-into` a YAML file without `-o yaml`",
            "--cert tls.crt --merge-into file",
            "stringData: {c: d}\n",
        )
        .files(&[("file", PLAIN)]),
        ("turns it into JSON", 0),
        ("keeps its language", 0),
        "the same",
    ),
    row(
        Case::new(
            "`--merge-into` with labels or annotations that the file's template has none of",
            "--cert tls.crt --merge-into file -o yaml",
            "metadata: {labels: {a: b}}\nstringData: {c: d}\n",
        )
        .files(&[("file", PLAIN)]),
        ("panics", 2),
        ("adds them", 0),
        "it is what was asked for",
    ),
    row(
        Case::new(
            "`--merge-into` a SealedSecret of a wider scope",
            "--cert tls.crt --merge-into file -o yaml",
            "stringData: {c: d}\n",
        )
        .files(&[("file", WIDE)]),
        ("seals for the strict scope: nothing opens any more", 0),
        ("seals for the scope of the file", 0),
        "all values of a SealedSecret have one scope",
    ),
    row(
        Case::new(
            "`--merge-into` with a scope other than the file's",
            "--cert tls.crt --merge-into file --scope cluster-wide",
            "stringData: {c: d}\n",
        )
        .files(&[("file", PLAIN)]),
        ("panics", 2),
        ("an error", 1),
        "the same",
    ),
    row(
        Case::new(
            "`--merge-into` with several Secrets",
            "--cert tls.crt --merge-into file -o yaml",
            "stringData: {c: d}\n---\nstringData: {e: f}\n",
        )
        .files(&[("file", PLAIN)]),
        ("adds the first one", 0),
        ("adds all of them", 0),
        "nobody asked for less",
    ),
    row(
        Case::new(
            "`--merge-into` together with `-w`",
            "--cert tls.crt --merge-into file -o yaml -w out",
            "stringData: {c: d}\n",
        )
        .files(&[("file", PLAIN)]),
        ("leaves an empty file under that name", 0),
        ("changes the one file only", 0),
        "nothing belongs into it",
    ),
    row(
        Case::new(
            "`--rotate`, the old name of `--re-encrypt`",
            "--rotate",
            EMPTY,
        ),
        (
            "says on standard output, before the SealedSecret, that it is old",
            1,
        ),
        ("says so on standard error", 1),
        "standard output is data",
    ),
    row(
        Case::new("`--validate` of nothing", "--validate", ""),
        ("done, once the cluster has been found", 1),
        ("an error before anything is asked", 1),
        "nothing was validated",
    ),
    row(
        Case::new(
            "`--recovery-unseal` of nothing",
            "--recovery-unseal --recovery-private-key tls.key",
            "",
        ),
        ("prints a Secret without a name", 0),
        ("an error", 1),
        "nothing was opened",
    ),
    row(
        Case::new(
            "`--recovery-unseal` of a SealedSecret without values",
            "--recovery-unseal --recovery-private-key tls.key",
            EMPTY,
        ),
        ("prints an owner reference without a uid", 0),
        ("leaves it out", 0),
        "the API server refuses the Secret with it",
    ),
    row(
        Case::new(
            "`--recovery-unseal` of several SealedSecrets",
            "--recovery-unseal --recovery-private-key tls.key -o yaml",
            TWICE,
        ),
        ("opens the first one", 0),
        ("opens all of them, or none", 0),
        "nobody asked for less",
    ),
    row(
        Case::new(
            "a field that no Secret has",
            "--cert tls.crt",
            "kind: Secret\nmetadata: {name: a, namespace: b}\nstringdata: {c: d}\nstringData: {a: b}\n",
        ),
        ("leaves it out without a word", 0),
        ("leaves it out with a warning", 0),
        "it may be a misspelt one",
    ),
    row(
        Case::new(
            "`--allow-expired-cert`",
            "--cert expired.crt --allow-expired-cert",
            SECRET,
        ),
        ("no such flag", 2),
        ("seals with a certificate that has expired", 0),
        "a cluster whose certificate has expired still has its key",
    ),
];
