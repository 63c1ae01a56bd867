//! Where a partition's state lives on disk: numbered generations, one of them live, one perhaps being rebuilt.
//!
//! `state/<machine>/<partition>/<generation>/` holds a store. The file `live` beside them names the generation that is
//! served, generation 0 where there is no file. The file `rebuild` names one that a replay is filling: after a kill it
//! goes on with that one.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The folder of one partition.
#[derive(Clone, Debug)]
pub struct StateFolder {
    root: PathBuf,
}

impl StateFolder {
    /// The folder of a partition below the data folder.
    #[must_use]
    pub fn new(data: &Path, machine: &str, partition: u32) -> Self {
        Self { root: data.join("state").join(machine).join(partition.to_string()) }
    }

    /// The store that is served.
    #[must_use]
    pub fn live(&self) -> PathBuf {
        self.generation(self.live_number())
    }

    /// The store that an unfinished rebuild was filling.
    #[must_use]
    pub fn unfinished(&self) -> Option<PathBuf> {
        read_number(&self.root.join("rebuild")).map(|number| self.generation(number))
    }

    /// Begins a rebuild, or goes on with an unfinished one: the store to fill.
    ///
    /// # Errors
    /// Where the disk cannot be written.
    pub fn begin_rebuild(&self) -> io::Result<PathBuf> {
        if let Some(unfinished) = self.unfinished() {
            return Ok(unfinished);
        }
        let number = self.live_number() + 1;
        remove(&self.generation(number))?;
        write_number(&self.root, "rebuild", number)?;
        Ok(self.generation(number))
    }

    /// Makes the rebuilt store the live one: from now on it is what a restart opens.
    ///
    /// # Errors
    /// Where the disk cannot be written.
    pub fn finish_rebuild(&self) -> io::Result<()> {
        let number = read_number(&self.root.join("rebuild")).ok_or(io::ErrorKind::NotFound)?;
        write_number(&self.root, "live", number)?;
        remove_file(&self.root.join("rebuild"))
    }

    /// Gives a rebuild up.
    ///
    /// # Errors
    /// Where the disk cannot be written.
    pub fn drop_rebuild(&self) -> io::Result<()> {
        if let Some(unfinished) = self.unfinished() {
            remove(&unfinished)?;
        }
        remove_file(&self.root.join("rebuild"))
    }

    /// Removes generations that are neither live nor being rebuilt.
    ///
    /// # Errors
    /// Where the disk cannot be written.
    pub fn clean(&self) -> io::Result<()> {
        let kept = [Some(self.live()), self.unfinished()];
        let Ok(entries) = fs::read_dir(&self.root) else { return Ok(()) };
        for entry in entries {
            let path = entry?.path();
            if path.is_dir() && !kept.contains(&Some(path.clone())) {
                remove(&path)?;
            }
        }
        Ok(())
    }

    fn live_number(&self) -> u64 {
        read_number(&self.root.join("live")).unwrap_or(0)
    }

    fn generation(&self, number: u64) -> PathBuf {
        self.root.join(number.to_string())
    }
}

fn read_number(file: &Path) -> Option<u64> {
    fs::read_to_string(file).ok()?.trim().parse().ok()
}

/// Writes aside and renames, so that the file is there whole or not at all.
fn write_number(root: &Path, name: &str, number: u64) -> io::Result<()> {
    fs::create_dir_all(root)?;
    let aside = root.join(format!(".{name}"));
    fs::write(&aside, format!("{number}\n"))?;
    fs::File::open(&aside)?.sync_all()?;
    fs::rename(&aside, root.join(name))?;
    fs::File::open(root)?.sync_all()
}

fn remove(folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn remove_file(file: &Path) -> io::Result<()> {
    match fs::remove_file(file) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rebuild_goes_on_after_a_kill_and_is_swapped_in_one_step() {
        let data = tempfile::tempdir().expect("a temporary folder");
        let folder = StateFolder::new(data.path(), "carts", 3);
        let first = folder.live();
        fs::create_dir_all(&first).expect("it can be made");
        let rebuilt = folder.begin_rebuild().expect("it begins");
        assert_ne!(rebuilt, first);
        fs::create_dir_all(&rebuilt).expect("it can be made");
        assert_eq!(folder.begin_rebuild().expect("it goes on"), rebuilt);
        assert_eq!(folder.live(), first);
        folder.clean().expect("it is cleaned");
        assert!(first.exists() && rebuilt.exists());
        folder.finish_rebuild().expect("it is swapped");
        assert_eq!((folder.live(), folder.unfinished()), (rebuilt.clone(), None));
        folder.clean().expect("it is cleaned");
        assert!(!first.exists() && rebuilt.exists());
        let given_up = folder.begin_rebuild().expect("it begins");
        fs::create_dir_all(&given_up).expect("it can be made");
        folder.drop_rebuild().expect("it is given up");
        assert!(!given_up.exists() && folder.live() == rebuilt);
    }
}
