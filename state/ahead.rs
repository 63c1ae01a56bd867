//! Walks rows of the disk a step ahead: a thread reads them while whoever asked works on those before. To open a
//! partition is to read millions of rows and to build something of each, which two cores do in less time than one.

use crate::store::rows_on_disk;
use crate::table::Range;
use rocksdb::DB;
use std::panic::resume_unwind;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread::JoinHandle;

/// A key and its value.
type Pair = (Vec<u8>, Vec<u8>);

/// How many rows are handed over at a time. A range of fewer is read without a thread.
pub(crate) const CHUNK: usize = 1024;

/// How many chunks wait to be taken at most.
const WAITING: usize = 4;

/// Rows of a range on disk, in its direction.
pub(crate) struct Ahead {
    chunk: std::vec::IntoIter<Pair>,
    reader: Option<Reader>,
}

struct Reader {
    chunks: Receiver<Vec<Pair>>,
    thread: JoinHandle<()>,
}

impl Ahead {
    /// # Panics
    /// With [`crate::store::Damaged`] where the rows cannot be read; walking does too.
    pub(crate) fn new(db: Arc<DB>, path: &Path, range: Range) -> Self {
        let chunk: Vec<_> = rows_on_disk(&db, path, &range).take(CHUNK).collect();
        let last = chunk.get(CHUNK - 1).map(|(key, _)| key);
        let reader = last.map(|last| Reader::start(db, path, range.beyond(last)));
        Self { chunk: chunk.into_iter(), reader }
    }
}

impl Reader {
    fn start(db: Arc<DB>, path: &Path, range: Range) -> Self {
        let (hand_over, chunks) = sync_channel(WAITING);
        let path = path.to_owned();
        let read = move || {
            let mut rows = rows_on_disk(&db, &path, &range);
            loop {
                let chunk: Vec<_> = rows.by_ref().take(CHUNK).collect();
                // Nobody takes it where the walk was given up.
                if chunk.is_empty() || hand_over.send(chunk).is_err() {
                    return;
                }
            }
        };
        let thread = std::thread::Builder::new().name("read-ahead".to_owned());
        Self { chunks, thread: thread.spawn(read).expect("the machine gives threads") }
    }

    /// Waits until the thread has let go of the database.
    fn end(self) -> std::thread::Result<()> {
        drop(self.chunks);
        self.thread.join()
    }
}

impl Iterator for Ahead {
    type Item = Pair;

    fn next(&mut self) -> Option<Pair> {
        loop {
            if let Some(row) = self.chunk.next() {
                return Some(row);
            }
            match self.reader.as_ref()?.chunks.recv() {
                Ok(chunk) => self.chunk = chunk.into_iter(),
                Err(_) => self.reader.take()?.end().unwrap_or_else(|thrown| resume_unwind(thrown)),
            }
        }
    }
}

impl Drop for Ahead {
    fn drop(&mut self) {
        // What a walk that was given up did not reach is nobody's business.
        let _ = self.reader.take().map(Reader::end);
    }
}
