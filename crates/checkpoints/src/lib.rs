//! Durable checkpoints of every lane in one embedded store
