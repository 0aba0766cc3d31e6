//! What a command line asks for.

/// A command, by whichever spelling.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Completion,
    ExecEnv,
    ExecFile,
    Publish,
    Keyservice,
    Filestatus,
    Groups,
    GroupsAdd,
    GroupsDelete,
    Updatekeys,
    Decrypt,
    Encrypt,
    Rotate,
    Edit,
    Set,
    Unset,
}
