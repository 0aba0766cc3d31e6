//! Our `kubeseal` against the real controller on a real API server, beside the real one.

use std::sync::OnceLock;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bulla_tests::{Cluster, Options, SealedSecretsController, target, wait};
use serde_json::Value;

use crate::run::{Place, Run, Whose, blanked};

struct Fixture {
    cluster: Cluster,
    controller: SealedSecretsController,
    kubeconfig: String,
}

/// A control plane with Sealed Secrets in `kube-system`, under the name of its own manifests.
fn fixture() -> &'static Fixture {
    static FIXTURE: OnceLock<Fixture> = OnceLock::new();
    FIXTURE.get_or_init(|| {
        let cluster = Cluster::start(Options::default());
        let controller = theirs(&cluster);
        cluster.expose(
            "kube-system",
            "sealed-secrets-controller",
            controller.port(),
        );
        cluster.kubectl_ok(&["create", "namespace", "shop"]);
        let kubeconfig = cluster.admin_kubeconfig().display().to_string();
        Fixture {
            cluster,
            controller,
            kubeconfig,
        }
    })
}

/// Sealed Secrets' own controller in `kube-system`, with keys that are quickly made and no limit on requests.
fn theirs(cluster: &Cluster) -> SealedSecretsController {
    let definition = target::workspace().join("deploy/crds/sealedsecrets.yaml");
    cluster.kubectl_ok(&["apply", "-f", &definition.display().to_string()]);
    cluster.kubectl_ok(&["wait", "--for=condition=Established", "crd", "--all"]);
    let flags = [
        "--key-size=2048",
        "--rate-limit=1000",
        "--rate-limit-burst=1000",
    ];
    SealedSecretsController::start(cluster, "kube-system", &cluster.admin_token(), &flags)
}

impl Fixture {
    fn run(&self, place: &Place, whose: Whose, arguments: &str, input: &str) -> Run {
        let environment = [("KUBECONFIG", self.kubeconfig.as_str())];
        place.run_with(whose, arguments, input.as_bytes(), &environment)
    }
}

const SECRET: &str = "\
apiVersion: v1
kind: Secret
metadata: {name: db, namespace: shop, labels: {app: shop}}
type: Opaque
stringData: {password: hunter2, user: admin}
";

#[test]
fn certificates_are_fetched_alike() {
    let fixture = fixture();
    let place = Place::new();
    for arguments in [
        "--fetch-cert",
        "--fetch-cert --controller-namespace=kube-system --controller-name sealed-secrets-controller",
    ] {
        for whose in [Whose::Theirs, Whose::Ours] {
            let run = fixture.run(&place, whose, arguments, "");
            assert_eq!(run.outcome.status, 0, "{}", run.stderr);
            assert_eq!(run.stdout, fixture.controller.certificate());
        }
    }
}

#[test]
fn what_is_sealed_with_the_fetched_certificate_the_controller_opens() {
    let fixture = fixture();
    let place = Place::new();
    let sealed = fixture.run(&place, Whose::Ours, "-o yaml", SECRET);
    assert_eq!(sealed.outcome.status, 0, "{}", sealed.stderr);
    let theirs = fixture.run(&place, Whose::Theirs, "-o yaml", SECRET);
    assert_eq!(blanked(&sealed.stdout), blanked(&theirs.stdout));
    fixture.cluster.apply(&sealed.stdout);
    let data = wait::eventually_blocking("the Secret is there", Duration::from_secs(30), || {
        let output = fixture
            .cluster
            .kubectl(&["get", "secret", "db", "-n", "shop", "-o", "json"]);
        let secret: Value = serde_json::from_slice(&output.stdout).ok()?;
        Some(secret["data"].clone())
    });
    assert_eq!(data["password"], STANDARD.encode("hunter2"));
    assert_eq!(data["user"], STANDARD.encode("admin"));
}

