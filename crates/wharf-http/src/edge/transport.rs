//! The step between an accepted socket and HTTP: nothing for plain HTTP, a handshake for TLS.
use std::future::Future;
use std::io;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

/// Turns an accepted socket into what HTTP is spoken over.
pub trait Transport: Send + Sync + 'static {
    /// The stream that HTTP is spoken over.
    type Stream: AsyncRead + AsyncWrite + Unpin + Send + 'static;

    /// Tells whether what is sent can be read on the way.
    fn secure(&self) -> bool;

    /// Shakes hands; runs in the connection's own task, so a stalled peer delays nobody else.
    ///
    /// # Errors
    /// Whatever makes the connection unusable; it is closed.
    fn accept(&self, socket: TcpStream) -> impl Future<Output = io::Result<Self::Stream>> + Send;
}

/// HTTP without TLS.
#[derive(Debug, Clone, Copy)]
pub struct Plain;

impl Transport for Plain {
    type Stream = TcpStream;

    fn secure(&self) -> bool {
        false
    }

    async fn accept(&self, socket: TcpStream) -> io::Result<TcpStream> {
        Ok(socket)
    }
}
