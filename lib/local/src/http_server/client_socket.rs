//! A client's socket that reports its bytes to the connection's pace.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::pace::Pace;

#[derive(Debug)]
pub(super) struct ClientSocket<I> {
    socket: I,
    pace: Arc<Pace>,
}

impl<I: Unpin> ClientSocket<I> {
    pub(super) fn new(socket: I, pace: Arc<Pace>) -> ClientSocket<I> {
        ClientSocket { socket, pace }
    }

    fn socket(&mut self) -> Pin<&mut I> {
        Pin::new(&mut self.socket)
    }

    fn noted<T>(&self, sent: Poll<T>) -> Poll<T> {
        self.pace.sent(sent.is_ready());
        sent
    }
}

impl<I: AsyncRead + Unpin> AsyncRead for ClientSocket<I> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = self.socket().poll_read(context, buffer);
        if buffer.filled().len() > before {
            self.pace.came();
        }
        read
    }
}

impl<I: AsyncWrite + Unpin> AsyncWrite for ClientSocket<I> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let sent = self.socket().poll_write(context, bytes);
        self.noted(sent)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let sent = self.socket().poll_write_vectored(context, slices);
        self.noted(sent)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let sent = self.socket().poll_flush(context);
        self.noted(sent)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let sent = self.socket().poll_shutdown(context);
        self.noted(sent)
    }
}
