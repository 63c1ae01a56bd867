//! The cluster's secrets: `<data>/keys`, made at the first start, or the file that `--keys` names.

use crate::settings::Settings;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// The format that this build writes, and the newest that it reads.
const FORMAT: u32 = 1;

/// Folders that a data folder has from its first start on.
const GROWN: [&str; 2] = ["log", "state"];

/// The secrets. They are not shown by `Debug`.
#[derive(Clone)]
pub struct Keys {
    secret: [u8; 32],
}

/// Why there are no secrets to work with.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// The file cannot be read or made.
    #[error("the keys file {0} cannot be {1}: {2}")]
    Io(PathBuf, &'static str, io::Error),
    /// The file does not say what it should.
    #[error("the keys file {0} is not usable: {1}")]
    Bad(PathBuf, String),
    /// `--keys` names no file.
    #[error("the keys file {0} is not there; `millrace serve` without --keys makes one at `keys` in the data folder")]
    Absent(PathBuf),
    /// The data folder was used before, and its keys are gone.
    #[error(
        "{0} is not there, but the data folder is in use. With new keys its cursors and tokens would be void and \
         repeated requests would get new ids: put the file back from a backup"
    )]
    Lost(PathBuf),
}

impl Keys {
    /// Reads the keys file, and makes it at the first start. Call it before the log or a view is opened, which is
    /// what tells a first start from a lost file.
    ///
    /// # Errors
    /// [`KeysError`]. A file that cannot be read is never replaced.
    pub fn open(settings: &Settings) -> Result<Self, KeysError> {
        let file = settings.keys_file();
        match Self::read(&file) {
            Err(KeysError::Absent(_)) if settings.keys.is_none() => {}
            other => return other,
        }
        if GROWN.iter().any(|name| settings.data.join(name).exists()) {
            return Err(KeysError::Lost(file));
        }
        let keys = Self::draw().map_err(|error| KeysError::Io(file.clone(), "made", error))?;
        keys.write(&file).map_err(|error| KeysError::Io(file.clone(), "made", error))?;
        Ok(keys)
    }

    /// Reads a keys file.
    ///
    /// # Errors
    /// [`KeysError`].
    pub fn read(file: &Path) -> Result<Self, KeysError> {
        let text = match std::fs::read_to_string(file) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(KeysError::Absent(file.to_owned())),
            Err(error) => return Err(KeysError::Io(file.to_owned(), "read", error)),
        };
        warn_if_open(file);
        Self::from_text(&text).map_err(|why| KeysError::Bad(file.to_owned(), why))
    }

    /// What signs cursors and tokens and derives ids.
    #[must_use]
    pub fn secret(&self) -> &[u8; 32] {
        &self.secret
    }

    /// The API key by which the nodes of a cluster, and the command line on a node's data folder, know each other:
    /// whoever can read the keys is operator.
    #[must_use]
    pub fn node_token(&self) -> String {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.secret).expect("a key of any length will do for an HMAC");
        mac.update(b"millrace node token 1");
        to_hex(&mac.finalize().into_bytes())
    }

    /// What tells these keys from others, and from which nothing else follows.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.secret).expect("a key of any length will do for an HMAC");
        mac.update(b"millrace fingerprint 1");
        to_hex(&mac.finalize().into_bytes()[..8])
    }

    fn draw() -> io::Result<Self> {
        Ok(Self { secret: random()? })
    }

    fn from_text(text: &str) -> Result<Self, String> {
        let fields: toml::Table = text.parse().map_err(|_| "it is not TOML".to_owned())?;
        match fields.get("format").and_then(toml::Value::as_integer) {
            Some(format) if format == i64::from(FORMAT) => {}
            Some(format) => return Err(format!("its format is {format}, this build reads {FORMAT}")),
            None => return Err("it has no `format` number".to_owned()),
        }
        if let Some(name) = fields.keys().find(|name| !["format", "secret"].contains(&name.as_str())) {
            return Err(format!("`{name}` does not belong there"));
        }
        let secret = fields.get("secret").and_then(toml::Value::as_str).and_then(from_hex);
        Ok(Self { secret: secret.ok_or("its `secret` is not 64 hex digits")? })
    }

    /// Writes the file so that it is there whole or not at all, for its owner only, and never over another one.
    fn write(&self, file: &Path) -> io::Result<()> {
        let folder = file.parent().unwrap_or(Path::new("."));
        std::fs::create_dir_all(folder)?;
        let aside = folder.join(format!(".keys.{}", std::process::id()));
        let text = format!(
            "# The secrets of this Millrace. Keep them with the backups: without them cursors and tokens are void.\n\
             format = {FORMAT}\nsecret = \"{}\"\n",
            to_hex(&self.secret)
        );
        let mut out = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&aside)?;
        out.write_all(text.as_bytes())?;
        out.sync_all()?;
        let linked = std::fs::hard_link(&aside, file);
        std::fs::remove_file(&aside)?;
        linked?;
        File::open(folder)?.sync_all()
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keys(…)")
    }
}

