//! Runs a topology: lanes, bounded flow, acks, retry, in-order commit, supervision and drain
