//! A bare axum handler that answers a constant: what HTTP alone costs on this machine.

use axum::Router;
use axum::routing::post;

const ANSWER: &str = r#"{"board":"b","epoch":0,"owner":"player-00000000","rank":1,"prev_rank":1,"score":1}"#;

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let answer = async |_: axum::body::Bytes| ([("content-type", "application/json")], ANSWER);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    println!("bare ready http://{}", listener.local_addr()?);
    axum::serve(listener, Router::new().route("/v1/leaderboards/b/scores", post(answer))).await
}