#[test]
fn validate_tells_what_opens_and_what_does_not() {
    let fixture = fixture();
    let place = Place::new();
    let sealed = fixture.run(&place, Whose::Ours, "-o yaml", SECRET).stdout;
    let moved = sealed.replace("name: db", "name: moved");
    for whose in [Whose::Theirs, Whose::Ours] {
        let opens = fixture.run(&place, whose, "--validate", &sealed);
        assert_eq!(
            (opens.outcome.status, opens.stdout.as_str()),
            (0, ""),
            "{}",
            opens.stderr
        );
        let closed = fixture.run(&place, whose, "--validate", &moved);
        assert_eq!((closed.outcome.status, closed.stdout.as_str()), (1, ""));
        let first = closed.stderr.lines().next();
        assert_eq!(
            first,
            Some("error: unable to decrypt sealed secret: moved"),
            "{whose:?}"
        );
    }
    // Every document is looked at.
    let both = format!(
        "{moved}{sealed}{}",
        sealed.replace("name: db", "name: other")
    );
    let run = fixture.run(&place, Whose::Ours, "--validate", &both);
    assert_eq!(run.outcome.status, 1);
    assert!(
        run.stderr.contains("secret: moved") && run.stderr.contains("secret: other"),
        "{}",
        run.stderr
    );
}

#[test]
fn re_encryption_is_printed_alike_and_opens() {
    let fixture = fixture();
    let place = Place::new();
    // With labels, the real controller loses them and the real kubeseal does not notice.
    let bare = SECRET.replace(", labels: {app: shop}", "");
    let sealed = fixture.run(&place, Whose::Theirs, "-o yaml", &bare).stdout;
    for flags in ["--re-encrypt", "--re-encrypt -o yaml"] {
        let [theirs, ours] =
            [Whose::Theirs, Whose::Ours].map(|whose| fixture.run(&place, whose, flags, &sealed));
        assert_eq!(
            ours.outcome, theirs.outcome,
            "{}{}",
            ours.stderr, theirs.stderr
        );
        assert_ne!(ours.stdout, sealed);
        let valid = fixture.run(&place, Whose::Theirs, "--validate", &ours.stdout);
        assert_eq!(valid.outcome.status, 0, "{}", valid.stderr);
    }
    let moved = sealed.replace("name: db", "name: moved");
    let refused = fixture.run(&place, Whose::Ours, "--re-encrypt", &moved);
    assert_eq!((refused.outcome.status, refused.stdout.as_str()), (1, ""));
    assert!(
        refused.stderr.contains("SealedSecret `moved`"),
        "{}",
        refused.stderr
    );
}

/// Facts, section 5: labels, annotations and `template.data` are lost on the way through the controller; comments,
/// other documents and the mode of the file in `kubeseal`.
#[test]
fn re_encryption_in_place_loses_nothing() {
    let fixture = fixture();
    let place = Place::new();
    let sealed = fixture.run(&place, Whose::Ours, "-o yaml", SECRET).stdout;
    let file = sealed
        .replace("---\n", "# Who made it\n")
        .replace(
            "metadata:\n  name: db",
            "metadata:\n  labels: {on: object} # kept\n  name: db",
        )
        .replace(
            "  template:\n",
            "  template:\n    data: {url: \"{{ .user }}:{{ .password }}\"}\n",
        )
        + "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: other}\n";
    let file = file.replace("{on: object}", "{\"on\": object}");
    place.write("file.yaml", &file);
    place.set_mode("file.yaml", 0o640);
    let run = fixture.run(&place, Whose::Ours, "--re-encrypt -f file.yaml", "");
    assert_eq!(
        (run.outcome.status, run.stdout.as_str()),
        (0, ""),
        "{}",
        run.stderr
    );
    let after = place.read("file.yaml");
    assert_ne!(after, file);
    assert_eq!(blanked(&after), blanked(&file));
    assert_eq!(place.mode("file.yaml"), 0o640);
    let first = after.split("---\n").next().unwrap();
    let valid = fixture.run(&place, Whose::Theirs, "--validate", first);
    assert_eq!(valid.outcome.status, 0, "{}", valid.stderr);
    // A value that does not open leaves the file as it is.
    let broken = after.replace("name: db", "name: moved");
    place.write("file.yaml", &broken);
    let run = fixture.run(&place, Whose::Ours, "--re-encrypt -f file.yaml", "");
    assert_eq!(run.outcome.status, 1);
    assert_eq!(place.read("file.yaml"), broken);
}

#[test]
fn merging_with_the_certificate_of_the_controller() {
    let fixture = fixture();
    let place = Place::new();
    let sealed = fixture.run(&place, Whose::Ours, "-o yaml", SECRET).stdout;
    place.write("file.yaml", &sealed);
    let run = fixture.run(
        &place,
        Whose::Ours,
        "--merge-into file.yaml",
        "stringData: {more: x}\n",
    );
    assert_eq!(run.outcome.status, 0, "{}", run.stderr);
    let merged = place.read("file.yaml");
    assert!(merged.contains("    more: "), "{merged}");
    let valid = fixture.run(&place, Whose::Theirs, "--validate", &merged);
    assert_eq!(valid.outcome.status, 0, "{}", valid.stderr);
}

