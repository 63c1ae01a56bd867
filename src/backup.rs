//! Backup and restore of the embedded log with the views, while a server runs.
//!
//! What is to be copied is first linked aside in the data folder, which takes milliseconds and holds a cut: the views,
//! then the log, so that no view is ahead of it. From there it is copied without holding anything up. The manifest
//! names every file with its size and checksum and is written last: a folder without one is no backup.

use crate::checkpoints;
use crate::control::{self, Fixed};
use crate::disk::Space;
use crate::node::Node;
use crate::slot::Slot;
use millrace_processors::runtime::tables::STATE_FORMAT;
use millrace_state::checkpoint;
use millrace_topics::embedded::EmbeddedLog;
use millrace_topics::log::Log;
use millrace_topics::time::Time;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Component, Path, PathBuf};
use std::time::Duration;
use xxhash_rust::xxh3::Xxh3;

/// The format of the manifest that this build writes, and the newest that it reads.
const FORMAT: u32 = 1;

/// The file that makes a folder a backup.
const MANIFEST: &str = "manifest.json";

/// The file that stands in a data folder for as long as a restore is not at its end.
const UNFINISHED: &str = "restoring";

/// How long the backup waits for a moment in which a view can be written, before it takes an older checkpoint.
const PATIENCE: Duration = Duration::from_secs(10);

/// How much is read and written at once, in bytes.
const CHUNK: usize = 1 << 20;

/// What a backup says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Manifest {
    format: u32,
    log_format: u32,
    state_format: u32,
    /// The version of the build that made it.
    build: String,
    /// RFC 3339.
    made_at: String,
    /// What the data was made with.
    fixed: Fixed,
    views: Vec<View>,
    files: Vec<Entry>,
}

/// A view in a backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct View {
    machine: String,
    partition: u32,
    /// The next offset that it applies.
    next: u64,
}

impl View {
    fn folder(&self, data: &Path) -> PathBuf {
        checkpoints::folder(data, &self.machine, self.partition).join(self.next.to_string())
    }
}

/// A file of a backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Entry {
    /// Its path below the backup and below the data folder.
    path: String,
    bytes: u64,
    mode: u32,
    /// XXH3-128 of its bytes, in hex.
    xxh3: String,
}

/// A line of `millrace backup`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// Bytes copied so far.
    pub copied: u64,
    /// How many there are.
    pub bytes: u64,
    /// Views that are not in the backup, or in an older state, with the reason: a restored server makes up for them
    /// from the log.
    pub behind: Vec<String>,
    /// True when the backup is whole.
    pub done: bool,
    /// Why there is none.
    pub failed: Option<String>,
}

/// Backs up a node's data into a folder that is empty or not there. `say` hears of the progress.
pub fn make(node: &Node, target: &Path, say: &mut dyn FnMut(Line)) {
    let mut last = Line::default();
    let result = make_whole(node, target, &mut |line| {
        last = line.clone();
        say(line);
    });
    say(match result {
        Ok(()) => Line { done: true, ..last },
        Err(reason) => Line { failed: Some(reason), ..last },
    });
}

fn make_whole(node: &Node, target: &Path, say: &mut dyn FnMut(Line)) -> Result<(), String> {
    let Log::Embedded(log) = &node.log else {
        return Err(
            "on Kafka the log is kept by Kafka: copy its topics with the cluster's own means (as MirrorMaker), \
                    and beside them the keys file; `checkpoints/` of the data folders only saves a replay"
                .to_owned(),
        );
    };
    let _alone = node.backup.try_lock().ok_or("another backup is under way")?;
    let data = &node.settings.data;
    let there = check_target(data, target)?;
    let scratch = Scratch::new(data.join("backup")).map_err(|error| format!("the data folder: {error}"))?;
    let mut behind = Vec::new();
    let mut views = Vec::new();
    for slot in node.slots.all() {
        views.extend(link_view(node, &slot, &scratch.0, &mut behind)?);
    }
    log.checkpoint(&scratch.0.join("log")).map_err(|error| error.to_string())?;
    let fixed = control::fixed(&node.log).map_err(|error| error.to_string())?.unwrap_or(node.fixed);
    let mut sources: Vec<_> = files(&scratch.0).map_err(|error| error.to_string())?;
    sources.push(("keys".to_owned(), node.settings.keys_file()));
    let result = check_space(target, &sources).and_then(|bytes| {
        let mut copying = Copying { line: Line { bytes, behind, ..Line::default() }, say };
        let files = copying.all(&sources, target)?;
        let manifest = Manifest {
            format: FORMAT,
            log_format: EmbeddedLog::FORMAT,
            state_format: STATE_FORMAT,
            build: env!("CARGO_PKG_VERSION").to_owned(),
            made_at: Time::now().to_string(),
            fixed,
            views,
            files,
        };
        write_manifest(target, &manifest).map_err(|error| format!("{}: {error}", target.join(MANIFEST).display()))
    });
    if result.is_err() {
        empty(target, there);
    }
    result
}

