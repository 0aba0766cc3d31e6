//! Flux' own kustomize-controller opens what is sealed here, and what the real sops sealed.
//!
//! Most tests share one cluster with one kustomize-controller and one controller of ours, and keep apart by
//! namespace. Flux takes the keys of its fallback from the Secret that our controller exports them to.

mod circle;
mod envelopes;
mod manifests;
mod sealed;
mod sources;
mod support;
mod vectors;
