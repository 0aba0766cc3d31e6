//! Makes the first corpus of each target out of the test vectors.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

// Everything here is built with coverage, whose counters belong to libFuzzer.
use libfuzzer_sys as _;
use serde_json::Value;

fn main() -> Result<(), Box<dyn Error>> {
    let vectors = Path::new("../../core/tests");
    for folder in ["corpus/manifest/read", "corpus/manifest/refused"] {
        for file in files(&vectors.join(folder))? {
            seed("manifest", &name(&file), &fs::read(&file)?)?;
        }
    }
    let identities = fs::read(vectors.join("vectors/envelope/identities.txt"))?;
    seed("identities", "identities", &identities)?;
    for file in files(&vectors.join("vectors/envelope"))? {
        let Ok(vector) = serde_json::from_slice::<Value>(&fs::read(&file)?) else {
            continue;
        };
        let envelope = vector["envelope"].to_string();
        seed("envelope", &name(&file), envelope.as_bytes())?;
        seed("manifest", &name(&file), envelope.as_bytes())?;
    }
    for file in files(&vectors.join("vectors/recipient/cctv"))? {
        let bytes = fs::read(&file)?;
        // What is expected of the file stands before it, up to an empty line.
        if let Some(at) = bytes.windows(2).position(|pair| pair == b"\n\n") {
            seed("age", &name(&file), &bytes[at + 2..])?;
        }
    }
    for file in files(&vectors.join("vectors/template"))? {
        for (nth, line) in fs::read_to_string(&file)?.lines().enumerate() {
            let vector = serde_json::from_str::<Value>(line).unwrap_or_default();
            if let Some(source) = vector["template"].as_str() {
                seed(
                    "template",
                    &format!("{}-{nth}", name(&file)),
                    source.as_bytes(),
                )?;
            }
        }
    }
    for file in files(&vectors.join("vectors/sops"))? {
        let end = file.extension().unwrap_or_default().to_string_lossy().into_owned();
        let Some(store) = ["yaml", "json", "env", "ini", "bin"].iter().position(|one| *one == end) else {
            continue;
        };
        let mut bytes = vec![u8::try_from(store)?];
        bytes.extend(fs::read(&file)?);
        seed("sops", &name(&file), &bytes)?;
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some(at) = text.find("ENC[") {
            let closed = text[at..].split_inclusive(']').next().unwrap_or_default();
            seed("sops_value", &name(&file), closed.as_bytes())?;
        }
    }
    seed("config", "all", CONFIG.as_bytes())?;
    Ok(())
}

fn seed(target: &str, name: &str, bytes: &[u8]) -> std::io::Result<()> {
    let folder = Path::new("corpus").join(target);
    fs::create_dir_all(&folder)?;
    fs::write(folder.join(name), bytes)
}

fn files(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let paths = fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path()));
    let paths = paths.collect::<std::io::Result<Vec<_>>>()?;
    Ok(paths.into_iter().filter(|path| path.is_file()).collect())
}

fn name(path: &Path) -> String {
    path.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

const CONFIG: &str = r#"
clusters:
  prod-eu: {recipients: [age1lggyhqrw2nlhcxprm67z43rta597azn8gknawjehu9d9dl0jq3yqqvfafg], certificate: keys/prod-eu.pem}
people:
  alice: {recipients: [age1xmwwc06ly3ee5rytxm9mflaz2u56jjj36s0mypdrwsvlul66mv4q47ryef]}
recovery:
  safe: {recipients: [age1xmwwc06ly3ee5rytxm9mflaz2u56jjj36s0mypdrwsvlul66mv4q47ryee]}
rules:
  - path: clusters/prod/**
    for: [prod-eu, safe]
    postQuantum: required
    scope: Strict
    format: envelope
  - path: "**/values*.enc.yaml"
    for: [prod-eu, alice]
    format: sops
    encryptedRegex: ^(password|token)$
  - {path: "{a,b}/[!x]?.yaml", for: [alice], scope: Cluster}
"#;
