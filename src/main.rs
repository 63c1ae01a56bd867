fn main() { let d = std::env::temp_dir().join("x-rocks"); let mut o = rocksdb_link(); o.1.push('!'); println!("{:?} {:?}", o, d); }
fn rocksdb_link() -> (i32, String) { millrace_topics::link_check() }
