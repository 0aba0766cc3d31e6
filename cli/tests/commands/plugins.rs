//! Plug-ins: a small one of our own, and hostile ones that loop, print garbage, fall silent or end early.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::support::{CANARY, Repo, Run, has, run, secret};
use crate::terminal::on_terminal_with;

const HONEST: &str = include_str!("../../../tests/plugins/age-plugin-shtest");
pub(crate) const RECIPIENT: &str = "age1shtest1vf6kcmrpd082de";
const IDENTITY: &str = "AGE-PLUGIN-SHTEST-1VF6KCMRPMZAGFJ";

pub(crate) struct Stage {
    pub(crate) repo: Repo,
}

impl Stage {
    pub(crate) fn new() -> Self {
        let stage = Self { repo: Repo::new() };
        stage.plugin("shtest", HONEST);
        fs::write(
            stage.repo.path("shtest.key"),
            format!("# a comment\n{IDENTITY}\n"),
        )
        .unwrap();
        stage.repo.write(
            ".bulla.yaml",
            format!(
                "people: {{alice: {{recipients: [{RECIPIENT}]}}}}\nrules:\n\
                 - {{path: clusters/**, for: [alice]}}\n\
                 - {{path: strict/**, for: [alice], postQuantum: required}}\n"
            ),
        );
        stage.repo.write("clusters/db.yaml", secret("db"));
        stage
    }

    fn plugin(&self, name: &str, script: &str) {
        let path = self.repo.path(&format!("bin/age-plugin-{name}"));
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, script).unwrap();
        fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).unwrap();
    }

    pub(crate) fn run(&self, line: &str, variables: &[(&str, &str)]) -> Run {
        let mut command = self.repo.command();
        let path = std::env::var("PATH").unwrap();
        let path = format!("{}:{path}", self.repo.path("bin").display());
        command
            .args(self.repo.words(line))
            .env("PATH", path)
            .env("PLUGIN_LOG", self.repo.path("log"))
            .env("BULLA_PLUGIN_TIMEOUT", "2")
            .envs(variables.iter().copied());
        run(command, b"")
    }

    fn runs(&self) -> usize {
        let log = fs::read_to_string(self.repo.path("log")).unwrap_or_default();
        log.lines().count()
    }
}

#[test]
fn a_plugin_runs_only_where_the_users_own_configuration_allows_it() {
    let stage = Stage::new();
    let refused = stage.run("seal -i clusters/db.yaml", &[]).fails(5);
    assert!(
        refused
            .contains("refusing to run plug-in `shtest`: your own configuration does not allow it"),
        "{refused}"
    );
    assert!(
        refused.contains("`plugins: [shtest]`") && refused.contains("BULLA_PLUGINS=shtest"),
        "{refused}"
    );
    assert_eq!(stage.repo.read("clusters/db.yaml"), secret("db"));
    let other = stage.run(
        "seal -i clusters/db.yaml",
        &[("BULLA_PLUGINS", "yubikey,tpm")],
    );
    other.fails(5);
    assert_eq!(stage.runs(), 0);

    let config = stage.repo.path("home/.config/bulla/config.yaml");
    fs::create_dir_all(config.parent().unwrap()).unwrap();
    fs::write(&config, "plugins: [yubikey, shtest]\n").unwrap();
    let sealed = stage.run("seal -i clusters/db.yaml", &[]);
    assert!(
        sealed.stderr.contains("shtest: hello [31m\n"),
        "{}",
        sealed.stderr
    );
    sealed.ok();
    assert_eq!(stage.runs(), 1);
    let seen = stage.run("inspect clusters/db.yaml", &[]).ok();
    assert!(seen.contains("alice (plug-in): not post-quantum"), "{seen}");
    let open = "open clusters/db.yaml -k password -I @shtest";
    assert_eq!(stage.run(open, &[]).ok(), CANARY);
    // What runs does not run in the repository.
    let log = fs::read_to_string(stage.repo.path("log")).unwrap();
    assert!(!log.contains("/work"), "{log}");

    let refused = stage.run(open, &[("BULLA_PLUGINS", "yubikey")]).fails(3);
    assert!(
        refused.contains("- refusing to run plug-in `shtest`"),
        "{refused}"
    );
    assert_eq!(stage.runs(), 2);
    for (config_text, why) in [
        ("plugin: [x]\n", "must be YAML like"),
        ("plugins: [../x]\n", "must be made of a-z"),
    ] {
        fs::write(&config, config_text).unwrap();
        stage.repo.write("clusters/other.yaml", secret("other"));
        let refused = stage.run("seal -i clusters/other.yaml", &[]).fails(5);
        assert!(refused.contains(why), "{refused}");
    }
}

