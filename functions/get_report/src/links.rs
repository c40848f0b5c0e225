//! Links to the files of a complete report, signed anew for each call.

use http_api::Problem;
use uptime::Timestamp;
use uptime::output::FileName;
use uptime_aws::{PresignedLink, ReportFiles, ReportId, StoredFile, StoredFiles, describe};

/// A link to each file of a report.
pub(crate) struct Links {
    /// To `report.csv`.
    pub(crate) csv: PresignedLink,
    /// To the other files, in the order of [`StoredFiles`].
    pub(crate) others: Vec<PresignedLink>,
}

/// Signs links to the files of one report.
pub(crate) struct Signer<'a> {
    pub(crate) bucket: &'a ReportFiles,
    pub(crate) report_id: ReportId,
    pub(crate) now: Timestamp,
}

impl Signer<'_> {
    /// Signs a link to one file.
    pub(crate) async fn link(
        &self,
        name: FileName,
        file: &StoredFile,
    ) -> Result<PresignedLink, Problem> {
        let link = self.bucket.presigned_link(self.report_id, name, &file.key, self.now).await;
        link.map_err(|error| Problem::unavailable(describe(&error)))
    }

    /// Signs a link to each file.
    pub(crate) async fn links(&self, files: &StoredFiles) -> Result<Links, Problem> {
        let csv = self.link(FileName::ReportCsv, &files.csv).await?;
        let mut others = Vec::with_capacity(files.others.len());
        for (name, file) in &files.others {
            others.push(self.link(*name, file).await?);
        }
        Ok(Links { csv, others })
    }
}
