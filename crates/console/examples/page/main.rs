//! Shows the page with made-up devices: `cargo run -p adr-console --example page -- [DEVICES] [PORT] [viewer|file]`.
//!
//! Whoever opens it is an administrator, unless `viewer` is given. With `file` the devices stand in a pipeline file.

mod desk;
mod story;

use std::io::Write;
use std::net::Ipv4Addr;
use std::sync::Arc;

use adr_console::{Role, Visitor, routes};
use axum::Extension;

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let given: Vec<String> = std::env::args().skip(1).collect();
    let numbers: Vec<usize> = given.iter().filter_map(|text| text.parse().ok()).collect();
    let has = |word: &str| given.iter().any(|text| text == word);
    let devices = numbers.first().copied().unwrap_or(24);
    let port = numbers.get(1).and_then(|port| u16::try_from(*port).ok()).unwrap_or(8090);
    let role = if has("viewer") { Role::Viewer } else { Role::Administrator };
    let name = (!has("viewer")).then(|| "jane.doe@example.com".to_owned());
    let visitor = Visitor { name, role, csrf: "made-up".to_owned() };
    let desk = Arc::new(desk::Made::new(devices, !has("file")));
    let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    writeln!(std::io::stderr(), "http://{}/ shows {devices} devices", listener.local_addr()?)?;
    axum::serve(listener, routes(desk).layer(Extension(visitor))).await
}
