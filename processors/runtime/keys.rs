//! Keys that belong to a partition: how one partition of a machine speaks to a certain one of another.

use millrace_topics::partition::partition_of;

/// A routing key of this partition, the same for everyone who asks.
#[must_use]
pub fn key_of(partition: u32, partitions: u32) -> String {
    let keys = (0u32..).map(|number| format!("#{number}"));
    let mut fitting = keys.filter(|key| partition_of(key.as_bytes(), partitions) == partition);
    fitting.next().expect("a hash comes to every partition")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_partition_has_a_key() {
        for partitions in [1, 2, 8, 240] {
            for partition in 0..partitions {
                assert_eq!(partition_of(key_of(partition, partitions).as_bytes(), partitions), partition);
            }
        }
    }
}
