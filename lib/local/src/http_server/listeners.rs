//! The addresses that one port listens on.

use std::io;
use std::net::{IpAddr, SocketAddr, TcpListener as StdListener};

use tokio::net::{TcpListener, TcpStream};

/// A port's listener on 127.0.0.1, and perhaps one on a further address of this machine, for
/// containers.
#[derive(Debug)]
pub struct Listeners {
    loopback: TcpListener,
    further: Option<(IpAddr, TcpListener)>,
}

impl Listeners {
    /// Accepts on both. They must not block.
    pub fn from_std(loopback: StdListener, further: Option<StdListener>) -> io::Result<Listeners> {
        let further = further.map(|listener| {
            let address = listener.local_addr()?.ip();
            io::Result::Ok((address, TcpListener::from_std(listener)?))
        });
        Ok(Listeners { loopback: TcpListener::from_std(loopback)?, further: further.transpose()? })
    }

    /// The address on 127.0.0.1.
    pub fn loopback_address(&self) -> io::Result<SocketAddr> {
        self.loopback.local_addr()
    }

    /// The further address, if there is one. A request's `Host` may name it.
    pub fn further_host(&self) -> Option<IpAddr> {
        self.further.as_ref().map(|(address, _)| *address)
    }

    /// Accepts the next connection on either address.
    pub(super) async fn accept(&self) -> io::Result<TcpStream> {
        let further = async {
            match &self.further {
                Some((_, listener)) => listener.accept().await,
                None => std::future::pending().await,
            }
        };
        let (socket, _) = tokio::select! {
            accepted = self.loopback.accept() => accepted?,
            accepted = further => accepted?,
        };
        Ok(socket)
    }
}

impl From<TcpListener> for Listeners {
    /// Accepts on 127.0.0.1 only.
    fn from(loopback: TcpListener) -> Listeners {
        Listeners { loopback, further: None }
    }
}
