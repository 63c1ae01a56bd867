//! Where a copy begins on a node that has nothing of it: with the state of whoever answers for the shard, so that it need
//! not apply the log from its first record on, which may be gone.
//!
//! What goes over the wire is a checkpoint: for each file the length of its name, its name, its length and its bytes, then
//! a name of no length and the hash of everything before it.

use super::Cluster;
use super::directory::Holder;
use crate::checkpoints;
use crate::node::Node;
use crate::open::open_part;
use crate::state_folder::StateFolder;
use axum::body::{Body, Bytes};
use millrace_processors::runtime::problem::Problem;
use millrace_processors::runtime::system::MachineDef;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use xxhash_rust::xxh3::Xxh3;

/// How many bytes are sent and read at once.
const CHUNK: usize = 256 << 10;

/// How many of these may wait for the network.
const WAITING: usize = 4;

/// The longest name of a file.
const NAME: usize = 255;

/// Makes a checkpoint of a partition as it is now, and streams it; an empty body where there was never a record. Waits for
/// the disk.
///
/// # Errors
/// 404 where this node does not have the partition, 503 where the state cannot be written now.
pub fn send(node: &Node, machine: &str, partition: u32) -> Result<Body, Problem> {
    let not_here = || Problem::new(404, "unknown_partition", format!("this node does not hold {machine}/{partition}"));
    let slot = node.slot(machine, partition).ok_or_else(not_here)?;
    let not_now = |why: String| Problem::unavailable("unavailable", why, 1);
    let Some(next) = checkpoints::make(node, &slot).map_err(not_now)? else { return Ok(Body::empty()) };
    let folder = checkpoints::folder(&node.settings.data, machine, partition).join(next.to_string());
    // Opened now: the files stay readable also where the checkpoint is thinned out meanwhile.
    let files = files(&folder).map_err(|error| not_now(error.to_string()))?;
    let (sender, receiver) = mpsc::channel::<io::Result<Bytes>>(WAITING);
    tokio::task::spawn_blocking(move || {
        if let Err(error) = pour(files, &mut Hashed::new(Pipe(&sender))) {
            // The body breaks off, which whoever reads it notices.
            drop(sender.blocking_send(Err(error)));
        }
    });
    Ok(Body::from_stream(ReceiverStream::new(receiver)))
}

fn files(folder: &Path) -> io::Result<Vec<(String, u64, File)>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).ok_or(io::ErrorKind::InvalidData)?.to_owned();
        let file = File::open(&path)?;
        files.push((name, file.metadata()?.len(), file));
    }
    files.sort_by(|a, b| a.0.cmp(&b.0));
    Ok(files)
}

fn pour(files: Vec<(String, u64, File)>, out: &mut Hashed<impl Write>) -> io::Result<()> {
    for (name, length, file) in files {
        let name_length = u32::try_from(name.len()).map_err(io::Error::other)?;
        out.write_all(&name_length.to_le_bytes())?;
        out.write_all(name.as_bytes())?;
        out.write_all(&length.to_le_bytes())?;
        // A checkpoint's files do not change, so there is as much as was said.
        if io::copy(&mut file.take(length), out)? != length {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    out.write_all(&0_u32.to_le_bytes())?;
    let hash = out.hash.digest();
    out.inner.write_all(&hash.to_le_bytes())?;
    out.inner.flush()
}

/// Writes what it is given, and knows its hash.
struct Hashed<W> {
    inner: W,
    hash: Xxh3,
}

impl<W> Hashed<W> {
    fn new(inner: W) -> Self {
        Self { inner, hash: Xxh3::new() }
    }
}

impl<W: Write> Write for Hashed<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.hash.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

impl<R: Read> Read for Hashed<R> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(bytes)?;
        self.hash.update(&bytes[..read]);
        Ok(read)
    }
}

/// Sends what is written to it.
struct Pipe<'a>(&'a mpsc::Sender<io::Result<Bytes>>);

impl Write for Pipe<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let some = &bytes[..bytes.len().min(CHUNK)];
        let sent = self.0.blocking_send(Ok(Bytes::copy_from_slice(some)));
        sent.map(|()| some.len()).map_err(|_| io::ErrorKind::BrokenPipe.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The nodes that a state may come from.
#[derive(Clone)]
pub struct Peers {
    /// How they are asked.
    pub cluster: Arc<Cluster>,
    /// What waits for them.
    pub runtime: Handle,
}

impl Peers {
    /// Begins a partition of which this node has nothing with the state of the node that answers for it. False where there
    /// is none, or this node has its own. Where it does not succeed, there is nothing as before. Waits for the network.
    pub fn begin(&self, node: &Node, def: &'static MachineDef, partition: u32) -> bool {
        if StateFolder::new(&node.settings.data, def.name, partition).live().exists() {
            return false;
        }
        let Some(directory) = self.cluster.directory() else { return false };
        let Holder::At(peer) = directory.holder(partition) else { return false };
        // One that is being taken over from may hang: what it has would be waited for in vain.
        if !directory.look(|table| table.has(&peer)) {
            return false;
        }
        let response = self.runtime.block_on(self.cluster.state(&peer, def.name, partition));
        let taken = response.map_err(|problem| problem.detail).and_then(|response| {
            let arriving = Arriving { runtime: &self.runtime, response, rest: Bytes::new() };
            take(node, def, partition, arriving)
        });
        taken.unwrap_or_else(|why| {
            tracing::warn!("{}/{partition} begins without the state of {peer}: {why}", def.name);
            false
        })
    }
}

/// The body of an answer, for those who read.
struct Arriving<'a> {
    runtime: &'a Handle,
    response: reqwest::Response,
    rest: Bytes,
}

