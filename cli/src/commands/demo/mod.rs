//! `bulla demo`: the main job from end to end, in a new directory, with nothing but Git.
//!
//! Every line after a `$` is carried out for real: `bulla` as a program of its own, as whoever reads
//! the transcript would run it.

mod stage;

use std::borrow::Cow;

use crate::cli::DemoArgs;
use crate::exit::{Blame, ExitStatus};
use crate::failure::{Failure, Fault};
use crate::session::Session;
use stage::Stage;

/// A step that ended otherwise than it should have.
#[derive(Debug, thiserror::Error)]
pub(super) enum DemoError {
    #[error("the directory is not empty")]
    NotEmpty,
    #[error("`{0}` ended otherwise than it should have")]
    Unexpected(String),
    #[error("failed to run `{0}`")]
    NotRun(String, #[source] std::io::Error),
}

/// Carries it out.
pub(crate) fn run(args: &DemoArgs, session: &Session) -> Result<ExitStatus, Failure> {
    let mut stage = Stage::set(args.directory.as_deref(), &session.printer)?;
    plaintext_is_refused(&mut stage)?;
    sealed_and_committed(&mut stage)?;
    opened_into_files(&mut stage)?;
    healed(&mut stage)?;
    renewed(&mut stage)?;
    stage.curtain()?;
    Ok(ExitStatus::Done)
}

fn plaintext_is_refused(stage: &mut Stage<'_>) -> Result<(), Failure> {
    stage.title("A repository with a Secret that everybody can read")?;
    stage.git(&["init", "--quiet"])?;
    stage.write("clusters/prod/db.yaml", SECRET)?;
    stage.show("clusters/prod/db.yaml")?;
    stage.bulla_ends("check", ExitStatus::Findings)
}

fn sealed_and_committed(stage: &mut Stage<'_>) -> Result<(), Failure> {
    stage.title("Whom to close it for: the store beside it, in the place of a cluster, and you")?;
    stage.bulla("store --once ../store")?;
    stage.bulla("key generate -o ../you.key --quiet")?;
    stage.shell(
        r#"bulla init --quiet --cluster prod="$(bulla key fetch --store ../store --print)" --person you="$(bulla key show --public ../you.key)""#,
    )?;
    stage.bulla("key list")?;
    stage.title("Sealed: safe to commit")?;
    stage.bulla("seal -i clusters/prod/db.yaml")?;
    stage.bulla("check")?;
    stage.shell("cut -c -100 clusters/prod/db.yaml")?;
    stage.git(&["add", "."])?;
    stage.git(&[
        "commit",
        "--quiet",
        "-m",
        "Credentials of the shop's database",
    ])
}

fn opened_into_files(stage: &mut Stage<'_>) -> Result<(), Failure> {
    stage.title("The engine opens it into files; in a cluster, into a Secret")?;
    stage.bulla("store --once ../store")?;
    stage.show("../store/shop/db/password")
}

fn healed(stage: &mut Stage<'_>) -> Result<(), Failure> {
    stage.title("Somebody edits one behind its back: it is healed")?;
    stage.shell("echo guessed > ../store/shop/db/password")?;
    stage.bulla("store --once ../store")?;
    stage.show("../store/shop/db/password")
}

fn renewed(stage: &mut Stage<'_>) -> Result<(), Failure> {
    stage.title("The key is renewed, and the data key closed for the new one")?;
    stage.wait_for_another_second();
    stage.bulla("store --once ../store --renew-key")?;
    stage.bulla("key fetch --name prod --store ../store")?;
    stage.bulla_ends("check", ExitStatus::Findings)?;
    stage.bulla("rewrap --identity ../you.key clusters/prod/db.yaml")?;
    stage.title("No value changed, and it can be proved without any key")?;
    stage.bulla_ends("verify --against HEAD", ExitStatus::Findings)?;
    stage.git(&["commit", "--quiet", "-a", "-m", "New sealing key of prod"])?;
    stage.bulla("store --once ../store")?;
    stage.bulla("inspect clusters/prod/db.yaml")
}

impl Fault for DemoError {
    fn blame(&self) -> Blame {
        match self {
            Self::NotEmpty => Blame::Caller,
            _ => Blame::Machine,
        }
    }

    fn hint(&self) -> Option<Cow<'static, str>> {
        match self {
            Self::NotEmpty => Some("name a directory that is not there yet, or none at all".into()),
            Self::NotRun(program, _) if program == "git" => {
                Some("install Git; the demo needs nothing else".into())
            }
            _ => None,
        }
    }
}

const SECRET: &str = "\
# Credentials of the shop's database
apiVersion: v1
kind: Secret
metadata:
  name: db
  namespace: shop
stringData:
  username: shop
  password: correct horse battery staple # made by hand
";