/// True if the folder is there; refuses one that is in use or would be backed up itself.
fn check_target(data: &Path, target: &Path) -> Result<bool, String> {
    let place = target.display();
    if !target.is_absolute() {
        return Err(format!("{place} is no absolute path"));
    }
    let real = |path: &Path| {
        let there = path.ancestors().find(|above| above.exists()).unwrap_or(Path::new("/"));
        let rest = path.strip_prefix(there).expect("it is above it");
        there.canonicalize().map(|there| there.join(rest)).map_err(|error| format!("{place}: {error}"))
    };
    if real(target)?.starts_with(real(&std::path::absolute(data).map_err(|error| error.to_string())?)?) {
        return Err(format!("{place} is in the data folder: a backup must lie elsewhere"));
    }
    match is_empty(target) {
        Ok(true) => Ok(true),
        Ok(false) => Err(format!("{place} is not empty: a backup needs a folder of its own")),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(format!("{place}: {error}")),
    }
}

fn is_empty(folder: &Path) -> io::Result<bool> {
    Ok(fs::read_dir(folder)?.next().is_none())
}

/// Links a view aside as it is now; else its newest checkpoint, and notes why.
fn link_view(node: &Node, slot: &Slot, scratch: &Path, behind: &mut Vec<String>) -> Result<Option<View>, String> {
    let (machine, partition) = (slot.def.name.to_owned(), slot.partition);
    let view = |next| View { machine: machine.clone(), partition, next };
    let linked = slot.look_flushed(PATIENCE, |part| {
        let next = part.core().meta.next;
        let made = checkpoint::create(&part.core().store, &view(next).folder(scratch));
        made.map(|made| made.then_some(next)).map_err(|error| error.to_string())
    });
    let reason = match linked.and_then(|linked| linked) {
        Ok(next) => return Ok(next.map(view)),
        Err(reason) => reason,
    };
    behind.push(format!("{machine}/{partition}: {reason}"));
    let kept = checkpoints::folder(&node.settings.data, &machine, partition);
    let Some((next, from)) = checkpoint::list(&kept).pop() else { return Ok(None) };
    let copied = link_all(&from, &view(next).folder(scratch));
    copied.map_err(|error| format!("the checkpoint {}: {error}", from.display()))?;
    Ok(Some(view(next)))
}

fn link_all(from: &Path, into: &Path) -> io::Result<()> {
    fs::create_dir_all(into)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        fs::hard_link(entry.path(), into.join(entry.file_name()))?;
    }
    Ok(())
}

/// A folder that is gone when this is dropped.
struct Scratch(PathBuf);

impl Scratch {
    fn new(folder: PathBuf) -> io::Result<Self> {
        // What a kill has left behind.
        drop(fs::remove_dir_all(&folder));
        fs::create_dir_all(&folder)?;
        Ok(Self(folder))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.0) {
            tracing::warn!("{} cannot be removed: {error}", self.0.display());
        }
    }
}

/// All files below a folder with their paths below it, in the order of these.
fn files(root: &Path) -> io::Result<Vec<(String, PathBuf)>> {
    let mut found = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(root).expect("it was found below").to_string_lossy().into_owned();
                found.push((name, path));
            }
        }
    }
    found.sort();
    Ok(found)
}

