//! The two files of a load's rejected rows, written while the source file is read.

use uptime::ingest::Ingest;
use uptime_aws::load_files::REJECTS;
use uptime_aws::{CallError, CsvUpload, LoadFiles, LoadFolder};

/// `rejects.csv` and `rejected_rows.csv`; neither is stored if no row is rejected.
#[derive(Debug)]
pub(crate) struct RejectFiles {
    rejects: CsvUpload,
    rejected_rows: CsvUpload,
}

impl RejectFiles {
    pub(crate) fn begin(loads: &LoadFiles, folder: &LoadFolder) -> RejectFiles {
        RejectFiles {
            rejects: loads.csv_upload(folder, REJECTS),
            rejected_rows: loads.csv_upload(folder, "rejected_rows.csv"),
        }
    }

    /// Writes the rejected rows that are ready.
    pub(crate) async fn write_ready(&mut self, ingest: &mut Ingest) -> Result<(), CallError> {
        let rejects = ingest.take_rejects();
        if !rejects.is_empty() {
            self.rejects.write(&rejects).await?;
        }
        let rejected_rows = ingest.take_rejected_rows();
        if !rejected_rows.is_empty() {
            self.rejected_rows.write(&rejected_rows).await?;
        }
        Ok(())
    }

    /// Stores both files. After an error no unfinished upload is left.
    pub(crate) async fn finish(self) -> Result<(), CallError> {
        if let Err(error) = self.rejects.finish().await {
            self.rejected_rows.abort().await;
            return Err(error);
        }
        self.rejected_rows.finish().await
    }

    /// Gives up both files.
    pub(crate) async fn abort(self) {
        self.rejects.abort().await;
        self.rejected_rows.abort().await;
    }
}
