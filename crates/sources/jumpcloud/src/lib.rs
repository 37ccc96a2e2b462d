//! Source jumpcloud: polls JumpCloud Directory Insights completely and without repeats