/// Makes the folder, and returns how many bytes go there; refuses if they do not fit.
fn check_space(target: &Path, sources: &[(String, PathBuf)]) -> Result<u64, String> {
    let fail = |error: io::Error| format!("{}: {error}", target.display());
    make_folder(target).map_err(fail)?;
    let mut bytes = 0;
    for (_, source) in sources {
        bytes += fs::metadata(source).map_err(|error| format!("{}: {error}", source.display()))?.len();
    }
    let free = Space::of(target).map_err(fail)?.free;
    if bytes > free {
        return Err(format!("{} has room for {free} bytes, the backup has {bytes}", target.display()));
    }
    Ok(bytes)
}

/// A folder for its owner only: there are secrets in it.
fn make_folder(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

struct Copying<'a> {
    line: Line,
    say: &'a mut dyn FnMut(Line),
}

impl Copying<'_> {
    /// Copies files below `target`, and makes their names durable.
    fn all(&mut self, sources: &[(String, PathBuf)], target: &Path) -> Result<Vec<Entry>, String> {
        let mut entries = Vec::new();
        for (path, source) in sources {
            let into = target.join(path);
            entries.push(self.one(path, source, &into).map_err(|error| format!("{}: {error}", into.display()))?);
        }
        sync_folders(target, entries.iter().map(|entry| &entry.path)).map_err(|error| error.to_string())?;
        Ok(entries)
    }

    fn one(&mut self, path: &str, source: &Path, into: &Path) -> io::Result<Entry> {
        make_folder(into.parent().expect("it lies below the target"))?;
        let (bytes, xxh3, mode) = copy(source, into, None)?;
        self.line.copied += bytes;
        (self.say)(self.line.clone());
        Ok(Entry { path: path.to_owned(), bytes, mode, xxh3 })
    }
}

/// Copies a file with its mode, or with the one given, and returns its size, checksum and mode. It is on disk then.
fn copy(source: &Path, into: &Path, mode: Option<u32>) -> io::Result<(u64, String, u32)> {
    let mut from = File::open(source)?;
    let mode = mode.map_or_else(|| from.metadata().map(|found| found.permissions().mode() & 0o777), Ok)?;
    let mut to = OpenOptions::new().write(true).create_new(true).mode(0o600).open(into)?;
    let mut hasher = Xxh3::new();
    let mut buffer = vec![0; CHUNK];
    let mut bytes = 0;
    loop {
        let read = from.read(&mut buffer)?;
        if read == 0 {
            break;
        }
        hasher.update(&buffer[..read]);
        to.write_all(&buffer[..read])?;
        bytes += read as u64;
    }
    to.set_permissions(Permissions::from_mode(mode))?;
    to.sync_all()?;
    Ok((bytes, format!("{:032x}", hasher.digest128()), mode))
}

/// Makes durable which files are in the folders of these paths.
fn sync_folders<'a>(root: &Path, paths: impl Iterator<Item = &'a String>) -> io::Result<()> {
    let above = paths.flat_map(|path| Path::new(path).ancestors().skip(1));
    let folders: BTreeSet<_> = above.map(|folder| root.join(folder)).collect();
    folders.iter().try_for_each(|folder| File::open(folder)?.sync_all())
}

fn write_manifest(target: &Path, manifest: &Manifest) -> io::Result<()> {
    let aside = target.join(format!(".{MANIFEST}"));
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&aside)?;
    file.write_all(&serde_json::to_vec_pretty(manifest)?)?;
    file.sync_all()?;
    fs::rename(&aside, target.join(MANIFEST))?;
    File::open(target)?.sync_all()
}

/// Takes away what was written; the folder stays if it was there before.
fn empty(folder: &Path, keep: bool) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let removed = if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
        if let Err(error) = removed {
            tracing::warn!("{} cannot be removed: {error}", path.display());
        }
    }
    if !keep {
        drop(fs::remove_dir(folder));
    }
}

