//! Who asks: API keys, the node token, and the acting subject.

use crate::keys::{Keys, from_hex};
use crate::settings::Settings;
use axum::http::{HeaderMap, HeaderName, Uri, header};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use millrace_processors::runtime::problem::Problem;
use millrace_processors::runtime::routes::Visitor;
use millrace_topics::record::{Caller, Role};
use parking_lot::RwLock;
use percent_encoding::percent_decode_str;
use sha2::{Digest, Sha256};
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;
use std::sync::Arc;

/// The header in which an operator or a server names the user that it acts for.
pub const SUBJECT: HeaderName = HeaderName::from_static("millrace-subject");

/// The longest subject, in bytes.
const SUBJECT_LIMIT: usize = 256;

/// Subjects that begin so are the callers of records that came from outside; nobody may pass for one.
const RESERVED: &str = "topic:";

/// The server key that Nakama and its clients have built in.
const NAKAMA_KEY: &str = "defaultkey";

/// An API key as the configuration knows it: its secret is only there as a hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiKey {
    /// The id that stands in records.
    pub id: String,
    /// What its bearer may do.
    pub role: Role,
    /// SHA-256 of the secret.
    pub sha256: [u8; 32],
}

impl FromStr for ApiKey {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let fields: Vec<&str> = text.split(':').collect();
        let [id, role, sha256] = fields[..] else {
            return Err("an API key is ID:ROLE:SHA256".to_owned());
        };
        if !is_name(id) {
            return Err(format!("`{id}` is no id: 1 to 64 of a-z 0-9 . _ - and a letter or digit first"));
        }
        let role = match role {
            "user" => Role::User,
            "server" => Role::Server,
            "operator" => Role::Operator,
            other => return Err(format!("`{other}` is no role; the roles are user, server and operator")),
        };
        let sha256 = from_hex(sha256).ok_or("the SHA-256 of a secret has 64 hex digits")?;
        Ok(Self { id: id.to_owned(), role, sha256 })
    }
}

fn is_name(id: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    (1..=64).contains(&id.len())
        && id.bytes().all(|byte| plain(byte) || b"._-".contains(&byte))
        && id.bytes().next().is_some_and(plain)
}

/// Decides who a request comes from.
#[derive(Clone, Debug)]
pub struct Auth {
    keys: Arc<RwLock<Vec<ApiKey>>>,
    node: [u8; 32],
    /// True on a loopback address, whatever else is said.
    loopback: bool,
    local: bool,
    nakama: Option<Arc<str>>,
}

impl Auth {
    /// The rules for a server that listens at `address`.
    ///
    /// # Errors
    /// A sentence that names the setting, if the server would be open to other machines without API keys.
    pub fn new(settings: &Settings, keys: &Keys, address: SocketAddr) -> Result<Self, String> {
        let loopback = address.ip().to_canonical().is_loopback();
        if !loopback && settings.auth_keys.is_empty() && !settings.insecure {
            return Err(format!(
                "--listen {}: {} is no loopback address, and no --auth-keys say who may ask. Configure some, or pass \
                 --insecure to let everyone who reaches the port be operator",
                settings.listen,
                address.ip()
            ));
        }
        let node = Sha256::digest(keys.node_token()).into();
        Ok(Self {
            keys: Arc::new(RwLock::new(settings.auth_keys.clone())),
            node,
            loopback,
            local: loopback && !settings.insecure,
            nakama: settings.nakama_server_key.as_deref().map(Arc::from),
        })
    }

    /// Puts other keys in the place of the present ones; returns how many there are. Clones of this share them.
    ///
    /// # Errors
    /// A sentence: a server that has asked for keys would be open to everyone without them.
    pub fn replace(&self, keys: Vec<ApiKey>) -> Result<usize, String> {
        let mut present = self.keys.write();
        if keys.is_empty() && !present.is_empty() {
            return Err(
                "there are none any more, which would open the server to everyone; a start may do that".to_owned()
            );
        }
        *present = keys;
        Ok(present.len())
    }

    /// Who sends these headers.
    ///
    /// # Errors
    /// 401 `missing_api_key` or `bad_api_key`, 403 `foreign_origin` or `subject_not_allowed`, 400 `bad_subject`.
    pub fn identify(&self, headers: &HeaderMap) -> Result<Caller, Problem> {
        let caller = match bearer(headers)? {
            Some(secret) => self.of_secret(secret)?,
            None if self.keys.read().is_empty() => self.of_no_secret(headers)?,
            None => return Err(unauthorized("missing_api_key", "send `Authorization: Bearer` with an API key")),
        };
        acting(caller, headers)
    }

