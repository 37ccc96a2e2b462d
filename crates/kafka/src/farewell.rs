//! How what ends by being dropped waits for its threads.

use std::time::Duration;

use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::task::block_in_place;

/// How long that lasts at most: brokers may not answer.
pub const FAREWELL: Duration = Duration::from_secs(3);

/// Waits on this thread. Where it is one of tokio's, its other tasks go on elsewhere.
pub fn wait_here<T>(wait: impl FnOnce() -> T) -> T {
    match Handle::try_current() {
        Ok(tokio) if tokio.runtime_flavor() == RuntimeFlavor::MultiThread => block_in_place(wait),
        _ => wait(),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::sync_channel;

    use super::*;

    #[test]
    fn the_only_worker_goes_on_while_a_task_waits() {
        let tokio = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let (done, wait) = sync_channel(1);
        tokio.block_on(async {
            let waiting = tokio::spawn(async move { wait_here(|| wait.recv_timeout(FAREWELL)) });
            tokio::spawn(async move { done.send(()).unwrap() });
            assert_eq!(waiting.await.unwrap(), Ok(()));
        });
    }
}