/// Puts a backup into a data folder that is empty or not there; returns how many files and bytes it has.
///
/// # Errors
/// A sentence: the folder is in use, or the backup is unfinished, damaged (with the file) or of a newer build.
pub fn restore(backup: &Path, data: &Path) -> Result<(usize, u64), String> {
    let manifest = read_manifest(backup)?;
    let there = match is_empty(data) {
        Ok(true) => true,
        Ok(false) => return Err(format!("the data folder {} is not empty: a restore needs a new one", data.display())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => false,
        Err(error) => return Err(format!("the data folder {}: {error}", data.display())),
    };
    let restored = restore_files(backup, data, &manifest);
    if restored.is_err() {
        empty(data, there);
    }
    restored?;
    Ok((manifest.files.len(), manifest.files.iter().map(|entry| entry.bytes).sum()))
}

/// Refuses a data folder into which a restore was not finished.
///
/// # Errors
/// A sentence.
pub fn check_restored(data: &Path) -> Result<(), String> {
    if !data.join(UNFINISHED).exists() {
        return Ok(());
    }
    Err(format!("the restore into {} was not finished: empty the folder and restore again", data.display()))
}

fn read_manifest(backup: &Path) -> Result<Manifest, String> {
    #[derive(Deserialize)]
    struct Formats {
        format: u32,
    }
    let file = backup.join(MANIFEST);
    let place = file.display();
    let bytes = fs::read(&file).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => format!("{place} is not there: this is no backup, or one that was not finished"),
        _ => format!("{place}: {error}"),
    })?;
    let damaged = |error: serde_json::Error| format!("{place} is damaged: {error}");
    let newer = |what: &str, found: u32, known: u32| {
        format!("the backup was made by a newer build: its {what} has format {found}, this build reads up to {known}")
    };
    let Formats { format } = serde_json::from_slice(&bytes).map_err(damaged)?;
    if format > FORMAT {
        return Err(newer("manifest", format, FORMAT));
    }
    let manifest: Manifest = serde_json::from_slice(&bytes).map_err(damaged)?;
    for (what, found, known) in
        [("log", manifest.log_format, EmbeddedLog::FORMAT), ("state", manifest.state_format, STATE_FORMAT)]
    {
        if found > known {
            return Err(newer(what, found, known));
        }
    }
    let below = |path: &str| Path::new(path).components().all(|part| matches!(part, Component::Normal(_)));
    match manifest.files.iter().find(|entry| !below(&entry.path)) {
        Some(entry) => Err(format!("{place} is damaged: {} is no path below the backup", entry.path)),
        None => Ok(manifest),
    }
}

fn restore_files(backup: &Path, data: &Path, manifest: &Manifest) -> Result<(), String> {
    let fail = |path: &Path, error: io::Error| format!("{}: {error}", path.display());
    fs::create_dir_all(data).map_err(|error| fail(data, error))?;
    let unfinished = data.join(UNFINISHED);
    File::create(&unfinished).and_then(|file| file.sync_all()).map_err(|error| fail(&unfinished, error))?;
    sync_folders(data, std::iter::once(&UNFINISHED.to_owned())).map_err(|error| fail(data, error))?;
    let mut copied = Vec::new();
    for entry in &manifest.files {
        let source = backup.join(&entry.path);
        restore_file(&source, &data.join(&entry.path), entry)
            .map_err(|error| format!("the backup is broken: {}: {error}", source.display()))?;
        copied.push(entry.path.clone());
    }
    for view in &manifest.views {
        copied.extend(seed_view(view, data).map_err(|error| fail(&view.folder(data), error))?);
    }
    sync_folders(data, copied.iter()).map_err(|error| fail(data, error))?;
    fs::remove_file(&unfinished).and_then(|()| File::open(data)?.sync_all()).map_err(|error| fail(&unfinished, error))
}

fn restore_file(source: &Path, into: &Path, entry: &Entry) -> io::Result<()> {
    fs::create_dir_all(into.parent().expect("it lies below the data folder"))?;
    let (bytes, xxh3, _) = copy(source, into, Some(entry.mode & 0o777))?;
    if bytes != entry.bytes {
        return Err(io::Error::other(format!("it has {bytes} bytes, it was made with {}", entry.bytes)));
    }
    if xxh3 != entry.xxh3 {
        return Err(io::Error::other("its bytes are not those that it was made with"));
    }
    Ok(())
}

/// Makes the view that is served from its checkpoint; returns the files, below the data folder.
fn seed_view(view: &View, data: &Path) -> io::Result<Vec<String>> {
    let folder = Path::new("state").join(&view.machine).join(view.partition.to_string()).join("0");
    fs::create_dir_all(data.join(&folder))?;
    let mut made = Vec::new();
    for (name, source) in files(&view.folder(data))? {
        let path = folder.join(name);
        copy(&source, &data.join(&path), None)?;
        made.push(path.to_string_lossy().into_owned());
    }
    Ok(made)
}