    /// Who sends these headers with an API key as the user of `Basic`: clients of others know no `Bearer`. Where no keys
    /// are configured it does not matter which one they send.
    ///
    /// # Errors
    /// As [`Auth::identify`].
    pub fn identify_basic(&self, headers: &HeaderMap) -> Result<Caller, Problem> {
        if self.keys.read().is_empty() {
            return self.of_no_secret(headers);
        }
        let missing = || unauthorized("missing_api_key", "send `Authorization: Basic` with an API key as the user");
        self.of_secret(&basic_user(headers).ok_or_else(missing)?)
    }

    /// Who sends these headers to a route for everybody: whoever has no API key may be anybody, and what else stands in
    /// `Authorization` is the route's.
    ///
    /// # Errors
    /// 401 `missing_api_key` for who would act for another, and what [`Auth::identify`] says of a subject.
    pub fn visitor(&self, headers: &HeaderMap) -> Result<Visitor, Problem> {
        let secret = bearer(headers).ok().flatten();
        if let Some(caller) = secret.and_then(|secret| self.of_secret(secret).ok()) {
            return Ok(Visitor { caller: acting(caller, headers)?, by_key: true });
        }
        if self.keys.read().is_empty()
            && let Ok(caller) = self.of_no_secret(headers)
        {
            return Ok(Visitor { caller: acting(caller, headers)?, by_key: false });
        }
        if headers.contains_key(SUBJECT) {
            return Err(unauthorized("missing_api_key", "only an API key may act for somebody"));
        }
        Ok(Visitor::default())
    }

    fn of_secret(&self, secret: &str) -> Result<Caller, Problem> {
        let hash: [u8; 32] = Sha256::digest(secret).into();
        if same(&hash, &self.node) {
            return Ok(Caller { id: "millrace".to_owned(), role: Role::Operator });
        }
        // All are compared, so that the time says nothing about which one is near.
        let keys = self.keys.read();
        let found = keys.iter().fold(None, |found, key| if same(&hash, &key.sha256) { Some(key) } else { found });
        match found {
            Some(key) => Ok(Caller { id: key.id.clone(), role: key.role }),
            None => Err(unauthorized("bad_api_key", "no such API key")),
        }
    }

    /// Without configured keys everyone is operator. On a loopback address "everyone" must not come to mean the
    /// pages that a browser on this machine has open: what names another host or comes from one is refused.
    fn of_no_secret(&self, headers: &HeaderMap) -> Result<Caller, Problem> {
        self.check_local(headers)?;
        Ok(Caller { id: "operator".to_owned(), role: Role::Operator })
    }

    /// What the clients of Nakama must know to be given a session: the setting. Without it, the key that they have
    /// built in, where everyone may do everything anyway.
    ///
    /// # Errors
    /// 501 `facade_off` where neither is so, 403 `foreign_origin` as in [`Auth::identify`].
    pub fn server_key(&self, headers: &HeaderMap) -> Result<Arc<str>, Problem> {
        if let Some(key) = &self.nakama {
            return Ok(key.clone());
        }
        if !self.loopback || !self.keys.read().is_empty() {
            let detail = "the clients of Nakama are not served here: --nakama-server-key says what they must know";
            return Err(Problem::new(501, "facade_off", detail));
        }
        self.check_local(headers)?;
        Ok(NAKAMA_KEY.into())
    }

    fn check_local(&self, headers: &HeaderMap) -> Result<(), Problem> {
        if self.local && [header::HOST, header::ORIGIN].iter().any(|name| is_foreign(headers, name)) {
            let detail = "without --auth-keys only requests to and from this machine's own name are served, and the \
                          Host or Origin is another; --insecure serves all";
            return Err(Problem::new(403, "foreign_origin", detail));
        }
        Ok(())
    }
}

fn unauthorized(code: &str, detail: &str) -> Problem {
    Problem::new(401, code, detail).with_header("www-authenticate", "Bearer")
}

/// True if two secrets are the same; how long it takes says nothing about them.
#[must_use]
pub fn same_secret(a: &str, b: &str) -> bool {
    same(&Sha256::digest(a).into(), &Sha256::digest(b).into())
}

fn same(a: &[u8; 32], b: &[u8; 32]) -> bool {
    std::hint::black_box(a.iter().zip(b).fold(0, |difference, (a, b)| difference | (a ^ b))) == 0
}

