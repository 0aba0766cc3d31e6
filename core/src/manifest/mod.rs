//! Manifests as bytes, read and edited by spans.
