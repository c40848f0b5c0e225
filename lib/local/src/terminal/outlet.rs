//! Text on its way to stdout or stderr.

use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, SyncSender, channel, sync_channel};
use std::thread;
use std::time::Duration;

/// How many texts may wait for a reader that does not read; further texts are dropped. The pipe
/// itself holds 64 KiB more.
const TEXTS_WAITING_MAX: usize = 1_024;
/// How long a writer waits until its text is written, so that stdout and stderr stay in order on a
/// terminal. A reader that reads needs far less.
const PATIENCE: Duration = Duration::from_millis(200);
/// How long a writer waits after an earlier text was not written in time.
const PATIENCE_WHEN_STUCK: Duration = Duration::from_millis(1);

/// A stream that a thread of its own writes to. **A stream that is full, broken, closed or not read
/// never stops the caller and never makes it panic:** what cannot be written is dropped.
#[derive(Debug)]
pub(crate) struct Outlet {
    texts: SyncSender<Text>,
    is_stuck: AtomicBool,
}

#[derive(Debug)]
struct Text {
    bytes: Vec<u8>,
    // Dropped once the bytes are written or have failed.
    _pending: Option<Sender<()>>,
}

impl Outlet {
    /// Starts the thread that writes each text to `sink` at once.
    pub(crate) fn to(sink: impl Write + Send + 'static) -> Outlet {
        let (texts, queue) = sync_channel(TEXTS_WAITING_MAX);
        // If the thread cannot start, the queue has no reader, and every text is dropped.
        thread::Builder::new()
            .name("output".to_owned())
            .spawn(move || write_each(&queue, sink))
            .ok();
        Outlet { texts, is_stuck: AtomicBool::new(false) }
    }

    /// Queues a text without waiting.
    pub(crate) fn hand_over(&self, bytes: impl Into<Vec<u8>>) {
        self.texts.try_send(Text { bytes: bytes.into(), _pending: None }).ok();
    }

    /// Queues a text and waits for a short time until it is written.
    pub(crate) fn write(&self, bytes: impl Into<Vec<u8>>) {
        let was_stuck = self.is_stuck.load(Ordering::Relaxed);
        let patience = if was_stuck { PATIENCE_WHEN_STUCK } else { PATIENCE };
        let is_stuck = !self.write_within(patience, bytes);
        self.is_stuck.store(is_stuck, Ordering::Relaxed);
    }

    /// Queues a text, even behind a full queue, and waits without limit until it is written.
    pub(crate) fn write_whole(&self, bytes: impl Into<Vec<u8>>) {
        let (pending, written) = channel();
        self.texts.send(Text { bytes: bytes.into(), _pending: Some(pending) }).ok();
        written.recv().ok();
    }

    /// Waits at most `patience` until all earlier texts are written. Returns whether they are.
    pub(crate) fn is_empty_within(&self, patience: Duration) -> bool {
        self.write_within(patience, Vec::new())
    }

    fn write_within(&self, patience: Duration, bytes: impl Into<Vec<u8>>) -> bool {
        let (pending, written) = channel();
        let text = Text { bytes: bytes.into(), _pending: Some(pending) };
        self.texts.try_send(text).is_ok()
            && written.recv_timeout(patience) != Err(RecvTimeoutError::Timeout)
    }
}

fn write_each(queue: &Receiver<Text>, mut sink: impl Write) {
    for text in queue {
        // If the sink panics, the text is lost, as when the sink fails.
        let write = || sink.write_all(&text.bytes).and_then(|()| sink.flush());
        catch_unwind(AssertUnwindSafe(write)).map(Result::ok).ok();
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::{Arc, Mutex};

    use super::*;

    #[test]
    fn a_stream_that_fails_or_panics_loses_its_texts_and_nothing_else() {
        let written = Arc::new(Mutex::new(Vec::new()));
        let outlet = Outlet::to(Moody(Arc::clone(&written)));

        for text in ["first ", "full ", "panic ", "last"] {
            outlet.write(text);
        }
        outlet.write_whole(" line");

        assert_eq!(*written.lock().unwrap(), b"first last line");
    }

    #[test]
    fn a_stream_that_is_not_read_delays_no_writer_and_keeps_a_limited_number_of_texts() {
        let (reader, written) = sync_channel(0);
        let outlet = Outlet::to(Pipe(reader));

        for _ in 0..2 * TEXTS_WAITING_MAX {
            outlet.hand_over("a log line\n");
        }
        outlet.write("news\n");
        assert!(!outlet.is_empty_within(Duration::ZERO));

        // The reader reads again.
        drop(outlet);
        let lines = written.iter().inspect(|line| assert_eq!(line, b"a log line\n")).count();
        assert!((TEXTS_WAITING_MAX..2 * TEXTS_WAITING_MAX).contains(&lines), "{lines}");
    }

    /// Fails or panics as its texts say.
    struct Moody(Arc<Mutex<Vec<u8>>>);

    impl Write for Moody {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            match bytes {
                b"full " => return Err(io::ErrorKind::StorageFull.into()),
                b"panic " => panic!("on purpose"),
                _ => self.0.lock().unwrap().extend_from_slice(bytes),
            }
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// Holds each text until it is read.
    struct Pipe(SyncSender<Vec<u8>>);

    impl Write for Pipe {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.send(bytes.to_vec()).map_err(io::Error::other)?;
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
}
