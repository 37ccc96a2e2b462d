//! Who kills and pauses.

use std::time::{Duration, Instant};

use adr_tests::kafka::Broker;
use rand::Rng;
use rand::rngs::SmallRng;
use rand::seq::SliceRandom;

use super::follow::Follower;
use super::site::Site;

/// So many new events show that the instances are at work again.
const AT_WORK: u32 = 150;

/// Longer than that it is not waited for.
const RECOVERY: Duration = Duration::from_secs(15);

/// What it has done.
#[derive(Clone, Debug, Default)]
pub(super) struct Done {
    /// Each act with the second in which it began and that in which it was over.
    pub(super) acts: Vec<String>,
    pub(super) kills: u32,
    pub(super) pauses: u32,
    pub(super) broker_pauses: u32,
    pub(super) broker_restarts: u32,
}

#[derive(Clone, Copy, Debug)]
enum Act {
    /// kill -9 of an instance, and a start after a while.
    Kill,
    /// kill -9 of two, one right after the other.
    KillTwo,
    /// SIGSTOP of an instance until the others have its shards, then SIGCONT: a zombie.
    Zombie,
    /// SIGSTOP of an instance for less than that.
    Pause,
    /// SIGSTOP of the broker.
    PauseBroker,
    /// kill -9 and a start of the broker.
    RestartBroker,
}

pub(super) struct Agent<'a> {
    random: SmallRng,
    session_timeout: Duration,
    follower: &'a Follower,
    /// When each instance was started last: a kill is worth most where much is under way.
    started: Vec<Instant>,
    done: Done,
}

impl<'a> Agent<'a> {
    pub(super) fn new(random: SmallRng, site: &Site, follower: &'a Follower) -> Self {
        let started = vec![Instant::now(); site.instances.len()];
        Self { random, session_timeout: site.session_timeout, follower, started, done: Done::default() }
    }

    /// Goes on for so long. Everything runs when it is done.
    pub(super) fn run(mut self, site: &mut Site, broker: &mut Broker, length: Duration) -> Done {
        let start = Instant::now();
        // Each round has each of them, so that no short run goes without.
        while start.elapsed() < length {
            let mut round =
                [Act::Kill, Act::Zombie, Act::PauseBroker, Act::KillTwo, Act::Kill, Act::RestartBroker, Act::Pause];
            round.shuffle(&mut self.random);
            for act in round {
                if start.elapsed() >= length {
                    break;
                }
                // Mostly when all is at work, as a kill among those who wait for each other hits nothing; sometimes
                // while they still do.
                if self.random.random_bool(0.8) {
                    self.until_at_work();
                }
                self.wait(0, 1_000);
                site.assert_alive();
                let began = start.elapsed().as_secs_f64();
                let on = self.act(act, site, broker);
                let ended = start.elapsed().as_secs_f64();
                self.done.acts.push(format!("{began:.1}-{ended:.1} {act:?}{on}"));
            }
        }
        self.done
    }

    /// Says to whom it was done.
    fn act(&mut self, act: Act, site: &mut Site, broker: &mut Broker) -> String {
        let number = self.random.random_range(0..site.instances.len());
        let oldest = (0..self.started.len()).min_by_key(|&number| self.started[number]).unwrap_or(number);
        let number = if self.random.random_bool(0.7) { oldest } else { number };
        match act {
            Act::Kill | Act::KillTwo => {
                let second = (number + 1) % site.instances.len();
                let killed = if matches!(act, Act::Kill) { vec![number] } else { vec![number, second] };
                for &number in &killed {
                    site.instances[number].kill();
                    self.done.kills += 1;
                    self.wait(0, 300);
                }
                // Sometimes back before the others have noticed, sometimes after.
                let longest = if self.random.random_bool(0.5) { 1_000 } else { 3_000 };
                self.wait(0, longest);
                for &number in &killed {
                    site.instances[number].start();
                    self.started[number] = Instant::now();
                }
                format!(" {killed:?}")
            }
            Act::Zombie | Act::Pause => {
                site.instances[number].process().pause();
                self.done.pauses += 1;
                let lost = self.session_timeout.as_millis() as u64 + 2_000;
                match act {
                    Act::Zombie => self.wait(lost, lost + 2_000),
                    _ => self.wait(100, 4_000),
                }
                site.instances[number].process().resume();
                format!(" {number}")
            }
            Act::PauseBroker => {
                broker.pause();
                self.done.broker_pauses += 1;
                self.wait(500, 5_000);
                broker.resume();
                String::new()
            }
            Act::RestartBroker => {
                broker.kill();
                self.done.broker_restarts += 1;
                self.wait(0, 1_000);
                broker.restart();
                String::new()
            }
        }
    }

    fn until_at_work(&self) {
        let before = self.follower.records();
        // Where they are not in time, what comes next comes among their troubles.
        self.follower.until(RECOVERY, |seen| seen.records() >= before + AT_WORK);
    }

    /// Lets time pass: it is what the faults are made of.
    fn wait(&mut self, least: u64, most: u64) {
        std::thread::sleep(Duration::from_millis(self.random.random_range(least..=most)));
    }
}
