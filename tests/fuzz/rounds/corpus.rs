//! What the targets begin with: the test vectors, each for the target that reads it.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// Bytes for a target.
pub(crate) struct Seed {
    pub(crate) target: &'static str,
    pub(crate) name: String,
    pub(crate) bytes: Vec<u8>,
}

/// All of them; `tests` is the folder `core/tests`.
pub(crate) fn corpus(tests: &Path) -> Result<Vec<Seed>, Box<dyn Error>> {
    let mut all = Vec::new();
    let mut seed = |target, name: &str, bytes: &[u8]| {
        all.push(Seed {
            target,
            name: name.to_owned(),
            bytes: bytes.to_vec(),
        });
    };
    for folder in ["corpus/manifest/read", "corpus/manifest/refused"] {
        for file in files(&tests.join(folder))? {
            seed("manifest", &name(&file), &fs::read(&file)?);
        }
    }
    let identities = fs::read(tests.join("vectors/envelope/identities.txt"))?;
    seed("identities", "identities", &identities);
    for file in files(&tests.join("vectors/envelope"))? {
        let Ok(vector) = serde_json::from_slice::<Value>(&fs::read(&file)?) else {
            continue;
        };
        let envelope = vector["envelope"].to_string();
        seed("envelope", &name(&file), envelope.as_bytes());
        seed("manifest", &name(&file), envelope.as_bytes());
    }
    for file in files(&tests.join("vectors/recipient/cctv"))? {
        let bytes = fs::read(&file)?;
        // What is expected of the file stands before it, up to an empty line.
        if let Some(at) = bytes.windows(2).position(|pair| pair == b"\n\n") {
            seed("age", &name(&file), &bytes[at + 2..]);
        }
    }
    for file in files(&tests.join("vectors/template"))? {
        for (nth, line) in fs::read_to_string(&file)?.lines().enumerate() {
            let vector = serde_json::from_str::<Value>(line).unwrap_or_default();
            if let Some(source) = vector["template"].as_str() {
                let name = format!("{}-{nth}", name(&file));
                seed("template", &name, source.as_bytes());
            }
        }
    }
    for file in files(&tests.join("vectors/sops"))? {
        let end = file.extension().unwrap_or_default();
        let target = match end.to_string_lossy().as_ref() {
            "yaml" => "sops_yaml",
            "json" => "sops_json",
            "env" => "sops_dotenv",
            "ini" => "sops_ini",
            "bin" | "txt" => "sops_binary",
            _ => continue,
        };
        let bytes = fs::read(&file)?;
        // The first byte says which selector.
        for selector in 0..7 {
            let name = format!("{}-{selector}", name(&file));
            seed(target, &name, &[&[selector], bytes.as_slice()].concat());
        }
        let text = String::from_utf8_lossy(&bytes);
        if let Some(at) = text.find("ENC[") {
            let closed = text[at..].split_inclusive(']').next().unwrap_or_default();
            seed("sops_value", &name(&file), closed.as_bytes());
        }
    }
    seed("config", "all", CONFIG.as_bytes());
    Ok(all)
}

fn files(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let paths = fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path()));
    let paths = paths.collect::<std::io::Result<Vec<_>>>()?;
    let mut paths: Vec<_> = paths.into_iter().filter(|path| path.is_file()).collect();
    paths.sort();
    Ok(paths)
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
