//! Keys: encoded so that the order of the bytes is the order of the values.

use millrace_topics::time::Time;

/// A value that can stand in a key. The encoding keeps order and is free of prefixes, so that parts can follow one
/// another in a tuple and the leading parts of a tuple are a prefix to scan under.
pub trait Key: Sized {
    /// Appends the encoding.
    fn write(&self, out: &mut Vec<u8>);

    /// Takes one value off the front of `input`; `None` if it does not start with one.
    fn read(input: &mut &[u8]) -> Option<Self>;
}

/// The encoding of a key alone.
pub fn bytes_of<K: Key>(key: &K) -> Vec<u8> {
    let mut out = Vec::with_capacity(32);
    key.write(&mut out);
    out
}

fn take<const N: usize>(input: &mut &[u8]) -> Option<[u8; N]> {
    let (head, rest) = input.split_first_chunk::<N>()?;
    *input = rest;
    Some(*head)
}

macro_rules! unsigned {
    ($($type:ty),*) => {$(
        impl Key for $type {
            fn write(&self, out: &mut Vec<u8>) {
                out.extend_from_slice(&self.to_be_bytes());
            }
            fn read(input: &mut &[u8]) -> Option<Self> {
                take(input).map(<$type>::from_be_bytes)
            }
        }
    )*};
}
unsigned!(u8, u16, u32, u64, u128);

impl Key for i64 {
    fn write(&self, out: &mut Vec<u8>) {
        // Flipping the sign bit puts the negative numbers first.
        (self.cast_unsigned() ^ 1 << 63).write(out);
    }
    fn read(input: &mut &[u8]) -> Option<Self> {
        u64::read(input).map(|bits| (bits ^ 1 << 63).cast_signed())
    }
}

impl Key for bool {
    fn write(&self, out: &mut Vec<u8>) {
        out.push(u8::from(*self));
    }
    fn read(input: &mut &[u8]) -> Option<Self> {
        u8::read(input).map(|byte| byte != 0)
    }
}

impl Key for Time {
    fn write(&self, out: &mut Vec<u8>) {
        self.0.write(out);
    }
    fn read(input: &mut &[u8]) -> Option<Self> {
        u64::read(input).map(Time)
    }
}

/// Bytes end with `00 00`, and a `00` inside is written as `00 ff`: a shorter text sorts before its continuation.
impl Key for Vec<u8> {
    fn write(&self, out: &mut Vec<u8>) {
        write_bytes(self, out);
    }
    fn read(input: &mut &[u8]) -> Option<Self> {
        let mut value = Self::new();
        loop {
            let end = input.iter().position(|byte| *byte == 0)?;
            value.extend_from_slice(&input[..end]);
            let mark = *input.get(end + 1)?;
            *input = &input[end + 2..];
            match mark {
                0 => return Some(value),
                0xff => value.push(0),
                _ => return None,
            }
        }
    }
}

/// Appends what a [`String`] with this text does, without a copy of it: for keys that are built for every record.
pub fn write_text(text: &str, out: &mut Vec<u8>) {
    write_bytes(text.as_bytes(), out);
}

fn write_bytes(value: &[u8], out: &mut Vec<u8>) {
    let mut rest = value;
    while let Some(zero) = rest.iter().position(|byte| *byte == 0) {
        out.extend_from_slice(&rest[..zero]);
        out.extend_from_slice(&[0, 0xff]);
        rest = &rest[zero + 1..];
    }
    out.extend_from_slice(rest);
    out.extend_from_slice(&[0, 0]);
}

impl Key for String {
    fn write(&self, out: &mut Vec<u8>) {
        write_bytes(self.as_bytes(), out);
    }
    fn read(input: &mut &[u8]) -> Option<Self> {
        Self::from_utf8(Vec::read(input)?).ok()
    }
}

/// A part of a key that sorts the other way round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Desc<K>(pub K);

impl<K: Key> Key for Desc<K> {
    fn write(&self, out: &mut Vec<u8>) {
        let from = out.len();
        self.0.write(out);
        out[from..].iter_mut().for_each(|byte| *byte = !*byte);
    }
    fn read(input: &mut &[u8]) -> Option<Self> {
        let inverted: Vec<u8> = input.iter().map(|byte| !byte).collect();
        let mut rest = inverted.as_slice();
        let value = K::read(&mut rest)?;
        *input = &input[inverted.len() - rest.len()..];
        Some(Self(value))
    }
}

macro_rules! tuple {
    ($($part:ident $at:tt),*) => {
        impl<$($part: Key),*> Key for ($($part,)*) {
            fn write(&self, out: &mut Vec<u8>) {
                $(self.$at.write(out);)*
            }
            fn read(input: &mut &[u8]) -> Option<Self> {
                Some(($($part::read(input)?,)*))
            }
        }
    };
}
tuple!(A 0);
tuple!(A 0, B 1);
tuple!(A 0, B 1, C 2);
tuple!(A 0, B 1, C 2, D 3);
tuple!(A 0, B 1, C 2, D 3, E 4);

impl Key for () {
    fn write(&self, _: &mut Vec<u8>) {}
    fn read(_: &mut &[u8]) -> Option<Self> {
        Some(())
    }
}

/// The first key behind all that start with `prefix`; `None` if there is none (all bytes are `ff`).
#[must_use]
pub fn after_prefix(prefix: &[u8]) -> Option<Vec<u8>> {
    let last = prefix.iter().rposition(|byte| *byte != 0xff)?;
    let mut end = prefix[..=last].to_vec();
    end[last] += 1;
    Some(end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    type Sample = (String, Desc<i64>, Vec<u8>, bool, u32);

    fn sample() -> impl Strategy<Value = Sample> {
        let text = prop_oneof![Just(String::new()), "[a\0\u{1}]{0,3}", ".{0,4}"];
        let bytes = proptest::collection::vec(prop_oneof![Just(0u8), Just(255), any::<u8>()], 0..4);
        (text, (-3i64..3).prop_map(Desc), bytes, any::<bool>(), any::<u32>())
    }

    fn plain(key: &Sample) -> (Vec<u8>, std::cmp::Reverse<i64>, Vec<u8>, bool, u32) {
        (key.0.clone().into_bytes(), std::cmp::Reverse(key.1.0), key.2.clone(), key.3, key.4)
    }

    proptest! {
        #[test]
        fn the_order_of_the_bytes_is_the_order_of_the_values(a in sample(), b in sample()) {
            prop_assert_eq!(bytes_of(&a).cmp(&bytes_of(&b)), plain(&a).cmp(&plain(&b)));
        }

        #[test]
        fn a_key_reads_back(key in sample()) {
            let bytes = bytes_of(&key);
            let mut rest = bytes.as_slice();
            prop_assert_eq!(Sample::read(&mut rest), Some(key));
            prop_assert!(rest.is_empty());
        }
    }

    #[test]
    fn the_extremes_of_an_integer_keep_their_order() {
        let all = [i64::MIN, -1, 0, 1, i64::MAX];
        assert!(all.windows(2).all(|pair| bytes_of(&pair[0]) < bytes_of(&pair[1])));
        assert!(all.windows(2).all(|pair| bytes_of(&Desc(pair[0])) > bytes_of(&Desc(pair[1]))));
    }

    #[test]
    fn behind_a_prefix() {
        assert_eq!(after_prefix(&[1, 0xff, 0xff]), Some(vec![2]));
        assert_eq!(after_prefix(&[0xff]), None);
    }
}