fn bearer(headers: &HeaderMap) -> Result<Option<&str>, Problem> {
    let Some(value) = headers.get(header::AUTHORIZATION) else { return Ok(None) };
    let bad = || unauthorized("bad_api_key", "Authorization must be `Bearer` and an API key");
    let (scheme, secret) = value.to_str().map_err(|_| bad())?.split_once(' ').ok_or_else(bad)?;
    if !scheme.eq_ignore_ascii_case("bearer") || secret.trim().is_empty() {
        return Err(bad());
    }
    Ok(Some(secret.trim()))
}

/// The user of `Authorization: Basic`.
fn basic_user(headers: &HeaderMap) -> Option<String> {
    let (scheme, encoded) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    let decoded = STANDARD.decode(encoded.trim()).ok().filter(|_| scheme.eq_ignore_ascii_case("basic"))?;
    let text = String::from_utf8(decoded).ok()?;
    text.split_once(':').map(|(user, _)| user.to_owned())
}

/// True if the header names a host that is not this machine itself. An absent header names none.
fn is_foreign(headers: &HeaderMap, name: &HeaderName) -> bool {
    let Some(value) = headers.get(name) else { return false };
    let host =
        value.to_str().ok().and_then(|text| text.parse::<Uri>().ok()).and_then(|uri| uri.host().map(str::to_owned));
    let Some(host) = host else { return true };
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    let local = host == "localhost" || host.ends_with(".localhost") || address.is_ok_and(|ip| ip.is_loopback());
    !local
}

