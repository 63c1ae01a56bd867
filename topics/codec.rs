//! The one place that turns values into bytes and back: records, rows, outcomes, queries and answers.
//!
//! The encoding is bincode 2 with its standard configuration: integers as little-endian varints, enum variants by
//! their index, strings and vectors with a length before them. It is compact and says nothing of itself, so a
//! published type never changes (see [`crate::record`] for the rule of evolution).

use std::fmt::Debug;

/// The longest value that [`decode`] accepts, in bytes. Bounds what a damaged length can make it allocate.
pub const DECODE_LIMIT: usize = 64 << 20;

const CONFIG: bincode::config::Configuration<
    bincode::config::LittleEndian,
    bincode::config::Varint,
    bincode::config::Limit<DECODE_LIMIT>,
> = bincode::config::standard().with_limit::<DECODE_LIMIT>();

/// A type that stands in records, rows or messages between nodes.
///
/// ```
/// # use millrace_topics::codec;
/// let bytes = codec::encode(&("ada".to_owned(), 120i64));
/// assert_eq!(codec::decode::<(String, i64)>(&bytes), Ok(("ada".to_owned(), 120)));
/// ```
pub trait Body: bincode::Encode + bincode::Decode<()> + Clone + Debug + PartialEq + Send + Sync + 'static {}

impl<T> Body for T where T: bincode::Encode + bincode::Decode<()> + Clone + Debug + PartialEq + Send + Sync + 'static {}

/// Re-exported so that a contract derives both without naming the crate: `#[derive(codec::Encode, codec::Decode)]`.
pub use bincode::{Decode, Encode};

/// Why bytes could not be decoded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CodecError {
    /// The bytes are not an encoding of the type.
    #[error("cannot be decoded: {0}")]
    Malformed(String),
    /// The value ended before the bytes did.
    #[error("{0} bytes are left over behind the value")]
    Trailing(usize),
}

/// The bytes of a value. Equal values have equal bytes.
pub fn encode<T: bincode::Encode>(value: &T) -> Vec<u8> {
    bincode::encode_to_vec(value, CONFIG).expect("encoding into memory does not fail for derived types")
}

/// Appends the bytes of a value to `out`, without a second allocation.
pub fn encode_into<T: bincode::Encode>(value: &T, out: &mut Vec<u8>) {
    bincode::encode_into_std_write(value, out, CONFIG).expect("encoding into memory does not fail for derived types");
}

/// The value of `bytes`, all of which must belong to it.
///
/// # Errors
/// [`CodecError`] where the bytes are not exactly one value.
pub fn decode<T: bincode::Decode<()>>(bytes: &[u8]) -> Result<T, CodecError> {
    let (value, rest) = decode_prefix(bytes)?;
    if !rest.is_empty() {
        return Err(CodecError::Trailing(rest.len()));
    }
    Ok(value)
}

/// The value at the start of `bytes`, and the bytes behind it.
///
/// # Errors
/// [`CodecError::Malformed`] where the bytes do not start with a value.
pub fn decode_prefix<T: bincode::Decode<()>>(bytes: &[u8]) -> Result<(T, &[u8]), CodecError> {
    let (value, read) =
        bincode::decode_from_slice(bytes, CONFIG).map_err(|error| CodecError::Malformed(error.to_string()))?;
    Ok((value, &bytes[read..]))
}