#[test]
fn a_controller_of_another_name_is_looked_for() {
    let fixture = fixture();
    let place = Place::new();
    // Where nothing is, and nothing is the default, no other Service is asked.
    let run = fixture.run(
        &place,
        Whose::Ours,
        "--fetch-cert --controller-name nobody",
        "",
    );
    assert_eq!(run.outcome.status, 1);
    assert!(
        run.stderr
            .starts_with("error: cannot get sealed secret service: services \"nobody\" not found"),
        "{}",
        run.stderr
    );
    // A Service elsewhere is named, and not asked: anybody could have made it.
    let cluster = &fixture.cluster;
    cluster.kubectl_ok(&[
        "create",
        "service",
        "clusterip",
        "sealed-secrets",
        "--tcp=80",
        "-n",
        "shop",
    ]);
    cluster.kubectl_ok(&[
        "label",
        "service",
        "sealed-secrets",
        "-n",
        "shop",
        "app.kubernetes.io/name=sealed-secrets",
    ]);
    let run = fixture.run(
        &place,
        Whose::Ours,
        "--fetch-cert --controller-name nobody",
        "",
    );
    let flags = "--controller-name sealed-secrets --controller-namespace shop";
    assert!(run.stderr.contains(flags), "{}", run.stderr);
    assert_eq!((run.outcome.status, run.stdout.as_str()), (1, ""));
}

#[test]
fn kubectls_flags_beat_the_kubeconfig() {
    let fixture = fixture();
    let place = Place::new();
    let text = std::fs::read(&fixture.kubeconfig).unwrap();
    let kubeconfig: Value = serde_json::from_slice(&text).unwrap();
    let text = |pointer: &str| {
        kubeconfig
            .pointer(pointer)
            .and_then(Value::as_str)
            .unwrap()
            .to_owned()
    };
    let authority = STANDARD
        .decode(text("/clusters/0/cluster/certificate-authority-data"))
        .unwrap();
    place.write("authority.crt", authority);
    let (server, token) = (
        text("/clusters/0/cluster/server"),
        text("/users/0/user/token"),
    );
    let alone = format!(
        "--fetch-cert --server {server} --token {token} --certificate-authority authority.crt"
    );
    let insecure =
        format!("--fetch-cert --server {server} --token {token} --insecure-skip-tls-verify");
    for arguments in [
        &alone,
        &insecure,
        &format!("{alone} --request-timeout 30s --v=9"),
    ] {
        for whose in [Whose::Theirs, Whose::Ours] {
            let run = place.run(whose, arguments, b"");
            assert_eq!(
                run.outcome.status, 0,
                "{whose:?} {arguments}: {}",
                run.stderr
            );
            assert_eq!(run.stdout, fixture.controller.certificate());
        }
    }
    for (flags, word) in [
        (
            "--as nobody",
            "User \"nobody\" cannot get resource \"services\"",
        ),
        (
            "--as system:serviceaccount:shop:default --as-group a --as-group b",
            "cannot get resource",
        ),
        ("--token wrong", "401"),
        ("--context nothing", "context"),
        ("--cluster nothing", "cluster"),
        ("--server http://127.0.0.1:1", "refused"),
        ("--tls-server-name other.example", "certificate"),
    ] {
        let run = fixture.run(&place, Whose::Ours, &format!("--fetch-cert {flags}"), "");
        assert_eq!(
            (run.outcome.status, run.stdout.as_str()),
            (1, ""),
            "{flags}"
        );
        assert!(run.stderr.contains(word), "{flags}: {}", run.stderr);
    }
}

/// A controller as the Helm chart installs it: another name, in the same namespace.
#[test]
fn the_name_of_the_helm_chart_is_tried_in_the_default_namespace() {
    let cluster = Cluster::start(Options::default());
    let controller = theirs(&cluster);
    cluster.expose("kube-system", "sealed-secrets", controller.port());
    let kubeconfig = cluster.admin_kubeconfig().display().to_string();
    let place = Place::new();
    let run = place.run_with(
        Whose::Ours,
        "--fetch-cert",
        b"",
        &[("KUBECONFIG", &kubeconfig)],
    );
    assert_eq!(run.outcome.status, 0, "{}", run.stderr);
    assert_eq!(run.stdout, controller.certificate());
    assert!(
        run.stderr.contains("--controller-name sealed-secrets"),
        "{}",
        run.stderr
    );
}
