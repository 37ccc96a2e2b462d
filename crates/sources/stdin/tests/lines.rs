//! What comes in and what goes on, through the traits as the runtime uses them.

use std::collections::VecDeque;
use std::io::{self, Read, Write, pipe};

use adr_core::{Budget, Failure, FailureKind, Lane, LaneChange, LaneId, Pull, Retry, Source, SourceComponent};
use adr_source_stdin::StdinSource;
use futures_util::FutureExt;
use proptest::prelude::*;

type Opened = (std::sync::Arc<dyn Lane>, Box<dyn Source>);

async fn open(input: impl Read + Send + 'static) -> Opened {
    let mut component = StdinSource::new(LaneId::new("stdin", "acme"), input);
    let Some(LaneChange::Start(lane)) = component.next_change().await else { panic!("one lane") };
    assert!(component.next_change().await.is_none(), "and no other");
    let source = lane.open(Vec::new()).expect("opens");
    (lane, source)
}

async fn next(source: &mut dyn Source, budget: &Budget) -> Result<Pull, Failure> {
    let memory = budget.reserve(source.demand()).await;
    source.next(memory).await
}

/// All lines, page by page, each page held until the end, if `hold` says so.
async fn read_all(input: impl Read + Send + 'static, budget: &Budget, hold: bool) -> Vec<Vec<u8>> {
    let (_, mut source) = open(input).await;
    let (mut lines, mut held) = (Vec::new(), Vec::new());
    loop {
        match next(&mut *source, budget).await.expect("reads") {
            Pull::Page(page) => {
                assert!(page.checkpoint.writes.is_empty());
                assert_eq!(page.tally.received, page.events.len() as u64);
                lines.extend(page.events.iter().map(|event| event.body.to_vec()));
                held.extend(hold.then_some(page.events));
            }
            Pull::Wait(_) => held.clear(),
            Pull::End => break,
        }
    }
    assert!(matches!(next(&mut *source, budget).await, Ok(Pull::End)), "an end stays an end");
    lines
}

/// An input that gives what it is told, piece by piece.
struct Pieces(VecDeque<io::Result<Vec<u8>>>);

impl Read for Pieces {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Some(piece) = self.0.pop_front() else { return Ok(0) };
        let mut piece = piece?;
        let take = piece.len().min(buffer.len());
        buffer[..take].copy_from_slice(&piece[..take]);
        if take < piece.len() {
            self.0.push_front(Ok(piece.split_off(take)));
        }
        Ok(take)
    }
}

fn pieces<const N: usize>(texts: [&str; N]) -> Pieces {
    Pieces(texts.iter().map(|text| Ok(text.as_bytes().to_vec())).collect())
}

fn budget() -> Budget {
    Budget::new(64 << 20)
}

#[tokio::test]
async fn the_last_line_needs_no_line_feed_and_empty_lines_do_not_count() {
    let lines = read_all(pieces(["{\"a\"", ":1}\r\n\n\r\n  \n{}\n{\"la", "st\":1}"]), &budget(), true).await;
    assert_eq!(lines, [&b"{\"a\":1}"[..], b"{}", b"{\"last\":1}"]);
    assert!(read_all(pieces([]), &budget(), true).await.is_empty());
    assert!(read_all(pieces(["\n\n"]), &budget(), true).await.is_empty());
}

#[tokio::test]
async fn a_byte_order_mark_belongs_to_no_line() {
    for split in 0..5 {
        let text = "\u{feff}{}\n\u{feff}{}\n".as_bytes();
        let parts = [text[..split].to_vec(), text[split..].to_vec()];
        let input = Pieces(parts.into_iter().filter(|part| !part.is_empty()).map(Ok).collect());
        assert_eq!(read_all(input, &budget(), true).await, [&b"{}"[..], "\u{feff}{}".as_bytes()]);
    }
}

#[tokio::test]
async fn a_slow_line_is_passed_on_at_once() {
    let (reader, mut writer) = pipe().expect("a pipe");
    let (_, mut source) = open(reader).await;
    let budget = budget();
    for line in ["{\"n\":1}", "{\"n\":2}"] {
        // Half a line more: it must not hold the whole one back.
        write!(writer, "{line}\n{{").expect("writes");
        let Ok(Pull::Page(page)) = next(&mut *source, &budget).await else { panic!("a page") };
        assert_eq!(page.events.len(), 1);
        assert!(page.events[0].body.ends_with(line.trim_start_matches('{').as_bytes()));
        assert_eq!(&*page.events[0].meta.tenant, "acme");
        assert!(budget.used() < 100, "a page of one short line holds {} bytes", budget.used());
    }
}