fn warn_if_open(file: &Path) {
    if std::fs::metadata(file).is_ok_and(|found| found.permissions().mode() & 0o007 != 0) {
        tracing::warn!(file = %file.display(), "every user of this machine can read the keys file; chmod 600 closes it");
    }
}

/// Bytes that nobody can guess.
///
/// # Errors
/// Where the system gives none.
pub fn random<const N: usize>() -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(io::Error::other)?;
    Ok(bytes)
}

/// A text that nobody has drawn before.
///
/// # Errors
/// Where the system gives no random bytes.
pub fn draw_hex() -> io::Result<String> {
    random::<16>().map(|bytes| to_hex(&bytes))
}

/// Bytes as lower-case hex.
#[must_use]
pub fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// 32 bytes from 64 hex digits.
#[must_use]
pub fn from_hex(text: &str) -> Option<[u8; 32]> {
    if text.len() != 64 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let mut bytes = [0; 32];
    for (index, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[2 * index..2 * index + 2], 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(args: &[&str]) -> Settings {
        let args = ["millrace", "serve"].iter().chain(args).copied();
        crate::cli::parse_from(args).unwrap().1
    }

    #[test]
    fn made_once_and_for_the_owner_only() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let settings = settings(&["--data", data.to_str().unwrap()]);
        let first = Keys::open(&settings).unwrap();
        let mode = std::fs::metadata(data.join("keys")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(std::fs::read_dir(&data).unwrap().count(), 1, "nothing is left beside it");
        std::fs::create_dir(data.join("log")).unwrap();
        let again = Keys::open(&settings).unwrap();
        assert_eq!(first.secret(), again.secret());
        assert_ne!(first.secret(), Keys::draw().unwrap().secret());
        assert!(first.write(&data.join("keys")).is_err(), "never over another one");
    }

    #[test]
    fn lost_keys_are_not_replaced() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("log")).unwrap();
        let error = Keys::open(&settings(&["--data", folder.path().to_str().unwrap()])).unwrap_err();
        assert!(matches!(error, KeysError::Lost(_)), "{error}");
    }

    #[test]
    fn a_named_file_must_be_there() {
        let file = tempfile::tempdir().unwrap().path().join("keys");
        let error = Keys::open(&settings(&["--keys", file.to_str().unwrap()])).unwrap_err();
        assert!(matches!(error, KeysError::Absent(_)), "{error}");
    }

    #[test]
    fn a_bad_file_says_what_is_wrong() {
        let good = "a1".repeat(32);
        assert!(Keys::from_text(&format!("format = 1\nsecret = \"{good}\"")).is_ok());
        for (text, error) in [
            (format!("secret = \"{good}\""), "no `format`"),
            (format!("format = 2\nsecret = \"{good}\""), "its format is 2, this build reads 1"),
            ("format = 1".to_owned(), "not 64 hex digits"),
            (format!("format = 1\nsecret = \"{}é\"", &good[2..]), "not 64 hex digits"),
            (format!("format = 1\nsecret = \"{good}\"\nother = 1"), "`other` does not belong"),
            ("\u{1}".to_owned(), "not TOML"),
        ] {
            let said = Keys::from_text(&text).unwrap_err();
            assert!(said.contains(error), "{text}: {said}");
        }
    }

    #[test]
    fn debug_keeps_the_secret() {
        let keys = Keys { secret: [7; 32] };
        assert_eq!(format!("{keys:?}"), "Keys(…)");
        assert_ne!(keys.node_token(), to_hex(keys.secret()));
    }
}
