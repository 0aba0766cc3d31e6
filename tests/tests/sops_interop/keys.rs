//! Keys of ssh and plug-ins: what one program encrypts for them, the other decrypts, from wherever keys are found.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use bulla_tests::{peers, programs, target};

use crate::real::program;

const PLAIN: &str = "a: b\nc:\n    - 1\n";

struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        let place = Self(tempfile::tempdir().unwrap());
        for folder in ["bin", "home"] {
            fs::create_dir(place.path(folder)).unwrap();
        }
        fs::write(place.path("plain.yaml"), PLAIN).unwrap();
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn run(
        &self,
        program: &Path,
        words: &[&str],
        variables: &[(&str, &str)],
    ) -> Result<String, String> {
        let path = std::env::var("PATH").unwrap();
        let output = Command::new(program)
            .args(words)
            .current_dir(self.0.path())
            .env_clear()
            .env("HOME", self.path("home"))
            .env("PATH", format!("{}:{path}", self.path("bin").display()))
            .env("PLUGIN_LOG", self.path("log"))
            .envs(variables.iter().copied())
            .output()
            .unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        match output.status.success() {
            true => Ok(text(&output.stdout)),
            false => Err(text(&output.stderr)),
        }
    }

    /// Encrypted by the first, decrypted by the second; gives the file.
    fn across(&self, by: &Path, to: &Path, recipients: &str, variables: &[(&str, &str)]) -> String {
        let allowed = [("BULLA_PLUGINS", "shtest")];
        let words = ["encrypt", "--age", recipients, "plain.yaml"];
        let file = self.run(by, &words, &allowed).unwrap();
        fs::write(self.path("file.yaml"), &file).unwrap();
        let opened = self.run(to, &["decrypt", "file.yaml"], variables);
        assert_eq!(opened.as_deref(), Ok(PLAIN), "{variables:?}");
        file
    }

    fn keygen(&self, name: &str, arguments: &[&str]) -> String {
        let file = self.path(name).display().to_string();
        let arguments = [arguments, &["-q", "-N", "", "-C", "me@host", "-f", &file]].concat();
        self.run(Path::new("ssh-keygen"), &arguments, &[]).unwrap();
        let line = fs::read_to_string(self.path(&format!("{name}.pub"))).unwrap();
        line.trim_end().to_owned()
    }
}

fn ours() -> PathBuf {
    programs::bulla_called("sops")
}

#[test]
fn keys_of_ssh_open_from_every_place() {
    let place = Place::new();
    let both = [ours(), program().to_owned()];
    fs::create_dir(place.path("home/.ssh")).unwrap();
    for (kind, arguments) in [
        ("ed25519", &["-t", "ed25519"][..]),
        ("rsa", &["-t", "rsa", "-b", "2048"]),
    ] {
        let name = format!("home/.ssh/id_{kind}");
        let recipient = place.keygen(&name, arguments);
        let key = place.path(&name).display().to_string();
        let command = format!("cat '{key}'");
        for by in &both {
            for to in &both {
                for variables in [
                    &[][..],
                    &[("SOPS_AGE_SSH_PRIVATE_KEY_FILE", key.as_str())],
                    &[("SOPS_AGE_SSH_PRIVATE_KEY_CMD", command.as_str())],
                ] {
                    let file = place.across(by, to, &recipient, variables);
                    assert!(
                        file.contains(&format!("recipient: {recipient}\n")),
                        "{file}"
                    );
                }
            }
        }
    }
}

/// A plug-in that age's own framework runs, and ours in shell.
#[test]
fn plugins_open_for_both() {
    let place = Place::new();
    std::os::unix::fs::symlink(peers::age_plugin_pq(), place.path("bin/age-plugin-pq")).unwrap();
    let script = place.path("bin/age-plugin-shtest");
    fs::copy(
        target::workspace().join("tests/plugins/age-plugin-shtest"),
        &script,
    )
    .unwrap();
    fs::set_permissions(&script, PermissionsExt::from_mode(0o755)).unwrap();

    let keys = place.run(&peers::age_keygen(), &["-pq", "-o", "pq.txt"], &[]);
    keys.unwrap();
    let native = fs::read_to_string(place.path("pq.txt")).unwrap();
    let recipient = native
        .lines()
        .find_map(|line| line.strip_prefix("# public key: "));
    let recipient = recipient.unwrap();
    let plugin = place
        .run(&peers::age_plugin_pq(), &["-identity", "pq.txt"], &[])
        .unwrap();
    fs::write(place.path("plugin.txt"), &plugin).unwrap();
    let shell = (
        "age1shtest1vf6kcmrpd082de",
        "AGE-PLUGIN-SHTEST-1VF6KCMRPMZAGFJ",
    );

    let both = [ours(), program().to_owned()];
    for by in &both {
        for to in &both {
            let file = place.path("plugin.txt").display().to_string();
            place.across(by, to, recipient, &[("SOPS_AGE_KEY_FILE", &file)]);
            place.across(by, to, shell.0, &[("SOPS_AGE_KEY", shell.1)]);
            let command = format!("cat '{file}'");
            place.across(by, to, recipient, &[("SOPS_AGE_KEY_CMD", &command)]);
        }
    }
    // What the user's keys don't bring along, a file does not.
    let words = ["encrypt", "--age", shell.0, "plain.yaml"];
    let refused = place.run(&ours(), &words, &[]).unwrap_err();
    assert!(
        refused.contains("refusing to run plug-in `shtest`"),
        "{refused}"
    );
}
