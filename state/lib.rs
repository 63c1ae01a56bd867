//! RocksDB as typed tables: what a partition remembers. Knows no system.

mod ahead;
pub mod checkpoint;
pub mod compare;
pub mod env;
mod kept;
pub mod key;
mod layer;
pub mod store;
pub mod table;
