//! The commands that make topics right.

use crate::client::Connection;

/// Writes commands for the tools that come with Kafka.
#[derive(Clone, Copy, Debug)]
pub struct Tool<'a> {
    /// The brokers they are for.
    pub connection: &'a Connection,
}

impl Tool<'_> {
    /// Makes a topic, with as many replicas as so many brokers can have.
    pub fn create(&self, topic: &str, partitions: u32, brokers: usize, configs: &[&str]) -> String {
        let copies = brokers.clamp(1, 3);
        let mut command = format!(
            "{} --create --topic {topic} --partitions {partitions} --replication-factor \
             {copies}",
            self.start("topics")
        );
        if copies == 3 {
            command.push_str(" --config min.insync.replicas=2");
        }
        for config in configs {
            command.push_str(" --config ");
            command.push_str(config);
        }
        command
    }

    /// Gives a topic so many partitions.
    pub fn more_partitions(&self, topic: &str, partitions: u32) -> String {
        format!("{} --alter --topic {topic} --partitions {partitions}", self.start("topics"))
    }

    /// Sets a topic's setting.
    pub fn alter(&self, topic: &str, config: &str) -> String {
        let start = self.start("configs");
        format!("{start} --alter --entity-type topics --entity-name {topic} --add-config {config}")
    }

    fn start(&self, tool: &str) -> String {
        let access = self.connection.access();
        let secured = access.tls.is_some() || access.sasl.is_some();
        let login = if secured { " --command-config client.properties" } else { "" };
        format!("kafka-{tool}.sh --bootstrap-server {}{login}", self.connection.bootstrap())
    }
}