#[test]
fn in_the_repository_there_is_nothing_that_runs() {
    let stage = Stage::new();
    // A program of that name in the repository, found by a relative path of the user's.
    stage
        .repo
        .write("age-plugin-shtest", "#!/bin/sh\ntouch ran\n");
    fs::set_permissions(
        stage.repo.file("age-plugin-shtest"),
        PermissionsExt::from_mode(0o755),
    )
    .unwrap();
    fs::remove_file(stage.repo.path("bin/age-plugin-shtest")).unwrap();
    for path in [".:/usr/bin:/bin", ":/usr/bin:/bin"] {
        let missing = stage.run(
            "seal -i clusters/db.yaml",
            &[("BULLA_PLUGINS", "shtest"), ("PATH", path)],
        );
        let missing = missing.fails(2);
        assert!(
            missing.contains("there is no `age-plugin-shtest`"),
            "{missing}"
        );
    }
    assert!(!stage.repo.file("ran").exists());
    let strict = stage.repo.write("strict/db.yaml", secret("db"));
    let refused = stage
        .run(
            &format!("seal -i {}", strict.display()),
            &[("BULLA_PLUGINS", "shtest")],
        )
        .fails(5);
    assert!(refused.contains("post-quantum"), "{refused}");
}

#[test]
fn a_plugin_is_asked_last_and_once_for_each_data_key() {
    let stage = Stage::new();
    let allowed = [("BULLA_PLUGINS", "shtest")];
    stage.run("seal -i clusters/db.yaml", &allowed).ok();
    stage
        .repo
        .write("clusters/copy.yaml", stage.repo.read("clusters/db.yaml"));
    let before = stage.runs();
    stage.run("open -R clusters -I @shtest", &allowed).ok();
    assert_eq!(stage.runs(), before + 1);
}

/// Two files with data keys of their own, one PIN.
#[test]
fn what_a_plugin_asks_for_is_asked_once() {
    if !has("script") {
        return;
    }
    let stage = Stage::new();
    let allowed = [("BULLA_PLUGINS", "shtest")];
    stage.repo.write("clusters/other.yaml", secret("other"));
    stage.run("seal -i -R clusters", &allowed).ok();
    // "PIN?", and "1234".
    let asking = HONEST.replace(
        "    if [ -n \"$body\" ]",
        "    say '-> request-secret' UElOPw; read -r ok; read -r pin\n    if [ \"$pin\" = MTIzNA ]",
    );
    assert_ne!(asking, HONEST);
    stage.plugin("shtest", &asking);
    let path = std::env::var("PATH").unwrap();
    let path = format!("{}:{path}", stage.repo.path("bin").display());
    let log = stage.repo.path("log").display().to_string();
    let variables = [allowed[0], ("PATH", &path), ("PLUGIN_LOG", &log)];
    let line = "open -R clusters --reveal -I @shtest";
    let opened = on_terminal_with(&stage.repo, line, &[("PIN?", "1234\n")], &variables);
    assert!(opened.contains("status=0"), "{opened}");
    assert_eq!(opened.matches("PIN?").count(), 1, "{opened}");
    assert!(!opened.contains("1234"), "{opened}");
}

