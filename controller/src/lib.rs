//! Opens sealed resources into Secrets: one engine, over a port to the world that it works in.
//!
//! [`engine`] decides and remembers; [`directory`] is the world of files, for hosts without
//! Kubernetes. It starts no async runtime and knows no client: those come with the feature `kube`.

pub mod allocator;
pub mod directory;
pub mod engine;
#[cfg(feature = "kube")]
pub mod kube;
#[cfg(feature = "kubeconfig")]
pub mod kubeconfig;

#[cfg(test)]
mod fixture;
