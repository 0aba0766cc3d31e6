//! A secret goes through every path, and is nowhere to be seen afterwards.
//!
//! Two values are drawn anew in each run: 64 random bytes, and a text with characters that every escape changes.
//! What they must not be found in is everything that somebody without access to Secrets may read.

mod cli;
mod controller;
mod kubeconfig;
mod kubeseal;
mod search;
mod trial;
