//! Who is at the other end of a connection, and for whom a trusted proxy there says that it asks.

use axum::extract::Request;
use axum::http::HeaderMap;
use hyper::body::Incoming;
use hyper::service::Service;
use millrace_processors::runtime::addresses::AddressRange;
use std::net::IpAddr;

/// The address at the other end of the connection: beside each request.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub IpAddr);

/// Puts the peer beside each request of its connection.
pub struct OfPeer<S> {
    /// What answers the requests.
    pub service: S,
    /// Who sends them.
    pub peer: Peer,
}

impl<S: Service<Request<Incoming>>> Service<Request<Incoming>> for OfPeer<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn call(&self, mut request: Request<Incoming>) -> S::Future {
        request.extensions_mut().insert(self.peer);
        self.service.call(request)
    }
}

/// The client's address: the peer's, or the last one of `X-Forwarded-For` that is no trusted proxy, as far as trusted
/// proxies have written it.
#[must_use]
pub fn client_address(headers: &HeaderMap, Peer(peer): Peer, trusted: &[AddressRange]) -> IpAddr {
    let mut client = peer.to_canonical();
    let is_trusted = |address: IpAddr| trusted.iter().any(|range| range.has(address));
    let lines = headers.get_all("x-forwarded-for").iter().rev();
    let forwarded = lines.flat_map(|line| line.to_str().unwrap_or_default().rsplit(','));
    for said in forwarded {
        if !is_trusted(client) {
            break;
        }
        // What is no address was written by nobody who can be trusted.
        let Ok(said) = said.trim().parse::<IpAddr>() else { break };
        client = said.to_canonical();
    }
    client
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_trusted_proxies_are_believed() {
        let trusted: Vec<AddressRange> = ["127.0.0.0/8", "10.1.0.0/16"].map(|text| text.parse().unwrap()).into();
        for (peer, lines, expected) in [
            ("127.0.0.1", vec![], "127.0.0.1"),
            ("::ffff:127.0.0.1", vec!["203.0.113.7"], "203.0.113.7"),
            ("127.0.0.1", vec!["198.51.100.1, 203.0.113.7"], "203.0.113.7"),
            ("127.0.0.1", vec!["198.51.100.1", "203.0.113.7, 10.1.2.3"], "203.0.113.7"),
            ("203.0.113.7", vec!["198.51.100.1"], "203.0.113.7"),
            ("127.0.0.1", vec!["nonsense"], "127.0.0.1"),
            ("127.0.0.1", vec!["10.1.2.3"], "10.1.2.3"),
        ] {
            let mut headers = HeaderMap::new();
            for line in &lines {
                headers.append("x-forwarded-for", line.parse().unwrap());
            }
            let found = client_address(&headers, Peer(peer.parse().unwrap()), &trusted);
            assert_eq!(found.to_string(), expected, "{peer} {lines:?}");
        }
    }
}