impl Read for Arriving<'_> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        if self.rest.is_empty() {
            let chunk = self.runtime.block_on(self.response.chunk()).map_err(io::Error::other)?;
            self.rest = chunk.unwrap_or_default();
        }
        let count = self.rest.len().min(bytes.len());
        bytes[..count].copy_from_slice(&self.rest.split_to(count));
        Ok(count)
    }
}

/// Makes what another node sent the state of a partition that has none here, if it is whole and belongs to this log. False
/// where there was nothing.
///
/// # Errors
/// A sentence: then nothing is there.
fn take(node: &Node, def: &'static MachineDef, partition: u32, from: impl Read) -> Result<bool, String> {
    let live = StateFolder::new(&node.settings.data, def.name, partition).live();
    let aside = live.with_extension("arriving");
    let taken = unpack(from, &aside).map_err(|error| error.to_string()).and_then(|some| {
        if some {
            let place = node.place(def, partition).map_err(|error| error.to_string())?;
            // Whether it is of this log, before anybody relies on it.
            drop(open_part(def, &node.around, &aside, place).map_err(|reason| reason.to_string())?);
            std::fs::rename(&aside, &live).map_err(|error| error.to_string())?;
        }
        Ok(some)
    });
    if taken != Ok(true) {
        // What is left is removed before the next try.
        drop(std::fs::remove_dir_all(&aside));
    }
    taken
}

/// Writes the files of a stream into a folder, which is made anew. False where the stream is empty.
fn unpack(from: impl Read, folder: &Path) -> io::Result<bool> {
    let damaged = |what: &str| io::Error::new(io::ErrorKind::InvalidData, format!("a checkpoint that arrived {what}"));
    drop(std::fs::remove_dir_all(folder));
    let mut from = Hashed::new(io::BufReader::with_capacity(CHUNK, from));
    if is_at_end(&mut from.inner)? {
        return Ok(false);
    }
    std::fs::create_dir_all(folder)?;
    loop {
        let length = usize::try_from(u32::from_le_bytes(read(&mut from)?)).map_err(io::Error::other)?;
        if length == 0 {
            break;
        }
        if length > NAME {
            return Err(damaged("names no file"));
        }
        let mut name = vec![0; length];
        from.read_exact(&mut name)?;
        let path = own_file(folder, &name).ok_or_else(|| damaged("names a file elsewhere"))?;
        let length = u64::from_le_bytes(read(&mut from)?);
        let mut file = File::create_new(path)?;
        if io::copy(&mut (&mut from).take(length), &mut file)? != length {
            return Err(damaged("broke off"));
        }
        file.sync_all()?;
    }
    let hash = from.hash.digest();
    if u64::from_le_bytes(read(&mut from.inner)?) != hash {
        return Err(damaged("has another hash than it says"));
    }
    File::open(folder)?.sync_all()?;
    Ok(true)
}

fn is_at_end(from: &mut impl io::BufRead) -> io::Result<bool> {
    from.fill_buf().map(<[u8]>::is_empty)
}

fn read<const N: usize>(from: &mut impl Read) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    from.read_exact(&mut bytes)?;
    Ok(bytes)
}

/// The path of a file that lies in the folder itself.
fn own_file(folder: &Path, name: &[u8]) -> Option<PathBuf> {
    let name = Path::new(std::str::from_utf8(name).ok()?);
    (name.file_name()? == name.as_os_str()).then(|| folder.join(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packed(folder: &Path) -> Vec<u8> {
        let mut out = Vec::new();
        pour(files(folder).unwrap(), &mut Hashed::new(&mut out)).unwrap();
        out
    }

    #[test]
    fn what_arrives_is_what_was_sent_or_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (folder.path().join("from"), folder.path().join("to"));
        std::fs::create_dir(&from).unwrap();
        std::fs::write(from.join("a"), vec![7; 3 * CHUNK + 1]).unwrap();
        std::fs::write(from.join("b"), "").unwrap();
        let bytes = packed(&from);
        assert!(unpack(bytes.as_slice(), &to).unwrap());
        assert_eq!(packed(&to), bytes);
        assert!(!unpack(&[][..], &to).unwrap() && !to.exists());
        for (what, broken) in [
            ("cut", bytes[..bytes.len() - 1].to_vec()),
            ("half", bytes[..bytes.len() / 2].to_vec()),
            ("flipped", bytes.iter().enumerate().map(|(at, byte)| byte ^ u8::from(at == 100)).collect()),
            ("elsewhere", [&4_u32.to_le_bytes()[..], b"../x", &bytes].concat()),
            ("no name", [&u32::MAX.to_le_bytes()[..], &bytes].concat()),
        ] {
            assert!(unpack(broken.as_slice(), &to).is_err(), "{what}");
        }
        assert!(!folder.path().join("x").exists());
    }
}