/// The caller, or the user that it says it acts for.
fn acting(caller: Caller, headers: &HeaderMap) -> Result<Caller, Problem> {
    let Some(value) = headers.get(SUBJECT) else { return Ok(caller) };
    let bad = |why: &str| Problem::bad_request("bad_subject", format!("Millrace-Subject {why}"));
    let text = value.to_str().map_err(|_| bad("is not plain text; other letters are percent-encoded"))?;
    let subject = percent_decode_str(text).decode_utf8().map_err(|_| bad("is not UTF-8"))?;
    if subject.is_empty() || subject.len() > SUBJECT_LIMIT {
        return Err(bad("has 1 to 256 bytes"));
    }
    if subject.starts_with(RESERVED) {
        return Err(bad("must not begin with `topic:`"));
    }
    if caller.role == Role::User && caller.id != subject {
        return Err(Problem::new(403, "subject_not_allowed", "this API key acts for its own id only"));
    }
    Ok(Caller { id: subject.into_owned(), role: Role::User })
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn settings(args: &[&str]) -> Settings {
        let args = ["millrace", "serve"].iter().chain(args).copied();
        crate::cli::parse_from(args).unwrap().1
    }

    fn keys() -> Keys {
        let folder = tempfile::tempdir().unwrap();
        Keys::open(&settings(&["--data", folder.path().to_str().unwrap()])).unwrap()
    }

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_str(value).unwrap()))
            .collect()
    }

    fn hash(secret: &str) -> String {
        crate::keys::to_hex(&Sha256::digest(secret))
    }

    fn caller(id: &str, role: Role) -> Caller {
        Caller { id: id.to_owned(), role }
    }

    const LOCAL: &str = "127.0.0.1:1";

    #[test]
    fn without_keys_this_machine_is_operator_and_may_act_for_a_user() {
        let auth = Auth::new(&settings(&[]), &keys(), LOCAL.parse().unwrap()).unwrap();
        let who = |pairs: &[(&'static str, &str)]| auth.identify(&headers(pairs)).map_err(|problem| problem.code);
        let operator = Ok(caller("operator", Role::Operator));
        for host in ["127.0.0.1:8080", "localhost", "[::1]:8080", "app.localhost:1"] {
            assert_eq!(who(&[("host", host)]), operator, "{host}");
        }
        assert_eq!(who(&[]), operator);
        assert_eq!(who(&[("origin", "http://localhost:3000")]), operator);
        assert_eq!(who(&[("millrace-subject", "ad%C3%A9")]), Ok(caller("adé", Role::User)));
        let long = "x".repeat(257);
        for (pair, code) in [
            (("host", "evil.example"), "foreign_origin"),
            (("host", "127.0.0.1.evil.example"), "foreign_origin"),
            (("origin", "https://evil.example"), "foreign_origin"),
            (("origin", "null"), "foreign_origin"),
            (("millrace-subject", ""), "bad_subject"),
            (("millrace-subject", "%ff"), "bad_subject"),
            (("millrace-subject", "topic:x"), "bad_subject"),
            (("millrace-subject", &long), "bad_subject"),
            (("authorization", "Bearer guess"), "bad_api_key"),
            (("authorization", "Basic eDp5"), "bad_api_key"),
        ] {
            assert_eq!(who(&[pair]), Err(code.to_owned()), "{pair:?}");
        }
    }

    #[test]
    fn with_keys_the_key_says_who_asks() {
        let entries = [("shop", "server"), ("ada", "user")].map(|(id, role)| format!("{id}:{role}:{}", hash(id)));
        let args = ["--auth-keys", &entries[0], "--auth-keys", &entries[1]];
        let keys = keys();
        let auth = Auth::new(&settings(&args), &keys, "0.0.0.0:1".parse().unwrap()).unwrap();
        let who = |secret: &str, subject: Option<&str>| {
            let bearer = format!("Bearer {secret}");
            let mut pairs = vec![("authorization", bearer.as_str()), ("host", "api.example")];
            pairs.extend(subject.map(|subject| ("millrace-subject", subject)));
            auth.identify(&headers(&pairs)).map_err(|problem| (problem.status, problem.code))
        };
        assert_eq!(who("shop", None), Ok(caller("shop", Role::Server)));
        assert_eq!(who("shop", Some("eve")), Ok(caller("eve", Role::User)));
        assert_eq!(who("ada", Some("ada")), Ok(caller("ada", Role::User)));
        assert_eq!(who("ada", Some("eve")), Err((403, "subject_not_allowed".to_owned())));
        assert_eq!(who("shopp", None), Err((401, "bad_api_key".to_owned())));
        assert_eq!(who(&keys.node_token(), None), Ok(caller("millrace", Role::Operator)));
        let problem = auth.identify(&HeaderMap::new()).unwrap_err();
        assert_eq!((problem.status, problem.code.as_str()), (401, "missing_api_key"));
        assert_eq!(problem.headers, [("www-authenticate", "Bearer".to_owned())]);
    }

    #[test]
    fn keys_are_replaced_but_never_by_none() {
        let key = |id: &str| format!("{id}:server:{}", hash(id)).parse::<ApiKey>().unwrap();
        let auth = Auth::new(&settings(&[]), &keys(), LOCAL.parse().unwrap()).unwrap();
        let who = |secret: &str| {
            let bearer = format!("Bearer {secret}");
            auth.identify(&headers(&[("authorization", &bearer)]))
                .map(|caller| caller.id)
                .map_err(|problem| problem.code)
        };
        assert_eq!(auth.clone().replace(vec![key("a")]), Ok(1));
        assert_eq!((who("a"), who("b")), (Ok("a".to_owned()), Err("bad_api_key".to_owned())));
        assert_eq!(auth.replace(vec![key("b")]), Ok(1));
        assert_eq!((who("a"), who("b")), (Err("bad_api_key".to_owned()), Ok("b".to_owned())));
        assert!(auth.replace(Vec::new()).unwrap_err().contains("open the server to everyone"));
        assert_eq!(who("b"), Ok("b".to_owned()));
    }

    #[test]
    fn other_machines_need_keys_or_insecure() {
        let open = |args: &[&str], address: &str| Auth::new(&settings(args), &keys(), address.parse().unwrap());
        let error = open(&["--listen", "0.0.0.0:80"], "0.0.0.0:80").unwrap_err();
        for name in ["--listen 0.0.0.0:80", "--auth-keys", "--insecure"] {
            assert!(error.contains(name), "{error}");
        }
        for address in ["127.0.0.1:80", "[::1]:80", "[::ffff:127.0.0.1]:80"] {
            assert!(open(&[], address).is_ok(), "{address}");
        }
        let auth = open(&["--insecure"], "0.0.0.0:80").unwrap();
        assert_eq!(auth.identify(&headers(&[("host", "x.example")])).unwrap().role, Role::Operator);
    }

    #[test]
    fn a_bad_key_entry_is_refused() {
        let good = hash("x");
        assert!(format!("a-1:operator:{good}").parse::<ApiKey>().is_ok());
        for text in [
            "a",
            "a:user",
            &format!("A:user:{good}"),
            &format!("a:root:{good}"),
            "a:user:abc",
            &format!("topic:x:user:{good}"),
        ] {
            assert!(text.parse::<ApiKey>().is_err(), "{text}");
        }
    }
}
