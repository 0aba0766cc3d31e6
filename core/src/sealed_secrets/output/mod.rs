//! Objects as text, byte for byte as `kubeseal` writes them, so that a switch of tools shows no
//! difference in Git: JSON of Go's `encoding/json`, YAML of its `go-yaml` 2.

mod json;
mod resolve;
mod scalar;
mod yaml;

pub use json::to_json;
pub(crate) use resolve::is_base_60;
pub(crate) use scalar::is_printable;
pub use yaml::to_yaml;