#[test]
fn as_sops_the_users_identities_bring_their_plugin_and_recipients_do_not() {
    let stage = Stage::new();
    stage.repo.write("plain.yaml", "a: b\n");
    let encrypt = format!("sops encrypt --age {RECIPIENT} plain.yaml");
    let refused = stage.run(&encrypt, &[]);
    assert!(
        refused.status != 0 && refused.stderr.contains("refusing to run plug-in `shtest`"),
        "{}",
        refused.stderr
    );
    let sealed = stage.run(&encrypt, &[("BULLA_PLUGINS", "shtest")]).ok();
    stage.repo.write("sealed.yaml", &sealed);
    let opened = stage.run("sops decrypt sealed.yaml", &[("SOPS_AGE_KEY", IDENTITY)]);
    assert_eq!(opened.ok(), "a: b\n");
}

#[test]
fn hostile_plugins_are_bounded_and_named() {
    let stage = Stage::new();
    stage
        .run("seal -i clusters/db.yaml", &[("BULLA_PLUGINS", "shtest")])
        .ok();
    let cases = [
        (
            "while :; do printf -- '-> msg\\naGVsbG8\\n'; read -r _; read -r _; done",
            "talks without coming to an end",
        ),
        (
            "while :; do echo garbage; done",
            "does not keep to the protocol of age's plug-ins",
        ),
        (
            "head -c 1000000 /dev/zero",
            "does not keep to the protocol of age's plug-ins",
        ),
        ("exit 7", "ended before it was done (exit code 7)"),
        ("exec sleep 600", "has said nothing for 2 seconds"),
        (
            "printf -- '-> file-key 0\\nAAAA\\n'; read -r _",
            "does not keep to the protocol of age's plug-ins",
        ),
        (
            "printf -- '-> error internal\\nbm8gG1tmZnVu\\n'; read -r _",
            "plug-in `shtest` failed: no  [ffun",
        ),
        (
            "printf -- '-> file-key 0\\nAAAAAAAAAAAAAAAAAAAAAA\\n'; read -r _; read -r _; printf -- '-> done\\n\\n'",
            "the header of the age file was changed",
        ),
        (
            "printf -- '-> done\\n\\n'; exec sleep 600",
            "no key at hand opens",
        ),
    ];
    for (script, expected) in cases {
        stage.plugin("shtest", &format!("#!/bin/sh\n{script}\n"));
        let line = "open clusters/db.yaml -I @shtest";
        let failed = stage.run(line, &[("BULLA_PLUGINS", "shtest")]).fails(3);
        assert!(failed.contains(expected), "{script}\n{failed}");
        assert!(!failed.contains('\u{1b}'), "{failed:?}");
        // The same when it is to close, but where doing nothing would be enough.
        if !script.contains("file-key") && !script.contains("done\\n") {
            stage.repo.write("clusters/new.yaml", secret("new"));
            let failed = stage.run("seal -i clusters/new.yaml", &[("BULLA_PLUGINS", "shtest")]);
            assert!(
                failed.status != 0 && failed.stderr.contains(expected),
                "{script}\n{}",
                failed.stderr
            );
            assert_eq!(stage.repo.read("clusters/new.yaml"), secret("new"));
        }
    }
    // A plug-in that closes for two, or for nobody.
    for stanza in [
        "",
        "printf -- '-> recipient-stanza 0 a\\nAA\\n-> recipient-stanza 0 b\\nAA\\n'",
    ] {
        let script = format!("#!/bin/sh\n{stanza}\nprintf -- '-> done\\n\\n'\ncat > /dev/null\n");
        stage.plugin("shtest", &script);
        let failed = stage.run("seal -i clusters/new.yaml", &[("BULLA_PLUGINS", "shtest")]);
        assert!(
            failed.status != 0 && failed.stderr.contains("plug-in `shtest`"),
            "{}",
            failed.stderr
        );
        assert_eq!(stage.repo.read("clusters/new.yaml"), secret("new"));
    }
}