/// A current-thread runtime: if reading blocked it, this test would not end.
#[tokio::test]
async fn waiting_for_input_blocks_nothing() {
    let (reader, writer) = pipe().expect("a pipe");
    let (_, mut source) = open(reader).await;
    let budget = budget();
    let mut waiting = Box::pin(next(&mut *source, &budget));
    assert!((&mut waiting).now_or_never().is_none());
    tokio::task::yield_now().await;
    drop(writer);
    assert!(matches!(waiting.await, Ok(Pull::End)));
}

#[tokio::test]
async fn lines_of_any_length_pass_unharmed_and_the_budget_is_kept() {
    let sizes = [10, 1_000_000, (1 << 20) - 1, 1 << 20, 3_000_000, 5, 20_000_000, 7];
    let lines: Vec<Vec<u8>> = sizes.iter().enumerate().map(|(n, size)| vec![b'a' + n as u8; *size]).collect();
    let text = lines.join(&b'\n');
    for limit in [100 << 20, 4 << 20] {
        let budget = Budget::new(limit);
        let read = read_all(Pieces(VecDeque::from([Ok(text.clone())])), &budget, limit == 100 << 20).await;
        assert!(read == lines, "under a budget of {limit}");
        assert_eq!(budget.used(), 0);
        if limit == 100 << 20 {
            assert!(budget.peak() <= limit, "{} bytes", budget.peak());
        }
    }
}

#[tokio::test]
async fn what_others_hold_is_respected_until_they_give_it_back() {
    let budget = Budget::new(8 << 20);
    let other = budget.reserve(6 << 20).await;
    let long = vec![b'x'; 3 << 20];
    let (_, mut source) = open(Pieces(VecDeque::from([Ok(long.clone())]))).await;
    let Ok(Pull::Wait(_)) = next(&mut *source, &budget).await else { panic!("there was no room to grow") };
    assert!(budget.peak() <= budget.limit());
    assert!(source.demand() > 2 << 20, "more must be reserved");
    drop(other);
    loop {
        match next(&mut *source, &budget).await.expect("reads") {
            Pull::Page(page) => {
                assert!(page.events[0].body == long);
                break;
            }
            Pull::Wait(_) => {}
            Pull::End => panic!("the line was lost"),
        }
    }
}

#[tokio::test]
async fn an_input_that_breaks_is_named_after_its_whole_lines_were_taken() {
    let broken = Pieces(VecDeque::from([
        Ok(b"{}\n".to_vec()),
        Err(io::ErrorKind::Interrupted.into()),
        Ok(b"{}\n{".to_vec()),
        Err(io::Error::other("the tape is torn")),
    ]));
    let (_, mut source) = open(broken).await;
    let budget = budget();
    for _ in 0..2 {
        assert!(matches!(next(&mut *source, &budget).await, Ok(Pull::Page(page)) if page.events.len() == 1));
    }
    let Err(failure) = next(&mut *source, &budget).await else { panic!("it is torn") };
    assert!(failure.message.contains("standard input") && failure.message.contains("the tape is torn"), "{failure}");
}

#[tokio::test]
async fn input_that_was_read_is_never_silently_skipped_by_opening_again() {
    let (lane, unread) = open(pieces(["{}\n", "{}\n"])).await;
    drop(unread);
    let mut source = lane.open(Vec::new()).expect("nothing was read yet");
    assert!(matches!(next(&mut *source, &budget()).await, Ok(Pull::Page(_))));
    drop(source);
    let mut again = lane.open(Vec::new()).expect("opens");
    let Err(failure) = next(&mut *again, &budget()).await else { panic!("the first page may be lost") };
    assert_eq!((failure.kind, failure.retry), (FailureKind::Storage, Retry::Never));
}

proptest! {
    #[test]
    fn any_input_in_any_pieces_gives_the_same_lines(
        parts in proptest::collection::vec("[a{}\r\n ]{0,6}", 0..30),
    ) {
        let text = parts.concat();
        let mut expected: Vec<Vec<u8>> = text
            .split('\n')
            .map(|line| line.strip_suffix('\r').unwrap_or(line))
            .filter(|line| !line.trim_start().is_empty())
            .map(|line| line.as_bytes().to_vec())
            .collect();
        let input = Pieces(parts.into_iter().filter(|part| !part.is_empty()).map(|part| Ok(part.into_bytes())).collect());
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        let mut lines = runtime.block_on(read_all(input, &budget(), true));
        prop_assert_eq!(&mut lines, &mut expected);
    }
}
