//! Behaviour: the runtime that turns a log into state, and the systems that run on it.

pub mod runtime;
