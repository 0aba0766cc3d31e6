//! `--user`: this program becomes that user for good, before anything is started.

use std::process::Command;

use super::error::{CommandError, Ended};
use super::grammar::Flag;
use super::line::Line;

/// Becomes the user that the line names, if it names one.
pub(super) fn become_named(line: &Line) -> Result<(), Ended> {
    let Some(name) = line.text(Flag::User)? else {
        return Ok(());
    };
    let [user] = ids(name, "-u")?[..] else {
        return Err(CommandError::NoUser(name.to_owned()).into());
    };
    let [group] = ids(name, "-g")?[..] else {
        return Err(CommandError::NoUser(name.to_owned()).into());
    };
    let groups = ids(name, "-G")?;
    become_ids(user, group, &groups).map_err(|source| {
        let what = "the command as another user";
        CommandError::Run { what, source }.into()
    })
}

/// Asks `id`, which knows every directory of users that this machine goes by.
fn ids(name: &str, which: &str) -> Result<Vec<u32>, Ended> {
    let unknown = || CommandError::NoUser(name.to_owned());
    if name.starts_with('-') {
        return Err(unknown().into());
    }
    let output = Command::new("id").args([which, "--", name]).output();
    let output = output.map_err(|source| CommandError::Run {
        what: "`id`",
        source,
    })?;
    if !output.status.success() {
        return Err(unknown().into());
    }
    let text = String::from_utf8_lossy(&output.stdout);
    let ids = text.split_whitespace().map(str::parse);
    Ok(ids.collect::<Result<_, _>>().map_err(|_| unknown())?)
}

/// Groups first: the user may not change them any more. There is one thread yet, so all of the program changes.
#[cfg(target_os = "linux")]
fn become_ids(user: u32, group: u32, groups: &[u32]) -> std::io::Result<()> {
    use rustix::process::{Gid, Uid};
    use rustix::thread::{set_thread_gid, set_thread_groups, set_thread_uid};

    let groups: Vec<Gid> = groups.iter().map(|group| Gid::from_raw(*group)).collect();
    set_thread_groups(&groups)?;
    set_thread_gid(Gid::from_raw(group))?;
    set_thread_uid(Uid::from_raw(user))?;
    Ok(())
}

#[cfg(not(target_os = "linux"))]
fn become_ids(_: u32, _: u32, _: &[u32]) -> std::io::Result<()> {
    Err(std::io::ErrorKind::Unsupported.into())
}
