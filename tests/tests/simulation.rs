//! Thousands of lives by seed.
//!
//! `SEED=n cargo test -p adr-tests --test simulation` replays one story and prints every step.

use adr_tests::simulation::play;

#[test]
fn stories() {
    std::panic::set_hook(Box::new(|info| {
        if info.payload().downcast_ref::<&str>() != Some(&"simulated") {
            eprintln!("{info}");
        }
    }));
    let lives: usize = std::env::var("LIVES").ok().and_then(|l| l.parse().ok()).unwrap_or(3000);
    let mut done = 0;
    let mut seed = std::env::var("FIRST").ok().and_then(|l| l.parse().ok()).unwrap_or(0);
    if let Ok(seed) = std::env::var("SEED") {
        let s = play(seed.parse().unwrap(), true);
        assert!(s.complaints.is_empty(), "{s:#?}");
        return;
    }
    let start = std::time::Instant::now();
    let mut bad = 0;
    while done < lives {
        let s = play(seed, false);
        done += s.lives;
        if !s.complaints.is_empty() {
            eprintln!("seed {seed}: {:#?}", s.complaints);
            bad += 1;
            if bad > 5 {
                break;
            }
        }
        seed += 1;
    }
    eprintln!("{done} lives, {seed} seeds in {:?}", start.elapsed());
    assert_eq!(bad, 0);
}
