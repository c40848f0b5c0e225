//! A week of a fleet in one file.

use end_to_end::metered_system::MeteredSystem;
use local::system::DATA_TABLE;

use crate::fleet::{STORES, sample};

#[tokio::test]
async fn probe() {
    let start = std::time::Instant::now();
    let stores = std::env::var("N").ok().and_then(|n| n.parse().ok()).unwrap_or(STORES);
    let sample = sample(stores);
    eprintln!("generated {:?}", start.elapsed());
    let system = MeteredSystem::start().await;
    for (name, file) in [("h", &sample.hours), ("z", &sample.zones), ("p", &sample.polls)] {
        let (manifest, usage) = system.load(name, file.as_str()).await;
        eprintln!(
            "{name} {} rows {:?} {usage:?} {:?}",
            manifest.rows,
            manifest.duration_ms,
            start.elapsed()
        );
    }
    eprintln!(
        "{} bytes polls {} bytes store",
        system.meter.stored_bytes(DATA_TABLE, "polls#"),
        system.meter.stored_bytes(DATA_TABLE, "store#")
    );
    let report = system.report().await;
    eprintln!("{report:#?} {:?}", start.elapsed());
}
