//! The loop that accepts connections: their number, their limits, TLS on them, and how they end.

use super::bytes;
use crate::impatient::Impatient;
use crate::metrics::{Counted, Metrics};
use crate::peer::{OfPeer, Peer};
use crate::settings::Settings;
use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// How long the accept loop rests when the process has no file descriptors left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Serves connections until `shutdown`, then accepts none any more and lets the open ones end their requests within
/// the grace. Says whether all of them did.
///
/// A head that is far beyond the limits, or that is no HTTP, never becomes a request: hyper answers it itself, with
/// a bare 400, 414 or 431 without a body.
pub async fn listen(
    listener: TcpListener,
    router: Router,
    settings: &Settings,
    metrics: &Metrics,
    tls: Option<TlsAcceptor>,
    shutdown: impl Future<Output = ()>,
) -> bool {
    let server = Server {
        http: http(settings),
        tls,
        patience: settings.header_timeout,
        service: TowerToHyperService::new(router),
        places: Arc::new(Semaphore::new(settings.connections as usize)),
        stopping: watch::Sender::new(false),
        tasks: JoinSet::new(),
        write_timeout: settings.write_timeout,
    };
    let server = server.accept(listener, metrics, shutdown).await;
    server.drain(settings.shutdown_grace).await
}

/// Limits that are a little wider than the gate's, so that the gate says in words what is too large.
fn http(settings: &Settings) -> http1::Builder {
    const LEAST_BUFFER: usize = 64 << 10;
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(settings.header_timeout)
        .max_headers(settings.header_count as usize * 2 + 64)
        .max_buf_size((bytes(settings.header_limit) * 4).max(LEAST_BUFFER));
    http
}

struct Server {
    http: http1::Builder,
    tls: Option<TlsAcceptor>,
    /// How long a handshake may take.
    patience: Duration,
    service: TowerToHyperService<Router>,
    places: Arc<Semaphore>,
    stopping: watch::Sender<bool>,
    tasks: JoinSet<()>,
    write_timeout: Duration,
}

impl Server {
    async fn accept(mut self, listener: TcpListener, metrics: &Metrics, shutdown: impl Future<Output = ()>) -> Self {
        let mut shutdown = std::pin::pin!(shutdown);
        loop {
            let (stream, peer, place) = tokio::select! {
                biased;
                () = &mut shutdown => return self,
                connection = next_connection(&listener, &self.places) => connection,
            };
            let counted = Counted::new(&metrics.connections);
            let stream = Impatient::new(stream, self.write_timeout);
            let service = OfPeer { service: self.service.clone(), peer };
            let (http, mut stopping) = (self.http.clone(), self.stopping.subscribe());
            let (tls, patience) = (self.tls.clone(), self.patience);
            self.tasks.spawn(async move {
                match tls {
                    None => serve(http, service, stopping, stream).await,
                    Some(tls) => {
                        if let Some(stream) = handshake(tls, stream, patience, &mut stopping).await {
                            serve(http, service, stopping, stream).await;
                        }
                    }
                }
                drop((place, counted));
            });
            while self.tasks.try_join_next().is_some() {}
        }
    }

    async fn drain(mut self, grace: Duration) -> bool {
        self.stopping.send_replace(true);
        let ended = async { while self.tasks.join_next().await.is_some() {} };
        let drained = tokio::time::timeout(grace, ended).await.is_ok();
        if !drained {
            tracing::warn!(open = self.tasks.len(), "connections did not end within the grace and are cut off");
        }
        self.tasks.shutdown().await;
        drained
    }
}

async fn next_connection(listener: &TcpListener, places: &Arc<Semaphore>) -> (TcpStream, Peer, OwnedSemaphorePermit) {
    let place = Arc::clone(places).acquire_owned().await.expect("the semaphore is never closed");
    loop {
        match listener.accept().await {
            Ok((stream, address)) => {
                // Only a latency is lost where this fails.
                let _ = stream.set_nodelay(true);
                return (stream, Peer(address.ip()), place);
            }
            Err(error) => {
                tracing::warn!(%error, "no connection could be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

async fn serve<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
    http: http1::Builder,
    service: OfPeer<TowerToHyperService<Router>>,
    mut stopping: watch::Receiver<bool>,
    stream: S,
) {
    // What becomes a WebSocket goes on in a task of its own, and ends with what it follows.
    let mut connection = std::pin::pin!(http.serve_connection(TokioIo::new(stream), service).with_upgrades());
    let stop = async { drop(stopping.wait_for(|stopping| *stopping).await) };
    let ended = tokio::select! {
        ended = &mut connection => ended,
        () = stop => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection broke off");
    }
}

/// TLS on a connection, if its client speaks it in time, and before the server stops.
async fn handshake(
    tls: TlsAcceptor,
    stream: Impatient<TcpStream>,
    patience: Duration,
    stopping: &mut watch::Receiver<bool>,
) -> Option<TlsStream<Impatient<TcpStream>>> {
    let stop = async { drop(stopping.wait_for(|stopping| *stopping).await) };
    let shaken = tokio::select! {
        shaken = tokio::time::timeout(patience, tls.accept(stream)) => shaken,
        () = stop => return None,
    };
    match shaken {
        Ok(Ok(stream)) => Some(stream),
        Ok(Err(error)) => {
            tracing::debug!(%error, "a client speaks no TLS that is spoken here");
            None
        }
        Err(_) => {
            tracing::debug!("a client took too long for TLS");
            None
        }
    }
}
