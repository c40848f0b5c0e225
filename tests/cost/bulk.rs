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

#[tokio::test]
async fn probe_hourly() {
    let start = std::time::Instant::now();
    let stores = std::env::var("N").ok().and_then(|n| n.parse().ok()).unwrap_or(STORES);
    let sample = sample(stores);
    let system = MeteredSystem::start().await;
    for (name, file) in [("h", &sample.hours), ("z", &sample.zones)] {
        system.load(name, file.as_str()).await;
    }
    let stores = crate::fleet::stores(&sample);
    let mut all = end_to_end::request_meter::usage::Usage::default();
    let mut loaded = 0;
    for hour in 1..=crate::fleet::HOURS {
        let file = crate::fleet::hourly_file(&stores, hour);
        let (manifest, usage) = system.load(&format!("p{hour}"), file).await;
        assert_eq!(manifest.rejected, 0);
        loaded += manifest.loaded;
        all += usage;
    }
    eprintln!("{loaded} {all:?} {:?}", start.elapsed());
    eprintln!(
        "{} bytes polls {} bytes store",
        system.meter.stored_bytes(DATA_TABLE, "polls#"),
        system.meter.stored_bytes(DATA_TABLE, "store#")
    );
    let report = system.report().await;
    eprintln!("{report:?} {:?}", start.elapsed());
}
