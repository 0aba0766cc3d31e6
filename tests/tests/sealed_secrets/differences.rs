//! Where the controller differs from Sealed Secrets' own on purpose. `beside.rs` asks both, and fails for a difference
//! that is not here as for one that is no more; docs/sealed-secrets.md shows the table.

/// A deliberate difference: what each of the two was seen to answer, and why they differ.
pub(crate) struct Difference {
    /// The name of a case in `beside.rs`.
    pub(crate) case: &'static str,
    pub(crate) theirs: &'static str,
    pub(crate) ours: &'static str,
    pub(crate) why: &'static str,
}

pub(crate) const DIFFERENCES: [Difference; 7] = [
    Difference {
        case: "`/v1/verify` of more than 10 MiB",
        theirs: "500",
        ours: "413",
        why: "theirs reads bodies of any length; what comes after v0.40 answers so too",
    },
    Difference {
        case: "the type of what `/v1/rotate` answers",
        theirs: "`text/plain; charset=utf-8`",
        ours: "`application/json`",
        why: "it is what theirs means to say, too late",
    },
    Difference {
        case: "`/v1/rotate`: labels of the SealedSecret",
        theirs: "put into the template",
        ours: "kept",
        why: "rotation is about values",
    },
    Difference {
        case: "`/v1/rotate`: `kind` and `apiVersion`",
        theirs: "lost",
        ours: "there, there",
        why: "without them nobody can apply it",
    },
    Difference {
        case: "`/v1/rotate`: labels of the template",
        theirs: "lost",
        ours: "kept",
        why: "the Secret would lose them",
    },
    Difference {
        case: "`/v1/rotate`: templates",
        theirs: "lost",
        ours: "kept",
        why: "the Secret would lose its keys",
    },
    Difference {
        case: "`/v1/rotate` of an object out of the cluster",
        theirs: "its uid in the template, its type in the template",
        ours: "its type in the template",
        why: "a Secret can't have it",
    },
];

/// The same of what is reconciled: the cases are in `reconciled/cases.rs`.
pub(crate) const RECONCILED: [Difference; 15] = [
    Difference {
        case: "a template that fails with a value",
        theirs: "the value is in the status",
        ours: "the status names key, line and column",
        why: "who may write a SealedSecret and not read Secrets could read them so",
    },
    Difference {
        case: "a value that no key opens",
        theirs: "no key could decrypt secret (password)",
        ours: "value `password`: no key could decrypt it: it is sealed with another key or for another place; seal it anew with the certificate that `kubeseal --fetch-cert` shows, or bring the old key back",
        why: "#378, #480: theirs explains nothing",
    },
    Difference {
        case: "a value that lies under another name",
        theirs: "says that no key opens it",
        ours: "says where it belongs",
        why: "the same",
    },
    Difference {
        case: "the annotation of the scope, added later",
        theirs: "is passed over",
        ours: "opens",
        why: "it says where the values open",
    },
    Difference {
        case: "a Secret that somebody edits",
        theirs: "stays edited",
        ours: "is put back",
        why: "#1336, #1907: Git says what it should be",
    },
    Difference {
        case: "a Secret of somebody else that goes",
        theirs: "is not missed",
        ours: "is replaced by ours at once",
        why: "#1599, #1605: theirs tries five times within a second, then never again",
    },
    Difference {
        case: "`skip-set-owner-references` in the template",
        theirs: "Opaque; data password=hunter2; annotations sealedsecrets.bitnami.com/skip-set-owner-references=true; not owned; not synced",
        ours: "Opaque; data a=new; annotations bulla.dev/adopted-by,sealedsecrets.bitnami.com/skip-set-owner-references=true; not owned; synced",
        why: "theirs makes the Secret, and then takes it for somebody else's",
    },
    Difference {
        case: "another type",
        theirs: "example.com/x; data password=hunter2; owned by SealedSecret true; not synced",
        ours: "example.com/y; data password=hunter2; owned by SealedSecret true; synced",
        why: "a Secret's type can't be changed: ours makes it anew",
    },
    Difference {
        case: "a change of an immutable Secret",
        theirs: "Opaque; data a=1; immutable; owned by SealedSecret true; not synced",
        ours: "Opaque; data a=2; immutable; owned by SealedSecret true; synced",
        why: "ours makes it anew",
    },
    Difference {
        case: "a ServiceAccount token",
        theirs: "is made",
        ours: "is refused",
        why: "who makes one has the rights of the account; `--allow-secret-types` allows it",
    },
    Difference {
        case: "a Secret that would be a key of Sealed Secrets",
        theirs: "is made",
        ours: "is refused",
        why: "in the namespace of the keys everybody would seal for it",
    },
    Difference {
        case: "the conditions",
        theirs: "Synced",
        ours: "Synced, Ready",
        why: "`kubectl wait` and Flux read `Ready`; `Synced` stays the first",
    },
    Difference {
        case: "the condition `Synced` when all is well",
        theirs: "True, reason none",
        ours: "True, reason Applied",
        why: "conditions have a reason",
    },
    Difference {
        case: "a key that comes while it runs",
        theirs: "opens nothing until a restart",
        ours: "opens what waits for it",
        why: "#414, #1819",
    },
    Difference {
        case: "a key that is called compromised while it runs",
        theirs: "opens until a restart",
        ours: "opens nothing",
        why: "somebody else has it",
    },
];
