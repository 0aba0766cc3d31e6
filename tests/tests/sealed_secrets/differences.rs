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
