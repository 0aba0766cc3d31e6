//! Flux' own kustomize-controller opens what is sealed here, and what the real sops sealed.
//!
//! All tests share one cluster with one kustomize-controller, and keep apart by namespace. The controller takes
//! the keys of its fallback from our controller, which exports them there.

mod manifests;
mod sealed;
mod sources;
mod support;
mod vectors;
