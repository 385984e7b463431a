use wharf_meta::*;
#[tokio::test(flavor = "multi_thread")]
async fn scratch() {
    let d = tempfile::tempdir_in("/work").unwrap();
    let store = Store::open_sqlite(&d.path().join("db"), Options::new(1)).unwrap();
    let t = std::time::Instant::now();
    let mut set = tokio::task::JoinSet::new();
    for c in 0..16i64 { let store = store.clone(); set.spawn(async move { for i in 0..1000i64 {
        store.write("x", Durability::Hard, move |tx| versions::bump(tx, &format!("{c}-{i}"), "k")).await.unwrap(); } }); }
    set.join_all().await;
    println!("{:?} {:?}", 16000.0 / t.elapsed().as_secs_f64(), store.commits());
    let t = std::time::Instant::now();
    let mut set = tokio::task::JoinSet::new();
    for c in 0..16i64 { let store = store.clone(); set.spawn(async move { for i in 0..5000i64 {
        store.read("x", move |tx| versions::get(tx, &format!("{c}-{i}"), "k")).await.unwrap(); } }); }
    set.join_all().await;
    println!("reads/s {:?}", 80000.0 / t.elapsed().as_secs_f64());
}
