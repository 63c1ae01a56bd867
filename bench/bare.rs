//! Bare axum handlers that answer a constant: what HTTP alone costs on this machine.

use axum::Router;
use axum::http::StatusCode;
use axum::routing::{get, post};

const ANSWER: &str = r#"{"board":"b","epoch":0,"owner":"player-00000000","rank":1,"prev_rank":1,"score":1}"#;

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let answer = async |_: axum::body::Bytes| ([("content-type", "application/json")], ANSWER);
    let redirect = async || (StatusCode::FOUND, [("location", "https://shop.example/x?a=1&click_id=0")]);
    let router = Router::new().route("/v1/leaderboards/b/scores", post(answer)).route("/c/{ad}", get(redirect));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    println!("bare ready http://{}", listener.local_addr()?);
    axum::serve(listener, router).await
}
